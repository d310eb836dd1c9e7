"""Le terrain du moteur : les faits d'une année rangés en indices, une fois pour toutes, pour décider vite (moteur.md § 2).

Une *époque* est une suite de jours où les mêmes lignes de droit sont en vigueur. Rien ici ne dépend des décisions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.faits_moteur import (
    AGENTS,
    DIMENSIONS,
    JOURS_PAR_AN,
    FaitsMoteur,
    Ligne,
    LogementLibere,
    Modalite,
    Partie,
    Plafond,
    Reglages,
    U,
    modalites_de,
)
from flux_reservations.commun.erreurs import ErreurMetier

Cles = tuple[int, int, int, int]
Lieu = tuple[str, bool]
"""Une commune, et si le logement est une première mise en location (RG-22)."""


@dataclass(frozen=True, slots=True)
class Fiche:
    """Un logement libéré, en indices : ses quatre modalités, son lieu, les comptes qui l'ont rendu."""

    libere: LogementLibere
    cles: Cles
    lieu: Lieu
    exclus: frozenset[int]

    @property
    def numero(self) -> str:
        """Numéro de la libération."""
        return self.libere.numero


@dataclass(frozen=True, slots=True)
class Entree:
    """Ce qu'une libération ajoute : aux comptes qui peuvent la recevoir, à ceux qui courent sans s'exercer, au bailleur."""

    couvrent: tuple[tuple[int, int], ...]
    dehors: tuple[tuple[int, int], ...]
    reste: int
    laisse: int
    agents: tuple[tuple[int, int], ...]


class Terrain:
    """Comptes, modalités, époques, parc : l'index des faits. `bailleur` est l'indice du compte du bailleur, le dernier."""

    def __init__(self, faits: FaitsMoteur, reglages: Reglages) -> None:
        """Range les parties par code : leur ordre d'entrée est indifférent."""
        self.faits = faits
        self.reglages = reglages
        self.parties: tuple[Partie, ...] = tuple(sorted(faits.parties, key=lambda partie: partie.code))
        self.codes: tuple[str, ...] = (*(partie.code for partie in self.parties), COMPTE_BAILLEUR)
        self.noms: tuple[str, ...] = (*(partie.nom or partie.code for partie in self.parties), faits.nom_du_bailleur)
        self.indice_de = {code: indice for indice, code in enumerate(self.codes)}
        if len(self.indice_de) != len(self.codes):
            raise ErreurMetier("parties_en_double", "Deux comptes du moteur portent le même code.")
        self.bailleur = len(self.parties)
        self.etats = frozenset(indice for indice, partie in enumerate(self.parties) if partie.est_etat)
        self._indexer_les_modalites()
        self._debuts = self._couper_en_epoques()
        self._lignes = [self._lignes_de_l_epoque(debut) for debut in self._debuts]
        self.zones = self._trouver_les_zones()
        self._entrees: dict[tuple[int, Lieu], Entree] = {}
        self._possibles: dict[tuple[int, Lieu], tuple[int, ...]] = {}
        self._rangs: dict[int, tuple[int, ...]] = {}
        self._parcs: dict[tuple[frozenset[str] | None, bool], tuple[int, ...]] = {}
        self._perimetres: dict[int, list[tuple[frozenset[str] | None, bool]]] = {}
        self._plafonds = sorted(faits.plafonds, key=lambda plafond: plafond.depuis)

    def _indexer_les_modalites(self) -> None:
        modalites: set[Modalite] = {modalite for libere in self.faits.liberations for modalite in libere.modalites}
        for cellule in self.faits.parc:
            modalites.update(modalites_de(cellule))
        self.modalites = sorted(modalites, key=lambda modalite: (DIMENSIONS.index(modalite[0]), str(modalite[1])))
        self.cle_de = {modalite: cle for cle, modalite in enumerate(self.modalites)}
        self.communes = frozenset(str(valeur) for dimension, valeur in modalites if dimension == "commune")

    def fiche(self, libere: LogementLibere) -> Fiche:
        """La fiche d'un logement libéré ; lève `ErreurMetier` si un compte cité n'est pas une partie."""
        cle = self.cle_de
        commune, qpv, typologie, financement = libere.modalites
        exclus = frozenset(self.indice(code) for code in libere.rendus)
        return Fiche(
            libere,
            (cle[commune], cle[qpv], cle[typologie], cle[financement]),
            (libere.commune, libere.premiere_location),
            exclus,
        )

    def indice(self, code: str) -> int:
        """L'indice d'un compte ; lève `ErreurMetier` s'il n'est pas une partie."""
        try:
            return self.indice_de[code]
        except KeyError as absent:
            raise ErreurMetier("compte_inconnu", f"« {code} » n'est pas un compte de cette année.") from absent

    def _couper_en_epoques(self) -> list[date]:
        debuts = {date.min}
        for partie in self.parties:
            for ligne in partie.lignes:
                debuts.add(ligne.debut)
                if ligne.fin is not None and ligne.fin < date.max:
                    debuts.add(ligne.fin + timedelta(days=1))
        return sorted(debuts)

    def _lignes_de_l_epoque(self, debut: date) -> list[tuple[Ligne, ...]]:
        return [tuple(ligne for ligne in partie.lignes if ligne.court(debut)) for partie in self.parties]

    def _trouver_les_zones(self) -> tuple[int, ...]:
        """Parties dont le droit peut courir hors du périmètre où il s'exerce."""
        lieux = [(commune, premiere) for commune in self.communes for premiere in (False, True)]
        return tuple(
            indice
            for indice in range(self.bailleur)
            if any(
                any(_court_la(ligne, lieu) for ligne in lignes[indice])
                and not any(_s_exerce_la(ligne, lieu) for ligne in lignes[indice])
                for lignes in self._lignes
                for lieu in lieux
            )
        )

    def epoque(self, le: date) -> int:
        """L'époque d'un jour."""
        return bisect_right(self._debuts, le) - 1

    def entree(self, epoque: int, lieu: Lieu) -> Entree:
        """Ce qu'ajoute une libération de ce lieu à cette époque (LIBERE)."""
        cle = (epoque, lieu)
        connue = self._entrees.get(cle)
        if connue is None:
            connue = self._entrees[cle] = self._calculer_entree(epoque, lieu)
        return connue

    def _calculer_entree(self, epoque: int, lieu: Lieu) -> Entree:
        couvrent, dehors, agents = [], [], []
        for indice, lignes in enumerate(self._lignes[epoque]):
            courues = [ligne for ligne in lignes if _court_la(ligne, lieu)]
            acquis = sum(ligne.taux for ligne in courues)
            if any(_s_exerce_la(ligne, lieu) for ligne in lignes):
                couvrent.append((indice, acquis))
            elif acquis:
                dehors.append((indice, acquis))
            if indice in self.etats:
                agents.append((indice, sum(ligne.taux for ligne in courues if ligne.sous_contingent == AGENTS)))
        laisse = U - sum(acquis for _, acquis in couvrent)
        return Entree(
            tuple(couvrent), tuple(dehors), laisse - sum(acquis for _, acquis in dehors), laisse, tuple(agents)
        )

    def possibles(self, epoque: int, lieu: Lieu) -> tuple[int, ...]:
        """Les comptes dont le périmètre couvre le lieu à cette époque, par rang, le bailleur en dernier (l'ensemble E)."""
        cle = (epoque, lieu)
        connus = self._possibles.get(cle)
        if connus is None:
            rangs = self.rangs(epoque)
            exerces = [
                indice
                for indice, lignes in enumerate(self._lignes[epoque])
                if any(_s_exerce_la(ligne, lieu) for ligne in lignes)
            ]
            connus = self._possibles[cle] = (*sorted(exerces, key=rangs.__getitem__), self.bailleur)
        return connus

    def rangs(self, epoque: int) -> tuple[int, ...]:
        """Rang de chaque compte : taux décroissant, puis code ; le bailleur en dernier."""
        connus = self._rangs.get(epoque)
        if connus is None:
            taux = [sum(ligne.taux for ligne in lignes) for lignes in self._lignes[epoque]]
            ordre = sorted(range(self.bailleur), key=lambda indice: (-taux[indice], self.codes[indice]))
            rangs = {indice: rang for rang, indice in enumerate(ordre)}
            connus = self._rangs[epoque] = (*(rangs[indice] for indice in range(self.bailleur)), self.bailleur)
        return connus

    def a_des_agents(self, indice: int, epoque: int, lieu: Lieu) -> bool:
        """Vrai si l'État a un compte d'agents qui s'exerce là à cette époque."""
        return any(
            ligne.sous_contingent == AGENTS and _s_exerce_la(ligne, lieu) for ligne in self._lignes[epoque][indice]
        )

    def plafond(self, le: date) -> Plafond | None:
        """Les plafonds légaux de ce jour, s'il y en a."""
        retenu = None
        for plafond in self._plafonds:
            if plafond.depuis <= le:
                retenu = plafond
        return retenu

    def jours_restants(self, le: date) -> int:
        """Jours du jour dit (inclus) au 31 décembre (inclus) ; zéro au-delà."""
        return max((date(self.faits.annee, 12, 31) - le) // timedelta(days=1) + 1, 0)

    def parc(self, indice: int, epoque: int) -> tuple[int, ...]:
        """Logements du périmètre d'un compte, par modalité ; −1 dans la commune d'un compte qui n'en a qu'une (ignorée)."""
        perimetres = self._perimetres.get(epoque)
        if perimetres is None:
            perimetres = self._perimetres[epoque] = [self._perimetre(lignes) for lignes in self._lignes[epoque]]
        cle = perimetres[indice] if indice != self.bailleur else (None, False)
        connu = self._parcs.get(cle)
        if connu is None:
            connu = self._parcs[cle] = self._calculer_parc(*cle)
        return connu

    def _perimetre(self, lignes: Iterable[Ligne]) -> tuple[frozenset[str] | None, bool]:
        """Communes du périmètre où il y a des logements, et s'il n'a qu'une commune."""
        entier: frozenset[str] = frozenset().union(*(ligne.perimetre for ligne in lignes))
        if self.faits.communes:
            entier &= self.faits.communes
        utile = entier & self.communes
        return (None if utile == self.communes else utile), len(entier) == 1

    def _calculer_parc(self, communes: frozenset[str] | None, est_une_commune: bool) -> tuple[int, ...]:
        parc = [0] * len(self.modalites)
        for cellule, nombre in self.faits.parc.items():
            if communes is None or cellule[0] in communes:
                for modalite in modalites_de(cellule):
                    parc[self.cle_de[modalite]] += nombre
        if est_une_commune:
            for cle, (dimension, _) in enumerate(self.modalites):
                if dimension == "commune":
                    parc[cle] = -1
        return tuple(parc)

    def attendus(self, indice: int, epoque: int, jours: int) -> list[int]:
        """N : logements attendus d'ici le 31 décembre, par modalité ; −1 là où la modalité est ignorée."""
        facteur, diviseur = self.faits.rotation * jours, U * JOURS_PAR_AN
        return [nombre * facteur // diviseur if nombre >= 0 else -1 for nombre in self.parc(indice, epoque)]

    def poids(self, indice: int, epoque: int, jours: int) -> list[int]:
        """POIDS = W // (K + N), par modalité : d'autant plus fort qu'il reste peu d'occasions ; zéro là où elle est ignorée."""
        w, k = self.reglages.w, self.reglages.k
        facteur, diviseur = self.faits.rotation * jours, U * JOURS_PAR_AN
        return [w // (k + nombre * facteur // diviseur) if nombre >= 0 else 0 for nombre in self.parc(indice, epoque)]


def _court_la(ligne: Ligne, lieu: Lieu) -> bool:
    return lieu[0] in ligne.assiette and (not lieu[1] or ligne.premieres_locations)


def _s_exerce_la(ligne: Ligne, lieu: Lieu) -> bool:
    return lieu[0] in ligne.perimetre and (not lieu[1] or ligne.premieres_locations)
