"""Publier : figer, arrêter les soldes, déposer chez tous (RG-47, RG-60 à RG-63, RG-66)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from attributions.domaine.codes import OrigineSolde
from attributions.models import Seance, SoldeOuverture
from bilans.actions.preparer import journaliser_bilan, verrouiller_bilan
from bilans.destinataires import lire_la_diffusion
from bilans.domaine.cycle_de_vie import Etat, verifier_transition
from bilans.models import Bilan, Prevision
from bilans.models.bilan import GenreBilan
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.actions.deposer import Objet, deposer_lot
from flux_reservations.notifications.messages import Message, MessageBilan, MessageDebutAnnee
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.relecture import exiger_la_version_lue


def publier(
    *, acteur: Acteur, bilan_id: int, date_seance: date | None = None, empreinte_lue: str | None = None
) -> Bilan:
    """Fige un bilan prêt, arrête les soldes et le dépose chez tous, en une seule transaction (RG-63, RG-47, RG-66).

    Réservé au responsable. Une présentation en CALEOL porte la date de sa séance et ne s'envoie pas (RG-62). Lève `Conflit` s'il n'est
    pas prêt ou si `empreinte_lue`, celle du document relu, n'est plus la sienne ; `ErreurMetier` si ses données n'y répondent plus.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        bilan = verrouiller_bilan(acteur, bilan_id)
        verifier_publiable(bilan, date_seance)
        exiger_la_version_lue(empreinte_lue, bilan.empreinte, regle="RG-63")
        bilan.etat, bilan.publie_le, bilan.publie_par_id = Etat.PUBLIE, timezone.now(), acteur.utilisateur_id
        bilan.date_seance = date_seance
        bilan.save(update_fields=["etat", "publie_le", "publie_par", "date_seance"])
        _APRES_PUBLICATION[GenreBilan(bilan.genre)](acteur, bilan)
        journaliser_bilan(acteur, bilan, "publier_bilan", {"version": bilan.version, "empreinte": bilan.empreinte})
    return bilan


def verifier_publiable(bilan: Bilan, date_seance: date | None = None) -> None:
    """Lève `Conflit` si le document n'est pas prêt.

    Lève `ErreurMetier` si ses données ont changé, si rien n'estime ses exclusions (RG-61), ou si sa séance n'est pas datée.
    """
    verifier_transition(bilan.etat, Etat.PUBLIE)
    if calculer_empreinte(bilan.donnees) != bilan.empreinte:
        raise ErreurMetier(
            "empreinte_fausse", "Les données ont changé depuis l'aperçu : refaites le brouillon.", regle="RG-63"
        )
    if bilan.genre == GenreBilan.DEBUT_ANNEE and bilan.donnees.get("exclusions_inconnues"):
        raise ErreurMetier(
            "exclusions_non_estimees",
            "Les logements soustraits ne sont pas estimés : aucun bail ne les montre ici, et le RPLS ne les dit pas. Saisissez-les dans la "
            "prévision de l'année (page « Prévision », même à zéro), puis refaites le brouillon.",
            regle="RG-61",
        )
    if bilan.genre == GenreBilan.CALEOL and date_seance is None:
        raise ErreurMetier("seance_obligatoire", "Donnez la date de la séance.", regle="RG-62", champ="date_seance")


def _apres_le_bilan(acteur: Acteur, bilan: Bilan) -> None:
    arreter_les_soldes(bilan)
    _diffuser(acteur, bilan, MessageBilan(bilan.bailleur.nom, bilan.departement.nom, bilan.annee, bilan.version))


def _apres_l_information(acteur: Acteur, bilan: Bilan) -> None:
    """Fige la prévision publiée, commune par commune (RG-32), et la dépose chez tous."""
    Prevision.objects.bulk_create(
        [
            Prevision(
                bailleur_id=bilan.bailleur_id,
                departement_id=bilan.departement_id,
                annee=bilan.annee,
                commune_id=ligne["commune"],
                mises_en_location=ligne["mises_en_location"],
                exclusions=ligne["exclusions"],
                publiee_le=bilan.publie_le,
            )
            for ligne in bilan.donnees["prevision"]
        ],
        update_conflicts=True,
        unique_fields=["bailleur", "departement", "annee", "commune"],
        update_fields=["mises_en_location", "exclusions", "publiee_le"],
    )
    _diffuser(acteur, bilan, MessageDebutAnnee(bilan.bailleur.nom, bilan.departement.nom, bilan.annee))


def _apres_la_presentation(acteur: Acteur, bilan: Bilan) -> None:
    """Note sur la séance du jour qu'elle a reçu le bilan (RG-62)."""
    assert bilan.date_seance is not None  # noqa: S101 : exigée à la publication
    Seance.objects.modifiables_par(acteur).filter(bailleur_id=bilan.bailleur_id, date=bilan.date_seance).update(
        bilan_presente=bilan.annee
    )


_APRES_PUBLICATION: dict[GenreBilan, Callable[[Acteur, Bilan], None]] = {
    GenreBilan.ANNUEL: _apres_le_bilan,
    GenreBilan.DEBUT_ANNEE: _apres_l_information,
    GenreBilan.CALEOL: _apres_la_presentation,
}


def _diffuser(acteur: Acteur, bilan: Bilan, message: Message) -> list[Envoi]:
    return deposer_lot(
        acteur=acteur,
        emetteur=bilan.bailleur,
        message=message,
        destinataires=lire_la_diffusion(bilan).destinataires,
        objet=Objet(bilan, bilan.departement_id, bilan.annee),
        piece=bilan.pdf,
    )


def arreter_les_soldes(bilan: Bilan) -> None:
    """Écrit le solde de chaque compte comme solde d'ouverture de l'année suivante ; une nouvelle version remplace l'ancienne."""
    comptes = [compte for compte in bilan.donnees["flux"]["comptes"] if compte["convention"]]
    origines = dict(
        Convention.objects.filter(
            bailleur_id=bilan.bailleur_id,
            departement_id=bilan.departement_id,
            numero__in=[compte["convention"] for compte in comptes],
        ).values_list("numero", "pk")
    )
    SoldeOuverture.objects.filter(
        convention__bailleur_id=bilan.bailleur_id,
        convention__departement_id=bilan.departement_id,
        annee=bilan.annee + 1,
        origine=OrigineSolde.BILAN,
    ).delete()
    SoldeOuverture.objects.bulk_create(
        SoldeOuverture(
            convention_id=origines[compte["convention"]],
            sous_contingent=compte["compte"].partition("/")[2],
            annee=bilan.annee + 1,
            report=Decimal(compte["solde"]),
            origine=OrigineSolde.BILAN,
        )
        for compte in comptes
    )
