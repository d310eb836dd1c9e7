"""Deux bailleurs ne partagent pas un SIREN (RG-01)."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Unicité du SIREN d'un bailleur."""

    dependencies = [
        ("acces", "0007_lignes_des_consultations"),
        ("territoires", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="organisme",
            constraint=models.UniqueConstraint(
                condition=models.Q(("nature", "bailleur"), models.Q(("siren", ""), _negated=True)),
                fields=("siren",),
                name="organisme_siren_de_bailleur_unique",
                violation_error_message="Un autre bailleur a déjà ce SIREN.",
            ),
        ),
    ]
