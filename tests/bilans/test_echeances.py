"""L'échéancier, ses rappels gradués, son flux iCalendar (RG-67)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bilans.domaine.calendrier import LARGEUR, Evenement, ecrire_calendrier
from bilans.echeances import charger_echeances, lecteur_de, rappeler_les_echeances
from bilans.models import Bilan
from conventions.models import Manquement
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from tests.fabriques import creer_bailleur, creer_convention, creer_etat, creer_logement, creer_reservataire

VEILLE = date(2026, 2, 26)


@pytest.mark.django_db
@pytest.mark.regle("RG-67")
def test_l_echeancier_montre_le_27_fevrier_et_les_fins_de_convention() -> None:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    creer_convention(bailleur, creer_reservataire(), numero="C-94", date_fin=date(2026, 3, 31))
    echeances = charger_echeances(lecteur_de(bailleur.pk), date(2026, 1, 15))
    assert [(une.le, une.regle) for une in echeances] == [
        (date(2026, 1, 31), "RG-61"),
        (date(2026, 2, 27), "RG-60"),
        (date(2026, 3, 31), "RG-16"),
    ]


@pytest.mark.django_db
@pytest.mark.regle("RG-67")
def test_un_rappel_part_une_fois_la_veille() -> None:
    bailleur = creer_bailleur(courriel="b@essai.example")
    assert rappeler_les_echeances(VEILLE) == 1
    assert rappeler_les_echeances(VEILLE) == 0
    envoi = Envoi.objects.get(genre=GenreEnvoi.RAPPEL)
    assert (envoi.destinataire_id, "demain" in envoi.objet) == (bailleur.pk, True)


@pytest.mark.django_db
@pytest.mark.regle("RG-67")
def test_un_bilan_non_envoye_reste_du_et_se_rappelle_le_lendemain() -> None:
    bailleur = creer_bailleur(courriel="b@essai.example")
    creer_logement(bailleur)
    lendemain = date(2026, 2, 28)
    depassees = [une for une in charger_echeances(lecteur_de(bailleur.pk), lendemain) if une.jours < 0]
    assert [(une.regle, une.jours, une.est_proche) for une in depassees] == [("RG-61", -28, True), ("RG-60", -1, True)]
    assert rappeler_les_echeances(lendemain) == 1
    assert "dépassée d'un jour" in Envoi.objects.get(genre=GenreEnvoi.RAPPEL).objet


@pytest.mark.django_db
@pytest.mark.regle("RG-67")
def test_une_obligation_faite_ne_reste_pas_due() -> None:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    for genre, annee in (("annuel", 2025), ("debut_annee", 2026)):
        piece = Piece.objects.deposer(
            organisme_id=bailleur.pk, genre="bilan", nom="b.pdf", type_mime="application/pdf", octets=b"%PDF-"
        )
        Bilan.objects.create(
            bailleur=bailleur, genre=genre, departement_id="94", annee=annee, etat="publie",
            publie_le=datetime(2026, 2, 1, tzinfo=UTC), empreinte="0" * 64, pdf=piece,
        )  # fmt: skip
    assert charger_echeances(lecteur_de(bailleur.pk), date(2026, 3, 15)) == []


@pytest.mark.django_db
@pytest.mark.regle("RG-20")
def test_une_mise_en_demeure_sans_suite_et_une_derogation_qui_finit_sont_a_l_echeancier() -> None:
    bailleur, etat = creer_bailleur(), creer_etat()
    convention = creer_convention(
        bailleur, etat, numero="C-1", derogation_taux=Decimal(35), derogation_motif="sécurité publique",
        derogation_arrete="2026-12", derogation_debut=date(2026, 1, 1), derogation_fin=date(2026, 7, 31),
    )  # fmt: skip
    Manquement.objects.create(
        prefet=etat, bailleur=bailleur, departement_id="94", convention=convention,
        mise_en_demeure_le=date(2026, 4, 10), motif="état des lieux non transmis", saisi_par_organisme=etat,
    )  # fmt: skip
    echeances = charger_echeances(lecteur_de(bailleur.pk), date(2026, 5, 2))
    assert [(une.le, une.regle) for une in echeances if une.regle in {"RG-20", "RG-14"}] == [
        (date(2026, 6, 11), "RG-20"),
        (date(2026, 7, 31), "RG-14"),
    ]


@pytest.mark.django_db
def test_aucun_rappel_ne_part_un_jour_ordinaire() -> None:
    creer_bailleur(courriel="b@essai.example")
    assert rappeler_les_echeances(date(2026, 2, 17)) == 0


def test_le_calendrier_plie_ses_lignes_et_echappe_ses_textes() -> None:
    titre = "Séance, à l'hôtel de ville ; " + "é" * 80
    texte = ecrire_calendrier("Essai", [Evenement(VEILLE, titre)], "essai.example", datetime(2026, 1, 1, tzinfo=UTC))
    assert all(len(ligne.encode()) <= LARGEUR for ligne in texte.split("\r\n"))
    assert "SUMMARY:Séance\\, à l'hôtel de ville \\; éé" in texte.replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20260226" in texte
