"""Ce que le document dit de chaque réservataire, et des attributions hors du flux, en tableaux étroits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from attributions.domaine.codes import Exclusion
from bilans.domaine.lignes import Section
from bilans.lecture import LectureDuBilan
from bilans.tableaux import (
    AXES,
    AXES_COURTS,
    Case,
    Rang,
    Tableau,
    cle_de_modalite,
    fraction,
    intituler,
    lire_modalite,
    nombre,
)
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.socle.presentation import (
    INCONNU,
    dire_solde,
    ecrire_date_courte,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)

RANGS_AVEC_LE_QPV = 10
"""Au-delà, les communes d'une fiche laissent le QPV à la colonne des périodes : les colonnes s'équilibrent."""
RANGS_EN_COLONNE = 36
"""Au-delà, les communes d'une fiche quittent leur colonne, qui ne passe pas la page, pour un tableau à part, qui la passe."""
_SECTIONS_COURTES = {
    Section.PREMIERES_LOCATIONS: "Premières locations",
    Section.RELOGEMENTS_ET_MUTATIONS: "Relogements, mutations",
    Section.STOCK_MAINTENU: "Stock maintenu",
    Section.SANS_ORIENTATION: "Sans orientation",
    Section.HORS_CHAMP: "Hors du champ",
}


def en_toutes_lettres(tableau: Tableau) -> Tableau:
    """Le tableau d'une fiche, ses en-têtes abrégés pour le papier écrits en entier pour l'écran."""
    entiers = {"Prop.": "Proposés", "Attr.": "Attribués"}
    return replace(tableau, entetes=tuple(entiers.get(entete, entete) for entete in tableau.entetes))


def lire_fiches(lecture: LectureDuBilan) -> list[dict[str, Any]]:
    """Une fiche par compte : ses nombres, ses lignes de droit, ses tableaux par axe ; le bailleur en dernier."""
    comptes = {compte["compte"]: compte for compte in lecture.flux["comptes"]}
    codes = {ligne["compte"] for ligne in lecture.lignes} | comptes.keys()
    return [
        _fiche(lecture, code, comptes.get(code))
        for code in sorted(codes, key=lambda code: (code not in comptes, cle_de_tri(lecture.nom(code))))
    ]


def _fiche(lecture: LectureDuBilan, code: str, compte: Mapping[str, Any] | None) -> dict[str, Any]:
    siennes = [ligne for ligne in lecture.lignes if ligne["compte"] == code]
    colonnes, communes = _ranger_en_colonnes(lecture, code) if siennes else ([], None)
    return {
        "code": code,
        "nom": lecture.nom(code),
        "convention": compte["convention"] if compte else "",
        "entete": _entete(lecture, code, compte, siennes),
        "colonnes": colonnes,
        "communes": communes,
        "droits": [_dire_le_droit(droit) for droit in lecture.document["taux"] if droit["compte"] == code],
        "solde_dit": dire_solde(fraction(compte["solde"]) or 0) if compte else "",
    }


def _ranger_en_colonnes(lecture: LectureDuBilan, code: str) -> tuple[list[list[Tableau]], Tableau | None]:
    """Les tableaux d'une fiche, colonne par colonne ; à part, celui des communes quand il ne tient pas dans une colonne."""
    par_axe = {axe: lecture.par_axe(axe, code) for axe in AXES}
    typologie, financement = [par_axe["typologie"]], [par_axe["financement"]]
    periode, qpv, communes = par_axe["periode_construction"], par_axe["qpv"], par_axe["commune"]
    if len(communes.rangs) > RANGS_EN_COLONNE:
        return [typologie, financement, [qpv, periode]], communes
    if len(communes.rangs) > RANGS_AVEC_LE_QPV:
        return [typologie, financement, [qpv, periode], [communes]], None
    return [typologie, financement, [periode], [communes, qpv]], None


def _entete(
    lecture: LectureDuBilan, code: str, compte: Mapping[str, Any] | None, siennes: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Les nombres d'une fiche : (valeur, libellé)."""
    lignes = list(siennes)
    entete = [
        (ecrire_nombre(sum(ligne["proposes"] for ligne in lignes)), "proposés"),
        (ecrire_nombre(sum(ligne["attribues"] for ligne in lignes)), "attribués"),
    ]
    suites = next((ligne for ligne in lecture.document["suites"] if ligne["compte"] == code), None)
    if compte:
        entete += [
            (ecrire_nombre(fraction(compte["droit_theorique"]), 2), "droit théorique"),
            (ecrire_nombre(compte["decompte"]), "décomptés"),
            (ecrire_solde(fraction(compte["solde"]), 2), "solde"),
        ]
    elif suites:
        entete += [(ecrire_nombre(suites["orientes"]), "orientés"), (ecrire_nombre(suites["baux"]), "baux")]
    return entete


def _dire_le_droit(droit: Mapping[str, Any]) -> str:
    """« Val-de-Marne : 24,00 % × 717 logements, du 01/01/2025 au 31/12/2025 (RG-33) »."""
    periode = " au ".join(ecrire_date_courte(date.fromisoformat(droit[borne])) for borne in ("debut", "fin"))
    logements = f"{ecrire_nombre(droit['nombre'])} logement{'s' if droit['nombre'] > 1 else ''}"
    return (
        f"{droit['libelle'] or INCONNU} : {ecrire_taux(fraction(droit['taux']))} × {logements}, "
        f"du {periode} ({droit['regle']})"
    )


def lire_hors_flux(lecture: LectureDuBilan) -> list[list[Tableau]]:
    """Les baux hors du flux, une colonne par section, un tableau par axe, en deux colonnes ; vide s'il n'y en a pas."""
    sections = [
        section for section in _SECTIONS_COURTES if any(ligne["section"] == section for ligne in _hors_flux(lecture))
    ]
    if not sections:
        return []
    motifs = [_par_motif(lecture)] if Section.RELOGEMENTS_ET_MUTATIONS in sections else []
    gauche, droite = ("qpv", "typologie", "periode_construction"), ("financement", "commune")
    return [
        [*motifs, *(_par_section(lecture, sections, axe) for axe in gauche)],
        [_par_section(lecture, sections, axe) for axe in droite],
    ]


def _hors_flux(lecture: LectureDuBilan) -> list[Mapping[str, Any]]:
    return list(lecture.document["hors_flux"])


def _par_motif(lecture: LectureDuBilan) -> Tableau:
    """B par motif, sur tout le département : un motif ne se croise avec rien (RG-64)."""
    libelles = {motif.value: motif.libelle for motif in Exclusion}
    nombres = {libelles.get(motif, "Sans motif"): combien for motif, combien in lecture.document["motifs"].items()}
    rangs = [Rang(motif, (nombre(combien),)) for motif, combien in sorted(nombres.items())]
    rangs.append(Rang("Ensemble", (nombre(sum(nombres.values())),), est_total=True))
    return Tableau("Relogements et mutations, par motif", ("Motif", "Baux"), tuple(rangs))


def _par_section(lecture: LectureDuBilan, sections: list[Section], axe: str) -> Tableau:
    """Modalités d'un axe en lignes, sections en colonnes ; « — » : axe qui n'est pas dit du stock maintenu (RG-73)."""
    nombres: Counter[tuple[str, Any]] = Counter()
    for ligne in _hors_flux(lecture):
        if ligne[axe] is not None:
            nombres[ligne["section"], ligne[axe]] += ligne["baux"]
    dites = {section for section, _ in nombres}
    modalites = sorted(
        {valeur for _, valeur in nombres}, key=lambda valeur: cle_de_modalite(axe, valeur, lecture.communes)
    )
    rangs = [
        Rang(
            lire_modalite(axe, valeur, lecture.communes),
            tuple(nombre(nombres[section, valeur]) if section in dites else Case(INCONNU) for section in sections),
        )
        for valeur in modalites
    ]
    totaux = [
        sum(ligne["baux"] for ligne in _hors_flux(lecture) if ligne["section"] == section) for section in sections
    ]
    rangs.append(Rang("Ensemble", tuple(nombre(total) for total in totaux), est_total=True))
    entetes = (intituler(AXES_COURTS[axe]), *(_SECTIONS_COURTES[section] for section in sections))
    return Tableau(f"Par {AXES[axe]}", entetes, tuple(rangs))
