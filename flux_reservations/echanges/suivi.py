"""Le suivi d'un fichier pendant son import : anomalies à leur place, comptes, clés déjà vues, changements."""

from __future__ import annotations

from typing import Any

from flux_reservations.commun.arrondis import accorder
from flux_reservations.echanges.colonnes import Colonne
from flux_reservations.echanges.contexte import Contexte
from flux_reservations.echanges.rapport import LIMITE_ANOMALIES, LIMITE_CHANGEMENTS, Changement, FichierLu
from flux_reservations.echanges.tableau import Ligne, Tableau


class Suivi:
    """Un fichier en cours : ce que le tableau y signale va au rapport."""

    def __init__(self, contexte: Contexte, tableau: Tableau, compte: FichierLu) -> None:
        self.contexte = contexte
        self.tableau = tableau
        self.compte = compte
        self.rangs: dict[str, int] = {}
        """Rang, dans le fichier, de chaque colonne qu'il a."""
        self.colonnes: dict[str, Colonne] = {colonne.nom: colonne for colonne in tableau.colonnes}
        self.simples = tuple((colonne.nom, colonne.champ) for colonne in tableau.colonnes if colonne.champ)
        """Colonnes qui vont telles quelles au modèle, et leur attribut."""
        self.alias: dict[str, str] = {}
        """En-tête du fichier pour une colonne du tableau, quand ils diffèrent (RPLS)."""
        self.entetes: dict[str, str] = {}
        """En-tête qu'une personne a fait correspondre à une colonne : c'est lui qu'on cite."""
        self.reserve: Any = None
        """Ce que le tableau met de côté entre `traiter` et `ecrire`."""
        self.annees_publiees: frozenset[int] | None = None
        self.seances_closes: frozenset[int] | None = None
        self.seances_a_clore: frozenset[tuple[Any, ...]] | None = None
        """Ce qui est figé chez le bailleur, lu une fois (`preuves.py`)."""
        self._debut = len(contexte.rapport.erreurs), len(contexte.rapport.avertissements)
        self._cles: dict[tuple[Any, ...], int] = {}
        self._avertissements = 0
        self._remarques: dict[tuple[str, str], int] = {}
        self._changements = 0

    def a(self, colonne: str) -> bool:
        """Vrai si le fichier a cette colonne."""
        return colonne in self.rangs

    def refuser(self, ligne: Ligne | int | None, colonne: str, message: str, *, valeur: str | None = None) -> None:
        """Une erreur sur une ligne : elle ne sera pas écrite, ni le reste."""
        numero, lue = self._situer(ligne, colonne)
        if isinstance(ligne, Ligne):
            ligne.fautive = True
        self.compte.erreurs += 1
        if self.compte.erreurs <= LIMITE_ANOMALIES:
            self.contexte.rapport.refuser(
                self.compte.fichier,
                message,
                ligne=numero,
                colonne=self._entete(colonne),
                valeur=lue if valeur is None else valeur,
                est_nominative=colonne in self.tableau.nominatives,
            )

    def avertir(self, ligne: Ligne | int | None, colonne: str, message: str, *, valeur: str | None = None) -> None:
        """Un avertissement sur une ligne, qui reste acceptée."""
        self._avertissements += 1
        if self._avertissements <= LIMITE_ANOMALIES:
            numero, lue = self._situer(ligne, colonne)
            self.contexte.rapport.avertir(
                self.compte.fichier,
                message,
                ligne=numero,
                colonne=self._entete(colonne),
                valeur=lue if valeur is None else valeur,
                est_nominative=colonne in self.tableau.nominatives,
            )

    def remarquer(self, ligne: Ligne, colonne: str, genre: str, message: str) -> None:
        """Un avertissement dit une fois par colonne et par genre, à sa première ligne, avec le nombre total à la fin."""
        vus = self._remarques.get((colonne, genre), 0)
        self._remarques[colonne, genre] = vus + 1
        if not vus:
            self.avertir(ligne, colonne, message)

    def clore(self) -> None:
        """Met les anomalies du fichier dans l'ordre des lignes, et dit ce qui n'a pas été répété."""
        rapport, fichier = self.contexte.rapport, self.compte.fichier
        for anomalies, debut in zip((rapport.erreurs, rapport.avertissements), self._debut, strict=True):
            anomalies[debut:] = sorted(anomalies[debut:], key=lambda anomalie: anomalie.ligne or 0)
        if self.compte.erreurs > LIMITE_ANOMALIES:
            rapport.refuser(
                fichier,
                f"Et {accorder(self.compte.erreurs - LIMITE_ANOMALIES, 'autre erreur', 'autres erreurs')} dans ce fichier.",
            )
        if self._avertissements > LIMITE_ANOMALIES:
            rapport.avertir(
                fichier,
                f"Et {accorder(self._avertissements - LIMITE_ANOMALIES, 'autre avertissement', 'autres avertissements')} dans ce fichier.",
            )
        for (colonne, genre), nombre in self._remarques.items():
            if nombre > 1:
                rapport.avertir(fichier, f"{genre} : {accorder(nombre, 'ligne')} en tout.", colonne=colonne)

    def retenir_cle(self, ligne: Ligne) -> bool:
        """Retient la clé de la ligne ; refuse la ligne si une autre l'a déjà, et rend faux."""
        premiere = self._cles.setdefault(ligne.cle, ligne.numero)
        if premiere == ligne.numero:
            return True
        colonne = self.tableau.colonne_cle
        self.refuser(
            ligne,
            colonne,
            f"Déjà à la ligne {premiere} : une clé ne figure qu'une fois par fichier. Supprimez l'une des deux.",
        )
        return False

    def changer(self, ligne: Ligne, nature: str, champs: dict[str, tuple[str, str]]) -> None:
        """Retient un changement pour la prévisualisation."""
        self._changements += 1
        if self.contexte.avec_changements and self._changements <= LIMITE_CHANGEMENTS:
            cle = self.tableau.annonce(ligne)
            self.contexte.rapport.changements.append(
                Changement(self.compte.fichier, ligne.numero, self.tableau.nom, cle, nature, champs)
            )

    def _entete(self, colonne: str) -> str:
        if colonne in self.entetes:
            return self.entetes[colonne]
        nom = self.alias.get(colonne, colonne)
        return nom.upper() if self.tableau.entetes_en_majuscules else nom

    def _situer(self, ligne: Ligne | int | None, colonne: str) -> tuple[int | None, str]:
        if isinstance(ligne, Ligne):
            return ligne.numero, ligne.texte(self.alias.get(colonne, colonne))
        return ligne, ""
