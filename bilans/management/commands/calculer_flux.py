"""`calculer_flux` : assiette, droits, décompte et soldes d'une année (formats.md § 2)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from bilans.calcul import calculer_annee
from conventions.chargement import trouver_bailleur, trouver_departement
from flux_reservations.socle.commande import CommandeMetier


def ajouter_arguments_d_annee(analyseur: CommandParser) -> None:
    """`--bailleur`, `--departement` et `--annee`, communs aux calculs d'une année."""
    analyseur.add_argument("--bailleur", required=True, metavar="SIREN", help="SIREN du bailleur")
    analyseur.add_argument("--departement", required=True, metavar="CODE", help="code du département (94, 2A, 971)")
    analyseur.add_argument("--annee", required=True, type=annee_valide, help="année civile")


def annee_valide(texte: str) -> int:
    """Une année sur quatre chiffres ; lève `ValueError` (sortie 2)."""
    annee = int(texte)
    if not 1000 < annee < 9000:  # noqa: PLR2004 : quatre chiffres
        raise ValueError(texte)
    return annee


class Command(CommandeMetier):
    """Calcule le flux annuel d'un bailleur dans un département."""

    help = "Calcule l'assiette, les droits, le décompte et les soldes d'une année."

    def add_arguments(self, parser: CommandParser) -> None:
        """Bailleur, département, année, forme."""
        super().add_arguments(parser)
        ajouter_arguments_d_annee(parser)

    def executer(self, **options: Any) -> dict[str, Any]:
        """L'objet du contrat."""
        bailleur = trouver_bailleur(options["bailleur"])
        departement = trouver_departement(options["departement"])
        return calculer_annee(bailleur, departement.pk, options["annee"]).flux_json()
