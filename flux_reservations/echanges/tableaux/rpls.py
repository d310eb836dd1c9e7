"""Le patrimoine au format RPLS (formats.md § 1) : les colonnes du répertoire, traduites dans les nôtres.

Reconnu à ses en-têtes ; une colonne absente laisse la valeur en place ; `NA`, `999` et `9999` veulent dire inconnu.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from django.db import connection

from conventions.models import Bailleur
from flux_reservations.echanges.models import CONTINGENTS
from flux_reservations.echanges.nombres import ANNEES_PLAUSIBLES
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.patrimoine import Patrimoine

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
MODES_HORS_CHAMP: Final = {"3": "gele", "4": "association", "5": "fonction"}
QPV_INCONNU: Final = "QPV"
_INCONNUS: Final = frozenset({"", "NA", "N/A", "999", "9999", "999,0", "999.0"})
_MOIS = re.compile(r"(\d\d?)/(\d{4})")
_JOUR = re.compile(r"\d\d?/(\d\d?)/(\d{4})")
_ANNEE = re.compile(r"\d{4}")
_SANS_DECIMALE = re.compile(r"[.,]0+$")
_PIECES = re.compile(r"[1-9]\d?", re.ASCII)
_MOIS_DE_L_ANNEE: Final = 12
_RECONNU: Final = frozenset({"depcom", "nbpiece"})
_SIMPLES: Final = {
    "ident_rep": "identifiant_rpls",
    "depcom": "commune",
    "codepostal": "code_postal",
    "surfhab": "surface",
    "construct": "annee_construction",
    "loyerprinc": "loyer",
    "etage": "etage",
    "dpeenergie": "dpe",
}
_ADRESSE: Final = ("numvoie", "indrep", "typvoie", "nomvoie")
_COLONNES: Final = frozenset(
    {*_SIMPLES, *_ADRESSE, "ident_int", "qpv", "nbpiece", "locat", "finan", "mode", "contreslog", "bail", "remlocdate"}
)


def est_rpls(entete: Collection[str]) -> bool:
    """Vrai si ces en-têtes (en minuscules) sont ceux d'un fichier RPLS."""
    return _RECONNU.issubset(entete)


_ECRIRE_LES_FICHES: Final = """
INSERT INTO echanges_ficherpls AS e (logement_id, contingent, dernier_bail)
SELECT g.id, max(l.contingent), max(l.dernier_bail)
FROM fiches_lues l JOIN conventions_logement g ON g.bailleur_id = %s AND g.identifiant = l.identifiant
GROUP BY g.id
ON CONFLICT (logement_id) DO UPDATE
SET contingent = {contingent}.contingent, dernier_bail = {bail}.dernier_bail
WHERE (e.contingent, e.dernier_bail) IS DISTINCT FROM ({contingent}.contingent, {bail}.dernier_bail)
"""


class Rpls(Patrimoine):
    """Le patrimoine lu d'un fichier RPLS, pour le bailleur de `--bailleur`."""

    entetes_en_majuscules = True

    def __init__(self) -> None:
        self._contingents: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._fiches: list[tuple[str, str, dt.date | None]] = []
        self._a_des_fiches = False

    def colonnes_lues(self) -> Collection[str]:
        """Les colonnes RPLS que l'application sait lire."""
        return _COLONNES

    def colonnes_manquantes(self, presentes: set[str]) -> list[str]:
        """Un identifiant, la commune, le nombre de pièces."""
        manquantes = [nom for nom in ("depcom", "nbpiece") if nom not in presentes]
        return manquantes if presentes & {"ident_int", "ident_rep"} else ["ident_int", *manquantes]

    def signaler_inconnues(self, suivi: Suivi, numero: int, inconnues: list[str]) -> None:
        """Un RPLS a plus de cent colonnes : celles qui ne servent pas sont dites en une fois."""
        suivi.alias = {notre: rpls for rpls, notre in _SIMPLES.items()}
        suivi.alias |= {"identifiant": "ident_int" if suivi.a("ident_int") else "ident_rep", "typologie": "nbpiece"}
        suivi.alias |= {
            "date_premiere_location": "locat",
            "financement": "finan",
            "hors_champ": "mode",
            "adresse": "nomvoie",
        }
        if inconnues:
            suivi.avertir(numero, "", f"Colonnes non lues : {', '.join(inconnues)}.", valeur="")
        bailleur = suivi.contexte.bailleurs().get(suivi.contexte.siren)
        if bailleur is None:
            if suivi.contexte.siren:
                suivi.compte.erreurs += 1  # Un SIREN inconnu se dit une fois, pour tout l'import.
            else:
                suivi.refuser(
                    None, "", "Un fichier RPLS ne dit pas son bailleur : ajoutez --bailleur SIREN.", valeur=""
                )

    def preparer(self, suivi: Suivi, ligne: Ligne) -> dict[str, str]:
        """Les cellules RPLS de la ligne, traduites."""
        brut = ligne.textes
        textes = {"bailleur": suivi.contexte.siren}
        textes["identifiant"] = brut["ident_int"] if brut.get("ident_int", "").strip() else brut.get("ident_rep", "")
        for rpls, notre in _SIMPLES.items():
            if rpls in brut:
                textes[notre] = _connu(brut[rpls])
        if "nomvoie" in brut:
            textes["adresse"] = " ".join(filter(None, (_connu(brut.get(nom, "")).strip() for nom in _ADRESSE)))
        for rpls, notre, traduire in _TRADUITES:
            if rpls in brut:
                textes[notre] = traduire(_entier(brut[rpls]))
        self._retenir_le_mode(suivi, textes)
        if "locat" in brut:
            textes["date_premiere_location"] = lire_locat(brut["locat"])
        if textes.get("surface") in {"0", "0,0", "0.0"}:
            textes["surface"] = ""
        if len(textes.get("dpe", "")) != 1 or textes["dpe"].upper() not in "ABCDEFG":
            textes.pop("dpe", None)
        self._retenir_la_fiche(brut, textes["identifiant"].strip())
        return textes

    def _retenir_la_fiche(self, brut: Mapping[str, str], identifiant: str) -> None:
        """Compte le contingent, et garde ce que le patrimoine n'a pas."""
        contingent = _entier(brut.get("contreslog", ""))
        if contingent in CONTINGENTS:
            self._contingents[contingent] += 1
        bail = lire_bail(brut.get("remlocdate", ""), brut.get("bail", ""))
        if bail or contingent in CONTINGENTS:
            self._fiches.append((identifiant, contingent if contingent in CONTINGENTS else "", bail))

    def _retenir_le_mode(self, suivi: Suivi, textes: dict[str, str]) -> None:
        """Compte ce que MODE met hors du champ ; une personne peut ne pas l'avoir confirmé."""
        motif = textes.get("hors_champ")
        if motif:
            self._modes[motif] += 1
            if motif in suivi.contexte.options.modes_ignores:
                textes["hors_champ"] = ""

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Le RPLS en sait moins que nous : il n'efface ni un code de quartier, ni un motif qu'il ne connaît pas."""
        super().controler(suivi, ligne, complet, ancien)
        if ancien is not None:
            if complet["qpv"] == QPV_INCONNU and ancien["qpv"]:
                complet["qpv"] = ancien["qpv"]
            if not complet["hors_champ"] and ancien["hors_champ"] not in MODES_HORS_CHAMP.values():
                complet["hors_champ"] = ancien["hors_champ"]

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Compare le lot, puis met de côté en base ce que le RPLS dit en plus."""
        super().traiter(suivi, lot)
        if not self._fiches:
            return
        with connection.cursor() as curseur:
            curseur.execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS fiches_lues (identifiant text, contingent text, dernier_bail date) ON COMMIT DROP"
            )
            with curseur.copy("COPY fiches_lues FROM STDIN") as copie:
                for fiche in self._fiches:
                    copie.write_row(fiche)
        self._fiches.clear()
        self._a_des_fiches = True

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit les logements, puis leurs fiches ; une colonne absente laisse la valeur en place."""
        super().ecrire(suivi)
        if not self._a_des_fiches:
            return
        garder = {
            nom: "excluded" if suivi.a(colonne) else "e"
            for nom, colonne in (("contingent", "contreslog"), ("bail", "bail"))
        }
        if suivi.a("remlocdate"):
            garder["bail"] = "excluded"
        bailleur = suivi.contexte.bailleurs()[suivi.contexte.siren]
        with connection.cursor() as curseur:
            curseur.execute(
                _ECRIRE_LES_FICHES.format(contingent=garder["contingent"], bail=garder["bail"]), [bailleur.pk]
            )
            changees = curseur.rowcount
            curseur.execute("DROP TABLE fiches_lues")
        if changees:
            suivi.avertir(None, "", f"Contingent ou bail en cours mis à jour : {changees} logements.", valeur="")

    def conclure(self, suivi: Suivi) -> None:
        """Dit ce qui est à confirmer, et l'état des lieux des contingents."""
        super().conclure(suivi)
        for motif, nombre in sorted(self._modes.items()):
            if motif in suivi.contexte.options.modes_ignores:
                continue
            deja = suivi.contexte.rapport.a_confirmer.get(motif, 0)
            suivi.contexte.rapport.a_confirmer[motif] = deja + nombre
            suivi.avertir(
                None, "MODE", f"{nombre} logements mis hors du champ ({motif}) d'après MODE : à confirmer.", valeur=""
            )
        if self._contingents:
            detail = ", ".join(f"{CONTINGENTS[code]} : {nombre}" for code, nombre in sorted(self._contingents.items()))
            suivi.avertir(None, "CONTRESLOG", f"État des lieux du stock d'après CONTRESLOG : {detail}.", valeur="")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Le RPLS se lit seulement."""
        del bailleur
        return iter(())


def _connu(cellule: str) -> str:
    return "" if cellule.strip().upper() in _INCONNUS else cellule


def _entier(cellule: str) -> str:
    """Texte d'un code numérique : « 5 », « 05 » et « 5,0 » se valent."""
    texte = _SANS_DECIMALE.sub("", _connu(cellule).strip())
    return texte.lstrip("0") or ("0" if texte else "")


def _typologie(code: str) -> str:
    return f"T{min(int(code), 6)}" if _PIECES.fullmatch(code) else code


def _qpv(code: str) -> str:
    return {"1": QPV_INCONNU, "2": "", "": ""}.get(code, code)


def _financement(code: str) -> str:
    return FINANCEMENTS.get(code, "AUTRE") if code else ""


def _hors_champ(code: str) -> str:
    return MODES_HORS_CHAMP.get(code, "")


_TRADUITES: Final[tuple[tuple[str, str, Callable[[str], str]], ...]] = (
    ("nbpiece", "typologie", _typologie),
    ("qpv", "qpv", _qpv),
    ("finan", "financement", _financement),
    ("mode", "hors_champ", _hors_champ),
)


def lire_bail(remise: str, annee: str) -> dt.date | None:
    """Date du bail en cours : la remise en location (`MM/AAAA`), à défaut l'année du bail ; None si elle n'est pas plausible."""
    for cellule in (remise, annee):
        trouve = _MOIS.fullmatch(_connu(cellule).strip()) or _JOUR.fullmatch(_connu(cellule).strip())
        if trouve and 1 <= int(trouve[1]) <= _MOIS_DE_L_ANNEE and int(trouve[2]) in ANNEES_PLAUSIBLES:
            return dt.date(int(trouve[2]), int(trouve[1]), 1)
        if _ANNEE.fullmatch(entier := _entier(cellule)) and int(entier) in ANNEES_PLAUSIBLES:
            return dt.date(int(entier), 1, 1)
    return None


def lire_locat(cellule: str) -> str:
    """Date de première location : `MM/AAAA` ou `AAAA` au premier jour, sinon telle quelle."""
    texte = _connu(cellule).strip()
    if trouve := _MOIS.fullmatch(texte):
        return f"{trouve[2]}-{int(trouve[1]):02d}-01"
    return f"{texte}-01-01" if _ANNEE.fullmatch(texte) else texte
