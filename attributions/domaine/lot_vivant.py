"""Le lot vivant : ce qui attend aujourd'hui, revu à chaque arrivée, décision ou correction (moteur.md § 3).

Une proposition déjà déposée reprend sa place telle quelle, puis tout est réparé à la date du jour : suivre une
proposition ne change donc aucune des autres. Les décisions réelles sont des faits, rejoués ; les propositions ne le
sont jamais.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from attributions.domaine.faits_moteur import FaitsMoteur, LogementLibere, Reglages
from attributions.domaine.lot import Attente, Lot, jouer_la_decision
from attributions.domaine.moteur import Eligible, Moteur
from attributions.domaine.phrases import expliquer, expliquer_un_choix
from attributions.domaine.rejeu import code_public
from flux_reservations.commun.erreurs import ErreurMetier

ARRIVEES_REVUES_UNE_A_UNE = 100
"""Au-delà (reprise d'un historique), le lot n'est réparé qu'une fois, quand tout est arrivé : le coût est en n³."""


@dataclass(frozen=True, slots=True)
class Deposee:
    """Une proposition déjà dans le lot : son compte, celui de l'arrivée, les retards gardés avec elle."""

    partie: str
    initial: str
    eligibles: tuple[Eligible, ...]


@dataclass(frozen=True, slots=True)
class LigneDuLot:
    """Une proposition d'aujourd'hui.

    `compte` : code public, l'État sous son seul code tant que rien n'est décidé ; `pressenti` : le sous-contingent de
    l'État si l'on décidait maintenant ; `eligibles` : à l'arrivée ou au dernier changement ; `du_moment` : les mêmes,
    sur l'état d'aujourd'hui sans ce logement.
    """

    numero: str
    partie: str
    pressenti: str
    initial: str
    eligibles: tuple[Eligible, ...]
    du_moment: tuple[Eligible, ...]
    phrase: str
    est_nouvelle: bool
    precedente: str = ""

    @property
    def compte(self) -> str:
        """Code public du compte proposé."""
        return code_public(self.partie, "")

    @property
    def a_change(self) -> bool:
        """Vrai si le compte proposé n'est plus celui qui était déposé."""
        return bool(self.precedente) and self.precedente != self.partie


@dataclass(frozen=True, slots=True)
class DecisionDuMoteur:
    """Une décision, et la trace qu'on en garde : proposé, choisi, retards du moment, phrase, version des règles."""

    numero: str
    propose: str
    initial: str
    choisi: str
    sous_contingent: str
    eligibles: tuple[Eligible, ...]
    phrase: str
    depasse_le_plafond: bool
    liberes: int
    version: str

    @property
    def est_suivie(self) -> bool:
        """Vrai si le compte choisi est le compte proposé."""
        return self.choisi == self.propose


class LotVivant:
    """L'état des comptes à la date du jour, et le lot qui attend."""

    def __init__(
        self, faits: FaitsMoteur, le: date, deposees: Mapping[str, Deposee], reglages: Reglages | None = None
    ) -> None:
        """Rejoue les décisions, reprend le lot déposé, fait arriver les nouvelles libérations, répare le tout."""
        self.moteur = Moteur(faits, reglages)
        self.moteur.se_placer(le)
        self.lot = Lot(self.moteur)
        self._deposees = {
            libere.numero: deposees[libere.numero]
            for libere in faits.liberations
            if libere.numero in deposees
            and libere.decision is None
            and deposees[libere.numero].partie in self.moteur.terrain.indice_de
        }
        ordonnees = faits.ordonnees()
        if self._deposees:
            self._reprendre(ordonnees)
        else:
            self._faire_arriver(ordonnees)
        self.lot.reparer()

    def _reprendre(self, ordonnees: list[LogementLibere]) -> None:
        """Les décisions et le lot déposé d'abord, puis les nouvelles, dans l'ordre."""
        nouvelles = []
        for libere in ordonnees:
            if libere.decision is not None:
                jouer_la_decision(self.moteur, libere)
            elif libere.numero in self._deposees:
                deposee = self._deposees[libere.numero]
                self.lot.reprendre(libere, deposee.partie, deposee.initial)
            else:
                nouvelles.append(libere)
        self.lot.reparer()
        self._faire_arriver(nouvelles)

    def _faire_arriver(self, ordonnees: list[LogementLibere]) -> None:
        """Chaque libération à sa place ; une décision réelle compte, et le lot est revu à chaque arrivée."""
        une_a_une = sum(libere.decision is None for libere in ordonnees) <= ARRIVEES_REVUES_UNE_A_UNE
        for libere in ordonnees:
            if libere.decision is not None:
                self.lot.rejouer(libere, reparer=une_a_une)
            else:
                self.lot.arriver(libere, reparer=une_a_une)

    def attente(self, numero: str) -> Attente | None:
        """La ligne du lot de cette libération, si elle attend."""
        return next((attente for attente in self.lot.attentes if attente.numero == numero), None)

    def partie_proposee(self, numero: str) -> str:
        """Le compte proposé aujourd'hui pour cette libération ; vide si elle n'attend pas."""
        attente = self.attente(numero)
        return self.moteur.terrain.codes[attente.compte] if attente else ""

    def lignes(self) -> tuple[LigneDuLot, ...]:
        """Le lot d'aujourd'hui, dans l'ordre (disponibilité, numéro)."""
        return tuple(self._ligne(attente) for attente in self.lot.attentes)

    def _ligne(self, attente: Attente) -> LigneDuLot:
        moteur, codes = self.moteur, self.moteur.terrain.codes
        deposee = self._deposees.get(attente.numero)
        phrase = expliquer(moteur, attente)
        moteur.annuler(attente.fiche, attente.compte)
        du_moment = moteur.eligibles(attente.fiche)
        moteur.attribuer(attente.fiche, attente.compte)
        eligibles = attente.eligibles
        if deposee is not None:
            eligibles = deposee.eligibles if deposee.partie == codes[attente.compte] else du_moment
        return LigneDuLot(
            numero=attente.numero,
            partie=codes[attente.compte],
            pressenti=moteur.sous_contingent(attente.compte, attente.fiche),
            initial=deposee.initial if deposee else codes[attente.initial],
            eligibles=eligibles,
            du_moment=du_moment,
            phrase=phrase,
            est_nouvelle=deposee is None,
            precedente=deposee.partie if deposee else "",
        )

    def decider(self, numero: str, partie: str = "", sous_contingent: str = "") -> DecisionDuMoteur:
        """Fige la ligne sur ce compte (par défaut le proposé) et répare le reste du lot.

        Lève `ErreurMetier` si la libération n'attend pas, ou si le compte n'est pas éligible (RG-41).
        """
        attente = self.attente(numero)
        if attente is None:
            raise ErreurMetier("hors_du_lot", "Cette libération n'attend pas d'orientation.", regle="RG-41")
        moteur, fiche, propose = self.moteur, attente.fiche, attente.compte
        codes = moteur.terrain.codes
        phrase = expliquer(moteur, attente)
        moteur.annuler(fiche, propose)
        choisi = moteur.terrain.indice_de.get(partie or codes[propose], -1)
        if choisi not in moteur.possibles(fiche) and choisi != propose:
            moteur.attribuer(fiche, propose)
            raise ErreurMetier(
                "compte_non_eligible",
                f"« {partie} » ne peut pas recevoir ce logement : son droit n'est pas en vigueur, ne s'exerce pas sur la commune, "
                "ou il l'a déjà rendu. Choisissez un compte éligible.",
                regle="RG-41",
                champ="compte",
            )
        eligibles = moteur.eligibles(fiche)
        retenu = sous_contingent or moteur.sous_contingent(choisi, fiche)
        depasse = not moteur.respecte_le_plafond(choisi)
        moteur.attribuer(fiche, choisi)
        moteur.imputer(choisi, retenu)
        self.lot.attentes.remove(attente)
        self.lot.reparer()
        return DecisionDuMoteur(
            numero=numero,
            propose=codes[propose],
            initial=self._deposees[numero].initial if numero in self._deposees else codes[attente.initial],
            choisi=codes[choisi],
            sous_contingent=retenu if choisi in moteur.terrain.etats else "",
            eligibles=eligibles,
            phrase=phrase,
            depasse_le_plafond=depasse,
            liberes=moteur.liberes,
            version=moteur.reglages.version,
        )

    def phrase_de(self, numero: str, partie: str) -> str:
        """Ce qu'on dirait d'un autre choix pour cette libération ; vide si elle n'attend pas."""
        attente = self.attente(numero)
        indice = self.moteur.terrain.indice_de.get(partie)
        if attente is None or indice is None:
            return ""
        self.moteur.annuler(attente.fiche, attente.compte)
        phrase = expliquer_un_choix(self.moteur, attente.fiche, indice)
        self.moteur.attribuer(attente.fiche, attente.compte)
        return phrase
