"""Publier toute une campagne dans Chromium : ce qui bloque se voit, on coche, on confirme, l'ouvrier publie, chaque ligne se raconte."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from bilans.actions.campagnes import avancer_la_campagne, ouvrir_campagne
from bilans.models import Bilan, Campagne
from bilans.models.bilan import EtatBilan, GenreBilan
from flux_reservations.notifications.models import Envoi
from flux_reservations.series.actions.mener import avancer

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django import DjangoDbBlocker

    from tests.acces.monde import Monde


@pytest.fixture(scope="module")
def campagne(monde: Monde, django_db_blocker: DjangoDbBlocker) -> Iterator[Campagne]:
    """Le bilan et la présentation en commission de deux départements, dont un échec et un bilan à contrôle bloquant."""
    with django_db_blocker.unblock():
        campagne = ouvrir_campagne(
            acteur=monde.acteurs["responsable_a"],
            bailleur_id=monde.bailleur_a.pk,
            annee=2024,
            departements=["93", "94"],
            genres=[GenreBilan.ANNUEL, GenreBilan.CALEOL],
            le=date(2026, 1, 10),
        )
        while avancer_la_campagne(campagne.pk):
            pass
        echec = campagne.bilans.get(departement_id="93", genre=GenreBilan.CALEOL)
        Bilan.objects.filter(pk=echec.pk).update(etat=EtatBilan.ECHEC, erreur="Le patrimoine du 93 est vide.")
        yield campagne


def ouvrier(cle: int) -> None:
    """Fait le travail de l'ouvrier Celery sur une série."""

    def faire() -> None:
        while avancer(cle):
            pass
        connection.close()

    fil = threading.Thread(target=faire)
    fil.start()
    fil.join()


@pytest.mark.regle("RG-60")
@pytest.mark.regle("RG-63")
def test_une_campagne_se_publie_en_un_acte(
    page: Page,
    serveur: str,
    campagne: Campagne,
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
) -> None:
    entrer("responsable_a")
    page.goto(f"{serveur}/bilans/campagnes/{campagne.pk}/")
    page.get_by_role("link", name="Publier la campagne").click()
    page.get_by_text("Le patrimoine du 93 est vide.").wait_for()
    assert examiner() == []
    caleol = campagne.bilans.get(departement_id="94", genre=GenreBilan.CALEOL)
    case = page.locator(f"input[value='{caleol.pk}']")
    assert not case.is_checked(), "une présentation en commission attend la date de sa séance"
    case.check()
    for autre in page.get_by_role("checkbox").all():
        autre.check()
    page.locator(f"#seance-{caleol.pk}").fill("2025-03-04")
    page.get_by_role("button", name="Récapituler et confirmer").click()
    page.get_by_text("Rien n'est encore fait").wait_for()
    assert examiner() == []
    assert not Bilan.objects.filter(campagne=campagne, etat=EtatBilan.PUBLIE).exists()
    page.get_by_role("button", name="Publier et envoyer : 3").dblclick()
    page.get_by_text("0 sur 3").wait_for()
    assert examiner() == []
    ouvrier(int(page.url.rstrip("/").rpartition("/")[2]))
    page.get_by_text("3 sur 3").wait_for()
    page.get_by_text("Exporter le compte rendu").wait_for()
    assert examiner() == []
    assert Bilan.objects.filter(campagne=campagne, etat=EtatBilan.PUBLIE).count() == 3
    annuels = Envoi.objects.filter(
        objet_type="bilans.bilan", objet_cle__in=[str(cle) for cle in campagne.bilans.values_list("pk", flat=True)]
    )
    assert annuels.order_by().values("lot").distinct().count() == 2, "un envoi par bilan annuel, malgré le double clic"
    page.get_by_role("link", name="Revenir").click()
    page.wait_for_url(f"**/bilans/campagnes/{campagne.pk}/")
