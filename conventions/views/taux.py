"""Le taux d'une convention se déplie : quelles lignes s'ajoutent, où, et sur combien de logements (RG-13, RG-33)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from conventions.chargement import compter_logements_par_commune
from conventions.chargement_taux import ZoneDeTaux, taux_ramene_au_departement, zones_de_taux
from conventions.models import Convention
from conventions.views.conventions import titre_des_conventions
from conventions.views.elaboration import lire_convention
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.socle.presentation import Lien, compter, ecrire_date, ecrire_nombre, ecrire_taux
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Depliage, repondre_depliage

COMMUNES_NOMMEES = 3
"""Au-delà, une zone se dit par son nombre de communes."""


class DetailDuTaux(ReserveeMixin):
    """Les zones d'une convention ; les logements ne sont dits qu'au bailleur (domaine.md § 6)."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Répond le détail."""
        convention = lire_convention(request, pk)
        jour = timezone.localdate()
        logements = (
            compter_logements_par_commune(convention.bailleur_id, convention.departement_id, jour)
            if request.acteur.est_bailleur
            else None
        )
        return repondre_depliage(request, _deplier(request, convention, logements))


def _deplier(request: Requete, convention: Convention, logements: dict[str, int] | None) -> Depliage:
    zones = zones_de_taux(convention, logements or {}, timezone.localdate())
    entetes = ["Communes", "Lignes qui s'y ajoutent", "Taux"]
    lignes = [[_nommer(zone), _dire_les_lignes(zone), ecrire_taux(zone.taux)] for zone in zones]
    explication = (
        "Des taux ne s'additionnent que sur une même assiette : voici leur somme, là où leurs périmètres se recouvrent."
    )
    if logements is not None:
        entetes.append("Logements")
        for ligne, zone in zip(lignes, zones, strict=True):
            ligne.append(_lier(zone))
        ramene = taux_ramene_au_departement(convention, logements, timezone.localdate())
        if ramene is not None:
            explication += (
                f" Ramenée aux {compter(sum(logements.values()), 'logement')} du flux dans le département au "
                f"{ecrire_date(timezone.localdate())}, la convention pèse {ecrire_taux(ramene)}."
            )
    return Depliage(
        titre=f"Taux de la convention {convention.numero}",
        total=f"{ecrire_taux(zones[0].taux)} au plus haut" if zones else "aucune ligne de droit ne court",
        entetes=entetes,
        lignes=lignes,
        regle="RG-13",
        explication=explication,
        fil=[
            (titre_des_conventions(request.acteur), reverse("conventions")),
            (convention.numero, reverse("convention", args=[convention.pk])),
        ],
    )


def _nommer(zone: ZoneDeTaux) -> str:
    noms = [nom for _, nom in zone.communes]
    if len(noms) <= COMMUNES_NOMMEES:
        return ", ".join(noms)
    return f"{', '.join(noms[:COMMUNES_NOMMEES])} et {compter(len(noms) - COMMUNES_NOMMEES, 'autre commune', 'autres communes')}"


def _dire_les_lignes(zone: ZoneDeTaux) -> str:
    return " + ".join(
        f"{ligne.get_contrepartie_display()}{f' ({ligne.get_sous_contingent_display()})' if ligne.sous_contingent else ''} "
        f"{ecrire_taux(ligne.taux)}"
        for ligne in zone.lignes
    )


def _lier(zone: ZoneDeTaux) -> str:
    """Les logements de la zone ; d'une seule commune, ils s'ouvrent dans le patrimoine."""
    commune = f"&commune={zone.communes[0][0]}" if len(zone.communes) == 1 else ""
    return Lien(ecrire_nombre(zone.logements), f"{reverse('patrimoine')}?champ=dans{commune}")
