"""Tableau `fiches_rpls` : le contingent et le bail en cours que le RPLS dit d'un logement (formats.md § 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Value

from conventions.models import Bailleur, FicheRpls, Logement
from flux_reservations.echanges.colonnes import Colonne, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne


class FichesRpls(TableauModele):
    """Le tableau `fiches_rpls` ; la clé est le logement."""

    nom = "fiches_rpls"
    modele = FicheRpls
    colonne_cle = "logement"
    cle_base = ("logement_id",)
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("logement", Texte(60), obligatoire=True),
        colonne_de(FicheRpls, "contingent"),
        colonne_de(FicheRpls, "dernier_bail"),
        colonne_de(FicheRpls, "est_vacant"),
        colonne_de(FicheRpls, "millesime"),
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
            if logement is not None and not ligne.fautive:
                ligne.champs["logement_id"] = logement[0]
                ligne.cle = (logement[0],)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les fiches du patrimoine du bailleur."""
        requete = FicheRpls.objects.filter(logement__bailleur=bailleur).order_by("logement__identifiant")
        return self.exporter_valeurs(requete, bailleur=Value(bailleur.siren), logement="logement__identifiant")
