"""Le tableur de la reprise se lit dans la requête : ses fusions, sa taille et ses cellules sont bornées."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conventions.models import Bailleur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.lecture.fichiers import Fichier
from flux_reservations.echanges.lecture.xlsx import ouvrir_xlsx
from flux_reservations.echanges.reprise import actions, fusions, lecture
from flux_reservations.echanges.reprise.fusions import lire_les_fusions
from flux_reservations.echanges.reprise.lecture import lire_tableur
from tests.echanges.test_reprise import classeur, connecter
from tests.fabriques import acteur_de, creer_bailleur


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


def avec_fusions(balises: str) -> bytes:
    """Le tableur d'essai, où ces balises suivent les fusions."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(classeur())) as lu, zipfile.ZipFile(sortie, "w") as ecrit:
        for nom in lu.namelist():
            octets = lu.read(nom)
            if nom == "xl/worksheets/sheet1.xml":
                octets = octets.replace(b"</mergeCells>", balises.encode() + b"</mergeCells>")
            ecrit.writestr(nom, octets)
    return sortie.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("balises", "message"),
    [
        ('<mergeCell ref="A9:A2"/>', "A9:A2 est à l'envers"),
        ('<mergeCell ref="A0:A2"/>', "A0:A2 est à l'envers"),
        ('<mergeCell ref="A2:A50001"/>', "au-delà de la ligne 50000"),
        ("".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 20_002)), "plus de 20000 fusions"),
    ],
)
def test_des_fusions_retorses_sont_refusees(bailleur: Bailleur, balises: str, message: str) -> None:
    with pytest.raises(ErreurMetier, match=message):
        actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom="s.xlsx", octets=avec_fusions(balises))


@pytest.mark.django_db
def test_une_fusion_en_commentaire_n_en_est_pas_une(bailleur: Bailleur) -> None:
    octets = avec_fusions('<!-- <mergeCell ref="A8:A9"/> -->')
    piece = actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom="s.xlsx", octets=octets)
    assert len(lire_tableur(piece, {}).lignes) == 3
    assert (7, 0, 8, 0) not in lire_les_fusions_de(octets)


def lire_les_fusions_de(octets: bytes) -> list[tuple[int, int, int, int]]:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as fichier:
        fichier.write(octets)
        fichier.flush()
        return lire_les_fusions(Path(fichier.name))


def test_l_extension_des_fusions_s_arrete_a_sa_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusions, "CELLULES_AU_PLUS", 8)
    lignes = [["x", "", "y"], [""], [""], [""]]
    fusions.etendre(lignes, [(0, 2, 3, 2)])
    assert lignes == [["x", "", "y"], ["", "", "y"], ["", "", "y"], [""]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("borne", "valeur", "message"),
    [("actions.TAILLE_DU_TABLEUR", 10, "dépasse 20 Mo"), ("lecture.CELLULES_MAXIMALES", 3, "trop de cellules")],
)
def test_un_tableur_de_reprise_est_borne(
    bailleur: Bailleur, monkeypatch: pytest.MonkeyPatch, borne: str, valeur: int, message: str
) -> None:
    monkeypatch.setattr(f"flux_reservations.echanges.reprise.{borne}", valeur)
    fichier = SimpleUploadedFile("suivi.csv", b"Qui;Truc\nA;NL1\n")
    reponse = connecter(bailleur).post("/reprise/decompte/", {"tableur": fichier})
    assert reponse.status_code == 422
    assert message in reponse.content.decode()


@pytest.mark.django_db
def test_un_classeur_de_reprise_demesure_est_refuse_sans_etre_lu_et_s_importe_ailleurs(
    bailleur: Bailleur, monkeypatch: pytest.MonkeyPatch
) -> None:
    """La reprise lit dans la requête : son plafond est plus bas que celui d'un import, qui lit au fil de l'eau."""
    octets = classeur()
    monkeypatch.setattr(lecture, "DECOMPRESSE_AU_PLUS", taille_decompressee(octets) - 1)
    reponse = connecter(bailleur).post("/reprise/decompte/", {"tableur": SimpleUploadedFile("suivi.xlsx", octets)})
    assert reponse.status_code == 422
    assert "démesuré une fois décompressé" in reponse.content.decode()
    source = ouvrir_xlsx(io.BytesIO(octets))
    assert any(source.lignes)
    source.fermer()
    monkeypatch.setattr(lecture, "DECOMPRESSE_AU_PLUS", taille_decompressee(octets))
    reponse = connecter(bailleur).post("/reprise/decompte/", {"tableur": SimpleUploadedFile("suivi.xlsx", octets)})
    assert reponse.status_code == 302


def taille_decompressee(octets: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return sum(membre.file_size for membre in archive.infolist())


def test_une_cellule_de_reprise_n_est_gardee_qu_a_sa_longueur_de_libelle(tmp_path: Path) -> None:
    chemin = tmp_path / "suivi.csv"
    chemin.write_text(f"Réservataire;Logement\n{'A' * 5000};NL1\n", encoding="utf-8")
    (_, (libelle, logement)) = lecture._lire_les_cellules(Fichier(chemin, chemin.name, "", frozenset()))
    assert (len(libelle), logement) == (lecture.LONGUEUR_DE_LIBELLE, "NL1")
