"""Le patrimoine au format RPLS (formats.md § 1) : les colonnes du répertoire, traduites dans les nôtres.

Reconnu à ses en-têtes ; une colonne absente laisse la valeur en place ; `NA`, `999` et `9999` veulent dire inconnu.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from django.db import connection
from django.utils import timezone

from conventions.domaine.codes import Typologie
from conventions.domaine.contingents import CONTINGENTS
from conventions.models import Bailleur
from flux_reservations.commun.arrondis import accorder
from flux_reservations.echanges.cellules import ValeurFautive
from flux_reservations.echanges.colonnes import Choix
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.patrimoine import Patrimoine
from flux_reservations.echanges.tableaux.rpls_codes import (
    ENTETES,
    MODES_HORS_CHAMP,
    QPV_INCONNU,
    QUARTIERS,
    SORTI,
    VACANT,
    lire_bail,
    lire_code,
    lire_connu,
    lire_financement,
    lire_le_millesime,
    lire_locat,
    lire_qpv,
    lire_typologie,
    trouver_les_colonnes,
)

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
_TRADUITES: Final = {
    "nbpiece": "typologie",
    "qpv": "qpv",
    "finan": "financement",
    "mode": "hors_champ",
    "locat": "date_premiere_location",
    "nomvoie": "adresse",
}
_ADRESSE: Final = ("numvoie", "indrep", "typvoie", "nomvoie")
_CODES: Final = frozenset(str(code) for code in CONTINGENTS)
_ECRIRE_LES_FICHES: Final = """
INSERT INTO conventions_ficherpls AS e (logement_id, contingent, dernier_bail, est_vacant, millesime)
SELECT g.id, max(l.contingent), max(l.dernier_bail), bool_or(l.est_vacant), %s
FROM fiches_lues l JOIN conventions_logement g ON g.bailleur_id = %s AND g.identifiant = l.identifiant
GROUP BY g.id
HAVING max(l.contingent) <> '' OR max(l.dernier_bail) IS NOT NULL OR bool_or(l.est_vacant)
    OR EXISTS (SELECT 1 FROM conventions_ficherpls f WHERE f.logement_id = g.id)
ON CONFLICT (logement_id) DO UPDATE SET contingent = {contingent}.contingent, dernier_bail = {bail}.dernier_bail,
    est_vacant = {bail}.est_vacant, millesime = excluded.millesime
WHERE coalesce(e.millesime, 0) <= coalesce(excluded.millesime, e.millesime, 0)
    AND (e.contingent, e.dernier_bail, e.est_vacant, e.millesime) IS DISTINCT FROM
        ({contingent}.contingent, {bail}.dernier_bail, {bail}.est_vacant, excluded.millesime)
"""
_COMPTER_LES_PLUS_RECENTES: Final = """
SELECT count(*) FROM conventions_ficherpls f JOIN conventions_logement g ON g.id = f.logement_id
WHERE g.bailleur_id = %s AND f.millesime > %s AND g.identifiant IN (SELECT identifiant FROM fiches_lues)
"""


class NombreDePieces(Choix):
    """Une typologie lue d'un nombre de pièces : une erreur parle de pièces, pas de typologie."""

    def lire(self, cellule: str) -> str:
        """La typologie."""
        try:
            return Choix.lire(self, cellule)
        except ValeurFautive as erreur:
            message = "Mettez le nombre de pièces, en chiffres (1, 2… ; 6 et plus font un T6)."
            raise ValeurFautive(message) from erreur


class Rpls(Patrimoine):
    """Le patrimoine lu d'un fichier RPLS, pour le bailleur de `--bailleur`."""

    entetes_en_majuscules = True
    colonnes: ClassVar[Any] = tuple(
        replace(colonne, type=NombreDePieces.de(Typologie)) if colonne.nom == "typologie" else colonne
        for colonne in Patrimoine.colonnes
    )

    def __init__(self) -> None:
        self._entetes: dict[str, str] = {}
        self._contingents: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._sortis = 0
        self._fiches: list[tuple[str, str, dt.date | None, bool]] = []
        self._a_des_fiches = False
        self._bail_le_plus_recent: dt.date | None = None
        self._au_mois = False
        self._aujourd_hui = timezone.localdate()

    def colonnes_lues(self) -> Collection[str]:
        """Les en-têtes RPLS que l'application sait lire, de tout millésime."""
        return ENTETES

    def colonnes_manquantes(self, presentes: set[str]) -> list[str]:
        """Un identifiant, la commune, le nombre de pièces."""
        trouvees = trouver_les_colonnes(presentes).keys()
        manquantes = [nom for nom in ("depcom", "nbpiece") if nom not in trouvees]
        return manquantes if trouvees & {"ident_int", "ident_rep"} else ["ident_int", *manquantes]

    def signaler_inconnues(self, suivi: Suivi, numero: int, inconnues: list[str]) -> None:
        """Un RPLS a plus de cent colonnes : celles qui ne servent pas sont dites en une fois."""
        self._entetes = trouver_les_colonnes(suivi.rangs)
        suivi.alias = {notre: self._entetes.get(rpls, rpls) for rpls, notre in (_SIMPLES | _TRADUITES).items()}
        suivi.alias["identifiant"] = "ident_int" if "ident_int" in self._entetes else "ident_rep"
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

    def cellules(self, suivi: Suivi, lot: Sequence[Ligne]) -> Mapping[str, Sequence[str | None]]:
        """Les cellules RPLS du lot, traduites."""
        traduites = [self._traduire(suivi, ligne) for ligne in lot]
        noms = dict.fromkeys(nom for textes in traduites for nom in textes)
        return {nom: [textes.get(nom) for textes in traduites] for nom in noms}

    def _traduire(self, suivi: Suivi, ligne: Ligne) -> dict[str, str]:
        brut = {nom: ligne.texte(entete) for nom, entete in self._entetes.items()}
        textes = {"bailleur": suivi.contexte.siren}
        textes["identifiant"] = brut["ident_int"] if brut.get("ident_int", "").strip() else brut.get("ident_rep", "")
        for rpls, notre in _SIMPLES.items():
            if rpls in brut:
                textes[notre] = lire_connu(brut[rpls])
        if "nomvoie" in brut:
            textes["adresse"] = " ".join(filter(None, (lire_connu(brut.get(nom, "")).strip() for nom in _ADRESSE)))
        textes |= _traduire(brut)
        if textes.get("surface") in {"0", "0,0", "0.0"}:
            textes["surface"] = ""
        if len(textes.get("dpe", "")) != 1 or textes["dpe"].upper() not in "ABCDEFG":
            textes.pop("dpe", None)
        if not self._est_sorti(ligne):
            self._retenir_le_mode(suivi, brut, textes)
            self._retenir_la_fiche(brut, textes["identifiant"].strip())
        return textes

    def _est_sorti(self, ligne: Ligne) -> bool:
        """Vrai pour un logement vendu, démoli ou transformé dans l'année : le répertoire le décrit une dernière fois."""
        return "mode" in self._entetes and lire_code(ligne.texte(self._entetes["mode"])) == SORTI

    def _retenir_la_fiche(self, brut: Mapping[str, str], identifiant: str) -> None:
        """Compte le contingent, et garde ce que le patrimoine n'a pas."""
        if not brut.keys() & {"contreslog", "bail", "remlocdate"}:
            return
        lu = lire_code(brut.get("contreslog", ""))
        contingent = lu if lu in _CODES else ""
        if contingent:
            self._contingents[contingent] += 1
        bail = lire_bail(brut, self._aujourd_hui)
        if bail is not None and (self._bail_le_plus_recent is None or bail > self._bail_le_plus_recent):
            self._bail_le_plus_recent = bail
        self._au_mois = self._au_mois or (bail is not None and bail.month > 1)
        self._fiches.append((identifiant, contingent, bail, lire_code(brut.get("mode", "")) == VACANT))

    def _retenir_le_mode(self, suivi: Suivi, brut: Mapping[str, str], textes: dict[str, str]) -> None:
        """Compte ce que MODE met hors du champ ; une personne peut ne pas l'avoir confirmé."""
        if "mode" not in brut:
            return
        textes["hors_champ"] = motif = MODES_HORS_CHAMP.get(lire_code(brut["mode"]), "")
        if motif:
            self._modes[motif] += 1
            if motif in suivi.contexte.options.modes_ignores:
                del textes["hors_champ"]

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Le RPLS en sait moins que nous : il n'efface ni un code de quartier, ni un motif qu'il ne connaît pas."""
        super().controler(suivi, ligne, complet, ancien)
        if ancien is not None:
            if complet["qpv"] == QPV_INCONNU and ancien["qpv"]:
                complet["qpv"] = ancien["qpv"]
            if not complet["hors_champ"] and ancien["hors_champ"] not in MODES_HORS_CHAMP.values():
                complet["hors_champ"] = ancien["hors_champ"]

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Compare le lot, sans les logements sortis du patrimoine, puis met de côté en base ce que le RPLS dit en plus."""
        gardees = [ligne for ligne in lot if not self._est_sorti(ligne)]
        self._sortis += len(lot) - len(gardees)
        super().traiter(suivi, gardees)
        if not self._fiches:
            return
        with connection.cursor() as curseur:
            curseur.execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS fiches_lues"
                " (identifiant text, contingent text, dernier_bail date, est_vacant boolean) ON COMMIT DROP"
            )
            with curseur.copy("COPY fiches_lues FROM STDIN") as copie:
                for fiche in self._fiches:
                    copie.write_row(fiche)
        self._fiches.clear()
        self._a_des_fiches = True

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit les logements, puis leurs fiches ; une colonne absente, ou un millésime plus ancien, laisse la valeur en place."""
        super().ecrire(suivi)
        if not self._a_des_fiches:
            return
        millesime, _ = self._millesime(suivi)
        sources = {
            "contingent": "excluded" if "contreslog" in self._entetes else "e",
            "bail": "excluded" if self._entetes.keys() & {"bail", "remlocdate"} else "e",
        }
        bailleur = suivi.contexte.bailleurs()[suivi.contexte.siren]
        with connection.cursor() as curseur:
            curseur.execute(_COMPTER_LES_PLUS_RECENTES, [bailleur.pk, millesime])
            (gardees,) = curseur.fetchone()
            curseur.execute(_ECRIRE_LES_FICHES.format(**sources), [millesime, bailleur.pk])
            changees = curseur.rowcount
            curseur.execute("DROP TABLE fiches_lues")
        suivi.compte.fiches += changees
        if changees:
            suivi.avertir(
                None, "", f"Contingent ou bail en cours mis à jour : {accorder(changees, 'logement')}.", valeur=""
            )
        if gardees:
            message = f"Contingent et bail déjà d'un millésime plus récent, gardés : {accorder(gardees, 'logement')}."
            suivi.avertir(None, "", message, valeur="")

    def _millesime(self, suivi: Suivi) -> tuple[int | None, str]:
        return lire_le_millesime(suivi.compte.fichier, self._bail_le_plus_recent, au_mois=self._au_mois)

    def conclure(self, suivi: Suivi) -> None:
        """Dit le millésime, ce qui est à confirmer, ce qui n'est pas lu, et l'état des lieux des contingents."""
        super().conclure(suivi)
        millesime, origine = self._millesime(suivi)
        if millesime is not None and self._a_des_fiches:
            suivi.avertir(None, "", f"Millésime {millesime} du RPLS, {origine}.", valeur="")
        if self._sortis:
            message = f"{accorder(self._sortis, 'logement sorti', 'logements sortis')} du patrimoine dans l'année (MODE 9) : non repris."
            suivi.avertir(None, "MODE", message, valeur="")
        self._dire_les_modes(suivi, millesime)
        if self._contingents:
            detail = ", ".join(f"{CONTINGENTS[int(code)]} : {n}" for code, n in sorted(self._contingents.items()))
            suivi.avertir(None, "CONTRESLOG", f"État des lieux du stock d'après CONTRESLOG : {detail}.", valeur="")

    def _dire_les_modes(self, suivi: Suivi, millesime: int | None) -> None:
        a_confirmer = {
            motif: nombre
            for motif, nombre in sorted(self._modes.items())
            if motif not in suivi.contexte.options.modes_ignores
        }
        if suivi.contexte.options.modes_confirmes:
            for motif, nombre in a_confirmer.items():
                suivi.avertir(
                    None,
                    "MODE",
                    f"{accorder(nombre, 'logement mis', 'logements mis')} hors du champ ({motif}) d'après MODE.",
                    valeur="",
                )
            return
        for motif, nombre in a_confirmer.items():
            deja = suivi.contexte.rapport.a_confirmer.get(motif, 0)
            suivi.contexte.rapport.a_confirmer[motif] = deja + nombre
            suivi.avertir(
                None,
                "MODE",
                f"{accorder(nombre, 'logement mis', 'logements mis')} hors du champ ({motif}) d'après MODE : à confirmer.",
                valeur="",
            )
        if a_confirmer and millesime is not None and suivi.contexte.effet is None:
            message = (
                f"Le RPLS {millesime} décrit le 1er janvier {millesime} : sans date d'effet, ce qu'il met hors du champ vaut depuis "
                "l'origine. Donnez cette date pour ne pas changer les années d'avant."
            )
            suivi.avertir(None, "MODE", message, valeur="")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Le RPLS se lit seulement."""
        del bailleur
        return iter(())


def _traduire(brut: Mapping[str, str]) -> dict[str, str]:
    """Les codes présents sur la ligne, traduits ; MODE est à part, il se confirme."""
    lus = {
        "nbpiece": lambda cellule: lire_typologie(lire_code(cellule)),
        "finan": lambda cellule: lire_financement(lire_code(cellule)),
        "qpv": lambda cellule: lire_qpv(lire_code(cellule), [brut[nom] for nom in QUARTIERS if nom in brut]),
        "locat": lire_locat,
    }
    return {_TRADUITES[nom]: lire(brut[nom]) for nom, lire in lus.items() if nom in brut}
