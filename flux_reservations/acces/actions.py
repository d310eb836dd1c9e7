"""Changer de rôle, laisser partir, créer un organisme : les actes sur les personnes d'un organisme (domaine.md § 6)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from flux_reservations.acces.models import Organisme, Rattachement
from flux_reservations.acces.services_de_l_etat import SERVICES
from flux_reservations.acces.sessions import revoquer_sessions
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def changer_role(*, acteur: Acteur, rattachement_id: int, role: str, service: str = "") -> Rattachement:
    """Change le rôle (et le service) d'une personne de l'organisme ; il reste toujours un responsable."""
    with transaction.atomic():
        rattachement = _verrouiller(acteur, rattachement_id)
        verifier_role(rattachement.organisme, role, service)
        if role != Role.RESPONSABLE:
            _garder_un_responsable(rattachement)
        avant = {"role": rattachement.role, "service": rattachement.service}
        rattachement.role, rattachement.service = role, service
        rattachement.save(update_fields=["role", "service"])
        journaliser(
            acteur=acteur,
            action="changer_role",
            objet=rattachement,
            organisme_id=rattachement.organisme_id,
            avant=avant,
            apres={"role": role, "service": service},
        )
    return rattachement


def clore_rattachement(*, acteur: Acteur, rattachement_id: int) -> Rattachement:
    """Départ d'un agent : son rôle est clos, ses sessions ferment, son portefeuille se libère ; ce qu'il a fait reste au journal."""
    with transaction.atomic():
        rattachement = _verrouiller(acteur, rattachement_id)
        _garder_un_responsable(rattachement)
        rattachement.clos_le = timezone.now()
        rattachement.save(update_fields=["clos_le"])
        rattachement.portefeuilles.all().delete()
        rattachement.absences.all().delete()
        rattachement.remplacements.all().delete()
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
    membre = (Role.MEMBRE.value, "Membre de la CALEOL : lit l'ordre du jour de ses séances, rien d'autre")
    return [
        *([membre] if organisme.nature == Nature.BAILLEUR else []),
        (Role.LECTEUR.value, "Lecteur : consulte"),
        (Role.GESTIONNAIRE.value, "Gestionnaire : agit au quotidien"),
        (Role.RESPONSABLE.value, "Responsable : signe, publie, gère les personnes"),
    ]


def verifier_role(organisme: Organisme, role: str, service: str) -> None:
    """Lève `ErreurMetier` si ce rôle, ou ce service, ne se donne pas dans cet organisme."""
    if role not in dict(roles_de(organisme)):
        raise ErreurMetier("role_inconnu", "Choisissez un rôle de la liste.", champ="role")
    if service and (organisme.nature != Nature.ETAT or service not in dict(SERVICES)):
        raise ErreurMetier(
            "service_inconnu", "Seul l'État a des services « agents » et « prioritaires ».", champ="service"
        )
    if service and role == Role.RESPONSABLE:
        raise ErreurMetier(
            "service_responsable",
            "Un responsable gère tous les accès de l'organisme : il n'est pas borné à un service.",
            champ="service",
        )


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
