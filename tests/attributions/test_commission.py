"""La commission : trois demandes ou le motif, chaque séance garde sa décision, le procès-verbal (RG-42, RG-43, RG-62)."""

from __future__ import annotations

import io
from datetime import date

import pikepdf
import pytest

from attributions.actions.candidats import notifier_offre, presenter_candidat, repondre, retirer_candidat
from attributions.actions.commission import DecisionCandidat, PeuDeCandidats, decider
from attributions.actions.corrections import annuler_la_decision
from attributions.actions.seances import clore_seance, desinscrire, inscrire, prevoir_seance
from attributions.models import Candidat, Inscription, Orientation
from attributions.pdf import ordre_du_jour, proces_verbal
from bilans.calcul import calculer_annee
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from tests.attributions.dossier import NUMERO, Dossier, code_de

pytestmark = pytest.mark.django_db
AUTRE, TROISIEME = "094120260007654321", "094120260007654322"


def texte_du_pdf(octets: bytes) -> str:
    """Le titre et le nombre de pages suffisent à dire qu'il s'ouvre ; le texte se lit dans son HTML."""
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        return f"{pdf.docinfo.get('/Title', '')} {len(pdf.pages)}"


@pytest.mark.regle("RG-42")
def test_moins_de_trois_demandes_examinees_exigent_un_motif(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    decisions = {candidat: DecisionCandidat("attribution")}
    with pytest.raises(ErreurMetier, match="1 candidat pour 3 attendus") as refus:
        decider(acteur=dossier.agent, inscription_id=inscription, decisions=decisions)
    assert (code_de(refus), refus.value.champ) == ("peu_de_candidats", "motif_nombre")
    decider(
        acteur=dossier.agent,
        inscription_id=inscription,
        decisions=decisions,
        peu_de_candidats=PeuDeCandidats("designation", "Arrêté du 3 mars"),
    )
    assert Inscription.objects.get(pk=inscription).get_motif_nombre_display() == "Ménage désigné par le préfet"


@pytest.mark.regle("RG-42")
def test_trois_demandes_examinees_se_passent_de_motif(dossier: Dossier) -> None:
    candidats = dossier.avec_candidats(NUMERO, AUTRE, TROISIEME)
    _, inscription = dossier.en_seance()
    decider(
        acteur=dossier.agent,
        inscription_id=inscription,
        decisions={cle: DecisionCandidat("rang", rang) for rang, cle in enumerate(candidats, start=1)},
    )
    assert Orientation.objects.get(pk=dossier.orientation.pk).decision == "rang"


@pytest.mark.regle("RG-43")
def test_une_decision_se_reprend_tant_que_la_seance_est_ouverte_et_sans_offre(dossier: Dossier) -> None:
    premier, second = dossier.avec_candidats(NUMERO, AUTRE)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, premier, second)
    dossier.attribuer(inscription, second)
    assert Candidat.objects.get(pk=premier).decision == ""
    notifier_offre(acteur=dossier.agent, candidat_id=second, le=date(2025, 3, 21))
    with pytest.raises(ErreurMetier) as refus:
        dossier.attribuer(inscription, premier)
    assert code_de(refus) == "offre_notifiee"


@pytest.mark.regle("RG-43")
def test_apres_une_non_attribution_chaque_seance_garde_sa_decision(dossier: Dossier) -> None:
    (premier,) = dossier.avec_candidats(NUMERO)
    seance, inscription = dossier.en_seance()
    decider(
        acteur=dossier.agent,
        inscription_id=inscription,
        decisions={premier: DecisionCandidat("non_attribution", motif="Ressources au-dessus du plafond")},
        peu_de_candidats=PeuDeCandidats("insuffisance"),
    )
    clore_seance(acteur=dossier.agent, seance_id=seance.pk)
    presenter_candidat(
        acteur=dossier.caf, orientation_id=dossier.orientation.pk, numero_demande=AUTRE, le=date(2025, 3, 25)
    )
    suivante = prevoir_seance(acteur=dossier.agent, bailleur_id=seance.bailleur_id, le=date(2025, 4, 3))
    inscrire(acteur=dossier.agent, seance_id=suivante.pk, orientation_id=dossier.orientation.pk)
    assert list(Inscription.objects.order_by("seance__date").values_list("seance__date", "decision")) == [
        (date(2025, 3, 20), "non_attribution"),
        (date(2025, 4, 3), ""),
    ]


@pytest.mark.regle("RG-46")
def test_quand_tous_refusent_le_reservataire_propose_de_nouveau_et_rien_n_est_decompte(dossier: Dossier) -> None:
    dossier.convention.fait_generateur = "attribution"
    dossier.convention.save()
    premier, second = dossier.avec_candidats(NUMERO, AUTRE)
    seance, inscription = dossier.en_seance()
    dossier.attribuer(inscription, premier, second)
    assert decompte(dossier) == 1
    for rang, candidat in enumerate((premier, second)):
        notifier_offre(acteur=dossier.agent, candidat_id=candidat, le=date(2025, 3, 21 + rang))
        repondre(acteur=dossier.agent, candidat_id=candidat, reponse="refuse", le=date(2025, 3, 21 + rang))
    dossier.orientation.refresh_from_db()
    assert (dossier.orientation.date_caleol, dossier.orientation.decision, dossier.orientation.issue) == (
        None,
        "",
        "en_cours",
    )
    assert decompte(dossier) == 0
    nouveau, _ = presenter_candidat(
        acteur=dossier.caf, orientation_id=dossier.orientation.pk, numero_demande=TROISIEME, le=date(2025, 3, 24)
    )
    suivante = prevoir_seance(acteur=dossier.agent, bailleur_id=seance.bailleur_id, le=date(2025, 4, 3))
    passage = inscrire(acteur=dossier.agent, seance_id=suivante.pk, orientation_id=dossier.orientation.pk)
    # Deux examinées le 20 mars, une le 3 avril : trois en tout, sans autre motif.
    decider(acteur=dossier.agent, inscription_id=passage.pk, decisions={nouveau.pk: DecisionCandidat("attribution")})
    assert decompte(dossier) == 1
    assert Inscription.objects.filter(decision="rang", seance=seance).exists()


def decompte(dossier: Dossier) -> int:
    """Logements décomptés à la convention en 2025."""
    flux = calculer_annee(dossier.liberation.bailleur, "94", 2025).flux_json()
    return sum(compte["decompte"] for compte in flux["comptes"])


@pytest.mark.regle("RG-62")
def test_clore_garde_un_proces_verbal_sans_numero_de_demande(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    seance, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    close = clore_seance(acteur=dossier.agent, seance_id=seance.pk, bilan_presente=2024)
    assert close.proces_verbal is not None
    assert "Procès-verbal" in texte_du_pdf(bytes(close.proces_verbal.contenu.octets))
    # Le même document, nominatif, ne se confond pas avec celui qu'on garde.
    assert proces_verbal(close, est_nominatif=True) != bytes(close.proces_verbal.contenu.octets)
    assert "Ordre du jour" in texte_du_pdf(ordre_du_jour(close))


@pytest.mark.regle("RG-62")
def test_clore_sans_citer_de_bilan_garde_celui_deja_presente(dossier: Dossier) -> None:
    dossier.avec_candidats(NUMERO)
    seance, inscription = dossier.en_seance()
    seance.bilan_presente = 2024
    seance.save()
    desinscrire(acteur=dossier.agent, inscription_id=inscription)
    assert clore_seance(acteur=dossier.agent, seance_id=seance.pk).bilan_presente == 2024


@pytest.mark.regle("RG-43")
def test_une_decision_annulee_rend_les_candidats_a_examiner(dossier: Dossier) -> None:
    (candidat,) = dossier.avec_candidats(NUMERO)
    _, inscription = dossier.en_seance()
    dossier.attribuer(inscription, candidat)
    with pytest.raises(AccesRefuse):
        annuler_la_decision(
            acteur=dossier.agent.avec_role(Role.GESTIONNAIRE), orientation_id=dossier.orientation.pk, motif="Erreur"
        )
    annuler_la_decision(acteur=dossier.agent, orientation_id=dossier.orientation.pk, motif="Erreur de dossier")
    retirer_candidat(acteur=dossier.agent, candidat_id=candidat)
    dossier.orientation.refresh_from_db()
    assert (dossier.orientation.date_caleol, dossier.orientation.nb_candidats) == (None, 0)
