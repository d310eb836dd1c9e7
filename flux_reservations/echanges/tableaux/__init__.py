"""Les tableaux de formats.md § 1, dans l'ordre où ils s'importent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flux_reservations.echanges.lecture.fichiers import normaliser_entete
from flux_reservations.echanges.tableau import Tableau
from flux_reservations.echanges.tableaux.bilans import Bilans
from flux_reservations.echanges.tableaux.cadre import Carnet, Concertations, Manquements, PartsDeConcertation
from flux_reservations.echanges.tableaux.candidats import Candidats
from flux_reservations.echanges.tableaux.conventions import Conventions
from flux_reservations.echanges.tableaux.dialogue import Commentaires, Complements, Gabarits, VersionsProposees
from flux_reservations.echanges.tableaux.droits import Droits
from flux_reservations.echanges.tableaux.envois import Demandes, Envois
from flux_reservations.echanges.tableaux.fiches import FichesRpls
from flux_reservations.echanges.tableaux.liberations import Liberations
from flux_reservations.echanges.tableaux.occupations import Occupations
from flux_reservations.echanges.tableaux.organismes import Bailleurs, Reservataires
from flux_reservations.echanges.tableaux.orientations import Orientations
from flux_reservations.echanges.tableaux.patrimoine import Patrimoine
from flux_reservations.echanges.tableaux.pieces import Contenus, Pieces
from flux_reservations.echanges.tableaux.previsions import Previsions
from flux_reservations.echanges.tableaux.rpls import Rpls
from flux_reservations.echanges.tableaux.rpls_codes import est_rpls
from flux_reservations.echanges.tableaux.seances import Inscriptions, Seances
from flux_reservations.echanges.tableaux.situations import Situations
from flux_reservations.echanges.tableaux.soldes import SoldesOuverture
from flux_reservations.echanges.tableaux.stock import ReservationsStock

TABLEAUX: tuple[type[Tableau], ...] = (
    Bailleurs,
    Reservataires,
    Patrimoine,
    Situations,
    FichesRpls,
    ReservationsStock,
    Conventions,
    Droits,
    SoldesOuverture,
    Liberations,
    Orientations,
    Candidats,
    Seances,
    Inscriptions,
    Previsions,
    Occupations,
    Contenus,
    Pieces,
    Gabarits,
    VersionsProposees,
    Complements,
    Commentaires,
    Carnet,
    Concertations,
    PartsDeConcertation,
    Manquements,
    Bilans,
    Envois,
    Demandes,
)
"""Ordre d'import : ce qui est cité avant ce qui cite."""

REGISTRE_COMMUN: Final = (Bailleurs.nom, Reservataires.nom)
"""Tableaux communs à la plateforme : son administration les importe, et rien d'autre ; un agent de bailleur ne les dépose pas."""
RESERVES: Final = frozenset(REGISTRE_COMMUN) | {tableau.nom for tableau in TABLEAUX if tableau.a_l_administration}
"""Tableaux qu'un agent n'importe pas."""
RPLS = "rpls"


def types_de_fichier() -> list[tuple[str, frozenset[str]]]:
    """Débuts de nom de fichier, dans l'ordre d'import, et colonnes connues de chacun."""
    types: list[tuple[str, frozenset[str]]] = []
    for tableau in TABLEAUX:
        colonnes = frozenset(colonne.nom for colonne in tableau.colonnes)
        if tableau is Patrimoine:
            rpls = frozenset(Rpls().colonnes_lues())
            types += [(Patrimoine.nom, colonnes | rpls), (RPLS, rpls)]
        else:
            types.append((tableau.nom, colonnes))
    return types


def choisir_tableau(type_: str, entete: Sequence[str]) -> Tableau:
    """Le tableau d'un fichier : celui de son nom, ou le RPLS si ses en-têtes le disent."""
    if type_ == RPLS or (type_ == Patrimoine.nom and est_rpls([normaliser_entete(nom) for nom in entete])):
        return Rpls()
    return next(tableau for tableau in TABLEAUX if tableau.nom == type_)()
