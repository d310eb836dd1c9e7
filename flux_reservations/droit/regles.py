"""Le registre des règles et des paramètres : la page « Règles » et la matrice règle → code → essais en sont engendrées."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit import assiette, conservation, conversion, delais, taux
from flux_reservations.droit.parametre import Parametre
from flux_reservations.droit.regle import Chapitre, Regle
from flux_reservations.droit.regles_calcul import CALCUL, LIBERATIONS
from flux_reservations.droit.regles_parties import CONVENTIONS, QUI_ET_QUOI
from flux_reservations.droit.regles_transparence import ACCES, BILANS

CHAPITRES: tuple[Chapitre, ...] = (QUI_ET_QUOI, CONVENTIONS, CALCUL, LIBERATIONS, BILANS, ACCES)
REGLES: dict[str, Regle] = {regle.numero: regle for chapitre in CHAPITRES for regle in chapitre.regles}
_MODULES: tuple[ModuleType, ...] = (taux, assiette, conversion, delais, conservation)

PARAMETRES: dict[str, Parametre[Any]] = {
    nom: objet for module in _MODULES for nom, objet in sorted(vars(module).items()) if isinstance(objet, Parametre)
}
"""Tous les paramètres de droit, par nom dans le code."""


def regle(numero: str) -> Regle:
    """La règle de ce numéro (`RG-14`) ; lève `Introuvable`."""
    if numero not in REGLES:
        raise Introuvable(f"{numero} n'est pas une règle du projet.")
    return REGLES[numero]


def parametres_de(numero: str) -> tuple[Parametre[Any], ...]:
    """Paramètres que la règle lit, par libellé."""
    return tuple(sorted((un for un in PARAMETRES.values() if un.regle == numero), key=lambda un: un.libelle))


def resumer(numero: str) -> str:
    """L'énoncé d'une règle en une phrase ; vide si le numéro est inconnu."""
    trouvee = REGLES.get(numero)
    return trouvee.enonce if trouvee else ""


def lire_valeur(parametre: Parametre[Any], le: date) -> str:
    """La valeur d'un paramètre à une date, à la française ; « pas encore en vigueur » avant sa première version."""
    if parametre.versions[0].depuis > le:
        return "pas encore en vigueur"
    valeur = parametre.valeur(le)
    if isinstance(valeur, Decimal) and parametre.unite.startswith("part"):
        return f"{(valeur * 100).normalize():f}".replace(".", ",") + " %"
    if isinstance(valeur, date):
        return f"{valeur:%d/%m/%Y}"
    if parametre.unite == "mois et jour":
        mois, jour = valeur
        return f"{jour:02d}/{mois:02d}"
    if isinstance(valeur, tuple):
        return ", ".join(str(un) for un in valeur)
    return f"{valeur} {parametre.unite}"
