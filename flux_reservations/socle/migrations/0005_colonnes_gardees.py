"""Le refus que lèvent les colonnes gardées (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir


class Migration(migrations.Migration):
    """Voir `garder_les_colonnes` dans `flux_reservations/socle/rls.py`."""

    dependencies = [("socle", "0004_service_de_qui_lit")]

    operations = [
        definir(
            "flux_refuser_le_changement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE insufficient_privilege USING MESSAGE = format('colonnes gardées : %s', TG_TABLE_NAME); END $$"
        )
    ]
