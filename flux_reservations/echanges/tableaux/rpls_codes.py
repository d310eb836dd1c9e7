"""Les en-têtes et les codes du RPLS, d'un millésime à l'autre, traduits dans les nôtres (formats.md § 1).

Sources : annexe de l'arrêté du 5 janvier 2010 (contenu des champs), en-têtes des fichiers diffusés de 2014 à 2026.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from typing import Final

from flux_reservations.echanges.nombres import ANNEES_PLAUSIBLES

FINANCEMENTS: Final = {
    "10": "PLAI",
    "11": "PLATS",
    "12": "PLA",
    "13": "PLUS",
    "14": "PLS",
    "16": "PLI",
    "50": "HBM",
    "52": "HLMO",
    "53": "ILM",
    "54": "ILN",
}
LOUE: Final = "1"
VACANT: Final = "2"
SORTI: Final = "9"
"""Modes d'occupation : loué avec un contrat, vacant et offert à la location, sorti du patrimoine dans l'année."""
MODES_HORS_CHAMP: Final = {"3": "gele", "4": "association", "5": "fonction"}
QPV_INCONNU: Final = "QPV"
COLONNES: Final = (
    "ident_rep",
    "ident_int",
    "depcom",
    "codepostal",
    "numvoie",
    "indrep",
    "typvoie",
    "nomvoie",
    "qpv",
    "nbpiece",
    "surfhab",
    "construct",
    "locat",
    "finan",
    "mode",
    "contreslog",
    "bail",
    "remlocdate",
    "etage",
    "loyerprinc",
    "dpeenergie",
)
QUARTIERS: Final = ("plg_qp24", "plg_qp", "plg_qp15")
"""Code du quartier dans les données ouvertes géolocalisées, de la géographie la plus récente à la plus ancienne."""
SUFFIXES: Final = ("", "_code", "_red")
"""Un même champ s'écrit `FINAN`, `FINAN_CODE` (données ouvertes depuis 2022) ou `finan_red` (fichier complet redressé, 2018)."""
_PAR_ENTETE: Final = {f"{nom}{suffixe}": nom for suffixe in reversed(SUFFIXES) for nom in COLONNES} | {
    nom: nom for nom in QUARTIERS
}
ENTETES: Final = frozenset(_PAR_ENTETE)
_INCONNUS: Final = frozenset({"", "NA", "N/A", "NA/NA", "999", "9999", "999,0", "999.0"})
_MOIS = re.compile(r"(\d\d?)/(\d{4})")
_JOUR = re.compile(r"\d\d?/(\d\d?)/(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d\d)(?:-\d\d)?")
_ANNEE = re.compile(r"\d{4}")
_SANS_DECIMALE = re.compile(r"[.,]0+$")
_PIECES = re.compile(r"[1-9]\d?", re.ASCII)
_CODE_DE_QUARTIER = re.compile(r"Q[NP][0-9A-Z]{4,8}")
_ANNEE_DU_NOM = re.compile(r"(?<!\d)(20[1-4]\d)(?!\d)")
_MOIS_DE_L_ANNEE: Final = 12


def est_rpls(entete: Collection[str]) -> bool:
    """Vrai si ces en-têtes (en minuscules) sont ceux d'un fichier RPLS."""
    return {"depcom", "nbpiece"} <= trouver_les_colonnes(entete).keys()


def trouver_les_colonnes(entete: Collection[str]) -> dict[str, str]:
    """Pour chaque champ du répertoire, son en-tête dans ce fichier (en minuscules) ; le nom simple l'emporte sur ses variantes."""
    presents = set(entete)
    trouvees: dict[str, str] = {}
    for nom in COLONNES:
        for suffixe in SUFFIXES:
            if f"{nom}{suffixe}" in presents:
                trouvees.setdefault(nom, f"{nom}{suffixe}")
    return trouvees | {nom: nom for nom in QUARTIERS if nom in presents}


def lire_connu(cellule: str) -> str:
    """La cellule, vide si elle dit « inconnu » (NA, 999, 9999)."""
    return "" if cellule.strip().upper() in _INCONNUS else cellule


def lire_code(cellule: str) -> str:
    """Texte d'un code numérique : « 5 », « 05 » et « 5,0 » se valent."""
    texte = _SANS_DECIMALE.sub("", lire_connu(cellule).strip())
    return texte.lstrip("0") or ("0" if texte else "")


def lire_typologie(code: str) -> str:
    """`T1` à `T6` d'un nombre de pièces ; ce qui n'en est pas un est rendu tel quel, et refusé plus loin."""
    return f"T{min(int(code), 6)}" if _PIECES.fullmatch(code) else code


def lire_qpv(code: str, quartiers: Collection[str]) -> str:
    """1 : le code du quartier s'il est dit, sinon `QPV` ; 2 ou rien : hors quartier."""
    if code == "1":
        connus = (texte for quartier in quartiers if _CODE_DE_QUARTIER.fullmatch(texte := quartier.strip().upper()))
        return next(connus, QPV_INCONNU)
    return {"2": "", "": ""}.get(code, code)


def lire_financement(code: str) -> str:
    """Notre financement ; un code que nous n'avons pas est `AUTRE`."""
    return FINANCEMENTS.get(code, "AUTRE") if code else ""


def lire_mois(cellule: str) -> dt.date | None:
    """Premier jour du mois (`MM/AAAA`, `JJ/MM/AAAA`, `AAAA-MM`) ou de l'année (`AAAA`) ; None si ce n'est pas plausible."""
    texte = lire_connu(cellule).strip()
    trouve = _MOIS.fullmatch(texte) or _JOUR.fullmatch(texte)
    mois, annee = (int(trouve[1]), int(trouve[2])) if trouve else (1, 0)
    if iso := _ISO.fullmatch(texte):
        mois, annee = int(iso[2]), int(iso[1])
    elif not trouve and _ANNEE.fullmatch(entier := lire_code(texte)):
        annee = int(entier)
    return dt.date(annee, mois, 1) if 1 <= mois <= _MOIS_DE_L_ANNEE and annee in ANNEES_PLAUSIBLES else None


def lire_bail(brut: Mapping[str, str], aujourd_hui: dt.date) -> dt.date | None:
    """Date du bail en cours d'un logement loué : `BAIL`, à défaut `REMLOCDATE` (dernière date où il fut offert à la location).

    None pour un logement que personne ne loue, ou une date à venir.
    """
    if lire_code(brut.get("mode", "")) not in {"", LOUE}:
        return None
    bail = lire_mois(brut.get("bail", "")) or lire_mois(brut.get("remlocdate", ""))
    return bail if bail is None or bail <= aujourd_hui else None


def lire_locat(cellule: str) -> str:
    """Date de première location : `MM/AAAA` ou `AAAA` au premier jour, sinon telle quelle."""
    texte = lire_connu(cellule).strip()
    if trouve := _MOIS.fullmatch(texte):
        return f"{trouve[2]}-{int(trouve[1]):02d}-01"
    return f"{texte}-01-01" if _ANNEE.fullmatch(texte) else texte


def lire_le_millesime(nom: str, dernier_bail: dt.date | None, *, au_mois: bool) -> tuple[int | None, str]:
    """Millésime N (le fichier décrit le 1er janvier N) et d'où il vient : le nom du fichier, à défaut le bail le plus récent.

    `au_mois` : les baux du fichier disent leur mois ; un bail de janvier N est alors le dernier que N puisse connaître.
    """
    if annees := _ANNEE_DU_NOM.findall(nom):
        return int(annees[0]), "lu dans le nom du fichier"
    if dernier_bail is None:
        return None, ""
    annee = dernier_bail.year + (not au_mois or dernier_bail.month > 1)
    return annee, f"déduit du bail le plus récent ({dernier_bail:%m/%Y}) : nommez le fichier rpls_AAAA s'il est faux"
