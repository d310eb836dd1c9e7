"""Tableau `reservations_stock` (RG-07, RG-35) : les droits sur des logements identifiés."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from django.utils import timezone

from conventions.domaine.codes import STOCK_MAINTENU, NatureDroitStock
from conventions.models import Bailleur, Convention, Logement, ReservationStock
from flux_reservations.echanges.colonnes import Colonne, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import BAILLEUR, chercher, chercher_reservataires, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne


class ReservationsStock(TableauModele):
    """Le tableau `reservations_stock` ; seule la date de fin n'est pas dans la clé."""

    pour_la_lecture = frozenset({"contingent_rpls"})

    nom = "reservations_stock"
    modele = ReservationStock
    colonne_cle = "logement"
    cle_base = ("logement_id", "reservataire_id", "contrepartie", "nature", "date_debut")
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("logement", Texte(60), obligatoire=True),
        Colonne("reservataire", Texte(40), obligatoire=True),
        colonne_de(ReservationStock, "contrepartie", obligatoire=True),
        colonne_de(ReservationStock, "nature"),
        colonne_de(ReservationStock, "date_debut"),
        colonne_de(ReservationStock, "date_fin"),
    )

    def __init__(self) -> None:
        self._en_flux: set[int] = set()
        """Lignes dont le titulaire a une convention en flux en vigueur (RG-35)."""

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Logement et réservataire doivent exister."""
        resoudre_bailleurs(suivi, lot)
        reservataires = chercher_reservataires(suivi, lot)
        logements = chercher(
            suivi,
            lot,
            "logement",
            Logement.objects.all(),
            attribut="identifiant",
            tableau="patrimoine",
            article="Logement",
            plus=("commune__departement_id",),
        )
        jour = timezone.localdate()
        en_flux = set(
            Convention.objects.en_vigueur(jour)
            .filter(bailleur_id__parmi={un[1] for un in logements.values()})
            .exclude(reservataire__type__in=STOCK_MAINTENU)
            .values_list("bailleur_id", "reservataire_id", "departement_id")
        )
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            logement, reservataire = (
                logements.get(ligne.numero),
                reservataires.get(ligne.valeurs.get("reservataire", "")),
            )
            if ligne.fautive or logement is None or reservataire is None:
                continue
            ligne.champs |= {"logement_id": logement[0], "reservataire_id": reservataire.pk}
            complet = {"nature": suivi.colonnes["nature"].defaut, "date_debut": None} | ligne.champs
            ligne.cle = tuple(complet[attribut] for attribut in self.cle_base)
            if (logement[1], reservataire.pk, logement[2]) in en_flux:
                self._en_flux.add(ligne.numero)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """La fin ne précède pas le début ; un droit de suite qui (re)devient actif malgré une convention en flux se dit (RG-35)."""
        if complet["date_debut"] and complet["date_fin"] and complet["date_fin"] < complet["date_debut"]:
            suivi.refuser(
                ligne, "date_fin", "La fin d'un droit ne précède pas son début : corrigez l'une des deux dates."
            )
        if ligne.numero in self._en_flux and _court(complet) and not (ancien and _court(ancien)):
            suivi.remarquer(
                ligne,
                "reservataire",
                "Droit de suite d'un titulaire passé en flux",
                "Ce réservataire a une convention en flux en vigueur : un droit de suite actif s'y ajoute (RG-35). S'il a été converti, "
                "ôtez la ligne ou donnez sa date_fin, et corrigez la prochaine déclaration RPLS.",
            )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les droits en stock sur le patrimoine du bailleur."""
        requete = (
            ReservationStock.objects.filter(logement__bailleur=bailleur)
            .select_related("logement", "reservataire")
            .order_by("logement__identifiant", "reservataire__code", "contrepartie", "nature", "date_debut")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            logement=lambda droit: droit.logement.identifiant,
            reservataire=lambda droit: droit.reservataire.code,
        )


def _court(droit: Mapping[str, Any]) -> bool:
    """Vrai d'un droit de suite qui n'a pas pris fin."""
    fin: date | None = droit["date_fin"]
    return droit["nature"] == NatureDroitStock.SUITE and (fin is None or fin >= timezone.localdate())
