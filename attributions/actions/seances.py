"""La CALEOL : prévoir une séance, inscrire des logements, décider, clore (RG-43, RG-62)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from attributions.actions.parcours import enregistrer, exiger_gestionnaire, verrouiller_orientation
from attributions.domaine.codes import DECISIONS_FAVORABLES, Decision
from attributions.domaine.parcours import decision_d_ensemble, verifier_apres
from attributions.models import EtatSeance, Inscription, Orientation, Seance
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


@dataclass(frozen=True, slots=True)
class DecisionCandidat:
    """Ce que la commission décide d'un candidat : décision, rang (attribution par rang), motif (non-attribution)."""

    decision: str
    rang: int | None = None
    motif: str = ""


def prevoir_seance(*, acteur: Acteur, bailleur_id: int, le: date, lieu: str = "") -> Seance:
    """Prévoit une séance ; une seule par jour et par lieu."""
    exiger_gestionnaire(acteur)
    if not acteur.est_systeme and acteur.organisme_id != bailleur_id:
        raise Introuvable
    try:
        with transaction.atomic():
            seance = Seance.objects.create(bailleur_id=bailleur_id, date=le, lieu=lieu.strip())
            journaliser(
                acteur=acteur,
                action="prevoir_seance",
                objet=seance,
                organisme_id=bailleur_id,
                apres={"date": le, "lieu": lieu},
            )
    except IntegrityError as erreur:
        raise ErreurMetier(
            "seance_en_double", "Une séance est déjà prévue ce jour-là au même lieu.", champ="date"
        ) from erreur
    return seance


def inscrire(*, acteur: Acteur, seance_id: int, orientation_id: int) -> Inscription:
    """Met un logement à l'ordre du jour ; il lui faut au moins un candidat (RG-42)."""
    with transaction.atomic():
        seance = _verrouiller_seance(acteur, seance_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if not orientation.candidats.filter(decision="").exists():
            raise ErreurMetier("sans_candidat", "Aucun candidat à examiner : présentez-en d'abord.", regle="RG-42")
        verifier_apres("seance", seance.date, parcours.proposition, "la présentation des candidats")
        ordre = (seance.inscriptions.aggregate(dernier=Max("ordre"))["dernier"] or 0) + 1
        inscription, _ = Inscription.objects.update_or_create(
            orientation=orientation, defaults={"seance": seance, "ordre": ordre}
        )
        journaliser(
            acteur=acteur,
            action="inscrire_en_seance",
            objet=orientation,
            organisme_id=seance.bailleur_id,
            apres={"seance": seance.date, "ordre": ordre},
        )
    return inscription


def desinscrire(*, acteur: Acteur, inscription_id: int) -> None:
    """Retire de l'ordre du jour un logement qui n'y a pas été décidé."""
    with transaction.atomic():
        inscription = Inscription.objects.select_related("orientation__liberation").filter(pk=inscription_id).first()
        if inscription is None:
            raise Introuvable
        seance = _verrouiller_seance(acteur, inscription.seance_id)
        if inscription.orientation.date_caleol is not None:
            raise ErreurMetier("deja_decide", "La commission a décidé de ce logement : il reste à l'ordre du jour.")
        journaliser(
            acteur=acteur,
            action="retirer_de_la_seance",
            objet=inscription.orientation,
            organisme_id=seance.bailleur_id,
            avant={"seance": seance.date},
        )
        inscription.delete()


def decider(
    *, acteur: Acteur, inscription_id: int, decisions: Mapping[int, DecisionCandidat], motif_nombre: str = ""
) -> Orientation:
    """Enregistre les décisions de la commission sur les candidats d'un logement (RG-43).

    `decisions` : par identifiant de candidat. Plusieurs attributions exigent un rang distinct à chacune ; une non-attribution ou
    une irrecevabilité exige un motif. Lève `ErreurMetier` si la séance est close ou si un candidat n'est pas de ce logement.
    """
    with transaction.atomic():
        inscription = Inscription.objects.select_related("seance").filter(pk=inscription_id).first()
        if inscription is None:
            raise Introuvable
        seance = _verrouiller_seance(acteur, inscription.seance_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, inscription.orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if parcours.caleol is not None and parcours.decision in DECISIONS_FAVORABLES:
            raise ErreurMetier(
                "deja_decide", "Ce logement est déjà attribué : corrigez la décision plutôt que de la refaire."
            )
        candidats = {candidat.pk: candidat for candidat in orientation.candidats.all()}
        _verifier_decisions(decisions, set(candidats))
        for cle, prise in decisions.items():
            candidat = candidats[cle]
            candidat.decision, candidat.motif = prise.decision, prise.motif
            candidat.rang_caleol = prise.rang or (1 if prise.decision in DECISIONS_FAVORABLES else None)
            candidat.save(update_fields=["decision", "motif", "rang_caleol"])
        enregistrer(
            acteur,
            orientation,
            "decider_en_caleol",
            {
                "date_caleol": seance.date,
                "decision": decision_d_ensemble([prise.decision for prise in decisions.values()]),
            },
            motif_nombre,
        )
    return orientation


def clore_seance(*, acteur: Acteur, seance_id: int, bilan_presente: int | None = None) -> Seance:
    """Clôt la séance : ses décisions ne changent plus ; `bilan_presente` date la présentation du bilan annuel (RG-62)."""
    with transaction.atomic():
        seance = _verrouiller_seance(acteur, seance_id)
        reste = seance.inscriptions.filter(orientation__date_caleol__isnull=True, orientation__issue="en_cours").count()
        if reste:
            pluriel = "s" if reste > 1 else ""
            raise ErreurMetier(
                "sans_decision",
                f"{reste} logement{pluriel} de l'ordre du jour n'{'ont' if reste > 1 else 'a'} pas de décision : "
                f"décidez, ou retirez-le{pluriel} de l'ordre du jour.",
            )
        seance.etat, seance.bilan_presente = EtatSeance.CLOSE, bilan_presente
        seance.save(update_fields=["etat", "bilan_presente"])
        journaliser(
            acteur=acteur,
            action="clore_seance",
            objet=seance,
            organisme_id=seance.bailleur_id,
            apres={"etat": seance.etat, "bilan_presente": bilan_presente},
        )
    return seance


def _verifier_decisions(decisions: Mapping[int, DecisionCandidat], candidats: set[int]) -> None:
    if not decisions:
        raise ErreurMetier("sans_decision", "Décidez au moins d'un candidat.")
    if not set(decisions) <= candidats:
        raise ErreurMetier("candidat_etranger", "Un des candidats n'est pas présenté pour ce logement.")
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


def _verrouiller_seance(acteur: Acteur, seance_id: int) -> Seance:
    seance = Seance.objects.modifiables_par(acteur).filter(pk=seance_id).select_for_update(of=("self",)).first()
    if seance is None:
        if Seance.objects.visibles_par(acteur).filter(pk=seance_id).exists():
            raise AccesRefuse
        raise Introuvable
    if seance.etat != EtatSeance.PREVUE:
        raise ErreurMetier(
            "seance_close", f"La séance du {seance.date:%d/%m/%Y} est close : ses décisions ne changent plus."
        )
    return seance
