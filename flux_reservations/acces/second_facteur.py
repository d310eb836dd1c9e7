"""Le second facteur (TOTP) : obligatoire pour qui signe ou publie, vérifié à chaque connexion dès qu'il existe (domaine.md § 6)."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any, cast

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from flux_reservations.acces.middleware import RequeteConnue
from flux_reservations.acces.models import GenreConnexion, Utilisateur
from flux_reservations.acces.sessions import noter
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.socle import rls

NOM_TOTP = "application"
NOM_SECOURS = "secours"
NOMBRE_DE_CODES = 10
OUVERTES_SANS = frozenset(
    {
        "second_facteur", "second_facteur_activer", "deconnexion", "theme", "choisir_organisme", "accueil", "regles", "regles_au",
        "accessibilite",
    }
)  # fmt: skip
"""Adresses ouvertes à qui n'a pas encore passé le second facteur : elles ne montrent rien de privé."""


class SecondFacteurMiddleware:
    """Tant que le second facteur manque, la personne n'agit pas : elle est menée à la page qui le demande ou l'active."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Laisse passer : tout se joue quand la vue est connue."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, vue: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Ramène à l'anonymat et renvoie vers le second facteur, s'il est attendu."""
        del vue, args, kwargs
        requete = cast("RequeteConnue", request)
        manque = second_facteur_manquant(requete)
        if not manque:
            return None
        requete.acteur = Acteur.anonyme()
        rls.poser(rls.ANONYME)
        nom = requete.resolver_match.url_name if requete.resolver_match else ""
        if nom in OUVERTES_SANS:
            return None
        if requete.path.startswith("/api/"):
            probleme = {
                "type": "about:blank",
                "title": "Acte non permis",
                "status": 403,
                "detail": "Second facteur attendu.",
            }
            return JsonResponse(probleme, status=403, content_type="application/problem+json")
        return redirect(manque)


def second_facteur_manquant(request: RequeteConnue) -> str:
    """Nom de la page à ouvrir : `second_facteur` (à vérifier), `second_facteur_activer` (à activer), ou vide si rien ne manque."""
    personne = request.user
    if not settings.SECOND_FACTEUR or not isinstance(personne, Utilisateur) or personne.is_verified():  # type: ignore[attr-defined]  # django-otp
        return ""
    with rls.en_identification():
        if TOTPDevice.objects.filter(user=personne, confirmed=True).exists():
            return "second_facteur"
    signe = any(
        Role(rattachement.role) in {Role.RESPONSABLE, Role.ADMINISTRATEUR} for rattachement in request.rattachements
    )
    return "second_facteur_activer" if signe else ""


@rls.identifie
def preparer(personne: Utilisateur) -> TOTPDevice:
    """L'appareil à confirmer de cette personne, créé au besoin."""
    appareil, _ = TOTPDevice.objects.get_or_create(user=personne, name=NOM_TOTP, confirmed=False)
    return cast("TOTPDevice", appareil)


@rls.identifie
def confirmer(request: RequeteConnue, code: str) -> list[str]:
    """Confirme l'appareil par un premier code et rend les codes de secours ; liste vide si le code est faux."""
    personne = cast("Utilisateur", request.user)
    appareil = preparer(personne)
    if not appareil.verify_token(code):
        noter(GenreConnexion.SECOND_FACTEUR_ECHEC, request, personne)
        return []
    TOTPDevice.objects.filter(user=personne, confirmed=True).delete()
    appareil.confirmed = True
    appareil.save()
    otp_login(request, appareil)
    noter(GenreConnexion.SECOND_FACTEUR, request, personne)
    return tirer_codes_de_secours(personne)


@rls.identifie
def verifier(request: RequeteConnue, code: str) -> bool:
    """Vérifie un code de l'application, ou un code de secours (qui ne sert qu'une fois) ; django-otp freine les essais."""
    personne = cast("Utilisateur", request.user)
    appareil = match_token(personne, code)
    if appareil is None:
        noter(GenreConnexion.SECOND_FACTEUR_ECHEC, request, personne)
        return False
    otp_login(request, appareil)
    noter(GenreConnexion.SECOND_FACTEUR, request, personne)
    return True


@rls.identifie
def tirer_codes_de_secours(personne: Utilisateur) -> list[str]:
    """Dix codes neufs, montrés une fois ; les anciens ne valent plus rien."""
    appareil, _ = StaticDevice.objects.get_or_create(user=personne, name=NOM_SECOURS)
    appareil.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(NOMBRE_DE_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=appareil, token=code) for code in codes])
    return codes


@rls.identifie
def retirer(personne: Utilisateur) -> None:
    """Retire le second facteur d'une personne et ses codes de secours."""
    TOTPDevice.objects.filter(user=personne).delete()
    StaticDevice.objects.filter(user=personne).delete()


@rls.identifie
def etat(personne: Utilisateur) -> tuple[bool, int]:
    """Le second facteur est-il actif, et combien de codes de secours restent."""
    actif = TOTPDevice.objects.filter(user=personne, confirmed=True).exists()
    return actif, StaticToken.objects.filter(device__user=personne).count()


def image_du_code(appareil: TOTPDevice) -> str:
    """Le code QR de l'appareil, en adresse `data:` (SVG)."""
    tampon = io.BytesIO()
    qrcode.make(appareil.config_url, image_factory=qrcode.image.svg.SvgPathImage, box_size=12).save(tampon)
    return f"data:image/svg+xml;base64,{base64.b64encode(tampon.getvalue()).decode()}"


def secret_en_clair(appareil: TOTPDevice) -> str:
    """Le secret à saisir à la main, en base 32 par groupes de quatre."""
    secret = base64.b32encode(appareil.bin_key).decode().rstrip("=")
    return " ".join(secret[debut : debut + 4] for debut in range(0, len(secret), 4))
