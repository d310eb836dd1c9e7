"""Les programmes immobiliers : où, quand, sous quel financement, combien de logements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.lieux import LIEUX, RESIDENCES, Lieu

EPOQUES: Final = (
    ((1928, 1939, "HBM"), 4),
    ((1954, 1976, "HLMO"), 24),
    ((1962, 1972, "ILM"), 2),
    ((1968, 1976, "ILN"), 2),
    ((1978, 1999, "PLA"), 27),
    ((1990, 2000, "PLATS"), 4),
    ((2001, 2023, "PLUS"), 24),
    ((2006, 2023, "PLAI"), 10),
    ((2004, 2023, "PLS"), 9),
)
"""Années de construction et financement d'un programme, et leur poids."""

GRANDS_ENSEMBLES: Final = frozenset({"HLMO", "ILM", "ILN"})


@dataclass(frozen=True, slots=True)
class Programme:
    """Un programme d'un bailleur ; `quartier` : numéro du quartier prioritaire (0 : hors quartier)."""

    numero: int
    nom: str
    lieu: Lieu
    rue: str
    premier_numero: int
    annee: int
    financement: str
    nombre: int
    etages: int
    secteur: str
    quartier: int = 0
    hors_champ: str = ""
    est_neuf: bool = False

    @property
    def a_un_ascenseur(self) -> bool:
        """Vrai au-delà de trois étages, ou pour un immeuble récent qui en a deux."""
        return self.etages > 3 or (self.annee >= 2000 and self.etages > 1)  # noqa: PLR2004 : usage de la construction


@dataclass(frozen=True, slots=True)
class Parc:
    """Ce qu'un bailleur possède : combien, dans quelles communes (poids), sous quelles agences."""

    nombre: int
    communes: Mapping[str, int]
    agences: tuple[tuple[str, frozenset[str]], ...]
    neufs: tuple[tuple[str, int, int], ...] = ()
    foyers: tuple[tuple[str, int], ...] = ()
    intermediaires: tuple[tuple[str, int], ...] = ()

    def agence(self, commune: str) -> str:
        """L'agence qui gère cette commune."""
        return next((nom for nom, communes in self.agences if commune in communes), self.agences[0][0])


class Batisseur:
    """Construit les programmes d'un parc, dans un ordre reproductible."""

    def __init__(self, hasard: Hasard, parc: Parc) -> None:
        """Un bâtisseur par bailleur."""
        self._hasard = hasard
        self._parc = parc
        self._noms = {code: hasard.melanger(RESIDENCES) for code in parc.communes}
        self._numero = 100
        self.programmes: list[Programme] = []

    def batir(self, annee_en_cours: int) -> list[Programme]:
        """Tous les programmes : le patrimoine ancien, les programmes neufs, puis ce qui est hors du champ."""
        particuliers = sum(nombre for _, nombre, _ in self._parc.neufs) + sum(
            nombre for _, nombre in (*self._parc.foyers, *self._parc.intermediaires)
        )
        total, poids = self._parc.nombre - particuliers, sum(self._parc.communes.values())
        communes = list(self._parc.communes.items())
        restant = total
        for rang, (code, poids_de_la_commune) in enumerate(communes):
            nombre = restant if rang == len(communes) - 1 else total * poids_de_la_commune // poids
            restant -= nombre
            self._batir_la_commune(LIEUX[code], nombre)
        for code, nombre, age in self._parc.neufs:
            self._ajouter(LIEUX[code], annee_en_cours - age, "PLUS", nombre, est_neuf=True)
        for code, nombre in self._parc.foyers:
            self._ajouter(LIEUX[code], 1996, "PLA", nombre, hors_champ="foyer", prefixe="Résidence sociale")
        for code, nombre in self._parc.intermediaires:
            self._ajouter(LIEUX[code], 2017, "PLI", nombre, hors_champ="intermediaire")
        return self.programmes

    def _batir_la_commune(self, lieu: Lieu, nombre: int) -> None:
        while nombre > 0:
            debut, fin, financement = self._hasard.peser(EPOQUES)
            annee = self._hasard.entier(debut, fin)
            grand = financement in GRANDS_ENSEMBLES and self._hasard.est_vrai(650)
            taille = self._hasard.vers(90, 260, 130) if grand else self._hasard.vers(14, 78, 36)
            taille = nombre if nombre - taille < 12 else taille  # noqa: PLR2004 : pas de programme minuscule
            quartier = self._quartier(lieu, financement, annee)
            self._ajouter(lieu, annee, financement, taille, quartier=quartier)
            nombre -= taille

    def _quartier(self, lieu: Lieu, financement: str, annee: int) -> int:
        """Un quartier prioritaire de la commune, surtout pour les grands ensembles."""
        if not lieu.quartiers:
            return 0
        ancien = 380 if annee < 2000 else 170  # noqa: PLR2004 : quartiers bâtis surtout au siècle dernier
        chance = 640 if financement in GRANDS_ENSEMBLES else ancien
        return self._hasard.choisir(lieu.quartiers)[0] if self._hasard.est_vrai(chance) else 0

    def _ajouter(
        self,
        lieu: Lieu,
        annee: int,
        financement: str,
        nombre: int,
        *,
        quartier: int = 0,
        hors_champ: str = "",
        est_neuf: bool = False,
        prefixe: str = "Résidence",
    ) -> None:
        self._numero += 1
        noms = self._noms.setdefault(lieu.code, list(RESIDENCES))
        nom = noms.pop() if noms else f"{lieu.nom} {self._numero}"
        self.programmes.append(
            Programme(
                numero=self._numero,
                nom=f"{prefixe} {nom}",
                lieu=lieu,
                rue=self._hasard.choisir(lieu.rues),
                premier_numero=self._hasard.entier(1, 96),
                annee=annee,
                financement=financement,
                nombre=nombre,
                etages=self._hasard.entier(4, 12) if financement in GRANDS_ENSEMBLES else self._hasard.entier(2, 6),
                secteur=self._parc.agence(lieu.code),
                quartier=quartier,
                hors_champ=hors_champ,
                est_neuf=est_neuf,
            )
        )
