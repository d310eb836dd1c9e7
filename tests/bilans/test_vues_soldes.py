"""Les soldes à l'écran : le provisoire repris d'un clic, le solde saisi, le retard de l'État cumulé (RG-47)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from attributions.actions.soldes import reprendre_soldes, saisir_solde
from attributions.models import SoldeOuverture
from bilans.calcul import calculer_annee
from bilans.recoupement import verifier_annee
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-47")]
ANNEE = timezone.localdate().year


@pytest.fixture
def bailleur() -> Bailleur:
    """L'État à 25 + 5 %, Action Logement à 20 % : quatre baux l'an passé, quatre cette année, personne n'a rien reçu."""
    bailleur = creer_bailleur()
    effet = date(ANNEE - 1, 1, 1)
    creer_convention(
        bailleur, creer_etat(), [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")], effet=effet, numero="ETAT"
    )  # fmt: skip
    creer_convention(
        bailleur, creer_reservataire("AL", "action_logement", "region:11"), [("20", "", "departement:94")], effet=effet, numero="AL"
    )  # fmt: skip
    for annee in (ANNEE - 1, ANNEE):
        for rang in range(4):
            creer_liberation(creer_logement(bailleur), date(annee, 1, 2), date_bail=date(annee, 1, 10 + rang))
    return bailleur


def connecter(bailleur: Bailleur, role: Role = Role.GESTIONNAIRE) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def soldes() -> dict[tuple[str, str], Decimal]:
    lignes = SoldeOuverture.objects.filter(annee=ANNEE)
    return {(un.convention.numero, un.sous_contingent): un.report for un in lignes}


def test_le_provisoire_se_reprend_d_un_clic_et_une_seule_fois(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    analyse = client.get("/flux/soldes/").context["analyse"]
    # 4 baux : AL 4 × 20 % = 0,8 ; État 1 + 0,2.
    assert "3 comptes sans solde" in analyse.avis[0][1].replace("\xa0", " ")
    adresse = analyse.acte_direct[1]
    reponse = client.post(adresse, follow=True)
    assert reponse.context["analyse"].acte_direct is None
    assert soldes() == {
        ("AL", ""): Decimal("0.8"),
        ("ETAT", "prioritaires"): Decimal(1),
        ("ETAT", "agents"): Decimal("0.2"),
    }
    # Double clic : rien de plus, et le journal ne dit qu'une reprise.
    client.post(adresse)
    assert SoldeOuverture.objects.count() == 3
    assert EntreeJournal.objects.filter(action="reprendre_soldes").count() == 1
    # AL reporte tout ; l'État rien, par défaut.
    reports = {un.compte: un.report for un in calculer_annee(bailleur, "94", ANNEE).flux.comptes}
    assert reports == {"AL": Decimal("0.8"), "ETAT94/agents": 0, "ETAT94/prioritaires": 0}
    assert verifier_annee(bailleur, "94", ANNEE) == []


def test_un_lecteur_voit_le_provisoire_sans_pouvoir_le_reprendre(bailleur: Bailleur) -> None:
    client = connecter(bailleur, Role.LECTEUR)
    assert client.get("/flux/soldes/").context["analyse"].acte_direct is None
    assert client.post("/flux/soldes/reprendre/").status_code == 403
    assert not SoldeOuverture.objects.exists()


def test_le_retard_de_l_etat_reste_affiche_et_cumule(bailleur: Bailleur) -> None:
    cumul = connecter(bailleur).get("/flux/soldes/").context["analyse"].tableaux[2]
    # Une année finie : 4 × 5 % = 0,2 d'agents, 4 × 25 % = 1 de prioritaires.
    assert [(ligne[0], ligne[-2]) for ligne in cumul.lignes] == [
        ("État (agents), ETAT", "+0,20"),
        ("État (prioritaires), ETAT", "+1,00"),
    ]


def test_un_solde_saisi_se_corrige_et_s_efface(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    convention = bailleur.conventions.get(numero="AL").pk
    for saisi, attendu in (("1,25", Decimal("1.25")), ("-2", Decimal(-2)), ("", None)):
        assert client.post(f"/flux/soldes/{convention}/saisir/", {"report": saisi}).status_code == 302
        assert soldes().get(("AL", "")) == attendu
    assert client.post(f"/flux/soldes/{convention}/saisir/", {"report": "0,12345"}).status_code == 422
    assert client.get(f"/flux/soldes/{convention}/saisir/?sous_contingent=agents").status_code == 404


def test_un_solde_arrete_par_un_bilan_ne_se_saisit_plus(bailleur: Bailleur) -> None:
    convention = bailleur.conventions.get(numero="AL")
    SoldeOuverture.objects.create(convention=convention, annee=ANNEE, report=Decimal(3), origine="bilan")
    with pytest.raises(Conflit):
        saisir_solde(
            acteur=acteur_de(bailleur), bailleur_id=bailleur.pk, convention_id=convention.pk, sous_contingent="", annee=ANNEE, report=None
        )  # fmt: skip
    client = connecter(bailleur)
    client.post("/flux/soldes/reprendre/")
    assert soldes()["AL", ""] == 3


def test_les_soldes_d_un_autre_bailleur_sont_introuvables(bailleur: Bailleur) -> None:
    convention = bailleur.conventions.get(numero="AL").pk
    autre = creer_bailleur("Autre")
    with pytest.raises(Introuvable):
        reprendre_soldes(
            acteur=acteur_de(autre), bailleur_id=autre.pk, departement="94", annee=ANNEE, soldes={(convention, ""): Decimal(1)}
        )  # fmt: skip
    with pytest.raises(AccesRefuse):
        reprendre_soldes(
            acteur=acteur_de(bailleur, Role.LECTEUR), bailleur_id=bailleur.pk, departement="94", annee=ANNEE, soldes={}
        )  # fmt: skip
    with pytest.raises(ErreurMetier, match="quatre décimales"):
        saisir_solde(
            acteur=acteur_de(bailleur), bailleur_id=bailleur.pk, convention_id=convention, sous_contingent="", annee=ANNEE,
            report=Decimal("0.00001"),
        )  # fmt: skip
