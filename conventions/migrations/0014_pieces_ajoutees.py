"""Une pièce s'ajoute au dossier d'une convention signée, sans remplacer la pièce signée (RG-12, RG-16)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0013_fiches_rpls'),
        ('pieces', '0004_contenus_donnes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Complement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rang', models.PositiveSmallIntegerField(verbose_name='rang')),
                ('nature', models.CharField(choices=[('exemplaire', 'Exemplaire signé'), ('avenant', 'Avenant signé'), ('annexe', 'Annexe'), ('autre', 'Autre pièce')], max_length=10, verbose_name='nature')),
                ('objet', models.CharField(max_length=200, verbose_name='objet')),
                ('deposee_le', models.DateTimeField(auto_now_add=True, verbose_name='déposée le')),
                ('retiree_le', models.DateField(blank=True, null=True, verbose_name='retirée le')),
                ('motif_retrait', models.CharField(blank=True, max_length=300, verbose_name='motif du retrait')),
                ('convention', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complements', to='conventions.convention')),
                ('deposee_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('piece', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
                ('retiree_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'pièce ajoutée',
                'verbose_name_plural': 'pièces ajoutées',
                'ordering': ['rang'],
                'constraints': [models.UniqueConstraint(fields=('convention', 'rang'), name='complement_rang_unique'), models.CheckConstraint(condition=models.Q(('nature__in', ['exemplaire', 'avenant', 'annexe', 'autre'])), name='complement_nature_connue', violation_error_message="Dites ce qu'est cette pièce."), models.CheckConstraint(condition=models.Q(models.Q(('motif_retrait', ''), ('retiree_le__isnull', True)), models.Q(('retiree_le__isnull', False), models.Q(('motif_retrait', ''), _negated=True)), _connector='OR'), name='complement_retire_avec_motif', violation_error_message="Une pièce retirée l'est à une date et avec un motif.")],
            },
        ),
    ]
