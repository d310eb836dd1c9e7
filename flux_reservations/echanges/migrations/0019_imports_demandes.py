"""Un import garde qui en a demandé le dernier acte : il s'exécute avec le plus petit des deux rôles."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Deux colonnes."""

    dependencies = [
        ('acces', '0013_lignes_des_roles_et_des_connexions'),
        ('echanges', '0018_lignes_des_organismes_demandes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='importdepose',
            name='demande_par',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dernier acte demandé par'),
        ),
        migrations.AddField(
            model_name='importdepose',
            name='demande_par_jeton',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='acces.jeton', verbose_name='dernier acte demandé par le jeton'),
        ),
    ]
