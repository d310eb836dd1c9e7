"""Corriger la prévision d'une année avant sa publication, ou revenir à la moyenne calculée (RG-32)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from attributions.domaine.codes import Exclusion
from bilans.chargement_prevision import charger_prevision
from bilans.models import Prevision
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def corriger_prevision(
    *,
    acteur: Acteur,
    bailleur_id: int,
    departement: str,
    annee: int,
    commune: str,
    mises_en_location: int,
    exclusions: Mapping[str, int],
) -> None:
    """Écrit A et B prévus d'une commune ; la première correction garde la moyenne calculée des autres communes.

    Lève `Conflit` si la prévision est publiée (elle est figée), `ErreurMetier` si B dépasse A.
    """
    motifs = {motif.value: int(exclusions.get(motif.value, 0)) for motif in Exclusion}
    if sum(motifs.values()) > mises_en_location:
        raise ErreurMetier(
            "exclusions_trop_nombreuses",
            f"Les exclusions prévues ({sum(motifs.values())}) dépassent les mises en location prévues ({mises_en_location}).",
            regle="RG-32",
            champ="mises_en_location",
        )
    with transaction.atomic():
        bailleur = _verrouiller(acteur, bailleur_id, departement, annee)
        lue = charger_prevision(bailleur.pk, departement, annee)
        avant = {une.commune: (une.mises_en_location, dict(une.exclusions)) for une in lue.communes}
        if commune not in avant:
            raise Introuvable("Cette commune n'a pas de prévision.")
        retenues = avant | {commune: (mises_en_location, motifs)}
        Prevision.objects.bulk_create(
            [
                Prevision(
                    bailleur=bailleur,
                    departement_id=departement,
                    annee=annee,
                    commune_id=code,
                    mises_en_location=attendus,
                    exclusions=prevues,
                )
                for code, (attendus, prevues) in retenues.items()
                if code == commune or not lue.est_saisie
            ],
            update_conflicts=True,
            unique_fields=["bailleur", "departement", "annee", "commune"],
            update_fields=["mises_en_location", "exclusions"],
        )
        _journaliser(
            acteur,
            bailleur,
            "corriger_prevision",
            {"commune": commune, "A": avant[commune][0], "B": avant[commune][1]},
            {"annee": annee, "commune": commune, "A": mises_en_location, "B": motifs},
        )


def revenir_a_la_moyenne(*, acteur: Acteur, bailleur_id: int, departement: str, annee: int) -> None:
    """Efface les corrections d'une année : la prévision redevient la moyenne des années passées. Lève `Conflit` si elle est publiée."""
    with transaction.atomic():
        bailleur = _verrouiller(acteur, bailleur_id, departement, annee)
        nombre, _ = (
            Prevision.objects.modifiables_par(acteur)
            .filter(bailleur=bailleur, departement_id=departement, annee=annee)
            .delete()
        )
        _journaliser(acteur, bailleur, "revenir_a_la_moyenne", {"communes": nombre}, {"annee": annee})


def _verrouiller(acteur: Acteur, bailleur_id: int, departement: str, annee: int) -> Bailleur:
    """Le bailleur, verrouillé ; une prévision publiée ne se change plus."""
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    bailleur = Bailleur.objects.modifiables_par(acteur).select_for_update(of=("self",)).filter(pk=bailleur_id).first()
    if bailleur is None:
        raise Introuvable
    publiees = Prevision.objects.visibles_par(acteur).filter(
        bailleur=bailleur, departement_id=departement, annee=annee, publiee_le__isnull=False
    )
    if publiees.exists():
        raise Conflit(f"La prévision {annee} est publiée : elle ne change plus.", regle="RG-32")
    return bailleur


def _journaliser(
    acteur: Acteur, bailleur: Bailleur, action: str, avant: Mapping[str, object], apres: Mapping[str, object]
) -> None:
    journaliser(acteur=acteur, action=action, objet=bailleur, organisme_id=bailleur.pk, avant=avant, apres=apres)
