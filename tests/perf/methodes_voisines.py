"""Les méthodes voisines, pour comparer : tour de rôle, plus grand déficit, stock, et le meilleur hors ligne à budget fixé.

Chacune rend le compte de chaque libération. Toutes respectent les périmètres ; aucune ne connaît la suite, sauf la dernière.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping

from attributions.domaine.faits_moteur import FaitsMoteur, LogementLibere, Reglages, U
from attributions.domaine.moteur import Moteur
from attributions.domaine.terrain import Fiche, Terrain

Attribution = dict[str, str]
"""Numéro de libération → code du compte."""


def _parts(faits: FaitsMoteur) -> dict[str, int]:
    """Part de chaque compte dans le flux attendu (points de base) : taux × part du parc où il court ; le bailleur a le reste."""
    total = max(sum(faits.parc.values()), 1)
    parts = {
        partie.code: sum(
            ligne.taux * sum(nombre for cellule, nombre in faits.parc.items() if cellule[0] in ligne.assiette)
            for ligne in partie.lignes
        )
        // total
        for partie in faits.parties
    }
    return {**parts, "BAILLEUR": max(U - sum(parts.values()), 100)}


def _taux(faits: FaitsMoteur) -> dict[str, int]:
    return {partie.code: sum(ligne.taux for ligne in partie.lignes) for partie in faits.parties}


def _eligibles(terrain: Terrain, libere: LogementLibere) -> set[str]:
    possibles = terrain.possibles(terrain.epoque(libere.entree), (libere.commune, libere.premiere_location))
    return {terrain.codes[indice] for indice in possibles}


def tour_de_role(faits: FaitsMoteur) -> Attribution:
    """Tour de rôle pondéré : une suite de places au prorata des taux, parcourue sans fin ; un compte non éligible passe son tour."""
    terrain = Terrain(faits, Reglages())
    places = sorted(
        ((rang + 1) / taux, code) for code, taux in sorted(_parts(faits).items()) for rang in range(max(taux // 20, 1))
    )
    suite, curseur, choix = [code for _, code in places], 0, {}
    for libere in faits.ordonnees():
        eligibles = _eligibles(terrain, libere)
        while suite[curseur % len(suite)] not in eligibles:
            curseur += 1
        choix[libere.numero] = suite[curseur % len(suite)]
        curseur += 1
    return choix


def plus_grand_deficit(faits: FaitsMoteur) -> Attribution:
    """Le tableur : le compte éligible le plus loin de sa part attendue du flux, sans regarder ni commune ni qualité."""
    terrain, parts = Terrain(faits, Reglages()), _parts(faits)
    recus: Counter[str] = Counter()
    choix = {}
    for rang, libere in enumerate(faits.ordonnees(), start=1):
        retenu = max(sorted(_eligibles(terrain, libere)), key=lambda code: parts[code] * rang - U * recus[code])
        recus[retenu] += 1
        choix[libere.numero] = retenu
    return choix


def stock(faits: FaitsMoteur, graine: int) -> Attribution:
    """La gestion en stock : chaque logement a son réservataire de toujours, tiré au prorata des taux de sa commune."""
    hasard = random.Random(graine)  # noqa: S311 : un tirage d'essai
    terrain, taux = Terrain(faits, Reglages()), _taux(faits)
    choix = {}
    for libere in faits.ordonnees():
        eligibles = sorted(_eligibles(terrain, libere) - {"BAILLEUR"})
        reste = max(U - sum(taux[code] for code in eligibles), 0)
        choix[libere.numero] = hasard.choices(
            [*eligibles, "BAILLEUR"], weights=[*(taux[code] for code in eligibles), reste]
        )[0]
    return choix


def hors_ligne(faits: FaitsMoteur, depart: Mapping[str, str], *, essais: int, graine: int = 0) -> Attribution:
    """Le meilleur trouvé par qui connaîtrait toute l'année : recuit sur Σ écarts, à nombre d'essais fixé, depuis `depart`.

    Un essai échange deux logements ou en donne un à un autre compte ; |retard| reste ≤ 1 logement, ou ne s'éloigne pas de zéro.
    """
    moteur = Moteur(faits)
    fiches = [moteur.liberer(libere) for libere in faits.ordonnees()]
    comptes = [moteur.terrain.indice(depart[fiche.numero]) for fiche in fiches]
    for fiche, compte in zip(fiches, comptes, strict=True):
        moteur.attribuer(fiche, compte)
    recuit = _Recuit(moteur, fiches, comptes, graine)
    recuit.refroidir(essais)
    return {fiche.numero: moteur.terrain.codes[compte] for fiche, compte in zip(fiches, recuit.meilleurs, strict=True)}


class _Recuit:
    """Recuit simulé sur Σ |Q|, retards tenus."""

    def __init__(self, moteur: Moteur, fiches: list[Fiche], comptes: list[int], graine: int) -> None:
        self.moteur, self.fiches, self.comptes = moteur, fiches, comptes
        self.meilleurs = list(comptes)
        self.possibles = [moteur.possibles(fiche) for fiche in fiches]
        self.hasard = random.Random(graine)  # noqa: S311 : un tirage d'essai

    def refroidir(self, essais: int) -> None:
        """Température linéaire de 0,6 logement à zéro."""
        hasard, nombre = self.hasard, len(self.fiches)
        courant = meilleur = 0
        for essai in range(essais):
            temperature = 0.6 * U * (1 - essai / essais) + 1
            x = hasard.randrange(nombre)
            if hasard.random() < 0.7:
                y = hasard.randrange(nombre)
                gestes = [(x, self.comptes[y]), (y, self.comptes[x])]
            else:
                gestes = [(x, hasard.choice(self.possibles[x]))]
            ecart = self._essayer(gestes, temperature)
            courant += ecart
            if courant < meilleur:
                meilleur = courant
                self.meilleurs = list(self.comptes)

    def _essayer(self, gestes: list[tuple[int, int]], temperature: float) -> int:
        if any(compte == self.comptes[x] or compte not in self.possibles[x] for x, compte in gestes):
            return 0
        avant = [(x, self.comptes[x]) for x, _ in gestes]
        ecart = sum(self._donner(x, compte) for x, compte in gestes)
        if (ecart > 0 and self.hasard.random() >= math.exp(-ecart / temperature)) or (
            len(gestes) == 1 and not self._tient(avant[0][1], gestes[0][1])
        ):
            for x, compte in avant:
                self._donner(x, compte)
            return 0
        return ecart

    def _donner(self, x: int, compte: int) -> int:
        """Donne un logement à un compte ; rend la variation de Σ |Q|."""
        fiche, ancien, manques = self.fiches[x], self.comptes[x], self.moteur.manques
        ici, la = manques[ancien], manques[compte]
        ecart = -sum(abs(ici[cle]) + abs(la[cle]) for cle in fiche.cles)
        self.moteur.annuler(fiche, ancien)
        self.moteur.attribuer(fiche, compte)
        self.comptes[x] = compte
        return ecart + sum(abs(ici[cle]) + abs(la[cle]) for cle in fiche.cles)

    def _tient(self, donneur: int, preneur: int) -> bool:
        """Vrai si donner n'a pas mis un compte à plus d'un logement de son dû, hors ceux que la zone y met déjà."""
        retards = self.moteur.retards
        return retards[donneur] <= U and retards[preneur] >= -U
