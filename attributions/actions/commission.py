"""Décider en commission : les décisions de la CALEOL sur les candidats d'un logement (RG-42, RG-43)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from attributions.actions.parcours import enregistrer, verrouiller_orientation, verrouiller_seance
from attributions.domaine.codes import DECISIONS_FAVORABLES, Decision, MotifPeuDeCandidats
from attributions.domaine.parcours import avertir_nombre_de_candidats, decision_d_ensemble
from attributions.models import Candidat, Inscription, Orientation, Seance
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable


@dataclass(frozen=True, slots=True)
class DecisionCandidat:
    """Ce que la commission décide d'un candidat : décision, rang (attribution par rang), motif (non-attribution)."""

    decision: str
    rang: int | None = None
    motif: str = ""


@dataclass(frozen=True, slots=True)
class PeuDeCandidats:
    """Pourquoi moins de trois demandes ont été examinées : un motif de la liste de RG-42, et une précision."""

    motif: str = ""
    precision: str = ""


def decider(
    *,
    acteur: Acteur,
    inscription_id: int,
    decisions: Mapping[int, DecisionCandidat],
    peu_de_candidats: PeuDeCandidats | None = None,
) -> Orientation:
    """Enregistre les décisions de la commission sur les candidats d'un logement (RG-43).

    `decisions` : par identifiant de candidat. Plusieurs attributions exigent un rang distinct à chacune ; une non-attribution ou
    une irrecevabilité exige un motif ; moins de trois demandes examinées, un motif aussi (RG-42). Tant que la séance est ouverte et
    qu'aucune offre n'est notifiée, on peut reprendre ses décisions. Lève `ErreurMetier` sinon.
    """
    pourquoi = peu_de_candidats or PeuDeCandidats()
    with transaction.atomic():
        inscription = Inscription.objects.select_related("seance").filter(pk=inscription_id).first()
        if inscription is None:
            raise Introuvable
        seance = verrouiller_seance(acteur, inscription.seance_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, inscription.orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if parcours.est_attribuee and not inscription.decision:
            raise ErreurMetier(
                "deja_decide",
                "Ce logement est déjà attribué : annulez la décision, avec un motif, avant d'en prendre une autre.",
                regle="RG-43",
            )
        candidats = {candidat.pk: candidat for candidat in orientation.candidats.all()}
        _verifier_decisions(decisions, candidats, seance)
        _refuser_apres_une_offre(inscription, candidats.values(), seance)
        examines = sum(
            bool(candidat.decision) and candidat.date_examen != seance.date for candidat in candidats.values()
        )
        _verifier_le_nombre(examines + len(decisions), seance.date, pourquoi)
        _ecrire_les_decisions(candidats, decisions, seance)
        ensemble = decision_d_ensemble([prise.decision for prise in decisions.values()])
        inscription.decision = ensemble
        inscription.motif_nombre, inscription.precision_nombre = pourquoi.motif, pourquoi.precision.strip()
        inscription.save(update_fields=["decision", "motif_nombre", "precision_nombre"])
        enregistrer(
            acteur,
            orientation,
            "decider_en_caleol",
            {"date_caleol": seance.date, "decision": ensemble},
            pourquoi.precision or pourquoi.motif,
        )
    return orientation


def _ecrire_les_decisions(
    candidats: Mapping[int, Candidat], decisions: Mapping[int, DecisionCandidat], seance: Seance
) -> None:
    """Les décisions de la séance ; un candidat qui n'y est plus examiné redevient à examiner."""
    for cle, candidat in candidats.items():
        prise = decisions.get(cle)
        if prise is None and candidat.date_examen != seance.date:
            continue
        prise = prise or DecisionCandidat("")
        candidat.decision, candidat.motif = prise.decision, prise.motif
        candidat.date_examen = seance.date if prise.decision else None
        candidat.rang_caleol = prise.rang or 1 if prise.decision in DECISIONS_FAVORABLES else None
        candidat.save(update_fields=["decision", "motif", "rang_caleol", "date_examen"])


def _refuser_apres_une_offre(inscription: Inscription, candidats: Iterable[Candidat], seance: Seance) -> None:
    """Une offre notifiée fige les décisions de la séance."""
    if inscription.decision and any(
        candidat.date_notification and candidat.date_examen == seance.date for candidat in candidats
    ):
        raise ErreurMetier(
            "offre_notifiee",
            "Une offre est déjà notifiée sur cette décision : elle ne se reprend plus. Saisissez la réponse du demandeur.",
            regle="RG-44",
        )


def _verifier_le_nombre(examines: int, le: date, pourquoi: PeuDeCandidats) -> None:
    """Trois demandes examinées au moins, ou le motif (RG-42)."""
    avertissement = avertir_nombre_de_candidats(examines, None, le)
    if avertissement and pourquoi.motif not in set(MotifPeuDeCandidats):
        raise ErreurMetier(
            "peu_de_candidats", avertissement[0].upper() + avertissement[1:], regle="RG-42", champ="motif_nombre"
        )


def _verifier_decisions(
    decisions: Mapping[int, DecisionCandidat], candidats: Mapping[int, Candidat], seance: Seance
) -> None:
    if not decisions:
        raise ErreurMetier("sans_decision", "Décidez au moins d'un candidat.")
    if not set(decisions) <= set(candidats):
        raise ErreurMetier("candidat_etranger", "Un des candidats n'est pas présenté pour ce logement.")
    if any(candidats[cle].decision and candidats[cle].date_examen != seance.date for cle in decisions):
        raise ErreurMetier(
            "deja_examine", "Un des candidats a été examiné dans une autre séance : sa décision y reste.", regle="RG-43"
        )
    rangs: list[int] = []
    for prise in decisions.values():
        if prise.decision not in set(Decision):
            raise ErreurMetier("decision_inconnue", "Choisissez une des cinq décisions de la CALEOL.", regle="RG-43")
        if prise.decision in DECISIONS_FAVORABLES:
            rangs.append(prise.rang or 1)
        elif not prise.motif.strip():
            raise ErreurMetier(
                "motif_obligatoire",
                "Une non-attribution ou une irrecevabilité se motive.",
                regle="RG-43",
                champ="motif",
            )
    if len(rangs) != len(set(rangs)):
        raise ErreurMetier("rangs_egaux", "Deux candidats ont le même rang : classez-les.", regle="RG-43", champ="rang")
