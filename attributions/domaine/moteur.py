"""Le moteur d'orientation, « crédit contractuel à deux étages » : un logement, à qui le proposer (moteur.md § 1 et 2).

Tout est entier, U = 10 000 vaut un logement. `retards` est D, `manques` est Q : ce qui est dû et pas encore reçu, en
nombre et par modalité. L'état ne dépend que des faits, jamais de leur ordre de saisie.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from attributions.domaine.faits_moteur import AGENTS, PRIORITAIRES, FaitsMoteur, LogementLibere, Reglages, U
from attributions.domaine.terrain import Entree, Fiche, Terrain


@dataclass(frozen=True, slots=True)
class Eligible:
    """Un compte qui pourrait recevoir le logement, et son retard en U avant la proposition (négatif = avance)."""

    compte: str
    retard: int


class Moteur:
    """L'état des comptes d'une année, et les gestes de moteur.md : OUVERTURE, LIBERE, PROPOSE, ATTRIBUE, ANNULE, GARDE, GAIN."""

    def __init__(self, faits: FaitsMoteur, reglages: Reglages | None = None) -> None:
        """OUVERTURE : chaque compte part de son report, le bailleur de l'opposé de leur somme."""
        self.reglages = reglages or Reglages()
        self.terrain = terrain = Terrain(faits, self.reglages)
        nombre, largeur = terrain.bailleur + 1, len(terrain.modalites)
        reports = [partie.report for partie in terrain.parties]
        self.retards: list[int] = [*reports, -sum(reports)]
        self.recus: list[int] = [0] * nombre
        self.manques: list[list[int]] = [[0] * largeur for _ in range(nombre)]
        self.acquis_hors_zone: dict[int, int] = dict.fromkeys(terrain.zones, 0)
        self._exerces: dict[int, int] = dict.fromkeys(terrain.zones, 0)
        self._vus: dict[int, list[int]] = {indice: [0] * largeur for indice in terrain.zones}
        self._reportes: dict[int, list[int]] = {indice: [0] * largeur for indice in terrain.zones}
        self.liberes = 0
        self.liberes_en_qpv = 0
        self.recus_en_qpv: dict[int, int] = dict.fromkeys(terrain.etats, 0)
        self.recus_agents: dict[int, int] = dict.fromkeys(terrain.etats, 0)
        self.retards_sous_contingents: dict[int, dict[str, int]] = {
            indice: {
                AGENTS: terrain.parties[indice].reports.get(AGENTS, 0),
                PRIORITAIRES: terrain.parties[indice].report - terrain.parties[indice].reports.get(AGENTS, 0),
            }
            for indice in terrain.etats
        }
        self.se_placer(date(faits.annee, 1, 1))

    def se_placer(self, le: date) -> None:
        """Fixe la date du jour : comptes en vigueur, poids, plafonds et tolérance en dépendent."""
        terrain = self.terrain
        self.jour = le
        self.epoque = terrain.epoque(le)
        self.jours = terrain.jours_restants(le)
        self.plafond = terrain.plafond(le)
        sans_tolerance = le >= date(terrain.faits.annee, self.reglages.mois_sans_tolerance, 1)
        self.tolerance = 0 if sans_tolerance else self.reglages.tolerance
        voulue = self.reglages.garde_hors_qpv
        active = self.plafond is not None and self.plafond.garde_hors_qpv
        self.garde_hors_qpv = self.plafond is not None and (active if voulue is None else voulue)
        self._poids: list[list[int] | None] = [None] * (terrain.bailleur + 1)

    def poids_de(self, indice: int) -> list[int]:
        """POIDS du compte à la date du jour, par modalité."""
        poids = self._poids[indice]
        if poids is None:
            poids = self._poids[indice] = self.terrain.poids(indice, self.epoque, self.jours)
        return poids

    def liberer(self, libere: LogementLibere) -> Fiche:
        """LIBERE : chaque compte acquiert son taux, le bailleur le reste ; à la date d'entrée de la libération."""
        terrain = self.terrain
        fiche = terrain.fiche(libere)
        entree = terrain.entree(terrain.epoque(libere.entree), fiche.lieu)
        self.liberes += 1
        self.liberes_en_qpv += libere.qpv
        commune, qpv, typologie, financement = fiche.cles
        retards, manques = self.retards, self.manques
        for indice, acquis in (*entree.couvrent, (terrain.bailleur, entree.laisse)):
            manque = manques[indice]
            manque[commune] += acquis
            manque[qpv] += acquis
            manque[typologie] += acquis
            manque[financement] += acquis
            retards[indice] += acquis
        retards[terrain.bailleur] += entree.reste - entree.laisse
        for indice, acquis in entree.dehors:
            retards[indice] += acquis
        for indice, acquis in entree.agents:
            sous_contingents = self.retards_sous_contingents[indice]
            sous_contingents[AGENTS] += acquis
            total = next((taux for autre, taux in (*entree.couvrent, *entree.dehors) if autre == indice), 0)
            sous_contingents[PRIORITAIRES] += total - acquis
        if terrain.zones:
            self._etendre_les_zones(fiche, entree)
        return fiche

    def _etendre_les_zones(self, fiche: Fiche, entree: Entree) -> None:
        """Tient H, n, V des droits qui courent hors de leur périmètre, et en reporte la part sur chaque modalité."""
        changes = set()
        for indice, acquis in entree.dehors:
            self.acquis_hors_zone[indice] += acquis
            changes.add(indice)
        for indice, _ in entree.couvrent:
            if indice in self._exerces:
                self._exerces[indice] += 1
                for cle in fiche.cles:
                    self._vus[indice][cle] += 1
                changes.add(indice)
        du_bailleur = self.manques[self.terrain.bailleur]
        for indice in changes:
            hors_zone, exerces = self.acquis_hors_zone[indice], self._exerces[indice]
            if not hors_zone or not exerces:
                continue
            reportes, manque = self._reportes[indice], self.manques[indice]
            for cle, vus in enumerate(self._vus[indice]):
                if vus:
                    ecart = hors_zone * vus // exerces - reportes[cle]
                    reportes[cle] += ecart
                    manque[cle] += ecart
                    du_bailleur[cle] -= ecart

    def attribuer(self, fiche: Fiche, indice: int) -> None:
        """ATTRIBUE : le compte reçoit le logement."""
        self._deplacer(fiche, indice, 1)

    def annuler(self, fiche: Fiche, indice: int) -> None:
        """ANNULE : l'opposé exact d'ATTRIBUE."""
        self._deplacer(fiche, indice, -1)

    def _deplacer(self, fiche: Fiche, indice: int, nombre: int) -> None:
        self.recus[indice] += nombre
        unites = U * nombre
        self.retards[indice] -= unites
        manque = self.manques[indice]
        commune, qpv, typologie, financement = fiche.cles
        manque[commune] -= unites
        manque[qpv] -= unites
        manque[typologie] -= unites
        manque[financement] -= unites
        if indice in self.recus_en_qpv and fiche.libere.qpv:
            self.recus_en_qpv[indice] += nombre

    def gain(self, indice: int, fiche: Fiche) -> int:
        """GAIN : de combien Φ baisse (en U) si ce compte reçoit ce logement."""
        manque, poids = self.manques[indice], self._poids[indice] or self.poids_de(indice)
        commune, qpv, typologie, financement = fiche.cles
        return (
            self.reglages.wn * (2 * self.retards[indice] - U)
            + poids[commune] * (2 * manque[commune] - U)
            + poids[qpv] * (2 * manque[qpv] - U)
            + poids[typologie] * (2 * manque[typologie] - U)
            + poids[financement] * (2 * manque[financement] - U)
        )

    def respecte_le_plafond(self, indice: int) -> bool:
        """GARDE : vrai si l'État peut recevoir un logement de plus sans passer son plafond, à la tolérance près (RG-14)."""
        if indice not in self.terrain.etats or self.plafond is None:
            return True
        return (self.recus[indice] + 1) * U <= self.plafond.etat * self.liberes + self.tolerance

    def respecte_la_part_hors_qpv(self, indice: int, fiche: Fiche) -> bool:
        """Garde hors QPV : vrai si un logement en QPV de plus laisse à l'État sa part hors QPV (RG-37)."""
        if not self.garde_hors_qpv or self.plafond is None or not fiche.libere.qpv or indice not in self.terrain.etats:
            return True
        return (self.recus_en_qpv[indice] + 1) * U <= self.plafond.etat * self.liberes_en_qpv - U

    def garde(self, indice: int, fiche: Fiche) -> bool:
        """GARDE(i, l) : le plafond légal et, si elle est active, la part hors QPV."""
        return self.respecte_le_plafond(indice) and self.respecte_la_part_hors_qpv(indice, fiche)

    def possibles(self, fiche: Fiche) -> tuple[int, ...]:
        """L'ensemble E : comptes en vigueur dont le périmètre couvre le logement, sans ceux qui l'ont rendu, par rang."""
        comptes = self.terrain.possibles(self.epoque, fiche.lieu)
        return tuple(indice for indice in comptes if indice not in fiche.exclus) if fiche.exclus else comptes

    def eligibles(self, fiche: Fiche) -> tuple[Eligible, ...]:
        """E et ses retards, par retard décroissant puis rang (formats.md § 2)."""
        rangs = self.terrain.rangs(self.epoque)
        ordre = sorted(self.possibles(fiche), key=lambda indice: (-self.retards[indice], rangs[indice]))
        return tuple(Eligible(self.terrain.codes[indice], self.retards[indice]) for indice in ordre)

    def proposer(self, fiche: Fiche, *, sans_garde: bool = False) -> int:
        """PROPOSE : parmi ceux à moins de θ du plus fort retard, le plus grand gain, puis le retard, puis le rang."""
        retards, etats = self.retards, self.terrain.etats
        candidats = self.possibles(fiche)
        if etats and not sans_garde:
            candidats = tuple(indice for indice in candidats if indice not in etats or self.garde(indice, fiche))
        if not candidats:
            return self.terrain.bailleur
        seuil = max(retards[indice] for indice in candidats) - self.reglages.theta
        retenu, meilleur_gain, meilleur_retard = -1, 0, 0
        for indice in candidats:
            retard = retards[indice]
            if retard >= seuil:
                gain = self.gain(indice, fiche)
                if retenu < 0 or gain > meilleur_gain or (gain == meilleur_gain and retard > meilleur_retard):
                    retenu, meilleur_gain, meilleur_retard = indice, gain, retard
        return retenu

    def sous_contingent(self, indice: int, fiche: Fiche) -> str:
        """Le compte de l'État retenu à la décision : agents s'ils sont plus en retard et sous leur plafond, sinon prioritaires."""
        if indice not in self.terrain.etats:
            return ""
        retards = self.retards_sous_contingents[indice]
        if not self.terrain.a_des_agents(indice, self.epoque, fiche.lieu) or retards[AGENTS] <= retards[PRIORITAIRES]:
            return PRIORITAIRES
        plafond = self.plafond.agents if self.plafond is not None else U
        return AGENTS if (self.recus_agents[indice] + 1) * U <= plafond * self.liberes else PRIORITAIRES

    def imputer(self, indice: int, sous_contingent: str) -> None:
        """Compte un logement décidé pour l'État sur son sous-contingent ; sans effet pour les autres comptes."""
        if indice in self.retards_sous_contingents:
            self.retards_sous_contingents[indice][AGENTS if sous_contingent == AGENTS else PRIORITAIRES] -= U
            self.recus_agents[indice] += sous_contingent == AGENTS

    def energie(self) -> int:
        """Φ = Σ WN·D² + Σ POIDS·Q² : un seul nombre dit si un choix rapproche chacun de son dû."""
        total = self.reglages.wn * sum(retard * retard for retard in self.retards)
        for indice, manque in enumerate(self.manques):
            total += sum(poids * valeur * valeur for poids, valeur in zip(self.poids_de(indice), manque, strict=True))
        return total

    def etat(self) -> tuple[object, ...]:
        """Une image comparable de tout l'état (pour prouver qu'ANNULE défait ATTRIBUE, ou l'indifférence à l'ordre)."""
        return (
            tuple(self.retards),
            tuple(self.recus),
            tuple(map(tuple, self.manques)),
            tuple(sorted(self.recus_en_qpv.items())),
            tuple(sorted(self.acquis_hors_zone.items())),
            self.liberes,
            self.liberes_en_qpv,
        )
