"""L'état des lieux et le texte d'une convention (RG-12, RG-18, RG-73) ; les autorités destinataires (RG-17)."""

from __future__ import annotations

import io
from datetime import date

import pikepdf
import pytest
from openpyxl import load_workbook

from conventions.chargement_autorites import charger_autorites
from conventions.chargement_etat_des_lieux import charger_etat_des_lieux
from conventions.documents import convention_pdf, etat_des_lieux_pdf, etat_des_lieux_tableur
from conventions.domaine.autorites import TerritoireTouche, autorites_concernees
from conventions.models import Bailleur, ReservationStock
from flux_reservations.territoires.models import Departement
from tests.fabriques import CRETEIL, VITRY, creer_bailleur, creer_convention, creer_logement, creer_reservataire

JOUR = date(2026, 1, 1)


@pytest.fixture
def bailleur(db: None) -> Bailleur:
    """Trois droits de suite actifs : deux à la CAF (Créteil T2, Vitry T3), un à la défense ; un échu, un unique."""
    bailleur = creer_bailleur()
    caf, defense = creer_reservataire("CAF94"), creer_reservataire("DEF", "defense")
    for commune, typologie, reservataire, options in (
        (CRETEIL, "T2", caf, {}),
        (VITRY, "T3", caf, {}),
        (VITRY, "T4", defense, {}),
        (CRETEIL, "T2", caf, {"date_fin": date(2020, 12, 31)}),
        (CRETEIL, "T2", caf, {"nature": "unique"}),
    ):
        ReservationStock.objects.create(
            logement=creer_logement(bailleur, commune, typologie=typologie),
            reservataire=reservataire,
            contrepartie="financement",
            **options,
        )
    return bailleur


@pytest.mark.regle("RG-18")
def test_l_etat_des_lieux_compte_les_droits_de_suite_actifs(bailleur: Bailleur) -> None:
    etat = charger_etat_des_lieux(bailleur, Departement.objects.get(pk="94"), JOUR)
    assert {part.code: part.total for part in etat.parts} == {"CAF94": 2, "DEF": 1}
    assert [ligne.code_commune for ligne in etat.parts[0].lignes] == [CRETEIL, VITRY]


@pytest.mark.regle("RG-73")
def test_le_stock_de_la_defense_est_dit_a_la_commune_seulement(bailleur: Bailleur) -> None:
    etat = charger_etat_des_lieux(bailleur, Departement.objects.get(pk="94"), JOUR)
    assert {part.code: part.est_localise_a_la_commune for part in etat.parts} == {"CAF94": False, "DEF": True}


def test_l_etat_des_lieux_sort_en_pdf_balise_et_en_tableur(bailleur: Bailleur) -> None:
    etat = charger_etat_des_lieux(bailleur, Departement.objects.get(pk="94"), JOUR)
    with pikepdf.open(io.BytesIO(etat_des_lieux_pdf(etat))) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert pdf.Root.MarkInfo.Marked
        assert "État des lieux" in str(pdf.docinfo.Title)
    feuille = load_workbook(io.BytesIO(etat_des_lieux_tableur(etat))).active
    assert [ligne[-1].value for ligne in feuille.iter_rows(min_row=2)] == [1, 1, 1]


@pytest.mark.regle("RG-12")
def test_un_brouillon_se_dit_projet_dans_son_texte(bailleur: Bailleur) -> None:
    convention = creer_convention(bailleur, creer_reservataire("MSA"), etat="brouillon")
    octets = convention_pdf(convention)
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        assert convention.numero in str(pdf.docinfo.Title)


@pytest.mark.regle("RG-17")
def test_en_val_de_marne_on_transmet_au_prefet_et_aux_ept(bailleur: Bailleur) -> None:
    destinataires = charger_autorites(bailleur.pk, "94")
    assert destinataires[0].qualite == "Préfet"
    assert {destinataire.qualite for destinataire in destinataires[1:]} == {"Président de l'EPT"}
    assert len(destinataires) == 3  # préfet, Grand Paris Sud Est Avenir (Créteil), Grand-Orly Seine Bièvre (Vitry)


@pytest.mark.regle("RG-17")
@pytest.mark.parametrize(
    ("code", "nature", "siren", "qualite"),
    [
        ("metropole:200046977", "metropole", "200046977", "Président de la métropole"),
        ("epci:200068781", "epci", "200068781", "Président de l'EPCI"),
        ("commune:75056", "commune", "217500016", "Maire de Paris"),
        ("ept:200058006", "ept", "200058006", "Président de l'EPT"),
    ],
)
def test_chaque_territoire_a_son_autorite(code: str, nature: str, siren: str, qualite: str) -> None:
    touche = TerritoireTouche(code, nature, "Territoire", siren, 3)
    assert [autorite.qualite for autorite in autorites_concernees("69", "Rhône", [touche])] == ["Préfet", qualite]


@pytest.mark.regle("RG-17")
def test_la_metropole_du_grand_paris_n_est_pas_destinataire() -> None:
    touche = TerritoireTouche("epci:200054781", "epci", "Métropole du Grand Paris", "200054781", 3)
    assert [autorite.qualite for autorite in autorites_concernees("94", "Val-de-Marne", [touche])] == ["Préfet"]
