"""Le cumul des dérogations d'une année : ce que les choix de l'agent ont donné à chacun, et s'il pourra le rembourser (RG-41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from attributions.chargement.moteur import AnneeDuMoteur
from attributions.domaine.codes import COMPTE_BAILLEUR, Issue
from attributions.domaine.faisabilite import attendre_par_commune
from attributions.domaine.faits_moteur import U
from attributions.domaine.rejeu import partie_de
from attributions.domaine.variantes import derogations_cumulees, peut_rembourser
from attributions.models import Orientation


@dataclass(frozen=True, slots=True)
class Derogation:
    """Ce que les choix de l'agent ont donné de plus (ou de moins) à un compte, en logements ; s'il pourra le rembourser."""

    compte: str
    nom: str
    solde: Fraction
    peut_rembourser: bool

    @property
    def est_une_avance(self) -> bool:
        """Vrai si le compte a reçu plus que proposé."""
        return self.solde > 0


def cumuler_les_derogations(chargee: AnneeDuMoteur, le: date) -> tuple[Derogation, ...]:
    """Le cumul de l'année, compte par compte (une requête).

    Une petite commune mise en avance ne peut pas rembourser : ce qu'elle acquerra d'ici le 31 décembre est moindre.
    """
    decidees = (
        Orientation.objects.filter(liberation_id__in=list(chargee.liberations.values()), decidee_le__isnull=False)
        .exclude(compte_propose="")
        .exclude(issue__in=[Issue.RENDU, Issue.RETIRE])
        .select_related("reservataire")
    )
    soldes = derogations_cumulees((partie_de(une.compte_propose), partie_de(une.compte)) for une in decidees)
    parties = {partie.code: partie for partie in chargee.faits.parties}
    attendus = attendre_par_commune(chargee.faits, le)
    cumul = []
    for compte, solde in soldes.items():
        partie = parties.get(compte)
        rembourse = compte == COMPTE_BAILLEUR or (partie is not None and peut_rembourser(partie, attendus, solde, le))
        nom = partie.nom if partie else ("Le bailleur" if compte == COMPTE_BAILLEUR else compte)
        cumul.append(Derogation(compte, nom, Fraction(solde, U), solde <= 0 or rembourse))
    return tuple(cumul)
