"""Ce qu'un import sait de lui-même d'un fichier à l'autre : qui importe, pour quel bailleur, ce qui a été annoncé."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.options import Options
from flux_reservations.echanges.rapport import Rapport


@dataclass(slots=True)
class Contexte:
    """L'état d'un import.

    `annonces` retient, par tableau, les clés lues dans un fichier qui n'a pas pu être écrit : une ligne qui les cite n'est pas fautive
    pour autant (l'erreur est déjà dite à sa source). Un tableau illisible est dans `illisibles` : tout ce qui le cite est admis.
    `contenus` retient les empreintes dont cet import a donné les octets : citer une empreinte ne suffit pas à en obtenir le document.
    """

    acteur: Acteur
    rapport: Rapport
    effet: dt.date | None = None
    siren: str = ""
    avec_changements: bool = True
    options: Options = field(default_factory=Options)
    annonces: dict[str, set[str]] = field(default_factory=dict)
    illisibles: set[str] = field(default_factory=set)
    contenus: set[str] = field(default_factory=set)
    _bailleurs: dict[str, Bailleur] | None = None

    def bailleurs(self) -> dict[str, Bailleur]:
        """Bailleurs sur lesquels l'acteur peut importer, par SIREN."""
        if self._bailleurs is None:
            self._bailleurs = {
                bailleur.siren: bailleur for bailleur in Bailleur.objects.modifiables_par(self.acteur).order_by("pk")
            }
        return self._bailleurs

    @property
    def siren_est_inconnu(self) -> bool:
        """Vrai si `--bailleur` ne désigne personne : l'import est refusé, et rien de ce qu'il cite n'est dit inconnu pour autant."""
        return bool(self.siren) and self.siren not in self.bailleurs() and not self.est_annonce("bailleurs", self.siren)

    def oublier_bailleurs(self) -> None:
        """À appeler quand des bailleurs ont été écrits."""
        self._bailleurs = None

    def bailleurs_cherches(self) -> list[int]:
        """Identifiants des bailleurs où chercher une référence : celui de `--bailleur`, sinon tous."""
        if self.siren:
            bailleur = self.bailleurs().get(self.siren)
            return [bailleur.pk] if bailleur else []
        return [bailleur.pk for bailleur in self.bailleurs().values()]

    def annoncer(self, tableau: str, cles: Collection[str]) -> None:
        """Retient des clés lues dans un fichier refusé."""
        self.annonces.setdefault(tableau, set()).update(cles)

    def est_annonce(self, tableau: str, cle: str) -> bool:
        """Vrai si la clé est dans un fichier refusé : l'erreur est déjà dite."""
        return tableau in self.illisibles or cle in self.annonces.get(tableau, ())
