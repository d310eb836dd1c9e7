"""Le noyau des imports : d'un fichier aux lignes typées, par lots, puis au tableau qui les compare et les écrit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flux_reservations.echanges.cellules import ValeurFautive, nettoyer
from flux_reservations.echanges.colonnes import Code, Colonne, Siren, Texte
from flux_reservations.echanges.contexte import Contexte
from flux_reservations.echanges.lecture.fichiers import Fichier, normaliser_entete
from flux_reservations.echanges.lecture.source import COLONNES_MAXIMALES, FichierIllisible, Nombre, Source
from flux_reservations.echanges.lecture.xlsx import a_perdu_des_chiffres
from flux_reservations.echanges.options import IGNOREE
from flux_reservations.echanges.rapport import FichierLu
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux import choisir_tableau

TAILLE_LOT = 5000
_CACHE_MAXIMAL = 20_000


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
        presentes = _reconnaitre_colonnes(suivi, entete, numero)
        largeur = max((rang for rang, nom in enumerate(entete, start=1) if nom.strip()), default=0)
        if compte.erreurs:
            contexte.illisibles.add(tableau.nom)
        else:
            _importer_lignes(suivi, _lire_lignes(suivi, source, presentes, numero, largeur))
        suivi.clore()
    except FichierIllisible as erreur:
        _refuser_fichier(contexte, compte, erreur)
        contexte.illisibles.add(tableau.nom)
    finally:
        source.fermer()
    return compte


def _importer_lignes(suivi: Suivi, lignes: Iterator[Ligne]) -> None:
    tableau = suivi.tableau
    lues: list[str] = []
    while lot := list(islice(lignes, TAILLE_LOT)):
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


def _reconnaitre_colonnes(suivi: Suivi, entete: list[str], numero: int) -> list[tuple[int, str]]:
    """Rang et nom de chaque colonne lue ; dit les inconnues, les répétées, les manquantes."""
    tableau, colonnes, inconnues = suivi.tableau, [], []
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
            if nom in suivi.presentes:
                suivi.refuser(numero, nom, "Colonne répétée : gardez-en une.", valeur=brut)
            suivi.presentes.add(nom)
            colonnes.append((rang, nom))
        else:
            inconnues.append(brut.strip())
    for nom in tableau.colonnes_manquantes(suivi.presentes):
        citee = nom.upper() if tableau.entetes_en_majuscules else nom
        suivi.refuser(
            numero,
            nom,
            f"Colonne obligatoire absente : ajoutez « {citee} » à l'en-tête (colonnes de ce tableau : {tableau.citer_colonnes()}).",
        )
    tableau.signaler_inconnues(suivi, numero, inconnues)
    return colonnes


def _lire_lignes(
    suivi: Suivi, source: Source, presentes: list[tuple[int, str]], numero: int, largeur: int
) -> Iterator[Ligne]:
    caches: dict[str, dict[str, Any]] = {nom: {} for nom in suivi.colonnes}
    for cellules in source.lignes:
        numero += 1
        if not any(cellules) or not any(cellule.strip() for cellule in cellules):
            continue
        completes = cellules if len(cellules) >= largeur else [*cellules, *[""] * (largeur - len(cellules))]
        ligne = Ligne(numero, {nom: completes[rang] for rang, nom in presentes})
        if len(cellules) < largeur and not source.est_tableur:
            suivi.remarquer(
                ligne, "", "Ligne courte", "La ligne a moins de cellules que l'en-tête : les dernières sont lues vides."
            )
        elif len(cellules) > largeur and any(cellule.strip() for cellule in cellules[largeur:]):
            suivi.refuser(
                ligne,
                "",
                "La ligne a plus de cellules que l'en-tête : un séparateur de trop, ou un texte sans guillemets.",
            )
        _typer(suivi, ligne, caches)
        yield ligne


def _typer(suivi: Suivi, ligne: Ligne, caches: dict[str, dict[str, Any]]) -> None:
    """Donne sa valeur à chaque cellule, ou dit ce qui ne va pas."""
    valeurs = ligne.valeurs
    for nom, brut in suivi.tableau.preparer(suivi, ligne).items():
        cache = caches[nom]
        est_nombre = type(brut) is Nombre
        if not est_nombre and brut in cache:
            valeurs[nom] = cache[brut]
            continue
        colonne = suivi.colonnes[nom]
        try:
            cellule = nettoyer(brut)
            if not cellule:
                if colonne.obligatoire:
                    suivi.refuser(ligne, nom, "Valeur obligatoire : remplissez la cellule.")
                    continue
                valeur = colonne.defaut
            else:
                valeur = colonne.type.lire(cellule)
                if est_nombre:
                    _remarquer_nombre(suivi, ligne, colonne, cellule, valeur)
        except ValeurFautive as erreur:
            suivi.refuser(ligne, nom, erreur.message)
            continue
        valeurs[nom] = valeur
        if not est_nombre and len(cache) < _CACHE_MAXIMAL:
            cache[brut] = valeur


def _remarquer_nombre(suivi: Suivi, ligne: Ligne, colonne: Colonne, cellule: str, valeur: Any) -> None:
    """Un code lu dans une cellule de nombre : dit ce qui a été rétabli, ce qui a pu être perdu, ce qui l'est."""
    if not isinstance(colonne.type, Code | Siren | Texte):
        return
    if a_perdu_des_chiffres(cellule):
        message = "Nombre de plus de 15 chiffres : le tableur en a perdu la fin. Mettez la colonne au format texte et ressaisissez."
        raise ValeurFautive(message)
    if valeur != str(cellule):
        message = f"La cellule est un nombre : zéro de tête rétabli ({cellule} lu {valeur}). Mettez la colonne au format texte."
        suivi.remarquer(ligne, colonne.nom, "Zéro de tête rétabli", message)
    elif isinstance(colonne.type, Texte):
        message = "La cellule est un nombre : si le code avait des zéros de tête, ils sont perdus. Mettez la colonne au format texte."
        suivi.remarquer(ligne, colonne.nom, "Code lu dans un nombre", message)
