"""Faits d'essai du flux, sans base : on ne dit que ce qui compte pour l'essai."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from attributions.domaine.codes import Issue
from attributions.domaine.decompte import FaitsOrientation
from bilans.domaine.faits import FaitsFlux, FaitsLiberation, Situation
from conventions.domaine.codes import Contrepartie, TypeReservataire
from conventions.domaine.versions import (
    MODALITES_PAR_DEFAUT,
    Conventions,
    LigneDroit,
    PartieReservataire,
    VersionConvention,
)

A, B, Z = "94028", "94071", "94041"
DEPARTEMENT = frozenset({A, B, Z})
_numeros = count(1)

ETAT = PartieReservataire(1, "ETAT94", TypeReservataire.ETAT, DEPARTEMENT)
AL = PartieReservataire(2, "AL", TypeReservataire.ACTION_LOGEMENT, DEPARTEMENT)
COMA = PartieReservataire(3, "COMA", TypeReservataire.COMMUNE, frozenset({A}))
EPCI = PartieReservataire(4, "EPT", TypeReservataire.EPT, frozenset({A, B}))
CD = PartieReservataire(5, "CD94", TypeReservataire.DEPARTEMENT, DEPARTEMENT)
CAF = PartieReservataire(6, "CAF94", TypeReservataire.ORGANISME, None)
HOPITAL = PartieReservataire(7, "HOP", TypeReservataire.SANTE, None)
RESERVATAIRES = {partie.identifiant: partie for partie in (ETAT, AL, COMA, EPCI, CD, CAF, HOPITAL)}


def ligne(
    taux: str | Decimal,
    sous_contingent: str = "",
    perimetre: Iterable[str] = DEPARTEMENT,
    assiette: Iterable[str] | None = None,
    contrepartie: str = Contrepartie.FINANCEMENT,
    montant: int | None = None,
    fin: date | None = None,
) -> LigneDroit:
    """Une ligne de droit ; `fin` : celle d'un droit éteint (RG-23)."""
    zone = frozenset(perimetre)
    courue = zone if assiette is None else frozenset(assiette)
    garanti = None if montant is None else Decimal(montant)
    return LigneDroit(next(_numeros), contrepartie, sous_contingent, Decimal(taux), zone, courue, garanti, fin=fin)


def garantie(taux: str, perimetre: Iterable[str], montant: int | None = None) -> LigneDroit:
    """Une garantie d'emprunt."""
    return ligne(taux, "", perimetre, contrepartie=Contrepartie.GARANTIE_EMPRUNT, montant=montant)


def version(
    reservataire: PartieReservataire,
    *lignes: LigneDroit,
    debut: date = date(2023, 6, 1),
    fin: date | None = None,
    signature: date | None = None,
    origine: int | None = None,
    numero: str = "",
    modalites: dict[str, Any] | None = None,
    **champs: Any,
) -> VersionConvention:
    """Une version signée le jour de son effet."""
    identifiant = next(_numeros)
    return VersionConvention(
        identifiant=identifiant,
        origine=origine or identifiant,
        numero=numero or f"C-{reservataire.code}",
        reservataire=reservataire,
        date_signature=signature or debut,
        debut=debut,
        fin=fin,
        lignes=lignes,
        modalites=replace(MODALITES_PAR_DEFAUT, **(modalites or {})),
        **champs,
    )


def de_l_etat(prioritaires: str = "25", agents: str = "5", **champs: Any) -> VersionConvention:
    """La convention de l'État sur tout le département."""
    return version(ETAT, ligne(prioritaires, "prioritaires"), ligne(agents, "agents"), **champs)


def orientation(
    reservataire: PartieReservataire | None, le: date = date(2025, 3, 1), **champs: Any
) -> FaitsOrientation:
    """Une orientation aboutie, mise à disposition le jour même."""
    defaut: dict[str, Any] = {
        "identifiant": next(_numeros), "rang": 1, "reservataire": reservataire.identifiant if reservataire else None,
        "sous_contingent": "", "date_orientation": le, "date_mise_a_disposition": le, "issue": Issue.BAIL,
    }  # fmt: skip
    return FaitsOrientation(**(defaut | champs))


def liberation(
    commune: str = A,
    bail: date | None = date(2025, 6, 1),
    *orientations: FaitsOrientation,
    qpv: str = "",
    **champs: Any,
) -> FaitsLiberation:
    """Une libération d'un T3 PLUS de 1970."""
    identifiant = next(_numeros)
    hors_champ = champs.pop("hors_champ", "")
    defaut: dict[str, Any] = {
        "identifiant": identifiant, "numero": f"L{identifiant:06d}", "commune": commune, "typologie": "T3",
        "financement": "PLUS", "annee_construction": 1970, "date_disponibilite": date(2025, 2, 1), "date_bail": bail,
        "situations": (Situation(None, None, qpv, hors_champ),), "orientations": orientations,
    }  # fmt: skip
    return FaitsLiberation(**(defaut | champs))


def faits(versions: Iterable[VersionConvention], liberations: Iterable[FaitsLiberation], **champs: Any) -> FaitsFlux:
    """Les faits de 2025."""
    defaut: dict[str, Any] = {
        "bailleur": "940000011", "departement": "94", "annee": 2025, "conventions": Conventions(versions),
        "liberations": list(liberations), "reservataires": RESERVATAIRES, "etat": ETAT, "communes": DEPARTEMENT,
    }  # fmt: skip
    return FaitsFlux(**(defaut | champs))
