"""Les services de l'État : une personne peut n'agir que pour un sous-contingent, « agents » ou « prioritaires » (domaine.md § 6)."""

from __future__ import annotations

from django.db import models

from flux_reservations.commun.acteur import Acteur, Service

SERVICES = [
    (Service.PRIORITAIRES.value, "Service des publics prioritaires"),
    (Service.AGENTS.value, "Service des agents de l'État"),
]


def champ_service() -> models.CharField[str, str]:
    """Le service d'une personne ; vide : tout le contingent."""
    return models.CharField("service de l'État", max_length=12, choices=SERVICES, blank=True)


def service_borne(nom: str) -> models.CheckConstraint:
    """Contrainte : une personne bornée à un service n'est pas responsable, elle se donnerait sinon l'autre service."""
    return models.CheckConstraint(
        condition=models.Q(service="")
        | models.Q(service__in=[code for code, _ in SERVICES], role__in=["lecteur", "gestionnaire"]),
        name=nom,
        violation_error_message="Un service borné à un sous-contingent n'a que des lecteurs et des gestionnaires.",
    )


def du_service(acteur: Acteur, prefixe: str = "") -> dict[str, list[str]]:
    """Filtre d'un champ `service` : ce qui regarde tout l'organisme, et ce qui regarde le service de l'acteur ; rien s'il a tout."""
    return {f"{prefixe}service__in": ["", acteur.service.value]} if acteur.service else {}
