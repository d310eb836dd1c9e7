"""Ce que partagent les actions du parcours : la ligne verrouillée, ses faits, son journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attributions.chargement.parcours import avec_parcours, conventions_en_cause, lire_parcours
from attributions.domaine.codes import Issue
from attributions.domaine.parcours import Parcours
from attributions.models import EtatSeance, Orientation, Seance
from attributions.models.orientations import OrientationQuerySet
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def verrouiller_orientation(
    acteur: Acteur, orientation_id: int, *, permises: OrientationQuerySet, en_cours: bool = True
) -> tuple[Orientation, Convention | None, Parcours]:
    """L'orientation verrouillée, la convention qui la régit et son parcours.

    `permises` est ce que l'acteur peut modifier : une ligne qu'il voit sans pouvoir la changer est refusée (403), une ligne
    qu'il ne voit pas est introuvable (404). Lève `ErreurMetier` si l'orientation est terminée et qu'on l'exige en cours.
    """
    verrouillee = permises.filter(pk=orientation_id).select_for_update(of=("self",)).first()
    if verrouillee is None:
        if Orientation.objects.visibles_par(acteur).filter(pk=orientation_id).exists():
            raise AccesRefuse
        raise Introuvable
    orientation = avec_parcours(Orientation.objects.filter(pk=verrouillee.pk)).get()
    convention = conventions_en_cause([orientation]).get(orientation.pk)
    if en_cours and orientation.issue != Issue.EN_COURS:
        raise ErreurMetier(
            "orientation_finie",
            f"Cette orientation est terminée ({orientation.get_issue_display().lower()}) : elle ne change plus.",
        )
    return orientation, convention, lire_parcours(orientation, convention)


def verrouiller_seance(acteur: Acteur, seance_id: int) -> Seance:
    """La séance verrouillée, encore ouverte ; lève `Introuvable`, `AccesRefuse`, ou `ErreurMetier` si elle est close."""
    seance = Seance.objects.modifiables_par(acteur).filter(pk=seance_id).select_for_update(of=("self",)).first()
    if seance is None:
        if Seance.objects.visibles_par(acteur).filter(pk=seance_id).exists():
            raise AccesRefuse
        raise Introuvable
    if seance.etat != EtatSeance.PREVUE:
        raise ErreurMetier(
            "seance_close",
            f"La séance du {seance.date:%d/%m/%Y} est close : ses décisions ne changent plus. Inscrivez le logement à une "
            "prochaine séance, ou annulez la décision depuis sa fiche, avec un motif.",
        )
    return seance


def exiger_un_motif(motif: str, pourquoi: str) -> None:
    """Lève `ErreurMetier` sans motif ; `pourquoi` dit ce qu'il explique."""
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", pourquoi, champ="motif")


def exiger_gestionnaire(acteur: Acteur) -> None:
    """Lève `AccesRefuse` si l'acteur n'est que lecteur."""
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse


def enregistrer(
    acteur: Acteur, orientation: Orientation, action: str, changements: Mapping[str, Any], motif: str = ""
) -> None:
    """Écrit les champs changés de l'orientation et le journal : avant, après."""
    avant = {champ: getattr(orientation, champ) for champ in changements}
    for champ, valeur in changements.items():
        setattr(orientation, champ, valeur)
    orientation.save(update_fields=list(changements))
    journaliser(
        acteur=acteur,
        action=action,
        objet=orientation,
        organisme_id=orientation.liberation.bailleur_id,
        avant=avant,
        apres=changements,
        motif=motif,
    )
