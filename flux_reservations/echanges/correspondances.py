"""La correspondance des colonnes : ce que chaque en-tête d'un logiciel veut dire chez nous, retenu pour la fois suivante."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.echanges.lecture.fichiers import DebutDeFichier, normaliser_entete
from flux_reservations.echanges.lecture.source import FichierIllisible
from flux_reservations.echanges.models import Correspondance
from flux_reservations.echanges.options import IGNOREE
from flux_reservations.echanges.tableaux import RESERVES, TABLEAUX, choisir_tableau, types_de_fichier
from flux_reservations.echanges.tableaux.rpls_codes import est_rpls

EXEMPLES: Final = 3
LONGUEUR_D_EXEMPLE: Final = 60
RESSEMBLANCE: Final = 0.78
"""Au-dessus, deux noms se ressemblent assez pour être proposés l'un pour l'autre ; la personne décide."""
SYNONYMES: Final[Mapping[str, str]] = {
    "code logement": "identifiant",
    "numero logement": "identifiant",
    "reference": "identifiant",
    "ref logement": "identifiant",
    "code insee": "commune",
    "insee": "commune",
    "depcom": "commune",
    "cp": "code_postal",
    "nb pieces": "typologie",
    "type": "typologie",
    "surface habitable": "surface",
    "residence": "programme",
    "groupe": "programme",
    "quartier prioritaire": "qpv",
    "date conge": "date_conge",
    "n dossier": "numero",
    "numero dossier": "numero",
    "disponible le": "date_disponibilite",
    "libre le": "date_disponibilite",
    "preavis": "date_conge",
    "date de disponibilite": "date_disponibilite",
    "date signature bail": "date_bail",
    "date entree": "date_bail",
    "siren": "bailleur",
    "siren bailleur": "bailleur",
    "contingent": "reservataire",
    "numero unique": "numero_demande",
    "nur": "numero_demande",
}
"""Ce que d'autres logiciels écrivent souvent, sous sa clé de tri."""


def correspondances_de(organisme_id: int) -> dict[str, dict[str, str]]:
    """Par tableau, ce que chaque en-tête désigne."""
    retenues: dict[str, dict[str, str]] = {}
    for une in Correspondance.objects.filter(organisme_id=organisme_id):
        retenues.setdefault(une.tableau, {})[une.entete] = une.colonne
    return retenues


def retenir(organisme_id: int, choix: Mapping[str, Mapping[str, str]]) -> None:
    """Retient, par tableau, ce que chaque en-tête désigne ; ce qui était déjà dit d'un en-tête est remplacé."""
    Correspondance.objects.bulk_create(
        [
            Correspondance(organisme_id=organisme_id, tableau=tableau, entete=entete, colonne=colonne)
            for tableau, choisies in choix.items()
            for entete, colonne in choisies.items()
        ],
        update_conflicts=True,
        unique_fields=["organisme", "tableau", "entete"],
        update_fields=["colonne"],
    )


@dataclass(frozen=True, slots=True)
class ColonneLue:
    """Une colonne d'un fichier déposé : son en-tête, des valeurs, et ce qu'on propose qu'elle soit."""

    entete: str
    cle: str
    exemples: tuple[str, ...]
    proposee: str
    est_sure: bool


@dataclass(frozen=True, slots=True)
class Apercu:
    """Ce qu'on voit d'un fichier avant de le comprendre ; `erreur` s'il ne se lit pas."""

    nom: str
    type: str
    colonnes: tuple[ColonneLue, ...] = ()
    attendues: tuple[str, ...] = ()
    obligatoires: tuple[str, ...] = ()
    erreur: str = ""


def apercevoir(nom: str, type_: str, retenues: Mapping[str, Mapping[str, str]], octets: BinaryIO) -> Apercu:
    """L'aperçu d'un fichier : ses en-têtes, quelques valeurs, une colonne proposée pour chacun ; la suite n'en est pas lue."""
    connues = dict(types_de_fichier()).get(type_, frozenset())
    try:
        entete, lignes = _lire_debut(DebutDeFichier(Path(nom), nom, type_, connues, octets))
    except FichierIllisible as erreur:
        return Apercu(nom, type_, erreur=erreur.message)
    type_ = type_ or deviner_type(list(entete.values()))
    if not type_:
        vues = tuple(_lire_colonne(rang, brut, lignes, "", sure=False) for rang, brut in entete.items())
        return Apercu(nom, "", vues)
    tableau = choisir_tableau(type_, list(entete.values()))
    attendues = (
        tuple(tableau.colonnes_lues()) if tableau.entetes_en_majuscules else tuple(c.nom for c in tableau.colonnes)
    )
    prises = set(map(normaliser_entete, entete.values())) & set(attendues)
    colonnes = []
    for rang, brut in entete.items():
        cle = normaliser_entete(brut)
        proposee, sure = _proposer(cle, attendues, prises, retenues.get(type_, {}))
        prises.add(proposee)
        colonnes.append(_lire_colonne(rang, brut, lignes, proposee, sure=sure))
    obligatoires = tuple(tableau.colonnes_manquantes(set()))
    return Apercu(nom, type_, tuple(colonnes), attendues, obligatoires)


def tableaux_proposes() -> list[str]:
    """Débuts de nom qu'une personne peut choisir pour son fichier."""
    return [debut for debut, _ in types_de_fichier() if debut not in RESERVES]


def deviner_type(entete: Sequence[str]) -> str:
    """Le tableau dont ces en-têtes sont, s'il n'y a pas de doute : toutes ses obligatoires, la moitié du fichier, et un seul tableau."""
    noms = {normaliser_entete(nom) for nom in entete}
    if est_rpls(noms):
        return "rpls"
    scores: list[tuple[int, str]] = []
    for classe in TABLEAUX:
        tableau = classe()
        if tableau.nom in RESERVES:
            continue
        comprises = len(noms & set(tableau.colonnes_lues()))
        if not tableau.colonnes_manquantes(noms) and 2 * comprises >= len(noms):
            scores.append((comprises, tableau.nom))
    meilleur = max(scores, default=(0, ""))
    return meilleur[1] if [score for score, _ in scores].count(meilleur[0]) == 1 else ""


def _lire_debut(fichier: DebutDeFichier) -> tuple[dict[int, str], list[list[str]]]:
    """Les en-têtes par rang de colonne (celles qui ont un nom), et les premières lignes."""
    source = fichier.ouvrir()
    try:
        for cellules in source.lignes:
            entete = {rang: str(cellule) for rang, cellule in enumerate(cellules) if cellule.strip()}
            if entete:
                return entete, list(islice(source.lignes, EXEMPLES))
    finally:
        source.fermer()
    message = "Le fichier est vide : il lui faut au moins une ligne d'en-tête."
    raise FichierIllisible(message)


def _lire_colonne(rang: int, brut: str, lignes: Sequence[Sequence[str]], proposee: str, *, sure: bool) -> ColonneLue:
    exemples = tuple(
        str(ligne[rang])[:LONGUEUR_D_EXEMPLE] for ligne in lignes if rang < len(ligne) and ligne[rang].strip()
    )
    return ColonneLue(brut.strip(), normaliser_entete(brut)[:200], exemples, proposee, sure)


def _proposer(cle: str, attendues: Collection[str], prises: set[str], retenues: Mapping[str, str]) -> tuple[str, bool]:
    """Ce qu'on propose pour un en-tête, et si c'est sûr (dit par le contrat, ou déjà choisi)."""
    if cle in retenues and (retenues[cle] == IGNOREE or retenues[cle] in attendues):
        return retenues[cle], True
    if cle in attendues:
        return cle, True
    libres = [nom for nom in attendues if nom not in prises]
    tri = cle_de_tri(cle)
    if SYNONYMES.get(tri) in libres:
        return SYNONYMES[tri], False
    par_cle = {cle_de_tri(nom): nom for nom in libres}
    proches = get_close_matches(tri, par_cle, n=1, cutoff=RESSEMBLANCE)
    return (par_cle[proches[0]], False) if proches else ("", False)
