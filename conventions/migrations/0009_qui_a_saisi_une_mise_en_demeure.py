"""Qui a saisi une mise en demeure : le préfet, ou le bailleur qui l'a reçue (RG-20)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acces', '0008_siren_de_bailleur_unique'),
        ('conventions', '0008_lignes_du_parcours'),
    ]

    operations = [
        migrations.AddField(
            model_name='manquement',
            name='saisi_par_organisme',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='acces.organisme'),
        ),
        # Jusqu'ici, celles que l'on connaît viennent du préfet.
        migrations.RunSQL(
            "UPDATE conventions_manquement SET saisi_par_organisme_id = prefet_id; SET CONSTRAINTS ALL IMMEDIATE",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='manquement',
            name='saisi_par_organisme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='acces.organisme'),
        ),
    ]
