"""Lire un fichier réel, refuser un fichier absurde : jamais de trace, toujours un remède (issue du contrat, formats.md § 1)."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from conventions.models import Logement
from tests.echanges.depot import BAILLEURS, SIREN, erreurs, importer

pytestmark = pytest.mark.django_db

ENTETE = "bailleur;identifiant;commune;typologie;adresse\n"
LIGNE = f"{SIREN};L1;94028;T1;1 rue de l'Été\n"


def classeur(*lignes: list[object]) -> bytes:
    """Un XLSX dont la première feuille a ces lignes, et une seconde qu'il ne faut pas lire."""
    livre, octets = Workbook(), io.BytesIO()
    feuille = livre.active
    assert feuille is not None
    for ligne in lignes:
        feuille.append(ligne)
    livre.create_sheet("notes").append(["autre", "chose"])
    livre.save(octets)
    livre.close()
    return octets.getvalue()


def archive(**membres: bytes | str) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as sortie:
        for nom, contenu in membres.items():
            sortie.writestr(nom.replace("__", "/").replace("_xml", ".xml"), contenu)
    return octets.getvalue()


def bombe() -> bytes:
    """Une archive de 300 ko qui en ferait 300 Mo."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as sortie:
        sortie.writestr("[Content_Types].xml", "<Types/>")
        with sortie.open("xl/worksheets/sheet1.xml", "w") as membre:
            for _ in range(300):
                membre.write(b"0" * 1_000_000)
    return octets.getvalue()


@pytest.mark.contrat("encodage")
@pytest.mark.parametrize("encodage", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separateur", [";", ","])
def test_un_csv_se_lit_dans_ses_encodages_et_separateurs(tmp_path: Path, encodage: str, separateur: str) -> None:
    texte = (ENTETE + LIGNE).replace(";", separateur)
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine": texte.encode(encodage)})
    assert rapport.erreurs == []
    assert Logement.objects.get().adresse == "1 rue de l'Été"


@pytest.mark.contrat("ordre")
def test_les_en_tetes_se_lisent_sans_egard_a_la_casse_ni_a_l_ordre(tmp_path: Path) -> None:
    texte = f"Typologie; IDENTIFIANT ;Commune;Bailleur\nT1;L1;94028;{SIREN}\n"
    assert importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine": texte}).est_accepte


def test_les_lignes_vides_comptent_dans_les_numeros_mais_ne_sont_pas_lues(tmp_path: Path) -> None:
    rapport = importer(
        tmp_path, {"bailleurs": BAILLEURS, "patrimoine": f"{ENTETE}\n;;;;\n{LIGNE.replace('94028', '99999')}"}
    )
    assert erreurs(rapport) == [(4, "commune", "99999")]
    assert rapport.fichiers[1].lignes == 1


@pytest.mark.contrat("xlsx", "codes")
def test_un_xlsx_se_lit_avec_ses_nombres_et_ses_dates(tmp_path: Path) -> None:
    fichier = classeur(
        [
            "bailleur",
            "identifiant",
            "commune",
            "typologie",
            "surface",
            "date_premiere_location",
            "pmr",
            "code_postal",
            "loyer",
        ],
        [int(SIREN), 12, 94011, "T1", 30.1, dt.datetime(2020, 1, 5), True, 94380, 312.45],  # noqa: DTZ001 : une cellule n'a pas de fuseau
        [SIREN, "A12", 1004, "T2", None, "05/01/2020", "non", 1500, None],
    )
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine.xlsx": fichier})
    assert rapport.erreurs == []
    premier, second = Logement.objects.get(identifiant="12"), Logement.objects.get(identifiant="A12")
    assert (premier.commune_id, premier.date_premiere_location, premier.pmr) == ("94011", dt.date(2020, 1, 5), True)
    assert (str(premier.surface), str(premier.loyer)) == ("30.10", "312.45")
    assert (second.commune_id, second.code_postal, second.pmr) == ("01004", "01500", False)
    assert {avertissement.colonne for avertissement in rapport.avertissements} == {
        "identifiant",
        "commune",
        "code_postal",
    }


def test_un_nombre_trop_long_pour_un_tableur_est_refuse(tmp_path: Path) -> None:
    fichier = classeur(["bailleur", "identifiant", "commune", "typologie"], [SIREN, 123456789012345678, "94011", "T1"])
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine.xlsx": fichier})
    assert [erreur.colonne for erreur in rapport.erreurs] == ["identifiant"]
    assert "15 chiffres" in rapport.erreurs[0].message


@pytest.mark.contrat("fichier_illisible")
@pytest.mark.parametrize(
    ("nom", "contenu", "attendu"),
    [
        ("patrimoine.csv", b"", "vide"),
        ("patrimoine.csv", b"\n \n", "vide"),
        ("patrimoine.csv", bytes(range(256)) * 50, "octet nul"),
        ("patrimoine.csv", archive(a="x"), "renommés en .csv"),
        ("patrimoine.csv", b"%PDF-1.7\n", "un PDF"),
        ("patrimoine.csv", b"\xd0\xcf\x11\xe0....", ".xls"),
        ("patrimoine.csv", b"\x1f\x8b....", "décompressez"),
        ("patrimoine.csv", (ENTETE + LIGNE).encode("utf-16"), "UTF-16"),
        ("patrimoine.csv", ENTETE.encode() + b"\x81\x8d\x90;\n", "Encodage inconnu"),
        ("patrimoine.csv", ENTETE + f"{SIREN};{'x' * 10_000_000};94028;T1;\n", "dépasse"),
        ("patrimoine.csv", ENTETE + f'{SIREN};"L1;94028;T1;\n' + LIGNE * 5000, "guillemet"),
        ("patrimoine.xlsx", b"", "vide"),
        ("patrimoine.xlsx", ENTETE + LIGNE, "pas un classeur XLSX"),
        ("patrimoine.xlsx", b"\xd0\xcf\x11\xe0....", "mot de passe"),
        ("patrimoine.xlsx", archive(a="x"), "n'est pas un classeur"),
        ("patrimoine.xlsx", archive(**{"[Content_Types]_xml": "<Types/>"}), "illisible"),
        ("patrimoine.xlsx", bombe(), "démesuré"),
        ("patrimoine.xlsx", classeur(["bailleur"])[:3000], "pas un classeur XLSX"),
    ],
    ids=lambda valeur: valeur if isinstance(valeur, str) and len(valeur) < 30 else "",
)
def test_un_fichier_absurde_est_refuse_avec_son_remede(
    tmp_path: Path, nom: str, contenu: bytes | str, attendu: str
) -> None:
    rapport = importer(tmp_path, {nom: contenu})
    assert len(rapport.erreurs) == 1
    assert rapport.erreurs[0].fichier == nom
    assert attendu in rapport.erreurs[0].message


def test_une_feuille_abimee_est_refusee_a_sa_ligne(tmp_path: Path) -> None:
    sain, abime = classeur(["bailleur"], [SIREN]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sain)) as entree, zipfile.ZipFile(abime, "w") as sortie:
        for nom in entree.namelist():
            octets = entree.read(nom)
            sortie.writestr(nom, octets[: len(octets) // 2] if "sheet1" in nom else octets)
    rapport = importer(tmp_path, {"patrimoine.xlsx": abime.getvalue()})
    assert "abîmé" in rapport.erreurs[0].message


def test_une_colonne_obligatoire_absente_est_dite_a_l_en_tete(tmp_path: Path) -> None:
    rapport = importer(tmp_path, {"patrimoine": "bailleur;identifiant;typologie\n940000029;X;T1\n"})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(1, "commune")]


def test_une_colonne_repetee_est_dite(tmp_path: Path) -> None:
    rapport = importer(tmp_path, {"bailleurs": "siren;nom;nom\n"})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(1, "nom")]


def test_un_encodage_perdu_est_dit_cellule_par_cellule(tmp_path: Path) -> None:
    texte = ENTETE + LIGNE.replace("É", "\N{REPLACEMENT CHARACTER}") + LIGNE.replace("L1", "L2").replace("É", "Ã‰")
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine": texte})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(2, "adresse"), (3, "adresse")]


def test_une_cellule_de_trop_est_refusee(tmp_path: Path) -> None:
    rapport = importer(tmp_path, {"bailleurs": f"siren;nom\n{SIREN};Habitat;oph\n"})
    assert [erreur.ligne for erreur in rapport.erreurs] == [2]


def test_une_ligne_courte_est_lue_et_signalee(tmp_path: Path) -> None:
    rapport = importer(tmp_path, {"bailleurs": f"siren;nom;statut\n{SIREN};Habitat\n"})
    assert rapport.est_accepte
    assert [avertissement.ligne for avertissement in rapport.avertissements] == [2]


@pytest.mark.contrat("fichier_illisible")
@pytest.mark.parametrize("nom", ["logements.csv", "mes_bailleurs.csv"])
def test_un_nom_qui_ne_dit_pas_son_tableau_est_une_erreur(tmp_path: Path, nom: str) -> None:
    rapport = importer(tmp_path, {nom: "siren;nom\n"})
    assert "commencer par" in rapport.erreurs[0].message


@pytest.mark.contrat("fichier_illisible")
def test_le_nom_d_un_fichier_commence_par_celui_du_tableau(tmp_path: Path) -> None:
    assert importer(tmp_path, {"Bailleurs 2025 (v2).csv": BAILLEURS}).fichiers[0].type == "bailleurs"


@pytest.mark.contrat("dossier")
def test_dans_un_dossier_seuls_les_tableaux_sont_lus(tmp_path: Path) -> None:
    rapport = importer(
        tmp_path, {"bailleurs": BAILLEURS, "lisez-moi.txt": "…", "~$bailleurs.xlsx": b"x", ".cache.csv": "x"}
    )
    assert [fichier.fichier for fichier in rapport.fichiers] == ["bailleurs.csv"]


def test_un_dossier_sans_tableau_est_une_erreur(tmp_path: Path) -> None:
    assert "aucun fichier" in importer(tmp_path, {"lisez-moi.txt": "…"}).erreurs[0].message


XLSX_MINIMAL = {
    "[Content_Types].xml": "<Types/>",
    "xl/workbook.xml": (
        '<x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="a" sheetId="1" r:id="rId7"/>'
        '<x:sheet name="b" sheetId="2" r:id="rId8"/></x:sheets></x:workbook>'
    ),
    "xl/_rels/workbook.xml.rels": '<R><Relationship Id="rId8" Target="autre.xml"/><Relationship Id="rId7" Target="/xl/f.xml"/></R>',
    "xl/styles.xml": (
        '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-40C]d mmmm yyyy"/>'
        '<numFmt numFmtId="171" formatCode="0.0 &quot;m&quot;"/>'
        '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="10"/>'
        "</cellXfs>"
        "</styleSheet>"
    ),
    "xl/sharedStrings.xml": "<sst><si><t>Cré</t><r><t>teil</t></r><rPh><t>kana</t></rPh></si><si><t>x</t></si></sst>",
    "xl/f.xml": (
        '<worksheet><sheetData><row r="2"><c r="B2" t="s"><v>0</v></c><c r="D2" s="1"><v>0</v></c><c s="2"><v>3.0</v></c></row>'
        '<row><c t="inlineStr"><is><t>a</t><t>b</t></is></c><c t="b"><v>1</v></c><c t="str"><f>A1</f><v>f</v></c><c t="n"><v>1E+2</v></c>'
        '<c t="d"><v>2025-01-02T00:00:00</v></c><c s="3"><v>0.285</v></c><c/></row></sheetData></worksheet>'
    ),
}


def lire(tmp_path: Path, membres: dict[str, str]) -> list[list[str]]:
    from flux_reservations.echanges.lecture.xlsx import ouvrir_xlsx

    chemin = tmp_path / "c.xlsx"
    with zipfile.ZipFile(chemin, "w") as sortie:
        for nom, contenu in membres.items():
            sortie.writestr(nom, contenu)
    source = ouvrir_xlsx(chemin)
    try:
        return list(source.lignes)
    finally:
        source.fermer()


@pytest.mark.contrat("xlsx")
def test_un_classeur_se_lit_quel_que_soit_le_logiciel_qui_l_a_ecrit(tmp_path: Path) -> None:
    assert lire(tmp_path, XLSX_MINIMAL) == [
        [],
        ["", "Créteil", "", "1904-01-01", "3"],
        ["ab", "oui", "f", "100", "2025-01-02", "28.5", ""],
    ]


@pytest.mark.parametrize(
    ("membre", "contenu"),
    [
        ("xl/f.xml", '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'),
        ("xl/f.xml", '<worksheet><row r="2"></row><row r="1"></row></worksheet>'),
        ("xl/f.xml", '<worksheet><row r="99999999"></row></worksheet>'),
        ("xl/f.xml", '<worksheet><row><c t="s"><v>99</v></c></row></worksheet>'),
        ("xl/f.xml", '<worksheet><row><c s="1"><v>1e99</v></c></row></worksheet>'),
        ("xl/workbook.xml", "<workbook/>"),
        ("xl/styles.xml", "<styleSheet>"),
    ],
)
def test_un_classeur_retors_est_refuse(tmp_path: Path, membre: str, contenu: str) -> None:
    from flux_reservations.echanges.lecture.source import FichierIllisible

    with pytest.raises(FichierIllisible):
        lire(tmp_path, XLSX_MINIMAL | {membre: contenu})


def inserer(membre: str, racine: str, ajout: str) -> str:
    """Le membre sain, où `ajout` suit sa balise racine."""
    return XLSX_MINIMAL[membre].replace(racine, racine + ajout, 1)


@pytest.mark.parametrize(
    ("membre", "racine", "ajout"),
    [
        ("xl/sharedStrings.xml", "<sst>", "<bc>" * 40 + "</bc>" * 40),
        ("xl/f.xml", "<worksheet>", "<a>" * 40 + "</a>" * 40),
        ("xl/f.xml", "<worksheet>", f"<!--{'x' * 1_200_000}-->"),
        ("xl/f.xml", "<worksheet>", "".join(f"<a{n}/>" for n in range(11_000))),
        ("xl/f.xml", "<worksheet>", " " * 20_100_000),
        ("xl/styles.xml", "<cellXfs>", '<xf numFmtId="1"/>' * 64_000),
        ("xl/styles.xml", "<numFmts>", "".join(f'<numFmt numFmtId="{n}"/>' for n in range(200, 64_300))),
        ("xl/styles.xml", "<styleSheet>", " " * 5_000_001),
        ("xl/workbook.xml", "<x:sheets>", " " * 5_000_001),
    ],
    ids=[
        "chaines",
        "feuille",
        "commentaire",
        "noms",
        "sans ligne",
        "styles",
        "formats",
        "gros styles",
        "gros classeur",
    ],
)
def test_un_membre_piege_est_refuse_a_sa_borne(tmp_path: Path, membre: str, racine: str, ajout: str) -> None:
    """Sans la borne, le classeur se lirait : ce qui est ajouté est bien formé."""
    from flux_reservations.echanges.lecture.source import FichierIllisible

    assert racine in XLSX_MINIMAL[membre]
    with pytest.raises(FichierIllisible):
        lire(tmp_path, XLSX_MINIMAL | {membre: inserer(membre, racine, ajout)})


def test_les_chaines_ont_une_memoire_bornee(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flux_reservations.echanges.lecture import classeur as lecture
    from flux_reservations.echanges.lecture.source import FichierIllisible

    monkeypatch.setattr(lecture, "MEMOIRE_DES_CHAINES", 100)
    with pytest.raises(FichierIllisible, match="démesurés"):
        lire(tmp_path, XLSX_MINIMAL | {"xl/f.xml": '<w><row><c t="s"><v>1</v></c></row></w>'})


def test_un_format_demesure_ne_se_lit_qu_a_sa_longueur_de_tableur(tmp_path: Path) -> None:
    """Chaque style relisait un format entier : un classeur de quelques Ko occupait le processus des minutes."""
    long_ = XLSX_MINIMAL["xl/styles.xml"].replace("[$-40C]d mmmm yyyy", "0" * 255 + "d mmmm yyyy")
    assert lire(tmp_path, XLSX_MINIMAL | {"xl/styles.xml": long_})[1][3] == "0"
