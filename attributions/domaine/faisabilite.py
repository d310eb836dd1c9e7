"""Faisabilité : les droits prévus tiennent-ils dans les logements attendus ? Sinon la coupe nomme le groupe et le manque.

Un flot maximal relie les droits prévus aux communes où ils s'exercent, puis aux logements qu'on en attend (moteur.md
§ 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import networkx as nx

from attributions.domaine.faits_moteur import JOURS_PAR_AN, FaitsMoteur, Partie, U
from attributions.domaine.phrases import ecrire_dixieme

_SOURCE, _PUITS = ("source", ""), ("puits", "")


@dataclass(frozen=True, slots=True)
class DroitPrevu:
    """Ce qu'un compte doit encore recevoir (en U), et les communes où il peut le recevoir."""

    compte: str
    nom: str
    quantite: int
    communes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Goulet:
    """Un groupe de comptes dont les droits dépassent les logements attendus là où ils s'exercent (en U)."""

    comptes: tuple[str, ...]
    noms: tuple[str, ...]
    communes: tuple[str, ...]
    droits: int
    attendus: int

    @property
    def manque(self) -> int:
        """Ce qui ne pourra pas être servi, en U."""
        return self.droits - self.attendus

    def phrase(self, noms_de_communes: Mapping[str, str] | None = None) -> str:
        """Le goulet en français : « Les droits de H et P sur A et B s'élèvent à 18 pour 16 logements attendus »."""
        noms = noms_de_communes or {}
        communes = [noms.get(commune, commune) for commune in self.communes]
        if not communes:
            lieu = "sans aucune commune où s’exercer"
        elif len(communes) > COMMUNES_NOMMEES:
            lieu = f"sur {len(communes)} communes ({', '.join(communes[:COMMUNES_NOMMEES])}…)"
        else:
            lieu = f"sur {_enumerer(communes)}"
        attendus = _ecrire(self.attendus)
        pluriel = "s" if self.attendus >= 2 * U else ""
        return (
            f"Les droits de {_enumerer(self.noms)} {lieu} s’élèvent à {_ecrire(self.droits)} "
            f"pour {attendus} logement{pluriel} attendu{pluriel} : il en manque {_ecrire(self.manque)}."
        )


COMMUNES_NOMMEES = 6
"""Au-delà, la phrase compte les communes au lieu de les nommer toutes."""


@dataclass(frozen=True, slots=True)
class Faisabilite:
    """Le verdict : `servis` sur `droits` (en U) ; `goulets` vide si tout peut être servi."""

    droits: int
    servis: int
    goulets: tuple[Goulet, ...]

    @property
    def est_faisable(self) -> bool:
        """Vrai si tous les droits prévus peuvent être servis."""
        return not self.goulets


def verifier_la_faisabilite(droits: Sequence[DroitPrevu], capacites: Mapping[str, int]) -> Faisabilite:
    """Flot maximal des droits prévus vers les logements attendus par commune (`capacites`, en U)."""
    utiles = sorted((droit for droit in droits if droit.quantite > 0), key=lambda droit: droit.compte)
    graphe: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    graphe.add_nodes_from([_SOURCE, _PUITS])
    for droit in utiles:
        graphe.add_edge(_SOURCE, ("compte", droit.compte), capacity=droit.quantite)
        for commune in sorted(droit.communes & set(capacites)):
            graphe.add_edge(("compte", droit.compte), ("commune", commune))
    for commune, quantite in sorted(capacites.items()):
        graphe.add_edge(("commune", commune), _PUITS, capacity=max(quantite, 0))
    total = sum(droit.quantite for droit in utiles)
    servis, (cote_source, _) = nx.minimum_cut(graphe, _SOURCE, _PUITS)
    if servis == total:
        return Faisabilite(total, total, ())
    return Faisabilite(total, int(servis), tuple(_separer(utiles, capacites, cote_source)))


def _separer(
    droits: Sequence[DroitPrevu], capacites: Mapping[str, int], cote_source: Iterable[tuple[str, str]]
) -> Iterable[Goulet]:
    """La coupe, un goulet par groupe de comptes reliés par une commune commune."""
    noeuds = set(cote_source)
    coupes = [droit for droit in droits if ("compte", droit.compte) in noeuds]
    liens: nx.Graph[tuple[str, str]] = nx.Graph()
    for droit in coupes:
        liens.add_node(("compte", droit.compte))
        liens.add_edges_from(
            (("compte", droit.compte), ("commune", commune)) for commune in droit.communes & set(capacites)
        )
    for groupe in sorted(nx.connected_components(liens), key=min):
        membres = [droit for droit in coupes if ("compte", droit.compte) in groupe]
        communes = sorted(nom for genre, nom in groupe if genre == "commune")
        demandes = sum(droit.quantite for droit in membres)
        attendus = sum(max(capacites[commune], 0) for commune in communes)
        if demandes > attendus:
            yield Goulet(
                tuple(droit.compte for droit in membres),
                tuple(droit.nom for droit in membres),
                tuple(communes),
                demandes,
                attendus,
            )


def prevoir_les_droits(
    faits: FaitsMoteur, attendus: Mapping[str, int], le: date, retards: Mapping[str, int] | None = None
) -> tuple[DroitPrevu, ...]:
    """Droits prévus de chaque compte, en U : son retard du moment (à défaut son report) plus taux × logements attendus.

    `attendus` : logements attendus par commune, du jour `le` au 31 décembre. Le bailleur n'a pas de droit à garantir.
    """
    prevus = []
    for partie in sorted(faits.parties, key=lambda partie: partie.code):
        depart = retards.get(partie.code, 0) if retards is not None else partie.report
        communes: frozenset[str] = frozenset().union(*(ligne.perimetre for ligne in partie.lignes if ligne.court(le)))
        prevus.append(DroitPrevu(partie.code, partie.nom, acquis_attendu(partie, attendus, le) + depart, communes))
    return tuple(prevus)


def acquis_attendu(partie: Partie, attendus: Mapping[str, int], le: date) -> int:
    """Ce que les lignes en vigueur ce jour-là feront acquérir au compte d'ici le 31 décembre, en U."""
    return sum(
        ligne.taux * nombre
        for ligne in partie.lignes
        if ligne.court(le)
        for commune, nombre in attendus.items()
        if commune in ligne.assiette
    )


def attendre_par_commune(faits: FaitsMoteur, le: date) -> dict[str, int]:
    """Logements attendus par commune du jour `le` (inclus) au 31 décembre : parc × rotation × jours ÷ 365, à l'entier inférieur."""
    jours = max((date(faits.annee, 12, 31) - le).days + 1, 0)
    parc: dict[str, int] = {}
    for (commune, *_), nombre in faits.parc.items():
        parc[commune] = parc.get(commune, 0) + nombre
    return {commune: nombre * faits.rotation * jours // (U * JOURS_PAR_AN) for commune, nombre in sorted(parc.items())}


@dataclass(frozen=True, slots=True)
class LigneAReduire:
    """Une ligne de droit, en points de base ; celles de l'État et des collectivités ne sont pas réductibles."""

    identifiant: int
    nom: str
    taux: int
    communes: frozenset[str]
    est_reductible: bool


@dataclass(frozen=True, slots=True)
class Reduction:
    """Un taux proposé pour une ligne, en points de base, à valider par une personne."""

    identifiant: int
    nom: str
    taux: int
    taux_propose: int


def reduire_au_prorata(
    lignes: Sequence[LigneAReduire], maximum: int = U
) -> tuple[tuple[Reduction, ...], tuple[str, ...]]:
    """Là où Σ taux dépasse `maximum`, réduit au prorata les droits autres que l'État et les collectivités (moteur.md § 4).

    Rend les réductions, et les communes où elles ne suffisent pas. Une ligne prend le taux de sa commune la plus
    chargée, arrondi au point de base inférieur.
    """
    proposes = {ligne.identifiant: ligne.taux for ligne in lignes}
    insuffisantes = []
    for commune in sorted({commune for ligne in lignes for commune in ligne.communes}):
        presentes = [ligne for ligne in lignes if commune in ligne.communes]
        total = sum(ligne.taux for ligne in presentes)
        if total <= maximum:
            continue
        reductible = sum(ligne.taux for ligne in presentes if ligne.est_reductible)
        reste = maximum - (total - reductible)
        if reste < 0:
            insuffisantes.append(commune)
        for ligne in presentes:
            if ligne.est_reductible:
                voulu = ligne.taux * max(reste, 0) // reductible
                proposes[ligne.identifiant] = min(proposes[ligne.identifiant], voulu)
    reductions = tuple(
        Reduction(ligne.identifiant, ligne.nom, ligne.taux, proposes[ligne.identifiant])
        for ligne in lignes
        if proposes[ligne.identifiant] != ligne.taux
    )
    return reductions, tuple(insuffisantes)


def _ecrire(quantite: int) -> str:
    """Une quantité en U : entière sans décimale, sinon à un dixième."""
    return str(quantite // U) if quantite % U == 0 else ecrire_dixieme(quantite)


def _enumerer(noms: Sequence[str]) -> str:
    return noms[0] if len(noms) == 1 else f"{', '.join(noms[:-1])} et {noms[-1]}"
