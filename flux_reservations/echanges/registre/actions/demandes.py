"""Demander un organisme qui manque au registre, et répondre à la demande."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from conventions.domaine.codes import SEUL_SUR_SON_TERRITOIRE
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.commun.lignes import SUR_UNE_LIGNE
from flux_reservations.echanges.registre.actions.droits import exiger_l_administration
from flux_reservations.echanges.registre.messages import MessageOrganismeDemande, MessageOrganismeRepondu
from flux_reservations.echanges.registre.modeles import DemandeOrganisme, SuiteDemandeOrganisme
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import Message
from flux_reservations.socle.journal import journaliser

DEMANDES_EN_ATTENTE_AU_PLUS: Final = 20
"""Par bailleur : chacune écrit à l'administration."""


@dataclass(frozen=True, slots=True)
class OrganismeDemande:
    """Un organisme tel que le décrit qui en a besoin."""

    nom: str
    type: str
    siren: str = ""
    territoire: str = ""
    courriel: str = ""
    precision: str = ""


def demander_organisme(*, acteur: Acteur, demande: OrganismeDemande) -> DemandeOrganisme:
    """Demande à l'administration d'ajouter un réservataire au registre, et l'en avertit.

    Lève `ErreurMetier` s'il y est déjà (son code est dit), si une collectivité n'a pas de territoire ; `Conflit` si la même demande
    attend une réponse.
    """
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None:
        raise AccesRefuse
    _refuser_le_connu(acteur, demande)
    nom = demande.nom.strip()
    if not SUR_UNE_LIGNE.match(nom):
        raise ErreurMetier(
            "nom_sur_plusieurs_lignes", "Un nom tient sur une ligne : retirez-en le saut de ligne.", champ="nom"
        )
    with transaction.atomic():
        # Deux envois du même formulaire se suivent : le second trouve la demande du premier.
        Bailleur.objects.modifiables_par(acteur).select_for_update().get(pk=bailleur.pk)
        en_attente = DemandeOrganisme.objects.visibles_par(acteur).filter(demandeur_id=bailleur.pk).en_attente()
        if en_attente.filter(nom=nom).exists():
            raise Conflit("Vous avez déjà demandé cet organisme : l'administration n'a pas encore répondu.")
        if en_attente.count() >= DEMANDES_EN_ATTENTE_AU_PLUS:
            raise Conflit(
                f"{DEMANDES_EN_ATTENTE_AU_PLUS} de vos demandes attendent une réponse : l'administration y répond d'abord."
            )
        une = DemandeOrganisme.objects.create(
            demandeur_id=bailleur.pk,
            demandee_par_id=acteur.utilisateur_id,
            nom=nom,
            type=demande.type,
            siren=demande.siren,
            territoire_id=demande.territoire or None,
            courriel=demande.courriel,
            precision=demande.precision.strip(),
        )
        journaliser(
            acteur=acteur,
            action="demander_organisme",
            objet=une,
            organisme_id=bailleur.pk,
            apres={"nom": nom, "type": une.type, "siren": une.siren, "territoire": demande.territoire},
        )
        administrations = Organisme.objects.visibles_par(acteur).filter(nature=Nature.PLATEFORME).exclude(courriel="")
        _avertir(
            acteur,
            bailleur,
            MessageOrganismeDemande(bailleur.nom, nom),
            [Destinataire(un.nom, None, un.courriel) for un in administrations],
            Objet(page=reverse("organismes_demandes")),
        )
    return une


def repondre_par_un_organisme(
    *, acteur: Acteur, demande_id: int, organisme: Organisme, est_nouveau: bool
) -> DemandeOrganisme:
    """Répond à une demande par un organisme du registre, créé pour elle ou qui y était ; le demandeur est averti.

    Lève `Conflit` si elle a déjà sa réponse, `ErreurMetier` si l'organisme n'est pas un réservataire.
    """
    reservataire = Reservataire.objects.visibles_par(acteur).filter(pk=organisme.pk).first()
    if reservataire is None:
        raise ErreurMetier("pas_un_reservataire", "Choisissez un réservataire du registre.", champ="organisme")
    suite = SuiteDemandeOrganisme.CREE if est_nouveau else SuiteDemandeOrganisme.EXISTE
    dit = "est au registre" if est_nouveau else "y était déjà"
    phrase = f"« {reservataire.nom} » {dit} : mettez le code {reservataire.code} dans vos fichiers."
    return _repondre(acteur, demande_id, suite, phrase, organisme_id=organisme.pk)


def refuser_la_demande(*, acteur: Acteur, demande_id: int, motif: str) -> DemandeOrganisme:
    """Refuse une demande, avec un motif que lit le demandeur. Lève `Conflit` si elle a déjà sa réponse."""
    if not motif.strip():
        raise ErreurMetier("sans_motif", "Dites pourquoi : le bailleur doit savoir quoi faire.", champ="texte")
    return _repondre(acteur, demande_id, SuiteDemandeOrganisme.REFUSEE, motif.strip())


def _repondre(
    acteur: Acteur, demande_id: int, suite: SuiteDemandeOrganisme, reponse: str, organisme_id: int | None = None
) -> DemandeOrganisme:
    exiger_l_administration(acteur)
    with transaction.atomic():
        une = DemandeOrganisme.objects.modifiables_par(acteur).filter(pk=demande_id).select_for_update().first()
        if une is None:
            raise Introuvable
        if une.suite != SuiteDemandeOrganisme.ATTENTE:
            raise Conflit("Cette demande a déjà reçu une réponse.")
        une.suite, une.reponse, une.organisme_id, une.repondue_le = suite, reponse[:500], organisme_id, timezone.now()
        une.save(update_fields=["suite", "reponse", "organisme", "repondue_le"])
        journaliser(
            acteur=acteur,
            action="repondre_a_une_demande_d_organisme",
            objet=une,
            organisme_id=une.demandeur_id,
            apres={"suite": suite.value, "reponse": une.reponse, "organisme": organisme_id},
        )
        personne, administration = une.demandee_par, Organisme.objects.visibles_par(acteur).get(pk=acteur.organisme)
        if personne is not None and personne.is_active:
            texte = une.reponse if suite != SuiteDemandeOrganisme.REFUSEE else f"Demande refusée : {une.reponse}"
            _avertir(
                acteur,
                administration,
                MessageOrganismeRepondu(administration.nom, une.nom, texte),
                [Destinataire(personne.nom_complet, None, personne.courriel)],
                Objet(page=reverse("imports")),
            )
    return une


def _avertir(
    acteur: Acteur, emetteur: Organisme, message: Message, destinataires: list[Destinataire], objet: Objet
) -> None:
    """Met les courriels dans la file ; sans adresse connue, la demande se lit quand même à l'écran."""
    if destinataires:
        deposer_lot(acteur=acteur, emetteur=emetteur, message=message, destinataires=destinataires, objet=objet)


def _refuser_le_connu(acteur: Acteur, demande: OrganismeDemande) -> None:
    """Lève `ErreurMetier` si le registre a déjà cet organisme, ou si une collectivité n'a pas de territoire."""
    seul = demande.type in SEUL_SUR_SON_TERRITOIRE
    if seul and not demande.territoire:
        raise ErreurMetier(
            "sans_territoire",
            "L'État et les collectivités ont un territoire : cherchez-le par son nom.",
            champ="territoire",
        )
    registre = Reservataire.objects.visibles_par(acteur)
    connu = registre.filter(siren=demande.siren).first() if demande.siren else None
    if connu is None and seul:
        connu = registre.filter(type=demande.type, territoire=demande.territoire).first()
    if connu is not None:
        raise ErreurMetier(
            "deja_au_registre",
            f"Il est déjà au registre : « {connu.nom} ». Mettez le code {connu.code} dans vos fichiers.",
        )
