"""Aller chez le fournisseur d'identité et en revenir : ouvert à qui n'est pas encore connecté."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from flux_reservations.socle import rls

demander = login_not_required(OIDCAuthenticationRequestView.as_view())
recevoir = login_not_required(rls.identifie(OIDCAuthenticationCallbackView.as_view()))
