"""Transmission aux autorités et information préalable simultanée (RG-17, RG-18)."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.actions.cycle import signer
from conventions.actions.pieces import Fichier
from conventions.actions.transmission import (
    enregistrer_information_anterieure,
    informer_prealablement,
    transmettre_convention,
)
from conventions.chargement_brouillon import controler_brouillon
from conventions.models import Bailleur, Convention, ReservationStock
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import Envoi
from tests.fabriques import acteur_de, creer_bailleur, creer_convention, creer_etat, creer_logement, creer_reservataire

pytestmark = pytest.mark.django_db
EPT_DE_CRETEIL = "ept:200058006"


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    return bailleur


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


@pytest.mark.regle("RG-17")
def test_une_convention_signee_se_transmet_une_fois_au_prefet_et_a_l_ept(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    etat = creer_etat()
    convention = creer_convention(bailleur, creer_reservataire("CAF94"))
    envois = transmettre_convention(acteur=responsable, convention_id=convention.pk)
    assert [envoi.territoire_id for envoi in envois] == ["departement:94", EPT_DE_CRETEIL]
    assert [envoi.destinataire_id for envoi in envois] == [etat.pk, None]
    assert len({(envoi.depose_le, envoi.piece_id, envoi.lot) for envoi in envois}) == 1
    with pytest.raises(ErreurMetier) as refus:
        transmettre_convention(acteur=responsable, convention_id=convention.pk)
    assert refus.value.code == "deja_transmise"


@pytest.mark.regle("RG-17")
def test_le_prefet_voit_la_convention_transmise_et_pas_les_autres(bailleur: Bailleur, responsable: Acteur) -> None:
    prefet = acteur_de(creer_etat())
    transmise = creer_convention(bailleur, creer_reservataire("CAF94"))
    creer_convention(bailleur, creer_reservataire("MSA"))
    transmettre_convention(acteur=responsable, convention_id=transmise.pk)
    assert list(Convention.objects.visibles_par(prefet)) == [transmise]


@pytest.mark.regle("RG-17")
def test_un_brouillon_ne_se_transmet_pas(bailleur: Bailleur, responsable: Acteur) -> None:
    convention = creer_convention(bailleur, creer_reservataire(), etat="brouillon")
    with pytest.raises(ErreurMetier):
        transmettre_convention(acteur=responsable, convention_id=convention.pk)
    assert not Envoi.objects.exists()


@pytest.mark.regle("RG-18")
def test_l_information_prealable_part_a_tous_au_meme_instant(bailleur: Bailleur, responsable: Acteur) -> None:
    etat, caf = creer_etat(), creer_reservataire("CAF94", courriel="caf@essai.example")
    ept = Organisme.objects.create(
        nature="collectivite", nom="EPT", territoire_id=EPT_DE_CRETEIL, courriel="ept@essai.example"
    )
    creer_convention(bailleur, caf)
    creer_convention(bailleur, etat, [("30", "prioritaires", "departement:94")])
    envois = informer_prealablement(acteur=responsable, bailleur_id=bailleur.pk, departement_id="94")
    assert {envoi.destinataire_id for envoi in envois} == {etat.pk, caf.pk, ept.pk}
    assert len({(envoi.depose_le, envoi.piece_id) for envoi in envois}) == 1


@pytest.mark.regle("RG-18")
def test_un_envoi_anterieur_garde_sa_date_et_sa_piece(bailleur: Bailleur, responsable: Acteur) -> None:
    creer_convention(bailleur, creer_reservataire("CAF94", courriel="caf@essai.example"))
    envois = enregistrer_information_anterieure(
        acteur=responsable,
        bailleur_id=bailleur.pk,
        departement_id="94",
        le=date(2023, 5, 2),
        fichier=Fichier("etat.pdf", page_pdf(("État des lieux",))),
    )
    assert {envoi.depose_le.date() for envoi in envois if envoi.depose_le} == {date(2023, 5, 2)}
    assert not any(envoi.courriel for envoi in envois)


def test_un_gestionnaire_ne_transmet_pas(bailleur: Bailleur) -> None:
    convention = creer_convention(bailleur, creer_reservataire())
    with pytest.raises(AccesRefuse):
        transmettre_convention(acteur=acteur_de(bailleur), convention_id=convention.pk)


@pytest.mark.regle("RG-18")
def test_une_information_incomplete_empeche_de_signer_une_convention_qui_convertit_du_stock(
    bailleur: Bailleur, responsable: Acteur, client: Client
) -> None:
    """« L'envoi est complet ou repris jusqu'à l'être » : l'EPT et le préfet, hors de la plateforme et sans courriel, n'ont rien reçu."""
    caf = creer_reservataire("CAF94", courriel="caf@essai.example")
    ReservationStock.objects.create(
        logement=creer_logement(bailleur), reservataire=caf, contrepartie="logements_identifies"
    )
    convention = creer_convention(bailleur, caf, etat="proposee")
    dates = {"signature_bailleur": timezone.localdate(), "signature_reservataire": timezone.localdate()}
    for attendu in ("n'a pas été envoyée", "n'ont encore rien reçu"):
        with pytest.raises(ErreurMetier, match=attendu) as refus:
            signer(acteur=responsable, convention_id=convention.pk, **dates)
        assert refus.value.regle == "RG-18"
        assert attendu in " ".join(un.message for un in controler_brouillon(convention) if un.niveau == "bloquant")
        informer_prealablement(acteur=responsable, bailleur_id=bailleur.pk, departement_id="94")
        # Le second envoi, incomplet lui aussi, ne compte pas double : il suffit d'un envoi complet.
    client.force_login(Utilisateur.objects.get(pk=responsable.utilisateur_id))
    page = client.get(reverse("etat_des_lieux", args=["94"])).content.decode()
    assert "Information préalable à compléter" in page
    adresse = f"{reverse('envois_remises')}?genre=information_prealable&departement=94"
    assert adresse.replace("&", "&amp;") in page
    rien = client.post(adresse, {"le": "2026-01-05", "reference": "R1"})
    assert rien.status_code == 422
    lot = Envoi.objects.filter(genre="information_prealable").values_list("lot", flat=True).first()
    restants = Envoi.objects.filter(lot=lot, voie="recommande").values_list("pk", flat=True)
    reponse = client.post(adresse, {"envois": restants, "le": "2026-01-05", "reference": "Bordereau 12"})
    assert reponse.status_code == 302
    assert Envoi.objects.filter(reference_voie="Bordereau 12").count() == len(restants) == 2
    assert controler_brouillon(convention) == []
    signer(acteur=responsable, convention_id=convention.pk, **dates)
