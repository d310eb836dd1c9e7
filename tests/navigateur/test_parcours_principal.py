"""Le travail principal, dans Chromium : fichiers du bailleur → flux → orientation → bilan publié et envoyé, axe à chaque page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from bilans.actions.produire import produire
from bilans.models import Bilan
from flux_reservations.echanges import traitement
from flux_reservations.echanges.models import ImportDepose

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.acces.monde import Monde

ANNEE = timezone.localdate().year


def travailler(travail: Callable[[int], object], cle: int) -> None:
    """Fait le travail d'un ouvrier Celery, avec sa propre connexion, comme lui."""

    def faire() -> None:
        travail(cle)
        connection.close()

    fil = threading.Thread(target=faire)
    fil.start()
    fil.join()


def ecrire_fichiers(dossier: Path, siren: str) -> list[str]:
    """Trois logements et leurs libérations, tels qu'un bailleur les dépose."""
    patrimoine = dossier / "patrimoine.csv"
    patrimoine.write_text(
        "bailleur;identifiant;adresse;commune;typologie;financement\n"
        + "".join(f"{siren};NEUF-{rang};{rang} rue du Parcours;94028;T3;PLUS\n" for rang in range(3))
    )
    liberations = dossier / "liberations.csv"
    liberations.write_text(
        "numero;logement;date_conge;date_disponibilite\n"
        + "".join(f"PARCOURS-{rang};NEUF-{rang};{ANNEE}-01-02;{ANNEE}-01-1{rang}\n" for rang in range(3))
    )
    return [str(patrimoine), str(liberations)]


@pytest.mark.regle("RG-41")
@pytest.mark.regle("RG-60")
def test_des_fichiers_au_bilan_envoye(
    page: Page,
    serveur: str,
    monde: Monde,
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    entrer("responsable_a")

    # Importer : l'essai à blanc montre chaque changement, puis on écrit.
    page.goto(f"{serveur}/imports/deposer/")
    assert examiner() == []
    page.locator("input[type=file]").set_input_files(ecrire_fichiers(tmp_path, monde.bailleur_a.siren))
    page.get_by_role("button", name="Déposer et essayer").click()
    page.wait_for_url("**/imports/*/")
    depose = ImportDepose.objects.latest("pk")
    travailler(traitement.traiter, depose.pk)
    page.goto(f"{serveur}/imports/{depose.pk}/")
    assert page.get_by_text("Essai à blanc réussi").is_visible()
    assert examiner() == []
    page.get_by_role("link", name="Appliquer…").click()
    page.get_by_role("button", name="Écrire dans la base").click()
    page.wait_for_url(f"**/imports/{depose.pk}/")
    travailler(traitement.traiter, depose.pk)

    # Le flux, puis l'orientation d'un logement du jour.
    page.goto(f"{serveur}/flux/")
    assert examiner() == []
    page.goto(f"{serveur}/a-orienter/")
    assert examiner() == []
    carte = page.locator("article", has_text="PARCOURS-0")
    carte.get_by_role("button", name="Suivre").click()
    page.wait_for_load_state()
    assert page.get_by_text("PARCOURS-0 est orientée vers").is_visible()
    assert page.locator("article", has_text="PARCOURS-0").count() == 0

    # Le bilan : préparé, produit par l'ouvrier, lu, publié, envoyé.
    page.goto(f"{serveur}/bilans/preparer/")
    assert examiner() == []
    page.get_by_label("Année").select_option(str(ANNEE - 2))
    page.get_by_role("button", name="Préparer").click()
    page.wait_for_url("**/bilans/*/")
    bilan = Bilan.objects.latest("pk")
    travailler(produire, bilan.pk)
    page.goto(f"{serveur}/bilans/{bilan.pk}/")
    assert examiner() == []
    page.get_by_role("link", name="Publier et envoyer").click()
    page.wait_for_load_state()
    page.goto(f"{serveur}/bilans/{bilan.pk}/publier/")
    page.get_by_label("J'ai lu l'aperçu").check()
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(f"**/bilans/{bilan.pk}/")
    bilan.refresh_from_db()
    assert bilan.etat == "publie"
    assert page.get_by_text("Vérifiée").is_visible()
    page.get_by_role("link", name="Registre de preuve de cet envoi").click()
    page.wait_for_url("**/envois/?lot=*")
    assert page.locator("tbody tr").count() > 0
    assert examiner() == []
