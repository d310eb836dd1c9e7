"""Les briques d'un tableau qu'on lit : cases, rangs, légende, modalités des axes dans leur ordre de lecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flux_reservations.commun.arrondis import chaine_arrondie
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.droit import assiette
from flux_reservations.socle.presentation import INCONNU, Quantite, ecrire_nombre, ecrire_taux

AXES: dict[str, str] = {
    "commune": "commune",
    "qpv": "quartier prioritaire (QPV)",
    "typologie": "typologie",
    "financement": "financement",
    "periode_construction": "période de construction",
}
AXES_COURTS = AXES | {"qpv": "QPV", "periode_construction": "période"}
"""Les mêmes, pour un tableau étroit."""
RANGS_INSECABLES = 14
MASQUE = "s."
"""Ce qui s'écrit à la place d'un effectif de ménages couvert par le secret (RG-64)."""


@dataclass(frozen=True, slots=True)
class Case:
    """Une case écrite : son texte, son alignement, sa valeur exacte pour la barre ou le tableur."""

    texte: str
    classe: str = "nombre"


@dataclass(frozen=True, slots=True)
class Rang:
    """Une ligne : son en-tête, ses cases, et au besoin la part (0 à 1) que dessine une barre."""

    entete: str
    cases: tuple[Case, ...]
    part: Fraction | None = None
    est_total: bool = False

    @property
    def pourcent(self) -> str:
        """Longueur de la barre, en % avec un point décimal (une mesure CSS)."""
        return chaine_arrondie(min(Fraction(1), self.part or Fraction(0)) * 100, 1)


@dataclass(frozen=True, slots=True)
class Tableau:
    """Un tableau prêt à lire : légende, en-têtes (le premier est celui des lignes), lignes, note."""

    legende: str
    entetes: tuple[str, ...]
    rangs: tuple[Rang, ...]
    note: str = ""
    barre: str = ""
    """En-tête de la colonne de barres ; vide s'il n'y en a pas."""

    @property
    def est_court(self) -> bool:
        """Vrai s'il tient dans une demi-page : on ne le coupe pas."""
        return len(self.rangs) <= RANGS_INSECABLES

    @property
    def en_tete_de_ligne(self) -> str:
        """L'en-tête de la première colonne."""
        return self.entetes[0]

    @property
    def autres_entetes(self) -> list[tuple[str, str]]:
        """Les autres en-têtes, chacun aligné comme sa colonne."""
        classes = [case.classe.split()[0] if case.classe else "" for case in self.rangs[0].cases] if self.rangs else []
        return [(entete, classes[rang] if rang < len(classes) else "") for rang, entete in enumerate(self.entetes[1:])]


def intituler(texte: str) -> str:
    """Majuscule au premier mot, sans toucher aux sigles."""
    return texte[:1].upper() + texte[1:]


def nombre(valeur: Quantite | None) -> Case:
    """Une case de nombre entier ; un zéro s'efface, pour que le reste se lise."""
    return Case(ecrire_nombre(valeur), "nombre" if valeur else "nombre nul")


def part(partie: int, tout: int) -> Case:
    """Une case de pourcentage, à une décimale."""
    return Case(ecrire_taux(Fraction(100 * partie, tout), 1) if tout else INCONNU)


def lire_modalite(axe: str, valeur: Any, communes: Mapping[str, str]) -> str:
    """Une modalité en toutes lettres."""
    if axe == "qpv":
        return "En QPV" if valeur in {True, "en QPV"} else "Hors QPV"
    if axe == "commune":
        return communes.get(str(valeur), str(valeur))
    return str(valeur) or "Non renseigné"


def cle_de_modalite(axe: str, valeur: Any, communes: Mapping[str, str]) -> tuple[int, str]:
    """Ordre de lecture : périodes dans le temps, communes par nom, le reste par code, l'inconnu en dernier."""
    texte = lire_modalite(axe, valeur, communes)
    if axe == "periode_construction":
        debuts = assiette.DEBUTS_DE_PERIODE_DE_CONSTRUCTION.versions[-1].valeur
        chiffres = "".join(caractere for caractere in texte[:12] if caractere.isdigit())[:4]
        annee = int(chiffres) if chiffres else 9999
        return (annee - 1 if annee == debuts[0] and texte.startswith("avant") else annee, texte)
    return (1 if not valeur and axe != "qpv" else 0, cle_de_tri(texte))


@dataclass(slots=True)
class Compteurs:
    """Proposés et attribués par modalité."""

    proposes: Counter[Any] = field(default_factory=Counter)
    attribues: Counter[Any] = field(default_factory=Counter)

    def ajouter(self, modalite: Any, ligne: Mapping[str, Any]) -> None:
        """Compte une ligne du bilan."""
        self.proposes[modalite] += ligne["proposes"]
        self.attribues[modalite] += ligne["attribues"]

    @property
    def modalites(self) -> set[Any]:
        """Modalités qui ont au moins un logement."""
        return {
            modalite
            for modalite in {*self.proposes, *self.attribues}
            if self.proposes[modalite] or self.attribues[modalite]
        }


def fraction(texte: str | None) -> Fraction | None:
    """Un nombre exact écrit en chaîne ; None reste inconnu."""
    return None if texte is None else Fraction(texte)
