"""Une libération est du bailleur de son logement : clé étrangère composée, tenue par la base."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Clé composée (logement, bailleur) → logement (id, bailleur)."""

    dependencies = [("attributions", "0001_initiale")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE attributions_liberation ADD CONSTRAINT liberation_du_bailleur_du_logement"
            " FOREIGN KEY (logement_id, bailleur_id) REFERENCES conventions_logement (id, bailleur_id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE attributions_liberation DROP CONSTRAINT liberation_du_bailleur_du_logement",
        ),
    ]
