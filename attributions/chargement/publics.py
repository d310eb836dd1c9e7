"""Les publics de l'année, à ce jour : ce que montrent l'orientation et la séance (RG-50) ; le bilan les fige, ici ils courent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from attributions.chargement.comptes import noms_des_reservataires
from attributions.chargement.parcours import conventions_en_cause
from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, nommer_compte
from attributions.domaine.decompte import est_public_conforme
from attributions.domaine.publics import RELOGEMENTS, Indicateur, Menage, Objectif, mesurer
from attributions.models import Liberation, Orientation
from conventions.domaine.codes import Gestion
from conventions.models import Convention, SituationLogement
from flux_reservations.commun.calendrier import premier_janvier
from flux_reservations.socle.presentation import ecrire_taux


def mesurer_les_publics(bailleur_id: int, le: date, departement: str = "") -> tuple[Indicateur, ...]:
    """Les trois objectifs de RG-50 sur les baux signés du 1er janvier à ce jour : trois requêtes.

    Les mêmes baux qu'au bilan, relogements et mutations sans orientation compris ; hors du champ, ils n'y entrent pas. En gestion
    déléguée, un bail à un public qui n'est pas celui du compte est au bailleur (RG-46).
    """
    baux = list(_baux(bailleur_id, le, departement))
    productrices = {bail.pk: _productrice(bail) for bail in baux}
    conventions = conventions_en_cause([une for une in productrices.values() if une is not None])
    return mesurer((_menage(bail, productrices[bail.pk], conventions) for bail in baux), le)


def _baux(bailleur_id: int, le: date, departement: str) -> QuerySet[Liberation]:
    situations = SituationLogement.objects.filter(
        logement=OuterRef("logement_id"), periode__contains=OuterRef("date_bail")
    )
    baux = Liberation.objects.actives().filter(bailleur_id=bailleur_id, date_bail__range=(premier_janvier(le.year), le))
    if departement:
        baux = baux.du_departement(departement)
    orientations = Orientation.objects.select_related("reservataire", "liberation__logement__commune").order_by("rang")
    return (
        baux.exclude(Exists(situations.exclude(hors_champ="")))
        .annotate(est_en_qpv=Exists(situations.exclude(qpv="")))
        .prefetch_related(Prefetch("orientations", orientations))
    )


def _productrice(bail: Liberation) -> Orientation | None:
    """L'orientation qui a donné le bail : celle qui a abouti, à défaut la dernière en cours ou en carence."""
    lues = list(bail.orientations.all())
    for issue in (Issue.BAIL, Issue.EN_COURS):
        trouvees = [une for une in lues if une.issue == issue]
        if trouvees:
            return trouvees[-1]
    return lues[-1] if lues and lues[-1].issue == Issue.CARENCE else None


def _menage(bail: Liberation, orientation: Orientation | None, conventions: dict[int, Convention]) -> Menage:
    compte = type_ = public = ""
    if orientation is not None:
        convention = conventions.get(orientation.pk)
        reprise = orientation.issue == Issue.CARENCE
        deleguee = convention is not None and convention.gestion == Gestion.DELEGUEE
        non_conforme = deleguee and not est_public_conforme(orientation.public, orientation.sous_contingent)
        public = "" if reprise else orientation.public
        if orientation.reservataire is None or reprise or non_conforme:
            compte = type_ = COMPTE_BAILLEUR
        else:
            compte, type_ = orientation.reservataire.code, orientation.reservataire.type
    est_en_qpv: bool = bail.est_en_qpv  # type: ignore[attr-defined]  # annotation
    return Menage(compte, type_, public, est_en_qpv, bail.exclusion in RELOGEMENTS)


def dire_les_retards(indicateurs: Iterable[Indicateur]) -> dict[str, str]:
    """Par compte en dessous de son objectif de prioritaires, la phrase qui le dit à l'orientation (RG-50)."""
    return {
        un.compte: (
            f"Ménages prioritaires : {ecrire_taux(un.pourcentage, 0)} de ses baux de l'année ({un.servis} sur {un.total}), "
            f"{ecrire_taux(un.pourcentage_attendu, 0)} attendus."
        )
        for un in indicateurs
        if un.objectif is Objectif.PRIORITAIRES and un.est_tenu is False
    }


def avec_leur_nom(indicateurs: Iterable[Indicateur]) -> list[tuple[Indicateur, str]]:
    """Chaque indicateur et le nom lisible de son compte, pour les écrans (une requête)."""
    lus = list(indicateurs)
    noms = noms_des_reservataires(un.compte for un in lus)
    return [(un, nommer_compte(un.compte, noms) if un.compte else "Tous les baux") for un in lus]
