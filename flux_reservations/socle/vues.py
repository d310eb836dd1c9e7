"""Aides de vues : la liste filtrée, triée, paginée, exportable, et le nombre qui se déplie.

Une liste se décrit, elle ne se programme pas : des colonnes, un filtre (django-filter), un QuerySet qui part de
`visibles_par(self.request.acteur)`. Le reste (adresse partageable, exports, état vide, htmx) est commun.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any, ClassVar, Generic, Literal, TypeVar

import django_filters
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from flux_reservations.socle import presentation
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.requete import Requete

M = TypeVar("M", bound=Model)
Genre = Literal["texte", "nombre", "decimal", "taux", "solde", "date", "instant", "oui_non", "pastille"]
_A_DROITE: frozenset[str] = frozenset({"nombre", "decimal", "taux", "solde"})
MORCEAU_D_EXPORT = 2000
LONGUEUR_D_UNE_LIGNE = 40
"""Au-delà de tant de caractères, une cellule de liste se plie au lieu d'allonger le tableau."""
_EST_NOMBRE = re.compile(rf"[+{presentation.MOINS}{presentation.INCONNU}\d\s,%€]*")


@dataclass(frozen=True)
class Colonne(Generic[M]):
    """Une colonne de liste.

    `valeur` rend la donnée (exportée telle quelle), `genre` dit comment l'écrire à l'écran, `tri` les champs qui la
    trient (vide : non triable), `lien` l'adresse de la fiche. `entete_de_ligne` en fait le `<th scope="row">` ;
    `secondaire` la cache sur un petit écran.
    """

    cle: str
    libelle: str
    valeur: Callable[[M], object]
    genre: Genre = "texte"
    tri: tuple[str, ...] = ()
    lien: Callable[[M], str] | None = None
    entete_de_ligne: bool = False
    secondaire: bool = False
    regle: str = ""

    @property
    def classe(self) -> str:
        """Classes CSS de la cellule."""
        classes = ["nombre"] if self.genre in _A_DROITE else ["date"] if self.genre in {"date", "instant"} else []
        return " ".join([*classes, "secondaire"] if self.secondaire else classes)


@dataclass(frozen=True, slots=True)
class Cellule:
    """Une cellule prête à écrire."""

    texte: str
    libelle: str = ""
    classe: str = ""
    adresse: str = ""
    entete: bool = False
    pastille: Pastille | None = None
    inconnue: bool = False


@dataclass(frozen=True, slots=True)
class EnTete:
    """Un en-tête de colonne, son lien de tri et le sens en cours (`ascending`, `descending` ou vide)."""

    libelle: str
    classe: str
    sens: str
    adresse: str
    regle: str


@dataclass(frozen=True, slots=True)
class FiltreActif:
    """Un filtre en cours et l'adresse qui l'enlève."""

    libelle: str
    valeur: str
    adresse: str


def ecrire_cellule(colonne: Colonne[M], objet: M) -> Cellule:
    """Écrit à la française la valeur d'une colonne pour un objet."""
    valeur = colonne.valeur(objet)
    if isinstance(valeur, Pastille):
        return Cellule(valeur.libelle, colonne.libelle, colonne.classe, pastille=valeur)
    inconnue = valeur is None or valeur == ""
    texte = presentation.INCONNU if inconnue else _ecrire(colonne.genre, valeur)
    return Cellule(
        texte=texte,
        libelle=colonne.libelle,
        classe=f"{colonne.classe} longue".strip() if len(texte) > LONGUEUR_D_UNE_LIGNE else colonne.classe,
        adresse=colonne.lien(objet) if colonne.lien else "",
        entete=colonne.entete_de_ligne,
        inconnue=inconnue,
    )


def _ecrire(genre: Genre, valeur: object) -> str:
    if isinstance(valeur, bool):
        return "Oui" if valeur else "Non"
    if isinstance(valeur, int | Decimal | Fraction):
        ecrivains: dict[str, Callable[[presentation.Quantite], str]] = {
            "nombre": presentation.ecrire_nombre,
            "decimal": lambda nombre: presentation.ecrire_nombre(nombre, 1),
            "taux": presentation.ecrire_taux,
            "solde": presentation.ecrire_solde,
        }
        return ecrivains.get(genre, str)(valeur)
    if isinstance(valeur, dt.datetime) and genre == "instant":
        return presentation.ecrire_instant_court(valeur)
    if isinstance(valeur, dt.date):
        return presentation.ecrire_date_courte(valeur)
    return str(valeur)


class VueListe(View, ABC, Generic[M]):
    """Liste d'objets : recherche, filtres et tri dans l'adresse, pages, export de ce qu'on voit, état vide utile.

    À donner : `titre`, `legende`, `nom_export`, `colonnes`, `lire()` ; en option `colonnes_d_export` (ce que l'export porte en plus),
    `classe_filtre`, `tri_par_defaut`, `singulier`, `pluriel`, `gabarit`, `vide_titre`, `vide_texte`, `contexte()`.
    """

    request: Requete
    titre: ClassVar[str]
    legende: ClassVar[str]
    nom_export: ClassVar[str]
    colonnes: ClassVar[Sequence[Colonne[Any]]] = ()
    colonnes_d_export: ClassVar[Sequence[Colonne[Any]]] = ()
    classe_filtre: ClassVar[type[django_filters.FilterSet] | None] = None
    tri_par_defaut: ClassVar[str] = ""
    singulier: ClassVar[str] = "ligne"
    pluriel: ClassVar[str] = ""
    gabarit: ClassVar[str] = "liste.html"
    vide_titre: ClassVar[str] = "Rien à montrer"
    vide_texte: ClassVar[str] = ""
    par_page: ClassVar[int] = 50

    @abstractmethod
    def lire(self) -> QuerySet[M]:
        """Les objets que l'acteur peut voir, avant filtres : toujours `….visibles_par(self.request.acteur)`."""

    def completer(self, objets: Sequence[M]) -> None:
        """Lit en plus, en un nombre fixe de requêtes, ce que les colonnes montrent des objets d'une page ou d'un morceau d'export."""

    def lire_colonnes(self) -> Sequence[Colonne[M]]:
        """Les colonnes ; à redéfinir si elles dépendent de l'acteur."""
        return self.colonnes

    def contexte(self) -> dict[str, Any]:
        """Ce que le gabarit propre à la liste attend en plus."""
        return {}

    def fil(self) -> Fil:
        """Fil d'Ariane ; vide pour une page de premier niveau."""
        return ()

    def get(self, request: Requete, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Répond la page, ou l'export demandé par `?export=csv|xlsx`."""
        del request, args, kwargs
        tous = self.lire()
        filtre = (
            self.classe_filtre(self.request.GET, queryset=tous, request=self.request) if self.classe_filtre else None
        )
        filtres = filtre.qs if filtre is not None else tous
        colonne, decroissant = self._tri()
        objets = filtres.order_by(*self._ordre(colonne, decroissant=decroissant)) if colonne else filtres
        export = self.request.GET.get("export")
        if export in {"csv", "xlsx"}:
            return self._exporter(export, objets)
        colonnes = self.lire_colonnes()
        page: Page[M] = Paginator(objets, self.par_page).get_page(self.request.GET.get("page"))
        page.object_list = list(page.object_list)
        self.completer(page.object_list)
        actifs = list(self._filtres_actifs(filtre)) if filtre is not None else []
        contexte = {
            "titre": self.titre,
            "fil": self.fil(),
            "legende": self.legende,
            "page": page,
            "entetes": [self._entete(une, colonne, decroissant=decroissant) for une in colonnes],
            "lignes": [[ecrire_cellule(une, objet) for une in colonnes] for objet in page],
            "filtre": filtre,
            "filtres_actifs": actifs,
            "tri": self.request.GET.get("tri", ""),
            "export_csv": self._adresse(export="csv", page=None),
            "export_xlsx": self._adresse(export="xlsx", page=None),
            "sans_filtre": self.request.path,
            "singulier": self.singulier,
            "pluriel": self.pluriel or f"{self.singulier}s",
            "vide_titre": self.vide_titre,
            "vide_texte": self.vide_texte,
        }
        return render(self.request, self.gabarit, contexte | self.contexte())

    def _tri(self) -> tuple[Colonne[M] | None, bool]:
        demande = self.request.GET.get("tri", "") or self.tri_par_defaut
        cle = demande.removeprefix("-")
        colonne = next((une for une in self.lire_colonnes() if une.cle == cle and une.tri), None)
        return colonne, demande.startswith("-")

    def _ordre(self, colonne: Colonne[M], *, decroissant: bool) -> list[str]:
        champs = list(colonne.tri)
        if decroissant:
            champs = [champ.removeprefix("-") if champ.startswith("-") else f"-{champ}" for champ in champs]
        return [*champs, "pk"]

    def _entete(self, colonne: Colonne[M], triee: Colonne[M] | None, *, decroissant: bool) -> EnTete:
        est_triee = triee is not None and triee.cle == colonne.cle
        suivant = f"-{colonne.cle}" if est_triee and not decroissant else colonne.cle
        return EnTete(
            libelle=colonne.libelle,
            classe=colonne.classe,
            sens=("descending" if decroissant else "ascending") if est_triee else "",
            adresse=self._adresse(tri=suivant, page=None) if colonne.tri else "",
            regle=colonne.regle,
        )

    def _adresse(self, **parametres: str | None) -> str:
        requete: QueryDict = self.request.GET.copy()
        for cle, valeur in parametres.items():
            if valeur is None:
                requete.pop(cle, None)
            else:
                requete[cle] = valeur
        return f"?{requete.urlencode()}"

    def _filtres_actifs(self, filtre: django_filters.FilterSet) -> Iterator[FiltreActif]:
        for nom, champ in filtre.form.fields.items():
            brut = filtre.form.data.get(nom, "")
            if not brut:
                continue
            choix = {str(cle): str(libelle) for cle, libelle in getattr(champ, "choices", [])}
            yield FiltreActif(
                str(champ.label or nom), choix.get(brut, brut), self._adresse(**{nom: None, "page": None})
            )

    def _exporter(self, genre: str, objets: QuerySet[M]) -> HttpResponseBase:
        colonnes = (*self.lire_colonnes(), *self.colonnes_d_export)
        entetes = [colonne.libelle for colonne in colonnes]
        lignes = (
            [colonne.valeur(objet) for colonne in colonnes] for morceau in self._morceaux(objets) for objet in morceau
        )
        repondre = repondre_csv if genre == "csv" else repondre_xlsx
        return repondre(self.nom_export, entetes, lignes)

    def _morceaux(self, objets: QuerySet[M]) -> Iterator[list[M]]:
        """Les objets à exporter, par morceaux complétés : une liste longue ne tient pas en mémoire."""
        suite = objets.iterator(chunk_size=MORCEAU_D_EXPORT)
        while morceau := list(islice(suite, MORCEAU_D_EXPORT)):
            self.completer(morceau)
            yield morceau


def classer_les_colonnes(entetes: Sequence[str], lignes: Sequence[Sequence[object]]) -> list[str]:
    """Classe de chaque colonne : à droite si toutes ses cellules sont des nombres, sauf la première, qui est l'en-tête de ligne."""
    return [
        "nombre" if rang and all(_EST_NOMBRE.fullmatch(str(ligne[rang])) for ligne in lignes) else ""
        for rang in range(len(entetes))
    ]


@dataclass(frozen=True, slots=True)
class Depliage:
    """Ce qui compose un nombre : ses lignes, la règle et la date à laquelle elle est lue."""

    titre: str
    total: str
    entetes: Sequence[str]
    lignes: Sequence[Sequence[str]]
    regle: str = ""
    au_titre_de: str = ""
    explication: str = ""
    fil: Fil = ()

    @property
    def classes(self) -> list[str]:
        """Classe de chaque colonne : les colonnes de nombres s'alignent à droite."""
        return classer_les_colonnes(self.entetes, self.lignes)

    @property
    def tableau(self) -> list[list[tuple[str, str]]]:
        """Les lignes, en couples (valeur, classe)."""
        return [list(zip(ligne, self.classes, strict=True)) for ligne in self.lignes]

    @property
    def colonnes(self) -> list[tuple[str, str]]:
        """Les en-têtes, en couples (libellé, classe)."""
        return list(zip(self.entetes, self.classes, strict=True))


def repondre_depliage(request: Requete, depliage: Depliage) -> HttpResponse:
    """Répond le détail d'un nombre : un fragment si htmx l'insère sous le nombre, une page sinon."""
    fragment = bool(request.htmx) and not request.htmx.boosted
    gabarit = "composants/depliage.html" if fragment else "depliage.html"
    return render(request, gabarit, {"depliage": depliage, "titre": depliage.titre, "fil": depliage.fil})
