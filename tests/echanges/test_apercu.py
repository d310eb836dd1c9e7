"""L'écran des colonnes montre le début d'un fichier déposé : il ne lit que lui (formats.md § 1)."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from conventions.models import Bailleur
from flux_reservations.echanges import fichiers_deposes
from flux_reservations.echanges.correspondances import Apercu
from flux_reservations.echanges.models import ImportDepose
from flux_reservations.echanges.octets_en_base import MORCEAU, ouvrir_piece
from flux_reservations.pieces.models import Piece
from tests.echanges.depot import BAILLEURS, SIREN, importer

pytestmark = pytest.mark.django_db


def apercevoir(tmp_path: Path, nom: str, octets: bytes) -> tuple[Apercu, int]:
    """L'aperçu d'un fichier déposé, et le nombre de lectures de son contenu."""
    importer(tmp_path, {"bailleurs": BAILLEURS})
    bailleur = Bailleur.objects.get(siren=SIREN)
    depot = ImportDepose.objects.create(organisme=bailleur)
    depot.pieces.add(
        Piece.objects.deposer(organisme_id=bailleur.pk, genre="import", nom=nom, type_mime="x", octets=octets)
    )
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        (apercu,) = fichiers_deposes.lire_les_apercus(depot)
    lectures = [requete["sql"] for requete in requetes if '"octets"' in requete["sql"]]
    assert all("SUBSTRING" in lecture for lecture in lectures)
    return apercu, len(lectures)


@pytest.mark.parametrize("encodage", ["utf-8", "cp1252"])
def test_d_un_csv_seul_le_debut_est_lu(tmp_path: Path, encodage: str) -> None:
    lignes = "".join(f"L{rang};1 rue de l'Été\n" for rang in range(200_000))
    apercu, lectures = apercevoir(tmp_path, "patrimoine.csv", f"Code logement;;Adresse\n{lignes}".encode(encodage))
    assert lectures == 1
    assert [colonne.entete for colonne in apercu.colonnes] == ["Code logement", "Adresse"]
    assert apercu.colonnes[0].exemples == ("L0", "L1", "L2")


def test_les_exemples_sont_ceux_de_leur_colonne_meme_apres_une_colonne_sans_nom(tmp_path: Path) -> None:
    apercu, _ = apercevoir(tmp_path, "patrimoine.csv", b"identifiant;;adresse\nL1;zzz;1 rue A\n")
    assert [(colonne.entete, colonne.exemples) for colonne in apercu.colonnes] == [
        ("identifiant", ("L1",)),
        ("adresse", ("1 rue A",)),
    ]


def test_d_un_classeur_seuls_l_en_tete_et_les_premieres_lignes_sont_lus(tmp_path: Path) -> None:
    livre, flux = Workbook(write_only=True), io.BytesIO()
    feuille = livre.create_sheet()
    feuille.append(["identifiant", "adresse"])
    for rang in range(60_000):
        feuille.append([f"L{rang}", f"{rang * 7919 % 100_003} rue {rang * 104_729 % 999_983}"])
    livre.save(flux)
    apercu, lectures = apercevoir(tmp_path, "patrimoine.xlsx", flux.getvalue())
    assert apercu.colonnes[0].exemples == ("L0", "L1", "L2")
    assert lectures * MORCEAU < len(flux.getvalue())


def test_un_fichier_illisible_se_dit_dans_son_apercu(tmp_path: Path) -> None:
    assert "un PDF" in apercevoir(tmp_path, "patrimoine.csv", b"%PDF-1.7")[0].erreur
    assert "vide" in apercevoir(tmp_path, "patrimoine.csv", b"")[0].erreur


def test_le_flux_d_une_piece_se_parcourt_comme_un_fichier(tmp_path: Path) -> None:
    importer(tmp_path, {"bailleurs": BAILLEURS})
    octets = bytes(range(256)) * 3000
    piece = Piece.objects.deposer(
        organisme_id=Bailleur.objects.get(siren=SIREN).pk, genre="import", nom="x", type_mime="x", octets=octets
    )
    with ouvrir_piece(piece) as flux:
        assert flux.read(3) == octets[:3]
        assert (flux.seek(-5, io.SEEK_END), flux.read()) == (len(octets) - 5, octets[-5:])
        assert (flux.seek(400_000), flux.read(2), flux.tell()) == (400_000, octets[400_000:400_002], 400_002)
        assert (flux.seek(10_000_000), flux.read()) == (10_000_000, b"")
