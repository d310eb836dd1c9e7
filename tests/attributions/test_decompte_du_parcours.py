"""Chaque cas du tableau de RG-46, mené par les actions jusqu'au décompte de l'année ; et la requalification après coup (RG-31, RG-45)."""

from __future__ import annotations

from datetime import date

import pytest

from attributions.actions.baux import corriger_bail, signer_bail
from attributions.actions.candidats import notifier_offre, presenter_candidat, repondre
from attributions.actions.commission import DecisionCandidat, PeuDeCandidats, decider
from attributions.actions.contestations import annuler_carence
from attributions.actions.mise_a_disposition import constater_carence, rendre
from attributions.actions.requalifier import exclure, retirer_la_liberation
from attributions.actions.seances import inscrire, prevoir_seance
from attributions.models import Orientation
from bilans.calcul import calculer_annee
from conventions.models import Convention
from tests.attributions.dossier import NUMERO, Dossier

pytestmark = pytest.mark.django_db
FAITS = ("mise_a_disposition", "proposition", "attribution", "bail")


def compter(dossier: Dossier) -> tuple[int, int]:
    """(décompte de la CAF, décompte du bailleur) en 2025."""
    flux = calculer_annee(dossier.liberation.bailleur, "94", 2025).flux_json()
    caf = sum(compte["decompte"] for compte in flux["comptes"] if compte["compte"] == "CAF94")
    return caf, flux["non_reserve"]["decompte"]


def regler(dossier: Dossier, **modalites: object) -> None:
    Convention.objects.filter(pk=dossier.convention.pk).update(**modalites)


def attribuer(dossier: Dossier) -> int:
    """Un candidat présenté le 10 mars, attribué le 20."""
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    return candidat


def louer(dossier: Dossier, bail: date = date(2025, 4, 1)) -> None:
    candidat = attribuer(dossier)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="accepte", le=date(2025, 3, 25))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=bail)


@pytest.mark.regle("RG-45")
@pytest.mark.parametrize(("fait", "etape"), [(fait, rang) for rang, fait in enumerate(FAITS)])
def test_le_logement_est_decompte_a_l_etape_que_dit_la_convention_et_pas_avant(
    dossier: Dossier, fait: str, etape: int
) -> None:
    regler(dossier, fait_generateur=fait)
    etapes = []

    def noter() -> None:
        etapes.append(compter(dossier)[0])

    dossier.a_disposition()
    noter()
    candidat, _ = presenter_candidat(
        acteur=dossier.caf, orientation_id=dossier.orientation.pk, numero_demande=NUMERO, le=date(2025, 3, 10)
    )
    noter()
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat.pk)
    noter()
    notifier_offre(acteur=dossier.agent, candidat_id=candidat.pk, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=candidat.pk, reponse="accepte", le=date(2025, 3, 25))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 1))
    noter()
    assert etapes == [0] * etape + [1] * (4 - etape)


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize(("decomptee", "attendu"), [(True, (1, 0)), (False, (0, 0))])
def test_une_carence_est_decomptee_selon_la_convention_et_le_bailleur_reprend(
    dossier: Dossier, *, decomptee: bool, attendu: tuple[int, int]
) -> None:
    regler(dossier, carence_decomptee=decomptee)
    dossier.a_disposition()
    reprise = constater_carence(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 3))
    assert compter(dossier) == attendu
    # Le bail signé pendant la reprise : une libération n'est imputée qu'une fois.
    Orientation.objects.filter(pk=reprise.pk).update(issue="bail")
    dossier.liberation.date_bail = date(2025, 5, 2)
    dossier.liberation.save()
    assert compter(dossier) == ((1, 0) if decomptee else (0, 1))


@pytest.mark.regle("RG-74")
def test_une_carence_annulee_n_est_plus_decomptee(dossier: Dossier) -> None:
    dossier.a_disposition()
    constater_carence(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 3))
    annuler_carence(
        acteur=dossier.agent,
        orientation_id=dossier.orientation.pk,
        jusqu_au=date(2025, 4, 20),
        motif="Courriel reçu",
        le=date(2025, 4, 5),
    )
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("fait", FAITS)
def test_un_logement_rendu_avant_le_delai_n_est_pas_decompte(dossier: Dossier, fait: str) -> None:
    regler(dossier, fait_generateur=fait)
    dossier.avec_candidats(NUMERO)
    rendre(acteur=dossier.caf, orientation_id=dossier.orientation.pk, le=date(2025, 3, 12), motif="Aucun ménage")
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("reponse", ["refuse", "desistement", "silence"])
def test_un_refus_du_candidat_n_est_pas_decompte(dossier: Dossier, reponse: str) -> None:
    regler(dossier, fait_generateur="attribution")
    candidat = attribuer(dossier)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    assert compter(dossier) == (1, 0)
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse=reponse, le=date(2025, 4, 2))
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-46")
def test_une_non_attribution_n_est_pas_decomptee(dossier: Dossier) -> None:
    regler(dossier, fait_generateur="attribution")
    (candidat,) = dossier.avec_candidats(NUMERO)
    seance = prevoir_seance(acteur=dossier.agent, bailleur_id=dossier.liberation.bailleur_id, le=date(2025, 3, 20))
    inscription = inscrire(acteur=dossier.agent, seance_id=seance.pk, orientation_id=dossier.orientation.pk)
    decider(
        acteur=dossier.agent,
        inscription_id=inscription.pk,
        decisions={candidat: DecisionCandidat("non_attribution", motif="Ressources")},
        peu_de_candidats=PeuDeCandidats("insuffisance"),
    )
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("fait", FAITS)
def test_une_reprise_pour_une_exclusion_n_est_pas_decomptee(dossier: Dossier, fait: str) -> None:
    regler(dossier, fait_generateur=fait)
    dossier.avec_candidats(NUMERO)
    exclure(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        exclusion="anru",
        le=date(2025, 3, 12),
        motif="Relogement",
    )
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-40")
@pytest.mark.parametrize("fait", FAITS)
def test_un_conge_annule_efface_le_decompte_deja_atteint(dossier: Dossier, fait: str) -> None:
    regler(dossier, fait_generateur=fait)
    dossier.avec_candidats(NUMERO)
    retirer_la_liberation(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        retrait="conge_annule",
        le=date(2025, 3, 12),
        motif="Lettre",
    )
    assert compter(dossier) == (0, 0)


@pytest.mark.regle("RG-31")
def test_requalifier_apres_le_bail_deplace_le_logement_de_c_vers_b_puis_retour(dossier: Dossier) -> None:
    louer(dossier)
    assert compter(dossier) == (1, 0)
    exclure(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        exclusion="vente",
        le=date(2025, 5, 2),
        motif="Locataire d'un logement vendu",
    )
    flux = calculer_annee(dossier.liberation.bailleur, "94", 2025).flux_json()
    assert (
        flux["assiette"]["mises_en_location"],
        flux["assiette"]["exclusions"]["vente"],
        flux["assiette"]["flux"],
    ) == (1, 1, 0)
    assert compter(dossier) == (0, 0)
    exclure(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        exclusion="",
        le=date(2025, 5, 3),
        motif="Erreur de dossier",
    )
    assert compter(dossier) == (1, 0)


@pytest.mark.regle("RG-45")
def test_corriger_la_date_d_un_bail_change_l_annee_du_decompte(dossier: Dossier) -> None:
    louer(dossier)
    corriger_bail(
        acteur=dossier.agent, liberation_id=dossier.liberation.pk, le=date(2026, 1, 5), motif="Bail signé en janvier"
    )
    assert compter(dossier) == (0, 0)
    corriger_bail(acteur=dossier.agent, liberation_id=dossier.liberation.pk, le=None, motif="Bail jamais signé")
    assert Orientation.objects.get(pk=dossier.orientation.pk).issue == "en_cours"


@pytest.mark.regle("RG-21")
@pytest.mark.parametrize(("public", "attendu"), [("dalo", (1, 0)), ("autre", (1, 0)), ("", (1, 0))])
def test_en_gestion_deleguee_le_bailleur_presente_sans_delai_et_le_compte_est_decompte(
    dossier: Dossier, public: str, attendu: tuple[int, int]
) -> None:
    # Tout public convient à un compte sans public défini (CAF) ; le cas de l'État est au domaine (test_decompte).
    regler(dossier, gestion="deleguee")
    dossier.a_disposition()
    candidat, _ = presenter_candidat(
        acteur=dossier.agent,
        orientation_id=dossier.orientation.pk,
        numero_demande=NUMERO,
        le=date(2025, 9, 1),
        public=public,
    )
    seance = prevoir_seance(acteur=dossier.agent, bailleur_id=dossier.liberation.bailleur_id, le=date(2025, 9, 10))
    inscription = inscrire(acteur=dossier.agent, seance_id=seance.pk, orientation_id=dossier.orientation.pk)
    dossier.attribuer(inscription.pk, candidat.pk)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat.pk, le=date(2025, 9, 11))
    repondre(acteur=dossier.agent, candidat_id=candidat.pk, reponse="accepte", le=date(2025, 9, 15))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 10, 1))
    assert compter(dossier) == attendu
