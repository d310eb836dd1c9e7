"""Un export complet se lit et se demande par un responsable du bailleur ; le travailleur (système) en écrit les morceaux."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

A_MOI = "bailleur_id = (SELECT flux_organisme()) AND (SELECT flux_responsable())"
DES_MIENS = f"export_id IN (SELECT e.id FROM echanges_exportcomplet e WHERE {A_MOI})"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0012_exports_complets")]

    operations = [
        proteger("echanges_exportcomplet", lecture=A_MOI, ecriture="false", ajout=A_MOI),
        proteger("echanges_morceauexport", lecture=DES_MIENS),
    ]
