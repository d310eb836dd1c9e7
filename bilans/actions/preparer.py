"""Ouvrir, refaire, abandonner un brouillon (RG-60 à RG-63)."""

from __future__ import annotations

import logging
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from bilans.domaine.cycle_de_vie import Etat, verifier_transition
from bilans.models import Bilan, Campagne
from bilans.models.bilan import GenreBilan
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.taches import envoyer_apres_validation

logger = logging.getLogger(__name__)
TACHE_DE_PRODUCTION = "bilans.produire"


def preparer_bilan(
    *,
    acteur: Acteur,
    bailleur_id: int,
    departement: str,
    annee: int,
    genre: str = GenreBilan.ANNUEL,
    le: date | None = None,
) -> Bilan:
    """Ouvre (ou refait) le brouillon d'un document et demande sa production ; il cite la version publiée qu'il remplacera.

    Lève `ErreurMetier` pour une année qui n'est pas finie (sauf l'information, qui est d'avance) ; `AccesRefuse` pour un lecteur.
    """
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    verifier_l_annee(genre, annee, le or timezone.localdate())
    with transaction.atomic():
        bailleur = verrouiller_bailleur(acteur, bailleur_id)
        bilan = ouvrir_brouillon(acteur, bailleur, departement, annee, genre)
        cle = bilan.pk
        envoyer_apres_validation(TACHE_DE_PRODUCTION, cle)
    return bilan


def verifier_l_annee(genre: str, annee: int, le: date) -> None:
    """Lève `ErreurMetier` si l'année d'un bilan n'est pas finie ; l'information de début d'année, elle, est d'avance."""
    if genre != GenreBilan.DEBUT_ANNEE and annee >= le.year:
        raise ErreurMetier(
            "annee_en_cours",
            f"L'année {annee} n'est pas finie : son bilan se prépare à partir du 1er janvier {annee + 1}.",
            regle="RG-60",
            champ="annee",
        )


def verrouiller_bailleur(acteur: Acteur, bailleur_id: int) -> Bailleur:
    """Le bailleur, sa ligne verrouillée : deux clics n'ouvrent pas deux brouillons. Lève `Introuvable`."""
    permis = Bailleur.objects.modifiables_par(acteur).select_for_update(of=("self",))
    bailleur = permis.filter(pk=bailleur_id).first()
    if bailleur is None:
        raise Introuvable
    return bailleur


def ouvrir_brouillon(
    acteur: Acteur, bailleur: Bailleur, departement: str, annee: int, genre: str, campagne: Campagne | None = None
) -> Bilan:
    """Met un document en production : le brouillon en cours s'il y en a un, sinon la version suivante. Le bailleur est verrouillé."""
    chaine = Bilan.objects.filter(genre=genre, bailleur=bailleur, departement_id=departement, annee=annee)
    bilan = chaine.exclude(etat=Etat.PUBLIE).select_for_update(of=("self",)).first()
    if bilan is None:
        bilan = Bilan(
            genre=genre,
            bailleur=bailleur,
            departement_id=departement,
            annee=annee,
            version=(chaine.aggregate(derniere=Max("version"))["derniere"] or 0) + 1,
            remplace=chaine.filter(etat=Etat.PUBLIE).order_by("-version").first(),
        )
    if bilan.etat != Etat.EN_PRODUCTION:
        verifier_transition(bilan.etat, Etat.EN_PRODUCTION)
    bilan.etat, bilan.progression, bilan.erreur, bilan.tentatives = Etat.EN_PRODUCTION, 0, "", 0
    bilan.campagne = campagne
    bilan.save()
    journaliser_bilan(acteur, bilan, "preparer_bilan", {"version": bilan.version})
    return bilan


def abandonner(*, acteur: Acteur, bilan_id: int) -> None:
    """Supprime un brouillon ; un bilan publié ne se supprime pas (RG-63)."""
    with transaction.atomic():
        bilan = verrouiller_bilan(acteur, bilan_id)
        if bilan.etat == Etat.PUBLIE:
            verifier_transition(bilan.etat, Etat.BROUILLON)
        journaliser_bilan(acteur, bilan, "abandonner_bilan", {"version": bilan.version})
        bilan.delete()


def verrouiller_bilan(acteur: Acteur, bilan_id: int) -> Bilan:
    """La ligne verrouillée ; distingue ce qu'on ne voit pas (404) de ce que le rôle ne permet pas (403)."""
    permis = Bilan.objects.modifiables_par(acteur).select_for_update(of=("self",))
    bilan = permis.select_related("bailleur", "departement", "pdf").filter(pk=bilan_id).first()
    if bilan is None:
        if Bilan.objects.visibles_par(acteur).filter(pk=bilan_id).exists():
            raise AccesRefuse
        raise Introuvable
    return bilan


def journaliser_bilan(acteur: Acteur, bilan: Bilan, action: str, apres: dict[str, object]) -> None:
    """Une entrée au journal du bailleur."""
    journaliser(acteur=acteur, action=action, objet=bilan, organisme_id=bilan.bailleur_id, apres=apres)
