"""L'accès croisé : chaque profil, par chaque voie, tente de lire ou d'écrire chez un autre ; tout est refusé (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from attributions.models import Liberation
from flux_reservations.acces.models import Utilisateur
from tests.acces.monde import Monde, batir_monde

REFUS = frozenset({302, 401, 403, 404})
INTRUS = ("bailleur_b", "caf", "epci", "etat_voisin", "plateforme", "caleol", "anonyme")


@dataclass
class Terrain:
    """Le monde, un navigateur par intrus, et ce que chacun ne doit jamais lire."""

    monde: Monde
    clients: dict[str, Client]
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def terrain(django_db_setup: None, django_db_blocker: Any) -> Iterator[Terrain]:
    """Bâti une fois."""
    del django_db_setup
    with django_db_blocker.unblock(), transaction.atomic():
        monde = batir_monde()
        clients = {nom: _connecter(monde, nom) for nom in INTRUS}
        secrets = (monde.liberation_a.numero, monde.liberation_a.logement.identifiant, "094032500000000001")
        yield Terrain(monde, clients, secrets)
        transaction.set_rollback(True)


def _connecter(monde: Monde, nom: str) -> Client:
    client = Client(raise_request_exception=False)
    acteur = monde.acteurs[nom]
    if acteur.utilisateur_id is not None:
        client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    return client


def _adresses(nom: str, cle: Callable[[Monde], list[Any]]) -> Callable[[Monde], list[str]]:
    return lambda monde: [reverse(nom, args=cle(monde))]


def _identifiants_devines(monde: Monde) -> list[str]:
    """Toutes les libérations de A, une à une, et la suivante qui n'existe pas."""
    cles = sorted(Liberation.objects.filter(bailleur=monde.bailleur_a).values_list("pk", flat=True))
    return [reverse("liberation", args=[cle]) for cle in [*cles, cles[-1] + 1000]]


VOIES: dict[str, Callable[[Monde], list[str]]] = {
    "url": _adresses("liberation", lambda m: [m.liberation_a.pk]),
    "url du portail": _adresses("logement_a_pourvoir", lambda m: [m.orientation_mairie.pk]),
    "api": _adresses("api-liberations-detail", lambda m: [m.liberation_a.pk]),
    "api, patrimoine": _adresses("api-logements-detail", lambda m: [m.liberation_a.logement_id]),
    "export": lambda _: [f"{reverse(nom)}?export=csv" for nom in ("liberations", "patrimoine", "logements_a_pourvoir")],
    "pdf": _adresses("ordre_du_jour", lambda m: [m.seance_a.pk]),
    "pdf, convention": _adresses("texte_convention", lambda m: [m.convention_etat.pk]),
    "pièce": _adresses("piece", lambda m: [m.bilan_a.pdf_id]),
    "identifiant deviné": _identifiants_devines,
    "acte": _adresses("signer_bail", lambda m: [m.orientation_mairie.pk]),
    "candidat": _adresses("retirer_candidat", lambda m: [m.orientation_mairie.candidats.get().pk]),
}


@pytest.mark.django_db
@pytest.mark.parametrize("voie", VOIES)
@pytest.mark.parametrize("intrus", INTRUS)
def test_un_acces_croise_est_refuse(terrain: Terrain, intrus: str, voie: str) -> None:
    for adresse in VOIES[voie](terrain.monde):
        with transaction.atomic():
            reponse = terrain.clients[intrus].get(adresse)
            contenu = reponse.getvalue().decode(errors="replace")
            transaction.set_rollback(True)
        if voie != "export":
            assert reponse.status_code in REFUS, f"{intrus} lit {adresse}"
        assert not [secret for secret in terrain.secrets if secret in contenu], f"{intrus}, {adresse}"


@pytest.mark.django_db
@pytest.mark.parametrize("voie", ["url", "url du portail", "api", "acte", "candidat"])
@pytest.mark.parametrize("intrus", INTRUS)
def test_une_ecriture_croisee_est_refusee(terrain: Terrain, intrus: str, voie: str) -> None:
    monde = terrain.monde
    avant = (
        Liberation.objects.filter(pk=monde.liberation_a.pk).values().get(),
        monde.orientation_mairie.candidats.count(),
    )
    for adresse in VOIES[voie](monde):
        with transaction.atomic():
            reponse = terrain.clients[intrus].post(adresse, {"date_bail": "2026-01-01", "le": "2026-01-01"})
            apres = (
                Liberation.objects.filter(pk=monde.liberation_a.pk).values().get(),
                monde.orientation_mairie.candidats.count(),
            )
            transaction.set_rollback(True)
        assert reponse.status_code in REFUS | {405}
        assert apres == avant
