"""À qui vont les logements de l'histoire : le moteur lui-même, à graine fixe, et parfois un autre choix de l'agent (RG-41)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from attributions.chargement.comptes import presenter_eligibles
from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.faits_moteur import (
    AGENTS,
    CompteDecide,
    FaitsMoteur,
    Ligne,
    LogementLibere,
    Parc,
    Partie,
    Plafond,
    U,
)
from attributions.domaine.moteur import Moteur
from attributions.domaine.phrases import expliquer_un_choix
from attributions.domaine.rejeu import code_public
from attributions.domaine.terrain import Fiche
from flux_reservations.droit.taux import plafond_agents, plafond_etat
from flux_reservations.embarque.donnees_demo.conventions import LigneEnVigueur
from flux_reservations.embarque.donnees_demo.hasard import Hasard

ETAT: Final = "ETAT94"
REPLI: Final = "ETAT94/repli"
CHOIX_LIBRES: Final = 45
"""Orientations sur mille où l'agent s'écarte de la proposition."""
ANTICIPATION: Final = timedelta(days=45)
"""Un logement qui se libère juste avant l'effet d'une convention sera loué après : l'agent l'oriente déjà selon elle."""
MOTIFS_DE_DEROGATION: Final = (
    "Ménage du réservataire déjà reçu et prêt à emménager",
    "Équilibre de peuplement de la résidence",
    "Demande ancienne du réservataire sur cette typologie",
    "Adresse proche du lieu de travail des candidats du réservataire",
    "Engagement pris en réunion annuelle avec le réservataire",
)


@dataclass(frozen=True, slots=True)
class Choix:
    """Le compte retenu (code public), ce que proposait le moteur, sa phrase, les retards du moment, le motif d'un autre choix."""

    compte: str
    propose: str
    phrase: str
    etat_comptes: dict[str, object]
    motif: str = ""

    @property
    def partie(self) -> str:
        """Code du compte au sens du moteur : l'État n'en forme qu'un, le repli un autre."""
        return ETAT if self.compte.startswith(f"{ETAT}/") and self.compte != REPLI else self.compte

    @property
    def reservataire(self) -> str:
        """Code du réservataire ; vide pour le bailleur."""
        return "" if self.compte == COMPTE_BAILLEUR else self.compte.partition("/")[0]

    @property
    def sous_contingent(self) -> str:
        """`prioritaires`, `agents`, `repli` ou vide."""
        return self.compte.partition("/")[2]


DELAISSES: Final = frozenset({"VITRY", "CAF94"})
"""Réservataires qu'un agent sert trop peu ces derniers mois : leur retard se voit, et le moteur les propose."""


@dataclass(frozen=True, slots=True)
class Decidee:
    """Une libération décidée d'avant, qui n'avait pas de bail au 31 décembre : elle entre d'abord dans l'année (moteur.md § 2)."""

    libere: LogementLibere
    compte: CompteDecide


@dataclass(frozen=True, slots=True)
class BailCompte:
    """Un bail du flux : où, quand, et le compte (au sens du moteur) qui a reçu le logement."""

    commune: str
    le: date
    code: str


@dataclass(slots=True)
class Comptes:
    """Les comptes d'un bailleur : ses lignes de droit, son parc, ses reports ; ouvre un moteur par année."""

    lignes: list[LigneEnVigueur]
    noms: dict[str, str]
    noms_de_communes: dict[str, str]
    nom_du_bailleur: str
    parc: Parc
    hasard: Hasard
    reports: dict[str, dict[str, int]] = field(default_factory=dict)
    moteur: Moteur | None = None
    annee: int = 0

    def ouvrir(self, annee: int, anterieures: list[Decidee], baux: list[BailCompte]) -> None:
        """Ouvre l'année : chaque compte part du solde de l'année finie, sauf l'État ; les dossiers sans bail y entrent d'abord."""
        if self.annee:
            self.reports = {
                code: {"": solde} for code, solde in self._soldes(self.annee, baux).items() if code not in {ETAT, REPLI}
            }
        self.annee = annee
        self.moteur = self._rejouer(anterieures)

    def _soldes(self, annee: int, baux: list[BailCompte]) -> dict[str, int]:
        """Ce que l'année laisse à chaque compte, en U : report, plus son taux à chaque bail, moins ce qu'il a reçu (RG-47)."""
        soldes = {code: sum(reports.values()) for code, reports in self.reports.items()}
        for bail in baux:
            if bail.le.year != annee:
                continue
            for ligne in self.lignes:
                if ligne.court(bail.le) and bail.commune in ligne.assiette:
                    soldes[ligne.reservataire] = soldes.get(ligne.reservataire, 0) + ligne.taux
            soldes[bail.code] = soldes.get(bail.code, 0) - U
        return soldes

    def choisir(self, libere: LogementLibere, le: date, *, recente: bool) -> Choix:
        """Libère le logement, suit la proposition (ou parfois un autre choix, surtout s'il est récent) et l'attribue."""
        moteur = self._ouvert()
        moteur.se_placer(max(le, date(self.annee, 1, 1)))
        return self._decider(moteur.liberer(replace(libere, annee=self.annee)), recente=recente)

    def choisir_de_nouveau(self, libere: LogementLibere, precedent: Choix, le: date) -> Choix:
        """Un logement rendu : défait l'attribution, puis propose aux autres."""
        moteur = self._ouvert()
        moteur.se_placer(max(le, date(self.annee, 1, 1)))
        fiche = moteur.terrain.fiche(replace(libere, annee=self.annee, rendus=frozenset({precedent.partie})))
        moteur.annuler(fiche, moteur.terrain.indice(precedent.partie))
        return self._decider(fiche, recente=False)

    def _ouvert(self) -> Moteur:
        if self.moteur is None:
            msg = "Ouvrez l'année avant de choisir."
            raise ValueError(msg)
        return self.moteur

    def _decider(self, fiche: Fiche, *, recente: bool) -> Choix:
        moteur = self._ouvert()
        propose = moteur.proposer(fiche)
        eligibles = moteur.eligibles(fiche)
        phrase = expliquer_un_choix(moteur, fiche, propose)
        retenu, motif = propose, ""
        est_delaisse = recente and moteur.terrain.codes[propose] in DELAISSES and self.hasard.est_vrai(940)
        if est_delaisse or self.hasard.est_vrai(110 if recente else CHOIX_LIBRES):
            autres = [moteur.terrain.indice(un.compte) for un in eligibles[:5]]
            permis = [
                un
                for un in autres
                if un not in moteur.terrain.etats and un != propose and moteur.terrain.codes[un] != REPLI
            ]
            if permis:
                retenu, motif = self.hasard.choisir(permis), self.hasard.choisir(MOTIFS_DE_DEROGATION)
        sous_contingent = moteur.sous_contingent(retenu, fiche)
        code_propose = code_public(moteur.terrain.codes[propose], moteur.sous_contingent(propose, fiche))
        compte = code_public(moteur.terrain.codes[retenu], sous_contingent)
        moteur.attribuer(fiche, retenu)
        moteur.imputer(retenu, sous_contingent)
        return Choix(
            compte=compte,
            propose=code_propose,
            phrase=phrase,
            etat_comptes={
                "propose_initial": code_propose,
                "changements": [],
                "propose": code_propose,
                "choisi": compte,
                "retards": presenter_eligibles(eligibles),
                "liberes": moteur.liberes,
                "depasse_le_plafond": False,
                "date_du_jour": moteur.jour,
                "version_regles": moteur.reglages.version,
            },
            motif=motif,
        )

    def _rejouer(self, anterieures: list[Decidee]) -> Moteur:
        moteur = Moteur(self._faits([un.libere for un in anterieures]))
        for ancienne in anterieures:
            fiche = moteur.liberer(replace(ancienne.libere, annee=self.annee))
            indice = moteur.terrain.indice_de.get(ancienne.compte.code, moteur.terrain.bailleur)
            moteur.attribuer(fiche, indice)
            moteur.imputer(indice, ancienne.compte.sous_contingent)
        return moteur

    def _faits(self, liberations: list[LogementLibere]) -> FaitsMoteur:
        premier, dernier = date(self.annee, 1, 1), date(self.annee, 12, 31)
        effet = min(ligne.debut for ligne in self.lignes)
        par_code: dict[str, list[Ligne]] = {}
        for ligne in self.lignes:
            debut = effet - ANTICIPATION if ligne.debut == effet else ligne.debut
            if debut <= dernier and (ligne.fin is None or premier <= ligne.fin):
                code = REPLI if ligne.sous_contingent == "repli" else ligne.reservataire
                agents = AGENTS if ligne.sous_contingent == AGENTS else ""
                par_code.setdefault(code, []).append(
                    Ligne(ligne.taux, ligne.assiette, ligne.perimetre, debut, ligne.fin, agents)
                )
        return FaitsMoteur(
            annee=self.annee,
            parties=tuple(
                Partie(code, self.noms[code], tuple(lignes), self.reports.get(code, {}), est_etat=code == ETAT)
                for code, lignes in par_code.items()
            ),
            liberations=tuple(liberations),
            parc=self.parc,
            plafonds=(Plafond(premier, int(plafond_etat(premier) * U), int(plafond_agents(premier) * U)),),
            communes=frozenset(self.noms_de_communes),
            noms=self.noms_de_communes,
            nom_du_bailleur=self.nom_du_bailleur,
        )
