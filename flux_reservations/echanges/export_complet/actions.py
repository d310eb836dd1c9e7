"""Demander un export complet, le fabriquer, le télécharger, l'effacer : rejouable, et sûr quand un processus meurt (RG-70, RG-71)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.courriels_secrets import poster
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.echanges.export_complet.modeles import A_FAIRE, GARDE, EtatExport, ExportComplet, MorceauExport
from flux_reservations.echanges.exportation import archiver
from flux_reservations.echanges.suivi_vivant import ecrire_a_part
from flux_reservations.echanges.tableaux import TABLEAUX
from flux_reservations.socle.chiffrement import chiffrer_octets, dechiffrer_octets
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.taches import envoyer_apres_validation
from flux_reservations.socle.verrous import verrou_consultatif

logger = logging.getLogger(__name__)
TACHE: Final = "echanges.fabriquer_export"
VERROU: Final = 6064
"""Espace des verrous consultatifs : un export ne se fabrique qu'une fois à la fois."""
MORCEAU: Final = 1024 * 1024
TENTATIVES_AU_PLUS: Final = 3
"""Fabrications commencées sans jamais finir avant de déclarer l'échec."""


def demander_export(*, acteur: Acteur, motif: str) -> ExportComplet:
    """Demande l'archive ; s'il s'en fait déjà une pour ce bailleur, la rend. Note au journal et au registre des consultations.

    Lève `AccesRefuse` si l'acteur n'est pas responsable du bailleur.
    """
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None or not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        try:
            with transaction.atomic():
                export = ExportComplet.objects.create(
                    bailleur=bailleur, demande_par_id=acteur.utilisateur_id, motif=motif, tableaux=len(TABLEAUX)
                )
        except IntegrityError:
            # Un double clic, ou deux responsables : un seul export se fait, tous deux le suivent.
            return ExportComplet.objects.filter(bailleur=bailleur).latest("pk")
        noter_consultation(acteur, GenreConsultation.EXPORT, "conventions.bailleur", bailleur.siren, motif)
        journaliser(acteur=acteur, action="exporter_tout", objet=export, organisme_id=bailleur.pk, motif=motif)
        envoyer_apres_validation(TACHE, export.pk)
    return export


def fabriquer(export_id: int) -> EtatExport | None:
    """Fabrique l'archive et prévient la personne ; None s'il n'y a rien à faire, ou si un autre processus s'en charge.

    Le verrou tombe avec le processus : tué, l'export reste à faire et la reprise le refait en entier.
    """
    with verrou_consultatif(VERROU, export_id) as pris:
        if not pris:
            return None
        export = ExportComplet.objects.select_related("bailleur").filter(pk=export_id, etat__in=A_FAIRE).first()
        if export is None:
            return None
        export.tentatives += 1
        if export.tentatives > TENTATIVES_AU_PLUS or not _peut_encore_exporter(export):
            return _conclure(export, EtatExport.ECHOUE)
        export.etat, export.tableaux_faits = EtatExport.EN_COURS, 0
        export.save(update_fields=["etat", "tentatives", "tableaux_faits"])
        export.taille, export.empreinte = _ecrire_l_archive(export)
        return _conclure(export, EtatExport.PRET)


def _peut_encore_exporter(export: ExportComplet) -> bool:
    """Vrai si qui l'a demandé est encore responsable de ce bailleur."""
    rattachements = Rattachement.objects.actifs().select_related("organisme", "utilisateur")
    trouve = rattachements.filter(utilisateur_id=export.demande_par_id or 0, organisme_id=export.bailleur_id).first()
    return trouve is not None and trouve.acteur().peut(Role.RESPONSABLE)


def _ecrire_l_archive(export: ExportComplet) -> tuple[int, str]:
    """Écrit les morceaux d'un seul instantané de la base ; rend la taille et l'empreinte de l'archive."""
    taille, empreinte, rang, tampon = 0, hashlib.sha256(), 0, bytearray()
    with transaction.atomic():
        if not connection.savepoint_ids:  # hors d'un essai : tous les tableaux sont du même instant
            with connection.cursor() as curseur:
                curseur.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        MorceauExport.objects.filter(export=export).delete()
        for octets in archiver(export.bailleur, _marquer(export.pk)):
            empreinte.update(octets)
            tampon += octets
            taille += len(octets)
            if len(tampon) >= MORCEAU:
                MorceauExport.objects.create(export=export, rang=rang, octets=chiffrer_octets(bytes(tampon)))
                rang, tampon = rang + 1, bytearray()
        MorceauExport.objects.create(export=export, rang=rang, octets=chiffrer_octets(bytes(tampon)))
    return taille, empreinte.hexdigest()


def _marquer(export_id: int) -> Callable[[int], None]:
    """De quoi dire l'avancement, par une connexion à part : l'instantané reste ouvert."""

    def marquer(faits: int) -> None:
        ecrire_a_part("UPDATE echanges_exportcomplet SET tableaux_faits = %s WHERE id = %s", [faits, export_id])

    return marquer


def _conclure(export: ExportComplet, etat: EtatExport) -> EtatExport:
    with transaction.atomic():
        if (
            etat == EtatExport.ECHOUE
        ):  # un processus mort entre la fabrication et sa conclusion laisse une archive entière
            MorceauExport.objects.filter(export=export).delete()
        export.etat, export.tableaux_faits = etat, export.tableaux
        export.pret_le = timezone.now() if etat == EtatExport.PRET else None
        export.save(update_fields=["etat", "tentatives", "tableaux_faits", "pret_le", "taille", "empreinte"])
        if etat == EtatExport.PRET:
            _effacer_les_precedentes(export)
        if export.demande_par is not None and etat == EtatExport.PRET:
            _prevenir(export, export.demande_par.courriel)
    logger.info("export=%s %s, %s octets", export.pk, etat, export.taille)
    return etat


def _effacer_les_precedentes(export: ExportComplet) -> None:
    """Une archive prête remplace celles d'avant : un bailleur n'en garde qu'une (RG-70)."""
    precedentes = ExportComplet.objects.filter(bailleur=export.bailleur_id, etat=EtatExport.PRET).exclude(pk=export.pk)
    MorceauExport.objects.filter(export__in=precedentes).delete()
    precedentes.update(etat=EtatExport.EFFACE)


def _prevenir(export: ExportComplet, courriel: str) -> None:
    adresse = settings.SITE_URL.rstrip("/") + reverse("exporter_tout")
    poster(
        emetteur_id=export.bailleur_id,
        courriel=courriel,
        objet_type="echanges.exportcomplet",
        objet_cle=str(export.pk),
        objet="Votre export complet est prêt",
        corps="Bonjour,\n\n"
        f"L'archive que vous avez demandée est prête. Elle se télécharge pendant {GARDE.days} jours, une fois connecté :\n"
        f"{adresse}\n\nElle contient des numéros de demande : gardez-la en lieu sûr.\n",
    )


def reprendre_les_exports() -> int:
    """Fabrique ce qu'aucun processus ne fait ; rend le nombre d'exports à faire (tâche périodique)."""
    perdus = list(ExportComplet.objects.filter(etat__in=A_FAIRE).order_by("demande_le").values_list("pk", flat=True))
    for export_id in perdus:
        fabriquer(export_id)
    return len(perdus)


def ouvrir_export(*, acteur: Acteur, export_id: int) -> tuple[ExportComplet, Iterator[bytes]]:
    """L'archive, morceau par morceau, le téléchargement noté.

    Lève `Introuvable`, ou `ErreurMetier` si elle n'est plus gardée ou ne s'ouvre plus : le premier morceau est déchiffré avant de répondre.
    """
    visibles = ExportComplet.objects.visibles_par(acteur).select_related("bailleur").filter(pk=export_id)
    export = visibles.first()
    if export is None:
        raise Introuvable
    indisponible = ErreurMetier(
        "export_indisponible", "Cette archive n'est pas prête, ou n'est plus gardée : demandez un nouvel export."
    )
    if not visibles.telechargeables(timezone.now()).exists():
        raise indisponible
    morceaux = _lire(export)
    try:
        premier = next(morceaux, b"")
    except ImproperlyConfigured as erreur:
        logger.exception("export=%s : l'archive ne s'ouvre plus", export.pk)
        raise ErreurMetier(
            "export_illisible",
            "Cette archive ne s'ouvre plus : une clé de chiffrement a été retirée depuis. Demandez un nouvel export.",
        ) from erreur
    if not premier:
        raise indisponible
    with transaction.atomic():
        noter_consultation(acteur, GenreConsultation.EXPORT, "echanges.exportcomplet", export.pk, export.motif)
        journaliser(acteur=acteur, action="telecharger_export", objet=export, organisme_id=export.bailleur_id)
    return export, chain([premier], morceaux)


def _lire(export: ExportComplet) -> Iterator[bytes]:
    """Un morceau par requête : une lecture lente ne tient pas de transaction."""
    rang = 0
    while True:
        octets = export.morceaux.filter(rang=rang).values_list("octets", flat=True).first()
        if octets is None:
            return
        yield dechiffrer_octets(bytes(octets))
        rang += 1


def effacer_les_exports(instant: datetime) -> int:
    """Efface les archives gardées assez longtemps ; la demande reste, comme trace. Rend leur nombre (tâche de nuit).

    Efface aussi tout morceau qui n'est ni d'un export en cours, ni d'une archive gardée : aucun ne survit à son export (RG-70).
    """
    finis = ExportComplet.objects.filter(etat=EtatExport.PRET, pret_le__lte=instant - GARDE)
    with transaction.atomic():
        effaces = finis.update(etat=EtatExport.EFFACE)
        gardes = ExportComplet.objects.filter(etat__in=[*A_FAIRE, EtatExport.PRET])
        MorceauExport.objects.exclude(export__in=gardes).delete()
    return effaces
