"""Filtres de gabarit : nombres, taux et dates à la française."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from flux_reservations.socle import presentation

register = template.Library()


@register.filter
def nombre(valeur: presentation.Quantite | None, decimales: int = 0) -> str:
    """`{{ total|nombre }}` → 1 234 ; `{{ total|nombre:1 }}` → 1 234,5."""
    return presentation.ecrire_nombre(valeur, decimales)


@register.filter
def solde(valeur: presentation.Quantite | None, decimales: int = 1) -> str:
    """`{{ compte.solde|solde }}` → +3,2 (retard), ou le signe moins pour une avance."""
    return presentation.ecrire_solde(valeur, decimales)


@register.filter
def taux(valeur: presentation.Quantite | str | None, decimales: int = 2) -> str:
    """`{{ droit.taux|taux }}` → 30,00 % ; accepte la chaîne exacte d'un calcul (« 29.50 »)."""
    return presentation.ecrire_taux(Decimal(valeur) if isinstance(valeur, str) else valeur, decimales)


@register.filter
def jour(valeur: Any) -> str:
    """`{{ convention.date_effet|jour }}` → 1er mars 2026."""
    return presentation.ecrire_date(valeur or None)


@register.filter
def jour_court(valeur: Any) -> str:
    """`{{ ligne.date_bail|jour_court }}` → 01/03/2026."""
    return presentation.ecrire_date_courte(valeur or None)


@register.filter
def instant(valeur: Any) -> str:
    """`{{ entree.instant|instant }}` → 1er mars 2026 à 14 h 05."""
    return presentation.ecrire_instant(valeur or None)


@register.filter
def compte_de(valeur: presentation.Quantite, mots: str = "") -> str:
    """`{{ n|compte_de:"logement" }}` → 2 logements ; `{{ n|compte_de:"bail,baux" }}` → 3 baux."""
    singulier, _, pluriel = mots.partition(",")
    return presentation.compter(valeur, singulier, pluriel)


@register.filter
def ou_tiret(valeur: Any) -> Any:
    """Remplace une valeur vide par un tiret cadratin ; zéro reste zéro."""
    return presentation.INCONNU if valeur is None or valeur == "" else valeur


@register.filter
def acte_lisible(code: str) -> str:
    """`mettre_a_disposition` → Mettre à disposition : le code d'un acte du journal, en français."""
    return f" {code.replace('_', ' ')}".replace(" a ", " à ").strip().capitalize()
