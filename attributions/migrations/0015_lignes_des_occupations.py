"""L'occupation d'une résidence ne se lit et ne s'écrit que par son bailleur (RG-51)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

DU_BAILLEUR = "bailleur_id = (SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0014_occupation_des_residences")]

    operations = [proteger("attributions_occupation", lecture=DU_BAILLEUR, ecriture=DU_BAILLEUR)]
