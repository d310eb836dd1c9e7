"""Un import déposé est à un organisme : un bailleur, ou l'administration de la plateforme pour le registre commun."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Les politiques de lignes suivent la colonne renommée."""

    dependencies = [("acces", "0013_lignes_des_roles_et_des_connexions"), ("echanges", "0015_adresses_verifiees")]

    operations = [
        migrations.RemoveConstraint(model_name="correspondance", name="correspondance_unique"),
        migrations.RenameField(model_name="importdepose", old_name="bailleur", new_name="organisme"),
        migrations.RenameField(model_name="correspondance", old_name="bailleur", new_name="organisme"),
        migrations.AlterField(
            model_name="importdepose",
            name="organisme",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="imports", to="acces.organisme"),
        ),
        migrations.AlterField(
            model_name="correspondance",
            name="organisme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="correspondances", to="acces.organisme"
            ),
        ),
        migrations.AddConstraint(
            model_name="correspondance",
            constraint=models.UniqueConstraint(fields=["organisme", "tableau", "entete"], name="correspondance_unique"),
        ),
    ]
