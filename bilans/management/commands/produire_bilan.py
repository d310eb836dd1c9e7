"""`produire_bilan` : le flux et les lignes du bilan, et au besoin le PDF et le tableur (formats.md § 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from bilans.calcul import calculer_annee
from bilans.management.commands.calculer_flux import ajouter_arguments_d_annee
from conventions.chargement import trouver_bailleur, trouver_departement
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.commande import CommandeMetier


class Command(CommandeMetier):
    """Produit le bilan annuel."""

    help = "Produit le bilan d'une année : JSON, et avec --sortie le PDF et le XLSX."

    def add_arguments(self, parser: CommandParser) -> None:
        """Bailleur, département, année, dossier de sortie, forme."""
        super().add_arguments(parser)
        ajouter_arguments_d_annee(parser)
        parser.add_argument("--sortie", type=Path, metavar="DOSSIER", help="dossier où écrire le PDF et le XLSX")

    def executer(self, **options: Any) -> dict[str, Any]:
        """L'objet du contrat ; les fichiers d'abord, pour que l'échec d'une écriture se dise."""
        bailleur = trouver_bailleur(options["bailleur"])
        departement = trouver_departement(options["departement"])
        calcul = calculer_annee(bailleur, departement.pk, options["annee"])
        if options["sortie"] is not None:
            dossier = preparer_dossier(options["sortie"])
            from bilans.fichiers_de_travail import ecrire_fichiers  # noqa: PLC0415 : WeasyPrint coûte une seconde à charger

            try:
                ecrire_fichiers(calcul, bailleur, departement, dossier)
            except OSError as erreur:
                message = f"Impossible d'écrire dans {dossier} : {erreur.strerror}."
                raise ErreurMetier("ecriture_impossible", message) from erreur
        return calcul.bilan_json()


def preparer_dossier(dossier: Path) -> Path:
    """Crée le dossier s'il manque ; lève `ErreurMetier` si l'on ne peut y écrire."""
    try:
        dossier.mkdir(parents=True, exist_ok=True)
    except OSError as erreur:
        raise ErreurMetier(
            "dossier_impossible", f"Impossible de créer le dossier {dossier} : {erreur.strerror}."
        ) from erreur
    return dossier
