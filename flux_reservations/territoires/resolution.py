"""Du code saisi à la ligne du référentiel : codes actuels, anciens codes, natures de territoire (RG-04)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.territoires.models import AncienneCommune, Commune, NatureTerritoire, Territoire

_PARIS_PAR_CODE_POSTAL = re.compile(r"^750(0[1-9]|1[0-9]|20)$")
_SANS_ZERO = re.compile(r"\d{4}")
FORME_TERRITOIRE = "departement:94, region:11, epci:SIREN, ept:SIREN, metropole:SIREN ou commune:94011"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Le code actuel d'un code saisi ; `message` dit ce qui a été remplacé, ou reste vide."""

    code: str
    message: str = ""


def resoudre_commune(code: str) -> tuple[Commune, str]:
    """La commune d'un code INSEE, actuel ou ancien, et ce qu'il faut dire si le code a été remplacé.

    Lève `ErreurMetier` (`commune_inconnue`) si le code n'est ni actuel, ni ancien.
    """
    resolution = resoudre_communes([code]).get(code)
    if resolution is None:
        raise ErreurMetier("commune_inconnue", message_commune_inconnue(code), regle="RG-04", champ="commune")
    return Commune.objects.get(pk=resolution.code), resolution.message


def resoudre_territoire(code: str) -> tuple[Territoire, str]:
    """Le territoire d'un code (`departement:94`), et ce qu'il faut dire si le code a été remplacé.

    Lève `ErreurMetier` (`territoire_inconnu`).
    """
    resolution = resoudre_territoires([code]).get(code)
    if resolution is None:
        raise ErreurMetier("territoire_inconnu", message_territoire_inconnu(code), regle="RG-04", champ="territoire")
    return Territoire.objects.get(pk=resolution.code), resolution.message


def resoudre_communes(codes: Collection[str]) -> dict[str, Resolution]:
    """Résout des codes INSEE en deux requêtes au plus ; un code inconnu n'est pas dans le résultat."""
    saisis = {code: code.strip().upper() for code in codes}
    actuels = set(Commune.objects.filter(pk__in=set(saisis.values())).values_list("code", flat=True))
    restants = {normal for normal in saisis.values() if normal not in actuels}
    anciens: dict[str, AncienneCommune] = (
        {
            ancienne.code: ancienne
            for ancienne in AncienneCommune.objects.filter(pk__in=restants).select_related("commune")
        }
        if restants
        else {}
    )
    resultat: dict[str, Resolution] = {}
    for saisi, normal in saisis.items():
        if normal in actuels:
            resultat[saisi] = Resolution(normal)
        elif normal in anciens:
            resultat[saisi] = _remplacement(anciens[normal])
    return resultat


def resoudre_territoires(codes: Collection[str]) -> dict[str, Resolution]:
    """Résout des codes de territoire en trois requêtes au plus ; un code inconnu n'est pas dans le résultat.

    `commune:ANCIENCODE` devient le territoire de la commune actuelle, et le message le dit.
    """
    saisis = {code: _normaliser_territoire(code) for code in codes}
    connus = set(Territoire.objects.filter(pk__in=set(saisis.values())).values_list("code", flat=True))
    resultat = {saisi: Resolution(normal) for saisi, normal in saisis.items() if normal in connus}
    prefixe = f"{NatureTerritoire.COMMUNE.value}:"
    communes = {
        saisi: normal.removeprefix(prefixe)
        for saisi, normal in saisis.items()
        if normal not in connus and normal.startswith(prefixe)
    }
    for saisi, resolution in _par_commune(communes).items():
        resultat[saisi] = Resolution(f"{prefixe}{resolution.code}", resolution.message)
    return resultat


def message_commune_inconnue(code: str) -> str:
    """Ce qu'il faut dire d'un code de commune inconnu : la cause probable, et le remède."""
    code = code.strip()
    if _PARIS_PAR_CODE_POSTAL.match(code):
        return f"{code} est un code postal de Paris : mettez le code INSEE de l'arrondissement, 751{code[3:]}."
    if _SANS_ZERO.fullmatch(code):
        return f"Commune inconnue : le zéro de tête semble perdu, essayez 0{code} (mettez la colonne au format texte)."
    return f"Commune inconnue : « {code} ». Mettez son code INSEE en cinq caractères (94011), pas son nom ni son code postal."


def message_territoire_inconnu(code: str) -> str:
    """Ce qu'il faut dire d'un code de territoire inconnu."""
    nature = code.partition(":")[0]
    if nature not in NatureTerritoire.values:
        return f"Territoire inconnu : « {code} ». Écrivez sa nature et son code : {FORME_TERRITOIRE}."
    return f"Territoire inconnu : « {code} » n'est pas dans le référentiel. Vérifiez le code ({FORME_TERRITOIRE})."


def _normaliser_territoire(code: str) -> str:
    nature, _, reste = code.strip().partition(":")
    return f"{nature.lower()}:{reste.strip().upper()}"


def _par_commune(communes: dict[str, str]) -> dict[str, Resolution]:
    trouves = resoudre_communes(set(communes.values())) if communes else {}
    return {saisi: trouves[code] for saisi, code in communes.items() if code in trouves}


def _remplacement(ancienne: AncienneCommune) -> Resolution:
    nom = f" ({ancienne.nom})" if ancienne.nom else ""
    return Resolution(
        ancienne.commune_id,
        f"{ancienne.code}{nom} est un ancien code : remplacé par {ancienne.commune_id} ({ancienne.commune.nom}).",
    )
