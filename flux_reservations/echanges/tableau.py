"""La description d'un tableau, et la ligne qu'on en lit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flux_reservations.echanges.colonnes import Colonne

if TYPE_CHECKING:
    from conventions.models import Bailleur
    from flux_reservations.echanges.suivi import Suivi


class Ligne:
    """Une ligne lue : ses cellules (`rangs` dit où est chaque colonne), leurs `valeurs`, puis `champs` à écrire et `cle` résolue."""

    __slots__ = ("bailleur_id", "cellules", "champs", "cle", "ecart", "fautive", "numero", "rangs", "valeurs")

    def __init__(self, numero: int, cellules: list[str], rangs: Mapping[str, int]) -> None:
        self.numero = numero
        self.cellules = cellules
        self.rangs = rangs
        self.ecart = 0
        """Cellules de trop, ou de moins (négatif), que l'en-tête."""
        self.valeurs: dict[str, Any] = {}
        self.champs: dict[str, Any] = {}
        self.cle: tuple[Any, ...] = ()
        self.bailleur_id: int | None = None
        """Bailleur dit par la ligne (colonne `bailleur`), s'il l'est."""
        self.fautive = False

    def texte(self, colonne: str) -> str:
        """Le texte d'une colonne du fichier ; vide s'il ne l'a pas."""
        return self.cellules[self.rangs[colonne]] if colonne in self.rangs else ""


class Tableau(ABC):
    """Un tableau de formats.md § 1 : ses colonnes, sa clé, comment il s'importe et s'exporte."""

    nom: ClassVar[str]
    colonnes: ClassVar[Sequence[Colonne]]
    colonne_cle: ClassVar[str]
    """Colonne montrée quand une clé se répète."""
    a_l_administration: ClassVar[bool] = False
    """Vrai si seule l'administration l'importe, par la commande : des preuves, ou ce qu'un autre a dit ou décidé."""
    taille_lot: ClassVar[int] = 5000
    """Lignes lues, comparées, mises de côté ou exportées à la fois : ce qui tient en mémoire."""

    def colonnes_manquantes(self, presentes: set[str]) -> list[str]:
        """Colonnes obligatoires absentes."""
        return [colonne.nom for colonne in self.colonnes if colonne.obligatoire and colonne.nom not in presentes]

    nominatives: ClassVar[frozenset[str]] = frozenset()
    """Colonnes dont la valeur désigne une personne : un rapport gardé ne la cite pas (RG-70)."""
    pour_la_lecture: ClassVar[frozenset[str]] = frozenset()
    """Colonnes que nos propres fichiers à compléter portent pour qui les lit : ni lues, ni signalées."""
    entetes_en_majuscules: ClassVar[bool] = False
    """Vrai si le format écrit ses en-têtes en majuscules (RPLS) : c'est ainsi qu'on les cite."""

    def colonnes_lues(self) -> Collection[str]:
        """En-têtes reconnus (en minuscules)."""
        return [colonne.nom for colonne in self.colonnes]

    def citer_colonnes(self) -> str:
        """Les colonnes de ce tableau, telles que son format les écrit : le remède quand il en manque une."""
        lues = self.colonnes_lues()
        return ", ".join(sorted(lues)).upper() if self.entetes_en_majuscules else ", ".join(lues)

    def signaler_inconnues(self, suivi: Suivi, numero: int, inconnues: list[str]) -> None:
        """Dit les colonnes inconnues, une par une ; elles ne sont pas lues."""
        for nom in inconnues:
            if nom.lower() in self.pour_la_lecture:
                continue
            suivi.contexte.rapport.mal_compris = True
            suivi.avertir(numero, nom, "Colonne inconnue : elle n'est pas lue. Vérifiez son orthographe.", valeur=nom)

    def cellules(self, suivi: Suivi, lot: Sequence[Ligne]) -> Mapping[str, Sequence[str | None]]:
        """Cellules d'un lot, par colonne du tableau (None : la ligne ne l'a pas) ; un format étranger (RPLS) les traduit ici."""
        colonnes = list(zip(*(ligne.cellules for ligne in lot), strict=False))
        return {nom: colonnes[rang] for nom, rang in suivi.rangs.items()}

    @abstractmethod
    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Donne à chaque ligne ses `champs` et sa `cle`, en un nombre fixe de requêtes ; dit les références fautives."""

    @abstractmethod
    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Compare un lot résolu à la base et met de côté ce qui change."""

    def conclure(self, suivi: Suivi) -> None:  # noqa: B027 : un crochet facultatif
        """Contrôles qui regardent tout le fichier, avant d'écrire ; par défaut, aucun."""

    @abstractmethod
    def ecrire(self, suivi: Suivi) -> None:
        """Écrit ce qui a été mis de côté ; n'est appelé que si le fichier est sans erreur."""

    def annonce(self, ligne: Ligne) -> str:
        """Ce que d'autres fichiers citent d'une ligne."""
        return str(ligne.valeurs.get(self.colonne_cle, ""))

    @abstractmethod
    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Lignes à exporter : valeur par colonne (absente ou vide = cellule vide)."""
