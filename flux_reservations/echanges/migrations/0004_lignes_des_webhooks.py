"""Un abonnement et ses appels se lisent et s'écrivent par leur organisme ; la lecture du journal est au système."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
DES_MIENS = f"abonnement_id IN (SELECT a.id FROM echanges_abonnement a WHERE a.organisme_id = {ICI})"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0003_webhooks")]

    operations = [
        proteger("echanges_abonnement", lecture=f"organisme_id = {ICI}", ecriture=f"organisme_id = {ICI}"),
        proteger("echanges_appel", lecture=DES_MIENS, ecriture=DES_MIENS),
        proteger("echanges_lecturedujournal", lecture="false"),
    ]
