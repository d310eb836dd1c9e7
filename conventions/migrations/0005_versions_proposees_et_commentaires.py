"""Les versions proposées, figées, et le fil des commentaires (RG-16)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0004_gabarits_de_texte'),
        ('acces', '0008_siren_de_bailleur_unique'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VersionProposee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rang', models.PositiveSmallIntegerField(verbose_name='version')),
                ('proposee_le', models.DateField(verbose_name='proposée le')),
                ('convention', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions_proposees', to='conventions.convention')),
                ('piece', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
                ('proposee_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'version proposée',
                'verbose_name_plural': 'versions proposées',
                'ordering': ['rang'],
            },
        ),
        migrations.CreateModel(
            name='Commentaire',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rang', models.PositiveSmallIntegerField(verbose_name='version commentée')),
                ('texte', models.TextField(verbose_name='commentaire')),
                ('ecrit_le', models.DateTimeField(auto_now_add=True, verbose_name='écrit le')),
                ('convention', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='commentaires', to='conventions.convention')),
                ('ecrit_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='acces.organisme')),
            ],
            options={
                'verbose_name': 'commentaire',
                'ordering': ['ecrit_le', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('texte', ''), _negated=True), name='commentaire_ecrit', violation_error_message='Un commentaire a un texte.')],
            },
        ),
        migrations.AddConstraint(
            model_name='versionproposee',
            constraint=models.UniqueConstraint(fields=('convention', 'rang'), name='version_proposee_unique'),
        ),
    ]
