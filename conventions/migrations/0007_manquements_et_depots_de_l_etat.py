"""Mises en demeure et suites (RG-20), conventions déposées par l'État (RG-17)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0006_concertations'),
        ('acces', '0008_siren_de_bailleur_unique'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConventionDeposee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bailleur_nom', models.CharField(max_length=200, verbose_name='bailleur')),
                ('bailleur_siren', models.CharField(max_length=9, verbose_name='SIREN du bailleur')),
                ('numero', models.CharField(max_length=60, verbose_name='numéro')),
                ('taux', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='taux total (%)')),
                ('gestion', models.CharField(choices=[('directe', 'Directe'), ('deleguee', 'Déléguée')], default='directe', max_length=10, verbose_name='gestion')),
                ('date_signature', models.DateField(verbose_name='signée le')),
                ('date_effet', models.DateField(verbose_name='effet le')),
                ('date_fin', models.DateField(blank=True, null=True, verbose_name='terme (inclus)')),
                ('deposee_le', models.DateTimeField(auto_now_add=True, verbose_name='déposée le')),
                ('departement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.departement')),
                ('deposee_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deposee_par_organisme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conventions_deposees', to='acces.organisme')),
                ('piece', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
                ('reservataire', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conventions.reservataire')),
            ],
            options={
                'verbose_name': "convention déposée par l'État",
                'verbose_name_plural': "conventions déposées par l'État",
                'ordering': ['bailleur_nom', 'numero'],
            },
        ),
        migrations.CreateModel(
            name='Manquement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mise_en_demeure_le', models.DateField(verbose_name='mise en demeure le')),
                ('motif', models.TextField(verbose_name='ce qui est reproché')),
                ('reference', models.CharField(blank=True, max_length=120, verbose_name='référence du courrier')),
                ('suite', models.CharField(blank=True, choices=[('regularise', 'Régularisé'), ('resiliation', 'Convention résiliée par le préfet'), ('arrete', 'Droits fixés par arrêté')], max_length=14, verbose_name='suite')),
                ('suite_le', models.DateField(blank=True, null=True, verbose_name='suite donnée le')),
                ('suite_reference', models.CharField(blank=True, max_length=120, verbose_name='référence de la suite')),
                ('suite_motif', models.TextField(blank=True, verbose_name='motif de la suite')),
                ('bailleur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='manquements', to='conventions.bailleur')),
                ('convention', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='manquements', to='conventions.convention')),
                ('departement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.departement')),
                ('piece', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
                ('prefet', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='acces.organisme')),
                ('reservataire', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conventions.reservataire')),
                ('suite_piece', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
            ],
            options={
                'verbose_name': 'manquement',
                'ordering': ['-mise_en_demeure_le', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='conventiondeposee',
            constraint=models.UniqueConstraint(fields=('departement', 'bailleur_siren', 'numero'), name='convention_deposee_unique', violation_error_message='Cette convention est déjà déposée.'),
        ),
        migrations.AddConstraint(
            model_name='conventiondeposee',
            constraint=models.CheckConstraint(condition=models.Q(('bailleur_siren__regex', '^\\d{9}$')), name='convention_deposee_siren', violation_error_message='Un SIREN a neuf chiffres.'),
        ),
        migrations.AddConstraint(
            model_name='conventiondeposee',
            constraint=models.CheckConstraint(condition=models.Q(('taux__gte', 0), ('taux__lte', 100)), name='convention_deposee_taux', violation_error_message='Un taux va de 0 à 100 %.'),
        ),
        migrations.AddConstraint(
            model_name='conventiondeposee',
            constraint=models.CheckConstraint(condition=models.Q(('date_fin__isnull', True), ('date_fin__gte', models.F('date_effet')), _connector='OR'), name='convention_deposee_fin_apres_effet', violation_error_message="Le terme d'une convention ne précède pas sa date d'effet."),
        ),
        migrations.AddConstraint(
            model_name='conventiondeposee',
            constraint=models.CheckConstraint(condition=models.Q(('gestion__in', ['directe', 'deleguee'])), name='convention_deposee_gestion_connue'),
        ),
        migrations.AddConstraint(
            model_name='manquement',
            constraint=models.CheckConstraint(condition=models.Q(('suite__in', ['', 'regularise', 'resiliation', 'arrete'])), name='manquement_suite_connue'),
        ),
        migrations.AddConstraint(
            model_name='manquement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('suite', ''), ('suite_le__isnull', True)), models.Q(models.Q(('suite', ''), _negated=True), ('suite_le__gte', models.F('mise_en_demeure_le'))), _connector='OR'), name='manquement_suite_datee', violation_error_message="La suite d'une mise en demeure est datée, et ne la précède pas."),
        ),
        migrations.AddConstraint(
            model_name='manquement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('suite', 'resiliation'), _negated=True), ('convention__isnull', False), _connector='OR'), name='manquement_resiliation_d_une_convention', violation_error_message='Une résiliation vise une convention.'),
        ),
    ]
