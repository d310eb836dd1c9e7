"""Ce que JavaScript ajoute, et ce qui marche sans lui."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(autouse=True)
def _demonstration(settings: Any) -> None:
    settings.DEMO = True


def test_l_apparence_change_sans_recharger_et_reste(page: Page, serveur: str) -> None:
    page.goto(serveur)
    clair = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Apparence sombre").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != clair
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "sombre"
    page.get_by_role("button", name="Apparence du système").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == clair


def test_un_clavier_seul_va_droit_au_contenu(page: Page, serveur: str) -> None:
    page.goto(serveur)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_j_et_k_parcourent_les_lignes(page: Page, serveur: str) -> None:
    page.goto(serveur + reverse("composants"))
    page.locator("h1").click()
    for touche in ("j", "j", "k"):
        page.keyboard.press(touche)
    assert page.locator("[aria-current=true]").inner_text().startswith("Action Logement")
    page.keyboard.press("Enter")
    assert page.url.endswith("#pile")


def test_les_raccourcis_se_coupent(page: Page, serveur: str) -> None:
    page.goto(serveur + reverse("composants"))
    page.locator("h1").click()
    page.keyboard.press("?")
    page.get_by_label("Couper les raccourcis").check()
    page.get_by_role("dialog").get_by_role("button", name="Fermer").click()
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.locator("[aria-current=true]").count() == 0


def test_une_confirmation_s_ouvre_dans_un_dialogue_et_rend_le_focus(page: Page, serveur: str) -> None:
    page.goto(serveur + reverse("composants"))
    page.get_by_role("link", name="Publier…").click()
    dialogue = page.get_by_role("dialog", name="Publier le bilan 2025 ?")
    dialogue.wait_for()
    page.keyboard.press("Escape")
    dialogue.wait_for(state="hidden")
    assert "Publier" in page.evaluate("document.activeElement.textContent")


def test_le_detail_d_un_nombre_arrive_quand_on_le_deplie(page: Page, serveur: str) -> None:
    page.goto(serveur + reverse("composants"))
    page.get_by_text("Exclusions (B)").click()
    page.get_by_role("cell", name="200").wait_for()


def test_un_filtre_s_applique_sans_bouton_et_se_lit_dans_l_adresse(
    page: Page, serveur: str, entrer: Callable[[str], None]
) -> None:
    entrer("bailleur_a")
    page.goto(serveur + reverse("patrimoine"))
    page.get_by_label("Champ").select_option("foyer")
    page.get_by_role("heading", name="Aucun résultat avec ces filtres").wait_for()
    assert page.locator("#annonce-liste").inner_text() == "Aucun résultat avec ces filtres"
    assert "champ=foyer" in page.url


def test_le_menu_s_ouvre_sur_mobile(page: Page, serveur: str, entrer: Callable[[str], None]) -> None:
    entrer("bailleur_a")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(serveur + reverse("patrimoine"))
    lien = page.get_by_role("link", name="Conventions", exact=True)
    assert not lien.is_visible()
    page.get_by_role("button", name="Menu").click()
    lien.click()
    assert page.locator("h1").inner_text() == "Conventions"


def test_sans_javascript_on_filtre_on_deplie_et_on_confirme(browser: Browser, serveur: str) -> None:
    contexte = browser.new_context(java_script_enabled=False)
    page = contexte.new_page()
    page.goto(serveur + reverse("connexion"))
    page.locator("form[action*='demonstration'] button").first.click()
    page.goto(serveur + reverse("patrimoine"))
    page.get_by_label("Champ").select_option("foyer")
    page.get_by_role("button", name="Filtrer").click()
    assert "champ=foyer" in page.url
    page.goto(serveur + reverse("composants"))
    page.get_by_text("Exclusions (B)").click()
    page.get_by_role("link", name="Voir les lignes qui composent ce nombre").click()
    assert page.locator("h1").inner_text() == "Exclusions par motif"
    page.goto(serveur + reverse("composants_confirmation"))
    page.get_by_role("button", name="Publier").click()
    assert page.locator("h1").inner_text() == "Composants"
    contexte.close()
