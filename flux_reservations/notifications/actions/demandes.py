"""Demander et répondre (RG-74) : une demande par point à la fois, une réponse motivée, l'une et l'autre au journal du bailleur."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.notifications.demandes import Demande, GenreDemande, SuiteDemande
from flux_reservations.socle.journal import journaliser


def demander(
    *,
    acteur: Acteur,
    genre: GenreDemande,
    destinataire_id: int,
    objet_type: str,
    objet_cle: str,
    sujet: str,
    texte: str,
    service: str = "",
) -> Demande:
    """Enregistre une demande à un bailleur ; lève `Conflit` si la même attend déjà une réponse.

    `service` : celui de l'État qu'elle regarde, à défaut celui de l'acteur.
    """
    if acteur.organisme_id is None or not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    if not texte.strip():
        raise ErreurMetier("texte_obligatoire", "Dites ce que vous demandez, et pourquoi.", champ="texte")
    try:
        with transaction.atomic():
            demande = Demande.objects.create(
                genre=genre,
                emetteur_id=acteur.organisme_id,
                destinataire_id=destinataire_id,
                objet_type=objet_type,
                objet_cle=objet_cle,
                sujet=sujet[:200],
                service=service or acteur.service.value,
                texte=texte.strip(),
                faite_par_id=acteur.utilisateur_id,
            )
            journaliser(
                acteur=acteur,
                action="demander",
                objet=demande,
                organisme_id=destinataire_id,
                apres={"genre": genre.value, "objet": f"{objet_type} {objet_cle}"},
            )
    except IntegrityError as erreur:
        msg = "Vous avez déjà une demande en attente sur ce point : le bailleur doit d'abord y répondre."
        raise Conflit(msg, regle="RG-74") from erreur
    return demande


def repondre_a_une_demande(*, acteur: Acteur, demande_id: int, suite: str, reponse: str) -> Demande:
    """Répond, une fois, avec un texte ; `corrigee` dit que le bailleur a corrigé ce qui devait l'être."""
    if suite not in SuiteDemande.values:
        raise ErreurMetier("suite_inconnue", "Choisissez une suite de la liste.", champ="suite")
    if not reponse.strip():
        raise ErreurMetier("texte_obligatoire", "Écrivez votre réponse.", champ="reponse")
    with transaction.atomic():
        demande = Demande.objects.modifiables_par(acteur).select_for_update().filter(pk=demande_id).first()
        if demande is None:
            if Demande.objects.visibles_par(acteur).filter(pk=demande_id).exists():
                raise AccesRefuse
            raise Introuvable
        if demande.suite:
            raise Conflit("Une réponse a déjà été donnée à cette demande.", regle="RG-74")
        demande.suite, demande.reponse = suite, reponse.strip()
        demande.repondue_le, demande.repondue_par_id = timezone.now(), acteur.utilisateur_id
        demande.save(update_fields=["suite", "reponse", "repondue_le", "repondue_par"])
        journaliser(
            acteur=acteur,
            action="repondre_a_une_demande",
            objet=demande,
            organisme_id=demande.destinataire_id,
            avant={"suite": ""},
            apres={"suite": suite},
        )
    return demande
