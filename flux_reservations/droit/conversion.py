"""Du stock au flux : taux simple, pondéré par la rotation, repli du préfet (RG-19, RG-34, RG-35)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from flux_reservations.commun.arrondis import Cle, arrondir_a
from flux_reservations.commun.calendrier import ajouter_annees
from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude, Parametre, fixe

ECHEANCE_DES_CONVENTIONS = Parametre(
    libelle="Dernier jour pour signer les conventions en flux ; ensuite les droits en stock s'ajoutent au flux du préfet",
    unite="date",
    regle="RG-19",
    versions=fixe(date(2023, 11, 24), textes.LOI_3DS, date(2022, 2, 23)),
)
DECIMALES_DU_TAUX_DE_REPLI = Parametre(
    libelle="Décimales (du pourcentage) auxquelles le taux de repli est arrondi, moitié vers le haut",
    unite="décimales",
    regle="RG-19",
    versions=fixe(2, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
PROROGATION_DES_GARANTIES = Parametre(
    libelle="Prorogation des droits d'un garant après le dernier versement de l'emprunt garanti",
    unite="années",
    regle="RG-23",
    versions=fixe(5, textes.R_441_6),
)


def debut_du_repli() -> date:
    """Premier jour du repli : le lendemain de l'échéance des conventions, soit le 25 novembre 2023."""
    return ECHEANCE_DES_CONVENTIONS.versions[-1].valeur + timedelta(days=1)


def taux_simple(droits_de_suite: int, logements: int) -> Fraction | None:
    """Droits de suite actifs ÷ logements, en % (RG-34, RG-35 a) ; None sans logement."""
    return Fraction(100 * droits_de_suite, logements) if logements else None


def taux_pondere(
    droits: Mapping[Cle, int], logements: Mapping[Cle, int], mises_en_location: Mapping[Cle, int]
) -> Fraction | None:
    """Taux pondéré par la rotation, en % (RG-35 b) : Σ n_s·rot_s ÷ Σ N_s·rot_s, s une strate.

    rot_s = mises en location ÷ (années × N_s) : le nombre d'années se simplifie, et N_s·rot_s est proportionnel aux mises en
    location de la strate. Une strate sans logement ne compte pas ; None si rien ne s'est libéré.
    """
    strates = [strate for strate, nombre in logements.items() if nombre]
    total = sum(mises_en_location.get(strate, 0) for strate in strates)
    if not total:
        return None
    reserve = sum(
        (Fraction(droits.get(strate, 0) * mises_en_location.get(strate, 0), logements[strate]) for strate in strates),
        Fraction(0),
    )
    return 100 * reserve / total


def taux_de_repli(droits_de_suite: int, logements: int, le: date) -> Fraction:
    """Taux (en %) qui revient au préfet pour les droits non convertis d'un réservataire, arrondi à 0,01 % (RG-19).

    240 droits sur 6 000 logements → 4 % ; sur C = 650, 26 logements de plus pour l'État.
    """
    exact = taux_simple(droits_de_suite, logements)
    return arrondir_a(exact, DECIMALES_DU_TAUX_DE_REPLI.valeur(le)) if exact is not None else Fraction(0)


def periode_de_repli(
    premier_effet_apres_l_echeance: date | None, *, a_signe_a_temps: bool
) -> tuple[date, date | None] | None:
    """Jours (inclus) où les droits d'un réservataire vont au préfet (RG-19) ; None s'il n'y en a pas.

    Du 25/11/2023 à la veille de la date d'effet de sa convention ; sans fin tant qu'il n'en a pas signé. Une convention signée
    à l'échéance suffit à l'écarter, même si elle prend effet plus tard.
    """
    if a_signe_a_temps:
        return None
    debut = debut_du_repli()
    if premier_effet_apres_l_echeance is None:
        return (debut, None)
    veille = premier_effet_apres_l_echeance - timedelta(days=1)
    return (debut, veille) if veille >= debut else None


def echeance_d_un_droit_garanti(dernier_versement: date, le: date) -> date:
    """Dernier jour des droits d'un garant dont l'emprunt est remboursé : cinq ans après le dernier versement (RG-23)."""
    return ajouter_annees(dernier_versement, PROROGATION_DES_GARANTIES.valeur(le))
