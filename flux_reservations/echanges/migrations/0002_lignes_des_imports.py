"""Un import se lit et s'écrit par son bailleur ; ses fichiers suivent."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
DES_MIENS = f"importdepose_id IN (SELECT i.id FROM echanges_importdepose i WHERE i.bailleur_id = {ICI})"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0001_imports_deposes"), ("pieces", "0002_lignes_des_pieces")]

    operations = [
        proteger("echanges_importdepose", lecture=f"bailleur_id = {ICI}", ecriture=f"bailleur_id = {ICI}"),
        proteger("echanges_importdepose_pieces", lecture=DES_MIENS, ecriture=DES_MIENS),
    ]
