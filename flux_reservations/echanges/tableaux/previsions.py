"""Tableau `previsions` (RG-32) : A et B prévus d'une commune pour une année, B par motif d'exclusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from attributions.domaine.codes import Exclusion
from bilans.models import Prevision
from conventions.models import Bailleur
from flux_reservations.echanges.colonnes import Colonne, Siren
from flux_reservations.echanges.masse import MiseDeCote
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.references import DEPARTEMENT, poser_communes, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.patrimoine import COMMUNE
from flux_reservations.echanges.valeurs import Instant
from flux_reservations.territoires.models import Departement
from flux_reservations.territoires.resolution import Resolution

MOTIFS = tuple(motif.value for motif in Exclusion)


class ReservePrevisions(MiseDeCote):
    """Prévisions à écrire."""

    def __init__(self) -> None:
        super().__init__(Prevision)
        self.communes: dict[str, Resolution] = {}


class Previsions(TableauModele):
    """Le tableau `previsions` ; une prévision publiée ne change plus."""

    nom = "previsions"
    modele = Prevision
    colonne_cle = "commune"
    cle_base = ("bailleur_id", "departement_id", "annee", "commune_id")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        colonne_de(Prevision, "annee", Entier(2000, 2200), obligatoire=True),
        Colonne("commune", COMMUNE, obligatoire=True, champ="commune_id"),
        colonne_de(Prevision, "mises_en_location", obligatoire=True),
        *(Colonne(motif, Entier(0, 1_000_000), defaut=0) for motif in MOTIFS),
        colonne_de(Prevision, "publiee_le", Instant()),
    )

    def ouvrir_reserve(self) -> ReservePrevisions:
        """Où mettre de côté."""
        return ReservePrevisions()

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Bailleur, département et commune doivent exister."""
        resoudre_bailleurs(suivi, lot)
        departements = set(Departement.objects.values_list("code", flat=True))
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
        poser_communes(suivi, lot, suivi.reserve.communes)
        for ligne in lot:
            departement = ligne.valeurs.get("departement")
            if departement is not None and departement not in departements:
                suivi.refuser(ligne, "departement", "Département inconnu : mettez son code INSEE (94, 2A, 974).")
            if ligne.fautive:
                continue
            ligne.champs |= {"bailleur_id": ligne.bailleur_id, "departement_id": departement}
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Réunit les motifs présents ; refuse de changer ce qui est publié."""
        lus = {motif: ligne.valeurs[motif] for motif in MOTIFS if motif in ligne.valeurs}
        reunis = {motif: nombre for motif, nombre in (complet["exclusions"] | lus).items() if nombre}
        connus = {motif: nombre for motif, nombre in complet["exclusions"].items() if nombre}
        if reunis != connus:
            complet["exclusions"] = reunis
        if ancien is not None and ancien["publiee_le"] is not None and complet != ancien:
            suivi.refuser(ligne, "publiee_le", "Cette prévision est publiée : elle ne change plus (RG-32).")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les prévisions du bailleur."""
        requete = Prevision.objects.filter(bailleur=bailleur).order_by("departement", "annee", "commune")
        for prevision in requete:
            yield {
                **self.lire_champs(prevision),
                "bailleur": bailleur.siren,
                "departement": prevision.departement_id,
                **{motif: prevision.exclusions.get(motif, 0) for motif in MOTIFS},
            }
