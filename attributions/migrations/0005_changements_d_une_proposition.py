"""Chaque changement d'une proposition du lot est gardé, avec sa cause."""

import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """Ajoute `changements`."""

    dependencies = [
        ("attributions", "0004_lignes_des_attributions"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposition",
            name="changements",
            field=models.JSONField(
                blank=True,
                default=list,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                verbose_name="changements de proposition",
            ),
        ),
    ]
