"""Déposer des fichiers à l'écran, les essayer, les appliquer : chaque pas reprend où il en était si le processus meurt."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from conventions.models import Bailleur
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.models import EN_TRAVAIL, EtatImport, ImportDepose
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser

logger = logging.getLogger(__name__)
TAILLE_MAXIMALE: Final = 200 * 1024 * 1024
"""Octets d'un fichier déposé à l'écran."""
REGISTRES_COMMUNS: Final = ("bailleurs", "reservataires")
"""Tableaux communs à la plateforme : un agent de bailleur ne les importe pas."""
ABANDONNE_APRES: Final = timedelta(minutes=5)
"""Un import en travail sans nouvelle depuis plus longtemps est repris : son processus est mort."""
CHANGEMENTS_GARDES: Final = 300
TACHE: Final = "echanges.traiter_import"


@dataclass(frozen=True, slots=True)
class FichierDepose:
    """Un fichier reçu : son nom et ses octets."""

    nom: str
    octets: bytes


def deposer_import(*, acteur: Acteur, fichiers: Sequence[FichierDepose], effet: date | None = None) -> ImportDepose:
    """Garde les fichiers et demande leur essai. Lève `ErreurMetier` sans fichier, trop gros, ou d'un registre commun."""
    if not fichiers:
        raise ErreurMetier("sans_fichier", "Choisissez au moins un fichier CSV ou XLSX.", champ="fichiers")
    if len({Path(fichier.nom).name for fichier in fichiers}) < len(fichiers):
        raise ErreurMetier("noms_repetes", "Deux fichiers ont le même nom : renommez-en un.", champ="fichiers")
    for fichier in fichiers:
        if len(fichier.octets) > TAILLE_MAXIMALE:
            raise ErreurMetier(
                "fichier_trop_gros", f"« {fichier.nom} » dépasse 200 Mo : découpez-le.", champ="fichiers"
            )
        if fichier.nom.lower().startswith(REGISTRES_COMMUNS):
            raise ErreurMetier(
                "registre_commun",
                f"« {fichier.nom} » : le registre des bailleurs et des réservataires est commun ; demandez à l'administration "
                "de la plateforme d'y ajouter un organisme.",
                champ="fichiers",
            )
    with transaction.atomic():
        bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme_id or 0).first()
        if bailleur is None:
            raise AccesRefuse
        depot = ImportDepose.objects.create(bailleur=bailleur, depose_par_id=acteur.utilisateur_id, effet=effet)
        depot.pieces.set(
            Piece.objects.deposer(
                organisme_id=bailleur.pk,
                genre="import",
                nom=Path(fichier.nom).name[:200],
                type_mime="application/octet-stream",
                octets=fichier.octets,
                utilisateur_id=acteur.utilisateur_id,
            )
            for fichier in fichiers
        )
        demander_le_traitement(depot.pk)
    return depot


def demander_application(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Demande l'écriture d'un import essayé sans erreur."""
    return _changer_etat(acteur, import_id, {EtatImport.ESSAYE}, EtatImport.A_APPLIQUER, "appliquer_import")


def abandonner(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Abandonne un import qui n'a rien écrit."""
    permis = {EtatImport.DEPOSE, EtatImport.ESSAYE, EtatImport.REFUSE}
    return _changer_etat(acteur, import_id, permis, EtatImport.ANNULE, "abandonner_import")


def _changer_etat(
    acteur: Acteur, import_id: int, depuis: set[EtatImport], vers: EtatImport, action: str
) -> ImportDepose:
    with transaction.atomic():
        depot = (
            ImportDepose.objects.modifiables_par(acteur).filter(pk=import_id).select_for_update(of=("self",)).first()
        )
        if depot is None:
            if ImportDepose.objects.visibles_par(acteur).filter(pk=import_id).exists():
                raise AccesRefuse
            raise Introuvable
        if depot.etat not in depuis:
            raise ErreurMetier(
                "etat_de_l_import",
                f"Cet import est « {depot.get_etat_display().lower()} » : l'acte n'est plus possible.",
            )
        depot.etat = vers
        depot.save(update_fields=["etat", "change_le"])
        journaliser(
            acteur=acteur, action=action, objet=depot, organisme_id=depot.bailleur_id, apres={"etat": vers.value}
        )
        if vers in EN_TRAVAIL:
            demander_le_traitement(depot.pk)
    return depot


def demander_le_traitement(import_id: int) -> None:
    """Lance la tâche une fois la transaction validée ; sans courtier, le rattrapage périodique s'en charge."""
    transaction.on_commit(lambda: _lancer(import_id))


def _lancer(import_id: int) -> None:
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task(TACHE, args=[import_id], retry=False)
    except OperationalError:
        logger.warning("import=%s : courtier injoignable, le rattrapage le traitera", import_id)


def traiter(import_id: int) -> ImportDepose | None:
    """Fait le pas qui attend : l'essai, ou l'écriture. Idempotent : un import déjà pris par un processus vivant est laissé."""
    depot = _prendre(import_id)
    if depot is None:
        return None
    ecrit = depot.etat == EtatImport.EN_COURS
    with tempfile.TemporaryDirectory(prefix="import-") as dossier:
        chemins = _deposer_sur_disque(depot, Path(dossier))
        acteur = _acteur_de(depot)
        if ecrit:
            with transaction.atomic():
                rapport = appliquer(chemins, acteur=acteur, siren=depot.bailleur.siren, effet=depot.effet)
                return _conclure(depot, rapport, EtatImport.APPLIQUE if rapport.applique else EtatImport.REFUSE)
        rapport = essayer(chemins, acteur=acteur, siren=depot.bailleur.siren, effet=depot.effet)
    return _conclure(depot, rapport, EtatImport.ESSAYE if rapport.est_accepte else EtatImport.REFUSE)


def reprendre_les_abandonnes() -> int:
    """Relance chaque import en travail sans nouvelle ; rend leur nombre (tâche périodique)."""
    limite = timezone.now() - ABANDONNE_APRES
    perdus = list(ImportDepose.objects.filter(etat__in=EN_TRAVAIL, change_le__lt=limite).values_list("pk", flat=True))
    for import_id in perdus:
        traiter(import_id)
    return len(perdus)


def _prendre(import_id: int) -> ImportDepose | None:
    """Prend l'import : attente → en travail. Un import en travail n'est repris que si son processus s'est tu."""
    suivant = {
        EtatImport.DEPOSE: EtatImport.EN_ESSAI,
        EtatImport.EN_ESSAI: EtatImport.EN_ESSAI,
        EtatImport.A_APPLIQUER: EtatImport.EN_COURS,
        EtatImport.EN_COURS: EtatImport.EN_COURS,
    }
    with transaction.atomic():
        depot = (
            ImportDepose.objects.select_for_update(of=("self",)).select_related("bailleur").filter(pk=import_id).first()
        )
        if depot is None or depot.etat not in suivant:
            return None
        deja_pris = depot.etat in {EtatImport.EN_ESSAI, EtatImport.EN_COURS}
        if deja_pris and timezone.now() - depot.change_le < ABANDONNE_APRES:
            return None
        depot.etat = suivant[EtatImport(depot.etat)]
        depot.save(update_fields=["etat", "change_le"])
    return depot


def _deposer_sur_disque(depot: ImportDepose, dossier: Path) -> list[Path]:
    chemins = []
    for piece in depot.pieces.select_related("contenu"):
        chemin = dossier / Path(piece.nom).name
        chemin.write_bytes(bytes(piece.contenu.octets))
        chemins.append(chemin)
    return chemins


def _acteur_de(depot: ImportDepose) -> Acteur:
    """La personne qui a déposé, avec son rôle d'aujourd'hui ; partie depuis, un gestionnaire sans nom du bailleur."""
    rattachement = (
        Rattachement.objects.actifs()
        .select_related("organisme", "utilisateur")
        .filter(utilisateur_id=depot.depose_par_id or 0, organisme_id=depot.bailleur_id)
        .first()
    )
    if rattachement is None:
        raise ErreurMetier(
            "deposant_parti", "La personne qui a déposé cet import n'a plus accès : déposez-le de nouveau."
        )
    acteur = rattachement.acteur()
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    return acteur


def _conclure(depot: ImportDepose, rapport: Rapport, etat: EtatImport) -> ImportDepose:
    depot.etat, depot.rapport = etat, presenter_rapport(rapport)
    depot.save(update_fields=["etat", "rapport", "change_le"])
    return depot


def presenter_rapport(rapport: Rapport) -> dict[str, Any]:
    """Le rapport à garder : l'objet du contrat, et les premiers changements ligne à ligne."""
    return rapport.en_json() | {
        "changements": [
            {
                "fichier": un.fichier,
                "ligne": un.ligne,
                "cle": un.cle,
                "nature": un.nature,
                "champs": [
                    {"champ": champ, "avant": avant, "apres": apres} for champ, (avant, apres) in un.champs.items()
                ],
            }
            for un in rapport.changements[:CHANGEMENTS_GARDES]
        ],
        "changements_en_tout": sum(fichier.crees + fichier.modifies for fichier in rapport.fichiers),
    }
