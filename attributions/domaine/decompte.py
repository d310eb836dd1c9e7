"""Le décompte : à quel compte une libération est imputée, à quelle date et pourquoi (RG-45, RG-46).

Une libération est imputée une fois au plus : à la première orientation décomptée, dans l'ordre des rangs. Les faits seuls
entrent ici ; l'ordre de leur saisie et la date du jour n'y changent rien.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from attributions.domaine.codes import DECISIONS_FAVORABLES, Issue, Public
from attributions.domaine.limites import limite_prolongee
from conventions.domaine.codes import FaitGenerateur, SousContingent
from conventions.domaine.versions import Modalites

Jour: TypeAlias = date
"""Une date, là où un champ s'appelle déjà `date`."""


class Raison(StrEnum):
    """Pourquoi une libération est décomptée."""

    FAIT_GENERATEUR = "fait_generateur"
    BAIL_SANS_DATE = "bail_sans_date"
    CARENCE = "carence"
    BAIL_DU_BAILLEUR = "bail_du_bailleur"
    REPRISE_POUR_UN_TOUR = "reprise_pour_un_tour"
    PUBLIC_NON_CONFORME = "public_non_conforme"


PHRASES: dict[Raison, str] = {
    Raison.FAIT_GENERATEUR: "le fait générateur de la convention est atteint",
    Raison.BAIL_SANS_DATE: "le bail est signé, la date du fait générateur manque",
    Raison.CARENCE: "aucun candidat à la date limite de présentation",
    Raison.BAIL_DU_BAILLEUR: "le bail est signé sur le compte du bailleur",
    Raison.REPRISE_POUR_UN_TOUR: "le bailleur a repris le logement après une carence qui n'est pas décomptée",
    Raison.PUBLIC_NON_CONFORME: "gestion déléguée : le ménage logé n'est pas du public du compte",
}

PUBLICS_DU_COMPTE: dict[str, frozenset[str]] = {
    SousContingent.PRIORITAIRES: frozenset({Public.DALO, Public.PRIORITAIRE}),
    SousContingent.REPLI: frozenset({Public.DALO, Public.PRIORITAIRE}),
    SousContingent.AGENTS: frozenset({Public.AGENT}),
}
"""Publics qu'un compte de l'État sert ; le public d'un autre réservataire n'est pas codifié : tout lui convient (RG-46, RG-49)."""


@dataclass(frozen=True, slots=True)
class FaitsOrientation:
    """Une orientation, réduite à ses faits. `reservataire` None = le bailleur."""

    identifiant: int
    rang: int
    reservataire: int | None
    sous_contingent: str
    date_orientation: date
    date_mise_a_disposition: date | None = None
    date_limite_prolongee: date | None = None
    date_proposition: date | None = None
    date_caleol: date | None = None
    date_rendu: date | None = None
    nb_candidats: int | None = None
    decision: str = ""
    issue: str = Issue.EN_COURS
    public: str = ""

    @property
    def est_du_bailleur(self) -> bool:
        """Vrai si le compte orienté est celui du bailleur."""
        return self.reservataire is None

    @property
    def est_abandonnee(self) -> bool:
        """Vrai si l'orientation a été rendue ou retirée."""
        return self.issue in {Issue.RENDU, Issue.RETIRE}


@dataclass(frozen=True, slots=True)
class Imputation:
    """Le décompte d'une libération : `reservataire` None = le bailleur ; `orientation` None = une reprise sans orientation.

    `date_orientation` désigne la convention qui compte (celle qui court ce jour-là).
    """

    date: date
    raison: Raison
    orientation: int | None
    reservataire: int | None
    sous_contingent: str = ""
    date_orientation: Jour | None = None

    @property
    def est_une_alerte(self) -> bool:
        """Vrai si le décompte doit être signalé (gestion déléguée, public non conforme)."""
        return self.raison is Raison.PUBLIC_NON_CONFORME


LireModalites = Callable[[FaitsOrientation], Modalites]
"""Donne les modalités de la convention en vigueur à la date de l'orientation (pour le repli, celle de l'État)."""


def imputer(
    orientations: Sequence[FaitsOrientation], date_bail: date | None, modalites_de: LireModalites
) -> Imputation | None:
    """Le décompte d'une libération du flux, ou None si elle n'est encore, ou jamais, décomptée à personne.

    Un bail sans orientation n'est décompté à personne (RG-46).
    """
    ordonnees = par_rang(orientations)
    productrice = orientation_du_bail(ordonnees, date_bail)
    for orientation in ordonnees:
        bail = date_bail if orientation is productrice else None
        imputation = _imputer_une(orientation, bail, modalites_de)
        if imputation:
            return imputation
    if date_bail and ordonnees and productrice is None and est_reprise_par_le_bailleur(ordonnees):
        return Imputation(date_bail, Raison.REPRISE_POUR_UN_TOUR, None, None)
    return None


def par_rang(orientations: Sequence[FaitsOrientation]) -> Sequence[FaitsOrientation]:
    """Les orientations d'une libération, dans l'ordre des rangs."""
    return orientations if len(orientations) <= 1 else sorted(orientations, key=lambda orientation: orientation.rang)


def orientation_du_bail(ordonnees: Sequence[FaitsOrientation], date_bail: date | None) -> FaitsOrientation | None:
    """L'orientation qui a produit le bail : celle qui a abouti, à défaut la dernière encore en cours ; None sans bail."""
    if date_bail is None:
        return None
    for issue in (Issue.BAIL, Issue.EN_COURS):
        for orientation in reversed(ordonnees):
            if orientation.issue == issue:
                return orientation
    return None


def est_reprise_par_le_bailleur(ordonnees: Sequence[FaitsOrientation]) -> bool:
    """Vrai si la dernière orientation a fini en carence : le bailleur a repris le logement « pour un tour » (RG-46)."""
    return bool(ordonnees) and ordonnees[-1].issue == Issue.CARENCE


def est_public_conforme(public: str, sous_contingent: str) -> bool:
    """Vrai si le public connu est celui du compte ; un public inconnu ou un compte sans public défini convient (RG-46)."""
    attendus = PUBLICS_DU_COMPTE.get(sous_contingent)
    return not public or attendus is None or public in attendus


def date_limite(orientation: FaitsOrientation, modalites: Modalites) -> date | None:
    """Dernier jour pour présenter un candidat, prolongation comprise ; None en gestion déléguée (RG-21, RG-46)."""
    if modalites.est_deleguee:
        return None
    depart = orientation.date_mise_a_disposition or orientation.date_orientation
    return limite_prolongee(depart, modalites.delai_jours, modalites.delai_unite, orientation.date_limite_prolongee)


def est_rendue_apres_le_delai(orientation: FaitsOrientation, modalites: Modalites) -> bool:
    """Vrai si le logement est rendu passé la date limite sans candidat présenté à temps : à requalifier en carence (RG-46).

    Le décompte suit l'issue enregistrée (rendu = non décompté, comme le moteur) ; un contrôle le signale.
    """
    limite = date_limite(orientation, modalites)
    if orientation.issue != Issue.RENDU or orientation.date_rendu is None or limite is None:
        return False
    a_presente = orientation.date_proposition is not None and orientation.date_proposition <= limite
    return orientation.date_rendu > limite and not a_presente and not orientation.nb_candidats


def date_du_fait_generateur(orientation: FaitsOrientation, fait: str, date_bail: date | None) -> date | None:
    """Jour où le fait générateur de la convention est atteint, None s'il ne l'est pas (RG-45)."""
    if fait == FaitGenerateur.MISE_A_DISPOSITION:
        return orientation.date_mise_a_disposition
    if fait == FaitGenerateur.PROPOSITION:
        return orientation.date_proposition
    if fait == FaitGenerateur.ATTRIBUTION:
        return orientation.date_caleol if orientation.decision in DECISIONS_FAVORABLES else None
    return date_bail


def _imputer_une(
    orientation: FaitsOrientation, date_bail: date | None, modalites_de: LireModalites
) -> Imputation | None:
    """Le décompte d'une orientation ; `date_bail` n'est donnée que si c'est elle qui l'a produit."""
    if orientation.est_du_bailleur:
        return _au_bailleur(orientation, date_bail, Raison.BAIL_DU_BAILLEUR) if date_bail else None
    modalites = modalites_de(orientation)
    if (
        date_bail
        and modalites.est_deleguee
        and not est_public_conforme(orientation.public, orientation.sous_contingent)
    ):
        return _au_bailleur(orientation, date_bail, Raison.PUBLIC_NON_CONFORME)
    if orientation.issue == Issue.CARENCE:
        return _imputer_une_carence(orientation, modalites)
    if orientation.est_abandonnee:
        return None
    fait = date_du_fait_generateur(orientation, modalites.fait_generateur, date_bail)
    if fait:
        return _au_reservataire(orientation, fait, Raison.FAIT_GENERATEUR)
    return _au_reservataire(orientation, date_bail, Raison.BAIL_SANS_DATE) if date_bail else None


def _imputer_une_carence(orientation: FaitsOrientation, modalites: Modalites) -> Imputation | None:
    """Une carence : à la date limite, ou au fait générateur s'il la précède ; rien si la convention ne la décompte pas."""
    limite = date_limite(orientation, modalites)
    if limite is None or not modalites.carence_decomptee:
        return None
    fait = date_du_fait_generateur(orientation, modalites.fait_generateur, None)
    if fait and fait <= limite:
        return _au_reservataire(orientation, fait, Raison.FAIT_GENERATEUR)
    return _au_reservataire(orientation, limite, Raison.CARENCE)


def _au_bailleur(orientation: FaitsOrientation, le: date, raison: Raison) -> Imputation:
    return Imputation(le, raison, orientation.identifiant, None, "", orientation.date_orientation)


def _au_reservataire(orientation: FaitsOrientation, le: date, raison: Raison) -> Imputation:
    return Imputation(
        le,
        raison,
        orientation.identifiant,
        orientation.reservataire,
        orientation.sous_contingent,
        orientation.date_orientation,
    )
