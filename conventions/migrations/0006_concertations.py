"""La concertation des programmes neufs (RG-22)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0005_versions_proposees_et_commentaires'),
        ('acces', '0008_siren_de_bailleur_unique'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Concertation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('programme', models.CharField(max_length=120, verbose_name='programme')),
                ('logements', models.PositiveIntegerField(verbose_name='logements à mettre en location')),
                ('livraison_le', models.DateField(verbose_name='première mise en location prévue le')),
                ('reunion_le', models.DateField(blank=True, null=True, verbose_name='réunion de concertation le')),
                ('reponse_avant_le', models.DateField(verbose_name="propositions attendues jusqu'au")),
                ('etat', models.CharField(choices=[('ouverte', 'Ouverte'), ('arretee', 'Répartition arrêtée'), ('dans_le_flux', 'Entré dans le flux')], default='ouverte', max_length=14, verbose_name='état')),
                ('ouverte_le', models.DateField(verbose_name='ouverte le')),
                ('arretee_le', models.DateField(blank=True, null=True, verbose_name='répartition arrêtée le')),
                ('dans_le_flux_le', models.DateField(blank=True, null=True, verbose_name='entrée dans le flux le')),
                ('compte_rendu', models.TextField(blank=True, verbose_name='compte rendu')),
                ('bailleur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='concertations', to='conventions.bailleur')),
                ('commune', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.commune')),
                ('departement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.departement')),
                ('piece', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='pieces.piece')),
            ],
            options={
                'verbose_name': 'concertation',
                'ordering': ['-livraison_le', 'programme'],
            },
        ),
        migrations.CreateModel(
            name='PartConcertation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sous_contingent', models.CharField(blank=True, choices=[('', '—'), ('prioritaires', 'Prioritaires'), ('agents', "Agents de l'État"), ('repli', 'Repli du préfet')], max_length=12, verbose_name='sous-contingent')),
                ('demandes', models.PositiveIntegerField(blank=True, null=True, verbose_name='logements demandés')),
                ('souhait', models.TextField(blank=True, verbose_name='souhait')),
                ('repondue_le', models.DateTimeField(blank=True, null=True, verbose_name='proposition reçue le')),
                ('arretes', models.PositiveIntegerField(blank=True, null=True, verbose_name='logements arrêtés')),
                ('concertation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='conventions.concertation')),
                ('repondue_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reservataire', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conventions.reservataire')),
            ],
            options={
                'verbose_name': "part d'une concertation",
                'verbose_name_plural': "parts d'une concertation",
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='concertation',
            constraint=models.UniqueConstraint(fields=('bailleur', 'commune', 'programme'), name='concertation_unique', violation_error_message='Ce programme a déjà sa concertation.'),
        ),
        migrations.AddConstraint(
            model_name='concertation',
            constraint=models.CheckConstraint(condition=models.Q(('etat__in', ['ouverte', 'arretee', 'dans_le_flux'])), name='concertation_etat_connu'),
        ),
        migrations.AddConstraint(
            model_name='concertation',
            constraint=models.CheckConstraint(condition=models.Q(('logements__gt', 0)), name='concertation_logements_positifs', violation_error_message='Un programme a au moins un logement.'),
        ),
        migrations.AddConstraint(
            model_name='concertation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('arretee_le__isnull', True), ('dans_le_flux_le__isnull', True), ('etat', 'ouverte')), models.Q(('arretee_le__isnull', False), ('dans_le_flux_le__isnull', True), ('etat', 'arretee')), models.Q(('arretee_le__isnull', False), ('dans_le_flux_le__isnull', False), ('etat', 'dans_le_flux')), _connector='OR'), name='concertation_datee', violation_error_message='Une concertation arrêtée est datée.'),
        ),
        migrations.AddConstraint(
            model_name='concertation',
            constraint=models.CheckConstraint(condition=models.Q(('etat', 'ouverte'), models.Q(('compte_rendu', ''), _negated=True), _connector='OR'), name='concertation_rapportee', violation_error_message='Une répartition arrêtée a son compte rendu (RG-22).'),
        ),
        migrations.AddConstraint(
            model_name='partconcertation',
            constraint=models.UniqueConstraint(fields=('concertation', 'reservataire', 'sous_contingent'), name='part_de_concertation_unique', nulls_distinct=False, violation_error_message='Ce compte est déjà invité.'),
        ),
        migrations.AddConstraint(
            model_name='partconcertation',
            constraint=models.CheckConstraint(condition=models.Q(('sous_contingent__in', ['', 'prioritaires', 'agents'])), name='part_de_concertation_sous_contingent'),
        ),
        migrations.AddConstraint(
            model_name='partconcertation',
            constraint=models.CheckConstraint(condition=models.Q(('demandes__isnull', True), ('repondue_le__isnull', False), _connector='OR'), name='part_de_concertation_repondue', violation_error_message='Une demande est datée.'),
        ),
    ]
