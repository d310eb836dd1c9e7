"""`matrice_regles` : pour chaque règle, le code qui l'applique, les écrans qui la citent et les essais qui la prouvent."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.regles import regle
from flux_reservations.socle.commande import CommandeMetier
from flux_reservations.socle.matrice import lire_matrice


class Command(CommandeMetier):
    """Écrit la matrice règle → code → essais."""

    help = "Écrit la matrice règle → code → essais ; --exiger échoue si une règle n'a ni code ni essai."

    def add_arguments(self, parser: CommandParser) -> None:
        """Forme, et exigence de complétude."""
        super().add_arguments(parser)
        parser.add_argument("--exiger", action="store_true", help="échoue si une règle n'a pas de code ou pas d'essai")

    def executer(self, **options: Any) -> dict[str, Any]:
        """Une ligne par règle."""
        lignes = lire_matrice()
        manquantes = [ligne.numero for ligne in lignes if not ligne.code or not ligne.essais]
        if options["exiger"] and manquantes:
            raise ErreurMetier("matrice_incomplete", f"Sans code ou sans essai : {', '.join(manquantes)}.")
        return {
            "regles": [
                {
                    "regle": ligne.numero,
                    "titre": ligne.titre,
                    "article": str(regle(ligne.numero).source),
                    "certitude": regle(ligne.numero).certitude.value,
                    "code": list(ligne.code),
                    "ecrans": list(ligne.ecrans),
                    "essais": list(ligne.essais),
                }
                for ligne in lignes
            ],
            "incompletes": manquantes,
        }

    def presenter(self, resultat: Any) -> None:
        """Tableau en texte (Markdown), lisible et collable."""
        self.stdout.write("| règle | titre | article | code | écrans | essais |\n|---|---|---|---|---|---|")
        for ligne in resultat["regles"]:
            self.stdout.write(
                f"| {ligne['regle']} [{ligne['certitude']}] | {ligne['titre']} | {ligne['article']} | "
                f"{'<br>'.join(ligne['code'])} | {'<br>'.join(ligne['ecrans'])} | {len(ligne['essais'])} |"
            )
        if resultat["incompletes"]:
            self.stdout.write(f"\nSans code ou sans essai : {', '.join(resultat['incompletes'])}.")
