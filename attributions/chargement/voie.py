"""La voie d'une libération : le flux, ou un chemin à part — exclusion, stock maintenu, hors champ, programme neuf (RG-22, RG-31, RG-53)."""

from __future__ import annotations

from dataclasses import dataclass

from attributions.domaine.codes import NatureLiberation
from attributions.models import Liberation
from conventions.chargement import charger_conventions
from conventions.models import Reservataire, ReservationStock
from flux_reservations.droit.assiette import Qualification, qualifier

MENTIONS = {
    Qualification.EXCLUE: "Exclue du flux (relogement ou mutation) : le bail s'enregistre sans orientation, et n'est décompté à personne.",
    Qualification.STOCK_MAINTENU: "Stock maintenu : ce logement revient à son titulaire, hors du flux, et se compte à part.",
    Qualification.HORS_CHAMP: "Hors du champ du flux : le bail s'enregistre sans orientation.",
    Qualification.PREMIERE_LOCATION: "Programme neuf, compté à part : le bail s'enregistre sans orientation.",
}


@dataclass(frozen=True, slots=True)
class Voie:
    """Ce qu'est une libération pour le flux, et le titulaire à qui elle revient si elle est en stock maintenu (RG-53)."""

    qualification: Qualification
    titulaire: Reservataire | None = None

    @property
    def est_du_flux(self) -> bool:
        """Vrai si le moteur l'oriente."""
        return self.qualification is Qualification.FLUX

    @property
    def mention(self) -> str:
        """Ce qu'il faut savoir d'une libération hors du flux ; vide dans le flux."""
        return MENTIONS.get(self.qualification, "")


def lire_la_voie(liberation: Liberation) -> Voie:
    """La voie d'une libération, à sa date de disponibilité : deux requêtes, trois pour un programme neuf."""
    jour, logement = liberation.date_disponibilite, liberation.logement
    droit = (
        ReservationStock.objects.actives(jour)
        .maintenues()
        .filter(logement=logement)
        .select_related("reservataire")
        .order_by("date_debut", "pk")
        .first()
    )
    situation = logement.situations.filter(periode__contains=jour).first()
    est_premiere = liberation.nature == NatureLiberation.PREMIERE_LOCATION
    dans_le_flux = False
    if est_premiere:
        chargees = charger_conventions(liberation.bailleur_id, logement.commune.departement_id)
        dans_le_flux = chargees.conventions.premieres_locations_dans_le_flux(logement.commune_id, jour)
    qualification = qualifier(
        est_retiree=bool(liberation.retrait),
        est_hors_champ=situation is not None and bool(situation.hors_champ),
        est_en_stock_maintenu=droit is not None,
        est_premiere_location=est_premiere,
        premiere_location_dans_le_flux=dans_le_flux,
        exclusion=liberation.exclusion,
    )
    return Voie(qualification, droit.reservataire if droit else None)
