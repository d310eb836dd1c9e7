"""Ce que les pages d'analyse partagent : le champ lu, les onglets, des tableaux dont chaque nombre peut se déplier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bilans.views.champ import Champ, lire_champ, onglets_du_flux
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable
from flux_reservations.socle.vues import classer_les_colonnes
from flux_reservations.territoires.models import Commune


@dataclass(frozen=True, slots=True)
class TableauSimple:
    """Un tableau : légende, note, en-têtes, lignes dont la première cellule est l'en-tête ; les colonnes de nombres sont à droite."""

    legende: str
    entetes: Sequence[str]
    lignes: Sequence[Sequence[object]]
    note: str = ""
    vide: str = "Rien à montrer pour cette année."

    @property
    def colonnes(self) -> list[tuple[str, str]]:
        """Les en-têtes, en couples (libellé, classe)."""
        return list(zip(self.entetes, classer_les_colonnes(self.entetes, self.lignes), strict=True))

    @property
    def tableau(self) -> list[list[tuple[object, str, str]]]:
        """Les lignes, en triplets (cellule, classe, en-tête de sa colonne)."""
        return [
            [(cellule, classe, entete) for cellule, (entete, classe) in zip(ligne, self.colonnes, strict=True)]
            for ligne in self.lignes
        ]


@dataclass(frozen=True, slots=True)
class Analyse:
    """Ce qu'une page d'analyse montre.

    `actes` : couples (libellé, adresse) de ce qu'on peut faire ici ; `acte_direct` : celui qui se fait d'un clic, sans page de
    confirmation (il n'a rien d'irréversible).
    """

    explication: str
    regle: str
    tableaux: Sequence[TableauSimple] = field(default_factory=tuple)
    avis: Sequence[tuple[str, str]] = field(default_factory=tuple)
    formulaire: forms.Form | None = None
    actes: Sequence[tuple[str, str]] = field(default_factory=tuple)
    acte_direct: tuple[str, str] | None = None


class PageAnalyse(PageExportable, ReserveeMixin):
    """Une page d'analyse : le même champ, les mêmes onglets, un contenu."""

    natures = frozenset({Nature.BAILLEUR})
    nom: str
    titre: str

    def __init_subclass__(cls) -> None:
        """L'export porte le nom de la page."""
        super().__init_subclass__()
        cls.nom_export = getattr(cls, "nom", "analyse")

    def get(self, request: Requete) -> HttpResponse:
        """Montre l'analyse ; sans patrimoine, dit quoi importer."""
        champ = lire_champ(request)
        contexte: dict[str, Any] = {
            "titre": self.titre,
            "champ": champ,
            "onglets": onglets_du_flux(champ, self.nom),
            "nom": self.nom,
        }
        if champ.departement:
            contexte["analyse"] = self.analyser(request, champ)
        return render(request, "bilans/analyse.html", contexte)

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Le contenu de la page."""
        raise TypeError(f"{type(self).__name__} ne dit pas quoi analyser.")


def noms_des_communes(codes: Iterable[str]) -> dict[str, str]:
    """Nom de chaque commune."""
    return dict(Commune.objects.filter(pk__in=list(codes)).values_list("pk", "nom"))


def detail(champ: Champ, **quoi: object) -> str:
    """L'adresse qui déplie un nombre du flux de ce champ."""
    return f"{reverse('flux_detail')}?{champ.parametres(**quoi)}"
