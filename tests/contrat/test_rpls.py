"""Le patrimoine au format RPLS, code par code (formats.md § 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from conventions.models import Logement
from tests.contrat.cellules import FINANCEMENTS
from tests.echanges.depot import BAILLEURS, SIREN, comptes, erreurs, histoire, importer

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Le bailleur seul."""
    importer(tmp_path, {"bailleurs": BAILLEURS})
    return tmp_path


def lire(base: Path, colonne: str, cellules: list[str], champ: str) -> dict[str, object]:
    """Ce que valent les cellules d'une colonne RPLS dans un champ du logement."""
    lignes = "".join(f"A{rang};94028;3;{cellule}\n" for rang, cellule in enumerate(cellules))
    rapport = importer(base, {"rpls": f"IDENT_INT;DEPCOM;NBPIECE;{colonne}\n{lignes}"}, siren=SIREN)
    assert rapport.erreurs == []
    valeurs = dict(Logement.objects.values_list("identifiant", champ))
    return {cellule: valeurs[f"A{rang}"] for rang, cellule in enumerate(cellules)}


def refuser(base: Path, colonne: str, *cellules: str) -> None:
    """Chaque cellule est une erreur à sa ligne, sous le nom RPLS de la colonne."""
    autres = {
        nom: vaut for nom, vaut in (("IDENT_INT", "A{}"), ("DEPCOM", "94028"), ("NBPIECE", "3")) if nom != colonne
    }
    entete, reste = ";".join([*autres, colonne]), ";".join(autres.values())
    lignes = "".join(f"{reste.format(rang)};{cellule}\n" for rang, cellule in enumerate(cellules))
    rapport = importer(base, {"rpls": f"{entete}\n{lignes}"}, siren=SIREN)
    assert erreurs(rapport) == [(rang, colonne, cellule) for rang, cellule in enumerate(cellules, start=2)]
    assert not Logement.objects.exists()


@pytest.mark.contrat("rpls_finan")
def test_chaque_code_de_financement(base: Path) -> None:
    connus = {
        "10": "PLAI", "11": "PLATS", "12": "PLA", "13": "PLUS", "14": "PLS", "16": "PLI", "50": "HBM", "52": "HLMO", "53": "ILM",
        "54": "ILN",
    }  # fmt: skip
    autres = dict.fromkeys(("15", "17", "49", "51", "55", "99"), "AUTRE")
    inconnus = dict.fromkeys(("", "NA", "na", "999", "9999", " "), "")
    voulus = connus | autres | inconnus | {"013": "PLUS", "13,0": "PLUS", "13.0": "PLUS"}
    assert lire(base, "FINAN", list(voulus), "financement") == voulus
    assert set(connus.values()) | {"AUTRE"} == set(FINANCEMENTS)


@pytest.mark.contrat("rpls_pieces")
def test_six_pieces_et_plus_font_un_t6(base: Path) -> None:
    voulus = {str(nombre): f"T{min(nombre, 6)}" for nombre in range(1, 13)} | {"03": "T3", "4,0": "T4"}
    lignes = "".join(f"A{rang};94028;{cellule}\n" for rang, cellule in enumerate(voulus))
    assert importer(base, {"rpls": f"IDENT_INT;DEPCOM;NBPIECE\n{lignes}"}, siren=SIREN).erreurs == []
    valeurs = dict(Logement.objects.values_list("identifiant", "typologie"))
    assert [valeurs[f"A{rang}"] for rang in range(len(voulus))] == list(voulus.values())


@pytest.mark.contrat("rpls_pieces", "colonne_obligatoire")
def test_un_nombre_de_pieces_faux_ou_inconnu_est_une_erreur(base: Path) -> None:
    refuser(base, "NBPIECE", "0", "-1", "3,5", "trois", "\u00b2", "NA", "999", "")
    rapport = importer(base, {"rpls": "IDENT_INT;DEPCOM;NBPIECE\nA;94028;trois\n"}, siren=SIREN)
    assert "nombre de pièces, en chiffres" in rapport.erreurs[0].message


@pytest.mark.contrat("rpls_qpv")
def test_qpv_1_est_oui_2_est_non(base: Path) -> None:
    voulus = {"1": "QPV", "2": "", "NA": "", "": "", "01": "QPV", "QN09401I": "QN09401I"}
    lire(base, "QPV", list(voulus), "pk")
    assert {cellule: histoire(f"A{rang}")[0][1] for rang, cellule in enumerate(voulus)} == voulus


@pytest.mark.contrat("rpls_qpv")
def test_un_autre_code_de_qpv_est_une_erreur(base: Path) -> None:
    refuser(base, "QPV", "3", "0", "oui")


@pytest.mark.contrat("rpls_mode")
def test_chaque_mode_et_ce_qui_est_a_confirmer(base: Path) -> None:
    voulus = {"1": "", "2": "", "3": "gele", "4": "association", "5": "fonction", "6": "", "7": "", "NA": "", "": ""}
    lignes = "".join(f"A{rang};94028;3;{cellule}\n" for rang, cellule in enumerate(voulus))
    rapport = importer(base, {"rpls": f"IDENT_INT;DEPCOM;NBPIECE;MODE\n{lignes}"}, siren=SIREN)
    assert rapport.erreurs == []
    assert {cellule: histoire(f"A{rang}")[0][2] for rang, cellule in enumerate(voulus)} == voulus
    assert rapport.a_confirmer == {"gele": 1, "association": 1, "fonction": 1}
    assert len([a for a in rapport.avertissements if a.colonne == "MODE" and "à confirmer" in a.message]) == 3


@pytest.mark.contrat("rpls_dates")
def test_les_dates_sont_en_mois_et_annee(base: Path) -> None:
    voulus = {
        "03/1968": "1968-03-01", "3/1968": "1968-03-01", "1970": "1970-01-01", "15/03/1968": "1968-03-15", "1968-03-15": "1968-03-15",
        "NA": "None", "9999": "None", "": "None",
    }  # fmt: skip
    lues = lire(base, "LOCAT", list(voulus), "date_premiere_location")
    assert {cellule: str(valeur) for cellule, valeur in lues.items()} == voulus


@pytest.mark.contrat("rpls_dates")
def test_un_mois_qui_n_existe_pas_est_une_erreur(base: Path) -> None:
    refuser(base, "LOCAT", "13/1968", "00/1968", "mars 1968", "99")


@pytest.mark.contrat("rpls")
@pytest.mark.parametrize(
    ("colonne", "champ", "voulus"),
    [
        ("IDENT_REP", "identifiant_rpls", {"0123456789": "0123456789", "NA": ""}),
        ("CODEPOSTAL", "code_postal", {"01500": "01500", "": ""}),
        ("NOMVOIE", "adresse", {"DE L EGLISE": "DE L EGLISE", "NA": ""}),
        ("SURFHAB", "surface", {"90,5": "90.50", "90.5": "90.50", "999": "None", "0": "None", "NA": "None"}),
        ("CONSTRUCT", "annee_construction", {"1967": "1967", "9999": "None", "NA": "None"}),
        ("ETAGE", "etage", {"3": "3", "RDC": "RDC", "NA": ""}),
        ("DPEENERGIE", "dpe", {"D": "D", "e": "E", "NON": "", "": ""}),
    ],
)
def test_chaque_colonne_du_repertoire(base: Path, colonne: str, champ: str, voulus: dict[str, str]) -> None:
    assert {cellule: str(valeur) for cellule, valeur in lire(base, colonne, list(voulus), champ).items()} == voulus


@pytest.mark.contrat("rpls", "encodage")
@pytest.mark.parametrize("encodage", ["latin-1", "cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("nom", ["rpls", "rpls_2024_94", "patrimoine"])
def test_il_est_reconnu_a_ses_en_tetes_dans_tout_encodage(base: Path, encodage: str, nom: str) -> None:
    texte = "nbpiece;NUMVOIE;typvoie;NOMVOIE;DepCom;IDENT_INT\n3;2;RUE;DE L'ÉGLISE;94028;A1\n"
    assert importer(base, {nom: texte.encode(encodage)}, siren=SIREN).erreurs == []
    logement = Logement.objects.get()
    assert (logement.identifiant, logement.adresse, logement.typologie) == ("A1", "2 RUE DE L'ÉGLISE", "T3")


@pytest.mark.contrat("rpls_absente", "absente_ou_vide")
def test_une_colonne_absente_est_inconnue_a_la_creation_et_laissee_ensuite(base: Path) -> None:
    minimal = "IDENT_INT;DEPCOM;NBPIECE\nA1;94028;3\n"
    importer(base, {"rpls": minimal}, siren=SIREN)
    logement = Logement.objects.get()
    assert (logement.financement, logement.surface, logement.date_premiere_location, histoire("A1")) == (
        "",
        None,
        None,
        [(None, "", "")],
    )
    plein = "IDENT_INT;DEPCOM;NBPIECE;FINAN;SURFHAB;QPV;MODE\nA1;94028;3;13;60;1;4\n"
    assert comptes(importer(base, {"rpls": plein}, siren=SIREN))["rpls"] == (0, 1, 0)
    assert comptes(importer(base, {"rpls": minimal}, siren=SIREN))["rpls"] == (0, 0, 1)
    efface = "IDENT_INT;DEPCOM;NBPIECE;FINAN;SURFHAB;QPV;MODE\nA1;94028;3;NA;999;2;1\n"
    assert comptes(importer(base, {"rpls": efface}, siren=SIREN))["rpls"] == (0, 1, 0)
    logement.refresh_from_db()
    assert (logement.financement, logement.surface, histoire("A1")) == ("", None, [(None, "", "")])


@pytest.mark.contrat("rpls", "colonne_obligatoire")
def test_une_colonne_manquante_se_dit_dans_les_mots_du_repertoire(base: Path) -> None:
    rapport = importer(base, {"rpls": "IDENT_INT;DEPCOM\nA1;94028\n"}, siren=SIREN)
    (erreur,) = rapport.erreurs
    assert (erreur.ligne, erreur.colonne) == (1, "NBPIECE")
    assert "CONSTRUCT" in erreur.message
    assert "annee_construction" not in erreur.message
