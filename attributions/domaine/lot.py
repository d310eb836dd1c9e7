"""Le lot : les propositions non décidées, qu'on améliore ensemble tant que personne n'a décidé (moteur.md § 3).

Chaque geste baisse strictement Φ : la réparation s'arrête. Une évaluation n'est pas refaite tant que rien de ce
qu'elle lit n'a changé : le résultat est celui du texte, geste pour geste, en moins de calculs.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from datetime import date

from attributions.domaine.faits_moteur import DIMENSIONS, LogementLibere, U
from attributions.domaine.moteur import Eligible, Moteur
from attributions.domaine.terrain import Fiche


@dataclass(slots=True)
class Attente:
    """Une ligne du lot : le logement, le compte proposé, ce qu'on en savait à l'arrivée, le dernier échange.

    `eligibles` : l'ensemble E et ses retards, après LIBERE et avant la proposition ; `initial` : le compte proposé à
    l'arrivée ; `echange` : le numéro du logement du dernier échange, et la dimension qui y a le plus gagné.
    """

    fiche: Fiche
    compte: int
    eligibles: tuple[Eligible, ...]
    initial: int
    possibles: frozenset[int] = frozenset()
    echange: tuple[str, str] | None = None

    @property
    def numero(self) -> str:
        """Numéro de la libération."""
        return self.fiche.numero


def ordre_du_lot(attente: Attente) -> tuple[date, str]:
    """L'ordre du lot : (disponibilité, numéro)."""
    return (attente.fiche.libere.disponibilite, attente.numero)


class Lot:
    """Les propositions qui attendent, dans l'ordre (disponibilité, numéro), sur un moteur partagé."""

    def __init__(self, moteur: Moteur) -> None:
        """Un lot vide."""
        self.moteur = moteur
        self.attentes: list[Attente] = []
        self.gestes = 0

    def arriver(self, libere: LogementLibere, *, reparer: bool = True) -> Attente:
        """ARRIVE : libère, propose, ajoute au lot, puis répare le tout à la date du jour."""
        moteur = self.moteur
        fiche = moteur.liberer(libere)
        eligibles = moteur.eligibles(fiche)
        compte = moteur.proposer(fiche)
        moteur.attribuer(fiche, compte)
        attente = Attente(fiche, compte, eligibles, compte)
        insort(self.attentes, attente, key=ordre_du_lot)
        if (
            reparer and len(self.attentes) > 1
        ):  # seule, elle vient d'être proposée sur ce même état : rien ne changerait
            self.reparer()
        return attente

    def reprendre(self, libere: LogementLibere, compte: str, initial: str) -> Attente:
        """Remet dans le lot une proposition déjà faite, telle qu'elle était ; la réparation suivante la revoit."""
        moteur = self.moteur
        fiche = moteur.liberer(libere)
        indice = moteur.terrain.indice(compte)
        eligibles = moteur.eligibles(fiche)
        moteur.attribuer(fiche, indice)
        attente = Attente(fiche, indice, eligibles, moteur.terrain.indice_de.get(initial, indice))
        self.attentes.append(attente)
        return attente

    def rejouer(self, libere: LogementLibere, *, reparer: bool = True) -> None:
        """Une décision réelle, à sa place : elle compte, et le lot qui attend est revu."""
        jouer_la_decision(self.moteur, libere)
        if reparer:
            self.reparer()

    def decider(self, attente: Attente) -> str:
        """Fige une proposition : la sort du lot et impute le sous-contingent de l'État, qu'elle rend."""
        self.attentes.remove(attente)
        sous_contingent = self.moteur.sous_contingent(attente.compte, attente.fiche)
        self.moteur.imputer(attente.compte, sous_contingent)
        return sous_contingent

    def reparer(self) -> int:
        """REPARE : tours de REPROPOSE puis d'ECHANGE jusqu'à un tour sans changement ; rend le nombre de gestes."""
        if not self.attentes:
            return 0
        for attente in self.attentes:
            attente.possibles = frozenset(self.moteur.possibles(attente.fiche))
        tour = _Reparation(self.moteur, self.attentes)
        while tour.faire_un_tour():
            pass
        self.gestes += tour.gestes
        return tour.gestes


def jouer_la_decision(moteur: Moteur, libere: LogementLibere) -> Fiche:
    """LIBERE puis ATTRIBUE au compte de la décision réelle ; sans décision, la libération compte et n'est à personne."""
    fiche = moteur.liberer(libere)
    if libere.decision is not None:
        indice = moteur.terrain.indice(libere.decision.code)
        moteur.attribuer(fiche, indice)
        moteur.imputer(indice, libere.decision.sous_contingent)
    return fiche


class _Reparation:
    """Une réparation du lot : `gestes` sert d'horloge, `touches[i]` est l'instant du dernier changement du compte i."""

    def __init__(self, moteur: Moteur, attentes: list[Attente]) -> None:
        self.moteur = moteur
        self.attentes = attentes
        self.gestes = 0
        nombre = len(attentes)
        self.touches = [0] * len(moteur.retards)
        self.revues = [-1] * nombre
        self.paires = [[-1] * nombre for _ in range(nombre)]
        self._termes: list[tuple[list[int], list[int]] | None] = [None] * len(moteur.retards)

    def faire_un_tour(self) -> bool:
        """Chaque REPROPOSE puis chaque ECHANGE, dans l'ordre ; vrai si quelque chose a changé."""
        avant = self.gestes
        for rang, attente in enumerate(self.attentes):
            if self.revues[rang] != self.gestes:
                self._reproposer(attente)
                self.revues[rang] = self.gestes
        self._echanger_les_paires()
        return self.gestes != avant

    def _toucher(self, *comptes: int) -> None:
        self.gestes += 1
        for compte in comptes:
            self.touches[compte] = self.gestes
            self._termes[compte] = None

    def _reproposer(self, attente: Attente) -> None:
        """REPROPOSE : garde le compte, sauf si la proposition d'aujourd'hui gagne strictement plus.

        Un compte qui n'est plus en vigueur, ou qui a rendu le logement, ne peut plus être décidé : il laisse la place.
        """
        moteur, fiche, compte = self.moteur, attente.fiche, attente.compte
        moteur.annuler(fiche, compte)
        autre = moteur.proposer(fiche)
        if autre != compte and (
            compte not in attente.possibles or moteur.gain(autre, fiche) > moteur.gain(compte, fiche)
        ):
            moteur.attribuer(fiche, autre)
            attente.compte, attente.echange = autre, None
            self._toucher(compte, autre)
        else:
            moteur.attribuer(fiche, compte)

    def _echanger_les_paires(self) -> None:
        """ECHANGE pour chaque paire x < y, dans l'ordre lexicographique."""
        attentes, touches = self.attentes, self.touches
        for rang, premiere in enumerate(attentes):
            vues = self.paires[rang]
            for suivant in range(rang + 1, len(attentes)):
                seconde = attentes[suivant]
                compte, autre = premiere.compte, seconde.compte
                if compte == autre:
                    continue
                vue = vues[suivant]
                if vue >= touches[compte] and vue >= touches[autre]:
                    continue
                if autre in premiere.possibles and compte in seconde.possibles and self._gagne(premiere, seconde):
                    self._echanger(premiere, seconde)
                vues[suivant] = self.gestes

    def _pertes_et_prises(self, compte: int) -> tuple[list[int], list[int]]:
        """Ce que Φ gagne à ce que le compte perde, puis prenne, un logement de chaque modalité ; à jour de son dernier changement."""
        termes = self._termes[compte]
        if termes is None:
            poids, manque = self.moteur.poids_de(compte), self.moteur.manques[compte]
            prises = [poids_ * (2 * valeur - U) for poids_, valeur in zip(poids, manque, strict=True)]
            pertes = [prise + 2 * U * poids_ for poids_, prise in zip(poids, prises, strict=True)]
            termes = self._termes[compte] = (pertes, prises)
        return termes

    def _gagne(self, premiere: Attente, seconde: Attente) -> bool:
        """Vrai si l'échange baisse Φ (Δ < 0) et qu'aucune garde ne s'y oppose."""
        compte, autre = premiere.compte, seconde.compte
        pertes_ici, prises_ici = self._termes[compte] or self._pertes_et_prises(compte)
        pertes_la, prises_la = self._termes[autre] or self._pertes_et_prises(autre)
        ecart = 0
        for cle, vers in zip(premiere.fiche.cles, seconde.fiche.cles):  # noqa: B905 : quatre dimensions de part et d'autre
            if cle != vers:
                ecart += pertes_ici[cle] - prises_ici[vers] + pertes_la[vers] - prises_la[cle]
        if ecart >= 0:
            return False
        return self._peut_gagner(compte, premiere, seconde) and self._peut_gagner(autre, seconde, premiere)

    def _peut_gagner(self, compte: int, perdu: Attente, pris: Attente) -> bool:
        """Vrai si aucune garde ne s'oppose à l'échange : la part hors QPV seulement si l'État y gagne un logement en QPV.

        Le plafond compte des nombres, qu'un échange ne change pas.
        """
        return perdu.fiche.libere.qpv or self.moteur.respecte_la_part_hors_qpv(compte, pris.fiche)

    def _echanger(self, premiere: Attente, seconde: Attente) -> None:
        moteur, compte, autre = self.moteur, premiere.compte, seconde.compte
        dimension = self._dimension_de_l_echange(premiere, seconde)
        moteur.annuler(premiere.fiche, compte)
        moteur.annuler(seconde.fiche, autre)
        moteur.attribuer(premiere.fiche, autre)
        moteur.attribuer(seconde.fiche, compte)
        premiere.compte, seconde.compte = autre, compte
        premiere.echange, seconde.echange = (seconde.numero, dimension), (premiere.numero, dimension)
        self._toucher(compte, autre)

    def _dimension_de_l_echange(self, premiere: Attente, seconde: Attente) -> str:
        """La dimension où l'échange baisse le plus Φ."""
        moteur = self.moteur
        baisses = []
        for dimension, cle, vers in zip(DIMENSIONS, premiere.fiche.cles, seconde.fiche.cles, strict=True):
            ecart = 0
            if cle != vers:
                for indice, perd, prend in ((premiere.compte, cle, vers), (seconde.compte, vers, cle)):
                    poids, manque = moteur.poids_de(indice), moteur.manques[indice]
                    ecart += poids[perd] * (2 * manque[perd] + U) - poids[prend] * (2 * manque[prend] - U)
            baisses.append((ecart, DIMENSIONS.index(dimension), dimension))
        return min(baisses)[2]
