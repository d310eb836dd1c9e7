"""Lire une liste de candidats collée ou déposée : numéro, public, personnes ; chaque ligne fautive dit son remède (RG-42, RG-49)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from attributions.domaine.codes import Public
from flux_reservations.commun.cles import lire_entier

LIGNES_AU_PLUS = 200
_COLONNES = ("numero_demande", "public", "nb_personnes")
_PERSONNES_AU_PLUS = 20


@dataclass(frozen=True, slots=True)
class CandidatLu:
    """Une ligne lue : le numéro de demande, le public (vide = inconnu), la taille du ménage."""

    ligne: int
    numero_demande: str
    public: str = ""
    nb_personnes: int | None = None


@dataclass(frozen=True, slots=True)
class ListeLue:
    """Ce qui a été lu, et les erreurs : une seule suffit à ne rien présenter."""

    candidats: tuple[CandidatLu, ...]
    erreurs: tuple[str, ...]


def lire_une_liste(texte: str) -> ListeLue:
    """Lit un CSV (« ; », « , » ou tabulation), avec ou sans en-tête `numero_demande;public;nb_personnes`."""
    lignes = [
        (rang, ligne)
        for rang, ligne in enumerate(texte.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines(), 1)
        if ligne.strip()
    ]
    if not lignes:
        return ListeLue((), ("La liste est vide : donnez une demande par ligne.",))
    if len(lignes) > LIGNES_AU_PLUS:
        return ListeLue((), (f"{len(lignes)} lignes : présentez {LIGNES_AU_PLUS} demandes au plus à la fois.",))
    separateur = next((un for un in ";\t," if un in lignes[0][1]), ";")
    cellules = [
        (rang, [cellule.strip().strip("'") for cellule in next(csv.reader(io.StringIO(ligne), delimiter=separateur))])
        for rang, ligne in lignes
    ]
    colonnes: tuple[str, ...] = _COLONNES
    entete = [nom.lower() for nom in cellules[0][1]]
    if "numero_demande" in entete:
        colonnes, cellules = tuple(entete), cellules[1:]
    candidats: list[CandidatLu] = []
    erreurs: list[str] = []
    vus: dict[str, int] = {}
    for rang, valeurs in cellules:
        lu = dict(zip(colonnes, valeurs, strict=False))
        candidat, erreur = _lire_une_ligne(rang, lu)
        if candidat is not None and candidat.numero_demande in vus:
            erreur = f"Ligne {rang} : cette demande est déjà ligne {vus[candidat.numero_demande]}. Gardez-en une."
        if erreur:
            erreurs.append(erreur)
        elif candidat is not None:
            vus[candidat.numero_demande] = rang
            candidats.append(candidat)
    return ListeLue(tuple(candidats), tuple(erreurs))


def _lire_une_ligne(rang: int, lu: dict[str, str]) -> tuple[CandidatLu | None, str]:
    numero = "".join(lu.get("numero_demande", "").split()).upper()
    public, personnes = lu.get("public", "").lower(), lu.get("nb_personnes", "")
    if not numero:
        return None, f"Ligne {rang} : le numéro de demande manque."
    if public and public not in set(Public):
        codes = ", ".join(un.value for un in Public)
        return None, f"Ligne {rang} : public « {public} » inconnu. Écrivez l'un de : {codes} ; ou laissez vide."
    nombre = lire_entier(personnes)
    if personnes and (nombre is None or not 1 <= nombre <= _PERSONNES_AU_PLUS):
        return (
            None,
            f"Ligne {rang} : « {personnes} » personnes. Écrivez un nombre de 1 à {_PERSONNES_AU_PLUS}, ou laissez vide.",
        )
    return CandidatLu(rang, numero, public, nombre), ""
