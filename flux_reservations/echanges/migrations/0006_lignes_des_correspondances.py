"""Les correspondances se lisent et s'écrivent par leur bailleur ; les traces d'import sont au système."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0005_correspondances_et_traces")]

    operations = [
        proteger("echanges_correspondance", lecture=f"bailleur_id = {ICI}", ecriture=f"bailleur_id = {ICI}"),
        proteger("echanges_trace", lecture="false"),
    ]
