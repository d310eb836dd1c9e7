"""Le PDF et le tableur de l'information de début d'année (RG-61), sur le moule du bilan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from attributions.domaine.codes import Exclusion
from bilans.domaine.empreinte import calculer_empreinte
from bilans.tableaux import Rang, Tableau, nombre
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.presentation import ecrire_nombre
from flux_reservations.socle.tableur import ColonneTableur, Feuille, ecrire_classeur

_LIBELLES = {motif.value: motif.libelle for motif in Exclusion}


def html_de_l_information(donnees: Mapping[str, Any], *, version: int = 0) -> str:
    """Le HTML de l'information de début d'année."""
    document = donnees["document"]
    annee = document["annee"]
    titre = f"Logements soustraits du flux en {annee}"
    attendues = sum(ligne["mises_en_location"] for ligne in donnees["prevision"])
    soustraites = sum(sum(ligne["exclusions"].values()) for ligne in donnees["prevision"])
    contexte = {
        "titre": titre,
        "titre_complet": f"{titre} – {document['departement']['nom']}",
        "description": f"Information de début d'année de {document['bailleur']['nom']}",
        "document": document,
        "version": version,
        "etabli_le": date.fromisoformat(document["etabli_le"]),
        "empreinte": calculer_empreinte(donnees),
        "annee_precedente": annee - 1,
        "chiffres": [
            (ecrire_nombre(attendues), "mises en location prévues (A)"),
            (ecrire_nombre(soustraites), "soustraites du flux (B)"),
            (ecrire_nombre(attendues - soustraites), "logements du flux prévisionnel (C)"),
            (
                ecrire_nombre(sum(ligne["baux"] for ligne in donnees["relogements"])),
                f"relogements et mutations faits en {annee - 1}",
            ),
        ],
        "affectation": _affectation(donnees, soustraites),
        "par_commune": _prevision_par_commune(donnees),
        "relogements": _relogements(donnees),
        "relogements_par_commune": _relogements_par_commune(donnees),
    }
    return render_to_string("bilans/pdf/debut_annee.html", contexte)


def _affectation(donnees: Mapping[str, Any], total: int) -> Tableau:
    prevus: Counter[str] = Counter()
    for ligne in donnees["prevision"]:
        prevus.update(ligne["exclusions"])
    faits = donnees["assiette_precedente"]["exclusions"]
    rangs = [
        Rang(libelle, (nombre(prevus[motif]), nombre(faits.get(motif, 0)))) for motif, libelle in _LIBELLES.items()
    ]
    rangs.append(Rang("Ensemble", (nombre(total), nombre(sum(faits.values()))), est_total=True))
    annee = donnees["document"]["annee"]
    return Tableau(
        "Affectation prévisionnelle des logements soustraits du flux",
        ("Catégorie d'opération", f"Prévus en {annee}", f"Constatés en {annee - 1}"),
        tuple(rangs),
    )


def _prevision_par_commune(donnees: Mapping[str, Any]) -> Tableau:
    communes = donnees["document"]["communes"]
    lignes = sorted(donnees["prevision"], key=lambda ligne: cle_de_tri(communes.get(ligne["commune"], "")))
    rangs = [
        Rang(
            communes.get(ligne["commune"], ligne["commune"]),
            _abc(ligne["mises_en_location"], sum(ligne["exclusions"].values())),
        )
        for ligne in lignes
    ]
    a = sum(ligne["mises_en_location"] for ligne in lignes)
    b = sum(sum(ligne["exclusions"].values()) for ligne in lignes)
    rangs.append(Rang("Ensemble", _abc(a, b), est_total=True))
    return Tableau(
        "Prévision par commune", ("Commune", "Mises en location (A)", "Soustraites (B)", "Flux (C)"), tuple(rangs)
    )


def _abc(a: int, b: int) -> tuple[Any, ...]:
    return nombre(a), nombre(b), nombre(max(0, a - b))


def _relogements(donnees: Mapping[str, Any]) -> Tableau:
    nombres: Counter[str] = Counter()
    for ligne in donnees["relogements"]:
        nombres[ligne["exclusion"]] += ligne["baux"]
    rangs = [Rang(libelle, (nombre(nombres[motif]),)) for motif, libelle in _LIBELLES.items()]
    rangs.append(Rang("Ensemble", (nombre(sum(nombres.values())),), est_total=True))
    return Tableau(
        "Attributions faites au titre des relogements et mutations", ("Catégorie d'opération", "Baux"), tuple(rangs)
    )


def _relogements_par_commune(donnees: Mapping[str, Any]) -> Tableau | None:
    if not donnees["relogements"]:
        return None
    communes = donnees["document"]["communes"]
    nombres: Counter[tuple[str, str]] = Counter()
    for ligne in donnees["relogements"]:
        nombres[ligne["commune"], ligne["exclusion"]] += ligne["baux"]
    codes = sorted({commune for commune, _ in nombres}, key=lambda code: cle_de_tri(communes.get(code, "")))
    rangs = [
        Rang(
            communes.get(code, code),
            (
                *(nombre(nombres[code, motif]) for motif in _LIBELLES),
                nombre(sum(nombres[code, motif] for motif in _LIBELLES)),
            ),
        )
        for code in codes
    ]
    return Tableau("Par commune et par catégorie", ("Commune", *_LIBELLES.values(), "Ensemble"), tuple(rangs))


def information_pdf(donnees: Mapping[str, Any], *, version: int = 0) -> bytes:
    """Les octets du PDF/UA-1."""
    return produire_pdf(html_de_l_information(donnees, version=version))


def information_xlsx(donnees: Mapping[str, Any]) -> bytes:
    """Les octets du XLSX : la prévision par commune, les relogements de l'an passé."""
    communes = donnees["document"]["communes"]
    motifs = list(_LIBELLES)
    prevision = Feuille(
        "Prévision",
        (
            ColonneTableur("commune"),
            ColonneTableur("nom_commune"),
            ColonneTableur("mises_en_location", "entier", 18),
            *(ColonneTableur(motif, "entier", 14) for motif in motifs),
        ),
        [
            (
                ligne["commune"],
                communes.get(ligne["commune"], ""),
                ligne["mises_en_location"],
                *(ligne["exclusions"].get(motif, 0) for motif in motifs),
            )
            for ligne in donnees["prevision"]
        ],
        figees=2,
    )
    relogements = Feuille(
        "Relogements faits",
        (
            ColonneTableur("exclusion"),
            ColonneTableur("commune"),
            ColonneTableur("nom_commune"),
            ColonneTableur("typologie"),
            ColonneTableur("baux", "entier"),
        ),
        [
            (
                ligne["exclusion"],
                ligne["commune"],
                communes.get(ligne["commune"], ""),
                ligne["typologie"],
                ligne["baux"],
            )
            for ligne in donnees["relogements"]
        ],
    )
    return ecrire_classeur(
        [prevision, relogements], titre=f"Information de début d'année {donnees['document']['annee']}"
    )
