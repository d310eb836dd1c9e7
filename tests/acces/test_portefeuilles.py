"""Portefeuilles : chacun ouvre sa pile sur ses secteurs, un remplaçant voit ceux de l'absent, le lundi dit ce qui attend (§ 6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.models import Candidat
from attributions.recapitulatif import envoyer_les_recapitulatifs
from conventions.actions.secteurs import reprendre_les_secteurs
from conventions.models import Bailleur
from flux_reservations.acces import actions as fermer
from flux_reservations.acces import actions_portefeuilles as actions
from flux_reservations.acces.models import Absence, Rattachement, Secteur
from flux_reservations.acces.portefeuilles import mon_secteur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle import rls
from flux_reservations.socle.journal import verifier_chaine
from tests.fabriques import (
    CRETEIL,
    VITRY,
    acteur_de,
    creer_bailleur,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    """Deux agences, un logement libéré dans chacune."""
    bailleur = creer_bailleur("Habitat de l'Orme")
    for secteur, commune in (("Nord", CRETEIL), ("Sud", VITRY)):
        logement = creer_logement(
            bailleur, commune, secteur=secteur, identifiant=f"LOG-{secteur}", adresse=f"1 rue du {secteur}"
        )
        creer_liberation(logement, timezone.localdate() - timedelta(days=3), numero=f"LIB-{secteur}")
    return bailleur


@pytest.fixture
def chef(bailleur: Bailleur) -> Acteur:
    """Sa responsable, qui a repris les secteurs du patrimoine."""
    chef = acteur_de(bailleur, Role.RESPONSABLE)
    reprendre_les_secteurs(acteur=chef)
    return chef


def creer_agent(
    bailleur: Bailleur, chef: Acteur, *secteurs: str, role: Role = Role.GESTIONNAIRE
) -> tuple[Acteur, Client]:
    """Un agent qui suit ces secteurs."""
    personne = creer_utilisateur(bailleur, role)
    rattachement = personne.rattachements.select_related("organisme", "utilisateur").get()
    cles = [Secteur.objects.get(organisme_id=bailleur.pk, nom=nom).pk for nom in secteurs]
    actions.confier_secteurs(acteur=chef, rattachement_id=rattachement.pk, secteurs=cles)
    client = Client()
    client.force_login(personne)
    return rattachement.acteur(), client


def rattachement_de(acteur: Acteur) -> Rattachement:
    """Son rattachement."""
    return Rattachement.objects.get(utilisateur_id=acteur.utilisateur_id)


def test_les_secteurs_du_patrimoine_se_reprennent_une_fois(bailleur: Bailleur, chef: Acteur) -> None:
    assert list(Secteur.objects.values_list("nom", flat=True)) == ["Nord", "Sud"]
    assert reprendre_les_secteurs(acteur=chef) == []
    with pytest.raises(AccesRefuse):
        actions.enregistrer_secteur(acteur=acteur_de(bailleur), nom="Est")


@pytest.mark.parametrize("page", ["aujourdhui", "a_orienter", "liberations"])
def test_mon_secteur_ne_montre_que_ce_que_je_suis(bailleur: Bailleur, chef: Acteur, page: str) -> None:
    _, client = creer_agent(bailleur, chef, "Nord")
    mien = client.get(reverse(page), {"secteur": "moi"}).content.decode()
    tout = client.get(reverse(page), {"secteur": "tous" if page != "liberations" else ""}).content.decode()
    assert "1 rue du Nord" in mien
    assert "1 rue du Sud" not in mien
    assert "1 rue du Sud" in tout


def test_aujourd_hui_s_ouvre_sur_mon_secteur(bailleur: Bailleur, chef: Acteur) -> None:
    _, client = creer_agent(bailleur, chef, "Nord")
    page = client.get(reverse("aujourdhui")).content.decode()
    assert "1 rue du Nord" in page
    assert "1 rue du Sud" not in page


def test_le_secteur_d_un_autre_bailleur_ne_filtre_rien_et_ne_revele_rien(bailleur: Bailleur, chef: Acteur) -> None:
    autre = Secteur.objects.create(organisme=creer_bailleur("Autre"), nom="Nord")
    _, client = creer_agent(bailleur, chef)
    assert "1 rue du Sud" in client.get(reverse("aujourdhui"), {"secteur": str(autre.pk)}).content.decode()
    with pytest.raises(ErreurMetier, match="votre organisme"):
        actions.confier_secteurs(
            acteur=chef, rattachement_id=creer_utilisateur(bailleur).rattachements.get().pk, secteurs=[autre.pk]
        )


def test_tout_suivre_ne_suit_que_le_secteur_affiche(bailleur: Bailleur, chef: Acteur) -> None:
    _, client = creer_agent(bailleur, chef, "Nord")
    page = client.get(reverse("tout_suivre"), {"secteur": "moi"}).content.decode()
    assert "1\N{NO-BREAK SPACE}logement" in page


def test_un_remplacant_voit_le_portefeuille_de_l_absent_le_temps_de_l_absence(bailleur: Bailleur, chef: Acteur) -> None:
    absent, _ = creer_agent(bailleur, chef, "Nord")
    remplacant, _ = creer_agent(bailleur, chef, "Sud")
    aujourd_hui = timezone.localdate()
    absence = actions.noter_absence(
        acteur=absent,
        rattachement_id=rattachement_de(absent).pk,
        remplacant_id=rattachement_de(remplacant).pk,
        du=aujourd_hui,
        au=aujourd_hui + timedelta(days=5),
    )
    for jour, noms in ((0, {"Nord", "Sud"}), (5, {"Nord", "Sud"}), (6, {"Sud"})):
        lu = mon_secteur(remplacant, aujourd_hui + timedelta(days=jour))
        assert lu is not None
        assert lu.noms == noms
    actions.retirer_absence(acteur=chef, absence_id=absence.pk)
    lu = mon_secteur(remplacant, aujourd_hui)
    assert lu is not None
    assert lu.noms == {"Sud"}
    assert verifier_chaine(bailleur.pk) == []


def test_une_absence_ne_se_note_ni_pour_un_collegue_ni_a_l_envers_ni_deux_fois(
    bailleur: Bailleur, chef: Acteur
) -> None:
    un, _ = creer_agent(bailleur, chef)
    autre, _ = creer_agent(bailleur, chef)
    jour = timezone.localdate()
    commun = {"remplacant_id": rattachement_de(autre).pk, "du": jour, "au": jour + timedelta(days=2)}
    with pytest.raises(Introuvable):
        actions.noter_absence(acteur=autre, rattachement_id=rattachement_de(un).pk, **commun)
    with pytest.raises(ErreurMetier, match="avant de commencer"):
        actions.noter_absence(
            acteur=un, rattachement_id=rattachement_de(un).pk, **(commun | {"au": jour - timedelta(days=1)})
        )
    with pytest.raises(ErreurMetier, match="autre agent"):
        actions.noter_absence(
            acteur=un, rattachement_id=rattachement_de(un).pk, **(commun | {"remplacant_id": rattachement_de(un).pk})
        )
    actions.noter_absence(acteur=un, rattachement_id=rattachement_de(un).pk, **commun)
    with pytest.raises(Conflit):
        actions.noter_absence(acteur=chef, rattachement_id=rattachement_de(un).pk, **commun)
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(
            rattachement=rattachement_de(un), remplacant=rattachement_de(autre), du=jour, au=jour - timedelta(days=1)
        )


def test_un_lecteur_note_son_absence_et_choisit_son_recapitulatif_sans_pouvoir_ecrire_ailleurs(
    bailleur: Bailleur, chef: Acteur
) -> None:
    lecteur, client = creer_agent(bailleur, chef, "Nord", role=Role.LECTEUR)
    autre, _ = creer_agent(bailleur, chef)
    jour = timezone.localdate()
    donnees = {"du": jour.isoformat(), "au": jour.isoformat(), "remplacant_id": str(rattachement_de(autre).pk)}
    page = reverse("noter_absence", args=[rattachement_de(lecteur).pk])
    assert client.post(page, donnees).status_code == 302
    assert client.post(reverse("choisir_recapitulatif"), {"recoit": "non"}).status_code == 302
    assert not rattachement_de(lecteur).recapitulatif
    with rls.pour_acteur(lecteur):
        assert Secteur.objects.update(nom="Pris") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Absence.objects.create(
                rattachement=rattachement_de(autre),
                remplacant=rattachement_de(lecteur),
                du=date(2027, 1, 1),
                au=date(2027, 1, 2),
            )


@pytest.mark.regle("RG-66")
def test_le_lundi_chacun_recoit_ce_qui_attend_une_fois_et_sans_donnee_personnelle(
    bailleur: Bailleur, chef: Acteur
) -> None:
    absent, _ = creer_agent(bailleur, chef, "Nord")
    remplacant, _ = creer_agent(bailleur, chef)
    sans_envie, _ = creer_agent(bailleur, chef, "Sud")
    actions.choisir_recapitulatif(acteur=sans_envie, rattachement_id=rattachement_de(sans_envie).pk, recoit=False)
    Secteur.objects.filter(nom="Sud").update(boite="agence.sud@essai.example")
    jour = timezone.localdate()
    actions.noter_absence(
        acteur=absent, rattachement_id=rattachement_de(absent).pk, remplacant_id=rattachement_de(remplacant).pk, du=jour,
        au=jour,
    )  # fmt: skip
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur, secteur="Nord")))
    Candidat.objects.create(orientation=orientation, numero_demande="094012500000000777")
    assert envoyer_les_recapitulatifs(jour) == 2
    assert envoyer_les_recapitulatifs(jour) == 0
    envois = {envoi.courriel: envoi for envoi in Envoi.objects.filter(genre="rappel")}
    assert set(envois) == {rattachement_de(remplacant).utilisateur.courriel, "agence.sud@essai.example"}
    for envoi in envois.values():
        assert "1\N{NO-BREAK SPACE}logement à orienter" in envoi.corps
        assert reverse("aujourdhui") in envoi.corps
        for interdit in ("094012500000000777", "rue du", "LIB-", "LOG-"):
            assert interdit not in envoi.corps + envoi.objet


def test_un_reservataire_decoupe_ses_communes_et_filtre_ses_logements(bailleur: Bailleur) -> None:
    caf = creer_reservataire("CAF94")
    chef = acteur_de(caf, Role.RESPONSABLE)
    actions.enregistrer_secteur(acteur=chef, nom="Vitry", communes=[VITRY])
    for liberation in bailleur.liberations.all():
        creer_orientation(liberation, caf, date_mise_a_disposition=timezone.localdate())
    agent, client = creer_agent_de(caf, chef)
    page = client.get(reverse("logements_a_pourvoir"), {"secteur": "moi"}).content.decode()
    assert "1 rue du Sud" in page
    assert "1 rue du Nord" not in page
    assert envoyer_les_recapitulatifs(timezone.localdate()) == 1
    assert agent.organisme_id == caf.pk
    with pytest.raises(ErreurMetier, match="99999"):
        actions.enregistrer_secteur(acteur=chef, nom="Ailleurs", communes=["99999"])


def creer_agent_de(organisme: object, chef: Acteur) -> tuple[Acteur, Client]:
    """Un agent qui suit tous les secteurs de l'organisme."""
    personne = creer_utilisateur(organisme)
    rattachement = personne.rattachements.select_related("organisme", "utilisateur").get()
    cles = list(Secteur.objects.filter(organisme_id=rattachement.organisme_id).values_list("pk", flat=True))
    actions.confier_secteurs(acteur=chef, rattachement_id=rattachement.pk, secteurs=cles)
    client = Client()
    client.force_login(personne)
    return rattachement.acteur(), client


def test_les_pages_des_secteurs_font_ce_qu_elles_disent(bailleur: Bailleur, chef: Acteur) -> None:
    client = Client()
    client.force_login(rattachement_de(chef).utilisateur)
    assert client.post(reverse("creer_secteur"), {"nom": "Est", "communes": "94028 94081"}).status_code == 302
    est = Secteur.objects.get(nom="Est")
    assert set(est.communes.values_list("pk", flat=True)) == {CRETEIL, VITRY}
    assert client.post(reverse("creer_secteur"), {"nom": "Est"}).status_code == 409
    assert client.post(reverse("changer_secteur", args=[est.pk]), {"nom": "Est parisien"}).status_code == 302
    agent = creer_utilisateur(bailleur).rattachements.get()
    page = reverse("confier_secteurs", args=[agent.pk])
    assert client.post(page, {"secteurs": [str(est.pk)]}).status_code == 302
    assert agent.portefeuilles.get().secteur_id == est.pk
    assert "Est parisien" in client.get(reverse("personne", args=[agent.pk])).content.decode()
    assert client.post(reverse("supprimer_secteur", args=[est.pk])).status_code == 302
    assert not agent.portefeuilles.exists()
    assert "Nord" in client.get(reverse("secteurs")).content.decode()


def test_un_depart_libere_le_portefeuille(bailleur: Bailleur, chef: Acteur) -> None:
    agent, _ = creer_agent(bailleur, chef, "Nord")
    with rls.pour_acteur(chef):
        fermer.clore_rattachement(acteur=chef, rattachement_id=rattachement_de(agent).pk)
    assert not rattachement_de(agent).portefeuilles.exists()
    assert mon_secteur(agent, timezone.localdate()) is None
