"""Le parcours de la mise à disposition au bail, par les actions (RG-40 à RG-46)."""

from __future__ import annotations

from datetime import date

import pytest

from attributions.actions.baux import corriger_bail, signer_bail
from attributions.actions.candidats import (
    constater_les_silences,
    notifier_offre,
    presenter_candidat,
    repondre,
    retirer_candidat,
)
from attributions.actions.commission import DecisionCandidat, decider
from attributions.actions.corrections import corriger_mise_a_disposition
from attributions.actions.mise_a_disposition import (
    constater_carence,
    constater_les_carences,
    mettre_a_disposition,
    prolonger_le_delai,
    rendre,
)
from attributions.actions.seances import clore_seance
from attributions.chargement.decompte import charger_orientations
from attributions.chargement.fiche import charger_fiche
from attributions.domaine.decompte import imputer
from attributions.models import Liberation, Orientation
from conventions.domaine.versions import MODALITES_PAR_DEFAUT
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from tests.attributions.dossier import NUMERO, Dossier, code_de
from tests.fabriques import acteur_de, creer_reservataire

pytestmark = pytest.mark.django_db


@pytest.mark.regle("RG-40")
def test_une_liberation_va_de_l_orientation_au_bail(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=candidat, reponse="accepte", le=date(2025, 3, 25))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 1))
    dossier.liberation.refresh_from_db()
    dossier.orientation.refresh_from_db()
    assert (dossier.liberation.date_bail, dossier.orientation.issue) == (date(2025, 4, 1), "bail")
    assert dossier.orientation.date_caleol == date(2025, 3, 20)
    assert verifier_chaine(dossier.liberation.bailleur_id) == []
    assert EntreeJournal.objects.filter(action="signer_bail").count() == 2


@pytest.mark.regle("RG-46")
def test_le_lendemain_de_la_date_limite_le_bailleur_reprend_pour_un_tour(dossier: Dossier) -> None:
    dossier.a_disposition()
    # 3 mars + 30 jours = 2 avril, dernier jour pour présenter.
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 2)) == []
    (reprise,) = constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 3))
    assert (reprise.rang, reprise.compte) == (2, "BAILLEUR")
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 4)) == []


@pytest.mark.regle("RG-46")
def test_un_delai_prolonge_retarde_la_carence(dossier: Dossier) -> None:
    dossier.a_disposition()
    prolonger_le_delai(
        acteur=dossier.agent, orientation_id=dossier.orientation.pk, jusqu_au=date(2025, 4, 10), motif="Fêtes"
    )
    with pytest.raises(ErreurMetier, match="délai") as refus:
        constater_carence(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 3))
    assert code_de(refus) == "delai_en_cours"


@pytest.mark.regle("RG-21")
def test_une_gestion_deleguee_n_a_pas_de_carence(dossier: Dossier) -> None:
    Convention.objects.filter(pk=dossier.convention.pk).update(gestion="deleguee")
    dossier.a_disposition()
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2026, 1, 1)) == []


@pytest.mark.regle("RG-46")
def test_un_candidat_presente_ecarte_la_carence(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 6, 1)) == []


@pytest.mark.regle("RG-46")
def test_un_logement_rendu_laisse_reorienter(dossier: Dossier) -> None:
    dossier.a_disposition()
    rendre(acteur=dossier.caf, orientation_id=dossier.orientation.pk, le=date(2025, 3, 5), motif="Aucun ménage")
    dossier.orientation.refresh_from_db()
    assert (dossier.orientation.issue, dossier.orientation.date_rendu) == ("rendu", date(2025, 3, 5))


@pytest.mark.regle("RG-43")
def test_le_refus_du_premier_rang_fait_passer_au_suivant(dossier: Dossier) -> None:
    premier, second = dossier.avec_candidats(NUMERO, "094120260007654321")
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, premier, second)
    with pytest.raises(ErreurMetier) as refus:
        notifier_offre(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 21))
    assert code_de(refus) == "rang_precedent"
    notifier_offre(acteur=dossier.agent, candidat_id=premier, le=date(2025, 3, 21))
    repondre(acteur=dossier.agent, candidat_id=premier, reponse="refuse", le=date(2025, 3, 24))
    notifier_offre(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 25))
    repondre(acteur=dossier.agent, candidat_id=second, reponse="accepte", le=date(2025, 3, 28))
    signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 2))
    assert Orientation.objects.get(pk=dossier.orientation.pk).issue == "bail"


@pytest.mark.regle("RG-44")
def test_le_silence_vaut_refus_apres_le_dixieme_jour_reporte_au_jour_ouvrable(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    # Notifiée le 9 avril : dix jours → samedi 19 ; dimanche de Pâques le 20, lundi de Pâques le 21 : mardi 22.
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 4, 9))
    assert constater_les_silences(acteur=Acteur.systeme(), le=date(2025, 4, 22)) == []
    assert [c.reponse for c in constater_les_silences(acteur=Acteur.systeme(), le=date(2025, 4, 23))] == ["silence"]
    assert constater_les_silences(acteur=Acteur.systeme(), le=date(2025, 4, 24)) == []


@pytest.mark.regle("RG-43")
def test_un_bail_sans_decision_de_la_caleol_est_refuse(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier) as refus:
        signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 4, 1))
    assert code_de(refus) == "etape_sautee"


@pytest.mark.regle("RG-40")
def test_un_bail_avant_la_decision_est_refuse(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    with pytest.raises(ErreurMetier) as refus:
        signer_bail(acteur=dossier.agent, orientation_id=dossier.orientation.pk, le=date(2025, 3, 19))
    assert code_de(refus) == "date_avant_etape"


@pytest.mark.regle("RG-49")
def test_un_numero_de_forme_inattendue_avertit_sans_bloquer(dossier: Dossier) -> None:
    dossier.a_disposition()
    candidat, avertissement = presenter_candidat(
        acteur=dossier.caf, orientation_id=dossier.orientation.pk, numero_demande="94-12", le=date(2025, 3, 5)
    )
    assert candidat.pk
    assert "18" in avertissement


@pytest.mark.regle("RG-42")
def test_un_candidat_en_double_est_refuse(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    with pytest.raises(ErreurMetier) as refus:
        presenter_candidat(
            acteur=dossier.caf, orientation_id=dossier.orientation.pk, numero_demande=NUMERO, le=date(2025, 3, 11)
        )
    assert code_de(refus) == "candidat_en_double"


def test_retirer_le_seul_candidat_rouvre_l_attente(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    dossier.orientation.refresh_from_db()
    assert dossier.orientation.nb_candidats == 1
    retirer_candidat(acteur=dossier.caf, candidat_id=candidat)
    dossier.orientation.refresh_from_db()
    assert (dossier.orientation.nb_candidats, dossier.orientation.date_proposition) == (0, None)


@pytest.mark.regle("RG-43")
def test_une_non_attribution_exige_un_motif(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    with pytest.raises(ErreurMetier) as refus:
        decider(
            acteur=dossier.agent, inscription_id=inscription, decisions={candidat: DecisionCandidat("non_attribution")}
        )
    assert code_de(refus) == "motif_obligatoire"


@pytest.mark.regle("RG-62")
def test_une_seance_close_ne_change_plus(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    seance, inscription = dossier.en_seance()
    with pytest.raises(ErreurMetier) as refus:
        clore_seance(acteur=dossier.agent, seance_id=seance.pk)
    assert code_de(refus) == "sans_decision"
    dossier.attribuer(inscription, candidat)
    clore_seance(acteur=dossier.agent, seance_id=seance.pk, bilan_presente=2024)
    with pytest.raises(ErreurMetier) as refus:
        dossier.attribuer(inscription, candidat)
    assert code_de(refus) == "seance_close"


@pytest.mark.regle("RG-45")
def test_annuler_un_bail_rouvre_l_orientation_avec_un_motif(dossier: Dossier) -> None:
    dossier.orientation.issue = "bail"
    dossier.orientation.save()
    dossier.liberation.date_bail = date(2025, 4, 1)
    dossier.liberation.save()
    with pytest.raises(ErreurMetier):
        corriger_bail(acteur=dossier.agent, liberation_id=dossier.liberation.pk, le=None, motif=" ")
    corriger_bail(acteur=dossier.agent, liberation_id=dossier.liberation.pk, le=None, motif="Bail saisi par erreur")
    dossier.orientation.refresh_from_db()
    assert dossier.orientation.issue == "en_cours"


def test_le_reservataire_ne_met_pas_a_disposition(dossier: Dossier) -> None:
    dossier.a_disposition()
    with pytest.raises(AccesRefuse):
        prolonger_le_delai(
            acteur=dossier.caf, orientation_id=dossier.orientation.pk, jusqu_au=date(2025, 5, 1), motif="x"
        )


def test_un_autre_reservataire_ne_voit_pas_le_logement(dossier: Dossier) -> None:
    dossier.a_disposition()
    autre = acteur_de(creer_reservataire("MSA"))
    with pytest.raises(Introuvable):
        presenter_candidat(
            acteur=autre, orientation_id=dossier.orientation.pk, numero_demande=NUMERO, le=date(2025, 3, 5)
        )


def test_un_lecteur_ne_change_rien(dossier: Dossier) -> None:
    with pytest.raises(AccesRefuse):
        mettre_a_disposition(
            acteur=dossier.agent.avec_role(Role.LECTEUR), orientation_id=dossier.orientation.pk, le=date(2025, 3, 3)
        )


@pytest.mark.regle("RG-44")
def test_un_silence_constate_en_retard_est_date_du_lendemain_de_l_echeance(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    # Notifiée le 30 avril : dix jours → samedi 10 mai, reporté au lundi 12 ; le refus est du 13, même constaté en juin.
    notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 4, 30))
    (clos,) = constater_les_silences(acteur=Acteur.systeme(), le=date(2025, 6, 20))
    assert clos.date_reponse == date(2025, 5, 13)


@pytest.mark.regle("RG-46")
def test_sans_mise_a_disposition_aucune_date_limite_ne_court(dossier: Dossier) -> None:
    fiche = charger_fiche(Liberation.objects.filter(pk=dossier.liberation.pk), date(2025, 12, 1))
    assert fiche is not None
    assert fiche.courante is not None
    assert (fiche.courante.limite, fiche.courante.en_retard) == (None, False)
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 12, 1)) == []


@pytest.mark.regle("RG-46")
def test_une_prolongation_n_avance_jamais_la_limite_ni_a_l_ecran_ni_au_decompte(dossier: Dossier) -> None:
    # Mise à disposition le 3 mars, prolongée au 10 avril, puis corrigée au 20 mars : 20 mars + 30 = 19 avril, des deux côtés.
    dossier.a_disposition()
    cle = dossier.orientation.pk
    prolonger_le_delai(acteur=dossier.agent, orientation_id=cle, jusqu_au=date(2025, 4, 10), motif="Fêtes")
    corriger_mise_a_disposition(acteur=dossier.agent, orientation_id=cle, le=date(2025, 3, 20), motif="Courrier du 20")
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 19)) == []
    assert len(constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 20))) == 1
    (faits,) = [une for une in charger_orientations([dossier.liberation.pk])[dossier.liberation.pk] if une.rang == 1]
    imputation = imputer([faits], None, lambda _: MODALITES_PAR_DEFAUT)
    assert imputation is not None
    assert imputation.date == date(2025, 4, 19)


@pytest.mark.regle("RG-46")
def test_l_ecran_et_le_decompte_lisent_la_meme_convention_meme_echue(dossier: Dossier) -> None:
    # Quarante-cinq jours, échue à la fin de 2024 : faute d'une autre, elle régit encore l'orientation du 3 mars 2025.
    Convention.objects.filter(pk=dossier.convention.pk).update(delai_presentation_jours=45, date_fin=date(2024, 12, 31))
    dossier.a_disposition()
    assert constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 17)) == []
    assert len(constater_les_carences(acteur=Acteur.systeme(), le=date(2025, 4, 18))) == 1


@pytest.mark.regle("RG-46")
def test_un_logement_ne_se_rend_plus_passe_le_delai(dossier: Dossier) -> None:
    dossier.a_disposition()
    with pytest.raises(ErreurMetier, match="en carence") as refus:
        rendre(acteur=dossier.caf, orientation_id=dossier.orientation.pk, le=date(2025, 4, 3), motif="Aucun ménage")
    assert code_de(refus) == "delai_passe"
