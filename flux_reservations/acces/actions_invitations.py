"""Inviter, annuler, accueillir : une place offerte par courriel, prise une seule fois (domaine.md § 6)."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from flux_reservations.acces.actions import verifier_role
from flux_reservations.acces.courriels_secrets import adresse_de, poster
from flux_reservations.acces.jetons import empreinte_de, tirer_secret
from flux_reservations.acces.models import Invitation, Organisme, Rattachement, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle import rls
from flux_reservations.socle.journal import journaliser

VALIDITE_INVITATION = dt.timedelta(days=7)
ESSAIS_PAR_INVITATION = 5


class MotDePasseFaux(ErreurMetier):
    """Le courriel invité a déjà un compte, et ce n'est pas son mot de passe."""

    def __init__(self) -> None:
        super().__init__(
            "mot_de_passe_faux",
            "Ce courriel a déjà un compte ici : saisissez son mot de passe actuel.",
            champ="mot_de_passe",
        )


def inviter(*, acteur: Acteur, organisme_id: int, courriel: str, role: str, service: str = "") -> Invitation:
    """Invite ce courriel dans un organisme ; le lien part par la file d'envois et vaut sept jours.

    Une invitation encore ouverte au même courriel est annulée : le dernier lien seul vaut. Lève `ErreurMetier` si la personne a déjà
    un rôle dans l'organisme, `AccesRefuse` si l'acteur n'en est pas responsable.
    """
    courriel = courriel.strip().lower()
    with transaction.atomic():
        organisme = Organisme.objects.modifiables_par(acteur).filter(pk=organisme_id).first()
        if organisme is None or not acteur.peut(Role.RESPONSABLE):
            raise AccesRefuse
        verifier_role(organisme, role, service)
        with rls.en_identification():
            _refuser_l_administration(courriel, organisme)
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
                service=service,
                empreinte=empreinte,
                invitee_par_id=acteur.utilisateur_id,
                expire_le=timezone.now() + VALIDITE_INVITATION,
            )
        journaliser(
            acteur=acteur,
            action="inviter",
            objet=invitation,
            organisme_id=organisme.pk,
            apres={"role": role, "service": service},
        )
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
    """Crée la personne (ou la retrouve par son mot de passe) et lui ouvre le rôle offert ; le lien ne sert qu'une fois.

    Cinq mots de passe refusés annulent l'invitation : un lien égaré ne sert pas à deviner celui d'un compte. Lève `Introuvable` si le
    lien ne vaut plus rien, `Conflit` si la personne a eu un rôle ici entre-temps.
    """
    try:
        with transaction.atomic():
            return _accepter(secret, prenom, nom, mot_de_passe)
    except MotDePasseFaux:
        _compter_un_refus(secret)
        raise
    except IntegrityError as erreur:
        raise Conflit("Cette personne a déjà un rôle dans cet organisme : connectez-vous.") from erreur


def _accepter(secret: str, prenom: str, nom: str, mot_de_passe: str) -> Rattachement:
    ouvertes = Invitation.objects.ouvertes(timezone.now()).select_for_update(of=("self",))
    invitation = ouvertes.filter(empreinte=empreinte_de(secret)).first()
    if invitation is None:
        raise Introuvable("Ce lien n'est plus valable : demandez une nouvelle invitation.")
    _refuser_l_administration(invitation.courriel, invitation.organisme)
    utilisateur = Utilisateur.objects.filter(courriel=invitation.courriel).first()
    if utilisateur is None:
        utilisateur = _creer_personne(invitation.courriel, prenom, nom, mot_de_passe)
    elif utilisateur.has_usable_password() and not utilisateur.check_password(mot_de_passe):
        raise MotDePasseFaux
    if not utilisateur.is_active:
        utilisateur.is_active = True
        utilisateur.save(update_fields=["is_active"])
    rattachement = Rattachement.objects.create(
        utilisateur=utilisateur,
        organisme_id=invitation.organisme_id,
        role=invitation.role,
        service=invitation.service,
    )
    invitation.acceptee_le = timezone.now()
    invitation.save(update_fields=["acceptee_le"])
    journaliser(
        acteur=rattachement.acteur(),
        action="accepter_invitation",
        objet=rattachement,
        organisme_id=invitation.organisme_id,
        apres={"role": invitation.role, "service": invitation.service},
    )
    return rattachement


def _compter_un_refus(secret: str) -> None:
    invitation = Invitation.objects.filter(empreinte=empreinte_de(secret))
    invitation.update(essais=F("essais") + 1)
    invitation.filter(essais__gte=ESSAIS_PAR_INVITATION, acceptee_le=None).update(annulee_le=timezone.now())


def _creer_personne(courriel: str, prenom: str, nom: str, mot_de_passe: str) -> Utilisateur:
    personne = Utilisateur(courriel=courriel, prenom=prenom.strip(), nom=nom.strip())
    try:
        validate_password(mot_de_passe, personne)
    except ValidationError as erreur:
        raise ErreurMetier("mot_de_passe_faible", " ".join(erreur.messages), champ="mot_de_passe") from erreur
    personne.set_password(mot_de_passe)
    personne.save()
    return personne


def _poster(acteur: Acteur, organisme: Organisme, invitation: Invitation, secret: str) -> None:
    adresse = adresse_de("accepter_invitation", secret)
    poster(
        emetteur_id=acteur.organisme_id or organisme.pk,
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


def _refuser_l_administration(courriel: str, organisme: Organisme) -> None:
    """L'administration de la plateforme ne voit pas les dossiers : ses membres n'ont de rôle nulle part ailleurs (§ 6)."""
    ailleurs = Rattachement.objects.actifs().filter(utilisateur__courriel=courriel).exclude(organisme=organisme)
    est_d_administration = models.Q(organisme__nature=Nature.PLATEFORME)
    if organisme.nature != Nature.PLATEFORME:
        ailleurs = ailleurs.filter(est_d_administration)
    if ailleurs.exists():
        raise ErreurMetier(
            "administration",
            "Une même personne n'administre pas la plateforme et n'agit pas pour un organisme : prenez un autre compte.",
            champ="courriel",
        )
