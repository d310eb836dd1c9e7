"""Résoudre ce qu'une ligne cite : bailleur, logement, convention, libération, réservataire, territoire ; par lot, en requêtes fixes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from conventions.models import Reservataire
from flux_reservations.echanges.colonnes import Code, Colonne, Siren
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.territoires.resolution import (
    Resolution,
    message_commune_inconnue,
    message_territoire_inconnu,
    resoudre_communes,
    resoudre_territoires,
)

BAILLEUR = Colonne("bailleur", Siren(), defaut="")
"""Colonne facultative qui lève l'homonymie entre bailleurs."""
RESERVATAIRE_INCONNU = "Réservataire inconnu"
"""Ce par quoi commence le message : l'écran d'import propose alors de le demander à l'administration."""
DEPARTEMENT = Code(2, re.compile(r"\d{2}|2[AB]|9[78]\d", re.ASCII), "94, 2A ou 974")


def resoudre_bailleurs(suivi: Suivi, lot: Iterable[Ligne]) -> None:
    """Donne à chaque ligne le bailleur qu'elle dit ; un SIREN inconnu est une erreur."""
    connus, contexte = suivi.contexte.bailleurs(), suivi.contexte
    for ligne in lot:
        siren = ligne.valeurs.get("bailleur")
        if not siren:
            continue
        bailleur = connus.get(siren)
        if bailleur is not None:
            ligne.bailleur_id = bailleur.pk
        elif contexte.est_annonce("bailleurs", siren):
            ligne.fautive = True
        else:
            suivi.refuser(
                ligne,
                "bailleur",
                f"Bailleur inconnu : {siren}. Importez-le (fichier bailleurs), ou vérifiez son SIREN.",
            )


def chercher(  # noqa: PLR0913 : ce qu'on cherche, et comment le dire
    suivi: Suivi,
    lot: Sequence[Ligne],
    colonne: str,
    requete: models.QuerySet[Any],
    *,
    attribut: str,
    tableau: str,
    article: str,
    plus: Sequence[str] = (),
    bailleur: str = "bailleur_id",
) -> dict[int, tuple[Any, ...]]:
    """Objet cité par chaque ligne : (pk, bailleur, *plus) par numéro de ligne. Inconnu ou ambigu : erreur.

    `article` est le nom de l'objet dans un message : « Logement inconnu ».
    """
    cites = {ligne.valeurs[colonne] for ligne in lot if colonne in ligne.valeurs}
    if not cites:
        return {}
    trouves: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    filtre = {f"{attribut}__parmi": cites, f"{bailleur}__parmi": suivi.contexte.bailleurs_cherches()}
    if suivi.contexte.siren and suivi.a("bailleur"):
        filtre[f"{bailleur}__parmi"] = [connu.pk for connu in suivi.contexte.bailleurs().values()]
    for valeur, *reste in requete.filter(**filtre).values_list(attribut, "pk", bailleur, *plus):
        trouves[valeur].append(tuple(reste))
    resultat: dict[int, tuple[Any, ...]] = {}
    for ligne in lot:
        if colonne not in ligne.valeurs:
            continue
        valeur = ligne.valeurs[colonne]
        candidats = [objet for objet in trouves.get(valeur, ()) if ligne.bailleur_id in {None, objet[1]}]
        if len(candidats) == 1:
            resultat[ligne.numero] = candidats[0]
        elif candidats:
            message = f"{article} ambigu : plusieurs bailleurs ont « {valeur} ». Ajoutez la colonne bailleur (SIREN)."
            suivi.refuser(ligne, colonne, message)
        elif (
            suivi.contexte.est_annonce(tableau, valeur)
            or suivi.contexte.illisibles & {"bailleurs"}
            or suivi.contexte.siren_est_inconnu
        ):
            ligne.fautive = True
        else:
            message = f"{article} inconnu : « {valeur} » n'est ni dans la base, ni dans les fichiers {tableau}."
            suivi.refuser(ligne, colonne, f"{message} Importez-le, ou corrigez la cellule.")
    return resultat


def chercher_reservataires(
    suivi: Suivi, lot: Sequence[Ligne], colonne: str = "reservataire"
) -> dict[str, Reservataire]:
    """Réservataires cités dans une colonne, par code ; les inconnus sont dits."""
    cites = {ligne.valeurs[colonne] for ligne in lot if ligne.valeurs.get(colonne)}
    trouves = {reservataire.code: reservataire for reservataire in Reservataire.objects.filter(code__parmi=cites)}
    for ligne in lot:
        code = ligne.valeurs.get(colonne)
        if code and code not in trouves:
            dire_reservataire_inconnu(suivi, ligne, colonne, code)
    return trouves


def dire_reservataire_inconnu(suivi: Suivi, ligne: Ligne, colonne: str, code: str) -> None:
    """Erreur, sauf si le code est annoncé par un fichier refusé."""
    if suivi.contexte.est_annonce("reservataires", code):
        ligne.fautive = True
    else:
        message = f"{RESERVATAIRE_INCONNU} : « {code} ». Importez-le (fichier reservataires), ou corrigez le code."
        suivi.refuser(ligne, colonne, message)


def poser_communes(suivi: Suivi, lot: Sequence[Ligne], cache: dict[str, Resolution], colonne: str = "commune") -> None:
    """Donne `commune_id` à chaque ligne ; un ancien code est remplacé, en le disant (RG-04)."""
    lues = {ligne.valeurs[colonne] for ligne in lot if ligne.valeurs.get(colonne) is not None}
    nouvelles = lues - cache.keys()
    if nouvelles:
        cache.update(resoudre_communes(nouvelles))
    for ligne in lot:
        code = ligne.valeurs.get(colonne)
        if code is None:
            continue
        resolution = cache.get(code)
        if resolution is None:
            suivi.refuser(ligne, colonne, message_commune_inconnue(code))
            continue
        if resolution.message:
            suivi.remarquer(ligne, colonne, f"Ancien code {code}", resolution.message)
        ligne.champs["commune_id"] = resolution.code


def resoudre_listes(
    suivi: Suivi, lot: Sequence[Ligne], colonne: str, cache: dict[str, Resolution]
) -> dict[int, frozenset[str]]:
    """Territoires cités dans une colonne (liste de codes), par numéro de ligne ; inconnus dits, anciens codes remplacés."""
    cites = {code for ligne in lot for code in ligne.valeurs.get(colonne) or ()} - cache.keys()
    if cites:
        cache.update(resoudre_territoires(cites))
    resultat: dict[int, frozenset[str]] = {}
    for ligne in lot:
        codes = ligne.valeurs.get(colonne)
        if codes is None:
            continue
        for code in codes:
            resolution = cache.get(code)
            if resolution is None:
                suivi.refuser(ligne, colonne, _message_perimetre(code), valeur=code)
            elif resolution.message:
                suivi.remarquer(ligne, colonne, f"Ancien code {code}", resolution.message)
        resultat[ligne.numero] = frozenset(cache[code].code for code in codes if code in cache)
    return resultat


def _message_perimetre(code: str) -> str:
    if code.lower().startswith("programme"):
        return "Un périmètre n'est jamais un programme (RG-11) : mettez un territoire (commune:94011, departement:94)."
    return message_territoire_inconnu(code)
