"""Le routeur de l'API `/api/v1/` : il réunit les ressources de chaque application (formats.md § 3)."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from attributions.api import RESSOURCES as ATTRIBUTIONS
from bilans.api import RESSOURCES as BILANS
from conventions.api import RESSOURCES as CONVENTIONS
from flux_reservations.acces.api import AuthentificationParJeton
from flux_reservations.echanges.api import RESSOURCES as ECHANGES
from flux_reservations.notifications.api import RESSOURCES as NOTIFICATIONS


class SchemaJeton(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # bibliothèque sans types
    """Le jeton dans le document OpenAPI."""

    target_class = AuthentificationParJeton
    name = "jeton"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Un en-tête `Authorization`."""
        del auto_schema
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Jeton flux_…"}


routeur = SimpleRouter()
# Une ressource des échanges remplace celle du même nom : elle y ajoute l'écriture.
for prefixe, vues in dict([*CONVENTIONS, *ATTRIBUTIONS, *BILANS, *NOTIFICATIONS, *ECHANGES]).items():
    routeur.register(prefixe, vues, basename=f"api-{prefixe}")

urlpatterns = [
    path(
        "schema/",
        SpectacularAPIView.as_view(permission_classes=[AllowAny], authentication_classes=[]),
        name="api_schema",
    ),
    path(
        "docs/",
        SpectacularSwaggerView.as_view(url_name="api_schema", permission_classes=[AllowAny], authentication_classes=[]),
        name="api_docs",
    ),
    path("", include(routeur.urls)),
]
