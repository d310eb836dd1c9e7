"""Les fichiers d'un import déposé : les rendre à leur nom, en montrer un aperçu, les effacer ; la purge de nuit (RG-70)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils import timezone

from flux_reservations.commun.calendrier import ajouter_mois
from flux_reservations.droit import conservation
from flux_reservations.echanges.correspondances import Apercu, apercevoir, correspondances_de
from flux_reservations.echanges.models import EtatImport, ImportDepose, Trace
from flux_reservations.echanges.octets_en_base import ouvrir_piece
from flux_reservations.pieces.models import Contenu, Piece

EN_ATTENTE_AU_PLUS: Final = timedelta(days=7)
"""Un essai que personne n'applique est abandonné, et ses fichiers effacés."""
RETOUR_POSSIBLE: Final = timedelta(days=30)
"""Au-delà, un import ne se défait plus."""


def deposer_sur_disque(depot: ImportDepose, dossier: Path) -> list[Path]:
    """Les fichiers déposés, rendus à leur nom dans un dossier."""
    chemins = []
    for piece in depot.pieces.select_related("contenu"):
        chemin = dossier / Path(piece.nom).name
        chemin.write_bytes(bytes(piece.contenu.octets))
        chemins.append(chemin)
    return chemins


def effacer_les_fichiers(depot: ImportDepose) -> None:
    """Efface les fichiers déposés et leur contenu : ils peuvent porter des numéros de demande, la base les a (RG-70)."""
    pieces = list(depot.pieces.values_list("pk", "contenu_id"))
    depot.pieces.clear()
    Piece.objects.filter(pk__in=[pk for pk, _ in pieces]).delete()
    citees = Piece.objects.filter(contenu=OuterRef("pk"))
    Contenu.objects.filter(~Exists(citees), pk__in=[contenu for _, contenu in pieces]).delete()


def lire_les_apercus(depot: ImportDepose) -> list[Apercu]:
    """Ce qu'on voit de chaque fichier déposé : ses en-têtes, des valeurs, la colonne proposée ; seul leur début est lu."""
    retenues, types = correspondances_de(depot.organisme_id), depot.options.get("types", {})
    connus = {fichier["fichier"]: fichier["type"] for fichier in depot.rapport.get("fichiers", [])}
    apercus = []
    for piece in depot.pieces.all():
        nom = Path(piece.nom).name
        with ouvrir_piece(piece) as octets:
            apercus.append(apercevoir(nom, types.get(nom) or connus.get(nom, ""), retenues, octets))
    return apercus


def purger_les_traces() -> int:
    """Oublie de quoi défaire les imports de plus de 30 jours ; rend le nombre de paquets oubliés (tâche de nuit)."""
    limite = timezone.now() - RETOUR_POSSIBLE
    return Trace.objects.filter(import_depose__applique_le__lt=limite).delete()[0]


def abandonner_les_oublies() -> int:
    """Abandonne les essais que personne n'a appliqués, et efface leurs fichiers ; rend leur nombre (tâche de nuit)."""
    limite = timezone.now() - EN_ATTENTE_AU_PLUS
    oublies = ImportDepose.objects.filter(etat__in=[EtatImport.ESSAYE, EtatImport.REFUSE], change_le__lt=limite)
    for depot in oublies:
        depot.etat = EtatImport.ANNULE
        depot.save(update_fields=["etat", "change_le"])
        effacer_les_fichiers(depot)
    return len(oublies)


def effacer_les_abandonnes(le: date) -> int:
    """Efface les imports abandonnés depuis plus que la durée : ils n'ont rien écrit ; rend leur nombre (tâche de nuit) (RG-70).

    Un import appliqué, ou défait, reste à l'historique : il a changé des données.
    """
    limite = ajouter_mois(le, -conservation.TRAVAUX.valeur(le))
    abandonnes = ImportDepose.objects.filter(
        etat=EtatImport.ANNULE, applique_le__isnull=True, change_le__date__lt=limite
    )
    nombre = abandonnes.count()
    abandonnes.delete()
    return nombre


def effacer_les_contenus_orphelins() -> int:
    """Efface les octets que plus aucune pièce ne porte ; rend leur nombre (tâche de nuit)."""
    return Contenu.objects.filter(~Exists(Piece.objects.filter(contenu=OuterRef("pk")))).delete()[0]
