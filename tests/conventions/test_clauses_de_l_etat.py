"""Les clauses de l'État à l'écran : dérogation datée, motif d'un taux moindre lu par la préfecture, stipulation hors QPV."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.moteur import charger_annee_du_moteur
from bilans.calcul import calculer_annee
from conventions.actions.clauses import CLAUSES, motiver_un_taux_moindre
from conventions.models import Convention
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier
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

pytestmark = pytest.mark.django_db
DEROGATION = {
    "derogation_taux": "35", "derogation_taux_agents": "", "derogation_motif": "Quartier de gare", "derogation_arrete": "2026-12",
    "derogation_debut": "2026-01-01", "derogation_fin": "2026-12-31",
}  # fmt: skip


def connecter(organisme: object, role: Role = Role.GESTIONNAIRE) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(organisme, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def brouillon() -> Convention:
    return creer_convention(
        creer_bailleur(), creer_etat(), [("25", "prioritaires", "departement:94")], etat="brouillon", date_effet=date(2026, 1, 1)
    )  # fmt: skip


@pytest.mark.regle("RG-14")
def test_une_derogation_se_saisit_motivee_par_arrete_et_pour_un_an_au_plus(brouillon: Convention) -> None:
    client, page = connecter(brouillon.bailleur), reverse("clauses_etat", args=[brouillon.pk])
    for champ, valeur in (
        ("derogation_fin", "2027-01-01"),
        ("derogation_motif", ""),
        ("derogation_arrete", " "),
        ("derogation_debut", ""),
    ):
        reponse = client.post(page, DEROGATION | {champ: valeur})
        assert reponse.status_code == 422
        assert list(reponse.context["form"].errors) == [champ], "l'erreur est sur le champ à remplir"
        assert "ne lèverait rien" in reponse.content.decode()
    assert client.post(page, DEROGATION).status_code == 302
    brouillon.refresh_from_db()
    assert (brouillon.derogation_taux, brouillon.derogation_fin) == (Decimal(35), date(2026, 12, 31))


@pytest.mark.regle("RG-37")
def test_la_stipulation_contraire_hors_qpv_se_saisit_et_leve_l_alerte(brouillon: Convention) -> None:
    page = reverse("clauses_etat", args=[brouillon.pk])
    assert (
        connecter(brouillon.bailleur).post(page, {"part_hors_qpv_min": "25", "garde_hors_qpv": "on"}).status_code == 302
    )
    creer_logement(brouillon.bailleur)
    Convention.objects.update(etat="signee", date_signature=date(2026, 1, 1))
    brouillon.refresh_from_db()
    assert (brouillon.part_hors_qpv_min, brouillon.garde_hors_qpv) == (25, True)
    regles = {controle.regle for controle in calculer_annee(brouillon.bailleur, "94", 2026).controles}
    assert "RG-37" not in regles
    Convention.objects.update(part_hors_qpv_min=None)
    assert "RG-37" in {controle.regle for controle in calculer_annee(brouillon.bailleur, "94", 2026).controles}


@pytest.mark.regle("RG-24")
def test_le_motif_d_un_taux_moindre_se_saisit_une_fois_signe_et_la_prefecture_le_lit() -> None:
    bailleur, etat = creer_bailleur(), creer_etat()
    convention = creer_convention(bailleur, etat, [("20", "prioritaires", "departement:94")])
    creer_liberation(creer_logement(bailleur), date(2025, 1, 2), date_bail=date(timezone.localdate().year, 1, 5))
    page = reverse("clauses_etat", args=[convention.pk])
    client = connecter(bailleur)
    # Une convention signée ne change que par avenant : le reste du formulaire est ignoré.
    assert client.post(page, {"motif_sous_trente": "Patrimoine neuf", "part_hors_qpv_min": "10"}).status_code == 302
    convention.refresh_from_db()
    assert (convention.motif_sous_trente, convention.part_hors_qpv_min) == ("Patrimoine neuf", None)
    lu = connecter(etat).get(reverse("controles")).content.decode().replace("\xa0", " ").replace("\u202f", " ")
    assert "Patrimoine neuf" in lu
    assert "20 %" in lu


@pytest.mark.regle("RG-24")
def test_seule_une_convention_de_l_etat_porte_ces_clauses() -> None:
    bailleur = creer_bailleur()
    convention = creer_convention(bailleur, creer_reservataire())
    assert connecter(bailleur).get(reverse("clauses_etat", args=[convention.pk])).status_code == 404
    with pytest.raises(ErreurMetier, match="État"):
        motiver_un_taux_moindre(acteur=acteur_de(bailleur), convention_id=convention.pk, motif="Rien")


@pytest.mark.regle("RG-36")
def test_une_stipulation_contraire_admet_un_taux_different_par_commune() -> None:
    bailleur = creer_bailleur()
    convention = creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "commune:94028")])
    creer_logement(bailleur, "94028")
    creer_logement(bailleur, "94081")

    def niveaux() -> list[str]:
        return [str(un.niveau) for un in calculer_annee(bailleur, "94", 2025).controles if un.regle == "RG-36"]

    assert niveaux() == ["alerte"]
    Convention.objects.filter(pk=convention.pk).update(motif_perimetre="Accord du préfet du 12 mai")
    assert niveaux() == ["ok"]


@pytest.mark.regle("RG-14")
def test_un_depassement_nomme_la_commune() -> None:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    creer_convention(bailleur, creer_etat(), [("40", "prioritaires", "commune:94028")])
    (controle,) = [un for un in calculer_annee(bailleur, "94", 2025).controles if un.niveau == "bloquant"]
    assert controle.message.endswith("(Créteil).")


@pytest.mark.regle("RG-14")
def test_le_moteur_ne_suit_pas_une_derogation_au_dela_d_un_an() -> None:
    bailleur = creer_bailleur()
    creer_convention(
        bailleur, creer_etat(), [("30", "prioritaires", "departement:94")], derogation_taux=Decimal(40), derogation_motif="Gare",
        derogation_arrete="2025-1", derogation_debut=date(2025, 3, 1), derogation_fin=date(2026, 12, 31),
    )  # fmt: skip
    plafonds = charger_annee_du_moteur(bailleur, "94", 2026).faits.plafonds
    # Un an de date à date : jusqu'au 28 février 2026.
    assert [(un.depuis, un.etat) for un in plafonds] == [(date.min, 4000), (date(2026, 3, 1), 3000)]


def test_la_page_dit_le_droit_meme_sans_date_d_effet_et_ce_qu_on_ne_change_plus_une_fois_signee(
    brouillon: Convention,
) -> None:
    client, page = connecter(brouillon.bailleur), reverse("clauses_etat", args=[brouillon.pk])
    Convention.objects.update(date_effet=None)
    lue = client.get(page)
    assert [libelle for libelle, _ in lue.context["recapitulatif"]][1:4] == [
        "Droits",
        "Taux vers lequel l'État doit tendre",
        "Part légale hors QPV",
    ]
    assert [un.name for _, _, champs in lue.context["form"].groupes for un in champs] == list(CLAUSES)
    Convention.objects.update(etat="signee", date_signature=date(2026, 1, 1), date_effet=date(2026, 1, 1))
    assert "préparez un avenant" in client.get(page).content.decode()
