"""Le moule des PDF et des tableurs : accessible, fermé, typé."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pikepdf
import pytest

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.tableur import ColonneTableur, Feuille, ecrire_classeur

DOCUMENT = '<!doctype html><html lang="fr"><head><title>Essai</title></head><body><h1>Titre</h1>{}</body></html>'


def test_un_pdf_est_balise_avec_sa_langue_et_son_titre() -> None:
    with pikepdf.open(io.BytesIO(produire_pdf(DOCUMENT.format("")))) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.open_metadata()["dc:title"] == "Essai"
        assert pdf.open_metadata()["pdfuaid:part"] == "1"


def test_le_meme_document_donne_le_meme_pdf() -> None:
    assert produire_pdf(DOCUMENT.format("")) == produire_pdf(DOCUMENT.format(""))


@pytest.mark.parametrize(
    "adresse", ["file:///etc/hostname", "http://127.0.0.1/x.png", "static:../manage.py", "static:absent.png"]
)
def test_un_pdf_ne_lit_rien_hors_des_fichiers_statiques(adresse: str) -> None:
    with pytest.raises(ErreurMetier):
        produire_pdf(DOCUMENT.format(f'<img alt="" src="{adresse}">'))


def test_un_document_sans_titre_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="titre"):
        produire_pdf("<html lang='fr'><body>rien</body></html>")


def test_un_tableur_garde_les_types_et_desarme_les_formules() -> None:
    colonnes = (
        ColonneTableur("code"),
        ColonneTableur("nombre", "entier"),
        ColonneTableur("solde", "decimal"),
        ColonneTableur("le", "date"),
    )
    octets = ecrire_classeur(
        [Feuille("Comptes", colonnes, [("=1+1", 12, Decimal("42.5000"), date(2025, 1, 2)), ("01", "< 5", None, None)])]
    )
    feuille = openpyxl.load_workbook(io.BytesIO(octets))["Comptes"]
    assert [cellule.value for cellule in feuille[2]][:3] == ["'=1+1", 12, 42.5]
    assert feuille["D2"].is_date
    assert [cellule.value for cellule in feuille[3]] == ["01", "< 5", None, None]
    assert (feuille.freeze_panes, feuille.auto_filter.ref) == ("B2", "A1:D3")
