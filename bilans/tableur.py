"""Le tableur d'un bilan : mêmes données figées que le PDF, une feuille par sujet, aux noms du contrat (formats.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bilans.lecture import LectureDuBilan
from bilans.tableaux import MASQUE
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.socle.tableur import ColonneTableur, Feuille, Genre, ecrire_classeur

_AXES: tuple[tuple[str, Genre], ...] = (
    ("commune", "texte"),
    ("nom_commune", "texte"),
    ("qpv", "texte"),
    ("typologie", "texte"),
    ("financement", "texte"),
    ("periode_construction", "texte"),
)


def bilan_xlsx(donnees: Mapping[str, Any]) -> bytes:
    """Les octets du XLSX."""
    document = donnees["document"]
    titre = f"Bilan {document['annee']} – {document['bailleur']['nom']} – {document['departement']['nom']}"
    instant = timezone.make_aware(datetime.combine(date.fromisoformat(document["etabli_le"]), time()))
    return ecrire_classeur(feuilles_du_bilan(donnees), titre=titre, date_de=instant)


def feuilles_du_bilan(donnees: Mapping[str, Any]) -> Iterator[Feuille]:
    """Lisez-moi, assiette, comptes, lignes, hors flux, suites, ménages, contrôles."""
    lecture = LectureDuBilan(donnees)
    yield _lisez_moi(donnees)
    yield _assiette(donnees)
    yield _comptes(lecture)
    yield _lignes(lecture)
    yield _hors_flux(lecture)
    yield Feuille(
        "Motifs",
        (ColonneTableur("exclusion", largeur=24), ColonneTableur("baux", "entier")),
        sorted(lecture.document["motifs"].items()),
    )
    yield _suites(lecture)
    for cle, titre in (("refus", "Refus"), ("publics", "Publics")):
        yield _menages(lecture, cle, titre)
    yield Feuille(
        "Contrôles",
        (
            ColonneTableur("regle", largeur=10),
            ColonneTableur("niveau", largeur=12),
            ColonneTableur("message", largeur=110),
        ),
        [(controle["regle"], controle["niveau"], controle["message"]) for controle in donnees["flux"]["controles"]],
    )
    yield Feuille(
        "Règles",
        tuple(
            ColonneTableur(nom, largeur=30) for nom in ("regle", "libelle", "valeur", "unite", "source", "certitude")
        ),
        [tuple(regle.values()) for regle in donnees["document"]["regles"]],
    )


def _lisez_moi(donnees: Mapping[str, Any]) -> Feuille:
    document = donnees["document"]
    lignes = [
        ("Bailleur", document["bailleur"]["nom"]),
        ("SIREN", document["bailleur"]["siren"]),
        ("Département", f"{document['departement']['nom']} ({document['departement']['code']})"),
        ("Année", str(document["annee"])),
        ("Établi le", document["etabli_le"]),
        ("Empreinte SHA-256 des données", calculer_empreinte(donnees)),
        (
            "Proposés",
            "logements mis à disposition du compte dans l'année ; orientés en gestion déléguée ou pour le bailleur (RG-60)",
        ),
        ("Attribués", "baux signés dans l'année sur le compte (RG-60)"),
        (
            MASQUE,
            "effectif de ménages tu : de 1 à 4, ou qui permettrait d'en retrouver un ; un zéro ne désigne personne (RG-64)",
        ),
        (
            "Stock maintenu",
            "localisé à la commune seulement : les autres axes de lieu et de programme sont vides (RG-73)",
        ),
    ]
    return Feuille("Lisez-moi", (ColonneTableur("Objet", largeur=32), ColonneTableur("Valeur", largeur=90)), lignes)


def _assiette(donnees: Mapping[str, Any]) -> Feuille:
    assiette = donnees["flux"]["assiette"]
    lignes: list[tuple[str, int]] = [("mises_en_location", assiette["mises_en_location"])]
    lignes += [(f"exclusions.{motif}", nombre) for motif, nombre in assiette["exclusions"].items()]
    lignes += [(cle, assiette[cle]) for cle in ("total_exclusions", "flux", "premieres_locations")]
    lignes += [(f"section.{section['section']}", section["baux"]) for section in donnees["document"]["sections"]]
    return Feuille(
        "Assiette", (ColonneTableur("composante", largeur=36), ColonneTableur("logements", "entier")), lignes
    )


def _comptes(lecture: LectureDuBilan) -> Feuille:
    colonnes = (
        ColonneTableur("compte"),
        ColonneTableur("nom", largeur=44),
        ColonneTableur("convention"),
        ColonneTableur("droit_theorique", "decimal"),
        ColonneTableur("droit", "entier"),
        ColonneTableur("report", "decimal"),
        ColonneTableur("decompte", "entier"),
        ColonneTableur("solde", "decimal"),
    )
    lignes: list[tuple[object, ...]] = [
        (
            compte["compte"],
            lecture.nom(compte["compte"]),
            compte["convention"],
            Decimal(compte["droit_theorique"]),
            compte["droit"],
            Decimal(compte["report"]),
            compte["decompte"],
            Decimal(compte["solde"]),
        )
        for compte in lecture.flux["comptes"]
    ]
    reste = lecture.flux["non_reserve"]
    lignes.append(
        (
            "BAILLEUR",
            lecture.nom("BAILLEUR"),
            "",
            Decimal(reste["droit_theorique"]),
            reste["droit"],
            None,
            reste["decompte"],
            None,
        )
    )
    return Feuille("Comptes", colonnes, lignes, figees=2)


def _lignes(lecture: LectureDuBilan) -> Feuille:
    colonnes = (
        ColonneTableur("compte"),
        ColonneTableur("nom_compte", largeur=40),
        *(ColonneTableur(nom, genre) for nom, genre in _AXES),
        ColonneTableur("proposes", "entier"),
        ColonneTableur("attribues", "entier"),
    )
    lignes = (
        (ligne["compte"], lecture.nom(ligne["compte"]), *_axes(lecture, ligne), ligne["proposes"], ligne["attribues"])
        for ligne in lecture.lignes
    )
    return Feuille("Proposés et attribués", colonnes, lignes, figees=2)


def _axes(lecture: LectureDuBilan, ligne: Mapping[str, Any]) -> tuple[object, ...]:
    commune = ligne["commune"]
    return (
        commune,
        lecture.communes.get(commune, commune),
        ligne["qpv"],
        ligne["typologie"],
        ligne["financement"],
        ligne["periode_construction"],
    )


def _hors_flux(lecture: LectureDuBilan) -> Feuille:
    colonnes = (
        ColonneTableur("section"),
        *(ColonneTableur(nom, genre) for nom, genre in _AXES),
        ColonneTableur("baux", "entier"),
    )
    lignes = ((ligne["section"], *_axes(lecture, ligne), ligne["baux"]) for ligne in lecture.document["hors_flux"])
    return Feuille("Hors du flux", colonnes, lignes, figees=2)


def _suites(lecture: LectureDuBilan) -> Feuille:
    entiers = ("orientes", "mis_a_disposition", "rendus", "carences", "baux")
    jours = ("jours_du_conge_au_bail", "jours_de_la_disponibilite_au_bail", "jours_de_la_mise_a_disposition_au_bail")
    colonnes = (
        ColonneTableur("compte"),
        ColonneTableur("nom", largeur=44),
        *(ColonneTableur(nom, "entier") for nom in entiers),
        *(ColonneTableur(nom, "decimal", 20) for nom in jours),
    )
    lignes = (
        (
            ligne["compte"],
            lecture.nom(ligne["compte"]),
            *(ligne[cle] for cle in entiers),
            *(_decimal(ligne[cle]) for cle in jours),
        )
        for ligne in lecture.document["suites"]
    )
    return Feuille("Suites et délais", colonnes, lignes, figees=2)


def _menages(lecture: LectureDuBilan, cle: str, titre: str) -> Feuille:
    croise = lecture.document[cle]
    colonnes = (ColonneTableur("compte"), *(ColonneTableur(colonne, "entier", 16) for colonne in croise["colonnes"]))
    lignes = (
        (ligne, *(MASQUE if case is None else case for case in cases))
        for ligne, cases in zip(croise["lignes"], croise["cases"], strict=True)
    )
    return Feuille(titre, colonnes, lignes)


def _decimal(fraction: str | None) -> Decimal | None:
    """Une fraction écrite (« 452/7 ») en décimale, au centième."""
    if fraction is None:
        return None
    haut, _, bas = fraction.partition("/")
    return (Decimal(haut) / Decimal(bas or "1")).quantize(Decimal("0.01"))
