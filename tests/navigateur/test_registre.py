"""Le registre à l'écran : un territoire se cherche au clavier ; une demande de bailleur devient un organisme."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.acces.monde import Monde


def test_une_demande_devient_un_organisme(
    page: Page, serveur: str, monde: Monde, entrer: Callable[[str], None], examiner: Callable[[], list[str]]
) -> None:
    entrer("plateforme")
    page.goto(serveur + reverse("organismes_demandes"))
    page.get_by_role("link", name="Ville de Vitry").click()
    page.get_by_role("link", name="Créer cet organisme").click()
    expect(page.get_by_label("Vitry-sur-Seine (94081)")).to_be_checked()
    assert examiner() == []
    page.get_by_role("button", name="Ajouter au registre").click()
    expect(page.get_by_role("heading", name="Ville de Vitry", level=1)).to_be_visible()
    expect(page.get_by_text("Rien n'en dépend encore")).to_be_visible()
    monde.organisme_demande.refresh_from_db()
    assert monde.organisme_demande.suite == "cree"


@pytest.mark.parametrize(
    ("role", "nom"), [("plateforme", "inscrire_reservataire"), ("bailleur_a", "demander_organisme")]
)
def test_un_territoire_se_cherche_et_se_choisit_au_clavier(
    page: Page, serveur: str, entrer: Callable[[str], None], examiner: Callable[[], list[str]], role: str, nom: str
) -> None:
    entrer(role)
    page.goto(serveur + reverse(nom))
    page.get_by_label("Territoire").first.focus()
    page.keyboard.type("val de m")
    trouve = page.get_by_label("Val-de-Marne (94)")
    expect(trouve).to_be_visible()
    assert examiner() == []
    page.get_by_label("Territoire").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("input[name=territoire]:checked")).to_have_count(1)


def test_sans_script_le_bouton_chercher_rend_la_meme_liste(
    browser: Browser, serveur: str, sessions: dict[str, str]
) -> None:
    contexte = browser.new_context(java_script_enabled=False, locale="fr-FR")
    contexte.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessions["plateforme"], "url": serveur}])
    page = contexte.new_page()
    page.goto(serveur + reverse("inscrire_reservataire"))
    page.get_by_label("Territoire").first.fill("créteil")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_label("Créteil (94028)")).to_be_visible()
    contexte.close()
