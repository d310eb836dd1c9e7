"""Lire le tableur du bailleur tel qu'il est, et notre décompte de l'année."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import CalculAnnuel
from conventions.models import Reservataire
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.echanges.lecture.fichiers import Fichier
from flux_reservations.echanges.lecture.source import FichierIllisible
from flux_reservations.echanges.reprise.entetes import NOMS, EnTetes, Role, trouver_les_entetes
from flux_reservations.echanges.reprise.fusions import LIGNES_MAXIMALES, etendre, lire_les_fusions
from flux_reservations.echanges.reprise.libelles import CompteConnu, Proposition, proposer_un_compte
from flux_reservations.echanges.reprise.rapprochement import LigneDeChezNous, LigneDuBailleur
from flux_reservations.pieces.models import Piece

CELLULES_MAXIMALES: Final = 2_000_000
"""Cellules gardées en mémoire pour comprendre un tableur : quarante colonnes au plus grand nombre de lignes."""
DECOMPRESSE_AU_PLUS: Final = 150_000_000
"""Octets d'un classeur décompressé : il se lit dans la requête, à chaque page. `CELLULES_MAXIMALES` y tiennent, écrites par n'importe quel
tableur (75 octets l'une au plus) ; un patrimoine de cent mille lignes sur dix-neuf colonnes en fait 95 millions."""
LONGUEUR_DE_LIBELLE: Final = 200
_TOTAUX: Final = ("total", "sous total", "totaux", "solde", "cumul", "somme", "reste", "objectif", "droit")


@dataclass(frozen=True, slots=True)
class LigneEcartee:
    """Une ligne du tableur qui n'est pas un logement décompté, et pourquoi."""

    numero: int
    texte: str
    raison: str


@dataclass(frozen=True, slots=True)
class Tableur:
    """Ce qu'on lit d'un tableur : ses en-têtes, ses lignes, celles laissées de côté, ses premières lignes telles quelles."""

    entetes: EnTetes
    lignes: tuple[LigneDuBailleur, ...] = ()
    ecartees: tuple[LigneEcartee, ...] = ()
    apercu: tuple[tuple[str, ...], ...] = ()

    @property
    def libelles(self) -> dict[tuple[str, str], int]:
        """Chaque libellé de compte (et sous-contingent) du tableur, et son nombre de lignes, dans l'ordre du fichier."""
        nombres: dict[tuple[str, str], int] = {}
        for ligne in self.lignes:
            cle = (ligne.libelle, ligne.sous_contingent)
            nombres[cle] = nombres.get(cle, 0) + 1
        return nombres


def lire_tableur(piece: Piece, choisis: Mapping[str, str]) -> Tableur:
    """Le tableur : titres au-dessus, en-têtes sur deux lignes, cellules fusionnées et totaux compris. Lève `ErreurMetier`, illisible.

    `choisis` : le rôle qu'une personne a donné à chaque colonne (`cle_de_colonne`).
    """
    with tempfile.TemporaryDirectory(prefix="reprise-") as dossier:
        chemin = Path(dossier) / Path(piece.nom).name
        chemin.write_bytes(bytes(piece.contenu.octets))
        try:
            lignes = _lire_les_cellules(Fichier(chemin, chemin.name, "", frozenset().union(*NOMS.values())))
            if chemin.suffix.lower() == ".xlsx":
                etendre(lignes, lire_les_fusions(chemin))
        except FichierIllisible as erreur:
            raise ErreurMetier("tableur_illisible", erreur.message, champ="tableur") from erreur
    return comprendre(lignes, choisis)


def _lire_les_cellules(fichier: Fichier) -> list[list[str]]:
    source = fichier.ouvrir(DECOMPRESSE_AU_PLUS)
    lignes: list[list[str]] = []
    nombre = 0
    try:
        for cellules in source.lignes:
            lignes.append([str(cellule[:LONGUEUR_DE_LIBELLE]) for cellule in cellules])
            if len(lignes) > LIGNES_MAXIMALES:
                raise ErreurMetier("tableur_trop_long", f"{LIGNES_MAXIMALES} lignes au plus.", champ="tableur")
            nombre += len(cellules)
            if nombre > CELLULES_MAXIMALES:
                message = "Ce tableur a trop de cellules : ne gardez que les colonnes du décompte."
                raise ErreurMetier("tableur_trop_large", message, champ="tableur")
    finally:
        source.fermer()
    if not any(cellule.strip() for ligne in lignes for cellule in ligne):
        raise ErreurMetier("tableur_vide", "Le fichier est vide : il lui faut une ligne d'en-tête.", champ="tableur")
    return lignes


def comprendre(lignes: Sequence[Sequence[str]], choisis: Mapping[str, str]) -> Tableur:
    """Le tableur compris : une ligne sans logement, un titre ou un total est laissé de côté, et c'est dit."""
    entetes = trouver_les_entetes(lignes, choisis)
    apercu = tuple(tuple(ligne) for ligne in lignes[entetes.ligne : entetes.ligne + 5])
    if not entetes.suffisent:
        return Tableur(entetes, apercu=apercu)
    lues: list[LigneDuBailleur] = []
    ecartees: list[LigneEcartee] = []
    for numero, cellules in enumerate(lignes[entetes.ligne :], start=entetes.ligne + 1):
        if not any(cellule.strip() for cellule in cellules):
            continue
        ligne = _lire_une_ligne(numero, cellules, entetes)
        if raison := _pourquoi_l_ecarter(ligne, cellules, entetes):
            texte = " · ".join(cellule.strip() for cellule in cellules if cellule.strip())
            ecartees.append(LigneEcartee(numero, texte[:LONGUEUR_DE_LIBELLE], raison))
        else:
            lues.append(ligne)
    return Tableur(entetes, tuple(lues), tuple(ecartees), apercu)


def _lire_une_ligne(numero: int, cellules: Sequence[str], entetes: EnTetes) -> LigneDuBailleur:
    valeurs = {
        role: cellules[rang].strip()[:LONGUEUR_DE_LIBELLE] if rang < len(cellules) else ""
        for role, rang in entetes.rangs.items()
    }
    return LigneDuBailleur(
        numero,
        valeurs.get(Role.LIBERATION, ""),
        valeurs.get(Role.LOGEMENT, ""),
        libelle=valeurs.get(Role.COMPTE, ""),
        sous_contingent=valeurs.get(Role.SOUS_CONTINGENT, ""),
        date=valeurs.get(Role.DATE, ""),
    )


def _pourquoi_l_ecarter(ligne: LigneDuBailleur, cellules: Sequence[str], entetes: EnTetes) -> str:
    remplies = [cellule.strip() for cellule in cellules if cellule.strip()]
    if (
        any(cle_de_tri(cellule).startswith(_TOTAUX) for cellule in remplies[:2])
        and len(remplies) <= len(entetes.rangs) + 1
    ):
        return "un total ou une synthèse"
    if len(set(remplies)) == 1:
        return "un titre ou une note"
    if not (ligne.liberation or ligne.logement):
        return "ni libération ni logement"
    if not ligne.libelle:
        return "aucun compte : le logement n'est décompté à personne"
    return ""


def comptes_connus(calcul: CalculAnnuel) -> list[CompteConnu]:
    """Les comptes de l'année, avec le nom de leur titulaire (une requête)."""
    codes = {compte.code for compte in calcul.flux.comptes}
    noms = dict(Reservataire.objects.filter(code__in=codes).values_list("code", "nom"))
    return [
        CompteConnu(compte.compte, noms.get(compte.code, compte.compte), est_etat=bool(compte.sous_contingent))
        for compte in calcul.flux.comptes
    ]


def resoudre_les_libelles(
    libelles: Iterable[tuple[str, str]], comptes: Sequence[CompteConnu], confirmes: Mapping[str, str]
) -> dict[tuple[str, str], Proposition]:
    """Le compte de chaque libellé : celui qu'une personne a confirmé, sinon celui qu'on propose."""
    return {
        (libelle, sous): Proposition(confirmes[cle], True)
        if (cle := cle_de_libelle(libelle, sous)) in confirmes
        else proposer_un_compte(libelle, sous, comptes)
        for libelle, sous in libelles
    }


def cle_de_libelle(libelle: str, sous_contingent: str) -> str:
    """Ce qui désigne un libellé d'une fois sur l'autre."""
    return cle_de_tri(f"{libelle} {sous_contingent}")[:200] or libelle[:200]


def lire_notre_decompte(calcul: CalculAnnuel) -> list[LigneDeChezNous]:
    """Ce que nous décomptons dans l'année, bailleur compris (une requête)."""
    decomptes = [
        (compte.compte, decompte)
        for compte in (*calcul.flux.comptes, calcul.flux.non_reserve)
        for decompte in compte.decomptes
    ]
    noms = {
        pk: (numero, identifiant)
        for pk, numero, identifiant in Liberation.objects.filter(
            pk__in={decompte.liberation for _, decompte in decomptes}
        ).values_list("pk", "numero", "logement__identifiant")
    }
    return [
        LigneDeChezNous(
            *noms[decompte.liberation],
            compte,
            decompte.imputation.date,
            PHRASES[decompte.imputation.raison],
            decompte.liberation,
        )
        for compte, decompte in decomptes
    ]
