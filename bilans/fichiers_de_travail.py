"""Le PDF et le tableur de travail d'une année, non publiés (commande `produire_bilan --sortie`)."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from bilans.calcul import CalculAnnuel
from bilans.document import composer_document
from bilans.pdf import bilan_pdf, nom_du_fichier
from bilans.tableur import bilan_xlsx
from conventions.models import Bailleur
from flux_reservations.territoires.models import Departement


def ecrire_fichiers(calcul: CalculAnnuel, bailleur: Bailleur, departement: Departement, dossier: Path) -> list[Path]:
    """Écrit les deux dans `dossier`, tirés du même document composé une fois, et rend leurs chemins. Lève `OSError`."""
    donnees = composer_document(calcul, bailleur, departement, timezone.localdate())
    chemins = []
    for extension, octets in (("pdf", bilan_pdf(donnees)), ("xlsx", bilan_xlsx(donnees))):
        chemin = dossier / nom_du_fichier(bailleur.siren, departement.pk, calcul.faits.annee, extension)
        chemin.write_bytes(octets)
        chemins.append(chemin)
    return chemins
