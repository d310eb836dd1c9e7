"""`calculer_flux` : assiette, droits, décompte et soldes d'une année (formats.md § 2)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from bilans.calcul import calculer_annee
from conventions.chargement import trouver_bailleur, trouver_departement
from flux_reservations.socle.commande import CommandeMetier, lire_annee


def ajouter_arguments_d_annee(analyseur: CommandParser) -> None:
    """`--bailleur`, `--departement` et `--annee`, communs aux calculs d'une année."""
    analyseur.add_argument("--bailleur", required=True, metavar="SIREN", help="SIREN du bailleur")
    analyseur.add_argument("--departement", required=True, metavar="CODE", help="code du département (94, 2A, 971)")
    analyseur.add_argument("--annee", required=True, type=lire_annee, help="année civile")


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

    def presenter(self, resultat: Any) -> None:
        """Le flux en quelques lignes, pour une personne."""
        assiette = resultat["assiette"]
        self.stdout.write(
            f"Bailleur {resultat['bailleur']}, département {resultat['departement']}, année {resultat['annee']}\n"
            f"A = {assiette['mises_en_location']} mises en location, B = {assiette['total_exclusions']} exclues, "
            f"C = {assiette['flux']} ; {assiette['premieres_locations']} premières locations à part\n"
        )
        ligne = "{:<30} {:<24} {:>14} {:>7} {:>12} {:>9} {:>14}"
        self.stdout.write(ligne.format("compte", "convention", "droit exact", "droit", "report", "décompte", "solde"))
        for compte in resultat["comptes"]:
            self.stdout.write(
                ligne.format(
                    compte["compte"],
                    compte["convention"],
                    compte["droit_theorique"],
                    compte["droit"],
                    compte["report"],
                    compte["decompte"],
                    compte["solde"],
                )
            )
        reste = resultat["non_reserve"]
        self.stdout.write(
            ligne.format("BAILLEUR", "", reste["droit_theorique"], reste["droit"], "", reste["decompte"], "") + "\n"
        )
        for controle in resultat["controles"]:
            self.stdout.write(f"{controle['regle']} {controle['niveau']} : {controle['message']}")
