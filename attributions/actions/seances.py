"""Les séances de la CALEOL : prévoir, inscrire des logements, clore avec le procès-verbal (RG-43, RG-62)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from attributions.actions.parcours import exiger_gestionnaire, verrouiller_orientation, verrouiller_seance
from attributions.domaine.parcours import verifier_apres
from attributions.models import EtatSeance, Inscription, Orientation, Seance
from attributions.pdf import empreinte_de_la_seance, lire_les_passages, proces_verbal
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.relecture import exiger_la_version_lue


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
        seance = verrouiller_seance(acteur, seance_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if not orientation.candidats.filter(decision="").exists():
            raise ErreurMetier("sans_candidat", "Aucun candidat à examiner : présentez-en d'abord.", regle="RG-42")
        verifier_apres("seance", seance.date, parcours.proposition, "la présentation des candidats")
        if seance.inscriptions.filter(orientation=orientation).exists():
            raise ErreurMetier(
                "deja_inscrit", f"Ce logement est déjà à l'ordre du jour de la {seance}.", champ="seance"
            )
        ordre = (seance.inscriptions.aggregate(dernier=Max("ordre"))["dernier"] or 0) + 1
        # Encore à décider dans une autre séance : il y est déplacé. Déjà décidé : c'est un nouveau passage (RG-43).
        inscription, _ = Inscription.objects.update_or_create(
            orientation=orientation, decision="", defaults={"seance": seance, "ordre": ordre}
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
        seance = verrouiller_seance(acteur, inscription.seance_id)
        if inscription.decision:
            raise ErreurMetier("deja_decide", "La commission a décidé de ce logement : il reste à l'ordre du jour.")
        journaliser(
            acteur=acteur,
            action="retirer_de_la_seance",
            objet=inscription.orientation,
            organisme_id=seance.bailleur_id,
            avant={"seance": seance.date},
        )
        inscription.delete()


def clore_seance(
    *, acteur: Acteur, seance_id: int, bilan_presente: int | None = None, empreinte_lue: str | None = None
) -> Seance:
    """Clôt la séance : ses décisions ne changent plus, son procès-verbal est gardé, avec le bilan qu'on y a présenté (RG-62).

    Lève `Conflit` si `empreinte_lue`, celle de la séance relue, n'est plus la sienne ; `ErreurMetier` s'il reste à décider.
    """
    with transaction.atomic():
        seance = verrouiller_seance(acteur, seance_id)
        exiger_la_version_lue(empreinte_lue, empreinte_de_la_seance(seance, lire_les_passages(seance)), regle="RG-62")
        reste = seance.inscriptions.filter(decision="", orientation__issue="en_cours").count()
        if reste:
            pluriel = "s" if reste > 1 else ""
            raise ErreurMetier(
                "sans_decision",
                f"{reste} logement{pluriel} de l'ordre du jour n'{'ont' if reste > 1 else 'a'} pas de décision : "
                f"décidez, ou retirez-le{pluriel} de l'ordre du jour.",
            )
        seance.etat, seance.bilan_presente = EtatSeance.CLOSE, bilan_presente or seance.bilan_presente
        seance.proces_verbal = Piece.objects.deposer(
            organisme_id=seance.bailleur_id,
            genre="proces_verbal",
            nom=f"proces-verbal-caleol-{seance.date:%Y-%m-%d}-{seance.pk}.pdf",
            type_mime="application/pdf",
            octets=proces_verbal(seance),
            utilisateur_id=acteur.utilisateur_id,
        )
        seance.save(update_fields=["etat", "bilan_presente", "proces_verbal"])
        journaliser(
            acteur=acteur,
            action="clore_seance",
            objet=seance,
            organisme_id=seance.bailleur_id,
            apres={
                "etat": seance.etat,
                "bilan_presente": seance.bilan_presente,
                "proces_verbal": seance.proces_verbal.contenu_id,
            },
        )
    return seance
