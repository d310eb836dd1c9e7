"""Les demandes d'export complet et leurs archives, en morceaux."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Deux tables."""

    dependencies = [
        ('conventions', '0012_colonnes_du_bailleur'),
        ('echanges', "0011_fiches_rpls_aux_conventions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExportComplet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('motif', models.CharField(max_length=300, verbose_name='motif')),
                ('demande_le', models.DateTimeField(auto_now_add=True, verbose_name='demandé le')),
                ('etat', models.CharField(choices=[('demande', 'En attente'), ('en_cours', 'En cours'), ('pret', 'Prêt'), ('echoue', 'Échoué'), ('efface', 'Effacé')], default='demande', max_length=10, verbose_name='état')),
                ('tentatives', models.PositiveSmallIntegerField(default=0, verbose_name='fabrications commencées')),
                ('tableaux_faits', models.PositiveSmallIntegerField(default=0, verbose_name='tableaux faits')),
                ('tableaux', models.PositiveSmallIntegerField(default=0, verbose_name='tableaux en tout')),
                ('pret_le', models.DateTimeField(blank=True, null=True, verbose_name='prêt le')),
                ('taille', models.PositiveBigIntegerField(default=0, verbose_name='taille (octets)')),
                ('empreinte', models.CharField(blank=True, max_length=64, verbose_name='empreinte SHA-256')),
                ('bailleur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='conventions.bailleur')),
                ('demande_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'export complet',
                'ordering': ['-demande_le', '-id'],
            },
        ),
        migrations.CreateModel(
            name='MorceauExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rang', models.PositiveIntegerField(verbose_name='rang')),
                ('octets', models.BinaryField(verbose_name='octets chiffrés')),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='morceaux', to='echanges.exportcomplet')),
            ],
            options={
                'verbose_name': "morceau d'export",
            },
        ),
        migrations.AddConstraint(
            model_name='exportcomplet',
            constraint=models.CheckConstraint(condition=models.Q(('etat__in', ['demande', 'en_cours', 'pret', 'echoue', 'efface'])), name='export_etat_connu'),
        ),
        migrations.AddConstraint(
            model_name='exportcomplet',
            constraint=models.CheckConstraint(condition=models.Q(('motif', ''), _negated=True), name='export_motive'),
        ),
        migrations.AddConstraint(
            model_name='exportcomplet',
            constraint=models.UniqueConstraint(condition=models.Q(('etat__in', ['demande', 'en_cours'])), fields=('bailleur',), name='export_un_a_la_fois', violation_error_message='Un export est déjà en cours.'),
        ),
        migrations.AddConstraint(
            model_name='morceauexport',
            constraint=models.UniqueConstraint(fields=('export', 'rang'), name='morceau_unique'),
        ),
    ]
