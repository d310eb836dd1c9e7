"""Nombres et dates écrits à la française, et les petits objets que les vues donnent aux composants de gabarit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.utils import timezone

from flux_reservations.commun.arrondis import arrondir, est_pluriel

ESPACE_FINE = "\N{NARROW NO-BREAK SPACE}"
ESPACE_INSECABLE = "\N{NO-BREAK SPACE}"
MOINS = "\N{MINUS SIGN}"
INCONNU = "\N{EM DASH}"
_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

type_de_ton = Literal["neutre", "succes", "attention", "danger", "information", "accent"]
type_d_etape = Literal["fait", "en-cours", "a-venir", "refuse"]
Quantite = int | Decimal | Fraction


def ecrire_nombre(valeur: Quantite | None, decimales: int = 0) -> str:
    """Écrit `valeur` avec milliers séparés et virgule : 1 234,5, arrondie au plus proche.

    `None` s'écrit « — ». Un nombre négatif porte un vrai signe moins ; un zéro d'arrondi n'a pas de signe.
    """
    if valeur is None:
        return INCONNU
    echelle: int = 10**decimales
    unites = arrondir(Fraction(valeur) * echelle)
    entier, reste = divmod(abs(unites), echelle)
    texte = f"{entier:,}".replace(",", ESPACE_FINE)
    if decimales:
        texte += f",{reste:0{decimales}d}"
    return f"{MOINS}{texte}" if unites < 0 else texte


def ecrire_solde(valeur: Quantite | None, decimales: int = 1) -> str:
    """Comme `ecrire_nombre`, avec un « + » devant un retard (RG-47 : retard > 0, avance < 0)."""
    texte = ecrire_nombre(valeur, decimales)
    if valeur is None or valeur <= 0 or not texte.strip("0,"):
        return texte
    return f"+{texte}"


def dire_solde(valeur: Quantite) -> str:
    """« 0,7 logement de retard », « 2,0 logements d'avance », « à l'équilibre »."""
    exact = Fraction(valeur)
    ecrit = ecrire_nombre(abs(exact), 1)
    if not ecrit.strip("0,"):
        return "à l'équilibre"
    mot = "logements" if est_pluriel(exact) else "logement"
    sens = "de retard" if exact > 0 else "d'avance"
    return f"{ecrit}{ESPACE_INSECABLE}{mot} {sens}"


def ecrire_taux(valeur: Quantite | None, decimales: int = 2) -> str:
    """Écrit un pourcentage déjà exprimé en % : « 30,00 % »."""
    return INCONNU if valeur is None else f"{ecrire_nombre(valeur, decimales)}{ESPACE_INSECABLE}%"


def compter(nombre: Quantite, singulier: str, pluriel: str = "") -> str:
    """« 0 logement », « 1 logement », « 2 logements » : en français le pluriel commence à deux."""
    mot = (pluriel or f"{singulier}s") if est_pluriel(nombre) else singulier
    return f"{ecrire_nombre(nombre)}{ESPACE_INSECABLE}{mot}"


def ecrire_date(jour: dt.date | dt.datetime | None) -> str:
    """« 28 février 2026 », « 1er mars 2026 » ; un instant est ramené à l'heure du lieu."""
    if jour is None:
        return INCONNU
    local = timezone.localtime(jour) if isinstance(jour, dt.datetime) and timezone.is_aware(jour) else jour
    return f"{ecrire_jour_et_mois(local)}{ESPACE_INSECABLE}{local.year}"


def ecrire_jour_et_mois(jour: dt.date) -> str:
    """« 28 février », « 1er mars » : une échéance qui revient chaque année."""
    numero = "1er" if jour.day == 1 else str(jour.day)
    return f"{numero}{ESPACE_INSECABLE}{_MOIS[jour.month - 1]}"


def ecrire_instant(instant: dt.datetime | None) -> str:
    """« 28 février 2026 à 14 h 05 »."""
    if instant is None:
        return INCONNU
    local = timezone.localtime(instant) if timezone.is_aware(instant) else instant
    return f"{ecrire_date(local)} à {local.hour}{ESPACE_INSECABLE}h{ESPACE_INSECABLE}{local.minute:02d}"


def ecrire_date_courte(jour: dt.date | dt.datetime | None) -> str:
    """« 28/02/2026 », pour les tableaux denses."""
    if jour is None:
        return INCONNU
    local = timezone.localtime(jour) if isinstance(jour, dt.datetime) and timezone.is_aware(jour) else jour
    return f"{local.day:02d}/{local.month:02d}/{local.year}"


def ecrire_instant_court(instant: dt.datetime | None) -> str:
    """« 28/02/2026, 14 h 05 », pour les tableaux denses."""
    if instant is None:
        return INCONNU
    local = timezone.localtime(instant) if timezone.is_aware(instant) else instant
    return f"{ecrire_date_courte(local)}, {local.hour}{ESPACE_INSECABLE}h{ESPACE_INSECABLE}{local.minute:02d}"


class Lien(str):
    """Le texte d'une cellule qui mène à ce qui la compose : un nombre qui se déplie, une fiche."""

    __slots__ = ("adresse",)
    adresse: str

    def __new__(cls, texte: str, adresse: str) -> Lien:
        """Un texte et son adresse."""
        lien = super().__new__(cls, texte)
        lien.adresse = adresse
        return lien


@dataclass(frozen=True, slots=True)
class Pastille:
    """Un état en deux mots, avec son ton ; le mot suffit à comprendre, la couleur ne fait qu'aider."""

    libelle: str
    ton: type_de_ton = "neutre"

    def __str__(self) -> str:
        return self.libelle


@dataclass(frozen=True, slots=True)
class Onglet:
    """Un onglet-lien : libellé, adresse, s'il est celui de la page, et un compte facultatif."""

    libelle: str
    adresse: str
    actif: bool = False
    compte: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Un moment d'une chronologie : ce qui s'est passé (ou se passera), quand, qui, pourquoi."""

    titre: str
    quand: dt.date | dt.datetime | None = None
    etat: type_d_etape = "fait"
    detail: str = ""
    auteur: str = ""
    adresse: str = ""


@dataclass(frozen=True, slots=True)
class Etape:
    """Une étape d'un parcours, dans l'ordre où on les fait ; `adresse` permet d'y revenir."""

    libelle: str
    faite: bool = False
    courante: bool = False
    adresse: str = ""


@dataclass(frozen=True, slots=True)
class BarreRetard:
    """Une ligne d'un graphique de retards : le compte et son solde en logements (RG-47)."""

    libelle: str
    solde: Quantite
    adresse: str = ""
    note: str = ""


Fil = Sequence[tuple[str, str]]
"""Fil d'Ariane : couples (libellé, adresse) des pages au-dessus de celle-ci, de la plus haute à la plus proche."""
