"""Lire le tableur du bailleur, et notre décompte de l'année."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import calculer_annee
from conventions.models import Bailleur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.echanges.cellules import ValeurFautive, nettoyer
from flux_reservations.echanges.lecture.fichiers import Fichier
from flux_reservations.echanges.lecture.source import FichierIllisible
from flux_reservations.echanges.reprise.rapprochement import LigneDeChezNous, LigneDuBailleur
from flux_reservations.pieces.models import Piece

LIGNES_MAXIMALES: Final = 50_000
NOMS: Final[Mapping[str, frozenset[str]]] = {
    "liberation": frozenset(
        {"liberation", "numero", "numero de liberation", "n liberation", "n de liberation", "numero liberation"}
    ),
    "logement": frozenset({"logement", "identifiant", "code logement", "reference", "ref logement", "numero logement"}),
    "compte": frozenset({"compte", "reservataire", "contingent", "code reservataire", "decompte a"}),
}
"""En-têtes reconnus, sous leur clé de tri."""


def lire_tableur(piece: Piece) -> list[LigneDuBailleur]:
    """Les lignes du tableur : une libération ou un logement, et le compte décompté. Lève `ErreurMetier` avec le remède."""
    with tempfile.TemporaryDirectory(prefix="reprise-") as dossier:
        chemin = Path(dossier) / Path(piece.nom).name
        chemin.write_bytes(bytes(piece.contenu.octets))
        try:
            return _lire(Fichier(chemin, chemin.name, "", frozenset().union(*NOMS.values())))
        except FichierIllisible as erreur:
            raise ErreurMetier("tableur_illisible", erreur.message, champ="tableur") from erreur


def _lire(fichier: Fichier) -> list[LigneDuBailleur]:
    source = fichier.ouvrir()
    lignes: list[LigneDuBailleur] = []
    rangs: dict[str, int] = {}
    try:
        for numero, cellules in enumerate(source.lignes, start=1):
            if not any(cellule.strip() for cellule in cellules):
                continue
            if not rangs:
                rangs = _reconnaitre(cellules)
                continue
            valeurs = {nom: _cellule(cellules, rang, numero) for nom, rang in rangs.items()}
            if not valeurs["compte"] or not (valeurs.get("liberation") or valeurs.get("logement")):
                message = f"Ligne {numero} : il faut une libération ou un logement, et le compte décompté."
                raise ErreurMetier("ligne_incomplete", message, champ="tableur")
            lignes.append(
                LigneDuBailleur(numero, valeurs.get("liberation", ""), valeurs.get("logement", ""), valeurs["compte"])
            )
            if len(lignes) > LIGNES_MAXIMALES:
                raise ErreurMetier("tableur_trop_long", f"{LIGNES_MAXIMALES} lignes au plus.", champ="tableur")
    finally:
        source.fermer()
    if not rangs:
        raise ErreurMetier("tableur_vide", "Le fichier est vide : il lui faut une ligne d'en-tête.", champ="tableur")
    return lignes


def _reconnaitre(entete: Sequence[str]) -> dict[str, int]:
    rangs: dict[str, int] = {}
    for rang, brut in enumerate(entete):
        for nom, connus in NOMS.items():
            if cle_de_tri(brut) in connus:
                rangs.setdefault(nom, rang)
    if "compte" not in rangs or not rangs.keys() & {"liberation", "logement"}:
        message = (
            "Il faut une colonne « liberation » (ou « logement ») et une colonne « compte » : renommez vos en-têtes."
        )
        raise ErreurMetier("colonnes_absentes", message, champ="tableur")
    return rangs


def _cellule(cellules: Sequence[str], rang: int, numero: int) -> str:
    try:
        return str(nettoyer(cellules[rang])) if rang < len(cellules) else ""
    except ValeurFautive as erreur:
        raise ErreurMetier("cellule_abimee", f"Ligne {numero} : {erreur.message}", champ="tableur") from erreur


def lire_notre_decompte(bailleur: Bailleur, departement: str, annee: int) -> list[LigneDeChezNous]:
    """Ce que nous décomptons dans l'année, bailleur compris."""
    flux = calculer_annee(bailleur, departement, annee).flux
    decomptes = [
        (compte.compte, decompte) for compte in (*flux.comptes, flux.non_reserve) for decompte in compte.decomptes
    ]
    noms = {
        pk: (numero, identifiant)
        for pk, numero, identifiant in Liberation.objects.filter(
            pk__in={decompte.liberation for _, decompte in decomptes}
        ).values_list("pk", "numero", "logement__identifiant")
    }
    return [
        LigneDeChezNous(
            *noms[decompte.liberation], compte, decompte.imputation.date, PHRASES[decompte.imputation.raison]
        )
        for compte, decompte in decomptes
    ]
