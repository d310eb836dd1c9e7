"""Orienter un logement libéré : suivre le moteur, ou choisir un autre compte (RG-41).

Chaque décision se prend sous le verrou des comptes, sur un état recalculé : ce que l'agent a vu (`vu`) doit être
encore vrai, sinon rien n'est décidé et le lot revu lui est montré.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from attributions.actions.lot import deposer_le_lot, verrouiller_les_comptes
from attributions.chargement.comptes import Comptes, etablir_le_lot, presenter_eligibles
from attributions.chargement.moteur import AnneeDuMoteur
from attributions.domaine.codes import Issue
from attributions.domaine.lot_vivant import DecisionDuMoteur, LotVivant
from attributions.domaine.rejeu import code_public, partie_de
from attributions.models import Liberation, Orientation, Proposition
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def orienter(
    *, acteur: Acteur, liberation_id: int, le: date, vu: str = "", compte: str = "", motif: str = ""
) -> Orientation:
    """Décide une libération : sans `compte`, on suit la proposition ; sinon on choisit un autre compte éligible, avec un motif.

    `vu` : le compte proposé que l'agent avait sous les yeux. Lève `Conflit` si la proposition a changé depuis ou si
    le logement vient d'être orienté, `ErreurMetier` si le compte n'est pas éligible ou si le motif manque.
    """
    liberation = trouver_liberation(acteur, liberation_id)
    return _decider_ensemble(
        acteur, Comptes.d_une_liberation(liberation, le), le, [(liberation.pk, vu, compte, motif)]
    )[0]


def suivre_les_propositions(*, acteur: Acteur, vus: Mapping[int, str], le: date) -> list[Orientation]:
    """Suit plusieurs propositions d'un coup, dans l'ordre du lot : toutes, ou aucune si l'une a changé.

    `vus` : par libération, le compte que l'agent avait sous les yeux. Un lot est d'un seul département et d'une seule
    année.
    """
    liberations = [trouver_liberation(acteur, identifiant) for identifiant in sorted(vus)]
    if not liberations:
        return []
    tous = {Comptes.d_une_liberation(liberation, le) for liberation in liberations}
    if len(tous) > 1:
        raise ErreurMetier("lots_differents", "Décidez un département et une année à la fois.", regle="RG-41")
    ordonnees = sorted(liberations, key=lambda une: (une.date_disponibilite, une.numero))
    return _decider_ensemble(acteur, tous.pop(), le, [(une.pk, vus[une.pk], "", "") for une in ordonnees])


Demande = tuple[int, str, str, str]
"""(libération, compte vu, compte choisi, motif)."""


def _decider_ensemble(acteur: Acteur, comptes: Comptes, le: date, demandes: list[Demande]) -> list[Orientation]:
    """Verrou, état recalculé, vérifications, décisions, lot revu : une transaction.

    Un état périmé garde le lot revu (l'agent doit le voir) et lève `Conflit` une fois la transaction close.
    """
    with transaction.atomic():
        verrouiller_les_comptes(comptes)
        lignes = verrouiller_liberations(acteur, [demande[0] for demande in demandes])
        _refuser_les_deja_orientees(lignes)
        chargee, vivant = etablir_le_lot(comptes, le)
        perimee = ""
        for identifiant, vu, _, _ in demandes:
            perimee = perimee or _dire_ce_qui_a_change(lignes[identifiant], vivant, vu)
        orientations = []
        if not perimee:
            deposees = {une.liberation_id: une for une in Proposition.objects.filter(liberation_id__in=list(lignes))}
            etat = _Etat(lignes, deposees, chargee, vivant, le)
            orientations = [_decider_une(acteur, etat, demande) for demande in demandes]
        cause = f"décision sur {', '.join(lignes[demande[0]].numero for demande in demandes)}"
        deposer_le_lot(acteur, comptes, chargee, vivant, cause)
    if perimee:
        raise Conflit(perimee, regle="RG-41")
    return orientations


def _refuser_les_deja_orientees(lignes: Mapping[int, Liberation]) -> None:
    """Lève `Conflit` si l'une a déjà une orientation active : un double clic ne coûte qu'une requête."""
    active = (
        Orientation.objects.filter(liberation_id__in=list(lignes))
        .exclude(issue__in=[Issue.RENDU, Issue.RETIRE])
        .select_related("reservataire", "liberation")
        .order_by("liberation__numero", "rang")
        .last()
    )
    if active is not None:
        raise Conflit(
            f"La libération {active.liberation.numero} vient d'être orientée vers {active.compte} : relisez la liste.",
            regle="RG-41",
        )


def _dire_ce_qui_a_change(liberation: Liberation, vivant: LotVivant, vu: str) -> str:
    """Pourquoi ce que l'agent a vu n'est plus vrai ; vide si tout est en l'état. Lève `ErreurMetier` hors du flux."""
    propose = vivant.partie_proposee(liberation.numero)
    if not propose:
        raise ErreurMetier(
            "hors_du_lot",
            f"La libération {liberation.numero} n'est pas à orienter : elle est exclue, retirée, ou hors du flux.",
            regle="RG-40",
        )
    if vu and partie_de(vu) != propose:
        return (
            f"La proposition pour {liberation.numero} a changé : {partie_de(vu)} avant, {propose} maintenant. "
            "Relisez-la, puis décidez."
        )
    return ""


@dataclass(frozen=True, slots=True)
class _Etat:
    """L'état sous verrou où l'on décide : les libérations et leurs propositions déposées, l'année, le lot, le jour."""

    liberations: Mapping[int, Liberation]
    propositions: Mapping[int, Proposition]
    chargee: AnneeDuMoteur
    vivant: LotVivant
    le: date


def _decider_une(acteur: Acteur, etat: _Etat, demande: Demande) -> Orientation:
    identifiant, _, compte, motif = demande
    liberation, vivant = etat.liberations[identifiant], etat.vivant
    partie = partie_de(compte) if compte else ""
    sous_contingent = compte.partition("/")[2] if compte and partie != compte else ""
    if partie and partie != vivant.partie_proposee(liberation.numero) and not motif.strip():
        raise ErreurMetier(
            "motif_obligatoire",
            "Dites pourquoi vous choisissez un autre compte que le compte proposé.",
            champ="motif",
            regle="RG-41",
        )
    decision = vivant.decider(liberation.numero, partie, sous_contingent)
    reservataire, sous_contingent = etat.chargee.compte(decision.choisi, decision.sous_contingent)
    dernier_rang = liberation.orientations.aggregate(rang=Max("rang"))["rang"] or 0
    orientation = Orientation.objects.create(
        liberation=liberation,
        rang=dernier_rang + 1,
        reservataire_id=reservataire,
        sous_contingent=sous_contingent,
        date_orientation=etat.le,
        motif=motif.strip(),
        compte_propose=decision.propose,
        phrase=decision.phrase,
        etat_comptes=_tracer(decision, etat.propositions.get(identifiant), etat.le),
        decidee_par_id=acteur.utilisateur_id,
        decidee_le=timezone.now(),
    )
    journaliser(
        acteur=acteur,
        action="orienter" if decision.est_suivie else "orienter_autrement",
        objet=orientation,
        organisme_id=liberation.bailleur_id,
        apres={"compte": orientation.compte, "propose": decision.propose, "date_orientation": etat.le},
        motif=motif.strip(),
    )
    return orientation


def _tracer(decision: DecisionDuMoteur, proposition: Proposition | None, le: date) -> dict[str, Any]:
    """Ce qu'on garde de la décision : proposé à l'arrivée, changements, proposé, choisi, retards du moment, version des règles."""
    return {
        "propose_initial": decision.initial,
        "changements": proposition.changements if proposition else [],
        "propose": decision.propose,
        "choisi": code_public(decision.choisi, decision.sous_contingent),
        "retards": presenter_eligibles(decision.eligibles),
        "liberes": decision.liberes,
        "depasse_le_plafond": decision.depasse_le_plafond,
        "date_du_jour": le,
        "version_regles": decision.version,
    }


def trouver_liberation(acteur: Acteur, liberation_id: int) -> Liberation:
    """La libération, si l'acteur peut l'orienter ; lève `Introuvable` (404) ou `AccesRefuse` (403)."""
    permises = Liberation.objects.modifiables_par(acteur).select_related("bailleur", "logement__commune")
    liberation = permises.filter(pk=liberation_id).first()
    if liberation is None:
        if Liberation.objects.visibles_par(acteur).filter(pk=liberation_id).exists():
            raise AccesRefuse
        raise Introuvable
    return liberation


def verrouiller_liberations(acteur: Acteur, identifiants: list[int]) -> dict[int, Liberation]:
    """Ces libérations, verrouillées, telles qu'elles sont maintenant."""
    lignes = (
        Liberation.objects.modifiables_par(acteur)
        .filter(pk__in=identifiants)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    return {ligne.pk: ligne for ligne in lignes}
