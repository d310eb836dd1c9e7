"""Une campagne : tous les documents annuels d'un bailleur, un par un, qu'on interrompt et qu'on reprend sans rien refaire (RG-60).

La tâche produit **un** document puis se renvoie en queue de file : les courriels et les imports passent entre deux. Un nombre fixe de
places borne ce que les campagnes occupent de la machine ; une place, comme un document, est un verrou qui tombe avec son processus.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date

from django.db import transaction
from django.utils import timezone

from bilans.actions.preparer import ouvrir_brouillon, verifier_l_annee, verrouiller_bailleur
from bilans.actions.produire import produire
from bilans.domaine.cycle_de_vie import Etat
from bilans.models import Bilan, Campagne
from bilans.models.bilan import GenreBilan
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.taches import envoyer_apres_validation, envoyer_la_tache
from flux_reservations.socle.verrous import verrou_consultatif

TACHE_DE_CAMPAGNE = "bilans.avancer_la_campagne"
VERROU_DE_PLACE = 6064
PLACES = 2
"""Documents de campagne produits en même temps, toutes campagnes confondues."""


def ouvrir_campagne(
    *,
    acteur: Acteur,
    bailleur_id: int,
    annee: int,
    departements: Sequence[str],
    genres: Sequence[str],
    le: date | None = None,
) -> Campagne:
    """Met en production les documents qui manquent ; ceux qui sont prêts, publiés ou déjà en production ne sont pas touchés.

    `annee` est l'année rendue : l'information de début d'année porte sur la suivante. Lève `ErreurMetier` s'il ne manque rien.
    """
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    for genre in genres:
        verifier_l_annee(genre, annee, le or timezone.localdate())
    with transaction.atomic():
        bailleur = verrouiller_bailleur(acteur, bailleur_id)
        manquants = _documents_manquants(bailleur.pk, annee, departements, genres)
        if not manquants:
            raise ErreurMetier(
                "rien_a_produire",
                "Tous ces documents sont déjà prêts, publiés ou en production : il n'y a rien à produire.",
                regle="RG-60",
            )
        campagne = Campagne.objects.create(bailleur=bailleur, annee=annee, cree_par_id=acteur.utilisateur_id)
        for genre, departement in manquants:
            ouvrir_brouillon(acteur, bailleur, departement, annee_du_document(genre, annee), genre, campagne)
        _journaliser(acteur, campagne, "ouvrir_campagne", {"annee": annee, "documents": len(manquants)})
        _lancer(campagne)
    return campagne


def annee_du_document(genre: str, annee: int) -> int:
    """L'année que porte un document de la campagne qui rend `annee`."""
    return annee + 1 if genre == GenreBilan.DEBUT_ANNEE else annee


def _documents_manquants(
    bailleur_id: int, annee: int, departements: Sequence[str], genres: Sequence[str]
) -> list[tuple[str, str]]:
    """Couples (genre, département) sans version ni brouillon utilisable (une requête)."""
    faits = set(
        Bilan.objects.filter(bailleur_id=bailleur_id, annee__in=(annee, annee + 1))
        .exclude(etat__in=[Etat.ECHEC, Etat.BROUILLON])
        .values_list("genre", "departement_id", "annee")
    )
    return [
        (genre, departement)
        for departement in departements
        for genre in genres
        if (genre, departement, annee_du_document(genre, annee)) not in faits
    ]


def interrompre_campagne(*, acteur: Acteur, campagne_id: int) -> Campagne:
    """N'entame plus aucun document ; celui qui est en cours se finit. Lève `Conflit` si elle l'est déjà."""
    with transaction.atomic():
        campagne = _verrouiller(acteur, campagne_id)
        if campagne.interrompue_le is not None:
            raise Conflit("Cette campagne est déjà interrompue.", regle="RG-60")
        campagne.interrompue_le = timezone.now()
        campagne.save(update_fields=["interrompue_le"])
        _journaliser(acteur, campagne, "interrompre_campagne", {})
    return campagne


def reprendre_campagne(*, acteur: Acteur, campagne_id: int) -> Campagne:
    """Repart où elle en était : ce qui est produit ne se refait pas. Lève `Conflit` si elle n'est pas interrompue."""
    with transaction.atomic():
        campagne = _verrouiller(acteur, campagne_id)
        if campagne.interrompue_le is None:
            raise Conflit("Cette campagne n'est pas interrompue.", regle="RG-60")
        campagne.interrompue_le = None
        campagne.save(update_fields=["interrompue_le"])
        _journaliser(acteur, campagne, "reprendre_campagne", {})
        _lancer(campagne)
    return campagne


def avancer_la_campagne(campagne_id: int) -> bool:
    """Produit le prochain document d'une campagne ; vrai s'il faut continuer. Sans place libre, ou interrompue : faux."""
    with ExitStack() as pile:
        if not any(pile.enter_context(verrou_consultatif(VERROU_DE_PLACE, place)) for place in range(PLACES)):
            return False
        attendus = (
            Bilan.objects.filter(
                campagne_id=campagne_id, campagne__interrompue_le__isnull=True, etat=Etat.EN_PRODUCTION
            )
            .order_by("tentatives", "pk")
            .values_list("pk", flat=True)
        )
        return any(produire(cle) for cle in attendus)


def relancer_les_campagnes() -> int:
    """Chaque minute : relance celles dont il reste des documents, au cas où leur processus est mort ; rend leur nombre."""
    actives = Campagne.objects.filter(interrompue_le__isnull=True, bilans__etat=Etat.EN_PRODUCTION).distinct()
    for campagne in actives:
        for _ in range(PLACES):
            envoyer_la_tache(TACHE_DE_CAMPAGNE, campagne.pk)
    return len(actives)


def _lancer(campagne: Campagne) -> None:
    """Une chaîne de tâches par place, dès que la transaction est validée."""
    cle = campagne.pk
    for _ in range(PLACES):
        envoyer_apres_validation(TACHE_DE_CAMPAGNE, cle)


def _verrouiller(acteur: Acteur, campagne_id: int) -> Campagne:
    campagne = Campagne.objects.modifiables_par(acteur).select_for_update(of=("self",)).filter(pk=campagne_id).first()
    if campagne is None:
        if Campagne.objects.visibles_par(acteur).filter(pk=campagne_id).exists():
            raise AccesRefuse
        raise Introuvable
    return campagne


def _journaliser(acteur: Acteur, campagne: Campagne, action: str, apres: dict[str, object]) -> None:
    journaliser(acteur=acteur, action=action, objet=campagne, organisme_id=campagne.bailleur_id, apres=apres)
