"""Tableau `occupations` (RG-51) : les ménages d'une résidence à la date d'une enquête d'occupation sociale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from attributions.models import Occupation
from attributions.models.occupations import PARTIES
from conventions.models import Bailleur
from flux_reservations.echanges.colonnes import Colonne, Siren
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import poser_communes, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.patrimoine import COMMUNE
from flux_reservations.territoires.resolution import Resolution


class Occupations(TableauModele):
    """Le tableau `occupations` ; la clé est le bailleur, le programme, la commune (vide : où qu'il soit) et la date."""

    nom = "occupations"
    modele = Occupation
    colonne_cle = "programme"
    cle_base = ("bailleur_id", "programme", "commune_id", "enquete_le")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        colonne_de(Occupation, "programme", obligatoire=True),
        Colonne("commune", COMMUNE, champ="commune_id"),
        colonne_de(Occupation, "enquete_le", obligatoire=True),
        colonne_de(Occupation, "menages", obligatoire=True),
        *(colonne_de(Occupation, partie) for partie in PARTIES),
    )

    def __init__(self) -> None:
        self._communes: dict[str, Resolution] = {}

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le bailleur et la commune, si elle est dite, doivent exister."""
        resoudre_bailleurs(suivi, lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
        poser_communes(suivi, lot, self._communes)
        for ligne in lot:
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            ligne.champs["bailleur_id"] = ligne.bailleur_id
            ligne.champs.setdefault("commune_id", None)
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Une partie des ménages ne dépasse pas leur nombre."""
        del ancien
        for partie in PARTIES:
            if complet[partie] is not None and complet[partie] > complet["menages"]:
                suivi.refuser(
                    ligne,
                    partie,
                    f"Plus que de ménages enquêtés ({complet['menages']}) : corrigez ce nombre, ou celui des ménages.",
                )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les enquêtes du bailleur, des plus anciennes aux plus récentes."""
        requete = Occupation.objects.filter(bailleur=bailleur).order_by("programme", "commune", "enquete_le")
        return self.exporter_requete(requete, bailleur=lambda _: bailleur.siren)
