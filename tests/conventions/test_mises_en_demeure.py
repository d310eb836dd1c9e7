"""RG-20 : mise en demeure, deux mois, puis résiliation, ou arrêté à défaut de convention ; chaque étape est datée."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.actions.manquements import Grief, donner_suite, mettre_en_demeure
from conventions.chargement_tableau import charger_tableau
from conventions.domaine.codes import SuiteManquement
from conventions.domaine.manquement import Avancement, verifier_suite
from conventions.models import Bailleur, Convention, Manquement
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle import rls
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-20")]
JOUR = timezone.localdate()
ANCIENNE = JOUR - timedelta(days=90)


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur(courriel="bailleur@essai.example")
    creer_logement(bailleur)
    return bailleur


@pytest.fixture
def prefet() -> Acteur:
    return acteur_de(creer_etat(), Role.RESPONSABLE)


@pytest.fixture
def convention(bailleur: Bailleur) -> Convention:
    return creer_convention(bailleur, creer_reservataire("CAF94"))


def demeure(
    prefet: Acteur, bailleur: Bailleur, convention: Convention | None = None, le: date = ANCIENNE
) -> Manquement:
    return mettre_en_demeure(
        acteur=prefet, departement_id="94", grief=Grief(bailleur, "Délais non tenus.", le, convention=convention)
    )


def suite(acteur: Acteur, manquement: Manquement, quoi: str, le: date = JOUR) -> Manquement:
    return donner_suite(acteur=acteur, manquement_id=manquement.pk, suite=quoi, le=le, motif="Rien n'a changé.")


def test_deux_mois_courent_puis_la_resiliation_est_possible() -> None:
    assert Avancement(date(2026, 1, 31), "", date(2026, 3, 31)).possible_le == date(2026, 4, 1)
    assert not Avancement(date(2026, 1, 31), "", date(2026, 3, 31)).est_echue
    assert Avancement(date(2026, 1, 31), "", date(2026, 4, 1)).est_echue
    assert not Avancement(date(2026, 1, 31), "regularise", date(2026, 4, 1)).est_echue


@pytest.mark.parametrize(
    ("quoi", "le", "sur_convention", "code"),
    [
        ("resiliation", date(2026, 3, 1), True, "delai_de_mise_en_demeure"),
        ("resiliation", date(2026, 6, 1), False, "resiliation_sans_convention"),
        ("arrete", date(2026, 6, 1), True, "arrete_avec_convention"),
        ("regularise", date(2025, 12, 1), True, "dates_inversees"),
        ("amende", date(2026, 6, 1), True, "suite_inconnue"),
    ],
)
def test_une_suite_irrecevable_est_refusee(quoi: str, le: date, sur_convention: bool, code: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        verifier_suite(mise_en_demeure_le=date(2026, 1, 31), suite=quoi, le=le, sur_une_convention=sur_convention)
    assert refus.value.code == code


def test_le_prefet_resilie_une_convention_dont_il_n_est_pas_partie(
    bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    manquement = demeure(prefet, bailleur, convention)
    with rls.pour_acteur(prefet):
        suite(prefet, manquement, SuiteManquement.RESILIATION)
    convention.refresh_from_db()
    assert convention.date_resiliation == JOUR
    assert "préfet" in convention.motif_fin
    envois = Envoi.objects.filter(genre=GenreEnvoi.MANQUEMENT, destinataire_id=bailleur.pk)
    assert envois.count() == 2
    with pytest.raises(ErreurMetier) as refus:
        suite(prefet, manquement, SuiteManquement.REGULARISE)
    assert refus.value.code == "suite_deja_donnee"


def test_avant_deux_mois_rien_n_est_resilie(bailleur: Bailleur, prefet: Acteur, convention: Convention) -> None:
    manquement = demeure(prefet, bailleur, convention, JOUR - timedelta(days=20))
    with pytest.raises(ErreurMetier):
        suite(prefet, manquement, SuiteManquement.RESILIATION)
    convention.refresh_from_db()
    assert convention.date_resiliation is None
    assert Manquement.objects.ouverts().count() == 1


def test_a_defaut_de_convention_un_arrete_fixe_les_droits_sans_attendre(bailleur: Bailleur, prefet: Acteur) -> None:
    manquement = demeure(prefet, bailleur, le=JOUR - timedelta(days=5))
    assert suite(prefet, manquement, SuiteManquement.ARRETE).suite_le == JOUR


def test_le_bailleur_enregistre_celle_qu_il_a_recue_et_le_prefet_l_apprend(bailleur: Bailleur, prefet: Acteur) -> None:
    agent = acteur_de(bailleur)
    manquement = demeure(agent, bailleur)
    assert manquement.prefet_id == prefet.organisme_id
    assert [(un.emetteur_id, un.destinataire_id) for un in Envoi.objects.all()] == [(bailleur.pk, prefet.organisme_id)]
    suite(agent, manquement, SuiteManquement.REGULARISE)
    assert Envoi.objects.count() == 2


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.RESPONSABLE])
def test_un_bailleur_ne_resilie_pas_au_nom_du_prefet(
    bailleur: Bailleur, prefet: Acteur, convention: Convention, role: Role
) -> None:
    del prefet
    agent = acteur_de(bailleur, role)
    manquement = demeure(agent, bailleur, convention)
    with pytest.raises(AccesRefuse):
        suite(agent, manquement, SuiteManquement.RESILIATION)
    convention.refresh_from_db()
    assert convention.date_resiliation is None


def test_un_bailleur_ne_clot_pas_la_mise_en_demeure_du_prefet(
    bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    manquement = demeure(prefet, bailleur, convention)
    agent = acteur_de(bailleur, Role.RESPONSABLE)
    with pytest.raises(AccesRefuse):
        suite(agent, manquement, SuiteManquement.REGULARISE)
    with rls.pour_acteur(agent):
        assert Manquement.objects.filter(pk=manquement.pk).update(suite="regularise", suite_le=JOUR) == 0


def test_un_gestionnaire_de_prefecture_met_en_demeure_mais_ne_resilie_pas(
    bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    gestionnaire = prefet.avec_role(Role.GESTIONNAIRE)
    manquement = demeure(gestionnaire, bailleur, convention)
    with pytest.raises(AccesRefuse):
        suite(gestionnaire, manquement, SuiteManquement.RESILIATION)


@pytest.mark.regle("RG-16")
def test_resilier_met_fin_a_toute_la_chaine_avenant_a_venir_compris(
    bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    demain = JOUR + timedelta(days=30)
    Convention.objects.filter(pk=convention.pk).update(remplacee_le=demain)
    avenant = creer_convention(
        bailleur, convention.reservataire, effet=demain, avenant_de=convention, origine=convention
    )
    suite(prefet, demeure(prefet, bailleur, convention), SuiteManquement.RESILIATION)
    avenant.refresh_from_db()
    assert not avenant.est_en_vigueur(demain)
    assert not Convention.objects.en_vigueur(demain).exists()


@pytest.mark.regle("RG-16")
def test_une_version_deja_remplacee_ne_se_resilie_pas(
    bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    hier = JOUR - timedelta(days=1)
    manquement = demeure(prefet, bailleur, convention)
    Convention.objects.filter(pk=convention.pk).update(remplacee_le=hier)
    creer_convention(bailleur, convention.reservataire, effet=hier, avenant_de=convention, origine=convention)
    with pytest.raises(ErreurMetier) as refus:
        suite(prefet, manquement, SuiteManquement.RESILIATION)
    assert refus.value.code == "version_remplacee"
    assert Convention.objects.en_vigueur(JOUR).count() == 1
    manquement.refresh_from_db()
    assert not manquement.suite


def test_le_tableau_de_bord_alerte_une_fois_le_delai_passe(bailleur: Bailleur, prefet: Acteur) -> None:
    demeure(prefet, bailleur, creer_convention(bailleur, creer_reservataire("CAF94")))
    (echeance,) = charger_tableau(bailleur.pk, "94", JOUR).echeances
    assert echeance.depassee


def test_nul_ne_met_en_demeure_hors_de_son_departement(bailleur: Bailleur, prefet: Acteur) -> None:
    del prefet
    for acteur in (acteur_de(creer_etat("ETAT93", "departement:93")), acteur_de(creer_reservataire("MSA"))):
        with pytest.raises(AccesRefuse):
            demeure(acteur, bailleur)
    assert not Manquement.objects.exists()


def test_l_ecran_dit_les_etapes_et_l_alerte(client: Client, bailleur: Bailleur, prefet: Acteur) -> None:
    manquement = demeure(prefet, bailleur, creer_convention(bailleur, creer_reservataire("CAF94")))
    sans_convention = demeure(prefet, bailleur)
    client.force_login(creer_utilisateur(bailleur))
    assert "Deux mois passés sans suite" in client.get(reverse("manquement", args=[manquement.pk])).content.decode()
    fiche = client.get(reverse("manquement", args=[sans_convention.pk])).content.decode()
    assert "fixer les droits par arrêté" in fiche
    assert "résilier" not in fiche
    assert "Défaut de convention" in client.get(reverse("manquements")).content.decode()


def test_une_convention_non_transmise_ne_passe_pas_pour_un_defaut_de_convention(
    client: Client, bailleur: Bailleur, prefet: Acteur, convention: Convention
) -> None:
    manquement = demeure(prefet, bailleur, convention)
    client.force_login(Utilisateur.objects.get(pk=prefet.utilisateur_id))
    fiche = client.get(reverse("manquement", args=[manquement.pk])).content.decode()
    assert "Convention non transmise" in fiche
    assert "le préfet peut résilier la convention" in fiche
