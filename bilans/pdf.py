"""Le PDF d'un bilan, fait de ses seules données figées : le même objet donne le même document (RG-60, RG-63)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from django.template.loader import render_to_string

from attributions.domaine.publics import Objectif
from bilans.fiches import lire_fiches, lire_hors_flux
from bilans.lecture import LectureDuBilan
from bilans.tableaux import AXES, MASQUE, Tableau
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.droit.delais import SEUIL_DU_SECRET, echeance_du_bilan
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.presentation import ecrire_jour_et_mois, ecrire_nombre, ecrire_taux

_SOMMAIRE = (
    ("essentiel", "L'essentiel"),
    ("comptes", "Les comptes des réservataires"),
    ("proposes", "Logements proposés et attribués"),
    ("croisements", "Croisements par réservataire"),
    ("suites", "Refus, carences, délais, publics"),
    ("equilibre", "Équilibre et territoires"),
    ("hors-flux", "Attributions hors du flux"),
    ("controles", "Contrôles"),
    ("regles", "Règles appliquées et sources"),
    ("fiches", "Une fiche par réservataire"),
)
_HORS_DE_LA_CALEOL = frozenset({"croisements", "fiches"})
"""Chapitres que la présentation en commission n'a pas : ils sont dans le bilan complet (RG-62)."""


def nom_du_fichier(siren: str, departement: str, annee: int, extension: str, genre: str = "bilan") -> str:
    """`bilan-<siren>-<departement>-<annee>.pdf`."""
    return f"{genre}-{siren}-{departement}-{annee}.{extension}"


def html_du_bilan(
    donnees: Mapping[str, Any], *, version: int = 0, ce_qui_change: str = "", en_caleol: bool = False
) -> str:
    """Le HTML du bilan ; `version` 0 : un document de travail, non publié ; `en_caleol` : présenté en commission (RG-62)."""
    document = donnees["document"]
    lecture = LectureDuBilan(donnees)
    titre = f"Bilan {document['annee']} des {'attributions, présenté en CALEOL' if en_caleol else 'logements proposés et attribués'}"
    chapitres = [chapitre for chapitre in _SOMMAIRE if not en_caleol or chapitre[0] not in _HORS_DE_LA_CALEOL]
    sommaire = [(rang, ancre, libelle) for rang, (ancre, libelle) in enumerate(chapitres, start=1)]
    contexte = {
        "titre": titre,
        "titre_complet": f"{titre} – {document['departement']['nom']}",
        "description": f"Bilan annuel de {document['bailleur']['nom']}, gestion en flux des réservations de logements sociaux",
        "document": document,
        "en_caleol": en_caleol,
        "flux": donnees["flux"],
        "version": version,
        "ce_qui_change": ce_qui_change,
        "etabli_le": date.fromisoformat(document["etabli_le"]),
        "empreinte": calculer_empreinte(donnees),
        "echeance": ecrire_jour_et_mois(echeance_du_bilan(document["annee"])),
        "sommaire": sommaire,
        "rangs": {ancre.replace("-", "_"): rang for rang, ancre, _ in sommaire},
        "seuil_du_secret": SEUIL_DU_SECRET.valeur(date(document["annee"], 12, 31)),
        "lecture": lecture,
        "par_compte": lecture.par_compte(),
        "par_axe": [lecture.par_axe(axe) for axe in AXES],
        "croises": [] if en_caleol else _croiser(lecture),
        "refus": lecture.menages("refus", "Ménages qui ont refusé, ou que la commission n'a pas retenus"),
        "publics": lecture.menages("publics", "Ménages logés sur le flux, par compte et par public"),
        "objectifs": _lire_objectifs(lecture),
        "equilibre": lecture.equilibre(),
        "hors_flux": lire_hors_flux(lecture),
        "fiches": [] if en_caleol else lire_fiches(lecture),
    }
    return render_to_string("bilans/pdf/bilan.html", contexte)


def _croiser(lecture: LectureDuBilan) -> list[Tableau]:
    """Réservataire × chaque axe ; la commune, trop large, est dans les fiches."""
    return [lecture.croise(axe, mesure) for axe in AXES if axe != "commune" for mesure in ("proposes", "attribues")]


def _lire_objectifs(lecture: LectureDuBilan) -> list[dict[str, str]]:
    """Une ligne par objectif : qui le tient, qui ne le tient pas, de qui on ne le dit pas (RG-50, RG-64)."""
    par_objectif: dict[str, list[Mapping[str, Any]]] = {}
    for objectif in lecture.document["objectifs"]:
        par_objectif.setdefault(objectif["objectif"], []).append(objectif)

    def nommer(objectifs: list[Mapping[str, Any]], *, est_tenu: bool | None) -> str:
        return ", ".join(
            lecture.nom(un["compte"]) if un["compte"] else "ensemble des baux"
            for un in objectifs
            if un["est_tenu"] is est_tenu
        )

    return [
        {
            "libelle": Objectif(nom).libelle,
            "seuil": ecrire_taux(Fraction(objectifs[0]["seuil"]), 0),
            "tenus": nommer(objectifs, est_tenu=True),
            "non_tenus": nommer(objectifs, est_tenu=False),
            "non_dits": nommer(objectifs, est_tenu=None),
            "inconnus": _sommer_les_inconnus(objectifs),
        }
        for nom, objectifs in par_objectif.items()
    ]


def _sommer_les_inconnus(objectifs: Iterable[Mapping[str, Any]]) -> str:
    """Ménages dont le public n'est pas connu ; tu dès qu'un compte l'est (RG-64)."""
    nombres = [objectif.get("inconnus", 0) for objectif in objectifs]
    return MASQUE if None in nombres else ecrire_nombre(sum(nombres))


def bilan_pdf(
    donnees: Mapping[str, Any], *, version: int = 0, ce_qui_change: str = "", en_caleol: bool = False
) -> bytes:
    """Les octets du PDF/UA-1."""
    return produire_pdf(html_du_bilan(donnees, version=version, ce_qui_change=ce_qui_change, en_caleol=en_caleol))
