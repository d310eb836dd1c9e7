"""Tableau `liberations` (RG-40) : les logements qui se libèrent, leur qualification et leur bail."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Value

from attributions.models import Liberation
from conventions.models import Bailleur, Logement
from flux_reservations.echanges.colonnes import Colonne, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.preuves import OrientationsDuLot, proteger_la_liberation
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne


class Liberations(TableauModele):
    """Le tableau `liberations` ; le bailleur d'une libération est celui de son logement."""

    nom = "liberations"
    modele = Liberation
    colonne_cle = "numero"
    cle_base = ("bailleur_id", "numero")
    colonnes: ClassVar = (
        BAILLEUR,
        colonne_de(Liberation, "numero", obligatoire=True),
        Colonne("logement", Texte(60), obligatoire=True),
        colonne_de(Liberation, "date_conge"),
        colonne_de(Liberation, "date_disponibilite", obligatoire=True),
        colonne_de(Liberation, "nature"),
        colonne_de(Liberation, "exclusion"),
        colonne_de(Liberation, "retrait"),
        colonne_de(Liberation, "date_bail"),
        colonne_de(Liberation, "motif_exclusion"),
        colonne_de(Liberation, "motif_retrait"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le logement doit exister."""
        resoudre_bailleurs(suivi, lot)
        logements = chercher(
            suivi,
            lot,
            "logement",
            Logement.objects.all(),
            attribut="identifiant",
            tableau="patrimoine",
            article="Logement",
        )
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            logement = logements.get(ligne.numero)
            if logement is not None and "numero" in ligne.valeurs:
                ligne.champs |= {"logement_id": logement[0], "bailleur_id": logement[1]}
                ligne.cle = (logement[1], ligne.valeurs["numero"])

    def lire_existants(self, cles: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
        """Libérations de la base ; de quoi lire leurs orientations."""
        existants = super().lire_existants(cles)
        self._orientations = OrientationsDuLot(pk for pk, _ in existants.values())
        return existants

    def proteger(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Ce que l'écran réserve au responsable ou demande de motiver, d'après les orientations de la libération."""
        proteger_la_liberation(suivi, ligne, complet, ancien, self._orientations)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Ce que la base refuserait, dit à sa ligne."""
        conge, bail = complet["date_conge"], complet["date_bail"]
        if conge and bail and bail < conge:
            suivi.refuser(
                ligne, "date_bail", f"Le bail précède le congé ({conge.isoformat()}) : corrigez l'une des deux dates."
            )
        if complet["retrait"] and bail:
            suivi.refuser(ligne, "retrait", "Une libération retirée n'a pas de bail : videz retrait, ou date_bail.")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les libérations du bailleur."""
        requete = Liberation.objects.filter(bailleur=bailleur).order_by("date_disponibilite", "numero")
        return self.exporter_valeurs(requete, bailleur=Value(bailleur.siren), logement="logement__identifiant")
