"""Un fichier absurde, par la commande : sortie 1, l'erreur et son remède sur la sortie d'erreur, jamais de trace, rien d'écrit."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from attributions.models import Candidat
from conventions.models import Bailleur, Droit, Logement
from tests.echanges.depot import BAILLEURS, PATRIMOINE, SIREN, TOUT, deposer, importer
from tests.echanges.test_commandes import executer
from tests.echanges.test_lecture import archive, bombe, classeur

pytestmark = [pytest.mark.django_db, pytest.mark.contrat("fichier_illisible", "tout_ou_rien")]
ENTETE = ["bailleur", "identifiant", "commune", "typologie"]
SAINE: list[object] = [SIREN, "N1", "94028", "T1"]


def csv(colonne: str, cellule: str, saut: str = "\n") -> str:
    """Un patrimoine d'une ligne, avec une colonne de plus."""
    return saut.join([";".join([*ENTETE, colonne]), ";".join([*map(str, SAINE), cellule]), ""])


def orientation(colonne: str, cellule: str) -> str:
    """Des orientations d'une ligne, avec une colonne de plus."""
    return f"liberation;rang;compte;date_orientation;{colonne}\nB2;1;AL;2025-02-01;{cellule}\n"


def poupees() -> bytes:
    """Une archive dans une archive."""
    return archive(**{"[Content_Types]_xml": "<Types/>", "xl__workbook_xml": bombe()})


ABSURDES: Mapping[str, tuple[str, str | bytes, str]] = {
    "un classeur renommé": ("patrimoine.csv", classeur(list(ENTETE), SAINE), "renommés en .csv"),
    "un texte renommé": ("patrimoine.xlsx", PATRIMOINE, "pas un classeur"),
    "une bombe": ("patrimoine.xlsx", bombe(), "démesuré"),
    "des archives emboîtées": ("patrimoine.xlsx", poupees(), "illisible"),
    "dix mille colonnes": ("patrimoine.csv", csv(";".join(f"c{n}" for n in range(10_000)), ";" * 9_999), "500 colonnes"),
    "dix mille colonnes en classeur": ("patrimoine.xlsx", classeur([*ENTETE, *range(10_000)], SAINE), "500e colonne"),
    "une cellule d'un mégaoctet": ("patrimoine.csv", csv("adresse", "x" * 1_000_000), "dépasse"),
    "une cellule d'un mégaoctet entre guillemets": ("patrimoine.csv", csv("adresse", f'"{"x" * 900_000}"'), "trop longue"),
    "une cellule démesurée en classeur": (
        "patrimoine.xlsx",
        archive(**{
            "[Content_Types]_xml": "<Types/>", "xl__workbook_xml": '<w xmlns:r="r"><sheet r:id="i"/></w>',
            "xl___rels__workbook_xml.rels": '<R><Relationship Id="i" Target="f.xml"/></R>',
            "xl__f_xml": f'<s><row><c t="inlineStr"><is><t>{"y" * 1_000_000}</t></is></c></row></s>',
        }),
        "131072 caractères",
    ),
    "un octet nul": ("patrimoine.csv", csv("adresse", "a\0b"), "octet nul"),
    "un caractère de commande": ("patrimoine.csv", csv("adresse", "a\x07b"), "caractère invisible"),
    "l'an zéro": ("patrimoine.csv", csv("date_premiere_location", "0000-01-01"), "0000 n'est pas plausible"),
    "l'an 9999": ("patrimoine.csv", csv("date_premiere_location", "31/12/9999"), "9999 n'est pas plausible"),
    "l'heure d'une date": ("patrimoine.xlsx", classeur([*ENTETE, "date_premiere_location"], [*SAINE, dt.time(10, 30)]), "date"),
    "un nombre géant": ("patrimoine.csv", csv("surface", "9" * 400), "compris entre"),
    "un entier géant": ("patrimoine.csv", csv("annee_construction", "9" * 400), "entier est attendu"),
    "un nombre sans fin": ("patrimoine.csv", csv("surface", "1e400"), "chiffres"),
    "des chiffres d'ailleurs": ("patrimoine.csv", csv("surface", "\u0664\u0665"), "chiffres"),
    "un en-tête en double": ("patrimoine.csv", csv("typologie", "T2"), "Colonne répétée"),
    "un en-tête en double à la casse près": ("patrimoine.csv", csv(" TYPOLOGIE ", "T2"), "Colonne répétée"),
    "un guillemet jamais fermé à la fin": ("patrimoine.csv", csv("adresse", '"1 rue A'), "jamais fermé"),
    "un guillemet au milieu": ("patrimoine.csv", csv("adresse", '"RES "LES LILAS""'), "au milieu d'un texte"),
    "des tabulations": ("patrimoine.csv", csv("adresse", "x").replace(";", "\t"), "tabulations"),
    "une consigne au tableur": ("patrimoine.csv", "sep=;\n" + csv("adresse", "x"), "supprimez-la"),
    "une formule jamais calculée": ("patrimoine.xlsx", classeur([*ENTETE, "adresse"], [*SAINE, "=1+1"]), "jamais été calculée"),
    "une formule en erreur": ("patrimoine.csv", csv("adresse", "#REF!"), "en erreur"),
    "la marque de fin d'un vieux logiciel": ("patrimoine.csv", (csv("adresse", "É") + "\x1a").encode("cp1252"), "invisible"),
    "deux encodages": ("patrimoine.csv", csv("adresse", "É").encode() + "x;x;É;x;x\n".encode("cp1252"), "accents sont perdus"),
    "du JSON sans borne": ("orientations.csv", orientation("etat_comptes", '"{""a"":1e999}"'), "JSON"),
    "du JSON coupé": ("orientations.csv", orientation("etat_comptes", '"{""a"":""\\ud800""}"'), "JSON"),
    "un instant avant les temps": ("orientations.csv", orientation("decidee_le", "0001-01-01T00:00:00+14:00"), "plausible"),
    "des pièces au carré": ("rpls.csv", "IDENT_INT;DEPCOM;NBPIECE\nA;94028;\u00b2\n", "nombre de pièces"),
    "que des virgules": ("patrimoine.csv", ",,,,\n,,,,\n", "vide"),
    "un autre tableau": ("patrimoine.csv", BAILLEURS, "Colonne obligatoire absente"),
}  # fmt: skip


@pytest.mark.parametrize("cas", ABSURDES)
def test_un_fichier_absurde_sort_en_1_sans_trace_et_sans_rien_ecrire(
    tmp_path: Path, cas: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    avant = Logement.objects.count(), Bailleur.objects.count(), Candidat.objects.count()
    nom, contenu, attendu = ABSURDES[cas]
    code, sortie, erreur = executer(
        capsys, "importer", deposer(tmp_path, {nom: contenu}), "--bailleur", SIREN, "--format", "json"
    )
    assert code == 1
    assert attendu in erreur
    assert "Traceback" not in erreur
    assert "Rien n'a été écrit" in erreur
    assert max(map(len, erreur.splitlines())) < 2500
    assert attendu in " ".join(une["message"] for une in json.loads(sortie)["erreurs"])
    assert (Logement.objects.count(), Bailleur.objects.count(), Candidat.objects.count()) == avant


@pytest.mark.parametrize("nom", ["patrimoine", "conventions", "droits", "liberations", "orientations", "bailleurs"])
def test_un_second_fichier_du_meme_tableau_se_lit_quand_le_premier_est_fautif(tmp_path: Path, nom: str) -> None:
    """Le premier laissait une table de travail, et le second une trace."""
    assert importer(tmp_path, TOUT).est_accepte
    neuf = TOUT[nom].replace(";T1;", ";T2;").replace("Habitat", "Neuf").replace("2025-02-10", "2025-02-11")
    faux = (
        neuf + ";" * neuf.splitlines()[0].count(";") + "\n" + "INCONNU" + ";" * neuf.splitlines()[0].count(";") + "\n"
    )
    rapport = importer(tmp_path, {f"{nom}_1": faux, f"{nom}_2": neuf})
    assert {erreur.fichier for erreur in rapport.erreurs} == {f"{nom}_1.csv"}


def test_un_bailleur_inconnu_se_dit_une_fois_et_rien_d_autre_n_est_dit_inconnu(tmp_path: Path) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    rapport = importer(tmp_path, {nom: TOUT[nom] for nom in ("liberations", "droits")}, siren="940000037")
    assert [erreur.message.partition(" : ")[0] for erreur in rapport.erreurs] == ["Bailleur inconnu"]
    assert Droit.objects.count() == 4


def test_un_tube_nomme_n_attend_pas_son_lecteur(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tube = tmp_path / "patrimoine.csv"
    os.mkfifo(tube)
    code, _, erreur = executer(capsys, "importer", tube)
    assert (code, "pas un fichier" in erreur) == (1, True)


@pytest.mark.contrat("codes")
def test_les_signes_sans_largeur_du_bord_d_un_code_sont_otes(tmp_path: Path) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    fichier = "numero;logement;date_disponibilite\n\u200bB9\ufeff;\u00a0L1\u200b;2025-01-01\n"
    assert importer(tmp_path, {"liberations": fichier}).erreurs == []


@pytest.mark.contrat("dates", "decimales", "xlsx")
def test_les_bizarreries_d_un_tableur_se_lisent(tmp_path: Path) -> None:
    """Le 1er janvier 1900 n'a pas un jour de retard, et un reste de flottant est un zéro, une mise en forme lointaine n'est rien."""
    assert importer(tmp_path, TOUT).est_accepte
    entete = [*ENTETE, "date_premiere_location", "loyer"]
    lignes = [
        [SIREN, "X1", "94028", "T1", dt.date(1900, 1, 1), 2.8e-14],
        [SIREN, "X2", "94028", "T1", dt.date(1900, 3, 1), 30.1],
    ]
    lue = classeur(entete, *lignes)
    loin = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(lue)) as entree, zipfile.ZipFile(loin, "w") as sortie:
        for membre in entree.namelist():
            octets = entree.read(membre)
            sortie.writestr(
                membre, octets.replace(b"</row>", b'<c r="XFD9" s="1"/></row>') if "sheet1" in membre else octets
            )
    assert importer(tmp_path, {"patrimoine.xlsx": loin.getvalue()}).erreurs == []
    logements = Logement.objects.filter(identifiant__startswith="X").order_by("identifiant")
    assert [(une.date_premiere_location, str(une.loyer)) for une in logements] == [
        (dt.date(1900, 1, 1), "0.00"), (dt.date(1900, 3, 1), "30.10")
    ]  # fmt: skip


@pytest.mark.contrat("encodage")
@pytest.mark.parametrize("encodage", ["utf-8", "cp1252"])
def test_un_saut_de_ligne_force_ne_change_pas_l_encodage(tmp_path: Path, encodage: str) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    assert importer(tmp_path, {"patrimoine": csv("adresse", "É\x0bdeux").encode(encodage)}).erreurs == []
    assert Logement.objects.get(identifiant="N1").adresse == "É\x0bdeux"


@pytest.mark.contrat("colonne_inconnue")
def test_une_colonne_sans_nom_est_signalee(tmp_path: Path) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    rapport = importer(tmp_path, {"bailleurs": f"siren;;nom;\n{SIREN};perdu;Habitat;\n"})
    assert rapport.est_accepte
    assert ["Colonne 2 sans nom" in a.message for a in rapport.avertissements] == [True]
