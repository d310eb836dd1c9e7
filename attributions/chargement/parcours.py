"""Charger le parcours d'orientations : la convention en vigueur à la date d'orientation donne les modalités (RG-46)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from attributions.domaine.codes import DECISIONS_FAVORABLES
from attributions.domaine.parcours import Offre, Parcours
from attributions.models import Candidat, Inscription, Orientation
from conventions.domaine.codes import Gestion
from conventions.models import Convention


def avec_parcours(orientations: QuerySet[Orientation]) -> QuerySet[Orientation]:
    """Les mêmes orientations, avec tout ce qu'il faut pour lire leur parcours (quatre requêtes en tout)."""
    return orientations.select_related(
        "reservataire", "liberation__logement__commune", "liberation__bailleur"
    ).prefetch_related(
        Prefetch("candidats", Candidat.objects.order_by("rang_caleol", "id")),
        Prefetch("inscriptions", Inscription.objects.select_related("seance").order_by("seance__date", "ordre")),
    )


def conventions_en_cause(orientations: Iterable[Orientation]) -> dict[int, Convention]:
    """Convention à laquelle chaque orientation se rattache, par identifiant d'orientation : une requête, la lecture du décompte.

    Celle qui court ce jour-là ; à défaut la plus récente qui a couru avant, sinon la première qui court ensuite (RG-46, choix 3).

    Pour le repli (RG-19), celle de l'État : c'est lui le réservataire de l'orientation.
    """
    orientations = [orientation for orientation in orientations if orientation.reservataire_id]
    if not orientations:
        return {}
    parties = {
        (
            orientation.liberation.bailleur_id,
            orientation.reservataire_id,
            orientation.liberation.logement.commune.departement_id,
        )
        for orientation in orientations
    }
    condition = Q(
        bailleur__in={bailleur for bailleur, _, _ in parties},
        reservataire__in={reservataire for _, reservataire, _ in parties},
        departement__in={departement for _, _, departement in parties},
    )
    par_parties: dict[tuple[int, int | None, str], list[Convention]] = {}
    for convention in Convention.objects.signees().filter(condition):
        par_parties.setdefault(
            (convention.bailleur_id, convention.reservataire_id, convention.departement_id), []
        ).append(convention)
    trouvees: dict[int, Convention] = {}
    for orientation in orientations:
        cle = (
            orientation.liberation.bailleur_id,
            orientation.reservataire_id,
            orientation.liberation.logement.commune.departement_id,
        )
        versions = sorted(par_parties.get(cle, []), key=_debut)
        anterieures = [une for une in versions if _debut(une) <= orientation.date_orientation]
        if versions:
            trouvees[orientation.pk] = anterieures[-1] if anterieures else versions[0]
    return trouvees


def _debut(convention: Convention) -> date:
    return convention.date_effet or convention.date_signature or date.max


def lire_parcours(orientation: Orientation, convention: Convention | None) -> Parcours:
    """Le parcours d'une orientation chargée par `avec_parcours`.

    Les offres sont celles de la dernière décision : un candidat retenu puis défaillant d'une séance d'avant n'attend plus rien.
    """
    candidats = list(orientation.candidats.all())
    return Parcours(
        est_au_bailleur=orientation.reservataire_id is None,
        est_deleguee=convention is not None and convention.gestion == Gestion.DELEGUEE,
        date_orientation=orientation.date_orientation,
        issue=orientation.issue,
        mise_a_disposition=orientation.date_mise_a_disposition,
        proposition=orientation.date_proposition,
        caleol=orientation.date_caleol,
        decision=orientation.decision,
        delai_jours=convention.delai_presentation_jours if convention else None,
        delai_unite=convention.delai_unite if convention else "calendaires",
        limite_prolongee=orientation.date_limite_prolongee,
        offres=tuple(
            Offre(rang=candidat.rang_caleol, notification=candidat.date_notification, reponse=candidat.reponse)
            for candidat in candidats
            if candidat.rang_caleol is not None
            and candidat.decision in DECISIONS_FAVORABLES
            and candidat.date_examen in {None, orientation.date_caleol}
        ),
        a_examiner=sum(not candidat.decision for candidat in candidats) if candidats else None,
    )
