"""Le noyau des imports : d'un fichier aux lignes typées, par lots, puis au tableau qui les compare et les écrit."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from flux_reservations.echanges.contexte import Contexte
from flux_reservations.echanges.lecture.fichiers import Fichier, normaliser_entete
from flux_reservations.echanges.lecture.source import COLONNES_MAXIMALES, FichierIllisible, Source
from flux_reservations.echanges.options import IGNOREE
from flux_reservations.echanges.rapport import FichierLu
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux import choisir_tableau
from flux_reservations.echanges.typage import lecteurs_de, typer

_OBJETS_ENTRE_DEUX_PASSAGES = 100_000


def importer_fichier(contexte: Contexte, fichier: Fichier) -> FichierLu:
    """Lit, contrôle et écrit un fichier dans la transaction en cours ; ce qui ne va pas est au rapport, et rien n'est alors écrit."""
    compte = FichierLu(fichier.nom, fichier.type)
    contexte.rapport.fichiers.append(compte)
    tableau = choisir_tableau(fichier.type, [])
    try:
        source = fichier.ouvrir()
    except FichierIllisible as erreur:
        _refuser_fichier(contexte, compte, erreur)
        contexte.illisibles.add(tableau.nom)
        return compte
    try:
        entete, numero = _lire_entete(source)
        tableau = choisir_tableau(fichier.type, entete)
        suivi = Suivi(contexte, tableau, compte)
        _reconnaitre_colonnes(suivi, entete, numero)
        largeur = max((rang for rang, nom in enumerate(entete, start=1) if nom.strip()), default=0)
        if compte.erreurs:
            contexte.illisibles.add(tableau.nom)
        else:
            _importer_lots(suivi, _lire_lots(suivi, source, numero, largeur))
        suivi.clore()
    except FichierIllisible as erreur:
        _refuser_fichier(contexte, compte, erreur)
        contexte.illisibles.add(tableau.nom)
    finally:
        source.fermer()
    return compte


def _importer_lots(suivi: Suivi, lots: Iterator[list[Ligne]]) -> None:
    tableau = suivi.tableau
    lues: list[str] = []
    with ramasser_moins_souvent():
        for lot in lots:
            suivi.compte.lignes += len(lot)
            if suivi.contexte.options.avancer is not None:
                suivi.contexte.options.avancer(len(lot))
            lues.extend(tableau.annonce(ligne) for ligne in lot)
            tableau.traiter(suivi, lot)
    if suivi.compte.lignes:
        tableau.conclure(suivi)
    if not suivi.contexte.rapport.est_accepte:
        suivi.contexte.annoncer(tableau.nom, lues)
    if suivi.compte.lignes and not suivi.compte.erreurs:
        tableau.ecrire(suivi)


@contextmanager
def ramasser_moins_souvent() -> Iterator[None]:
    """Le temps d'un fichier : au rythme ordinaire, Python cherche des cycles dans les lignes du lot en cours, qui n'en ont pas.

    C'est un quart du temps ; à ce rythme-ci, il passe une fois tous les deux ou trois lots.
    """
    seuils = gc.get_threshold()
    gc.set_threshold(_OBJETS_ENTRE_DEUX_PASSAGES, *seuils[1:])
    try:
        yield
    finally:
        gc.set_threshold(*seuils)


def _refuser_fichier(contexte: Contexte, compte: FichierLu, erreur: FichierIllisible) -> None:
    compte.erreurs += 1
    contexte.rapport.refuser(compte.fichier, erreur.message, ligne=erreur.ligne)


def _lire_entete(source: Source) -> tuple[list[str], int]:
    for numero, cellules in enumerate(source.lignes, start=1):
        if any(cellule.strip() for cellule in cellules):
            if sum(1 for cellule in cellules if cellule.strip()) > COLONNES_MAXIMALES:
                message = f"Plus de {COLONNES_MAXIMALES} colonnes : ce n'est pas un tableau de l'application. Gardez celles qui servent."
                raise FichierIllisible(message, ligne=numero)
            return cellules, numero
    message = "Le fichier est vide : il lui faut au moins une ligne d'en-tête."
    raise FichierIllisible(message)


def _reconnaitre_colonnes(suivi: Suivi, entete: list[str], numero: int) -> None:
    """Trouve le rang de chaque colonne lue ; dit les inconnues, les répétées, les manquantes."""
    tableau, inconnues = suivi.tableau, []
    lues = set(tableau.colonnes_lues())
    choisies = suivi.contexte.options.correspondances.get(suivi.compte.type, {})
    for rang, brut in enumerate(entete):
        nom = normaliser_entete(brut)
        if nom in choisies:
            suivi.entetes[choisies[nom]] = brut.strip()
            nom = choisies[nom]
        if not nom and any(suivant.strip() for suivant in entete[rang:]):
            suivi.avertir(numero, "", f"Colonne {rang + 1} sans nom : elle n'est pas lue. Nommez-la, ou supprimez-la.")
        if not nom or nom == IGNOREE:
            continue
        if nom in lues:
            if nom in suivi.rangs:
                suivi.refuser(numero, nom, "Colonne répétée : gardez-en une.", valeur=brut)
            suivi.rangs[nom] = rang
        else:
            inconnues.append(brut.strip())
    for nom in tableau.colonnes_manquantes(set(suivi.rangs)):
        citee = nom.upper() if tableau.entetes_en_majuscules else nom
        suivi.contexte.rapport.mal_compris = True
        suivi.refuser(
            numero,
            nom,
            f"Colonne obligatoire absente : ajoutez « {citee} » à l'en-tête (colonnes de ce tableau : {tableau.citer_colonnes()}).",
        )
    tableau.signaler_inconnues(suivi, numero, inconnues)


def _lire_lots(suivi: Suivi, source: Source, entete: int, largeur: int) -> Iterator[list[Ligne]]:
    """Les lignes non vides après l'en-tête, typées, par lots ; un fichier illisible plus loin dit d'abord les erreurs lues avant."""
    lecteurs = lecteurs_de(suivi.colonnes)
    lot: list[Ligne] = []

    def typer_le_lot() -> list[Ligne]:
        if lot:
            typer(suivi, lot, suivi.tableau.cellules(suivi, lot), lecteurs)
        return lot

    try:
        for numero, cellules in enumerate(source.lignes, start=entete + 1):
            if not any(map(str.strip, cellules)):
                continue
            lot.append(_ligne(suivi, source, numero, cellules, largeur))
            if len(lot) == suivi.tableau.taille_lot:
                yield typer_le_lot()
                lot = []
    except FichierIllisible:
        typer_le_lot()
        raise
    if lot:
        yield typer_le_lot()


def _ligne(suivi: Suivi, source: Source, numero: int, cellules: list[str], largeur: int) -> Ligne:
    """La ligne, aussi large que l'en-tête ; retient ce qui manque ou dépasse."""
    manquantes = largeur - len(cellules)
    if manquantes <= 0:
        ligne = Ligne(numero, cellules, suivi.rangs)
        if manquantes and any(cellule.strip() for cellule in cellules[largeur:]):
            ligne.ecart = -manquantes
        return ligne
    ligne = Ligne(numero, [*cellules, *[""] * manquantes], suivi.rangs)
    if not source.est_tableur:
        ligne.ecart = -manquantes
    return ligne
