"""Les entrées fautives et leur remède ; revenir en arrière par une action prévue, avec un motif (RG-40 à RG-46)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from attributions.actions.baux import corriger_bail, signer_bail
from attributions.actions.candidats import notifier_offre, presenter_candidat, repondre
from attributions.actions.corrections import (
    annuler_le_rendu,
    corriger_mise_a_disposition,
    corriger_presentation,
    corriger_reponse,
)
from attributions.actions.mise_a_disposition import constater_carence, mettre_a_disposition, rendre
from attributions.actions.requalifier import exclure, retirer_la_liberation
from attributions.models import Candidat, Liberation, Orientation
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier
from flux_reservations.socle.models import EntreeJournal
from tests.attributions.dossier import NUMERO, Dossier, code_de

pytestmark = pytest.mark.django_db
AUTRE = "094120260007654321"


def attribue(dossier: Dossier, *numeros: str) -> list[int]:
    """Des candidats attribués en séance le 20 mars 2025."""
    candidats = dossier.avec_candidats(*numeros)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, *candidats)
    return candidats


def louer(dossier: Dossier) -> None:
    (candidat,) = attribue(dossier, NUMERO)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="accepte", le=date(2025, 3, 25))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 1))


@pytest.mark.regle("RG-40")
def test_un_bail_avant_la_liberation_dit_quoi_corriger(dossier: Dossier) -> None:
    louer(dossier)
    conge = dossier.liberation.date_conge or date.min
    with pytest.raises(ErreurMetier, match=r"précède le congé .* corrigez la date") as refus:
        corriger_bail(
            acteur=dossier.agent, liberation_id=dossier.liberation.pk, le=conge - timedelta(days=1), motif="Erreur"
        )
    assert code_de(refus) == "date_avant_etape"


@pytest.mark.regle("RG-42")
def test_un_candidat_en_double_dit_quoi_faire_meme_ecrit_autrement(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier, match="vérifiez le numéro, ou retirez l'autre ligne") as refus:
        presenter_candidat(
            acteur=dossier.caf,
            orientation_id=dossier.orientation.pk,
            numero_demande=f" {NUMERO[:9]} {NUMERO[9:]} ",
            le=date(2025, 3, 11),
        )
    assert code_de(refus) == "candidat_en_double"


@pytest.mark.regle("RG-43")
def test_une_offre_sans_seance_renvoie_a_la_seance(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier, match="décidez d'abord en séance"):
        notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))


@pytest.mark.regle("RG-44")
def test_une_reponse_avant_l_offre_est_une_etape_sautee_sauf_un_desistement(dossier: Dossier) -> None:
    premier, second = attribue(dossier, NUMERO, AUTRE)
    with pytest.raises(ErreurMetier, match="Notifiez d'abord") as refus:
        repondre(acteur=dossier.agent, candidat_id=premier, reponse="accepte", le=date(2025, 3, 25))
    assert code_de(refus) == "etape_sautee"
    repondre(acteur=dossier.agent, candidat_id=premier, reponse="desistement", le=date(2025, 3, 25))
    notifier_offre(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 26))


@pytest.mark.regle("RG-40")
def test_rien_ne_revient_en_arriere_sans_une_action_prevue(dossier: Dossier) -> None:
    attribue(dossier, NUMERO)
    with pytest.raises(ErreurMetier, match="annulez la décision") as refus:
        rendre(acteur=dossier.caf, orientation_id=dossier.orientation.pk, le=date(2025, 3, 21), motif="Erreur")
    assert code_de(refus) == "deja_decide"
    with pytest.raises(ErreurMetier, match="corrigez-la avec un motif") as refus:
        mettre_a_disposition(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 3, 21))
    assert code_de(refus) == "deja_mis_a_disposition"


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize(
    ("geste", "raison"),
    [("rien", "mis à disposition"), ("notifie", "court jusqu'au 02/04/2025"), ("candidat", "Inscrivez")],
)
def test_une_carence_impossible_dit_pourquoi(dossier: Dossier, geste: str, raison: str) -> None:
    if geste == "notifie":
        dossier.a_disposition()
    elif geste == "candidat":
        dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier, match=raison):
        constater_carence(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 3, 10))


@pytest.mark.regle("RG-46")
def test_corriger_la_mise_a_disposition_deplace_le_delai(dossier: Dossier) -> None:
    dossier.a_disposition()
    cle = dossier.orientation.pk
    with pytest.raises(ErreurMetier) as refus:
        corriger_mise_a_disposition(acteur=dossier.agent, orientation_id=cle, le=date(2025, 3, 10), motif=" ")
    assert code_de(refus) == "motif_obligatoire"
    corriger_mise_a_disposition(acteur=dossier.agent, orientation_id=cle, le=date(2025, 3, 10), motif="Courrier du 10")
    with pytest.raises(ErreurMetier, match="09/04/2025"):
        constater_carence(acteur=dossier.agent, orientation_id=cle, le=date(2025, 4, 3))
    entree = EntreeJournal.objects.get(action="corriger_mise_a_disposition")
    assert (entree.avant, entree.apres) == (
        {"date_mise_a_disposition": "2025-03-03"},
        {"date_mise_a_disposition": "2025-03-10"},
    )


@pytest.mark.regle("RG-46")
def test_une_mise_a_disposition_avec_candidats_ne_s_annule_pas(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier, match="retirez-les"):
        corriger_mise_a_disposition(
            acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=None, motif="Erreur"
        )


@pytest.mark.regle("RG-46")
def test_un_rendu_par_erreur_s_annule_tant_que_rien_n_a_suivi(dossier: Dossier) -> None:
    dossier.a_disposition()
    cle = dossier.orientation.pk
    rendre(acteur=dossier.caf, orientation_id=cle, le=date(2025, 3, 5), motif="Aucun ménage")
    annuler_le_rendu(acteur=dossier.agent, orientation_id=cle, le=date(2025, 3, 6), motif="Rendu par erreur")
    orientation = Orientation.objects.get(pk=cle)
    assert (orientation.issue, orientation.date_rendu) == ("en_cours", None)
    rendre(acteur=dossier.caf, orientation_id=cle, le=date(2025, 3, 7), motif="Aucun ménage")
    Orientation.objects.create(liberation=dossier.liberation, rang=2, date_orientation=date(2025, 3, 8))
    with pytest.raises(Conflit):
        annuler_le_rendu(acteur=dossier.agent, orientation_id=cle, le=date(2025, 3, 9), motif="Rendu par erreur")


@pytest.mark.regle("RG-44")
def test_une_reponse_corrigee_retablit_la_decision_de_la_commission(dossier: Dossier) -> None:
    (candidat,) = attribue(dossier, NUMERO)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="refuse", le=date(2025, 3, 25), motif="Trop loin")
    assert Orientation.objects.get(pk=dossier.orientation.pk).decision == ""
    assert Candidat.objects.get(pk=candidat).motif == "Trop loin"
    with pytest.raises(AccesRefuse):
        corriger_reponse(acteur=dossier.agent.avec_role(Role.LECTEUR), candidat_id=candidat, motif="Mauvaise ligne")
    corriger_reponse(acteur=dossier.agent, candidat_id=candidat, motif="Mauvaise ligne")
    orientation = Orientation.objects.get(pk=dossier.orientation.pk)
    assert (orientation.decision, orientation.date_caleol) == ("attribution", date(2025, 3, 20))
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="accepte", le=date(2025, 3, 26))


@pytest.mark.regle("RG-44")
def test_une_reponse_ne_se_corrige_plus_quand_le_rang_suivant_a_l_offre(dossier: Dossier) -> None:
    premier, second = attribue(dossier, NUMERO, AUTRE)
    notifier_offre(acteur=dossier.agent, candidat_id=premier, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=premier, reponse="refuse", le=date(2025, 3, 25))
    notifier_offre(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 26))
    with pytest.raises(Conflit, match="rang suivant"):
        corriger_reponse(acteur=dossier.agent, candidat_id=premier, motif="Mauvaise ligne")


@pytest.mark.regle("RG-40")
@pytest.mark.parametrize("retrait", ["conge_annule", "gel", "vente"])
def test_un_conge_annule_reprend_un_logement_deja_notifie_sans_decompte(dossier: Dossier, retrait: str) -> None:
    dossier.a_disposition()
    retirer_la_liberation(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        retrait=retrait,
        le=date(2025, 3, 12),
        motif="Reçu ce jour",
    )
    assert Orientation.objects.get(pk=dossier.orientation.pk).issue == "retire"
    retirer_la_liberation(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        retrait="",
        le=date(2025, 3, 20),
        motif="Le congé tient",
    )
    assert Liberation.objects.get(pk=dossier.liberation.pk).retrait == ""


@pytest.mark.regle("RG-40")
def test_une_liberation_louee_ne_se_retire_qu_apres_son_bail_annule(dossier: Dossier) -> None:
    louer(dossier)
    with pytest.raises(ErreurMetier, match="annulez d'abord le bail"):
        retirer_la_liberation(
            acteur=dossier.agent, liberation_id=dossier.liberation.pk, retrait="gel", le=date(2025, 4, 2), motif="Gel"
        )


@pytest.mark.regle("RG-31")
def test_une_exclusion_attend_la_reponse_d_un_menage_qui_a_l_offre(dossier: Dossier) -> None:
    (candidat,) = attribue(dossier, NUMERO)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    with pytest.raises(ErreurMetier, match="saisissez d'abord la réponse"):
        exclure(
            acteur=dossier.agent,
            liberation_id=dossier.liberation.pk,
            exclusion="anru",
            le=date(2025, 3, 22),
            motif="Relogement",
        )
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="desistement", le=date(2025, 3, 23))
    exclure(
        acteur=dossier.agent,
        liberation_id=dossier.liberation.pk,
        exclusion="anru",
        le=date(2025, 3, 24),
        motif="Relogement",
    )
    assert Orientation.objects.get(pk=dossier.orientation.pk).issue == "retire"


@pytest.mark.regle("RG-42")
def test_la_date_de_presentation_se_corrige_avec_un_motif_et_la_proposition_suit(dossier: Dossier) -> None:
    premier, second = dossier.avec_candidats(NUMERO, AUTRE)
    corriger_presentation(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 6), motif="Reçue par courrier")
    assert Orientation.objects.get().date_proposition == date(2025, 3, 6)
    corriger_presentation(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 12), motif="Mal lu")
    assert Orientation.objects.get().date_proposition == date(2025, 3, 10)
    traces = EntreeJournal.objects.filter(action="corriger_presentation", objet_type="attributions.candidat")
    assert [(une.motif, une.apres["date_presentation"]) for une in traces.order_by("pk")] == [
        ("Reçue par courrier", "2025-03-06"),
        ("Mal lu", "2025-03-12"),
    ]
    assert Candidat.objects.get(pk=premier).date_presentation == date(2025, 3, 10)


@pytest.mark.regle("RG-42")
@pytest.mark.parametrize(
    ("le", "motif", "code"),
    [
        (date(2025, 3, 2), "Erreur", "date_avant_etape"),
        (date(2099, 1, 1), "Erreur", "date_future"),
        (date(2025, 3, 21), "Erreur", "date_apres_etape"),
        (date(2025, 3, 11), " ", "motif_obligatoire"),
    ],
)
def test_une_date_de_presentation_impossible_est_refusee(dossier: Dossier, le: date, motif: str, code: str) -> None:
    (candidat,) = attribue(dossier, NUMERO)
    with pytest.raises(ErreurMetier) as refus:
        corriger_presentation(acteur=dossier.agent, candidat_id=candidat, le=le, motif=motif)
    assert code_de(refus) == code


@pytest.mark.regle("RG-42")
def test_le_reservataire_ne_corrige_pas_la_date_de_presentation(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    with pytest.raises(AccesRefuse):
        corriger_presentation(acteur=dossier.caf, candidat_id=candidat, le=date(2025, 3, 6), motif="Antidater")


@pytest.mark.regle("RG-46")
def test_sans_date_de_presentation_connue_la_proposition_ne_recule_que_vers_le_passe(dossier: Dossier) -> None:
    premier, second = dossier.avec_candidats(NUMERO, AUTRE)
    Candidat.objects.filter(pk=premier).update(date_presentation=None)
    corriger_presentation(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 15), motif="Mal lu")
    assert Orientation.objects.get().date_proposition == date(2025, 3, 10)
