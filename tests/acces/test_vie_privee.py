"""Oublier ce qui a fait son temps, répondre à une personne, avertir sur les zones libres (RG-70, RG-72)."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from attributions.actions.vie_privee import donnees_d_un_demandeur
from attributions.models import Candidat
from flux_reservations.acces.models import Connexion, Consultation, Rattachement, Utilisateur
from flux_reservations.acces.vie_privee import purger_les_acces
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.commun.zones_libres import reperer_le_sensible
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)  # fmt: skip


def purger(le: str, *options: str) -> dict[str, int]:
    """Lance la commande et rend ce qu'elle efface."""
    sortie = io.StringIO()
    call_command("purger_donnees", "--le", le, "--format", "json", *options, stdout=sortie)
    efface: dict[str, int] = json.loads(sortie.getvalue())["efface"]
    return efface


def creer_candidat(issue: str = "bail", bail: date | None = date(2025, 5, 1)) -> Candidat:
    """Un candidat d'une orientation de 2025."""
    liberation = creer_liberation(creer_logement(creer_bailleur()), date_bail=bail)
    orientation = creer_orientation(liberation, creer_reservataire(), issue=issue)
    return Candidat.objects.create(orientation=orientation, numero_demande="094032500000000001", motif="refus")


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_un_candidat_est_oublie_deux_ans_apres_et_pas_avant() -> None:
    candidat = creer_candidat()
    assert purger("2027-05-01")["candidats"] == 0
    assert purger("2027-05-02", "--essai")["candidats"] == 1
    assert purger("2027-05-02")["candidats"] == 1
    candidat.refresh_from_db()
    assert candidat.numero_demande == f"purge-{candidat.pk}"
    assert candidat.motif == ""
    assert purger("2027-05-02")["candidats"] == 0


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_un_candidat_d_une_orientation_en_cours_n_est_pas_oublie() -> None:
    creer_candidat("en_cours", None)
    assert purger("2040-01-01")["candidats"] == 0


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_le_journal_des_connexions_est_garde_un_an() -> None:
    connexion = Connexion.objects.create(genre="reussie")
    Connexion.objects.filter(pk=connexion.pk).update(instant=datetime(2025, 1, 10, tzinfo=UTC))
    assert purger("2026-01-10")["connexions"] == 0
    assert purger("2026-01-11")["connexions"] == 1


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_une_personne_partie_perd_son_nom_et_garde_son_numero() -> None:
    bailleur = creer_bailleur()
    partie, restee = creer_utilisateur(bailleur), creer_utilisateur(bailleur)
    Rattachement.objects.filter(utilisateur=partie).update(clos_le=datetime(2024, 1, 1, tzinfo=UTC))
    assert purger("2026-06-01")["personnes"] == 1
    partie.refresh_from_db()
    assert partie.nom_complet == f"personne-{partie.pk}@purge.invalid"
    assert Utilisateur.objects.get(pk=restee.pk).nom == "Essai"
    assert purger("2026-06-01")["personnes"] == 0


@pytest.mark.django_db
def test_seul_le_systeme_purge() -> None:
    with pytest.raises(AccesRefuse):
        purger_les_acces(acteur=acteur_de(creer_bailleur()), le=date(2026, 1, 1))


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_les_donnees_d_un_demandeur_se_lisent_avec_un_motif_note_et_chez_soi_seulement() -> None:
    candidat = creer_candidat()
    bailleur = candidat.orientation.liberation.bailleur
    page, donnees = (
        reverse("donnees_d_un_demandeur"),
        {"numero_demande": candidat.numero_demande, "motif": "droit d'accès"},
    )
    chez_lui, ailleurs = Client(), Client()
    chez_lui.force_login(creer_utilisateur(bailleur))
    ailleurs.force_login(creer_utilisateur(creer_bailleur("Autre")))
    assert chez_lui.post(page, donnees | {"motif": ""}).status_code == 422
    rendu = chez_lui.post(page, donnees | {"export": "1"}).json()
    assert len(rendu["lignes"]) == 1
    assert ailleurs.post(page, donnees | {"export": "1"}).json()["lignes"] == []
    assert {une.motif for une in Consultation.objects.all()} == {"droit d'accès"}
    assert not Consultation.objects.filter(objet_cle__contains=candidat.numero_demande).exists()


@pytest.mark.regle("RG-72")
@pytest.mark.parametrize(
    ("texte", "sujet"),
    [
        ("Le ménage est suivi pour une DÉPRESSION", "la santé"),
        ("de nationalité étrangère", "l'origine ou les convictions"),
        ("victime de violences", "des violences ou la justice"),
        ("appeler le 06 12 34 56 78", "un téléphone"),
        ("écrire à dupont@exemple.fr", "un courriel"),
        ("M. Dupont a refusé", "un nom de personne"),
        ("voir 094032500000000001", "un numéro de demande"),
    ],
)
def test_un_texte_libre_sensible_est_repere(texte: str, sujet: str) -> None:
    assert sujet in reperer_le_sensible(texte)


@pytest.mark.regle("RG-72")
def test_un_motif_ordinaire_ne_declenche_rien() -> None:
    assert (
        reperer_le_sensible(
            "Équilibre de la résidence : trop de grands logements au même compte. Romainville, étage 3."
        )
        == []
    )


@pytest.mark.django_db
@pytest.mark.regle("RG-72")
def test_un_acte_avec_un_texte_sensible_demande_d_abord_de_relire() -> None:
    reservataire = creer_reservataire()
    bailleur = creer_bailleur()
    orientation = creer_orientation(
        creer_liberation(creer_logement(bailleur)),
        reservataire,
        date_mise_a_disposition=date(2025, 3, 2),
        date_limite_prolongee=date(2099, 1, 1),
    )
    client = Client()
    client.force_login(creer_utilisateur(reservataire))
    page = reverse("rendre_logement", args=[orientation.pk])
    donnees = {"le": "2025-03-05", "motif": "Candidate hospitalisée"}
    reponse = client.post(page, donnees)
    assert reponse.status_code == 422
    assert "la santé" in reponse.content.decode()
    orientation.refresh_from_db()
    assert orientation.issue == "en_cours"
    assert client.post(page, donnees | {"texte_relu": "oui"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.regle("RG-71")
def test_chaque_demande_cherchee_laisse_sa_trace_et_l_enumeration_s_arrete() -> None:
    bailleur = creer_bailleur()
    acteur = acteur_de(bailleur)
    for rang in range(30):
        donnees_d_un_demandeur(acteur=acteur, numero_demande=f"DEMANDE{rang}", motif="Droit d'accès")
    assert Consultation.objects.values("objet_cle").distinct().count() == 30
    assert not Consultation.objects.filter(objet_cle__startswith="DEMANDE").exists()
    with pytest.raises(ErreurMetier, match="reprenez demain") as refus:
        donnees_d_un_demandeur(acteur=acteur, numero_demande="DEMANDE30", motif="Droit d'accès")
    assert refus.value.code == "trop_de_recherches"
    assert EntreeJournal.objects.filter(action="recherches_nominatives_refusees", organisme_id=bailleur.pk).exists()
