"""Ce que toute page reçoit : l'acteur, son organisme, la navigation, l'apparence."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from flux_reservations.acces.models import Rattachement
from flux_reservations.acces.navigation import naviguer
from flux_reservations.commun.acteur import Acteur

THEMES = frozenset({"clair", "sombre"})


def interface(request: HttpRequest) -> dict[str, Any]:
    """Variables communes des gabarits (`base.html` et `composants/`)."""
    acteur: Acteur = getattr(request, "acteur", Acteur.anonyme())
    rattachements: list[Rattachement] = getattr(request, "rattachements", [])
    actif = rattachements[0] if rattachements else None
    theme = request.COOKIES.get("theme", "")
    page = request.resolver_match.url_name if request.resolver_match else ""
    return {
        "acteur": acteur,
        "organisme_actif": actif.organisme if actif else None,
        "role_actif": _role_et_service(actif) if actif else "",
        "autres_rattachements": rattachements[1:],
        "navigation": naviguer(acteur, page or ""),
        "theme": theme if theme in THEMES else "",
        "demo": settings.DEMO,
    }


def _role_et_service(rattachement: Rattachement) -> str:
    """« Gestionnaire, service des agents de l'État » : au nom de quoi la personne agit."""
    role, service = rattachement.get_role_display(), rattachement.get_service_display()
    return f"{role}, {service[0].lower()}{service[1:]}" if rattachement.service else role
