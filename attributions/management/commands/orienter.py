"""`orienter` : proposer un compte pour chaque libération à orienter, ou rejouer l'année (formats.md § 2, moteur.md)."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from attributions.actions.lot import reviser_le_lot
from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.faits_moteur import U
from attributions.domaine.moteur import Eligible
from attributions.domaine.phrases import expliquer
from attributions.domaine.rejeu import simuler
from conventions.chargement import trouver_bailleur, trouver_departement
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.arrondis import chaine_exacte
from flux_reservations.commun.cles import lire_entier
from flux_reservations.socle.commande import CommandeMetier, lire_annee

LOT_AU_PLUS: Final = 100_000


def _taille_du_lot(texte: str) -> int:
    lot = lire_entier(texte)
    if lot is None or not 1 <= lot <= LOT_AU_PLUS:
        raise argparse.ArgumentTypeError(f"le lot compte de 1 à {LOT_AU_PLUS} logements")
    return lot


class Command(CommandeMetier):
    """Propose un compte pour chaque libération à orienter."""

    help = "Propose un compte pour chaque libération à orienter ; --simuler rejoue l'année sans rien écrire."

    def add_arguments(self, parser: CommandParser) -> None:
        """Bailleur, département, année, simulation, taille du lot."""
        super().add_arguments(parser)
        parser.add_argument("--bailleur", required=True, metavar="SIREN", help="SIREN du bailleur")
        parser.add_argument("--departement", required=True, metavar="CODE", help="code du département (94, 2A, 971)")
        parser.add_argument("--annee", required=True, type=lire_annee, help="année civile")
        parser.add_argument(
            "--simuler", action="store_true", help="rejoue l'année, chaque libération à sa date, sans rien écrire"
        )
        parser.add_argument(
            "--lot",
            type=_taille_du_lot,
            metavar="N",
            help="avec --simuler : délai glissant de N logements (1 par défaut)",
        )

    def executer(self, **options: Any) -> dict[str, Any]:
        """L'objet du contrat : les propositions, dans l'ordre (disponibilité, numéro)."""
        if options["lot"] is not None and not options["simuler"]:
            raise CommandError("--lot ne va qu'avec --simuler : sans lui, le lot est celui qui attend.", returncode=2)
        bailleur = trouver_bailleur(options["bailleur"])
        departement = trouver_departement(options["departement"])
        if options["simuler"]:
            return simuler_l_annee(bailleur, departement.pk, options["annee"], options["lot"] or 1)
        lot = reviser_le_lot(
            acteur=Acteur.systeme("commande orienter"),
            bailleur_id=bailleur.pk,
            departement=departement.pk,
            annee=options["annee"],
            le=timezone.localdate(),
            cause="commande orienter",
        )
        return {
            "orientations": [
                {
                    "liberation": ligne.numero,
                    "compte": ligne.compte,
                    "phrase": ligne.phrase,
                    "eligibles": [presenter_eligible(eligible) for eligible in ligne.eligibles],
                }
                for ligne in lot.lignes
            ]
        }


def simuler_l_annee(bailleur: Bailleur, departement: str, annee: int, lot: int) -> dict[str, Any]:
    """Rejoue l'année : chaque libération est décidée à sa date, en délai glissant de `lot`."""
    chargee = charger_annee_du_moteur(bailleur, departement, annee)
    choix = {un.numero: un for un in simuler(chargee.faits, lot=lot, expliquer=expliquer)}
    return {
        "orientations": [
            {
                "liberation": libere.numero,
                "compte": choix[libere.numero].compte,
                "phrase": choix[libere.numero].phrase,
                "eligibles": [presenter_eligible(eligible) for eligible in choix[libere.numero].eligibles],
            }
            for libere in chargee.faits.ordonnees()
            if libere.numero in choix
        ]
    }


def presenter_eligible(eligible: Eligible) -> dict[str, str]:
    """Un compte éligible au contrat : son code, son retard à quatre décimales."""
    return {"compte": eligible.compte, "retard": chaine_exacte(Fraction(eligible.retard, U))}
