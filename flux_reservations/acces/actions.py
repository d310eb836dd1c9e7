"""Inviter, accueillir, changer de rôle, laisser partir : les actes sur les personnes d'un organisme (domaine.md § 6)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.jetons import empreinte_de, tirer_secret
from flux_reservations.acces.models import Invitation, Organisme, Rattachement, Utilisateur
from flux_reservations.acces.sessions import revoquer_sessions
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle import rls
from flux_reservations.socle.journal import journaliser

if TYPE_CHECKING:
    from flux_reservations.notifications.models import Envoi

VALIDITE_INVITATION = dt.timedelta(days=7)


def inviter(*, acteur: Acteur, organisme_id: int, courriel: str, role: str) -> Invitation:
    """Invite ce courriel dans un organisme ; le lien part par la file d'envois et vaut sept jours.

    Une invitation encore ouverte au même courriel est annulée : le dernier lien seul vaut. Lève `ErreurMetier` si la personne a déjà
    un rôle dans l'organisme, `AccesRefuse` si l'acteur n'en est pas responsable.
    """
    courriel = courriel.strip().lower()
    with transaction.atomic():
        organisme = Organisme.objects.modifiables_par(acteur).filter(pk=organisme_id).first()
        if organisme is None or not acteur.peut(Role.RESPONSABLE):
            raise AccesRefuse
        _verifier_role(organisme, role)
        with rls.en_identification():
            if Rattachement.objects.actifs().filter(organisme=organisme, utilisateur__courriel=courriel).exists():
                raise Conflit("Cette personne a déjà un rôle dans votre organisme : changez-le plutôt.")
            Invitation.objects.filter(organisme=organisme, courriel=courriel, acceptee_le=None, annulee_le=None).update(
                annulee_le=timezone.now()
            )
            secret, empreinte = tirer_secret()
            invitation = Invitation.objects.create(
                organisme=organisme,
                courriel=courriel,
                role=role,
                empreinte=empreinte,
                invitee_par_id=acteur.utilisateur_id,
                expire_le=timezone.now() + VALIDITE_INVITATION,
            )
        journaliser(acteur=acteur, action="inviter", objet=invitation, organisme_id=organisme.pk, apres={"role": role})
        _poster(acteur, organisme, invitation, secret)
    return invitation


def annuler_invitation(*, acteur: Acteur, invitation_id: int) -> Invitation:
    """Annule une invitation qui n'a pas été acceptée : son lien ne vaut plus rien."""
    with transaction.atomic():
        invitation = Invitation.objects.modifiables_par(acteur).filter(pk=invitation_id).select_for_update().first()
        if invitation is None:
            raise Introuvable
        if invitation.acceptee_le is not None:
            raise Conflit("Cette invitation a été acceptée : fermez plutôt l'accès de la personne.")
        invitation.annulee_le = timezone.now()
        invitation.save(update_fields=["annulee_le"])
        journaliser(acteur=acteur, action="annuler_invitation", objet=invitation, organisme_id=invitation.organisme_id)
    return invitation


@rls.identifie
def lire_invitation(secret: str) -> Invitation | None:
    """L'invitation encore ouverte de ce lien, ou None."""
    ouvertes = Invitation.objects.ouvertes(timezone.now()).select_related("organisme")
    return ouvertes.filter(empreinte=empreinte_de(secret)).first()


@rls.identifie
def accepter_invitation(*, secret: str, prenom: str, nom: str, mot_de_passe: str) -> Rattachement:
    """Crée la personne (ou la retrouve par son mot de passe) et lui ouvre le rôle offert ; le lien ne sert qu'une fois."""
    with transaction.atomic():
        invitation = (
            Invitation.objects.ouvertes(timezone.now())
            .select_for_update(of=("self",))
            .filter(empreinte=empreinte_de(secret))
            .first()
        )
        if invitation is None:
            raise Introuvable("Ce lien n'est plus valable : demandez une nouvelle invitation.")
        utilisateur = Utilisateur.objects.filter(courriel=invitation.courriel).first()
        if utilisateur is None:
            utilisateur = _creer_personne(invitation.courriel, prenom, nom, mot_de_passe)
        elif utilisateur.has_usable_password() and not utilisateur.check_password(mot_de_passe):
            raise ErreurMetier(
                "mot_de_passe_faux",
                "Ce courriel a déjà un compte ici : saisissez son mot de passe actuel.",
                champ="mot_de_passe",
            )
        if not utilisateur.is_active:
            utilisateur.is_active = True
            utilisateur.save(update_fields=["is_active"])
        rattachement = Rattachement.objects.create(
            utilisateur=utilisateur, organisme_id=invitation.organisme_id, role=invitation.role
        )
        invitation.acceptee_le = timezone.now()
        invitation.save(update_fields=["acceptee_le"])
        journaliser(
            acteur=rattachement.acteur(),
            action="accepter_invitation",
            objet=rattachement,
            organisme_id=invitation.organisme_id,
            apres={"role": invitation.role},
        )
    return rattachement


def changer_role(*, acteur: Acteur, rattachement_id: int, role: str) -> Rattachement:
    """Change le rôle d'une personne de l'organisme ; il reste toujours un responsable."""
    with transaction.atomic():
        rattachement = _verrouiller(acteur, rattachement_id)
        _verifier_role(rattachement.organisme, role)
        if role != Role.RESPONSABLE:
            _garder_un_responsable(rattachement)
        avant = rattachement.role
        rattachement.role = role
        rattachement.save(update_fields=["role"])
        journaliser(
            acteur=acteur,
            action="changer_role",
            objet=rattachement,
            organisme_id=rattachement.organisme_id,
            avant={"role": avant},
            apres={"role": role},
        )
    return rattachement


def clore_rattachement(*, acteur: Acteur, rattachement_id: int) -> Rattachement:
    """Départ d'un agent : son rôle ici est clos et ses sessions ferment tout de suite ; ce qu'il a fait reste au journal."""
    with transaction.atomic():
        rattachement = _verrouiller(acteur, rattachement_id)
        _garder_un_responsable(rattachement)
        rattachement.clos_le = timezone.now()
        rattachement.save(update_fields=["clos_le"])
        revoquer_sessions(rattachement.utilisateur_id)
        journaliser(
            acteur=acteur, action="clore_rattachement", objet=rattachement, organisme_id=rattachement.organisme_id,
            avant={"role": rattachement.role},
        )  # fmt: skip
    return rattachement


def creer_organisme(
    *, acteur: Acteur, nature: str, nom: str, siren: str, courriel: str, territoire_id: str | None
) -> Organisme:
    """Crée un organisme de la plateforme (hors bailleurs et réservataires, qui ont leur registre)."""
    if acteur.nature is not Nature.PLATEFORME and not acteur.est_systeme:
        raise AccesRefuse
    with transaction.atomic():
        organisme = Organisme.objects.create(
            nature=nature, nom=nom.strip(), siren=siren.strip(), courriel=courriel.strip(), territoire_id=territoire_id
        )
        journaliser(
            acteur=acteur,
            action="creer_organisme",
            objet=organisme,
            organisme_id=organisme.pk,
            apres={"nature": nature, "nom": nom},
        )
    return organisme


def roles_de(organisme: Organisme) -> list[tuple[str, str]]:
    """Rôles qu'on peut donner dans cet organisme."""
    if organisme.nature == Nature.PLATEFORME:
        return [(Role.ADMINISTRATEUR.value, "Administrateur de la plateforme")]
    return [
        (Role.LECTEUR.value, "Lecteur : consulte"),
        (Role.GESTIONNAIRE.value, "Gestionnaire : agit au quotidien"),
        (Role.RESPONSABLE.value, "Responsable : signe, publie, gère les personnes"),
    ]


def _verifier_role(organisme: Organisme, role: str) -> None:
    if role not in dict(roles_de(organisme)):
        raise ErreurMetier("role_inconnu", "Choisissez un rôle de la liste.", champ="role")


def _verrouiller(acteur: Acteur, rattachement_id: int) -> Rattachement:
    ouverts = Rattachement.objects.modifiables_par(acteur).filter(clos_le=None)
    rattachement = (
        ouverts.select_for_update(of=("self",))
        .select_related("organisme", "utilisateur")
        .filter(pk=rattachement_id)
        .first()
    )
    if rattachement is None:
        raise Introuvable
    return rattachement


def _garder_un_responsable(rattachement: Rattachement) -> None:
    """Lève `Conflit` si l'organisme n'aurait plus personne pour signer, publier et gérer les accès."""
    chefs = (Role.RESPONSABLE, Role.ADMINISTRATEUR)
    if rattachement.role not in chefs:
        return
    autres = (
        Rattachement.objects.actifs()
        .filter(organisme_id=rattachement.organisme_id, role__in=chefs)
        .exclude(pk=rattachement.pk)
    )
    if not autres.exists():
        raise Conflit("C'est le dernier responsable de l'organisme : donnez d'abord ce rôle à quelqu'un d'autre.")


def _creer_personne(courriel: str, prenom: str, nom: str, mot_de_passe: str) -> Utilisateur:
    personne = Utilisateur(courriel=courriel, prenom=prenom.strip(), nom=nom.strip())
    try:
        validate_password(mot_de_passe, personne)
    except ValidationError as erreur:
        raise ErreurMetier("mot_de_passe_faible", " ".join(erreur.messages), champ="mot_de_passe") from erreur
    personne.set_password(mot_de_passe)
    personne.save()
    return personne


def _poster(acteur: Acteur, organisme: Organisme, invitation: Invitation, secret: str) -> Envoi:
    """Met le courriel d'invitation dans la file d'envois durable (RG-66)."""
    from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi  # noqa: PLC0415 : notifications connaît accès

    adresse = settings.SITE_URL.rstrip("/") + reverse("accepter_invitation", args=[secret])
    return Envoi.objects.create(
        genre=GenreEnvoi.INVITATION,
        etat=EtatEnvoi.PREVU,
        emetteur_id=acteur.organisme_id or organisme.pk,
        destinataire_nom=invitation.courriel,
        courriel=invitation.courriel,
        objet_type="acces.invitation",
        objet_cle=str(invitation.pk),
        objet=f"Votre accès à la gestion en flux pour {organisme.nom}",
        corps=(
            f"Bonjour,\n\n{acteur.nom} vous ouvre un accès pour {organisme.nom}.\n\n"
            f"Pour l'accepter (sept jours, une seule fois) :\n{adresse}\n\n"
            "Si vous n'attendiez pas ce message, ignorez-le.\n"
        ),
    )
