"""Les chemins à part : stock maintenu, relogements, programmes neufs (RG-22, RG-31, RG-53)."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from attributions.actions.hors_flux import remettre_au_titulaire, signer_bail_hors_flux
from attributions.actions.mise_a_disposition import constater_les_carences, mettre_a_disposition
from attributions.actions.requalifier import exclure
from attributions.models import Liberation, Orientation
from bilans.calcul import calculer_annee
from conventions.domaine.codes import Contrepartie
from conventions.models import ReservationStock
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier
from tests.attributions.dossier import Dossier
from tests.fabriques import acteur_de, creer_liberation, creer_logement, creer_reservataire, creer_utilisateur

pytestmark = pytest.mark.django_db


@pytest.fixture
def du_stock(dossier: Dossier) -> Liberation:
    """Une libération d'un logement que la Défense garde en droit de suite."""
    logement = creer_logement(dossier.liberation.bailleur)
    armee = creer_reservataire("ARMEE", "defense", "departement:94")
    ReservationStock.objects.create(
        logement=logement,
        reservataire=armee,
        contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES,
        date_debut=date(2010, 1, 1),
    )
    return creer_liberation(logement, date(2025, 3, 3))


@pytest.mark.regle("RG-53")
def test_le_stock_maintenu_revient_a_son_titulaire_sans_decompte(dossier: Dossier, du_stock: Liberation) -> None:
    orientation = remettre_au_titulaire(acteur=dossier.agent, liberation_id=du_stock.pk, le=date(2025, 3, 4))
    assert orientation.compte == "ARMEE"
    mettre_a_disposition(acteur=dossier.agent, orientation_id=orientation.pk, le=date(2025, 3, 5))
    flux = calculer_annee(du_stock.bailleur, "94", 2025).flux_json()
    assert all(compte["compte"] != "ARMEE" or compte["decompte"] == 0 for compte in flux["comptes"])
    armee = acteur_de(orientation.reservataire)
    assert Orientation.objects.visibles_par(armee).get() == orientation
    with pytest.raises(Conflit, match="déjà confié"):
        remettre_au_titulaire(acteur=dossier.agent, liberation_id=du_stock.pk, le=date(2025, 3, 6))


@pytest.mark.regle("RG-53")
def test_sans_candidat_le_bailleur_reprend_le_logement_du_stock_pour_un_tour(
    dossier: Dossier, du_stock: Liberation
) -> None:
    orientation = remettre_au_titulaire(acteur=dossier.agent, liberation_id=du_stock.pk, le=date(2025, 3, 3))
    mettre_a_disposition(acteur=dossier.agent, orientation_id=orientation.pk, le=date(2025, 3, 3))
    reprises = constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 3))
    assert [une.compte for une in reprises] == ["BAILLEUR"]
    flux = calculer_annee(du_stock.bailleur, "94", 2025).flux_json()
    assert flux["assiette"]["flux"] == 0


@pytest.mark.regle("RG-53")
def test_un_logement_du_flux_ne_prend_pas_le_chemin_du_stock(dossier: Dossier) -> None:
    libre = creer_liberation(creer_logement(dossier.liberation.bailleur))
    with pytest.raises(ErreurMetier, match="orientez-le depuis « À orienter »"):
        remettre_au_titulaire(acteur=dossier.agent, liberation_id=libre.pk, le=date(2025, 3, 4))
    with pytest.raises(ErreurMetier, match="ne serait décompté à personne"):
        signer_bail_hors_flux(acteur=dossier.agent, liberation_id=libre.pk, le=date(2025, 3, 4))


@pytest.mark.regle("RG-31")
def test_le_bail_d_un_relogement_s_enregistre_sans_orientation(dossier: Dossier) -> None:
    libre = creer_liberation(creer_logement(dossier.liberation.bailleur), date(2025, 3, 3))
    exclure(acteur=dossier.agent, liberation_id=libre.pk, exclusion="anru", le=date(2025, 3, 3))
    with pytest.raises(ErreurMetier, match="précède le congé"):
        signer_bail_hors_flux(acteur=dossier.agent, liberation_id=libre.pk, le=date(2020, 1, 1))
    signer_bail_hors_flux(acteur=dossier.agent, liberation_id=libre.pk, le=date(2025, 3, 20))
    flux = calculer_annee(libre.bailleur, "94", 2025).flux_json()
    assert (flux["assiette"]["exclusions"]["anru"], flux["assiette"]["flux"]) == (1, 0)
    with pytest.raises(ErreurMetier, match="corrigez-le"):
        signer_bail_hors_flux(acteur=dossier.agent, liberation_id=libre.pk, le=date(2025, 3, 21))


@pytest.mark.regle("RG-22")
def test_un_programme_neuf_compte_a_part_se_loue_sans_orientation(dossier: Dossier) -> None:
    neuf = creer_liberation(
        creer_logement(dossier.liberation.bailleur), date(2025, 3, 3), nature="premiere_location", date_conge=None
    )
    signer_bail_hors_flux(acteur=dossier.agent, liberation_id=neuf.pk, le=date(2025, 3, 20))
    assert calculer_annee(neuf.bailleur, "94", 2025).flux_json()["assiette"]["premieres_locations"] == 1


def test_un_lecteur_ne_remet_rien(dossier: Dossier, du_stock: Liberation) -> None:
    with pytest.raises(AccesRefuse):
        remettre_au_titulaire(
            acteur=dossier.agent.avec_role(Role.LECTEUR), liberation_id=du_stock.pk, le=date(2025, 3, 4)
        )


@pytest.mark.regle("RG-53")
def test_la_fiche_propose_le_chemin_qui_convient(dossier: Dossier, du_stock: Liberation) -> None:
    client = Client()
    client.force_login(creer_utilisateur(du_stock.bailleur), backend="django.contrib.auth.backends.ModelBackend")
    assert "Remettre à" in client.get(f"/liberations/{du_stock.pk}/").content.decode()
    reponse = client.post(f"/liberations/{du_stock.pk}/remettre-au-titulaire/", {"le": "2025-03-04"})
    assert reponse.status_code == 302
    libre = creer_liberation(creer_logement(du_stock.bailleur))
    client.post(f"/liberations/{libre.pk}/exclure/", {"exclusion": "mutation", "motif": "Échange"})
    assert client.post(f"/a-orienter/{libre.pk}/exclure/", {"exclusion": "mutation", "motif": ""}).status_code == 302
    page = client.get(f"/liberations/{libre.pk}/").content.decode()
    assert "Enregistrer le bail" in page
    assert "Remettre dans le flux" in page
    assert client.post(f"/liberations/{libre.pk}/bail-hors-flux/", {"le": "2025-03-20"}).status_code == 302
