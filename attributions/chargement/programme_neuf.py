"""Le compteur à part d'un programme neuf : premières mises en location faites et à faire, par compte (RG-22)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import OuterRef, Subquery

from attributions.domaine.codes import NatureLiberation
from attributions.models import Liberation, Orientation
from conventions.models import Concertation, PartConcertation
from flux_reservations.droit.taux import PART_MAXIMALE_ETAT

Compte = tuple[int | None, str]
"""Un réservataire (vide : le bailleur) et son sous-contingent."""


@dataclass(frozen=True, slots=True)
class LigneDuCompteur:
    """Une part : ce qui est demandé, arrêté, orienté, loué."""

    part: PartConcertation
    orientes: int
    loues: int

    @property
    def reste(self) -> int | None:
        """Logements arrêtés qui ne sont pas encore loués ; vide tant que rien n'est arrêté."""
        return None if self.part.arretes is None else self.part.arretes - self.loues


@dataclass(frozen=True, slots=True)
class CompteurDuProgramme:
    """Le programme entier."""

    lignes: tuple[LigneDuCompteur, ...]
    logements: int

    @property
    def loues(self) -> int:
        """Premières mises en location faites."""
        return sum(ligne.loues for ligne in self.lignes)

    @property
    def arretes(self) -> int:
        """Logements répartis."""
        return sum(ligne.part.arretes or 0 for ligne in self.lignes)

    @property
    def part_de_l_etat(self) -> Fraction:
        """Part de l'État dans la répartition arrêtée, en % ; à défaut, dans ce qu'il demande."""
        etat = [ligne.part for ligne in self.lignes if ligne.part.reservataire and ligne.part.reservataire.est_etat]
        retenus = sum((part.arretes if part.arretes is not None else part.demandes) or 0 for part in etat)
        return Fraction(100 * retenus, self.logements)


def charger_compteur(concertation: Concertation, parts: Iterable[PartConcertation]) -> CompteurDuProgramme:
    """Compte les premières locations des logements du programme, au compte de leur dernière orientation (une requête)."""
    derniere = Orientation.objects.filter(liberation=OuterRef("pk")).order_by("-rang")
    lignes = (
        Liberation.objects.actives()
        .filter(
            bailleur_id=concertation.bailleur_id,
            nature=NatureLiberation.PREMIERE_LOCATION,
            logement__programme=concertation.programme,
            logement__commune_id=concertation.commune_id,
        )
        .annotate(
            orientation=Subquery(derniere.values("pk")[:1]),
            titulaire=Subquery(derniere.values("reservataire_id")[:1]),
            contingent=Subquery(derniere.values("sous_contingent")[:1]),
        )
        .values_list("orientation", "titulaire", "contingent", "date_bail")
    )
    orientes: Counter[Compte] = Counter()
    loues: Counter[Compte] = Counter()
    for orientation, titulaire, contingent, date_bail in lignes:
        if orientation is None:
            continue
        compte = (titulaire, contingent or "")
        orientes[compte] += 1
        loues[compte] += date_bail is not None
    return CompteurDuProgramme(
        tuple(
            LigneDuCompteur(
                part,
                orientes[part.reservataire_id, part.sous_contingent],
                loues[part.reservataire_id, part.sous_contingent],
            )
            for part in parts
        ),
        concertation.logements,
    )


def seuil_de_l_etat(concertation: Concertation) -> Fraction:
    """La part que l'État suit aussi sur le neuf, en %."""
    return Fraction(PART_MAXIMALE_ETAT.valeur(concertation.livraison_le)) * 100
