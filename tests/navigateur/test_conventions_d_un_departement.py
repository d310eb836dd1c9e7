"""Un département à vingt réservataires, dans Chromium : état des lieux, brouillons, dialogue, signatures, transmission, registre."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from conventions.domaine.codes import Contrepartie
from conventions.models import Convention, ReservationStock
from flux_reservations.acces.models import Utilisateur
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.actions.expedier import expedier
from flux_reservations.notifications.models import Envoi
from flux_reservations.series.actions.mener import avancer
from tests.fabriques import acteur_de, creer_logement, creer_reservataire
from tests.navigateur.conftest import _ouvrir_session

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from pytest_django import DjangoDbBlocker

    from tests.acces.monde import Monde

NOMBRE = 20
TABLEAU = "/conventions/departement/94/"


@pytest.fixture(scope="module")
def vingt(monde: Monde, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Vingt réservataires, un logement réservé chacun parmi cinquante ; rend la session de l'un d'eux."""
    with django_db_blocker.unblock():
        logements = [creer_logement(monde.bailleur_a, programme=f"Résidence {rang % 4}") for rang in range(50)]
        premier = None
        for rang in range(NOMBRE):
            reservataire = creer_reservataire(f"RES{rang:02d}", courriel=f"res{rang:02d}@essai.example")
            ReservationStock.objects.create(
                logement=logements[rang], reservataire=reservataire, contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES
            )
            premier = premier or reservataire
        yield _ouvrir_session(Utilisateur.objects.get(pk=acteur_de(premier).utilisateur_id))


def expedier_tout() -> None:
    """Fait le travail de l'ouvrier Celery."""

    def faire() -> None:
        expedier()
        connection.close()

    fil = threading.Thread(target=faire)
    fil.start()
    fil.join()


@dataclass
class Visite:
    """Une page, l'adresse servie, de quoi changer de rôle et passer axe."""

    page: Page
    serveur: str
    entrer: Callable[[str], None]
    examiner: Callable[[], list[str]]

    def ouvrir(self, chemin: str, *, axe: bool = True) -> None:
        """Ouvre une page, qu'axe ne reprend pas."""
        self.page.goto(f"{self.serveur}{chemin}")
        if axe:
            assert self.examiner() == []

    def cliquer(self, bouton: str) -> None:
        """Appuie sur un bouton."""
        self.page.get_by_role("button", name=bouton).click()

    def lire(self, texte: str) -> None:
        """Attend un texte."""
        self.page.get_by_text(texte).first.wait_for()


@pytest.mark.regle("RG-16")
@pytest.mark.regle("RG-17")
@pytest.mark.regle("RG-18")
def test_d_un_etat_des_lieux_a_la_transmission(
    page: Page,
    serveur: str,
    vingt: str,
    sessions: dict[str, str],
    entrer: Callable[[str], None],
    examiner: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    sessions["reservataire"] = vingt
    visite = Visite(page, serveur, entrer, examiner)
    entrer("responsable_a")
    visite.ouvrir(TABLEAU)
    assert page.get_by_role("link", name=f"Sans convention ({NOMBRE})").is_visible()
    informer(visite)
    preparer_et_controler(visite)
    dialoguer(visite)
    signer_toutes(visite, tmp_path)
    transmettre(visite)
    accuser_reception(visite)
    exporter_le_registre(visite)


def premiere() -> Convention:
    """La convention qu'on suit de près."""
    return Convention.objects.get(reservataire__code="RES00")


def informer(visite: Visite) -> None:
    """Un envoi, une date, une pièce, pour tous."""
    visite.ouvrir("/etat-des-lieux/94/")
    visite.page.get_by_role("link", name="Envoyer à tous").click()
    visite.cliquer("Envoyer à tous")
    visite.lire("à la même date")
    prealables = Envoi.objects.filter(genre="information_prealable")
    assert prealables.count() >= NOMBRE
    assert prealables.values("depose_le", "piece").distinct().count() == 1
    visite.ouvrir("/etat-des-lieux/94/")
    visite.lire("Information préalable à compléter")
    visite.page.get_by_role("link", name="Enregistrer leurs remises").click()
    assert visite.examiner() == []
    visite.page.get_by_label("Référence de la remise").fill("Bordereau 12")
    for case in visite.page.get_by_role("checkbox").all():
        case.check()
    visite.cliquer("Enregistrer les remises")
    visite.lire("remises enregistrées")
    expedier_tout()
    visite.ouvrir("/etat-des-lieux/94/", axe=False)
    visite.lire("Information préalable faite")


def preparer_et_controler(visite: Visite) -> None:
    """Un brouillon prérempli pour chacun ; un taux qui dépasse se voit pendant la saisie, sans rien enregistrer."""
    visite.ouvrir(f"{TABLEAU}preparer/")
    visite.cliquer("Créer les brouillons")
    visite.lire(f"{NOMBRE} brouillons")
    droit = premiere().droits.get()
    visite.ouvrir(f"/conventions/{premiere().pk}/droits/")
    visite.page.get_by_label("Taux (%)").first.fill("90")
    visite.lire("Empêche la signature")
    avant = droit.taux
    droit.refresh_from_db()
    assert droit.taux == avant < 90


def dialoguer(visite: Visite) -> None:
    """Proposer à tous ; l'un commente, le bailleur répond."""
    fiche = f"/conventions/{premiere().pk}/"
    visite.ouvrir(f"{TABLEAU}proposer/")
    visite.cliquer("Proposer à chacun")
    visite.page.wait_for_url(f"**{TABLEAU}")
    for role, texte in (
        ("reservataire", "Quarante jours conviendraient mieux."),
        ("responsable_a", "Trente pour tous."),
    ):
        visite.entrer(role)
        if role == "responsable_a":
            visite.ouvrir(TABLEAU, axe=False)
            visite.lire("À répondre")
        visite.ouvrir(f"{fiche}commenter/")
        visite.page.get_by_label("Votre commentaire").fill(texte)
        visite.cliquer("Envoyer le commentaire")
        visite.lire(texte)
        assert visite.examiner() == []


def signer_toutes(visite: Visite, dossier: Path) -> None:
    """D'un coup : dix-huit pièces déposées ensemble, une en face de sa ligne, une qui n'est pas un PDF ; puis celle qui manque."""
    conventions = list(Convention.objects.filter(reservataire__code__startswith="RES").order_by("pk"))
    *ensemble, seule, fautive = conventions
    depots = []
    for une in ensemble:
        chemin = dossier / f"Convention {une.numero} (signée).pdf"
        chemin.write_bytes(page_pdf((une.numero,)))
        depots.append(chemin)
    faux, scan, hasard = dossier / f"{fautive.numero}.pdf", dossier / "scan0001.pdf", dossier / "hasard.pdf"
    faux.write_bytes(b"Ceci n'est pas un PDF.")
    scan.write_bytes(page_pdf((seule.numero,)))
    hasard.write_bytes(page_pdf(("Rien",)))
    visite.ouvrir(TABLEAU, axe=False)
    visite.page.get_by_role("link", name="Signer (").click()
    visite.page.wait_for_url(f"**{TABLEAU}signer/")
    assert visite.examiner() == []
    visite.page.get_by_label("Conventions signées (PDF)").set_input_files([*depots, faux, hasard])
    visite.page.get_by_label(f"Pièce signée de {seule.numero}").set_input_files(scan)
    visite.cliquer("Contrôler et préparer")
    visite.lire("Rien n'est encore fait")
    assert visite.examiner() == []
    visite.lire("hasard.pdf")
    visite.lire("n'est pas un PDF")
    assert not Convention.objects.filter(pk__in=[une.pk for une in conventions], etat="signee").exists()
    visite.cliquer(f"Enregistrer les signatures : {NOMBRE - 1}")
    visite.lire(f"0 sur {NOMBRE - 1}")
    assert visite.examiner() == []
    mener_la_serie(visite)
    visite.lire(f"{NOMBRE - 1} sur {NOMBRE - 1}")
    assert visite.examiner() == []
    signer_la_derniere(visite, fautive, scan)
    assert (
        Convention.objects.filter(
            pk__in=[une.pk for une in conventions], etat="signee", piece_signee__isnull=False
        ).count()
        == NOMBRE
    )


def mener_la_serie(visite: Visite) -> None:
    """Fait le travail de l'ouvrier sur la série ouverte ; la page, qui se relit seule, dit la fin."""
    cle = int(visite.page.url.rstrip("/").rpartition("/")[2])

    def faire() -> None:
        while avancer(cle):
            pass
        connection.close()

    fil = threading.Thread(target=faire)
    fil.start()
    fil.join()
    visite.lire("Exporter le compte rendu")


def signer_la_derniere(visite: Visite, convention: Convention, piece: Path) -> None:
    """Celle qui était écartée reste dans la liste ; sa pièce corrigée, elle se signe à son tour."""
    visite.ouvrir(f"{TABLEAU}signer/", axe=False)
    visite.page.get_by_label(f"Pièce signée de {convention.numero}").set_input_files(piece)
    for case in visite.page.get_by_role("checkbox", name="Signer ").all():
        if case.get_attribute("aria-label") not in {f"Signer {convention.numero}", None}:
            case.uncheck()
    visite.cliquer("Contrôler et préparer")
    visite.cliquer("Enregistrer les signatures : 1")
    mener_la_serie(visite)


def transmettre(visite: Visite) -> None:
    """Toutes d'un coup ; l'ouvrier dépose, puis expédie ; le compte rendu dit ce qui reste à remettre."""
    visite.ouvrir(f"{TABLEAU}transmettre/")
    visite.cliquer("Transmettre")
    visite.page.wait_for_url("**/series/*/")
    mener_la_serie(visite)
    expedier_tout()
    visite.page.reload()
    visite.lire("à remettre par une autre voie")
    assert visite.examiner() == []
    visite.page.get_by_role("link", name="Enregistrer les remises").click()
    visite.page.wait_for_url("**/envois/remises/**")
    assert visite.page.get_by_role("checkbox").count() >= NOMBRE, "un bordereau, et non vingt fiches"
    assert visite.examiner() == []
    visite.ouvrir(f"{TABLEAU}?etape=transmise")
    assert visite.page.locator("tbody tr").count() >= NOMBRE


def accuser_reception(visite: Visite) -> None:
    """Le préfet lit la convention dans son portail, et en accuse réception."""
    visite.entrer("etat")
    visite.ouvrir("/conventions/transmises/")
    visite.page.get_by_role("link", name=premiere().numero).first.click()
    visite.page.wait_for_url("**/recus/*/")
    remise = visite.page.url
    visite.page.get_by_role("link", name="Lire la convention à l'écran").click()
    visite.page.wait_for_url("**/conventions/*/")
    assert visite.examiner() == []
    visite.page.goto(f"{remise}accuser-reception/")
    visite.page.locator("main form button[type=submit]").first.click()
    visite.lire("Réception accusée")


def exporter_le_registre(visite: Visite) -> None:
    """La preuve du bailleur : une ligne par envoi, avec l'empreinte de sa pièce."""
    visite.entrer("responsable_a")
    visite.ouvrir("/envois/?genre=transmission", axe=False)
    with visite.page.expect_download() as descente:
        visite.page.get_by_role("link", name="CSV").click()
    registre = descente.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(registre) > 2 * NOMBRE
    assert "Empreinte SHA-256" in registre[0]
