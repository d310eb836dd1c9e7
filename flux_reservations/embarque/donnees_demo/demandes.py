"""Ce que des réservataires demandent au grand bailleur : une carence contestée, un décompte, une précision déjà donnée (RG-74)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from attributions.domaine.codes import Issue
from attributions.models import Liberation, Orientation
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.notifications.actions.demandes import demander, repondre_a_une_demande
from flux_reservations.notifications.demandes import Demande, GenreDemande, SuiteDemande
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle.presentation import ecrire_date_courte


def ecrire_demandes(bailleur: Bailleur, reservataires: dict[str, Reservataire], aujourd_hui: date) -> None:
    """Deux contestations en attente, une précision répondue."""
    action_logement, caf, etat = (_acteur(reservataires[code].pk) for code in ("AL", "CAF94", "ETAT94"))
    orientations = Orientation.objects.filter(liberation__bailleur=bailleur).select_related("liberation")
    carence = (
        orientations.filter(issue=Issue.CARENCE, reservataire=reservataires["AL"]).order_by("-date_orientation").first()
    )
    if carence is not None:
        contestation = demander(
            acteur=action_logement,
            genre=GenreDemande.CARENCE,
            destinataire_id=bailleur.pk,
            objet_type="attributions.orientation",
            objet_cle=str(carence.pk),
            sujet=f"Carence de AL, libération {carence.liberation.numero}",
            texte="Nos trois candidats ont été transmis le dernier jour du délai, par courriel : merci de revoir cette carence.",
        )
        _dater(contestation, aujourd_hui - timedelta(days=4))
    comptee = (
        Liberation.objects.filter(
            bailleur=bailleur, orientations__reservataire=reservataires["CAF94"], orientations__issue=Issue.BAIL
        )
        .order_by("-date_bail")
        .first()
    )
    if comptee is not None and comptee.date_bail is not None:
        contestation = demander(
            acteur=caf,
            genre=GenreDemande.DECOMPTE,
            destinataire_id=bailleur.pk,
            objet_type="attributions.liberation",
            objet_cle=str(comptee.pk),
            sujet=f"Décompte de CAF94 du {ecrire_date_courte(comptee.date_bail)}, libération {comptee.numero}",
            texte="Le ménage logé n'est pas celui que nous avions présenté : ce logement doit-il nous être compté ?",
        )
        _dater(contestation, aujourd_hui - timedelta(days=1))
    envoi = Envoi.objects.filter(emetteur=bailleur.pk, genre=GenreEnvoi.INFORMATION_DEBUT_ANNEE).order_by("pk").first()
    if envoi is not None:
        precision = demander(
            acteur=etat,
            genre=GenreDemande.PRECISION,
            destinataire_id=bailleur.pk,
            objet_type="notifications.envoi",
            objet_cle=str(envoi.pk),
            sujet=envoi.objet,
            texte="Les relogements du Bois-l'Abbé annoncés comprennent-ils la seconde tranche ?",
        )
        repondre_a_une_demande(
            acteur=_acteur(bailleur.pk),
            demande_id=precision.pk,
            suite=SuiteDemande.REPONDUE,
            reponse="Non : la seconde tranche commence l'an prochain, elle sera dans la prochaine information.",
        )
        _dater(
            precision, min(date(aujourd_hui.year, 2, 9), aujourd_hui), min(date(aujourd_hui.year, 2, 12), aujourd_hui)
        )


def _acteur(organisme_id: int) -> Acteur:
    """La personne de la démonstration qui agit pour cet organisme."""
    rattachements = Rattachement.objects.actifs().select_related("organisme", "utilisateur")
    return (
        rattachements.filter(organisme=organisme_id, role__in=["gestionnaire", "responsable"])
        .order_by("pk")[0]
        .acteur()
    )


def _dater(demande: Demande, faite: date, repondue: date | None = None) -> None:
    """Ramène la demande, et sa réponse, à leur jour."""
    demande.faite_le = timezone.make_aware(datetime.combine(faite, time(11, 15)))
    if repondue is not None:
        demande.refresh_from_db(fields=["suite", "reponse", "repondue_par"])
        demande.repondue_le = timezone.make_aware(datetime.combine(repondue, time(9, 40)))
    demande.save(update_fields=["faite_le", *(["repondue_le"] if repondue is not None else [])])
