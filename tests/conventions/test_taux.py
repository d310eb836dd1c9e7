"""Le taux d'une convention : des taux ne s'additionnent que sur une même assiette (RG-13, RG-33)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.chargement import compter_logements_par_commune
from conventions.chargement_taux import taux_au_plus_haut, taux_ramene_au_departement, zones_de_taux
from conventions.models import Bailleur, Convention, Droit
from flux_reservations.commun.acteur import Role
from tests.fabriques import (
    CRETEIL,
    IVRY,
    VITRY,
    creer_bailleur,
    creer_convention,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-13")]
JOUR = date(2026, 11, 25)


@pytest.fixture
def bailleur() -> Bailleur:
    """Trois logements à Créteil, deux à Vitry, cinq à Ivry."""
    bailleur = creer_bailleur()
    for commune, nombre in ((CRETEIL, 3), (VITRY, 2), (IVRY, 5)):
        for _ in range(nombre):
            creer_logement(bailleur, commune)
    return bailleur


@pytest.fixture
def convention(bailleur: Bailleur) -> Convention:
    """10 % à Créteil, 20 % à Créteil et 20 % à Vitry : 50 % nulle part."""
    return creer_convention(
        bailleur,
        creer_reservataire("AL"),
        [("10", "", f"commune:{CRETEIL}"), ("20", "", f"commune:{CRETEIL}"), ("20", "", f"commune:{VITRY}")],
    )


def test_les_taux_ne_s_ajoutent_que_la_ou_leurs_perimetres_se_recouvrent(convention: Convention) -> None:
    assert taux_au_plus_haut([convention.pk], JOUR) == {convention.pk: Decimal(30)}
    zones = zones_de_taux(convention, {CRETEIL: 3, VITRY: 2}, JOUR)
    assert [(zone.communes[0][0], zone.taux, zone.logements) for zone in zones] == [
        (CRETEIL, Decimal(30), 3),
        (VITRY, Decimal(20), 2),
    ]


@pytest.mark.regle("RG-33")
def test_ramene_au_departement_chaque_ligne_pese_selon_les_logements_de_son_assiette(
    bailleur: Bailleur, convention: Convention
) -> None:
    logements = compter_logements_par_commune(bailleur.pk, "94", timezone.localdate())
    # (10 + 20) % × 3 logements + 20 % × 2 = 1,3 logement ; sur 10 : 13 %.
    assert taux_ramene_au_departement(convention, logements, JOUR) == Fraction(13)
    vitry = Droit.objects.get(convention=convention, perimetre=f"commune:{VITRY}")
    vitry.assiette.set(["departement:94"])
    # Le droit exercé à Vitry court sur tout le département : 0,9 + 20 % × 10 = 2,9 ; sur 10 : 29 %.
    assert taux_ramene_au_departement(convention, logements, JOUR) == Fraction(29)
    assert taux_ramene_au_departement(convention, {}, JOUR) is None


def test_la_liste_la_fiche_et_le_detail_disent_trente_et_jamais_cinquante(
    client: Client, bailleur: Bailleur, convention: Convention
) -> None:
    client.force_login(creer_utilisateur(bailleur, Role.LECTEUR))
    detail = reverse("taux_convention", args=[convention.pk])
    for adresse in (reverse("conventions"), reverse("convention", args=[convention.pk])):
        page = client.get(adresse).content.decode()
        assert f'<a href="{detail}">30,00\u00a0%</a>' in page
        assert "50,00" not in page
    page = client.get(detail).content.decode()
    assert "la convention pèse 13,00\u00a0%" in page
    assert f'href="{reverse("patrimoine")}?champ=dans&amp;commune={CRETEIL}">3</a>' in page
    export = client.get(f"{reverse('conventions')}?export=csv").getvalue().decode()  # type: ignore[attr-defined]
    assert "30.00" in export or "30,00" in export


def test_le_reservataire_lit_ses_taux_sans_le_patrimoine_du_bailleur(client: Client, convention: Convention) -> None:
    client.force_login(creer_utilisateur(convention.reservataire, Role.LECTEUR))
    page = client.get(reverse("taux_convention", args=[convention.pk])).content.decode()
    assert "30,00\u00a0%" in page
    assert "la convention pèse" not in page
    assert reverse("patrimoine") not in page


def test_la_liste_lit_les_taux_en_un_nombre_fixe_de_requetes(
    client: Client, bailleur: Bailleur, convention: Convention, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(creer_utilisateur(bailleur, Role.LECTEUR))

    def lire() -> int:
        with django_assert_max_num_queries(40) as requetes:
            client.get(reverse("conventions"))
        return len(requetes)

    peu = lire()
    for rang in range(6):
        creer_convention(bailleur, creer_reservataire(f"R{rang}"))
    assert lire() == peu


@pytest.mark.regle("RG-23")
def test_une_garantie_eteinte_ne_compte_plus_dans_le_plus_haut_taux(bailleur: Bailleur, convention: Convention) -> None:
    """Remboursé le 1er juin 2020, l'emprunt garantit un droit jusqu'en 2025, pas au-delà."""
    Droit.objects.filter(convention=convention, taux=10).update(
        contrepartie="garantie_emprunt", dernier_versement=date(2020, 6, 1)
    )
    Convention.objects.filter(pk=convention.pk).update(date_effet=date(2024, 1, 1))
    convention.refresh_from_db()
    assert taux_au_plus_haut([convention.pk], date(2025, 1, 1)) == {convention.pk: Decimal(30)}
    assert taux_au_plus_haut([convention.pk], JOUR) == {convention.pk: Decimal(20)}
    assert [zone.taux for zone in zones_de_taux(convention, {CRETEIL: 3, VITRY: 2}, JOUR)] == [Decimal(20), Decimal(20)]
    # 20 % × 3 + 20 % × 2 = 1 logement ; sur 10 : 10 %.
    logements = compter_logements_par_commune(bailleur.pk, "94", timezone.localdate())
    assert taux_ramene_au_departement(convention, logements, JOUR) == Fraction(10)
    Convention.objects.filter(pk=convention.pk).update(date_effet=JOUR)
    assert taux_au_plus_haut([convention.pk], date(2025, 1, 1)) == {convention.pk: Decimal(20)}, "lu à son effet"


def test_le_plus_haut_taux_ne_lit_que_les_communes_du_departement(bailleur: Bailleur) -> None:
    """Les lignes se recouvrent à Paris, hors du département de la convention : elles ne s'y ajoutent pas pour lui."""
    convention = creer_convention(
        bailleur,
        creer_reservataire("AL"),
        [("10", "", "commune:75056"), ("20", "", "commune:75056"), ("5", "", f"commune:{VITRY}")],
    )
    assert taux_au_plus_haut([convention.pk], JOUR) == {convention.pk: Decimal(5)}
