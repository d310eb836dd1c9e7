"""L'écran « À orienter » : suivre, choisir, exclure, revenir ; jamais sur un état périmé (RG-41)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from attributions.models import Besoin, Liberation, Orientation, Proposition
from conventions.models import Bailleur, Reservataire
from flux_reservations.commun.acteur import Role
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = pytest.mark.django_db
AUJOURD_HUI = timezone.localdate()


def connecter(bailleur: Bailleur, role: Role = Role.GESTIONNAIRE) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def bailleur() -> Bailleur:
    """État 30 %, Action Logement 20 % ; trois logements attendent."""
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, creer_reservataire("AL", "action_logement", "region:11"), [("20", "", "departement:94")])
    for rang in range(3):
        creer_liberation(creer_logement(bailleur), AUJOURD_HUI - timedelta(days=3 - rang), numero=f"L{rang}")
    return bailleur


def lot(client: Client) -> dict[str, str]:
    return {un.liberation.numero: un.ligne.compte for un in client.get("/a-orienter/").context["logements"]}


@pytest.mark.regle("RG-41")
def test_chaque_logement_a_sa_proposition_et_sa_phrase(bailleur: Bailleur) -> None:
    reponse = connecter(bailleur).get("/a-orienter/")
    logements = reponse.context["logements"]
    assert {un.liberation.numero for un in logements} == {"L0", "L1", "L2"}
    assert all(un.ligne.phrase.endswith(".") for un in logements)
    assert not Proposition.objects.exists(), "lire n'écrit rien"


@pytest.mark.regle("RG-41")
def test_suivre_oriente_et_garde_l_etat_des_comptes(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    propose = lot(client)["L0"]
    liberation = Liberation.objects.get(numero="L0")
    client.post(f"/a-orienter/{liberation.pk}/suivre/", {"vu": propose})
    orientation = liberation.orientations.get()
    assert orientation.compte_propose.startswith(propose)
    assert orientation.etat_comptes["retards"]
    assert "L0" not in lot(client)


@pytest.mark.regle("RG-41")
def test_une_proposition_qui_a_change_n_est_pas_suivie(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    liberation = Liberation.objects.get(numero="L0")
    autre = "AL" if lot(client)["L0"] != "AL" else "BAILLEUR"
    reponse = client.post(f"/a-orienter/{liberation.pk}/suivre/", {"vu": autre}, follow=True)
    assert "a changé" in reponse.content.decode()
    assert not Orientation.objects.exists()


@pytest.mark.regle("RG-41")
def test_un_double_clic_n_oriente_qu_une_fois(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    propose, liberation = lot(client)["L0"], Liberation.objects.get(numero="L0")
    for _ in range(2):
        client.post(f"/a-orienter/{liberation.pk}/suivre/", {"vu": propose})
    assert liberation.orientations.count() == 1


@pytest.mark.regle("RG-41")
def test_un_autre_compte_exige_un_motif(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    propose, liberation = lot(client)["L0"], Liberation.objects.get(numero="L0")
    adresse = f"/a-orienter/{liberation.pk}/autre-compte/"
    choix = client.get(adresse).context["form"].fields["compte"].choices[0][0]
    assert client.post(adresse, {"compte": choix, "vu": propose, "motif": " "}).status_code == 422
    client.post(adresse, {"compte": choix, "vu": propose, "motif": "Relogement urgent"})
    orientation = liberation.orientations.get()
    assert (orientation.compte.partition("/")[0], orientation.motif) == (choix, "Relogement urgent")


def test_tout_suivre_vide_le_lot(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    formulaire = client.get("/a-orienter/tout-suivre/").context["form"]
    client.post("/a-orienter/tout-suivre/", formulaire.initial)
    assert lot(client) == {}
    assert Orientation.objects.count() == 3


def test_annuler_ramene_le_logement_dans_le_lot(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    liberation = Liberation.objects.get(numero="L0")
    client.post(f"/a-orienter/{liberation.pk}/suivre/", {"vu": lot(client)["L0"]})
    orientation = liberation.orientations.get()
    client.post(f"/orientations/{orientation.pk}/annuler/", {"motif": "Erreur de saisie"})
    assert "L0" in lot(client)


@pytest.mark.regle("RG-31")
def test_exclure_sort_le_logement_du_lot(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    liberation = Liberation.objects.get(numero="L0")
    client.post(f"/a-orienter/{liberation.pk}/exclure/", {"exclusion": "anru"})
    assert "L0" not in lot(client)


@pytest.mark.regle("RG-40")
def test_retirer_et_decaler(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    premiere, seconde = Liberation.objects.get(numero="L0"), Liberation.objects.get(numero="L1")
    client.post(f"/a-orienter/{premiere.pk}/retirer/", {"retrait": "conge_annule"})
    client.post(f"/a-orienter/{seconde.pk}/decaler/", {"disponible_le": AUJOURD_HUI.isoformat(), "motif": "Travaux"})
    seconde.refresh_from_db()
    assert "L0" not in lot(client)
    assert seconde.date_disponibilite == AUJOURD_HUI


def test_garder_le_lot_depose_les_propositions(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    client.post("/a-orienter/lot/", {"departement": "94", "annee": str(AUJOURD_HUI.year)})
    assert Proposition.objects.count() == 3


def test_un_lecteur_lit_sans_bouton(bailleur: Bailleur) -> None:
    client = connecter(bailleur, Role.LECTEUR)
    assert "/suivre/" not in client.get("/a-orienter/").content.decode()
    liberation = Liberation.objects.get(numero="L0")
    assert client.post(f"/a-orienter/{liberation.pk}/suivre/", {"vu": "AL"}).status_code == 403


@pytest.mark.regle("RG-51")
def test_un_besoin_exprime_eclaire_l_agent_sans_changer_la_proposition(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    avant = lot(client)
    Besoin.objects.create(
        reservataire=Reservataire.objects.get(code="AL"), typologie="T3", nb_menages=12, valable_jusqu_au=AUJOURD_HUI
    )
    logements = client.get("/a-orienter/").context["logements"]
    assert all(un.besoins for un in logements)
    assert lot(client) == avant
