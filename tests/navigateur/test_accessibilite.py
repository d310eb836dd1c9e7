"""Chaque page, dans chaque rôle : axe sans manquement, aucun débordement sur mobile, aucune erreur dans la console."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from flux_reservations.acces.navigation import adresse_de, naviguer
from flux_reservations.commun.acteur import Acteur, Nature, Role

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.acces.monde import Monde

_ROLES = {
    "bailleur_a": Acteur(Nature.BAILLEUR, Role.GESTIONNAIRE),
    "responsable_a": Acteur(Nature.BAILLEUR, Role.RESPONSABLE),
    "caf": Acteur(Nature.RESERVATAIRE, Role.GESTIONNAIRE),
    "mairie": Acteur(Nature.COLLECTIVITE, Role.GESTIONNAIRE),
    "epci": Acteur(Nature.COLLECTIVITE, Role.GESTIONNAIRE, territoire="ept:200058006"),
    "etat": Acteur(Nature.ETAT, Role.GESTIONNAIRE),
    "plateforme": Acteur(Nature.PLATEFORME, Role.ADMINISTRATEUR),
    "caleol": Acteur(Nature.CALEOL, Role.LECTEUR),
}
_PUBLIQUES = [("anonyme", reverse(nom)) for nom in ("accueil", "regles", "accessibilite", "connexion")]
_PAGES = [
    (role, lien.adresse)
    for role, acteur in _ROLES.items()
    for groupe in naviguer(acteur, "")
    for lien in groupe.entrees
]
_ANALYSES = [
    ("bailleur_a", reverse(nom))
    for nom in (
        "soldes", "equilibre", "uniformite", "publics", "prevision", "faisabilite", "et_si", "conversion", "egalite", "garanties",
        "occupations", "saisir_occupation",
    )
]  # fmt: skip
_ECHANGES = [("responsable_a", reverse(nom)) for nom in ("exporter_tout", "livraisons")]
_FICHES: list[tuple[str, str, Callable[[Monde], int]]] = [
    ("bailleur_a", "logement", lambda monde: monde.liberation_a.logement_id),
    ("bailleur_a", "convention", lambda monde: monde.convention_etat.pk),
    ("bailleur_a", "clauses_etat", lambda monde: monde.convention_etat.pk),
    ("bailleur_a", "corriger_occupation", lambda monde: monde.occupation_a.pk),
    ("bailleur_a", "liberation", lambda monde: monde.liberation_a.pk),
    ("bailleur_a", "seance", lambda monde: monde.seance_a.pk),
    ("mairie", "convention", lambda monde: monde.convention_mairie.pk),
    ("responsable_a", "convention", lambda monde: monde.convention_mairie.pk),
    ("responsable_a", "ajouter_piece", lambda monde: monde.convention_mairie.pk),
    ("caleol", "ma_seance", lambda monde: monde.seance_ouverte.pk),
    ("responsable_a", "personne", lambda monde: monde.rattachement_a.pk),
    ("responsable_a", "confier_secteurs", lambda monde: monde.rattachement_a.pk),
    ("responsable_a", "noter_absence", lambda monde: monde.rattachement_a.pk),
    ("responsable_a", "changer_secteur", lambda monde: monde.secteur_a.pk),
    ("responsable_a", "webhook", lambda monde: monde.abonnement_a.pk),
    ("responsable_a", "serie", lambda monde: monde.serie_a.pk),
    ("responsable_a", "campagne_publier", lambda monde: monde.campagne_a.pk),
    ("bailleur_a", "taux_convention", lambda monde: monde.convention_etat.pk),
    ("mairie", "taux_convention", lambda monde: monde.convention_mairie.pk),
    ("responsable_a", "signer_en_nombre", lambda _: 94),
    ("bailleur_a", "convoquer_membres", lambda monde: monde.seance_a.pk),
    ("bailleur_a", "etat_des_lieux", lambda _: 94),
    ("bailleur_a", "baux_rpls", lambda _: 94),
    ("bailleur_a", "reprise_rapprochement", lambda monde: monde.tableur_a.pk),
    ("bailleur_a", "reprise_colonnes", lambda monde: monde.tableur_a.pk),
    ("bailleur_a", "reprise_libelles", lambda monde: monde.tableur_a.pk),
    ("plateforme", "organisme", lambda monde: monde.mairie.pk),
    ("plateforme", "corriger_organisme", lambda monde: monde.mairie.pk),
    ("plateforme", "supprimer_organisme", lambda monde: monde.mairie.pk),
    ("plateforme", "organisme_demande", lambda monde: monde.organisme_demande.pk),
]

QUI_DEFILENT = """selecteur => [...document.querySelectorAll(selecteur)]
    .filter(cadre => cadre.scrollWidth > cadre.clientWidth + 1).map(cadre => cadre.innerText.slice(0, 80))"""
"""Les cadres de tableau qu'il faut faire défiler de côté : aucun à 1 280 px ; sur un téléphone, aucun de ceux qui passent en cartes."""


def verifier(page: Page, adresse: str, examiner: Callable[[], list[str]]) -> None:
    """Ouvre la page et exige qu'elle soit accessible, sans débordement ni erreur."""
    erreurs: list[str] = []
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda erreur: erreurs.append(str(erreur)))
    reponse = page.goto(adresse)
    assert reponse is not None
    assert reponse.status == 200
    assert page.title().split(" – ")[0].strip()
    assert page.locator("h1").count() == 1
    assert examiner() == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(QUI_DEFILENT, ".tableau-cadre") == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.evaluate(QUI_DEFILENT, ".tableau-cadre:has(.tableau-cartes)") == []
    assert erreurs == []


_EN_NOMBRE = [
    ("responsable_a", reverse(nom)) for nom in ("series", "envois_remises", "reprise", "reprise_soldes", "rpls")
]


@pytest.mark.parametrize(("role", "adresse"), [*_PUBLIQUES, *_PAGES, *_ANALYSES, *_ECHANGES, *_EN_NOMBRE])
def test_une_page_de_la_navigation_est_accessible(
    page: Page,
    serveur: str,
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
    role: str,
    adresse: str,
) -> None:
    entrer(role)
    verifier(page, serveur + adresse, examiner)


@pytest.mark.parametrize("fiche", _FICHES, ids=[f"{role}-{nom}" for role, nom, _ in _FICHES])
def test_une_fiche_est_accessible(
    page: Page,
    serveur: str,
    monde: Monde,
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
    fiche: tuple[str, str, Callable[[Monde], int]],
) -> None:
    role, nom, cle = fiche
    entrer(role)
    verifier(page, serveur + reverse(nom, args=[cle(monde)]), examiner)


def test_la_navigation_de_chaque_role_existe() -> None:
    for acteur in _ROLES.values():
        assert naviguer(acteur, "")
    assert adresse_de("page_qui_n_existe_pas") == ""
