"""Ce qu'on écrit au réservataire, et ce que la tâche du jour fait une fois, quoi qu'il arrive (RG-46, RG-66, RG-67)."""

from __future__ import annotations

import io
import os
import signal
import threading
from datetime import date, timedelta

import pikepdf
import pytest
import time_machine
from django.db import connection, connections

from attributions import tasks
from attributions.actions import mise_a_disposition
from attributions.actions.mise_a_disposition import mettre_a_disposition, prolonger_le_delai
from attributions.actions.notifications import relancer_les_reservataires
from attributions.actions.requalifier import retirer_la_liberation
from attributions.models import Orientation
from conventions.models import Convention
from flux_reservations.acces.models import Secteur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle import rls
from tests.attributions.dossier import NUMERO, Dossier, creer_dossier
from tests.fabriques import creer_liberation, creer_logement, creer_orientation, creer_reservataire

SYSTEME = Acteur.systeme()


@pytest.fixture
def joignable(dossier: Dossier) -> Dossier:
    dossier.reservataire.courriel = "caf@essai.example"
    dossier.reservataire.save()
    dossier.liberation.logement.adresse = "12 rue des Lilas"
    dossier.liberation.logement.save()
    return dossier


@pytest.mark.regle("RG-66")
def test_mettre_a_disposition_depose_la_fiche_et_un_courriel_sans_adresse(joignable: Dossier) -> None:
    joignable.a_disposition()
    envoi = Envoi.objects.get()
    assert (envoi.genre, envoi.destinataire_id, envoi.depose_le is not None) == (
        "mise_a_disposition",
        joignable.reservataire.pk,
        True,
    )
    assert "2 avril 2025" in envoi.corps.replace("\xa0", " ")
    assert f"/logements-a-pourvoir/{joignable.orientation.pk}/" in envoi.corps
    for secret in ("Lilas", joignable.liberation.numero, joignable.liberation.logement.identifiant):
        assert secret not in envoi.corps + envoi.objet
    assert envoi.piece is not None
    with pikepdf.open(io.BytesIO(bytes(envoi.piece.contenu.octets))) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.Root.Lang == "fr"


@pytest.mark.regle("RG-26")
def test_le_delegataire_est_prevenu_avec_le_titulaire(joignable: Dossier) -> None:
    ville = creer_reservataire("VILLE", "commune", "commune:94028", courriel="ville@essai.example")
    Convention.objects.filter(pk=joignable.convention.pk).update(delegataire_id=ville.pk)
    joignable.a_disposition()
    assert set(Envoi.objects.values_list("courriel", flat=True)) == {"caf@essai.example", "ville@essai.example"}


def _secteur(organisme_id: int, nom: str, boite: str, commune: str) -> None:
    secteur = Secteur.objects.create(organisme_id=organisme_id, nom=nom, boite=boite)
    secteur.communes.add(commune)


@pytest.mark.regle("RG-66")
def test_la_boite_du_secteur_est_prevenue_sans_adresse_ni_numero(joignable: Dossier) -> None:
    """Comme dans une requête du bailleur : la base lui cache les secteurs du réservataire, la boîte est prévenue quand même."""
    logement = joignable.liberation.logement
    caf = joignable.reservataire.pk
    autre = creer_reservataire("VILLE", "commune", "commune:94028", courriel="ville@essai.example")
    _secteur(caf, "Nord", "nord@essai.example", logement.commune_id)
    _secteur(caf, "Nord bis", "NORD@essai.example", logement.commune_id)
    _secteur(caf, "Siège", "CAF@essai.example", logement.commune_id)
    _secteur(caf, "Ailleurs", "ailleurs@essai.example", "94081")
    _secteur(caf, "Sans boîte", "", logement.commune_id)
    _secteur(autre.pk, "Centre", "centre@essai.example", logement.commune_id)
    with rls.pour_acteur(joignable.agent):
        assert not Secteur.objects.filter(organisme_id=caf).exists()
        joignable.a_disposition()
    organisme, boite = Envoi.objects.order_by("pk")
    assert (organisme.courriel, organisme.destinataire_id) == ("caf@essai.example", caf)
    assert (boite.courriel.lower(), boite.destinataire_id, boite.voie) == ("nord@essai.example", None, "courriel")
    assert (boite.lot, boite.depose_le, boite.corps) == (organisme.lot, organisme.depose_le, organisme.corps)
    for secret in ("Lilas", joignable.liberation.numero, logement.identifiant):
        assert secret not in boite.corps + boite.objet


@pytest.mark.regle("RG-67")
def test_la_boite_du_secteur_recoit_aussi_la_suite(joignable: Dossier) -> None:
    _secteur(joignable.reservataire.pk, "Nord", "nord@essai.example", joignable.liberation.logement.commune_id)
    joignable.a_disposition()
    relances = relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 3, 27))
    assert [envoi.courriel for envoi in relances] == ["caf@essai.example", "nord@essai.example"]
    assert relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 3, 27)) == []


@pytest.mark.regle("RG-26")
def test_la_boite_du_secteur_du_delegataire_est_prevenue(joignable: Dossier) -> None:
    ville = creer_reservataire("VILLE", "commune", "commune:94028", courriel="ville@essai.example")
    Convention.objects.filter(pk=joignable.convention.pk).update(delegataire_id=ville.pk)
    _secteur(ville.pk, "Centre", "centre@essai.example", joignable.liberation.logement.commune_id)
    joignable.a_disposition()
    assert "centre@essai.example" in Envoi.objects.values_list("courriel", flat=True)


@pytest.mark.regle("RG-66")
def test_sans_courriel_la_mise_a_disposition_se_remet_par_une_autre_voie(dossier: Dossier) -> None:
    dossier.a_disposition()
    assert Envoi.objects.get().voie == "recommande"
    assert relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 3, 31)) == []


@pytest.mark.regle("RG-67")
def test_une_relance_puis_une_derniere_une_fois_chacune(joignable: Dossier) -> None:
    joignable.a_disposition()
    # Limite le 2 avril : relance à sept jours (26 mars), la dernière à deux (31 mars).
    partis = [
        (le.day, [envoi.objet.replace("\xa0", " ") for envoi in relancer_les_reservataires(acteur=SYSTEME, le=le)])
        for le in (date(2025, 3, 20) + timedelta(days=rang) for rang in range(16))
    ]
    assert [(jour, objets) for jour, objets in partis if objets] == [
        (26, ["Rappel : candidats attendus jusqu'au 2 avril 2025"]),
        (31, ["Dernier rappel : candidats attendus jusqu'au 2 avril 2025"]),
    ]


@pytest.mark.regle("RG-67")
def test_un_delai_prolonge_se_rappelle_a_sa_nouvelle_date(joignable: Dossier) -> None:
    joignable.a_disposition()
    assert len(relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 3, 27))) == 1
    prolonger_le_delai(
        acteur=joignable.agent, orientation_id=joignable.orientation.pk, jusqu_au=date(2025, 4, 20), motif="Fêtes"
    )
    assert relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 4, 1)) == []
    assert len(relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 4, 13))) == 1


@pytest.mark.regle("RG-21")
def test_en_gestion_deleguee_personne_n_est_relance(joignable: Dossier) -> None:
    Convention.objects.filter(pk=joignable.convention.pk).update(gestion="deleguee")
    joignable.a_disposition()
    assert "jusqu'au" not in Envoi.objects.get().corps
    assert relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 4, 1)) == []


@pytest.mark.regle("RG-67")
def test_un_candidat_presente_fait_taire_les_relances(joignable: Dossier) -> None:
    joignable.avec_candidats(NUMERO)
    assert relancer_les_reservataires(acteur=SYSTEME, le=date(2025, 4, 1)) == []


@pytest.mark.regle("RG-46")
def test_un_logement_repris_previent_son_titulaire(joignable: Dossier) -> None:
    joignable.a_disposition()
    retirer_la_liberation(
        acteur=joignable.agent,
        liberation_id=joignable.liberation.pk,
        retrait="conge_annule",
        le=date(2025, 3, 12),
        motif="Lettre du locataire",
    )
    reprise = Envoi.objects.latest("pk")
    assert "rien ne vous est décompté" in reprise.corps


def plusieurs(dossier: Dossier, nombre: int) -> None:
    """D'autres logements à la disposition du même réservataire."""
    for _ in range(nombre):
        liberation = creer_liberation(creer_logement(dossier.liberation.bailleur), date(2025, 3, 3))
        orientation = creer_orientation(liberation, dossier.reservataire)
        mettre_a_disposition(acteur=dossier.agent, orientation_id=orientation.pk, le=date(2025, 3, 3))


def compter_ce_qui_est_fait() -> tuple[int, int, int]:
    """Carences, relances et annonces de carence en base."""
    return (
        Orientation.objects.filter(issue="carence").count(),
        Envoi.objects.filter(genre="rappel").count(),
        Envoi.objects.filter(objet__startswith="Sans candidat").count(),
    )


@pytest.mark.regle("RG-67")
def test_l_horloge_avancee_de_quinze_jours_fait_chaque_chose_une_fois(joignable: Dossier) -> None:
    joignable.a_disposition()
    plusieurs(joignable, 2)
    for jour in range(15):
        with time_machine.travel(date(2025, 3, 21) + timedelta(days=jour)):
            for _ in range(2):  # la tâche passe deux fois chaque jour
                tasks.constater_les_echeances()
    # 21 mars → 4 avril, limite le 2 : trois relances à sept jours, trois dernières, trois carences et leurs annonces.
    assert compter_ce_qui_est_fait() == (3, 6, 3)
    assert Orientation.objects.filter(reservataire__isnull=True).count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.regle("RG-67")
def test_un_worker_tue_au_milieu_reprend_sans_rien_doubler() -> None:
    dossier = creer_dossier()
    dossier.reservataire.courriel = "caf@essai.example"
    dossier.reservataire.save()
    dossier.a_disposition()
    plusieurs(dossier, 3)
    connections.close_all()
    enfant = os.fork()
    if enfant == 0:  # pragma: no cover : l'enfant meurt au milieu de la troisième carence, sa transaction ouverte
        appels = iter(range(10))
        veritable = mise_a_disposition.annoncer_la_carence

        def mourir_a_la_troisieme(*arguments: object) -> None:
            if next(appels) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            veritable(*arguments)  # type: ignore[arg-type]

        mise_a_disposition.annoncer_la_carence = mourir_a_la_troisieme
        mise_a_disposition.constater_les_carences(acteur=SYSTEME, le=date(2025, 4, 3))
        os._exit(1)
    _, etat = os.waitpid(enfant, 0)
    assert os.WTERMSIG(etat) == signal.SIGKILL
    assert compter_ce_qui_est_fait() == (2, 0, 2)
    with time_machine.travel(date(2025, 4, 3)):
        tasks.constater_les_echeances()
        tasks.constater_les_echeances()
    assert compter_ce_qui_est_fait() == (4, 0, 4)
    assert Orientation.objects.filter(reservataire__isnull=True).count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.regle("RG-67")
def test_deux_workers_a_la_fois_ne_doublent_rien() -> None:
    dossier = creer_dossier()
    dossier.reservataire.courriel = "caf@essai.example"
    dossier.reservataire.save()
    dossier.a_disposition()
    plusieurs(dossier, 3)
    echecs: list[BaseException] = []

    def travailler(le: date) -> None:
        try:
            relancer_les_reservataires(acteur=SYSTEME, le=le)
            mise_a_disposition.constater_les_carences(acteur=SYSTEME, le=le)
        except BaseException as erreur:  # noqa: BLE001 : un fil d'essai rend son échec
            echecs.append(erreur)
        finally:
            connection.close()

    for le in (date(2025, 3, 26), date(2025, 4, 3)):
        fils = [threading.Thread(target=travailler, args=(le,)) for _ in range(3)]
        for fil in fils:
            fil.start()
        for fil in fils:
            fil.join()
    assert echecs == []
    assert compter_ce_qui_est_fait() == (4, 4, 4)
