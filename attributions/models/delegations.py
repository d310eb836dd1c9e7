"""Ce qui est à la disposition d'un organisme : ses orientations, et celles des comptes dont il est délégataire (RG-26)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.expressions import RawSQL

from flux_reservations.commun.acteur import Acteur


def a_disposition_de(acteur: Acteur, champ: str = "pk") -> models.QuerySet[Any, Any]:
    """Orientations mises à la disposition de l'organisme, ou d'un titulaire qui lui délègue ses droits à la date d'orientation.

    Un service de l'État borné à un sous-contingent n'a que les siennes.

    Rend la colonne `champ` (`pk`, `liberation_id`), à mettre dans un `__in`. La fonction `flux_orientations_deleguees` est celle des
    politiques de lignes : elle part des conventions de l'organisme, et ne coûte rien à qui n'est délégataire de personne.
    """
    orientation: Any = apps.get_model("attributions", "Orientation")
    notifiees = orientation.objects.filter(date_mise_a_disposition__isnull=False).order_by()
    deleguees = RawSQL("SELECT flux_orientations_deleguees(%s)", [acteur.organisme])
    siennes = notifiees.filter(reservataire_id=acteur.organisme)
    if acteur.service:
        siennes = siennes.filter(sous_contingent__in=acteur.sous_contingents)
    lignes: models.QuerySet[Any, Any] = siennes.values(champ)
    return lignes.union(notifiees.filter(pk__in=deleguees).values(champ))
