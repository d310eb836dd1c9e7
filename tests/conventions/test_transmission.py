"""Transmission aux autorités et information préalable simultanée (RG-17, RG-18)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.actions.cycle import signer
from conventions.actions.pieces import Fichier
from conventions.actions.transmission import (
    empreinte_envoyee,
    enregistrer_information_anterieure,
    informer_prealablement,
    transmettre_convention,
)
from conventions.chargement_brouillon import controler_brouillon, lire_information_prealable
from conventions.models import Bailleur, Convention, ReservationStock
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
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
def test_la_fiche_ne_propose_de_relancer_que_si_quelqu_un_n_a_pas_accuse_reception(
    bailleur: Bailleur, responsable: Acteur, client: Client
) -> None:
    creer_etat()
    convention = creer_convention(bailleur, creer_reservataire("CAF94"))
    envois = transmettre_convention(acteur=responsable, convention_id=convention.pk)
    client.force_login(Utilisateur.objects.get(pk=responsable.utilisateur_id))
    fiche, relance = reverse("convention", args=[convention.pk]), reverse("relancer_transmission", args=[convention.pk])
    assert relance in client.get(fiche).content.decode()
    Envoi.objects.filter(pk__in=[envoi.pk for envoi in envois]).update(etat="recu", recu_le=timezone.now())
    assert relance not in client.get(fiche).content.decode()


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
    for attendu in ("n'a pas été envoyée", "n'avaient encore rien reçu"):
        with pytest.raises(ErreurMetier, match=attendu) as refus:
            signer(acteur=responsable, convention_id=convention.pk, **dates)
        assert refus.value.regle == "RG-18"
        assert attendu in " ".join(un.message for un in controler_brouillon(convention) if un.niveau == "bloquant")
        informer_prealablement(acteur=responsable, bailleur_id=bailleur.pk, departement_id="94")
        # Le second envoi, incomplet lui aussi, ne compte pas double : il suffit d'un envoi complet.
    client.force_login(Utilisateur.objects.get(pk=responsable.utilisateur_id))
    page = client.get(reverse("etat_des_lieux", args=["94"])).content.decode()
    assert "Information préalable à compléter" in page
    premier = Envoi.objects.filter(genre="information_prealable").order_by("depose_le")[0].lot
    adresse = f"{reverse('envois_remises')}?genre=information_prealable&departement=94&lot={premier}"
    assert adresse.replace("&", "&amp;") in page
    rien = client.post(adresse, {"le": "2026-01-05", "reference": "R1"})
    assert rien.status_code == 422
    restants = Envoi.objects.filter(lot=premier, voie="recommande").values_list("pk", flat=True)
    reponse = client.post(adresse, {"envois": restants, "le": "2026-01-05", "reference": "Bordereau 12"})
    assert reponse.status_code == 302
    assert Envoi.objects.filter(reference_voie="Bordereau 12").count() == len(restants) == 2
    assert controler_brouillon(convention) == []
    signer(acteur=responsable, convention_id=convention.pk, **dates)


def deposer(bailleur: Bailleur, lot: UUID, nom: str, **champs: Any) -> Envoi:
    """Un envoi de l'information préalable, déposé le 5 janvier 2026."""
    return Envoi.objects.create(
        genre="information_prealable",
        emetteur=bailleur,
        departement_id="94",
        lot=lot,
        destinataire_nom=nom,
        objet="État des lieux",
        **{"depose_le": a_midi(2026, 1, 5), **champs},
    )


def a_midi(annee: int, mois: int, jour: int) -> datetime:
    """Midi, ce jour-là."""
    return datetime(annee, mois, jour, 12, tzinfo=UTC)


@pytest.mark.regle("RG-66")
@pytest.mark.parametrize(
    ("sur_la_plateforme", "champs", "servi"),
    [
        (True, {"etat": "echec"}, True),
        (True, {"etat": "prevu"}, True),
        (True, {"etat": "prevu", "voie": "recommande"}, False),
        (True, {"etat": "recu", "voie": "recommande", "recu_le": a_midi(2026, 1, 6)}, True),
        (False, {"etat": "prevu"}, False),
        (False, {"etat": "incertain"}, False),
        (False, {"etat": "en_cours"}, False),
        (False, {"etat": "echec", "envoye_le": a_midi(2026, 1, 6)}, False),
        (False, {"etat": "envoye", "envoye_le": a_midi(2026, 1, 6)}, True),
        (False, {"etat": "repris", "envoye_le": a_midi(2026, 1, 6)}, True),
    ],
)
def test_le_depot_sert_un_organisme_de_la_plateforme_et_le_courriel_parti_les_autres(
    bailleur: Bailleur, sur_la_plateforme: bool, champs: dict[str, Any], servi: bool
) -> None:
    deposer(bailleur, uuid4(), "X", destinataire=creer_reservataire("CAF94") if sur_la_plateforme else None, **champs)
    assert lire_information_prealable(bailleur.pk, "94", timezone.localdate()).est_complete is servi


@pytest.mark.regle("RG-18")
@pytest.mark.parametrize("champs", [{"etat": "envoye", "voie": "recommande"}, {"etat": "repris"}])
def test_l_information_se_lit_a_la_date_de_signature_et_pas_aujourd_hui(
    bailleur: Bailleur, champs: dict[str, Any]
) -> None:
    deposer(bailleur, uuid4(), "EPT", envoye_le=a_midi(2026, 3, 2), **champs)
    avant = lire_information_prealable(bailleur.pk, "94", date(2026, 3, 1))
    assert (avant.faite, avant.non_remis) == (True, 1)
    assert "n'est pas complète au 1er\u00a0mars\u00a02026 : un destinataire n'avait encore rien reçu" in avant.refus()
    assert lire_information_prealable(bailleur.pk, "94", date(2026, 3, 2)).est_complete
    assert not lire_information_prealable(bailleur.pk, "94", date(2026, 1, 4)).faite


@pytest.mark.regle("RG-18")
def test_l_etat_des_lieux_ne_lit_que_l_envoi_le_plus_avance(
    bailleur: Bailleur, responsable: Acteur, client: Client
) -> None:
    """Deux envois : le premier, abandonné, a deux destinataires en attente ; le second, un seul. Seul le second se lit."""
    ancien, avance = uuid4(), uuid4()
    for nom in ("Ancien A", "Ancien B"):
        deposer(bailleur, ancien, nom, voie="recommande")
    deposer(bailleur, avance, "Servie", etat="envoye", envoye_le=a_midi(2026, 2, 9), depose_le=a_midi(2026, 2, 9))
    deposer(bailleur, avance, "En attente", voie="recommande", depose_le=a_midi(2026, 2, 9))
    client.force_login(Utilisateur.objects.get(pk=responsable.utilisateur_id))
    page = client.get(reverse("etat_des_lieux", args=["94"])).content.decode()
    assert "Déposée le 9\u00a0février\u00a02026" in page
    assert "En attente</a> (recommandé, prévu)" in page
    for absent in ("Ancien A", "Servie", "5\u00a0janvier\u00a02026"):
        assert absent not in page
    assert f"lot={avance}" in page
    assert "1\u00a0autre envoi dans ce département" in page
    remises = client.get(reverse("envois_remises"), {"genre": "information_prealable", "lot": str(avance)})
    assert "En attente" in remises.content.decode()
    assert "Ancien A" not in remises.content.decode()
    assert client.get(reverse("envois_remises"), {"lot": "-" * 36}).status_code == 404
    assert client.get(reverse("envois"), {"lot": "-" * 36}).status_code == 200


@pytest.mark.regle("RG-18")
def test_l_empreinte_montree_est_celle_du_lot_lu(bailleur: Bailleur, responsable: Acteur) -> None:
    creer_convention(bailleur, creer_reservataire("CAF94", courriel="caf@essai.example"))
    lots = []
    for code in ("UN", "DEUX"):
        ReservationStock.objects.create(
            logement=creer_logement(bailleur), reservataire=creer_reservataire(code), contrepartie="financement"
        )
        envois = informer_prealablement(acteur=responsable, bailleur_id=bailleur.pk, departement_id="94")
        lots.append(envois[0].lot)
    anterieur = enregistrer_information_anterieure(
        acteur=responsable,
        bailleur_id=bailleur.pk,
        departement_id="94",
        le=date(2023, 5, 2),
        fichier=Fichier("etat.pdf", page_pdf(("État des lieux",))),
    )[0].lot
    donnees = list(
        Piece.objects.filter(genre="etat_des_lieux_donnees").order_by("pk").values_list("contenu", flat=True)
    )
    assert len(set(donnees)) == 2
    lues = [empreinte_envoyee(responsable, "94", lot) for lot in (*lots, anterieur, None)]
    assert lues == [*donnees, "", ""]
