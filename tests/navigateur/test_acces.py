"""Les fiches et formulaires d'accès, de portails et de vie privée : axe sans manquement, aucun débordement, aucune erreur."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests.navigateur.test_accessibilite import verifier

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.acces.monde import Monde

_PAGES: list[tuple[str, str, Callable[[Monde], list[Any]]]] = [
    ("anonyme", "mot_de_passe_oublie", lambda _: []),
    ("bailleur_a", "mon_compte", lambda _: []),
    ("bailleur_a", "changer_mot_de_passe", lambda _: []),
    ("bailleur_a", "second_facteur_activer", lambda _: []),
    ("bailleur_a", "donnees_d_un_demandeur", lambda _: []),
    ("bailleur_a", "connexions", lambda _: []),
    ("bailleur_a", "demande", lambda monde: [monde.demande.pk]),
    ("bailleur_a", "repondre_demande", lambda monde: [monde.demande.pk]),
    ("responsable_a", "personnes", lambda _: []),
    ("responsable_a", "inviter", lambda _: []),
    ("responsable_a", "personne", lambda monde: [monde.rattachement_a.pk]),
    ("responsable_a", "fermer_acces", lambda monde: [monde.rattachement_a.pk]),
    ("responsable_a", "jetons", lambda _: []),
    ("responsable_a", "creer_jeton", lambda _: []),
    ("responsable_a", "journal", lambda _: []),
    ("responsable_a", "entree_journal", lambda _: [1]),
    ("responsable_a", "verifier_journal", lambda _: []),
    ("responsable_a", "consultations", lambda _: []),
    ("plateforme", "creer_organisme", lambda _: []),
    ("mairie", "logement_a_pourvoir", lambda monde: [monde.orientation_mairie.pk]),
    ("mairie", "proposer_candidat", lambda monde: [monde.orientation_mairie.pk]),
    ("mairie", "rendre_logement", lambda monde: [monde.orientation_mairie.pk]),
    ("mairie", "mon_decompte", lambda monde: [monde.bailleur_a.pk, "94"]),
    ("mairie", "bilan_recu", lambda monde: [monde.bilan_a.pk]),
    ("etat", "demander_precision", lambda monde: [monde.transmission.pk]),
    ("etat", "bilan_recu", lambda monde: [monde.bilan_a.pk]),
]


@pytest.mark.parametrize("cas", _PAGES, ids=[f"{role}-{nom}" for role, nom, _ in _PAGES])
def test_une_page_d_acces_ou_de_portail_est_accessible(
    page: Page,
    serveur: str,
    monde: Monde,
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
    cas: tuple[str, str, Callable[[Monde], list[Any]]],
) -> None:
    role, nom, cles = cas
    entrer(role)
    verifier(page, serveur + reverse(nom, args=cles(monde)), examiner)
