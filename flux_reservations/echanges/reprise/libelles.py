"""À quel compte va un libellé libre du tableur (« Mairie de Créteil », « Préfecture, agents ») : calcul pur, proposition à confirmer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from attributions.domaine.codes import COMPTE_BAILLEUR
from flux_reservations.commun.tri import cle_de_tri

RESSEMBLANCE: Final = 0.75
_BAILLEUR: Final = frozenset(
    {
        "bailleur",
        "non reserve",
        "non reserves",
        "propre",
        "contingent propre",
        "bailleur non reserve",
        "libre",
        "flux bailleur",
        "fonds propre",
    }
)
_AGENTS: Final = ("agent", "agents", "fonctionnaire", "fonctionnaires", "5")
_PRIORITAIRES: Final = ("prioritaire", "prioritaires", "dalo", "mal loges", "25", "social", "publics prioritaires")
_ETAT: Final = frozenset(
    {"etat", "prefecture", "prefet", "contingent prefectoral", "ddets", "drihl", "si", "reservation prefectorale"}
)
_UN_POUR_CENT: Final = frozenset({"1", "1 patronal", "1 logement", "un pour cent", "un pour cent logement", "patronal"})
_VIDES: Final = frozenset(
    {"de", "du", "des", "la", "le", "les", "l", "d", "ville", "mairie", "commune", "contingent", "departement", "conseil", "departemental",
     "region", "territoire", "ept", "epci", "metropole", "au", "titre", "pour", "et", "reservataire"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompteConnu:
    """Un compte de l'année : son code, le nom de son titulaire, et s'il est de l'État."""

    code: str
    nom: str
    est_etat: bool = False

    @property
    def reservataire(self) -> str:
        """Le code de son titulaire, sans le sous-contingent."""
        return self.code.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Proposition:
    """Le compte qu'un libellé désigne : `compte` vide si rien ne lui ressemble ; `est_sure` : il n'y a pas de doute."""

    compte: str
    est_sure: bool


def proposer_un_compte(libelle: str, sous_contingent: str, comptes: Iterable[CompteConnu]) -> Proposition:
    """Le compte d'un libellé : son code, le nom de son titulaire, « État » et ses variantes, le bailleur ; sinon ce qui lui ressemble.

    « État » sans plus de précision reste `ETAT94`, sans sous-contingent : il se rapproche de l'un ou l'autre.
    """
    connus = list(comptes)
    cle = cle_de_tri(libelle)
    codes = {cle_de_tri(un.code): un.code for un in connus} | {
        cle_de_tri(un.reservataire): un.reservataire for un in connus
    }
    if cle in _BAILLEUR or cle == cle_de_tri(COMPTE_BAILLEUR) or "non reserve" in cle:
        return Proposition(COMPTE_BAILLEUR, True)
    if etat := _lire_l_etat(cle, cle_de_tri(sous_contingent), connus, codes):
        return etat
    sans_blanc = {code.replace(" ", ""): valeur for code, valeur in codes.items()}
    if cle.replace(" ", "") in sans_blanc:
        return Proposition(sans_blanc[cle.replace(" ", "")], True)
    par_nom = {cle_de_tri(un.nom): un.code for un in connus if not un.est_etat}
    if cle in par_nom:
        return Proposition(par_nom[cle], True)
    par_mots: dict[str, list[str]] = {}
    for nom, code in par_nom.items():
        par_mots.setdefault(_mots(nom), []).append(code)
    if (mots := _mots(cle)) and len(par_mots.get(mots, [])) == 1:
        return Proposition(par_mots[mots][0], True)
    return Proposition(_le_seul(_ressemblants(cle, mots, sans_blanc, par_nom, par_mots)), False)


def _ressemblants(
    cle: str, mots: str, codes: Mapping[str, str], par_nom: Mapping[str, str], par_mots: Mapping[str, list[str]]
) -> list[set[str]]:
    """Ce qui ressemble à un libellé, du plus parlant au moins : code cité ou commencé, sigle du nom, 1 %, mots du nom, orthographe."""
    siens = set(cle.split())
    proches = get_close_matches(mots or cle, [un for un in par_mots if un], n=1, cutoff=RESSEMBLANCE)
    return [
        {valeur for code, valeur in codes.items() if code in siens},
        {valeur for code, valeur in codes.items() if code.rstrip("0123456789") == cle.replace(" ", "")},
        {code for nom, code in par_nom.items() if cle in {_sigle(nom), _sigle(nom, vides=True)}},
        {code for nom, code in par_nom.items() if cle in _UN_POUR_CENT and nom.startswith("action logement")},
        {code for nom, code in par_nom.items() if set(mots.split()) and set(mots.split()) <= set(nom.split())},
        set(par_mots[proches[0]]) if proches else set(),
    ]


def _le_seul(ressemblants: Iterable[set[str]]) -> str:
    """Le premier indice qui ne désigne qu'un compte ; vide s'il n'y en a pas."""
    return next((next(iter(un)) for un in ressemblants if len(un) == 1), "")


def _sigle(nom: str, *, vides: bool = False) -> str:
    return "".join(mot[0] for mot in nom.split() if vides or mot not in _VIDES)


def _lire_l_etat(
    cle: str, sous_contingent: str, connus: Iterable[CompteConnu], codes: Mapping[str, str]
) -> Proposition | None:
    """Le compte de l'État, si le libellé le dit ; sûr s'il n'y en a qu'un dans le département."""
    etats = sorted({un.reservataire for un in connus if un.est_etat})
    mots = cle.split()
    est_dit = any(mot in _ETAT for mot in mots) or cle in _ETAT or (codes.get(mots[0] if mots else "") in etats)
    if not est_dit or not etats:
        return None
    precision = f"{cle} {sous_contingent}".split()
    code = etats[0]
    if any(mot in _AGENTS for mot in precision):
        code = f"{code}/agents"
    elif "repli" in precision:
        code = f"{code}/repli"
    elif any(mot in _PRIORITAIRES for mot in precision):
        code = f"{code}/prioritaires"
    return Proposition(code, len(etats) == 1)


def _mots(cle: str) -> str:
    return " ".join(sorted(mot for mot in cle.split() if mot not in _VIDES))
