"""Du logement mis à disposition au bail, par trois rôles, dans Chromium : une carence, un rang refusé, le décompte juste à chaque étape."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import timezone

from attributions.models import Candidat, Inscription, Liberation, Orientation, Seance
from bilans.calcul import calculer_annee
from flux_reservations.notifications.models import Envoi
from tests.fabriques import creer_liberation, creer_logement, creer_orientation

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page
    from pytest_django import DjangoDbBlocker

    from tests.acces.monde import Monde

AUJOURD_HUI = timezone.localdate()
DEPART = AUJOURD_HUI - timedelta(days=40)
"""Le logement a été orienté il y a quarante jours : trente de délai, dix pour la suite."""
NUMEROS = ("094120260001234561", "094120260001234562", "094120260001234563")


@pytest.fixture
def ouvrir(sessions: dict[str, str], serveur: str, context: BrowserContext) -> Callable[[str], None]:
    """Change de rôle : les témoins du précédent sont jetés."""

    def entrer(role: str) -> None:
        context.clear_cookies()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessions[role], "url": serveur}])

    return entrer


@pytest.fixture(scope="module")
def dossiers(monde: Monde, django_db_blocker: DjangoDbBlocker) -> tuple[Orientation, Orientation]:
    """Deux logements du bailleur A orientés il y a quarante jours, à la mairie et à l'État : écrits pour de bon, le serveur les lit."""
    with django_db_blocker.unblock():
        a_la_mairie, a_l_etat = (
            creer_orientation(
                creer_liberation(creer_logement(monde.bailleur_a, adresse=f"{rang} rue du Parcours"), DEPART),
                qui,
                sous_contingent=sous_contingent,
            )
            for rang, (qui, sous_contingent) in enumerate(((monde.mairie, ""), (monde.etat, "prioritaires")), start=1)
        )
        return a_la_mairie, a_l_etat


def decompte(monde: Monde, code: str) -> int:
    """Logements décomptés au compte cette année (ou l'an passé, autour du 1er janvier)."""
    comptes = [
        compte
        for annee in {AUJOURD_HUI.year, DEPART.year}
        for compte in calculer_annee(monde.bailleur_a, "94", annee).flux_json()["comptes"]
    ]
    return sum(compte["decompte"] for compte in comptes if compte["compte"].startswith(code))


def remplir(page: Page, bouton: str, **champs: str | date) -> None:
    """Remplit le formulaire de la page et l'envoie."""
    for nom, valeur in champs.items():
        champ = page.locator(f"[name={nom}]")
        texte = valeur.isoformat() if isinstance(valeur, date) else valeur
        genre = champ.first.evaluate("un => un.tagName + (un.type || '')")
        if genre.startswith("SELECT"):
            champ.select_option(texte)
        elif genre.endswith("radio"):
            page.locator(f"[name={nom}][value={texte}]").check()
        else:
            champ.fill(texte)
    page.locator("main").get_by_role("button", name=bouton).click()
    page.wait_for_load_state()


@pytest.mark.regle("RG-40")
@pytest.mark.regle("RG-46")
def test_une_carence_de_la_mairie_puis_le_bail_de_l_etat(  # noqa: PLR0915 : un seul parcours, raconté d'un trait
    page: Page,
    serveur: str,
    monde: Monde,
    dossiers: tuple[Orientation, Orientation],
    ouvrir: Callable[[str], None],
    examiner: Callable[[], list[str]],
) -> None:
    carence, bail = dossiers

    # Le bailleur met les deux logements à disposition ; la date d'hier sera la bonne pour l'un, celle du départ pour l'autre.
    ouvrir("bailleur_a")
    for orientation in (carence, bail):
        page.goto(f"{serveur}/liberations/{orientation.liberation_id}/")
        assert examiner() == []
        page.locator("main").get_by_role("link", name="Mettre à disposition").click()
        remplir(page, "Mettre à disposition", le=DEPART)
        assert page.get_by_text("un courriel l'annonce").is_visible()
    assert Envoi.objects.filter(genre="mise_a_disposition", objet_cle__in=[str(carence.pk), str(bail.pk)]).count() == 2
    assert (decompte(monde, "MAIRIE"), decompte(monde, "ETAT94")) == (0, 0)

    # L'État a demandé un délai : le bailleur le prolonge, avec un motif.
    page.goto(f"{serveur}/orientations/{bail.pk}/prolonger/")
    remplir(page, "Prolonger", jusqu_au=AUJOURD_HUI + timedelta(days=5), motif="Demande du service")
    assert page.get_by_text("Délai prolongé").is_visible()

    # La mairie voit le sien, son délai dépassé, et pas celui de l'État.
    ouvrir("mairie")
    page.goto(f"{serveur}/logements-a-pourvoir/{carence.pk}/")
    assert page.get_by_text("Le délai est dépassé").is_visible()
    assert page.get_by_role("link", name="Fiche du logement (PDF)").is_visible()
    assert examiner() == []
    reponse = page.goto(f"{serveur}/logements-a-pourvoir/{bail.pk}/")
    assert reponse is not None
    assert reponse.status == 404

    # L'État présente trois demandes, importées d'un coup.
    ouvrir("etat")
    page.goto(f"{serveur}/logements-a-pourvoir/{bail.pk}/candidats/")
    assert examiner() == []
    remplir(
        page,
        "Présenter ces candidats",
        liste="\n".join(f"{un};dalo;2" for un in NUMEROS),
    )
    assert page.get_by_text("3 candidats présentés").is_visible()
    assert page.locator("tbody tr").count() == 3

    # Le bailleur constate la carence : elle est décomptée à la mairie, et le logement lui revient pour un tour.
    ouvrir("bailleur_a")
    page.goto(f"{serveur}/liberations/{carence.liberation_id}/")
    page.get_by_role("link", name="Constater la carence").click()
    remplir(page, "Constater la carence et reprendre le logement", le=AUJOURD_HUI)
    assert page.get_by_text("Carence constatée").is_visible()
    assert (decompte(monde, "MAIRIE"), decompte(monde, "ETAT94")) == (1, 0)

    # Le bailleur avait reçu ces demandes plus tôt, par courriel : il corrige leur date, avec un motif.
    for candidat in Candidat.objects.filter(orientation=bail):
        assert candidat.date_presentation == AUJOURD_HUI
        page.goto(f"{serveur}/candidats/{candidat.pk}/corriger-la-presentation/")
        remplir(page, "Corriger la date", le=DEPART + timedelta(days=5), motif="Reçues par courriel ce jour-là")
        assert page.get_by_text("Date de présentation corrigée").is_visible()
    assert examiner() == []

    # La séance : inscrire, décider par rang, clore ; le procès-verbal est gardé.
    page.goto(f"{serveur}/seances/prevoir/")
    remplir(page, "Prévoir la séance", le=AUJOURD_HUI - timedelta(days=20), lieu="Salle du parcours")
    seance = Seance.objects.get(lieu="Salle du parcours")
    page.goto(f"{serveur}/orientations/{bail.pk}/seance/")
    remplir(page, "Inscrire", seance=str(seance.pk))
    page.goto(f"{serveur}/seances/{seance.pk}/")
    assert examiner() == []
    page.get_by_role("link", name="Décider").click()
    assert examiner() == []
    premier, second, troisieme = Candidat.objects.filter(orientation=bail).order_by("pk")
    for rang, candidat in enumerate((premier, second), start=1):
        page.locator(f"[name=decision_{candidat.pk}]").select_option("rang")
        page.locator(f"[name=rang_{candidat.pk}]").fill(str(rang))
    remplir(
        page,
        "Enregistrer les décisions",
        **{f"decision_{troisieme.pk}": "irrecevabilite", f"motif_{troisieme.pk}": "Demande radiée"},
    )
    assert page.get_by_text("Décisions enregistrées").is_visible()
    page.get_by_role("link", name="Clore la séance").click()
    remplir(page, "Clore définitivement", bilan_presente=str(AUJOURD_HUI.year - 1))
    assert page.get_by_role("link", name="Procès-verbal (PDF)").is_visible()
    assert examiner() == []
    assert Inscription.objects.get(orientation=bail).decision == "rang"
    assert decompte(monde, "ETAT94") == 0  # fait générateur : le bail

    # Le premier rang refuse, le second accepte.
    for candidat, reponse_saisie, jour in ((premier, "refuse", 18), (second, "accepte", 15)):
        page.goto(f"{serveur}/candidats/{candidat.pk}/notifier/")
        remplir(page, "Notifier", le=AUJOURD_HUI - timedelta(days=jour))
        page.goto(f"{serveur}/candidats/{candidat.pk}/repondre/")
        remplir(page, "Enregistrer la réponse", reponse=reponse_saisie, le=AUJOURD_HUI - timedelta(days=jour - 1))
    page.goto(f"{serveur}/liberations/{bail.liberation_id}/")
    assert page.get_by_text("Offre au rang 1 : refuse").is_visible()
    assert examiner() == []

    # Une entrée fautive : le bail avant la commission revient avec son remède. Puis le bail.
    page.goto(f"{serveur}/orientations/{bail.pk}/bail/")
    remplir(page, "Enregistrer le bail", le=DEPART)
    assert page.get_by_text("corrigez la date, ou l'étape d'avant").first.is_visible()
    remplir(page, "Enregistrer le bail", le=AUJOURD_HUI)
    assert page.get_by_text("Le parcours est fini").is_visible()
    assert examiner() == []
    assert (decompte(monde, "MAIRIE"), decompte(monde, "ETAT94")) == (1, 1)
    assert Liberation.objects.get(pk=bail.liberation_id).date_bail == AUJOURD_HUI

    # Chacun lit la suite chez soi : l'État son bail, la mairie sa carence, qu'elle peut contester.
    ouvrir("etat")
    page.goto(f"{serveur}/logements-a-pourvoir/{bail.pk}/")
    assert page.get_by_text("Bail signé").first.is_visible()
    ouvrir("mairie")
    page.goto(f"{serveur}/logements-a-pourvoir/{carence.pk}/")
    assert page.get_by_role("link", name="Contester la carence").is_visible()
    assert examiner() == []

    # Délais et besoins, dans leurs rôles.
    page.goto(f"{serveur}/besoins/")
    assert examiner() == []
    ouvrir("bailleur_a")
    for adresse in ("/delais/", "/delais/en-attente/", "/correspondances/", "/besoins/"):
        page.goto(f"{serveur}{adresse}")
        assert examiner() == [], adresse
