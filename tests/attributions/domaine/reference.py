"""Le moteur écrit mot à mot d'après moteur.md, sans rien d'économe : le témoin contre lequel le vrai moteur est comparé."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from attributions.domaine.faits_moteur import (
    AGENTS,
    PRIORITAIRES,
    FaitsMoteur,
    Ligne,
    LogementLibere,
    Partie,
    Plafond,
    Reglages,
    U,
)

BAILLEUR = "BAILLEUR"
DIMS = ("commune", "qpv", "typologie", "financement")


class Reference:
    """OUVERTURE, LIBERE, PROPOSE, GARDE, ATTRIBUE, REPARE, tels qu'ils sont écrits."""

    def __init__(self, faits: FaitsMoteur, reglages: Reglages | None = None) -> None:
        self.faits, self.reglages = faits, reglages or Reglages()
        self.parties = {partie.code: partie for partie in faits.parties}
        self.D = {code: partie.report for code, partie in self.parties.items()}
        self.D[BAILLEUR] = -sum(self.D.values())
        self.t = self.t_qpv = 0
        self.recu: dict[str, int] = defaultdict(int)
        self.A: dict[tuple[str, str, object], int] = defaultdict(int)
        self.V: dict[tuple[str, str, object], int] = defaultdict(int)
        self.R: dict[tuple[str, str, object], int] = defaultdict(int)
        self.H: dict[str, int] = defaultdict(int)
        self.n: dict[str, int] = defaultdict(int)
        self.sous = {
            code: {AGENTS: partie.reports.get(AGENTS, 0), PRIORITAIRES: partie.reports.get(PRIORITAIRES, 0)}
            for code, partie in self.parties.items()
            if partie.est_etat
        }
        self.recu_agents: dict[str, int] = defaultdict(int)
        self.jour = date(faits.annee, 1, 1)
        self.lot: list[list[object]] = []

    def lignes(self, partie: Partie, le: date, libere: LogementLibere) -> list[Ligne]:
        return [
            ligne
            for ligne in partie.lignes
            if ligne.court(le) and (ligne.premieres_locations or not libere.premiere_location)
        ]

    def couvre(self, code: str, libere: LogementLibere, le: date) -> bool:
        if code == BAILLEUR:
            return True
        return any(libere.commune in ligne.perimetre for ligne in self.lignes(self.parties[code], le, libere))

    def libere(self, libere: LogementLibere) -> None:
        le = libere.entree
        self.t += 1
        self.t_qpv += libere.qpv
        total = laisse = 0
        for code, partie in self.parties.items():
            courues = [ligne for ligne in self.lignes(partie, le, libere) if libere.commune in ligne.assiette]
            a = sum(ligne.taux for ligne in courues)
            total += a
            self.D[code] += a
            if code in self.sous:
                for ligne in courues:
                    self.sous[code][AGENTS if ligne.sous_contingent == AGENTS else PRIORITAIRES] += ligne.taux
            if self.couvre(code, libere, le):
                laisse += a
                self.n[code] += 1
                for dim, m in libere.modalites:
                    self.A[code, dim, m] += a
                    self.V[code, dim, m] += 1
            else:
                self.H[code] += a
        self.D[BAILLEUR] += U - total
        for dim, m in libere.modalites:
            self.A[BAILLEUR, dim, m] += U - laisse

    def Q(self, code: str, dim: str, m: object) -> int:  # noqa: N802 : le nom du texte
        def report(autre: str) -> int:
            return self.H[autre] * self.V[autre, dim, m] // self.n[autre] if self.n[autre] else 0

        if code != BAILLEUR:
            return self.A[code, dim, m] + report(code) - U * self.R[code, dim, m]
        return self.A[code, dim, m] - sum(report(autre) for autre in self.parties) - U * self.R[code, dim, m]

    def perimetre(self, code: str) -> frozenset[str]:
        partie = self.parties[code]
        return frozenset().union(*(ligne.perimetre for ligne in partie.lignes if ligne.court(self.jour)))

    def N(self, code: str, dim: str, m: object) -> int:  # noqa: N802
        jours = max((date(self.faits.annee, 12, 31) - self.jour).days + 1, 0)
        rang = DIMS.index(dim)
        parc = sum(
            nombre
            for cellule, nombre in self.faits.parc.items()
            if cellule[rang] == m and (code == BAILLEUR or cellule[0] in self.perimetre(code))
        )
        return parc * self.faits.rotation * jours // (U * 365)

    def poids(self, code: str, dim: str, m: object) -> int:
        if dim == "commune" and code != BAILLEUR and len(self.perimetre(code)) == 1:
            return 0
        return self.reglages.w // (self.reglages.k + self.N(code, dim, m))

    def gain(self, code: str, libere: LogementLibere) -> int:
        gain = self.reglages.wn * (2 * self.D[code] - U)
        return gain + sum(self.poids(code, dim, m) * (2 * self.Q(code, dim, m) - U) for dim, m in libere.modalites)

    def plafond(self) -> Plafond | None:
        return max((p for p in self.faits.plafonds if p.depuis <= self.jour), key=lambda p: p.depuis, default=None)

    def garde_qpv(self, code: str, libere: LogementLibere) -> bool:
        plafond = self.plafond()
        if code not in self.sous or plafond is None or not libere.qpv:
            return True
        active = plafond.garde_hors_qpv if self.reglages.garde_hors_qpv is None else self.reglages.garde_hors_qpv
        return not active or (self.R[code, "qpv", True] + 1) * U <= plafond.etat * self.t_qpv - U

    def garde(self, code: str, libere: LogementLibere) -> bool:
        plafond = self.plafond()
        if code not in self.sous or plafond is None:
            return True
        tolerance = 0 if self.jour >= date(self.faits.annee, 12, 1) else U
        return (self.recu[code] + 1) * U <= plafond.etat * self.t + tolerance and self.garde_qpv(code, libere)

    def rang(self, code: str) -> tuple[int, int, str]:
        if code == BAILLEUR:
            return (1, 0, "")
        return (0, -sum(ligne.taux for ligne in self.parties[code].lignes if ligne.court(self.jour)), code)

    def E(self, libere: LogementLibere) -> list[str]:  # noqa: N802
        comptes = [code for code in [*self.parties, BAILLEUR] if self.couvre(code, libere, self.jour)]
        return sorted((code for code in comptes if code not in libere.rendus), key=self.rang)

    def eligibles(self, libere: LogementLibere) -> list[tuple[str, int]]:
        return sorted(
            ((code, self.D[code]) for code in self.E(libere)), key=lambda paire: (-paire[1], self.rang(paire[0]))
        )

    def propose(self, libere: LogementLibere) -> str:
        permis = [code for code in self.E(libere) if self.garde(code, libere)]
        if not permis:
            return BAILLEUR
        m = max(self.D[code] for code in permis)
        finalistes = [code for code in permis if self.D[code] >= m - self.reglages.theta]
        return min(finalistes, key=lambda code: (-self.gain(code, libere), -self.D[code], self.rang(code)))

    def attribue(self, libere: LogementLibere, code: str, un: int = 1) -> None:
        self.recu[code] += un
        self.D[code] -= U * un
        for dim, m in libere.modalites:
            self.R[code, dim, m] += un

    def sous_contingent(self, code: str, libere: LogementLibere) -> str:
        if code not in self.sous:
            return ""
        agents = [
            ligne
            for ligne in self.lignes(self.parties[code], self.jour, libere)
            if ligne.sous_contingent == AGENTS and libere.commune in ligne.perimetre
        ]
        plafond = self.plafond()
        p = plafond.agents if plafond else U
        if (
            agents
            and self.sous[code][AGENTS] > self.sous[code][PRIORITAIRES]
            and (self.recu_agents[code] + 1) * U <= p * self.t
        ):
            return AGENTS
        return PRIORITAIRES

    def impute(self, code: str, sous: str) -> None:
        if code in self.sous:
            self.sous[code][sous or PRIORITAIRES] -= U
            self.recu_agents[code] += sous == AGENTS

    def repropose(self, x: list) -> bool:
        libere, i = x
        self.attribue(libere, i, -1)
        g, j = self.gain(i, libere), self.propose(libere)
        force = i not in self.E(libere)
        if j != i and (force or self.gain(j, libere) > g):
            x[1] = j
        self.attribue(libere, x[1])
        return x[1] != i

    def echange(self, x: list, y: list) -> bool:
        (pris, a), (autre, b) = x, y
        if a == b or a not in self.E(autre) or b not in self.E(pris):
            return False
        delta = 0
        for p, perd, prend in ((a, pris, autre), (b, autre, pris)):
            for (dim, k), (_, v) in zip(perd.modalites, prend.modalites, strict=True):
                if k != v:
                    delta += self.poids(p, dim, k) * (2 * self.Q(p, dim, k) + U)
                    delta -= self.poids(p, dim, v) * (2 * self.Q(p, dim, v) - U)
        for p, perd, prend in ((a, pris, autre), (b, autre, pris)):
            if not perd.qpv and not self.garde_qpv(p, prend):
                return False
        if delta >= 0:
            return False
        for libere, ancien, nouveau in ((pris, a, b), (autre, b, a)):
            self.attribue(libere, ancien, -1)
            self.attribue(libere, nouveau)
        x[1], y[1] = b, a
        return True

    def repare(self) -> None:
        change = True
        while change:
            change = False
            for x in self.lot:
                change |= self.repropose(x)
            for rang, x in enumerate(self.lot):
                for y in self.lot[rang + 1 :]:
                    change |= self.echange(x, y)

    def simuler(self, lot: int = 1) -> list[tuple[str, str, str, tuple[tuple[str, int], ...]]]:
        """Rend [(numéro, compte, sous-contingent, éligibles)]."""
        resultat, vus = [], {}

        def decider() -> None:
            libere, code = self.lot.pop(0)
            sous = self.sous_contingent(code, libere)
            self.impute(code, sous)
            resultat.append((libere.numero, code, sous, tuple(vus[libere.numero])))

        for libere in sorted(self.faits.liberations, key=lambda libere: (libere.disponibilite, libere.numero)):
            self.jour = libere.entree
            self.libere(libere)
            if libere.decision:
                self.attribue(libere, libere.decision.code)
                self.impute(libere.decision.code, libere.decision.sous_contingent)
            else:
                vus[libere.numero] = self.eligibles(libere)
                code = self.propose(libere)
                self.attribue(libere, code)
                self.lot.append([libere, code])
            self.repare()
            while len(self.lot) > lot - 1:
                decider()
        while self.lot:
            decider()
        return resultat
