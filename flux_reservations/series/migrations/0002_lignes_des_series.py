"""Une série se lit par son organisme et ne s'écrit que par un de ses responsables : ses actes sont les siens."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "organisme_id = (SELECT flux_organisme())"
SIENNES = "serie_id IN (SELECT s.id FROM series_serie s WHERE s.organisme_id = (SELECT flux_organisme()))"
RESPONSABLE = "(SELECT flux_responsable())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("series", "0001_initiale")]

    operations = [
        proteger("series_serie", lecture=ICI, ecriture=f"{ICI} AND {RESPONSABLE}"),
        proteger("series_actedeserie", lecture=SIENNES, ecriture=f"{SIENNES} AND {RESPONSABLE}"),
    ]
