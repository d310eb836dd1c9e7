"""Les écrans du parcours : la fiche d'un logement libéré, les actes, les séances."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from attributions.models import Candidat, Orientation, Seance
from conventions.models import Bailleur
from flux_reservations.acces.consultations import Consultation
from flux_reservations.commun.acteur import Role
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db
NUMERO = "094120260001234567"


def connecter(bailleur: Bailleur, role: Role = Role.RESPONSABLE) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def orientation() -> Orientation:
    bailleur = creer_bailleur()
    caf = creer_reservataire("CAF94")
    creer_convention(bailleur, caf, delai_presentation_jours=30)
    return creer_orientation(creer_liberation(creer_logement(bailleur), date(2026, 3, 2)), caf)


def test_la_fiche_mene_du_logement_au_bail(orientation: Orientation) -> None:
    client = connecter(orientation.liberation.bailleur)
    fiche = f"/liberations/{orientation.liberation_id}/"
    assert "Mettre à disposition" in client.get(fiche).content.decode()

    def acte(adresse: str, **donnees: str) -> None:
        reponse = client.post(adresse, donnees)
        assert reponse.status_code == 302, reponse.content.decode()

    base = f"/orientations/{orientation.pk}"
    acte(f"{base}/mettre-a-disposition/", le="2026-03-02")
    acte(f"{base}/candidat/", numero_demande=NUMERO, le="2026-03-05", public="dalo")
    acte("/seances/prevoir/", le="2026-03-12", lieu="Siège")
    seance = Seance.objects.get()
    acte(f"{base}/seance/", seance=str(seance.pk))
    candidat = Candidat.objects.get()
    inscription = seance.inscriptions.get()
    decision = {f"decision_{candidat.pk}": "attribution", "motif_nombre": "insuffisance"}
    acte(f"/inscriptions/{inscription.pk}/decider/", **decision)
    acte(f"/seances/{seance.pk}/clore/", **empreinte_portee(client, f"/seances/{seance.pk}/clore/"))
    acte(f"/candidats/{candidat.pk}/notifier/", le="2026-03-13")
    acte(f"/candidats/{candidat.pk}/repondre/", reponse="accepte", le="2026-03-18")
    acte(f"{base}/bail/", le="2026-03-25")
    orientation.refresh_from_db()
    assert (orientation.issue, orientation.public) == ("bail", "dalo")
    assert "Le parcours est fini" in client.get(fiche).content.decode()


def test_une_etape_sautee_revient_avec_son_remede(orientation: Orientation) -> None:
    client = connecter(orientation.liberation.bailleur)
    reponse = client.post(f"/orientations/{orientation.pk}/bail/", {"le": "2026-03-25"})
    assert reponse.status_code == 422
    assert "inscrivez le logement à une séance" in reponse.content.decode()


def test_un_lecteur_voit_la_fiche_sans_pouvoir_agir(orientation: Orientation) -> None:
    client = connecter(orientation.liberation.bailleur, Role.LECTEUR)
    assert "Mettre à disposition</a>" not in client.get(f"/liberations/{orientation.liberation_id}/").content.decode()
    assert client.post(f"/orientations/{orientation.pk}/mettre-a-disposition/", {"le": "2026-03-02"}).status_code == 403


def test_la_liberation_d_un_autre_bailleur_est_introuvable(orientation: Orientation) -> None:
    client = connecter(creer_bailleur())
    assert client.get(f"/liberations/{orientation.liberation_id}/").status_code == 404
    assert client.get(f"/orientations/{orientation.pk}/bail/").status_code == 404


@pytest.mark.parametrize("etat", ["a_orienter", "en_cours", "louee", "exclue", "retiree"])
def test_la_liste_se_filtre_par_etat(orientation: Orientation, etat: str) -> None:
    reponse = connecter(orientation.liberation.bailleur).get("/liberations/", {"etat": etat})
    assert reponse.status_code == 200
    assert reponse.context["page"].paginator.count == (1 if etat == "en_cours" else 0)


@pytest.mark.regle("RG-71")
def test_lire_les_demandes_d_une_fiche_se_note_une_fois_par_personne_et_par_jour(orientation: Orientation) -> None:
    client = connecter(orientation.liberation.bailleur, Role.LECTEUR)
    fiche = f"/liberations/{orientation.liberation_id}/"
    client.get(fiche)
    assert not Consultation.objects.exists(), "aucune demande n'y est citée"
    Candidat.objects.create(orientation=orientation, numero_demande=NUMERO)
    for _ in range(2):
        assert NUMERO in client.get(fiche).content.decode()
    connecter(orientation.liberation.bailleur).get(fiche)
    notees = Consultation.objects.values_list("genre", "objet_type", "objet_cle", "organisme_id")
    attendue = (
        "candidats",
        "attributions.liberation",
        str(orientation.liberation_id),
        orientation.liberation.bailleur_id,
    )
    assert list(notees) == [attendue, attendue], "une par personne"


@pytest.mark.regle("RG-71")
def test_decider_cite_les_demandes_et_se_note(orientation: Orientation) -> None:
    Candidat.objects.create(orientation=orientation, numero_demande=NUMERO)
    seance = Seance.objects.create(bailleur=orientation.liberation.bailleur, date=date(2026, 3, 12))
    inscription = seance.inscriptions.create(orientation=orientation, ordre=1)
    client = connecter(orientation.liberation.bailleur)
    assert NUMERO in client.get(f"/inscriptions/{inscription.pk}/decider/").content.decode()
    assert Consultation.objects.get().objet_cle == str(orientation.pk)
