"""Ce qui change d'une version d'un bilan à la suivante, en phrases (RG-63)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

_ASSIETTE = {
    "mises_en_location": "mises en location (A)",
    "total_exclusions": "exclusions (B)",
    "flux": "flux à répartir (C)",
    "premieres_locations": "premières locations",
}
_COMPTE = {"droit": "droit", "decompte": "décompte", "solde": "solde"}
PHRASES_AU_PLUS = 40


def dire_ce_qui_change(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> list[str]:
    """Une phrase par nombre changé : assiette, comptes, proposés et attribués, contrôles. Vide si rien ne change."""
    phrases = [*_assiette(avant, apres), *_comptes(avant, apres), *_lignes(avant, apres), *_controles(avant, apres)]
    if len(phrases) > PHRASES_AU_PLUS:
        reste = len(phrases) - PHRASES_AU_PLUS
        return [*phrases[:PHRASES_AU_PLUS], f"Et {reste} autres nombres."]
    return phrases


def _assiette(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    ancienne, nouvelle = avant["flux"]["assiette"], apres["flux"]["assiette"]
    for cle, nom in _ASSIETTE.items():
        if ancienne[cle] != nouvelle[cle]:
            yield f"{nom[0].upper()}{nom[1:]} : {ancienne[cle]} devient {nouvelle[cle]}."


def _comptes(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    anciens = {(un["compte"], un["convention"]): un for un in avant["flux"]["comptes"]}
    nouveaux = {(un["compte"], un["convention"]): un for un in apres["flux"]["comptes"]}
    noms = {**avant.get("document", {}).get("noms", {}), **apres.get("document", {}).get("noms", {})}
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


def _lignes(avant: Mapping[str, Any], apres: Mapping[str, Any]) -> Iterator[str]:
    for cle, mot in (("proposes", "proposés"), ("attribues", "attribués")):
        anciens, nouveaux = _total(avant, cle), _total(apres, cle)
        if anciens != nouveaux:
            yield f"Logements {mot} : {sum(anciens.values())} devient {sum(nouveaux.values())}."


def _total(donnees: Mapping[str, Any], cle: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for ligne in donnees["lignes"]:
        total[ligne["compte"]] += ligne[cle]
    return total


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
