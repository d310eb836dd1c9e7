"""Le dossier des essais du parcours : un logement orienté, ses acteurs, et les gestes qui le font avancer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from attributions.actions.candidats import presenter_candidat
from attributions.actions.commission import DecisionCandidat, PeuDeCandidats, decider
from attributions.actions.mise_a_disposition import mettre_a_disposition
from attributions.actions.seances import inscrire, prevoir_seance
from attributions.models import Liberation, Orientation, Seance
from conventions.models import Convention, Reservataire
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

NUMERO = "094120260001234567"


@dataclass
class Dossier:
    """Un logement disponible le 3 mars 2025, orienté vers la CAF ce jour-là."""

    agent: Acteur
    caf: Acteur
    reservataire: Reservataire
    convention: Convention
    liberation: Liberation
    orientation: Orientation

    def a_disposition(self) -> Orientation:
        return mettre_a_disposition(acteur=self.agent, orientation_id=self.orientation.pk, le=date(2025, 3, 3))

    def avec_candidats(self, *numeros: str) -> list[int]:
        self.a_disposition()
        return [
            presenter_candidat(
                acteur=self.caf, orientation_id=self.orientation.pk, numero_demande=numero, le=date(2025, 3, 10)
            )[0].pk
            for numero in numeros
        ]

    def en_seance(self) -> tuple[Seance, int]:
        seance = prevoir_seance(acteur=self.agent, bailleur_id=self.liberation.bailleur_id, le=date(2025, 3, 20))
        return seance, inscrire(acteur=self.agent, seance_id=seance.pk, orientation_id=self.orientation.pk).pk

    def attribuer(self, inscription: int, *candidats: int) -> None:
        """La commission attribue, par rang s'il y en a plusieurs ; moins de trois demandes : le motif."""
        genre = "rang" if len(candidats) > 1 else "attribution"
        decider(
            acteur=self.agent,
            inscription_id=inscription,
            decisions={candidat: DecisionCandidat(genre, rang) for rang, candidat in enumerate(candidats, start=1)},
            peu_de_candidats=PeuDeCandidats("insuffisance"),
        )


def creer_dossier() -> Dossier:
    """Le bailleur, la CAF et leur convention : trente jours pour présenter."""
    bailleur = creer_bailleur()
    caf = creer_reservataire("CAF94")
    convention = creer_convention(bailleur, caf, delai_presentation_jours=30)
    liberation = creer_liberation(creer_logement(bailleur), date(2025, 3, 3))
    orientation = creer_orientation(liberation, caf)
    return Dossier(acteur_de(bailleur, Role.RESPONSABLE), acteur_de(caf), caf, convention, liberation, orientation)


def code_de(appel: pytest.ExceptionInfo[ErreurMetier]) -> str:
    return appel.value.code
