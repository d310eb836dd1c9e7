"""Ce qui change d'une version d'un document annuel à la suivante, en phrases (RG-63)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from attributions.domaine.codes import Exclusion
from flux_reservations.commun.arrondis import accorder

_ASSIETTE = {
    "mises_en_location": "mises en location (A)",
    "total_exclusions": "exclusions (B)",
    "flux": "flux à répartir (C)",
    "premieres_locations": "premières locations",
}
_COMPTE = {"droit": "droit", "report": "report", "decompte": "décompte", "solde": "solde"}
_RESTE = {
    "hors_flux": "attributions hors du flux",
    "motifs": "motifs des relogements",
    "suites": "suites et délais",
    "refus": "refus",
    "publics": "publics logés",
    "objectifs": "objectifs des publics prioritaires",
    "equilibre": "équilibre",
    "etat_par_commune": "part de l'État par commune",
    "mobilite": "mobilité",
    "taux": "lignes de droit",
}
PHRASES_AU_PLUS = 40
SANS_COMPARAISON = "La version précédente ne porte pas de données comparables : elle se lit dans son document."
RIEN = "Aucun nombre ne change."


def citer_la_version(version: int, publie_le: str, empreinte: str) -> str:
    """La phrase qui cite la version remplacée : son rang, sa date, le début de son empreinte."""
    quand = f", publiée le {publie_le}" if publie_le else ""
    trace = f" (empreinte {empreinte[:12]}…)" if empreinte else ""
    return f"Remplace la version {version}{quand}{trace}."


def dire_ce_qui_change(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> list[str]:
    """Une phrase par nombre changé ; à défaut, que rien ne change, ou que l'ancienne version ne se compare pas."""
    if "prevision" in apres:
        phrases = [*_prevision(avant, apres)] if "prevision" in avant else [SANS_COMPARAISON]
    elif {"flux", "lignes"} <= avant.keys():
        phrases = [*_assiette(avant, apres), *_comptes(avant, apres), *_sections(avant, apres), *_lignes(avant, apres)]
        phrases += [*_reste(avant, apres), *_controles(avant, apres)]
    else:
        phrases = [SANS_COMPARAISON]
    if len(phrases) > PHRASES_AU_PLUS:
        reste = len(phrases) - PHRASES_AU_PLUS
        return [*phrases[:PHRASES_AU_PLUS], f"Et {accorder(reste, 'autre nombre', 'autres nombres')}."]
    return phrases or [RIEN]


def _prevision(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    """L'information de début d'année : A et B prévus, par motif, puis les relogements faits."""
    (ancien_a, anciens), (nouveau_a, nouveaux) = _totaux_prevus(avant), _totaux_prevus(apres)
    libelles = {motif.value: motif.libelle.lower() for motif in Exclusion}
    if ancien_a != nouveau_a:
        yield f"Mises en location prévues (A) : {ancien_a} devient {nouveau_a}."
    for motif in sorted(anciens.keys() | nouveaux.keys()):
        if anciens[motif] != nouveaux[motif]:
            yield f"Soustraits du flux, {libelles.get(motif, motif)} : {anciens[motif]} devient {nouveaux[motif]}."
    if (ancien_a, anciens) == (nouveau_a, nouveaux) and avant["prevision"] != apres["prevision"]:
        yield "La prévision change de répartition entre les communes."
    faits = [sum(ligne["baux"] for ligne in version.get("relogements", ())) for version in (avant, apres)]
    if faits[0] != faits[1]:
        yield f"Relogements et mutations de l'année précédente : {faits[0]} devient {faits[1]}."
    elif avant.get("relogements") != apres.get("relogements"):
        yield "Les relogements de l'année précédente changent de répartition."


def _totaux_prevus(version: Mapping[str, Any]) -> tuple[int, Counter[str]]:
    exclusions: Counter[str] = Counter()
    for ligne in version["prevision"]:
        exclusions.update(ligne["exclusions"])
    return sum(ligne["mises_en_location"] for ligne in version["prevision"]), exclusions


def _assiette(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    ancienne, nouvelle = avant["flux"]["assiette"], apres["flux"]["assiette"]
    for cle, nom in _ASSIETTE.items():
        if ancienne[cle] != nouvelle[cle]:
            yield f"{nom[0].upper()}{nom[1:]} : {ancienne[cle]} devient {nouvelle[cle]}."


def _comptes(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    anciens = {(un["compte"], un["convention"]): un for un in avant["flux"]["comptes"]}
    nouveaux = {(un["compte"], un["convention"]): un for un in apres["flux"]["comptes"]}
    noms = _noms(avant, apres)
    for cle in sorted(anciens.keys() | nouveaux.keys()):
        nom = noms.get(cle[0], cle[0])
        if cle not in nouveaux or cle not in anciens:
            yield f"{nom} : compte {'retiré' if cle not in nouveaux else 'ajouté'}."
            continue
        ecarts = [
            f"{mot} {_ecrire(anciens[cle][champ])} → {_ecrire(nouveaux[cle][champ])}"
            for champ, mot in _COMPTE.items()
            if anciens[cle][champ] != nouveaux[cle][champ]
        ]
        if ecarts:
            yield f"{nom} : {', '.join(ecarts)}."


def _noms(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> dict[str, str]:
    return {**avant.get("document", {}).get("noms", {}), **apres.get("document", {}).get("noms", {})}


def _sections(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    """Les baux de chaque section, hors du flux compris."""
    anciennes = {une["section"]: une["baux"] for une in avant.get("document", {}).get("sections", ())}
    for une in apres.get("document", {}).get("sections", ()):
        ancien = anciennes.get(une["section"], une["baux"])
        if ancien != une["baux"]:
            yield f"Baux, {une['libelle'].partition(' :')[0].lower()} : {ancien} devient {une['baux']}."


def _lignes(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    """Proposés et attribués de chaque compte ; à totaux égaux, si leur répartition par axe a bougé."""
    noms, a_bouge = _noms(avant, apres), False
    for cle, mot in (("proposes", "proposés"), ("attribues", "attribués")):
        anciens, nouveaux = _totaux(avant, cle), _totaux(apres, cle)
        for compte in sorted(anciens.keys() | nouveaux.keys()):
            if anciens[compte] != nouveaux[compte]:
                a_bouge = True
                yield f"{noms.get(compte, compte)} : logements {mot}, {anciens[compte]} devient {nouveaux[compte]}."
    if not a_bouge and avant["lignes"] != apres["lignes"]:
        yield "Les logements proposés ou attribués changent de répartition (commune, QPV, typologie, financement, période)."


def _totaux(donnees: Mapping[str, Any], cle: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for ligne in donnees["lignes"]:
        total[ligne["compte"]] += ligne[cle]
    return total


def _reste(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    """Ce qui change encore, sans le détail : les effectifs de ménages n'ont pas à se comparer d'une version à l'autre (RG-64)."""
    ancien, nouveau = avant.get("document", {}), apres.get("document", {})
    changes = [mot for cle, mot in _RESTE.items() if cle in ancien and ancien[cle] != nouveau.get(cle)]
    if changes:
        yield f"Changent aussi : {', '.join(changes)}."


def _controles(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    anciens = {(un["regle"], un["message"]) for un in avant["flux"]["controles"] if un["niveau"] != "ok"}
    nouveaux = {(un["regle"], un["message"]) for un in apres["flux"]["controles"] if un["niveau"] != "ok"}
    for regle, message in sorted(nouveaux - anciens):
        yield f"Nouvelle alerte {regle} : {message}"
    for regle, message in sorted(anciens - nouveaux):
        yield f"Alerte levée {regle} : {message}"


def _ecrire(valeur: Any) -> str:
    """Un entier, ou une décimale exacte sans ses zéros de fin, à la française."""
    if isinstance(valeur, int):
        return str(valeur)
    exact = Fraction(str(valeur))
    return str(exact.numerator) if exact.denominator == 1 else str(valeur).rstrip("0").replace(".", ",")
