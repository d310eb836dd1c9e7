"""Deux index qui portent de quoi répondre : ce qu'un réservataire lit se trouve sans parcourir ni libérations ni orientations."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Celui des orientations remplace `orientation_portail`, dont il a les colonnes en tête."""

    dependencies = [("attributions", "0017_liberations_du_reservataire_sans_jointure")]

    operations = [
        migrations.AddIndex(
            "liberation",
            models.Index(fields=["id"], include=["logement"], name="liberation_du_logement"),
        ),
        migrations.AddIndex(
            "orientation",
            models.Index(
                fields=["reservataire", "date_mise_a_disposition"],
                include=["liberation", "sous_contingent"],
                name="orientation_du_portail",
            ),
        ),
        migrations.RemoveIndex("orientation", "orientation_portail"),
    ]
