"""Le registre des consultations sensibles se lit par l'organisme ; seul le système y écrit (RG-71)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("acces", "0006_consultations")]

    operations = [proteger("acces_consultation", lecture="organisme_id = (SELECT flux_organisme())")]
