"""Préparer, proposer, signer, remplacer, résilier une convention (RG-10 à RG-18)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conventions.actions.brouillons import (
    creer_brouillon,
    modifier_modalites,
    preparer_avenant,
    remplacer_droits,
    supprimer_brouillon,
)
from conventions.actions.cycle import proposer, reprendre, resilier, signer
from conventions.domaine.codes import Contrepartie, TypeReservataire
from conventions.domaine.saisie import LigneSaisie
from conventions.models import Bailleur, Convention, Reservataire, ReservationStock
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from tests.fabriques import (
    CRETEIL,
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db
JOUR = date(2026, 3, 2)


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


def preparer(acteur: Acteur, bailleur: Bailleur, reservataire: Reservataire, *lignes: LigneSaisie) -> Convention:
    convention = creer_brouillon(
        acteur=acteur, bailleur_id=bailleur.pk, reservataire_id=reservataire.pk, departement_id="94"
    )
    return remplacer_droits(acteur=acteur, convention_id=convention.pk, lignes=lignes)


def ligne(
    taux: str, territoire: str = "departement:94", contrepartie: str = "financement", sous: str = ""
) -> LigneSaisie:
    return LigneSaisie(contrepartie, Decimal(taux), (territoire,), sous)


def signer_le(acteur: Acteur, convention: Convention, jour: date = JOUR, **options: date) -> Convention:
    return signer(
        acteur=acteur, convention_id=convention.pk, signature_bailleur=jour, signature_reservataire=jour, **options
    )


@pytest.mark.regle("RG-16")
def test_la_signature_date_la_derniere_des_deux_et_ouvre_les_droits(bailleur: Bailleur, responsable: Acteur) -> None:
    convention = preparer(responsable, bailleur, creer_reservataire(), ligne("10"))
    proposer(acteur=responsable, convention_id=convention.pk, le=JOUR)
    signer(
        acteur=responsable,
        convention_id=convention.pk,
        signature_bailleur=date(2026, 3, 10),
        signature_reservataire=date(2026, 3, 20),
    )
    convention.refresh_from_db()
    assert (convention.date_signature, convention.date_effet) == (date(2026, 3, 20), date(2026, 3, 20))
    assert convention.est_en_vigueur(date(2026, 3, 20))
    assert not convention.est_en_vigueur(date(2026, 3, 19))


@pytest.mark.regle("RG-14")
def test_signer_l_etat_au_dessus_de_trente_est_refuse_et_le_brouillon_reste(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    convention = preparer(
        responsable, bailleur, creer_etat(), ligne("30.01", contrepartie="contingent_prefectoral", sous="prioritaires")
    )
    with pytest.raises(ErreurMetier) as refus:
        signer_le(responsable, convention)
    assert refus.value.code == "plafond_depasse"
    convention.refresh_from_db()
    assert (convention.etat, convention.date_signature) == ("brouillon", None)


@pytest.mark.regle("RG-14")
def test_signer_au_dela_de_cent_pour_cent_sur_une_commune_est_refuse(bailleur: Bailleur, responsable: Acteur) -> None:
    creer_convention(bailleur, creer_reservataire("AL"), [("85", "", "departement:94")])
    commune = creer_reservataire("COM", "commune", f"commune:{CRETEIL}")
    convention = preparer(responsable, bailleur, commune, ligne("15.01", f"commune:{CRETEIL}", "apport_terrain"))
    with pytest.raises(ErreurMetier, match="100"):
        signer_le(responsable, convention)


@pytest.mark.regle("RG-10")
def test_une_seconde_convention_en_vigueur_est_refusee(bailleur: Bailleur, responsable: Acteur) -> None:
    reservataire = creer_reservataire()
    creer_convention(bailleur, reservataire)
    convention = preparer(responsable, bailleur, reservataire, ligne("5"))
    with pytest.raises(ErreurMetier) as refus:
        signer_le(responsable, convention)
    assert refus.value.code == "deja_en_vigueur"


@pytest.mark.regle("RG-10")
def test_un_seul_brouillon_par_reservataire_et_departement(bailleur: Bailleur, responsable: Acteur) -> None:
    reservataire = creer_reservataire()
    preparer(responsable, bailleur, reservataire)
    with pytest.raises(ErreurMetier) as refus:
        preparer(responsable, bailleur, reservataire)
    assert refus.value.code == "brouillon_existant"


@pytest.mark.regle("RG-11")
def test_une_collectivite_n_exerce_que_chez_elle(bailleur: Bailleur, responsable: Acteur) -> None:
    commune = creer_reservataire("COM", "commune", f"commune:{CRETEIL}")
    with pytest.raises(ErreurMetier) as refus:
        preparer(responsable, bailleur, commune, ligne("5", "departement:94", "garantie_emprunt"))
    assert refus.value.code == "perimetre_hors_territoire"


@pytest.mark.regle("RG-11")
def test_un_perimetre_plus_petit_que_le_departement_exige_un_motif(bailleur: Bailleur, responsable: Acteur) -> None:
    hopital = creer_reservataire("HOP", "employeur", None)
    convention = preparer(responsable, bailleur, hopital)
    with pytest.raises(ErreurMetier) as refus:
        remplacer_droits(acteur=responsable, convention_id=convention.pk, lignes=[ligne("3", f"commune:{CRETEIL}")])
    assert refus.value.code == "motif_de_perimetre"
    modifier_modalites(
        acteur=responsable, convention_id=convention.pk, changements={"motif_perimetre": "Horaires décalés"}
    )
    remplacer_droits(acteur=responsable, convention_id=convention.pk, lignes=[ligne("3", f"commune:{CRETEIL}")])
    assert convention.droits.count() == 1


@pytest.mark.regle("RG-03")
def test_une_ligne_de_l_etat_dit_son_sous_contingent(bailleur: Bailleur, responsable: Acteur) -> None:
    with pytest.raises(ErreurMetier) as refus:
        preparer(responsable, bailleur, creer_etat(), ligne("25", contrepartie="contingent_prefectoral"))
    assert refus.value.code == "sous_contingent_absent"


@pytest.mark.regle("RG-16")
def test_un_avenant_continue_le_compte_et_remplace_la_version(bailleur: Bailleur, responsable: Acteur) -> None:
    origine = creer_convention(bailleur, creer_reservataire(), [("10", "", "departement:94")])
    avenant = preparer_avenant(acteur=responsable, convention_id=origine.pk)
    signer_le(responsable, avenant, effet=date(2026, 7, 1))
    origine.refresh_from_db()
    avenant.refresh_from_db()
    assert avenant.compte_id == origine.pk
    assert origine.est_en_vigueur(date(2026, 6, 30))
    assert not origine.est_en_vigueur(date(2026, 7, 1))
    assert avenant.est_en_vigueur(date(2026, 7, 1))


@pytest.mark.regle("RG-18")
def test_convertir_du_stock_exige_l_information_prealable(bailleur: Bailleur, responsable: Acteur) -> None:
    reservataire = creer_reservataire("CAF94")
    ReservationStock.objects.create(
        logement=creer_logement(bailleur), reservataire=reservataire, contrepartie="financement"
    )
    convention = preparer(responsable, bailleur, reservataire, ligne("3"))
    with pytest.raises(ErreurMetier) as refus:
        signer_le(responsable, convention)
    assert refus.value.code == "information_prealable"
    Envoi.objects.create(
        genre="information_prealable",
        emetteur=bailleur,
        destinataire_nom="Tous",
        departement_id="94",
        objet="État des lieux",
        depose_le=datetime(2026, 1, 5, 9, tzinfo=UTC),
        etat="envoye",
        envoye_le=datetime(2026, 1, 5, 9, tzinfo=UTC),
    )
    signer_le(responsable, convention)
    assert Convention.objects.get(pk=convention.pk).etat == "signee"


@pytest.mark.regle("RG-16")
def test_une_convention_proposee_se_reprend_mais_ne_se_modifie_pas(bailleur: Bailleur, responsable: Acteur) -> None:
    convention = preparer(responsable, bailleur, creer_reservataire(), ligne("10"))
    proposer(acteur=responsable, convention_id=convention.pk, le=JOUR)
    with pytest.raises(ErreurMetier) as refus:
        modifier_modalites(acteur=responsable, convention_id=convention.pk, changements={"nb_candidats": 3})
    assert refus.value.code == "convention_figee"
    reprendre(acteur=responsable, convention_id=convention.pk, motif="Taux à revoir")
    supprimer_brouillon(acteur=responsable, convention_id=convention.pk)
    assert not Convention.objects.filter(pk=convention.pk).exists()


@pytest.mark.regle("RG-16")
def test_la_resiliation_laisse_courir_jusqu_a_son_jour_inclus(bailleur: Bailleur, responsable: Acteur) -> None:
    convention = creer_convention(bailleur, creer_reservataire())
    resilier(acteur=responsable, convention_id=convention.pk, le=date(2026, 6, 30), motif="Mise en demeure sans suite")
    convention.refresh_from_db()
    assert convention.est_en_vigueur(date(2026, 6, 30))
    assert not convention.est_en_vigueur(date(2026, 7, 1))


def test_un_gestionnaire_prepare_mais_ne_signe_pas(bailleur: Bailleur) -> None:
    gestionnaire = acteur_de(bailleur)
    convention = preparer(gestionnaire, bailleur, creer_reservataire(), ligne("10"))
    with pytest.raises(AccesRefuse):
        signer_le(gestionnaire, convention)


def test_la_convention_d_un_autre_bailleur_est_introuvable(bailleur: Bailleur) -> None:
    convention = creer_convention(bailleur, creer_reservataire())
    with pytest.raises(Introuvable):
        resilier(acteur=acteur_de(creer_bailleur(), Role.RESPONSABLE), convention_id=convention.pk, le=JOUR, motif="x")


@pytest.mark.regle("RG-23")
def test_toucher_les_droits_d_un_avenant_n_efface_pas_le_remboursement(bailleur: Bailleur) -> None:
    mairie = creer_reservataire("MAIRIE23", TypeReservataire.COMMUNE, "commune:94028")
    convention = creer_convention(
        bailleur, mairie, [("10", "", "commune:94028")], contrepartie=Contrepartie.GARANTIE_EMPRUNT
    )
    convention.droits.update(montant_garanti=1000, dernier_versement=date(2020, 6, 30))
    acteur = acteur_de(bailleur)
    avenant = preparer_avenant(acteur=acteur, convention_id=convention.pk)
    ligne = LigneSaisie("garantie_emprunt", Decimal(8), ("commune:94028",), montant_garanti=Decimal(1000))
    remplacer_droits(acteur=acteur, convention_id=avenant.pk, lignes=[ligne])
    assert [(droit.taux, droit.dernier_versement) for droit in avenant.droits.all()] == [(8, date(2020, 6, 30))]


@pytest.mark.regle("RG-14")
@pytest.mark.parametrize(("jours", "reprise"), [(30, True), (-1, False)])
def test_un_avenant_reprend_la_derogation_tant_qu_elle_court(bailleur: Bailleur, jours: int, reprise: bool) -> None:
    fin = timezone.localdate() + timedelta(days=jours)
    convention = creer_convention(
        bailleur, creer_etat("ETAT94D"), [("33", "prioritaires", "departement:94")], derogation_taux=33,
        derogation_debut=fin - timedelta(days=200), derogation_fin=fin, derogation_motif="Besoins", derogation_arrete="A-1",
    )  # fmt: skip
    avenant = preparer_avenant(acteur=acteur_de(bailleur), convention_id=convention.pk)
    assert (avenant.derogation_fin == fin) is reprise
