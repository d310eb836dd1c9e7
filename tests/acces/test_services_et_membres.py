"""Un service de l'État ne voit que son sous-contingent ; un membre de la CALEOL, sa séance, pas plus et pas après le délai (§ 6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.actions import mise_a_disposition
from attributions.actions.membres import convoquer_membres, membres_proposes
from attributions.models import Candidat, Inscription, Liberation, MembreSeance, Orientation, Seance, SoldeOuverture
from conventions.models import Bailleur, Logement, Reservataire
from flux_reservations.acces import actions
from flux_reservations.acces.models import Consultation, Rattachement, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle import rls
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)  # fmt: skip

pytestmark = pytest.mark.django_db
JOUR = date(2026, 1, 15)


def acteur_du_service(etat: Reservataire, service: str) -> Acteur:
    """Un gestionnaire borné à un service."""
    personne = creer_utilisateur(etat)
    Rattachement.objects.filter(utilisateur=personne).update(service=service)
    return personne.rattachements.select_related("organisme", "utilisateur").get().acteur()


def connecter(acteur: Acteur) -> Client:
    """Son navigateur."""
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    return client


@pytest.fixture
def etat() -> Reservataire:
    """L'État."""
    return creer_etat()


@pytest.fixture
def bailleur(etat: Reservataire) -> Bailleur:
    """Un bailleur, sa convention avec l'État, un logement loué par sous-contingent."""
    bailleur = creer_bailleur("Habitat de l'Orme")
    creer_convention(bailleur, etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")])
    for sous_contingent in ("prioritaires", "agents", "repli"):
        liberation = creer_liberation(creer_logement(bailleur), JOUR, date_bail=JOUR)
        orientation = creer_orientation(
            liberation, etat, sous_contingent=sous_contingent, issue="bail", date_mise_a_disposition=JOUR
        )
        Candidat.objects.create(orientation=orientation, numero_demande=f"0940125000000000{sous_contingent[:2]}")
    return bailleur


SERVIS = {"agents": {"agents"}, "prioritaires": {"prioritaires", "repli"}, "": {"agents", "prioritaires", "repli"}}


@pytest.mark.regle("RG-03")
@pytest.mark.parametrize("service", SERVIS)
def test_un_service_ne_lit_que_ses_logements_et_ses_candidats_meme_sous_une_vue_fautive(
    bailleur: Bailleur, etat: Reservataire, service: str
) -> None:
    acteur = acteur_du_service(etat, service)
    with rls.pour_acteur(acteur):
        for orientations in (Orientation.objects.visibles_par(acteur), Orientation.objects.all()):
            assert set(orientations.values_list("sous_contingent", flat=True)) == SERVIS[service]
        for candidats in (Candidat.objects.visibles_par(acteur), Candidat.objects.all()):
            assert candidats.count() == len(SERVIS[service])
        assert Liberation.objects.visibles_par(acteur).count() == Liberation.objects.count() == len(SERVIS[service])
        assert Logement.objects.count() == len(SERVIS[service])


@pytest.mark.regle("RG-03")
def test_un_service_ne_lit_que_son_decompte(bailleur: Bailleur, etat: Reservataire) -> None:
    adresse, annee = reverse("mes_droits"), {"annee": "2026", "export": "csv"}
    comptes = {
        service: {
            ligne.split(";")[2]
            for ligne in connecter(acteur_du_service(etat, service))
            .get(adresse, annee)
            .getvalue()
            .decode()
            .splitlines()[1:]
        }
        for service in ("agents", "prioritaires", "")
    }
    assert comptes["agents"] == {"ETAT94/agents"}
    assert comptes["prioritaires"] == {"ETAT94/prioritaires", "ETAT94/repli"}
    assert comptes[""] == {"ETAT94/agents", "ETAT94/prioritaires", "ETAT94/repli"}
    api = connecter(acteur_du_service(etat, "agents")).get("/api/v1/comptes/", {"annee": "2026"}).content.decode()
    assert "ETAT94/agents" in api
    assert "prioritaires" not in api
    decompte = reverse("mon_decompte", args=[bailleur.pk, "94"])
    convention = bailleur.conventions.get().numero
    cible = {"annee": "2026", "compte": "ETAT94/agents", "convention": convention}
    vu = connecter(acteur_du_service(etat, "agents")).get(decompte, cible).content.decode()
    refuse = connecter(acteur_du_service(etat, "prioritaires")).get(decompte, cible).content.decode()
    assert "Rien n'est décompté" not in vu
    assert "Rien n'est décompté" in refuse


def test_un_logement_de_l_autre_service_est_introuvable(bailleur: Bailleur, etat: Reservataire) -> None:
    agents = connecter(acteur_du_service(etat, "agents"))
    autre, sien = (Orientation.objects.get(sous_contingent=nom) for nom in ("prioritaires", "agents"))
    for page in ("logement_a_pourvoir", "proposer_candidat", "rendre_logement"):
        assert agents.get(reverse(page, args=[autre.pk])).status_code == 404
        assert agents.get(reverse(page, args=[sien.pk])).status_code == 200
    assert agents.get(reverse("api-liberations-detail", args=[autre.liberation_id])).status_code == 404
    export = agents.get(reverse("logements_a_pourvoir"), {"export": "csv"}).getvalue().decode()
    assert "ETAT94/agents" in export
    assert "prioritaires" not in export


def test_une_contestation_d_un_service_n_est_pas_lue_de_l_autre(bailleur: Bailleur, etat: Reservataire) -> None:
    carence = Orientation.objects.get(sous_contingent="prioritaires")
    Orientation.objects.filter(pk=carence.pk).update(issue="carence")
    page = f"{reverse('contester')}?orientation={carence.pk}"
    assert connecter(acteur_du_service(etat, "agents")).get(page).status_code == 404
    tous = connecter(acteur_du_service(etat, ""))
    assert tous.post(page, {"texte": "Le délai courait encore."}).status_code == 302
    demande = Demande.objects.get()
    assert demande.service == "prioritaires"
    for service, statut in (("agents", 404), ("prioritaires", 200), ("", 200)):
        acteur = acteur_du_service(etat, service)
        assert connecter(acteur).get(reverse("demande", args=[demande.pk])).status_code == statut
        with rls.pour_acteur(acteur):
            assert Demande.objects.filter(pk=demande.pk).exists() == (statut == 200)


def test_les_soldes_d_un_service_sont_les_siens(bailleur: Bailleur, etat: Reservataire) -> None:
    for sous_contingent in ("agents", "prioritaires"):
        SoldeOuverture.objects.create(
            convention=bailleur.conventions.get(), sous_contingent=sous_contingent, annee=2026, report=1
        )
    acteur = acteur_du_service(etat, "agents")
    with rls.pour_acteur(acteur):
        assert SoldeOuverture.objects.visibles_par(acteur).get() == SoldeOuverture.objects.get()


@pytest.mark.parametrize(
    ("role", "service", "message"), [("responsable", "agents", "pas borné"), ("lecteur", "autre", "Seul l'État")]
)
def test_un_service_ne_se_donne_ni_a_un_responsable_ni_au_hasard(
    etat: Reservataire, role: str, service: str, message: str
) -> None:
    chef = acteur_de(etat, Role.RESPONSABLE)
    rattachement = creer_utilisateur(etat).rattachements.get()
    with pytest.raises(ErreurMetier, match=message):
        actions.changer_role(acteur=chef, rattachement_id=rattachement.pk, role=role, service=service)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rattachement.objects.filter(pk=rattachement.pk).update(role=role, service=service)


def test_un_service_n_existe_que_chez_l_etat(bailleur: Bailleur) -> None:
    chef = acteur_de(bailleur, Role.RESPONSABLE)
    rattachement = creer_utilisateur(bailleur).rattachements.get()
    with pytest.raises(ErreurMetier, match="Seul l'État"):
        actions.changer_role(acteur=chef, rattachement_id=rattachement.pk, role="lecteur", service="agents")


def creer_seance(bailleur: Bailleur, dans: int = 1) -> Seance:
    """Une séance dans tant de jours, un logement à l'ordre du jour."""
    seance = Seance.objects.create(
        bailleur=bailleur, date=timezone.localdate() + timedelta(days=dans), lieu=f"Salle {dans}"
    )
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur)), None)
    Candidat.objects.create(orientation=orientation, numero_demande=f"09401250000000{1000 + dans}")
    Inscription.objects.create(seance=seance, orientation=orientation, ordre=1)
    return seance


def creer_membre(bailleur: Bailleur) -> tuple[Rattachement, Client]:
    """Un membre de la commission du bailleur, connecté."""
    personne = creer_utilisateur(bailleur, Role.MEMBRE)
    client = Client()
    client.force_login(personne)
    return personne.rattachements.get(), client


def test_un_membre_lit_sa_seance_ses_candidats_et_rien_d_autre() -> None:
    bailleur = creer_bailleur()
    seance, autre = creer_seance(bailleur), creer_seance(bailleur, 2)
    membre, client = creer_membre(bailleur)
    nouvelles = convoquer_membres(acteur=acteur_de(bailleur), seance_id=seance.pk, rattachements=[membre.pk])
    assert [une.rattachement_id for une in nouvelles] == [membre.pk]
    page = client.get(reverse("ma_seance", args=[seance.pk]))
    assert page.status_code == 200
    assert "094012500000001001" in page.content.decode()
    assert client.get(reverse("ma_seance", args=[autre.pk])).status_code == 404
    assert reverse("ma_seance", args=[autre.pk]) not in client.get(reverse("mes_seances")).content.decode()
    for refusee in ("aujourdhui", "liberations", "conventions", "patrimoine", "seances", "personnes", "mes_droits"):
        assert client.get(reverse(refusee)).status_code == 403
    liberation = seance.inscriptions.get().orientation.liberation_id
    assert client.get(reverse("api-liberations-detail", args=[liberation])).status_code == 403
    assert Consultation.objects.get().organisme_id == bailleur.pk


def test_une_vue_fautive_ne_donne_au_membre_que_sa_seance() -> None:
    bailleur = creer_bailleur()
    seance, _ = creer_seance(bailleur), creer_seance(bailleur, 2)
    membre, _ = creer_membre(bailleur)
    convoquer_membres(acteur=acteur_de(bailleur), seance_id=seance.pk, rattachements=[membre.pk])
    with rls.pour_acteur(membre.acteur()):
        assert Seance.objects.get() == seance
        assert Candidat.objects.get().orientation.inscriptions.get().seance_id == seance.pk
        assert Liberation.objects.count() == Logement.objects.count() == 1
        assert Candidat.objects.update(motif="vu") == 0
        assert Inscription.objects.all().delete()[0] == 0


def test_le_delai_passe_ou_le_depart_ferment_la_seance() -> None:
    bailleur = creer_bailleur()
    limite, passee = creer_seance(bailleur, -15), creer_seance(bailleur, -16)
    membre, client = creer_membre(bailleur)
    for seance in (limite, passee):
        convoquer_membres(acteur=acteur_de(bailleur), seance_id=seance.pk, rattachements=[membre.pk])
    assert client.get(reverse("ma_seance", args=[limite.pk])).status_code == 200
    assert client.get(reverse("ma_seance", args=[passee.pk])).status_code == 404
    with rls.pour_acteur(membre.acteur()):
        assert Seance.objects.get() == limite
    Rattachement.objects.filter(pk=membre.pk).update(clos_le=timezone.now())
    with rls.pour_acteur(membre.acteur()):
        assert not Seance.objects.exists()
        assert not Candidat.objects.exists()


def test_un_membre_lit_le_proces_verbal_de_sa_seance_et_aucune_autre_piece() -> None:
    bailleur = creer_bailleur()
    membre, client = creer_membre(bailleur)
    seances = [creer_seance(bailleur), creer_seance(bailleur, 2)]
    for seance in seances:
        seance.proces_verbal = Piece.objects.deposer(
            organisme_id=bailleur.pk, genre="pv", nom=f"pv-{seance.pk}.pdf", type_mime="application/pdf", octets=b"%PDF"
            + str(seance.pk).encode(),
        )  # fmt: skip
        seance.save(update_fields=["proces_verbal"])
    convoquer_membres(acteur=acteur_de(bailleur), seance_id=seances[0].pk, rattachements=[membre.pk])
    assert client.get(reverse("mon_proces_verbal", args=[seances[0].pk])).getvalue().startswith(b"%PDF")
    assert client.get(reverse("mon_proces_verbal", args=[seances[1].pk])).status_code == 404
    assert client.get(reverse("piece", args=[seances[1].proces_verbal_id])).status_code == 404
    with rls.pour_acteur(membre.acteur()):
        assert Piece.objects.get() == seances[0].proces_verbal
        assert Contenu.objects.count() == 1


def test_convoquer_avertit_sans_rien_dire_des_demandes_et_propose_les_memes_la_fois_suivante() -> None:
    bailleur = creer_bailleur()
    seance, suivante = creer_seance(bailleur), creer_seance(bailleur, 20)
    membre, _ = creer_membre(bailleur)
    agent = acteur_de(bailleur)
    convoquer_membres(acteur=agent, seance_id=seance.pk, rattachements=[membre.pk])
    envoi = Envoi.objects.get()
    assert reverse("ma_seance", args=[seance.pk]) in envoi.corps
    assert "0940125" not in envoi.corps
    assert membres_proposes(suivante) == [membre.pk]
    convoquer_membres(acteur=agent, seance_id=seance.pk, rattachements=[])
    assert not MembreSeance.objects.exists()


def test_on_ne_convoque_ni_un_agent_ni_le_membre_d_un_autre() -> None:
    bailleur = creer_bailleur()
    seance = creer_seance(bailleur)
    etranger, _ = creer_membre(creer_bailleur("Autre"))
    agent = creer_utilisateur(bailleur).rattachements.get()
    for cle in (etranger.pk, agent.pk):
        with pytest.raises(ErreurMetier, match="votre commission"):
            convoquer_membres(acteur=acteur_de(bailleur), seance_id=seance.pk, rattachements=[cle])
    with pytest.raises(AccesRefuse):
        convoquer_membres(acteur=acteur_de(bailleur, Role.LECTEUR), seance_id=seance.pk, rattachements=[])


def test_la_fiche_d_un_logement_de_l_autre_service_ne_se_lit_ni_ne_s_accuse(
    bailleur: Bailleur, etat: Reservataire
) -> None:
    agents, prioritaires = (acteur_du_service(etat, nom) for nom in ("agents", "prioritaires"))
    orientation = creer_orientation(
        creer_liberation(creer_logement(bailleur)), etat, sous_contingent="prioritaires", date_orientation=JOUR
    )
    mise_a_disposition.mettre_a_disposition(acteur=acteur_de(bailleur), orientation_id=orientation.pk, le=JOUR)
    envoi = Envoi.objects.get(piece__isnull=False)
    assert envoi.service == "prioritaires"
    for acteur, statut in ((agents, 404), (prioritaires, 200)):
        client = connecter(acteur)
        assert client.get(reverse("piece", args=[envoi.piece_id])).status_code == statut
        assert client.get(reverse("envoi_recu", args=[envoi.cle])).status_code == statut
        with rls.pour_acteur(acteur):
            assert Envoi.objects.filter(pk=envoi.pk).exists() == (statut == 200)
            assert Piece.objects.filter(pk=envoi.piece_id).exists() == (statut == 200)
    assert not Envoi.objects.accusables_par(agents).filter(pk=envoi.pk).exists()


@pytest.mark.regle("RG-73")
def test_un_membre_ne_lit_que_la_commune_d_un_logement_de_la_defense() -> None:
    bailleur, defense = creer_bailleur(), creer_reservataire("DEF", "defense")
    seance = creer_seance(bailleur)
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur, adresse="7 rue du Fort")), defense)
    Inscription.objects.create(seance=seance, orientation=orientation, ordre=2)
    membre, client = creer_membre(bailleur)
    convoquer_membres(acteur=acteur_de(bailleur), seance_id=seance.pk, rattachements=[membre.pk])
    page = client.get(reverse("ma_seance", args=[seance.pk])).content.decode()
    assert "2. T3, Créteil" in page
    assert "rue du Fort" not in page
