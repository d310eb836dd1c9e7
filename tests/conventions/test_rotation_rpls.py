"""La rotation lue sur les baux en cours : cas chiffrés, prévision et conversion quand l'histoire manque (RG-32, RG-35)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.test import Client
from django.utils import timezone

from attributions.chargement.decompte import charger_conversion, charger_conversion_a_l_ecran, peser_les_strates
from bilans.actions import produire as module_de_production
from bilans.actions.preparer import preparer_bilan
from bilans.actions.produire import produire
from bilans.actions.publier import publier
from bilans.actions_prevision import corriger_prevision
from bilans.chargement_prevision import prevoir_annee
from bilans.document_debut_annee import composer_information
from bilans.domaine.prevision import AnneeDeCommune, prevoir_par_la_rotation
from bilans.models import Bilan
from bilans.models.bilan import GenreBilan
from bilans.pdf_debut_annee import html_de_l_information
from conventions.chargement_rotation import RotationRpls, charger_rotation_rpls
from conventions.domaine.conversion import Strate, convertir_stock
from conventions.domaine.rotation import BauxEnCours, estimer_rotation
from conventions.models import Bailleur, FicheRpls, ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.territoires.models import Departement
from tests.fabriques import (
    CRETEIL,
    VITRY,
    acteur_de,
    creer_bailleur,
    creer_liberation,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

A, B = "94028", "94081"


@pytest.mark.regle("RG-35")
def test_la_rotation_se_lit_sur_les_baux_en_cours() -> None:
    # 100 logements : 10 reloués en 2025, 9 des 90 autres en 2024, 9 des 81 autres en 2023.
    baux = BauxEnCours({2025: 10, 2024: 9, 2023: 9, 2010: 72})
    attendue = (Fraction(10, 100) + Fraction(9, 90) + Fraction(9, 81)) / 3
    assert estimer_rotation(baux, 2025, 3) == attendue
    assert estimer_rotation(BauxEnCours(), 2025, 3) is None
    assert estimer_rotation(BauxEnCours({2026: 4}), 2025, 3) is None


@pytest.mark.regle("RG-35")
def test_un_premier_bail_n_est_pas_une_relocation_et_un_vacant_compte_au_parc() -> None:
    # 2025 : 5 reloués sur 40 anciens + 20 livrés en 2024 + 5 vacants = 65 ; les 30 livrés en 2025 n'étaient pas à relouer.
    # 2024 : 4 reloués sur 35 anciens restants + 5 vacants = 40 ; les 20 livrés en 2024 n'étaient pas à relouer.
    baux = BauxEnCours({2025: 5, 2024: 4, 2015: 31}, {2025: 30, 2024: 20}, sans_bail=5)
    assert estimer_rotation(baux, 2025, 2) == (Fraction(5, 65) + Fraction(4, 40)) / 2


@pytest.mark.regle("RG-32")
def test_la_prevision_est_le_patrimoine_par_la_rotation_de_la_commune() -> None:
    # A : 200 × 9 % = 18 ; B, que le RPLS ignore : 50 × 8 % = 4. Exclusions : 2 mutations sur 10 baux connus, 22 × 20 % = 4,4 → 4.
    histoire = {A: [AnneeDeCommune(10, {"mutation": 2})]}
    prevues = {
        un.commune: un
        for un in prevoir_par_la_rotation(histoire, {A: 200, B: 50}, {A: Fraction(9, 100)}, Fraction(8, 100))
    }
    assert (prevues[A].mises_en_location, prevues[B].mises_en_location) == (18, 4)
    assert sum(un.exclusions["mutation"] for un in prevues.values()) == 4
    assert (prevues[A].minimum, prevues[A].maximum) == (10, 18)


@pytest.mark.regle("RG-35")
def test_les_strates_sont_pesees_exactement() -> None:
    # Strate 1 : 10 logements à 1/4 ; strate 2, inconnue : 30 à la rotation d'ensemble, 1/4.
    un, deux = Strate(A, "T2", False), Strate(B, "T3", False)
    rpls = RotationRpls("RPLS 2026", 2025, 1, par_strate={un: BauxEnCours({2025: 1, 2000: 3})})
    poids = peser_les_strates(rpls, {un: 10, deux: 30})
    assert Fraction(poids[un], poids[deux]) == Fraction(10, 30)


@pytest.fixture
def bailleur(db: None) -> Bailleur:
    """Vingt logements à Créteil : deux reloués en 2025, deux en 2024, deux en 2023, un livré en 2025 ; dix à Vitry, jamais reloués."""
    bailleur = creer_bailleur()
    for rang in range(20):
        logement = creer_logement(bailleur, CRETEIL, typologie="T2")
        annee = {0: 2025, 1: 2025, 2: 2024, 3: 2024, 4: 2023, 5: 2023, 6: 2025}.get(rang, 2001)
        if rang == 6:
            logement.date_premiere_location = date(2025, 3, 1)
            logement.save()
        FicheRpls.objects.create(logement=logement, dernier_bail=date(annee, 5, 1), millesime=2026)
    for _ in range(10):
        FicheRpls.objects.create(
            logement=creer_logement(bailleur, VITRY, typologie="T3"), dernier_bail=date(1999, 1, 1), millesime=2026
        )
    return bailleur


@pytest.mark.regle("RG-32")
def test_sans_histoire_la_prevision_vient_du_repertoire_et_le_dit(bailleur: Bailleur) -> None:
    # Créteil : (2/19 + 2/17 + 2/15) / 3 × 20 = 2,37 ; Vitry : 0. Somme 2,37 → 2.
    calculee = prevoir_annee(bailleur.pk, "94", 2026)
    assert calculee.source == "RPLS 2026, rotation 2023-2025"
    assert {un.commune: un.mises_en_location for un in calculee.communes} == {CRETEIL: 2, VITRY: 0}
    information = composer_information(bailleur, Departement.objects.get(pk="94"), 2026, date(2026, 1, 15))
    assert information["prevision_source"] == "RPLS 2026, rotation 2023-2025"


def _information(bailleur: Bailleur) -> Bilan:
    """L'information de 2026, produite ; sa mise en page n'est pas faite ici."""
    preparee = preparer_bilan(
        acteur=acteur_de(bailleur, Role.RESPONSABLE),
        bailleur_id=bailleur.pk,
        departement="94",
        annee=2026,
        genre=GenreBilan.DEBUT_ANNEE,
    )
    assert produire(preparee.pk)
    preparee.refresh_from_db()
    return preparee


@pytest.mark.regle("RG-61")
def test_des_exclusions_que_rien_n_estime_ne_se_publient_pas_pour_zero(
    bailleur: Bailleur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_de_production, "information_pdf", lambda *_, **__: b"%PDF-1.7 essai")
    responsable = acteur_de(bailleur, Role.RESPONSABLE)
    brouillon = _information(bailleur)
    html = html_de_l_information(brouillon.donnees)
    assert "Les logements soustraits ne sont pas estimés" in html
    assert '<p class="valeur">—</p><p class="libelle">soustraites du flux (B)</p>' in html
    with pytest.raises(ErreurMetier) as refus:
        publier(acteur=responsable, bilan_id=brouillon.pk)
    assert refus.value.code == "exclusions_non_estimees"
    corriger_prevision(
        acteur=responsable,
        bailleur_id=bailleur.pk,
        departement="94",
        annee=2026,
        commune=CRETEIL,
        mises_en_location=2,
        exclusions={},
    )
    saisie = _information(bailleur)
    html = html_de_l_information(saisie.donnees)
    assert '<p class="valeur">0</p><p class="libelle">soustraites du flux (B)</p>' in html
    assert "n'en annonce aucun" in html
    assert publier(acteur=responsable, bilan_id=saisie.pk).etat == "publie"


@pytest.mark.regle("RG-32")
def test_trois_annees_de_baux_l_emportent_sur_le_repertoire(bailleur: Bailleur) -> None:
    for annee in (2023, 2024, 2025):
        for _ in range(4):
            creer_liberation(creer_logement(bailleur), date(annee, 3, 1), date_bail=date(annee, 4, 1))
    calculee = prevoir_annee(bailleur.pk, "94", 2026)
    assert (calculee.source, calculee.connues) == ("", 3)
    assert sum(un.mises_en_location for un in calculee.communes) > 4


@pytest.mark.regle("RG-35")
def test_le_taux_pondere_se_pese_par_le_repertoire_a_l_ecran_seulement(bailleur: Bailleur) -> None:
    caf = creer_reservataire("CAF94")
    ReservationStock.objects.create(
        logement=bailleur.logements.filter(commune=CRETEIL).first(), reservataire=caf, contrepartie="financement"
    )
    jour = date(2026, 6, 1)
    (stricte,) = convertir_stock(charger_conversion(bailleur, "94", jour))
    assert stricte.taux_pondere is None
    faits, rpls = charger_conversion_a_l_ecran(bailleur, "94", jour)
    (pesee,) = convertir_stock(faits)
    assert rpls is not None
    # Seul Créteil tourne : 1 droit sur 20 logements, 5 %.
    assert pesee.taux_pondere == 5


@pytest.mark.regle("RG-32")
def test_la_prevision_et_la_conversion_montrent_la_rotation_jusqu_aux_logements(bailleur: Bailleur) -> None:
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/flux/prevision/?departement=94&annee=2026").content.decode()
    assert "Source : RPLS 2026, rotation 2023-2025" in page
    assert f"/patrimoine/baux/94/?commune={CRETEIL}&amp;au=2026-01-01&amp;annee=2025" in page
    for demande, nombre in (
        ("annee=2025&au=2026-01-01", 2),
        (f"commune={VITRY}&au=2026-01-01", 10),
        ("au=2026-01-01", 30),
    ):
        detail = client.get(f"/patrimoine/baux/94/?{demande}").content.decode()
        assert detail.count('href="/patrimoine/') - detail.count('href="/patrimoine/"') == nombre, demande
    conversion = client.get("/flux/conversion/?departement=94").content.decode()
    assert "RPLS 2026" in conversion
    assert "La commande et l&#x27;export ne donnent pas ce taux" in conversion
    assert client.get("/patrimoine/baux/94/?annee=x").status_code == 404
    assert client.get("/patrimoine/baux/94/?au=2026-13-01").status_code == 404


@pytest.mark.regle("RG-35")
def test_le_nombre_de_la_conversion_mene_aux_logements_du_champ_du_jour(bailleur: Bailleur) -> None:
    jour = timezone.localdate()
    # Un logement au stock maintenu jusqu'à hier : dans le champ aujourd'hui, pas au 1er janvier.
    ReservationStock.objects.create(
        logement=bailleur.logements.filter(commune=CRETEIL).first(),
        reservataire=creer_reservataire("DEF", "defense"),
        contrepartie="logements_identifies",
        date_fin=jour - timedelta(days=1),
    )
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/flux/conversion/?departement=94").content.decode()
    assert "Logements connus" in page
    adresse = f"/patrimoine/baux/94/?au={jour.isoformat()}"
    assert f'href="{adresse}">30</a>' in page
    detail = client.get(adresse).content.decode()
    assert detail.count('href="/patrimoine/') - detail.count('href="/patrimoine/"') == 30


@pytest.mark.regle("RG-35")
def test_un_seul_bail_ne_fait_pas_jeter_le_repertoire(bailleur: Bailleur) -> None:
    jour = date(2026, 6, 1)
    for annee in (2023, 2024, 2025):
        assert charger_conversion_a_l_ecran(bailleur, "94", jour)[1] is not None, annee
        creer_liberation(creer_logement(bailleur), date(annee, 3, 1), date_bail=date(annee, 4, 1))
    assert charger_conversion_a_l_ecran(bailleur, "94", jour)[1] is None


@pytest.mark.regle("RG-35")
def test_la_rotation_ne_lit_que_le_dernier_millesime_et_dit_les_fiches_plus_anciennes(bailleur: Bailleur) -> None:
    FicheRpls.objects.filter(logement__commune=VITRY).update(millesime=2022)
    rpls = charger_rotation_rpls(bailleur.pk, "94", date(2026, 1, 1))
    assert (rpls.source, rpls.ensemble().total, rpls.anciennes) == ("RPLS 2026", 20, 10)
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/flux/prevision/?departement=94&annee=2026").content.decode()
    assert "d&#x27;un millésime plus ancien, ou inconnu, laissées de côté" in page


@pytest.mark.regle("RG-34")
def test_la_rotation_ne_lit_que_le_champ(bailleur: Bailleur) -> None:
    defense = creer_reservataire("DEF", "defense")
    logement = bailleur.logements.filter(commune=CRETEIL, fiche_rpls__dernier_bail__year=2024).first()
    ReservationStock.objects.create(logement=logement, reservataire=defense, contrepartie="logements_identifies")
    assert charger_rotation_rpls(bailleur.pk, "94", date(2026, 1, 1)).ensemble().relocations[2024] == 1
