"""Le PDF et le tableur de l'information de début d'année (RG-61), sur le moule du bilan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from attributions.domaine.codes import Exclusion
from bilans.tableaux import Case, Rang, Tableau, cle_de_modalite, intituler, lire_modalite, nombre
from flux_reservations.commun.calendrier import premier_janvier
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.presentation import ecrire_nombre
from flux_reservations.socle.tableur import ColonneTableur, Feuille, ecrire_classeur

_LIBELLES = {motif.value: motif.libelle for motif in Exclusion}
_REGLES_CITEES = frozenset({"RG-31", "RG-60"})


def html_de_l_information(donnees: Mapping[str, Any], *, version: int = 0, ce_qui_change: str = "") -> str:
    """Le HTML de l'information de début d'année."""
    document = donnees["document"]
    annee = document["annee"]
    titre = f"Information de début d'année {annee}"
    attendues = sum(ligne["mises_en_location"] for ligne in donnees["prevision"])
    inconnues = bool(donnees.get("exclusions_inconnues"))
    soustraites = None if inconnues else sum(sum(ligne["exclusions"].values()) for ligne in donnees["prevision"])
    contexte = {
        "titre": titre,
        "titre_complet": f"{titre}, logements soustraits du flux – {document['departement']['nom']}",
        "description": f"Information de début d'année de {document['bailleur']['nom']}",
        "document": document,
        "version": version,
        "ce_qui_change": ce_qui_change,
        "etabli_le": date.fromisoformat(document["etabli_le"]),
        "empreinte": calculer_empreinte(donnees),
        "annee_precedente": annee - 1,
        "annees_de_prevision": ANNEES_DE_PREVISION.valeur(premier_janvier(annee)),
        "source": donnees.get("prevision_source", ""),
        "exclusions_inconnues": inconnues,
        "exclusions_dites_nulles": donnees.get("exclusions_dites_nulles", False),
        "chiffres": [
            (ecrire_nombre(attendues), "mises en location prévues (A)"),
            (ecrire_nombre(soustraites), "soustraites du flux (B)"),
            (
                ecrire_nombre(None if soustraites is None else attendues - soustraites),
                "logements du flux prévisionnel (C)",
            ),
            (
                ecrire_nombre(sum(ligne["baux"] for ligne in donnees["relogements"])),
                f"relogements et mutations faits en {annee - 1}",
            ),
        ],
        "affectation": _affectation(donnees, soustraites),
        "par_commune": _prevision_par_commune(donnees),
        "relogements_par_motif": _relogements_par_motif(donnees),
        "relogements_par_typologie": _relogements_par(donnees, "typologie"),
        "relogements_par_commune": _relogements_par(donnees, "commune"),
        "regles": [regle for regle in document["regles"] if regle["regle"] in _REGLES_CITEES],
    }
    return render_to_string("bilans/pdf/debut_annee.html", contexte)


def _affectation(donnees: Mapping[str, Any], total: int | None) -> Tableau:
    """Ce qui est prévu par catégorie d'opération, face à ce qui était annoncé l'an passé et à ce qui s'est fait (RG-31, RG-61)."""
    prevus: Counter[str] = Counter()
    for ligne in donnees["prevision"]:
        prevus.update(ligne["exclusions"])
    faits = donnees["assiette_precedente"]["exclusions"]
    annonces = donnees.get("annonce_precedente") or {}
    annee = donnees["document"]["annee"]

    def cases(prevu: int | None, annonce: int, fait: int) -> tuple[Case, ...]:
        return (nombre(prevu), *((nombre(annonce),) if annonces else ()), nombre(fait))

    rangs = [
        Rang(libelle, cases(None if total is None else prevus[motif], annonces.get(motif, 0), faits.get(motif, 0)))
        for motif, libelle in _LIBELLES.items()
    ]
    rangs.append(Rang("Ensemble", cases(total, sum(annonces.values()), sum(faits.values())), est_total=True))
    entete_des_annonces = (f"Annoncés pour {annee - 1}",) if annonces else ()
    return Tableau(
        "Affectation prévisionnelle des logements soustraits du flux",
        ("Catégorie d'opération", f"Prévus en {annee}", *entete_des_annonces, f"Constatés en {annee - 1}"),
        tuple(rangs),
    )


def _prevision_par_commune(donnees: Mapping[str, Any]) -> Tableau:
    communes = donnees["document"]["communes"]
    inconnues = bool(donnees.get("exclusions_inconnues"))
    lignes = sorted(donnees["prevision"], key=lambda ligne: cle_de_tri(communes.get(ligne["commune"], "")))
    rangs = [
        Rang(
            communes.get(ligne["commune"], ligne["commune"]),
            _abc(ligne["mises_en_location"], None if inconnues else sum(ligne["exclusions"].values())),
        )
        for ligne in lignes
    ]
    a = sum(ligne["mises_en_location"] for ligne in lignes)
    b = sum(sum(ligne["exclusions"].values()) for ligne in lignes)
    rangs.append(Rang("Ensemble", _abc(a, None if inconnues else b), est_total=True))
    return Tableau(
        "Prévision par commune", ("Commune", "Mises en location (A)", "Soustraites (B)", "Flux (C)"), tuple(rangs)
    )


def _abc(a: int, b: int | None) -> tuple[Case, ...]:
    return nombre(a), nombre(b), nombre(None if b is None else max(0, a - b))


def _relogements_par_motif(donnees: Mapping[str, Any]) -> Tableau | None:
    """Les attributions de l'an passé par catégorie d'opération, sur le département (RG-61)."""
    nombres = donnees["motifs"]
    if not nombres:
        return None
    rangs = [Rang(libelle, (nombre(nombres.get(motif, 0)),)) for motif, libelle in _LIBELLES.items()]
    rangs.append(Rang("Ensemble", (nombre(sum(nombres.values())),), est_total=True))
    return Tableau(
        "Attributions faites au titre des relogements et mutations", ("Catégorie d'opération", "Baux"), tuple(rangs)
    )


def _relogements_par(donnees: Mapping[str, Any], axe: str) -> Tableau | None:
    """Les mêmes, toutes catégories, par commune ou par typologie : un motif croisé décrirait un ménage (RG-64)."""
    communes, nombres = donnees["document"]["communes"], Counter[str]()
    for ligne in donnees["relogements"]:
        nombres[ligne[axe]] += ligne["baux"]
    if not nombres:
        return None
    valeurs = sorted(nombres, key=lambda valeur: cle_de_modalite(axe, valeur, communes))
    rangs = [Rang(lire_modalite(axe, valeur, communes), (nombre(nombres[valeur]),)) for valeur in valeurs]
    rangs.append(Rang("Ensemble", (nombre(sum(nombres.values())),), est_total=True))
    return Tableau(f"Par {axe}", (intituler(axe), "Baux"), tuple(rangs))


def information_pdf(donnees: Mapping[str, Any], *, version: int = 0, ce_qui_change: str = "") -> bytes:
    """Les octets du PDF/UA-1."""
    return produire_pdf(html_de_l_information(donnees, version=version, ce_qui_change=ce_qui_change))


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
            ColonneTableur("commune"),
            ColonneTableur("nom_commune"),
            ColonneTableur("typologie"),
            ColonneTableur("baux", "entier"),
        ),
        [
            (
                ligne["commune"],
                communes.get(ligne["commune"], ""),
                ligne["typologie"],
                ligne["baux"],
            )
            for ligne in donnees["relogements"]
        ],
    )
    motifs_faits = Feuille(
        "Motifs",
        (ColonneTableur("exclusion", largeur=24), ColonneTableur("baux", "entier")),
        sorted(donnees["motifs"].items()),
    )
    return ecrire_classeur(
        [prevision, motifs_faits, relogements], titre=f"Information de début d'année {donnees['document']['annee']}"
    )
