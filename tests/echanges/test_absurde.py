"""Des fichiers absurdes : toujours un refus clair ou un import, jamais une trace, jamais une mémoire sans borne (formats.md § 1 et 2)."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from django.core.management import ManagementUtility, call_command
from openpyxl import Workbook

from conventions.models import Logement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.actions import essayer
from tests.echanges.depot import BAILLEURS, SIREN, importer

pytestmark = pytest.mark.django_db
ENTETE = "bailleur;identifiant;commune;typologie;surface;annee_construction;date_premiere_location\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    importer(tmp_path, {"bailleurs": BAILLEURS})
    return tmp_path


def refuser(base: Path, nom: str, octets: bytes) -> str:
    """Le premier message d'erreur ; rien n'est écrit."""
    chemin = base / nom
    chemin.write_bytes(octets)
    rapport = essayer([chemin], acteur=Acteur.systeme())
    assert rapport.erreurs, nom
    assert all(erreur.message for erreur in rapport.erreurs)
    assert not Logement.objects.exists()
    json.dumps(rapport.en_json())
    return rapport.erreurs[0].message


def ligne(identifiant: str = "N1", commune: str = "94028", typologie: str = "T3", *reste: str) -> bytes:
    return (ENTETE + ";".join([SIREN, identifiant, commune, typologie, *reste]) + "\n").encode()


@pytest.mark.parametrize(
    ("surface", "annee", "date"),
    [("", "", "31/02/2020"), ("", "", "2020-13-01"), ("", "", "00/00/0000"), ("", "", "12/12/12"), ("NaN", "", ""), ("inf", "", ""),
     ("-5", "", ""), ("1e5", "", ""), ("0", "", ""), ("", "-1990", ""), ("", "1990,5", ""), ("12,345", "", ""), ("9" * 400, "", ""),
     ("", "9" * 400, ""), ("🏠", "", ""), ("", "", "hier"), ("12 m²", "", ""), ("٣", "", ""), ("", "²", ""),
     ("", "", "\uff11/\uff11/\uff12\uff10\uff12\uff10")],
)  # fmt: skip
def test_une_valeur_absurde_est_une_erreur_a_sa_cellule(base: Path, surface: str, annee: str, date: str) -> None:
    refuser(base, "patrimoine.csv", ligne("N1", "94028", "T3", surface, annee, date))


@pytest.mark.parametrize("commune", ["94", "999999", "ABCDE", "🏠🏠🏠🏠🏠", "94028 94081", "-94028", "00000"])
def test_une_commune_absurde_est_une_erreur(base: Path, commune: str) -> None:
    refuser(base, "patrimoine.csv", ligne("N1", commune))


def test_un_emoji_dans_un_texte_est_un_texte(base: Path) -> None:
    chemin = base / "patrimoine.csv"
    chemin.write_bytes(ligne("N🏠1"))
    assert essayer([chemin], acteur=Acteur.systeme()).est_accepte


@pytest.mark.parametrize(
    "octets",
    [b"", b"\n\n\n", b"\x00" * 1000, bytes(range(256)) * 50, b"\xff\xfe" + "a;b".encode("utf-16-le"), b"%PDF-1.7", b"\x1f\x8b\x08",
     b"PK\x03\x04", "�;�\n".encode(), b'"' * 999, b'"jamais ferme', b";" * 900_000, b"a," * 499_999, b"x" * 2_000_000, b"{}", b"<html>"],
)  # fmt: skip
def test_un_fichier_qui_n_est_pas_un_tableau_est_refuse(base: Path, octets: bytes) -> None:
    refuser(base, "patrimoine.csv", octets)


def test_un_million_de_colonnes_est_refuse_en_memoire_bornee(base: Path) -> None:
    tracemalloc.start()
    refuser(base, "patrimoine.csv", b";".join(b"c%d" % rang for rang in range(1_000_000)) + b"\n")
    pic = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pic < 200_000_000


def test_des_octets_au_hasard_sont_refuses(base: Path) -> None:
    hasard = random.Random(11)  # noqa: S311 : une graine d'essai
    for extension in ("csv", "xlsx"):
        for _ in range(20):
            refuser(base, f"patrimoine.{extension}", hasard.randbytes(hasard.randrange(1, 5000)))


def classeur() -> bytes:
    livre = Workbook()
    assert livre.active is not None
    livre.active.append(["bailleur", "identifiant", "commune", "typologie"])
    livre.active.append([SIREN, "N1", "94028", "T3"])
    flux = io.BytesIO()
    livre.save(flux)
    return flux.getvalue()


def test_un_classeur_abime_n_importe_ou_est_refuse_ou_lu(base: Path) -> None:
    sain, hasard, chemin = classeur(), random.Random(5), base / "patrimoine.xlsx"  # noqa: S311 : une graine
    for _ in range(60):
        abime = bytearray(sain)
        for _ in range(hasard.randrange(1, 30)):
            abime[hasard.randrange(len(abime))] = hasard.randrange(256)
        chemin.write_bytes(
            bytes(abime[: hasard.randrange(1, len(abime) + 1)]) if hasard.random() < 0.5 else bytes(abime)
        )
        rapport = essayer([chemin], acteur=Acteur.systeme())
        assert rapport.erreurs or rapport.fichiers[0].lignes <= 1
    assert not Logement.objects.exists()


def recomposer(membre: str, contenu: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    flux = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(classeur())) as lu,
        zipfile.ZipFile(flux, "w", zipfile.ZIP_DEFLATED) as ecrit,
    ):
        for nom in lu.namelist():
            if nom == membre:
                ecrit.writestr(nom, contenu, compression)
            else:
                ecrit.writestr(nom, lu.read(nom))
    return flux.getvalue()


FEUILLE = "xl/worksheets/sheet1.xml"


def test_une_bombe_est_refusee_avant_d_etre_lue(base: Path) -> None:
    bombe = b"<worksheet><sheetData>" + b" " * 600_000_000
    assert "démesuré" in refuser(base, "patrimoine.xlsx", recomposer(FEUILLE, bombe))


def test_un_bourrage_ne_cache_pas_un_membre_gonfle(base: Path) -> None:
    flux = io.BytesIO(recomposer(FEUILLE, b"<worksheet><sheetData>" + b" " * 25_000_000 + b"</sheetData></worksheet>"))
    with zipfile.ZipFile(flux, "a") as archive:
        archive.writestr("xl/media/bourrage.png", random.Random(3).randbytes(400_000))  # noqa: S311 : une graine
    assert "démesuré" in refuser(base, "patrimoine.xlsx", flux.getvalue())


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_une_compression_qu_aucun_tableur_n_emploie_est_refusee(base: Path, compression: int) -> None:
    contenu = b"<worksheet><sheetData/></worksheet>"
    assert "aucun tableur" in refuser(base, "patrimoine.xlsx", recomposer(FEUILLE, contenu, compression))


def test_une_cellule_lointaine_ne_fait_pas_de_ligne_demesuree(base: Path) -> None:
    rangees = b"".join(b'<row r="%d"><c r="ZZZ%d"><v>1</v></c></row>' % (n, n) for n in range(1, 20_000))
    feuille = b"<worksheet><sheetData>" + rangees + b"</sheetData></worksheet>"
    assert "500e colonne" in refuser(base, "patrimoine.xlsx", recomposer(FEUILLE, feuille))


def test_une_declaration_d_entites_est_refusee(base: Path) -> None:
    entites = (
        b'<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;">]><worksheet><sheetData><row/></sheetData></worksheet>'
    )
    refuser(base, "patrimoine.xlsx", recomposer(FEUILLE, entites))


@pytest.mark.parametrize(
    ("arguments", "sortie"),
    [
        (["importer"], 2),
        (["importer", "x.csv", "--effet", "31/02/2020"], 2),
        (["importer", "x.csv", "--bailleur", "12"], 2),
        (["importer", "absent.csv"], 1),
        (["importer", "absent.csv", "--format", "json"], 1),
        (["exporter", "/proc/interdit", "--bailleur", SIREN], 1),
        (["exporter", "dossier", "--bailleur", "000000000"], 1),
    ],
)
def test_les_commandes_sortent_en_1_ou_2_sans_trace(
    base: Path, arguments: list[str], sortie: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as fin:
        ManagementUtility(["manage.py", *arguments]).execute()
    ecrit = capfd.readouterr()
    assert fin.value.code == sortie
    assert "Traceback" not in ecrit.err
    assert ecrit.err.strip()
    if "json" in arguments:
        assert set(json.loads(ecrit.out)) == {"fichiers", "avertissements", "erreurs"}


def test_un_essai_accepte_n_ecrit_que_du_json(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chemin = base / "patrimoine.csv"
    chemin.write_bytes(ligne())
    call_command("importer", str(chemin), "--verifier", "--format", "json")
    assert json.loads(capsys.readouterr().out)["fichiers"][0]["crees"] == 1
