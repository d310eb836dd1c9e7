"""Les droits nés d'une garantie d'emprunt, leur extinction, et l'information du garant (RG-23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from conventions.domaine.codes import Contrepartie
from conventions.domaine.egalite import GarantieEteinte, lire_garantie_eteinte
from conventions.models import Convention, Droit
from flux_reservations.commun.acteur import Acteur
from flux_reservations.notifications.models import Envoi, GenreEnvoi


@dataclass(frozen=True, slots=True)
class GarantieLue:
    """Un droit né d'une garantie ; `eteinte` si l'emprunt est remboursé, `informe_le` si le garant en a été informé."""

    droit: int
    convention: int
    numero: str
    garant: str
    taux: Decimal
    montant: Decimal | None
    eteinte: GarantieEteinte | None
    informe_le: date | None


def charger_garanties(acteur: Acteur, departement: str) -> list[GarantieLue]:
    """Les garanties des conventions signées de l'acteur dans ce département, versions remplacées exceptées ; prorogées d'abord."""
    a_venir = Q(periode_vigueur__endswith__isnull=True) | Q(periode_vigueur__endswith__gt=timezone.localdate())
    visibles = Convention.objects.visibles_par(acteur).signees().filter(a_venir, departement_id=departement)
    droits = list(
        Droit.objects.filter(convention__in=visibles, contrepartie=Contrepartie.GARANTIE_EMPRUNT)
        .select_related("convention__reservataire")
        .order_by("pk")
    )
    informes = dates_d_information(droits)
    lues = [_lire(droit, informes.get(droit.pk)) for droit in droits]
    return sorted(lues, key=lambda une: (une.eteinte.echeance if une.eteinte else date.max, une.garant, une.droit))


def chercher_droit(acteur: Acteur, droit_id: int) -> Droit | None:
    """Un droit d'une convention que l'acteur voit, sa convention et son réservataire compris ; None sinon."""
    return (
        Droit.objects.filter(pk=droit_id, convention__in=Convention.objects.visibles_par(acteur))
        .select_related("convention__bailleur", "convention__reservataire")
        .first()
    )


def _lire(droit: Droit, informe_le: date | None) -> GarantieLue:
    code = droit.convention.reservataire.code
    return GarantieLue(
        droit=droit.pk,
        convention=droit.convention_id,
        numero=droit.convention.numero,
        garant=droit.convention.reservataire.nom,
        taux=droit.taux,
        montant=droit.montant_garanti,
        eteinte=lire_garantie_eteinte(code, droit.dernier_versement) if droit.dernier_versement else None,
        informe_le=informe_le,
    )


def dates_d_information(droits: Iterable[Droit]) -> dict[int, date]:
    """Par droit, le jour où le garant a été informé ; la même garantie, reprise par un avenant, en hérite (deux requêtes)."""
    emprunts = {droit.pk: _emprunt(droit) for droit in droits if droit.dernier_versement}
    versions = Droit.objects.filter(
        Q(convention__origine_id__in={compte for compte, *_ in emprunts.values()})
        | Q(convention_id__in={compte for compte, *_ in emprunts.values()}),
        dernier_versement__isnull=False,
    ).select_related("convention")
    memes = {str(version.pk): _emprunt(version) for version in versions}
    envois = Envoi.objects.filter(
        genre=GenreEnvoi.GARANTIE_ETEINTE, objet_type="conventions.droit", objet_cle__in=list(memes)
    ).order_by("-depose_le")
    informes = {
        memes[envoi.objet_cle]: timezone.localtime(envoi.depose_le).date() for envoi in envois if envoi.depose_le
    }
    return {droit: informes[emprunt] for droit, emprunt in emprunts.items() if emprunt in informes}


def _emprunt(droit: Droit) -> tuple[int, date | None, Decimal | None]:
    """Ce qui fait reconnaître le même emprunt d'une version de la convention à la suivante."""
    return droit.convention.compte_id, droit.dernier_versement, droit.montant_garanti
