"""La matrice d'accès, exécutée : chaque adresse, chaque profil, sur une ligne du bailleur A (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Role
from tests.acces.matrice import BAILLEURS, DROITS, LIGNES, PROFILS, Ligne
from tests.acces.monde import Monde, batir_monde
from tests.fabriques import acteur_de

REFUS = frozenset({302, 401, 403, 404, 405})
PAR_NOM = {ligne.nom: ligne for ligne in LIGNES}


@dataclass
class Terrain:
    """Le monde et un navigateur connecté par profil."""

    monde: Monde
    clients: dict[str, Client]


@pytest.fixture(scope="module")
def terrain(django_db_setup: None, django_db_blocker: Any) -> Iterator[Terrain]:
    """Bâti une fois pour toutes les adresses ; chaque essai s'y fait dans un point de reprise."""
    del django_db_setup
    with django_db_blocker.unblock(), transaction.atomic():
        monde = batir_monde()
        clients = {profil: _connecter(monde, profil) for profil in PROFILS}
        yield Terrain(monde, clients)
        transaction.set_rollback(True)


def _connecter(monde: Monde, profil: str) -> Client:
    client = Client(raise_request_exception=False)
    if profil == "anonyme":
        return client
    if profil in BAILLEURS:
        lettre, _, role = profil.partition("_")
        acteur = acteur_de(getattr(monde, f"bailleur_{lettre}"), Role(role))
    else:
        acteur = monde.acteurs[profil]
    client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    return client


def adresses_nommees(motifs: list[URLPattern | URLResolver] | None = None, espace: str = "") -> Iterator[str]:
    """Noms de toutes les adresses de l'application ; une adresse sans nom est rendue par son motif."""
    for motif in get_resolver().url_patterns if motifs is None else motifs:
        if isinstance(motif, URLResolver):
            yield from adresses_nommees(
                motif.url_patterns, f"{espace}{motif.namespace}:" if motif.namespace else espace
            )
        else:
            yield f"{espace}{motif.name}" if motif.name else str(motif.pattern)


def test_toute_adresse_est_dans_la_matrice() -> None:
    oubliees = set(adresses_nommees()) - set(PAR_NOM)
    assert not oubliees, f"Adresses sans ligne dans tests/acces/matrice.py : {sorted(oubliees)}"


def test_toute_ligne_de_la_matrice_est_une_adresse() -> None:
    assert not set(PAR_NOM) - set(adresses_nommees())
    assert len(PAR_NOM) == len(LIGNES)


def test_chaque_ligne_dit_ce_qu_elle_repond_a_chaque_profil() -> None:
    assert all(set(ligne.attendus) == set(PROFILS) for ligne in LIGNES)


@pytest.mark.django_db
@pytest.mark.parametrize("nom", [ligne.nom for ligne in LIGNES])
def test_chaque_profil_recoit_ce_que_dit_la_matrice(terrain: Terrain, nom: str) -> None:
    ligne = PAR_NOM[nom]
    recus = {profil: _demander(terrain, ligne, profil, "post" if ligne.post else "get") for profil in PROFILS}
    ecarts = {
        profil: f"{recu} au lieu de {ligne.attendus[profil]}"
        for profil, recu in recus.items()
        if recu != ligne.attendus[profil]
    }
    assert not ecarts, f"{nom} : {ecarts}"


@pytest.mark.django_db
@pytest.mark.parametrize("nom", [ligne.nom for ligne in LIGNES if not ligne.post])
def test_qui_ne_peut_pas_ouvrir_une_page_ne_peut_pas_non_plus_y_ecrire(terrain: Terrain, nom: str) -> None:
    ligne = PAR_NOM[nom]
    for profil in (*BAILLEURS, *DROITS, "plateforme", "anonyme"):
        if ligne.attendus[profil] in {302, 401, 403, 404}:
            recu = _demander(terrain, ligne, profil, "post")
            assert recu in REFUS, f"{nom}, {profil} : écriture acceptée ({recu})"


def _demander(terrain: Terrain, ligne: Ligne, profil: str, methode: str) -> int:
    """Statut de la réponse ; ce que la demande a changé est défait."""
    adresse = reverse(ligne.nom, args=ligne.cles(terrain.monde) if ligne.cles else None)
    donnees = ligne.donnees(terrain.monde) if ligne.donnees and methode == "post" else {}
    client = terrain.clients[profil]
    temoins = client.cookies.output()
    with transaction.atomic():
        forme = {"content_type": "application/json"} if methode == "post" and ligne.nom.startswith("api-") else {}
        reponse = getattr(client, methode)(adresse, donnees, **forme)
        statut: int = reponse.status_code
        if hasattr(reponse, "streaming_content"):
            reponse.getvalue()
        transaction.set_rollback(True)
    if client.cookies.output() != temoins:  # déconnexion, apparence : le profil reste connecté pour la suite
        client.cookies = SimpleCookie()
        client.cookies.load(
            "; ".join(morceau.split(";")[0].removeprefix("Set-Cookie: ") for morceau in temoins.splitlines())
        )
    return statut
