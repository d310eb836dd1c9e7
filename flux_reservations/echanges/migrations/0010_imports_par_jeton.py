"""Un import peut être déposé par un logiciel : le jeton qui l'a déposé est gardé."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Une colonne."""

    dependencies = [("acces", "0013_lignes_des_roles_et_des_connexions"), ("echanges", "0009_imports_bornes")]

    operations = [
        migrations.AddField(
            model_name="importdepose",
            name="jeton",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="acces.jeton"
            ),
        ),
    ]
