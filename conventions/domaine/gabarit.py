"""Le langage des gabarits de convention : des titres, des paragraphes, des variables d'une liste fermée (RG-12).

Il ne sait rien faire d'autre : ni appel, ni attribut, ni boucle, ni inclusion, ni fichier, ni adresse. Un gabarit est donc sûr par
construction, quel que soit son auteur. Une valeur insérée n'est jamais relue comme du gabarit, et l'échappement est laissé à qui écrit.

    # Convention de réservation               un titre
    ## Article 1. Parties                     un article
    - un élément                              une liste
    Un **mot** en gras, {{ bailleur.nom }}    un paragraphe ; une ligne vide en commence un autre
    {{ tableau_des_droits }}                  seul sur sa ligne : un tableau
    {% si gestion_deleguee %}…{% sinon %}…{% fin %}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from flux_reservations.commun.erreurs import ErreurMetier

LONGUEUR_MAXIMALE: Final = 30_000
"""Caractères : un texte entier tient dans une cellule de tableur, donc s'exporte."""
PROFONDEUR_MAXIMALE: Final = 4
VARIABLES: Final[Mapping[str, str]] = {
    "convention.numero": "numéro de la convention",
    "convention.mention": "« Projet, non signé » ou la date de signature",
    "convention.avenant_de": "numéro de la convention que l'avenant remplace",
    "bailleur.nom": "nom du bailleur",
    "bailleur.siren": "SIREN du bailleur",
    "bailleur.statut": "statut du bailleur",
    "reservataire.nom": "nom du réservataire",
    "reservataire.type": "type du réservataire",
    "reservataire.territoire": "territoire du réservataire",
    "departement.nom": "nom du département",
    "departement.code": "code du département",
    "taux.total": "somme des taux des lignes",
    "taux.maximum": "somme des taux là où leurs périmètres se recouvrent le plus",
    "gestion": "gestion directe ou déléguée",
    "delegataire.nom": "nom du délégataire",
    "delai_de_presentation": "délai de présentation, avec son unité",
    "nombre_de_candidats": "nombre de candidats attendus",
    "fait_generateur": "date à laquelle un logement est décompté",
    "report": "report du solde",
    "report.plafond": "plafond du report",
    "premieres_locations": "où comptent les premières mises en location",
    "motif_du_perimetre": "motif d'un périmètre particulier",
    "date.effet": "date d'effet",
    "date.terme": "terme",
    "part_hors_qpv": "part hors QPV minimale",
}
"""Liste blanche : ce qu'un gabarit peut citer, et ce que c'est."""
CONDITIONS: Final[Mapping[str, str]] = {
    "est_avenant": "c'est un avenant",
    "perimetre_unique": "toutes les lignes ont le même périmètre",
    "est_signee": "la convention est signée",
    "gestion_deleguee": "la gestion est déléguée",
    "avec_delegataire": "un délégataire est nommé",
    "avec_nombre_de_candidats": "un nombre de candidats est fixé",
    "carence_decomptee": "la carence est décomptée",
    "report_plafonne": "le report est plafonné",
    "perimetre_particulier": "le périmètre a un motif",
    "avec_terme": "la convention a un terme",
    "reservataire_etat": "le réservataire est l'État",
    "reservataire_collectivite": "le réservataire est une collectivité",
    "avec_part_hors_qpv": "une part hors QPV est stipulée",
    "avec_derogation": "une dérogation préfectorale est inscrite",
}
INSERTIONS: Final[Mapping[str, str]] = {
    "tableau_des_droits": "lignes de droit : contrepartie, part du flux, territoire",
    "tableau_des_signatures": "signatures des parties",
    "derogation": "dérogation préfectorale, s'il y en a une",
    "annexe_patrimoine": "patrimoine du périmètre, par commune et typologie",
}
"""Tableaux, seuls sur leur ligne."""
OBLIGATOIRES: Final = ("tableau_des_droits",)

_BALISE: Final = re.compile(r"\{\{([^{}\n]{0,80})\}\}|\{%([^{}%\n]{0,80})%\}")
_RESTE: Final = re.compile(r"[{}]")
"""Une accolade hors d'une balise : un acte n'en a pas l'usage, elle est toujours une faute."""
_SEULE_SUR_SA_LIGNE: Final = re.compile(r"^[ \t]*(\{%[^{}%\n]{0,80}%\})[ \t]*\n", re.MULTILINE)
_INSERTION: Final = re.compile(r"^\s*\{\{\s*(\w{1,40})\s*\}\}\s*$")
_GRAS: Final = re.compile(r"\*\*([^*\n]{1,500})\*\*")
Genre = Literal["titre", "article", "paragraphe", "liste", "insertion"]


@dataclass(frozen=True, slots=True)
class Morceau:
    """Du texte, en gras ou non."""

    texte: str
    gras: bool = False


@dataclass(frozen=True, slots=True)
class Bloc:
    """Un titre, un article, un paragraphe, une liste (ses éléments) ou un tableau à insérer (son nom)."""

    genre: Genre
    elements: tuple[tuple[Morceau, ...], ...] = ()
    nom: str = ""

    @property
    def morceaux(self) -> tuple[Morceau, ...]:
        """Le texte d'un bloc qui n'a qu'un élément."""
        return self.elements[0] if self.elements else ()

    @property
    def texte(self) -> str:
        """Le texte sans mise en forme."""
        return "".join(morceau.texte for element in self.elements for morceau in element)


def verifier_gabarit(texte: str) -> None:
    """Lève `ErreurMetier` à la première faute, avec sa ligne : un gabarit gardé est un gabarit qui se lit."""
    if not texte.strip():
        raise _faute(1, "le gabarit est vide")
    if len(texte) > LONGUEUR_MAXIMALE:
        raise _faute(1, f"le gabarit dépasse {LONGUEUR_MAXIMALE} caractères")
    if any(ord(caractere) < ord(" ") and caractere not in "\n\t" for caractere in _normaliser(texte)):
        raise _faute(1, "le gabarit contient des caractères de contrôle")
    for _ in _lire_balises(_normaliser(texte)):
        pass
    for nom in OBLIGATOIRES:
        if not any(_INSERTION.match(ligne) and nom in ligne for ligne in _normaliser(texte).split("\n")):
            raise _faute(1, f"il manque « {{{{ {nom} }}}} », seul sur sa ligne : {INSERTIONS[nom]}")


def composer(texte: str, variables: Mapping[str, str], conditions: Mapping[str, bool]) -> list[Bloc]:
    """Les blocs du texte. Lève `ErreurMetier` si le gabarit est fautif ; une valeur n'est jamais relue comme du gabarit."""
    verifier_gabarit(texte)
    retenu = _choisir(_SEULE_SUR_SA_LIGNE.sub(r"\1", _normaliser(texte)), conditions)
    return _lire_blocs(retenu, variables)


def _normaliser(texte: str) -> str:
    return texte.replace("\r\n", "\n").replace("\r", "\n")


def _faute(ligne: int, message: str) -> ErreurMetier:
    return ErreurMetier("gabarit_fautif", f"Ligne {ligne} : {message}.", regle="RG-12", champ="texte")


@dataclass(frozen=True, slots=True)
class _Balise:
    """Une balise lue : `variable`, `si`, `sinon` ou `fin`, et ses bornes dans le texte."""

    genre: str
    nom: str
    debut: int
    fin: int


def _lire_balises(texte: str) -> Iterator[_Balise]:
    """Les balises dans l'ordre ; vérifie leur nom, leur équilibre et ce qui ressemble à une balise sans en être une."""
    ouvertes: list[int] = []
    fin = 0
    for trouvee in _BALISE.finditer(texte):
        _refuser_le_reste(texte, fin, trouvee.start())
        fin = trouvee.end()
        ligne = texte.count("\n", 0, trouvee.start()) + 1
        if trouvee.group(1) is not None:
            yield _Balise("variable", _verifier_variable(texte, trouvee, ligne), trouvee.start(), fin)
            continue
        mots = trouvee.group(2).split()
        if mots[:1] == ["si"] and len(mots) == 2:  # noqa: PLR2004 : « si » et sa condition
            if mots[1] not in CONDITIONS:
                raise _faute(ligne, f"« {mots[1]} » n'est pas une condition connue")
            ouvertes.append(ligne)
            if len(ouvertes) > PROFONDEUR_MAXIMALE:
                raise _faute(ligne, "trop de conditions l'une dans l'autre")
        elif mots not in (["sinon"], ["fin"]):
            raise _faute(ligne, "une condition s'écrit {% si … %}, {% sinon %}, {% fin %}")
        elif not ouvertes:
            raise _faute(ligne, f"« {mots[0]} » sans « si »")
        elif mots == ["fin"]:
            ouvertes.pop()
        yield _Balise(mots[0], mots[-1], trouvee.start(), fin)
    _refuser_le_reste(texte, fin, len(texte))
    if ouvertes:
        raise _faute(ouvertes[-1], "cette condition n'a pas de {% fin %}")


def _refuser_le_reste(texte: str, debut: int, fin: int) -> None:
    if reste := _RESTE.search(texte, debut, fin):
        raise _faute(texte.count("\n", 0, reste.start()) + 1, "accolades mal fermées, ou nom interdit entre elles")


def _verifier_variable(texte: str, trouvee: re.Match[str], ligne: int) -> str:
    nom = trouvee.group(1).strip()
    if nom in INSERTIONS:
        debut, fin = texte.rfind("\n", 0, trouvee.start()) + 1, texte.find("\n", trouvee.end())
        if not _INSERTION.match(texte[debut : fin if fin >= 0 else len(texte)]):
            raise _faute(ligne, f"« {nom} » est un tableau : seul sur sa ligne")
    elif nom not in VARIABLES:
        raise _faute(ligne, f"« {nom} » n'est pas une variable connue : choisissez dans la liste")
    return nom


def _choisir(texte: str, conditions: Mapping[str, bool]) -> str:
    """Le texte des seules branches vraies."""
    gardes: list[str] = []
    etats: list[bool] = []
    fin = 0
    for balise in _lire_balises(texte):
        if balise.genre == "variable":
            continue
        if all(etats):
            gardes.append(texte[fin : balise.debut])
        if balise.genre == "si":
            etats.append(conditions.get(balise.nom, False))
        elif balise.genre == "sinon":
            etats[-1] = not etats[-1]
        else:
            etats.pop()
        fin = balise.fin
    gardes.append(texte[fin:])
    return "".join(gardes)


class _Lecteur:
    """Assemble les lignes en blocs : un paragraphe court jusqu'à la ligne vide, une liste tant que les lignes en sont."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.blocs: list[Bloc] = []
        self.paragraphe: list[str] = []
        self.liste: list[tuple[Morceau, ...]] = []

    def clore(self) -> None:
        """Finit le paragraphe ou la liste en cours."""
        if self.paragraphe:
            self.blocs.append(Bloc("paragraphe", (_lire_morceaux(" ".join(self.paragraphe), self.variables),)))
        if self.liste:
            self.blocs.append(Bloc("liste", tuple(self.liste)))
        self.paragraphe, self.liste = [], []

    def lire(self, ligne: str) -> None:
        """Lit une ligne, sans ses espaces."""
        if ligne.startswith("- "):
            if self.paragraphe:
                self.clore()
            self.liste.append(_lire_morceaux(ligne[2:], self.variables))
            return
        if ligne and not self._est_un_bloc_entier(ligne):
            if self.liste:
                self.clore()
            self.paragraphe.append(ligne)
            return
        self.clore()
        insertion = _INSERTION.match(ligne)
        if insertion:
            self.blocs.append(Bloc("insertion", nom=insertion.group(1)))
        elif ligne:
            genre: Genre = "titre" if ligne.startswith("# ") else "article"
            self.blocs.append(Bloc(genre, (_lire_morceaux(ligne.lstrip("# "), self.variables),)))

    @staticmethod
    def _est_un_bloc_entier(ligne: str) -> bool:
        insertion = _INSERTION.match(ligne)
        return ligne.startswith(("# ", "## ")) or (insertion is not None and insertion.group(1) in INSERTIONS)


def _lire_blocs(texte: str, variables: Mapping[str, str]) -> list[Bloc]:
    lecteur = _Lecteur(variables)
    for ligne in texte.split("\n"):
        lecteur.lire(ligne.strip())
    lecteur.clore()
    return lecteur.blocs


def _lire_morceaux(ligne: str, variables: Mapping[str, str]) -> tuple[Morceau, ...]:
    morceaux: list[Morceau] = []
    fin = 0
    for gras in _GRAS.finditer(ligne):
        if gras.start() > fin:
            morceaux.append(Morceau(_remplacer(ligne[fin : gras.start()], variables)))
        morceaux.append(Morceau(_remplacer(gras.group(1), variables), gras=True))
        fin = gras.end()
    if fin < len(ligne):
        morceaux.append(Morceau(_remplacer(ligne[fin:], variables)))
    return tuple(morceaux)


def _remplacer(texte: str, variables: Mapping[str, str]) -> str:
    return _BALISE.sub(lambda trouvee: variables.get((trouvee.group(1) or "").strip(), ""), texte)
