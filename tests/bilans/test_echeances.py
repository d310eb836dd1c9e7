"""L'échéancier, ses rappels gradués, son flux iCalendar (RG-67)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bilans.domaine.calendrier import LARGEUR, Evenement, ecrire_calendrier
from bilans.echeances import charger_echeances, lecteur_de, rappeler_les_echeances
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from tests.fabriques import creer_bailleur, creer_convention, creer_logement, creer_reservataire

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
def test_aucun_rappel_ne_part_un_jour_ordinaire() -> None:
    creer_bailleur(courriel="b@essai.example")
    assert rappeler_les_echeances(date(2026, 2, 17)) == 0


def test_le_calendrier_plie_ses_lignes_et_echappe_ses_textes() -> None:
    titre = "Séance, à l'hôtel de ville ; " + "é" * 80
    texte = ecrire_calendrier("Essai", [Evenement(VEILLE, titre)], "essai.example", datetime(2026, 1, 1, tzinfo=UTC))
    assert all(len(ligne.encode()) <= LARGEUR for ligne in texte.split("\r\n"))
    assert "SUMMARY:Séance\\, à l'hôtel de ville \\; éé" in texte.replace("\r\n ", "")
    assert "DTSTART;VALUE=DATE:20260226" in texte
