"""Le décompte : à qui, quand, pourquoi (RG-45, RG-46)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.codes import Decision, Issue
from attributions.domaine.decompte import (
    FaitsOrientation,
    Imputation,
    Raison,
    date_limite,
    est_rendue_apres_le_delai,
    imputer,
)
from conventions.domaine.codes import FaitGenerateur
from conventions.domaine.versions import MODALITES_PAR_DEFAUT, Modalites

BAIL = date(2025, 6, 15)
ORIENTEE = date(2025, 3, 1)


def orientation(rang: int = 1, reservataire: int | None = 7, **champs: object) -> FaitsOrientation:
    """Une orientation du 1er mars 2025, mise à disposition le 3."""
    defaut = {
        "identifiant": 100 + rang, "rang": rang, "reservataire": reservataire, "sous_contingent": "",
        "date_orientation": ORIENTEE, "date_mise_a_disposition": date(2025, 3, 3),
    }  # fmt: skip
    return FaitsOrientation(**(defaut | champs))  # type: ignore[arg-type]  # champs d'essai


def decompter(*orientations: FaitsOrientation, bail: date | None = BAIL, **modalites: object) -> Imputation | None:
    lues = replace(MODALITES_PAR_DEFAUT, **modalites)  # type: ignore[arg-type]  # champs d'essai
    return imputer(orientations, bail, lambda _: lues)


@pytest.mark.regle("RG-45")
@pytest.mark.parametrize(
    ("fait", "attendue"),
    [
        (FaitGenerateur.MISE_A_DISPOSITION, date(2025, 3, 3)),
        (FaitGenerateur.PROPOSITION, date(2025, 3, 20)),
        (FaitGenerateur.ATTRIBUTION, date(2025, 4, 8)),
        (FaitGenerateur.BAIL, BAIL),
    ],
)
def test_le_logement_est_decompte_au_fait_generateur_de_la_convention(fait: str, attendue: date) -> None:
    faite = orientation(
        issue=Issue.BAIL, date_proposition=date(2025, 3, 20), date_caleol=date(2025, 4, 8), decision=Decision.RANG
    )
    imputation = decompter(faite, fait_generateur=fait)
    assert imputation is not None
    assert (imputation.date, imputation.reservataire, imputation.raison) == (attendue, 7, Raison.FAIT_GENERATEUR)


@pytest.mark.regle("RG-45")
def test_le_logement_est_decompte_des_que_la_date_est_atteinte_meme_si_la_suite_est_en_cours() -> None:
    imputation = decompter(orientation(), bail=None, fait_generateur=FaitGenerateur.MISE_A_DISPOSITION)
    assert imputation is not None
    assert imputation.date == date(2025, 3, 3)


@pytest.mark.regle("RG-45")
def test_une_decision_defavorable_n_est_pas_une_attribution() -> None:
    refusee = orientation(date_caleol=date(2025, 4, 8), decision=Decision.NON_ATTRIBUTION)
    assert decompter(refusee, bail=None, fait_generateur=FaitGenerateur.ATTRIBUTION) is None


@pytest.mark.regle("RG-46")
def test_un_bail_sans_la_date_du_fait_generateur_est_decompte_a_la_date_du_bail() -> None:
    imputation = decompter(orientation(issue=Issue.BAIL), fait_generateur=FaitGenerateur.PROPOSITION)
    assert imputation is not None
    assert (imputation.date, imputation.raison) == (BAIL, Raison.BAIL_SANS_DATE)


@pytest.mark.regle("RG-46")
def test_une_carence_est_decomptee_a_la_date_limite() -> None:
    # 3 mars + 30 jours = 2 avril ; le bailleur reprend et loue : la carence reste au réservataire.
    imputation = decompter(orientation(issue=Issue.CARENCE), orientation(2, None, issue=Issue.BAIL))
    assert imputation is not None
    assert (imputation.date, imputation.reservataire, imputation.raison) == (date(2025, 4, 2), 7, Raison.CARENCE)


@pytest.mark.regle("RG-46")
def test_une_carence_deja_decomptee_garde_sa_date() -> None:
    carence = orientation(issue=Issue.CARENCE)
    imputation = decompter(carence, bail=None, fait_generateur=FaitGenerateur.MISE_A_DISPOSITION)
    assert imputation is not None
    assert imputation.date == date(2025, 3, 3)


@pytest.mark.regle("RG-46")
def test_une_carence_non_decomptee_laisse_le_logement_au_bailleur_qui_le_reprend() -> None:
    avec_reprise = decompter(
        orientation(issue=Issue.CARENCE), orientation(2, None, issue=Issue.BAIL), carence_decomptee=False
    )
    assert avec_reprise is not None
    assert (avec_reprise.date, avec_reprise.reservataire) == (BAIL, None)
    sans_orientation = decompter(orientation(issue=Issue.CARENCE), carence_decomptee=False)
    assert sans_orientation is not None
    assert (sans_orientation.reservataire, sans_orientation.raison) == (None, Raison.REPRISE_POUR_UN_TOUR)


@pytest.mark.regle("RG-46")
def test_sans_mise_a_disposition_la_carence_court_de_l_orientation() -> None:
    carence = orientation(issue=Issue.CARENCE, date_mise_a_disposition=None)
    imputation = decompter(carence, bail=None, delai_jours=10)
    assert imputation is not None
    assert imputation.date == date(2025, 3, 11)


@pytest.mark.regle("RG-46")
def test_une_prolongation_repousse_la_date_limite() -> None:
    prolongee = orientation(issue=Issue.CARENCE, date_limite_prolongee=date(2025, 4, 30))
    imputation = decompter(prolongee, bail=None)
    assert imputation is not None
    assert imputation.date == date(2025, 4, 30)


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("issue", [Issue.RENDU, Issue.RETIRE])
@pytest.mark.parametrize("fait", list(FaitGenerateur))
def test_un_logement_rendu_ou_retire_n_est_pas_decompte_et_la_reorientation_l_est(issue: str, fait: str) -> None:
    rendue = orientation(issue=issue, date_rendu=date(2025, 3, 10), date_proposition=date(2025, 3, 5))
    assert decompter(rendue, bail=None, fait_generateur=fait) is None
    suivante = orientation(2, 8, issue=Issue.BAIL)
    imputation = decompter(rendue, suivante, fait_generateur=fait)
    assert imputation is not None
    assert imputation.reservataire == 8


@pytest.mark.regle("RG-46")
def test_une_liberation_est_imputee_a_la_premiere_orientation_decomptee_dans_l_ordre_des_rangs() -> None:
    premiere = orientation(1, 7, issue=Issue.CARENCE)
    seconde = orientation(2, 8, issue=Issue.BAIL)
    for ordre in ((premiere, seconde), (seconde, premiere)):
        imputation = decompter(*ordre)
        assert imputation is not None
        assert imputation.reservataire == 7


@pytest.mark.regle("RG-46")
def test_un_bail_sans_orientation_n_est_decompte_a_personne() -> None:
    assert decompter() is None
    assert decompter(orientation(issue=Issue.RENDU)) is None


@pytest.mark.regle("RG-46")
def test_le_bailleur_est_decompte_a_la_date_du_bail() -> None:
    du_bailleur = orientation(reservataire=None)
    assert decompter(du_bailleur, bail=None, fait_generateur=FaitGenerateur.MISE_A_DISPOSITION) is None
    imputation = decompter(du_bailleur)
    assert imputation is not None
    assert (imputation.date, imputation.reservataire) == (BAIL, None)


@pytest.mark.regle("RG-21")
@pytest.mark.regle("RG-46")
def test_en_gestion_deleguee_un_public_qui_n_est_pas_celui_du_compte_revient_au_bailleur_avec_une_alerte() -> None:
    logee = orientation(issue=Issue.BAIL, sous_contingent="agents", public="dalo")
    deleguee = decompter(logee, gestion="deleguee", fait_generateur=FaitGenerateur.MISE_A_DISPOSITION)
    assert deleguee is not None
    assert (deleguee.reservataire, deleguee.date, deleguee.est_une_alerte) == (None, BAIL, True)
    directe = decompter(logee)
    assert directe is not None
    assert directe.reservataire == 7
    conforme = decompter(replace(logee, sous_contingent="prioritaires"), gestion="deleguee")
    assert conforme is not None
    assert conforme.reservataire == 7
    inconnu = decompter(replace(logee, public=""), gestion="deleguee")
    assert inconnu is not None
    assert inconnu.reservataire == 7


@pytest.mark.regle("RG-21")
def test_la_gestion_deleguee_n_a_pas_de_delai_donc_pas_de_carence() -> None:
    assert decompter(orientation(issue=Issue.CARENCE), bail=None, gestion="deleguee") is None


@pytest.mark.regle("RG-46")
def test_un_rendu_passe_la_date_limite_sans_candidat_se_signale() -> None:
    tardif = orientation(issue=Issue.RENDU, date_rendu=date(2025, 4, 3))
    assert est_rendue_apres_le_delai(tardif, MODALITES_PAR_DEFAUT)
    assert not est_rendue_apres_le_delai(replace(tardif, date_rendu=date(2025, 4, 2)), MODALITES_PAR_DEFAUT)
    assert not est_rendue_apres_le_delai(replace(tardif, date_proposition=date(2025, 3, 30)), MODALITES_PAR_DEFAUT)


JOURS = st.one_of(st.none(), st.integers(0, 400).map(lambda ecart: date(2025, 1, 1) + timedelta(days=ecart)))


@st.composite
def histoires(tirer: st.DrawFn) -> tuple[list[FaitsOrientation], date | None, Modalites]:
    bail = tirer(JOURS)
    nombre = tirer(st.integers(0, 4))
    finies = st.sampled_from([Issue.CARENCE, Issue.RENDU, Issue.RETIRE])
    orientations = [
        FaitsOrientation(
            identifiant=rang,
            rang=rang,
            reservataire=tirer(st.one_of(st.none(), st.integers(1, 3))),
            sous_contingent=tirer(st.sampled_from(["", "prioritaires", "agents"])),
            date_orientation=date(2025, 1, 1) + timedelta(days=tirer(st.integers(0, 300))),
            date_mise_a_disposition=tirer(JOURS),
            date_proposition=tirer(JOURS),
            date_caleol=tirer(JOURS),
            decision=tirer(st.sampled_from(["", *Decision])),
            issue=tirer(finies if rang < nombre else st.sampled_from(list(Issue))),
            public=tirer(st.sampled_from(["", "dalo", "agent"])),
        )
        for rang in range(1, nombre + 1)
    ]
    modalites = Modalites(
        gestion=tirer(st.sampled_from(["directe", "deleguee"])),
        delai_jours=tirer(st.one_of(st.none(), st.integers(0, 60))),
        delai_unite=tirer(st.sampled_from(["calendaires", "ouvres"])),
        carence_decomptee=tirer(st.booleans()),
        fait_generateur=tirer(st.sampled_from(list(FaitGenerateur))),
    )
    return orientations, bail, modalites


@pytest.mark.regle("RG-46")
@given(histoires(), st.randoms(use_true_random=False))
def test_le_decompte_ne_depend_pas_de_l_ordre_de_saisie(
    histoire: tuple[list[FaitsOrientation], date | None, Modalites], hasard: object
) -> None:
    orientations, bail, modalites = histoire
    melange = list(orientations)
    hasard.shuffle(melange)  # type: ignore[attr-defined]  # random.Random
    assert imputer(orientations, bail, lambda _: modalites) == imputer(melange, bail, lambda _: modalites)


@pytest.mark.regle("RG-46")
@given(histoires())
def test_l_imputation_vise_une_orientation_qui_existe_et_n_a_ete_ni_rendue_ni_retiree(
    histoire: tuple[list[FaitsOrientation], date | None, Modalites],
) -> None:
    orientations, bail, modalites = histoire
    imputation = imputer(orientations, bail, lambda _: modalites)
    if imputation is None or imputation.orientation is None:
        return
    visee = next(un for un in orientations if un.identifiant == imputation.orientation)
    assert not visee.est_abandonnee
    assert imputation.reservataire in {visee.reservataire, None}
    if imputation.raison is Raison.CARENCE:
        assert imputation.date == date_limite(visee, modalites)


@pytest.mark.regle("RG-46")
@given(histoires())
def test_un_bail_qui_a_une_orientation_active_est_toujours_decompte(
    histoire: tuple[list[FaitsOrientation], date | None, Modalites],
) -> None:
    orientations, bail, modalites = histoire
    if bail and any(un.issue in {Issue.BAIL, Issue.EN_COURS} for un in orientations):
        assert imputer(orientations, bail, lambda _: modalites) is not None
