"""Le PDF d'un bilan, fait de ses seules données figées : le même objet donne le même document (RG-60, RG-63)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from attributions.domaine.publics import Objectif
from bilans.calcul import CalculAnnuel
from bilans.document import composer_document
from bilans.domaine.empreinte import calculer_empreinte
from bilans.domaine.lignes import Section
from bilans.tableaux import AXES, COLONNES_D_UNE_FICHE, LectureDuBilan
from conventions.models import Bailleur
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.presentation import INCONNU, ecrire_taux
from flux_reservations.territoires.models import Departement

_SOMMAIRE = (
    ("essentiel", "L'essentiel"),
    ("comptes", "Les comptes des réservataires"),
    ("proposes", "Logements proposés et attribués"),
    ("croisements", "Croisements par réservataire"),
    ("suites", "Refus, carences, délais"),
    ("equilibre", "Équilibre et territoires"),
    ("hors-flux", "Attributions hors du flux"),
    ("controles", "Contrôles"),
    ("regles", "Règles appliquées et sources"),
    ("fiches", "Une fiche par réservataire"),
)


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
        "sommaire": [(rang, ancre, libelle) for rang, (ancre, libelle) in enumerate(_SOMMAIRE, start=1)],
        "lecture": lecture,
        "par_compte": lecture.par_compte(),
        "par_axe": [lecture.par_axe(axe) for axe in AXES],
        "croises": [
            lecture.croise(axe, mesure) for axe in AXES if axe != "commune" for mesure in ("proposes", "attribues")
        ],
        "refus": lecture.menages("refus", "Ménages qui ont refusé, ou que la commission n'a pas retenus"),
        "publics": lecture.menages("publics", "Ménages logés, par compte et par public"),
        "objectifs": _lire_objectifs(lecture),
        "equilibre": lecture.equilibre(),
        "hors_flux": _lire_hors_flux(lecture),
        "droits": _lire_droits(lecture),
        "fiches": lecture.fiches(),
    }
    return render_to_string("bilans/pdf/bilan.html", contexte)


def _lire_objectifs(lecture: LectureDuBilan) -> list[dict[str, str]]:
    resultats = {True: "Tenu", False: "Non tenu", None: "Publics inconnus"}
    return [
        {
            "libelle": Objectif(objectif["objectif"]).libelle,
            "nom": lecture.nom(objectif["compte"]) if objectif["compte"] else "Ensemble des baux",
            "seuil": ecrire_taux(Fraction(objectif["seuil"]), 0),
            "resultat": resultats[objectif["est_tenu"]],
        }
        for objectif in lecture.document["objectifs"]
    ]


def _lire_hors_flux(lecture: LectureDuBilan) -> list[dict[str, Any]]:
    """Les sections hors du flux qui ont des baux, leurs tableaux deux par deux."""
    sections = []
    for section in lecture.document["sections"]:
        if section["section"] == Section.FLUX or not section["baux"]:
            continue
        motifs = ("exclusion",) if section["section"] == Section.RELOGEMENTS_ET_MUTATIONS else ()
        gauche, *autres = COLONNES_D_UNE_FICHE
        colonnes = [
            [lecture.hors_flux(section["section"], axe) for axe in axes] for axes in ((*motifs, *gauche), *autres)
        ]
        sections.append(section | {"colonnes": colonnes})
    return sections


def _lire_droits(lecture: LectureDuBilan) -> list[dict[str, Any]]:
    return [
        droit
        | {
            "nom": lecture.nom(droit["compte"]),
            "taux": ecrire_taux(Fraction(droit["taux"])),
            "debut": date.fromisoformat(droit["debut"]),
            "fin": date.fromisoformat(droit["fin"]),
            "libelle": droit["libelle"] or INCONNU,
        }
        for droit in lecture.document["taux"]
    ]


def bilan_pdf(
    donnees: Mapping[str, Any], *, version: int = 0, ce_qui_change: str = "", en_caleol: bool = False
) -> bytes:
    """Les octets du PDF/UA-1."""
    return produire_pdf(html_du_bilan(donnees, version=version, ce_qui_change=ce_qui_change, en_caleol=en_caleol))


def ecrire_pdf(calcul: CalculAnnuel, bailleur: Bailleur, departement: Departement, dossier: Path) -> Path:
    """Écrit le PDF de travail d'une année dans `dossier` (commande `produire_bilan --sortie`) et rend son chemin."""
    donnees = composer_document(calcul, bailleur, departement, timezone.localdate())
    chemin = dossier / nom_du_fichier(bailleur.siren, departement.pk, calcul.faits.annee, "pdf")
    chemin.write_bytes(bilan_pdf(donnees))
    return chemin
