"""Le procès-verbal de sa séance se lit d'un membre de la CALEOL par une fonction à elle : d'autres redéfinissent les pièces reçues."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, relire

ICI = "(SELECT flux_organisme())"
AVANT = f"organisme_id = {ICI} OR id IN (SELECT flux_pieces_recues())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0010_lignes_des_services_et_des_membres")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_pieces_du_membre",
                "SELECT s.proces_verbal_id FROM attributions_seance s WHERE s.proces_verbal_id IS NOT NULL"
                " AND s.id IN (SELECT flux_seances_du_membre())",
            )
        ),
        relire("pieces_piece", lecture=f"{AVANT} OR id IN (SELECT flux_pieces_du_membre())", avant=AVANT),
    ]
