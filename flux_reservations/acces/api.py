"""L'authentification de l'API : jeton d'organisme ou session ; l'acteur est posé sur la requête (formats.md § 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from flux_reservations.acces.jetons import CleIdempotence, Jeton, empreinte_de
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import Conflit
from flux_reservations.socle import rls

if TYPE_CHECKING:  # rest_framework.views lit ces classes pendant son propre chargement
    from rest_framework.views import APIView

EMPLOI_NOTE_TOUTES_LES = timedelta(minutes=1)
CLE_AU_PLUS = 200
"""Caractères d'une `Idempotency-Key`."""
ECRITURES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class PorteurDeJeton:
    """Qui présente un jeton : pas une personne, un organisme et un usage."""

    is_authenticated = True
    is_active = True

    def __init__(self, jeton: Jeton) -> None:
        self.jeton = jeton
        self.pk = f"jeton-{jeton.pk}"


class AuthentificationParJeton(authentication.BaseAuthentication):
    """`Authorization: Jeton flux_…` ; un jeton révoqué ou expiré est refusé."""

    mot = "Jeton"

    def authenticate(self, request: Request) -> tuple[PorteurDeJeton, Jeton] | None:
        """Le porteur, ou None si la requête ne présente pas de jeton."""
        mot, _, secret = request.headers.get("Authorization", "").partition(" ")
        if mot.lower() not in {"jeton", "bearer"}:
            return None
        jeton = reconnaitre(secret.strip())
        if jeton is None:
            msg = "Jeton inconnu, révoqué ou expiré : demandez-en un nouveau au responsable de votre organisme."
            raise exceptions.AuthenticationFailed(msg)
        acteur = jeton.acteur()
        cast("Any", request._request).acteur = acteur  # noqa: SLF001 : la requête Django que DRF enveloppe
        rls.poser(rls.contexte_de(acteur))
        return PorteurDeJeton(jeton), jeton

    def authenticate_header(self, request: Request) -> str:
        """Ce qui fait répondre 401 plutôt que 403."""
        del request
        return self.mot


@rls.identifie
def reconnaitre(secret: str) -> Jeton | None:
    """Le jeton valable de ce secret, son emploi noté au plus une fois par minute ; None s'il n'y en a pas."""
    instant = timezone.now()
    jeton = Jeton.objects.valables(instant).select_related("organisme").filter(empreinte=empreinte_de(secret)).first()
    if jeton and (jeton.dernier_emploi is None or instant - jeton.dernier_emploi > EMPLOI_NOTE_TOUTES_LES):
        Jeton.objects.filter(pk=jeton.pk).update(dernier_emploi=instant)
    return jeton


class Connecte(permissions.BasePermission):
    """Une session ou un jeton ; une écriture exige un rôle de gestionnaire."""

    message = "Ce jeton, ou votre rôle, ne permet que la lecture."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Vrai si l'acteur peut faire cette sorte de demande."""
        del view
        acteur = acteur_de(request)
        if acteur.nature in {Nature.ANONYME, Nature.CALEOL}:
            return False
        return request.method not in ECRITURES or acteur.peut(Role.GESTIONNAIRE)


class LimiteParPorteur(SimpleRateThrottle):
    """Limite de débit par jeton ou par personne."""

    scope = "porteur"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Une clé par porteur ; l'anonyme est déjà refusé."""
        del view
        utilisateur = request.user
        return f"debit-{getattr(utilisateur, 'pk', None) or self.get_ident(request)}"


def acteur_de(request: Request) -> Acteur:
    """L'acteur de la requête : celui du jeton, ou celui de la session."""
    enveloppee = cast("Any", request._request)  # noqa: SLF001 : la requête Django que DRF enveloppe
    if isinstance(request.user, Utilisateur | PorteurDeJeton):
        acteur: Acteur = getattr(enveloppee, "acteur", Acteur.anonyme())
        return acteur
    return Acteur.anonyme()


def rejouable(action: Callable[..., Response]) -> Callable[..., Response]:
    """Rend une écriture idempotente par `Idempotency-Key` : la même clé rend la même réponse, une autre demande est refusée (409).

    La clé est prise dans la transaction de l'écriture : deux requêtes simultanées ne s'exécutent qu'une fois.
    """

    def executer(vue: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        cle = request.headers.get("Idempotency-Key", "").strip()
        if len(cle) > CLE_AU_PLUS:
            raise exceptions.ValidationError({"Idempotency-Key": [f"Au plus {CLE_AU_PLUS} caractères."]})
        acteur = acteur_de(request)
        if not cle or acteur.organisme_id is None:
            return action(vue, request, *args, **kwargs)
        empreinte = _empreinte_de_la_demande(request)
        with transaction.atomic():
            gardee = _prendre_cle(acteur.organisme_id, cle, empreinte)
            if gardee.statut is not None:
                reponse = Response(gardee.reponse, status=gardee.statut)
                reponse["Idempotency-Replayed"] = "true"
                return reponse
            reponse = action(vue, request, *args, **kwargs)
            gardee.statut, gardee.reponse = reponse.status_code, json.loads(json.dumps(reponse.data, default=str))
            gardee.save(update_fields=["statut", "reponse"])
        return reponse

    executer.__name__, executer.__doc__ = action.__name__, action.__doc__
    return executer


def _empreinte_de_la_demande(request: Request) -> str:
    """Ce qui est demandé, fichiers compris : la même clé ne vaut que pour la même demande."""
    corps: Any = request.data
    if isinstance(corps, QueryDict):
        corps = {nom: [_resumer(valeur) for valeur in corps.getlist(nom)] for nom in corps}
    contenu = json.dumps([request.method, request.path, corps], sort_keys=True, default=str)
    return hashlib.sha256(contenu.encode()).hexdigest()


def _resumer(valeur: Any) -> Any:
    """Un fichier par son nom et l'empreinte de ses octets ; le reste tel quel."""
    if not isinstance(valeur, UploadedFile):
        return valeur
    empreinte = hashlib.sha256()
    for morceau in valeur.chunks():
        empreinte.update(morceau)
    valeur.seek(0)
    return [valeur.name, empreinte.hexdigest()]


def _prendre_cle(organisme_id: int, cle: str, empreinte: str) -> CleIdempotence:
    try:
        with transaction.atomic():
            return CleIdempotence.objects.create(organisme_id=organisme_id, cle=cle, empreinte_requete=empreinte)
    except IntegrityError:
        gardee = CleIdempotence.objects.select_for_update().get(organisme_id=organisme_id, cle=cle)
    if gardee.empreinte_requete != empreinte:
        msg = "Cette clé d'idempotence a servi à une autre demande : tirez-en une nouvelle."
        raise Conflit(msg)
    return gardee
