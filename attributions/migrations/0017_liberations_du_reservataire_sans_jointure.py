"""Les libérations qu'un réservataire lit, prises aux seules orientations : la jointure aux libérations n'apportait rien.

L'orientation cite toujours une libération (clé étrangère, jamais vide) : les mêmes clés, sans parcourir toutes les libérations de la
plateforme à chaque requête.
"""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import lignes_autorisees

NOM = "flux_liberations_du_reservataire"
JOINTE = " JOIN attributions_liberation l ON l.id = o.liberation_id"


def corps(jointure: str) -> str:
    """La fonction, avec ou sans la jointure : celles de son service, celles qu'on lui délègue, celles de ses séances."""
    lues = f"SELECT o.liberation_id FROM attributions_orientation o{jointure} WHERE"
    requete = (
        f"{lues} o.reservataire_id = flux_organisme() AND o.date_mise_a_disposition IS NOT NULL AND flux_sert(o.sous_contingent)"
        f" UNION {lues} o.id IN (SELECT flux_orientations_deleguees(flux_organisme()))"
        f" UNION {lues} o.id IN (SELECT flux_orientations_du_membre())"
    )
    return f"CREATE OR REPLACE FUNCTION {lignes_autorisees(NOM, requete)};"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0016_colonnes_du_bailleur")]

    operations = [migrations.RunSQL(corps(""), corps(JOINTE))]
