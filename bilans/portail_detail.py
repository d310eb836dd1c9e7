"""De quoi est fait chaque nombre des contrôles d'un territoire : des totaux par commune, par motif, par compte ; aucun logement (§ 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from attributions.domaine.codes import Exclusion
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.portail import Lieu
from flux_reservations.socle import rls
from flux_reservations.socle.presentation import compter, ecrire_nombre, ecrire_taux
from flux_reservations.territoires.models import Commune

SOUS_CONTINGENTS_DE_L_ETAT: Final = frozenset({"prioritaires", "agents"})


@dataclass(frozen=True, slots=True)
class Detail:
    """Un nombre et ce qui le compose."""

    titre: str
    total: str
    entetes: tuple[str, ...]
    lignes: tuple[tuple[str, ...], ...]
    regle: str
    explication: str


def detailler(lieu: Lieu, annee: int, quoi: str) -> Detail | None:
    """Le détail d'un nombre (`flux`, `droit`, `decompte`, `hors-qpv`) ; None si l'on ne connaît pas ce nombre. Calculé en système."""
    detail = DETAILS.get(quoi)
    if detail is None:
        return None
    with rls.en_systeme():
        calcul = calculer_annee(lieu.bailleur, lieu.departement.pk, annee)
    return detail(calcul)


def _flux(calcul: CalculAnnuel) -> Detail:
    """C = A − B, puis par commune."""
    assiette, annee = calcul.flux.assiette, calcul.flux.annee
    debut, fin = date(annee, 1, 1), date(annee, 12, 31)
    communes = Counter(
        une.faits.commune for une in calcul.flux.liberations if une.est_du_flux and une.est_louee_entre(debut, fin)
    )
    exclusions = [
        (f"dont exclu : {dict(Exclusion.choix())[motif].lower()}", f"−{ecrire_nombre(nombre)}")
        for motif, nombre in sorted(assiette.exclusions.items())
        if nombre
    ]
    return Detail(
        "Flux à répartir (C)",
        compter(assiette.flux, "logement"),
        ("Ce qui compte", "Logements"),
        (
            ("Mis en location dans l'année (A)", ecrire_nombre(assiette.mises_en_location)),
            *exclusions,
            *((f"C, {nom}", ecrire_nombre(communes[code])) for code, nom in _noms(communes)),
        ),
        "RG-30",
        "Logements du champ mis en location dans l'année, moins ceux qui sont exclus du flux.",
    )


def _droit(calcul: CalculAnnuel) -> Detail:
    """Par compte de l'État."""
    comptes = [un for un in calcul.flux.comptes if un.sous_contingent in SOUS_CONTINGENTS_DE_L_ETAT]
    return Detail(
        "Droit de l'État",
        compter(sum(un.droit for un in comptes), "logement"),
        ("Compte", "Droit théorique", "Droit entier"),
        tuple((un.compte, ecrire_nombre(un.droit_theorique, 2), ecrire_nombre(un.droit)) for un in comptes),
        "RG-33",
        "Le taux signé s'applique à chaque logement mis en location ; l'État est arrondi à l'entier inférieur de son total.",
    )


def _decompte(calcul: CalculAnnuel) -> Detail:
    """Par compte et commune."""
    lieux = {une.identifiant: une.commune for une in calcul.faits.liberations}
    nombres = Counter(
        (un.compte, lieux[decompte.liberation])
        for un in calcul.flux.comptes
        if un.sous_contingent in SOUS_CONTINGENTS_DE_L_ETAT
        for decompte in un.decomptes
    )
    noms = dict(_noms(Counter(commune for _, commune in nombres)))
    return Detail(
        "Décompte de l'État",
        compter(sum(nombres.values()), "logement"),
        ("Compte", "Commune", "Logements"),
        tuple((compte, noms[commune], ecrire_nombre(nombre)) for (compte, commune), nombre in sorted(nombres.items())),
        "RG-46",
        "Logements décomptés sur les comptes de l'État dans l'année, à la date du fait générateur de sa convention.",
    )


def _hors_qpv(calcul: CalculAnnuel) -> Detail:
    """Part du flux hors QPV qui revient à l'État."""
    etat = calcul.flux.etat
    part = (
        ecrire_taux(Fraction(etat.decompte_hors_qpv * 100, etat.flux_hors_qpv)) if etat.flux_hors_qpv else "sans objet"
    )
    return Detail(
        "Part hors QPV",
        part,
        ("Ce qui compte", "Logements"),
        (
            ("Flux hors QPV", ecrire_nombre(etat.flux_hors_qpv)),
            ("Décompté à l'État, hors QPV", ecrire_nombre(etat.decompte_hors_qpv)),
        ),
        "RG-37",
        "Part du flux hors quartiers prioritaires qui revient à l'État ; elle ne peut être inférieure à 30 %, sauf stipulation contraire.",
    )


def _noms(codes: Counter[str]) -> list[tuple[str, str]]:
    return list(Commune.objects.filter(pk__in=codes).order_by("cle_tri").values_list("code", "nom"))


DETAILS: Final[dict[str, Callable[[CalculAnnuel], Detail]]] = {
    "flux": _flux,
    "droit": _droit,
    "decompte": _decompte,
    "hors-qpv": _hors_qpv,
}
