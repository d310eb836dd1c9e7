"""`convertir_stock` : les trois lectures du stock de chaque réservataire, et le repli (formats.md § 2, RG-19, RG-35)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.core.management.base import CommandParser

from attributions.chargement.decompte import charger_conversion
from conventions.chargement import trouver_bailleur, trouver_departement
from conventions.domaine.conversion import Conversion, FaitsConversion, convertir_stock
from flux_reservations.commun.arrondis import chaine_arrondie
from flux_reservations.socle.commande import CommandeMetier, lire_date


def presenter_conversion(faits: FaitsConversion) -> dict[str, Any]:
    """L'objet de `convertir_stock`."""
    return {
        "bailleur": faits.bailleur,
        "departement": faits.departement,
        "date": faits.date.isoformat(),
        "logements_du_champ": sum(faits.logements.values()),
        "reservataires": [_presenter_une(conversion) for conversion in convertir_stock(faits)],
    }


def _presenter_une(conversion: Conversion) -> dict[str, Any]:
    return {
        "reservataire": conversion.reservataire.code,
        "suite_actifs": conversion.suite_actifs,
        "suite_echus": conversion.suite_echus,
        "uniques": conversion.uniques,
        "taux_simple": _taux(conversion.taux_simple),
        "taux_pondere": _taux(conversion.taux_pondere),
        "repli_prefet": chaine_arrondie(conversion.taux_de_repli),
    }


def _taux(taux: Fraction | None) -> str | None:
    return None if taux is None else chaine_arrondie(taux)


class Command(CommandeMetier):
    """Convertit le stock en taux.

    Ici et non dans `conventions` : la rotation lit les libérations, que `conventions` ne connaît pas.
    """

    help = "Convertit les droits en stock d'un bailleur en taux, réservataire par réservataire."

    def add_arguments(self, parser: CommandParser) -> None:
        """Bailleur, département, date, forme."""
        super().add_arguments(parser)
        parser.add_argument("--bailleur", required=True, metavar="SIREN", help="SIREN du bailleur")
        parser.add_argument("--departement", required=True, metavar="CODE", help="code du département (94, 2A, 971)")
        parser.add_argument(
            "--date", required=True, type=lire_date, metavar="AAAA-MM-JJ", help="date de l'état des lieux"
        )

    def executer(self, **options: Any) -> dict[str, Any]:
        """L'objet du contrat."""
        bailleur = trouver_bailleur(options["bailleur"])
        departement = trouver_departement(options["departement"])
        return presenter_conversion(charger_conversion(bailleur, departement.pk, options["date"]))
