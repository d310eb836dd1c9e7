"""L'occupation sociale d'une résidence, importée par le bailleur (RG-51)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attributions', '0013_pieces_du_membre_et_fichiers_d_import'),
        ('conventions', '0010_lignes_des_parties_et_des_services'),
        ('territoires', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Occupation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('programme', models.CharField(max_length=120, verbose_name='programme')),
                ('enquete_le', models.DateField(verbose_name="date de l'enquête")),
                ('menages', models.PositiveIntegerField(verbose_name='ménages')),
                ('sous_60_plafonds', models.PositiveIntegerField(blank=True, null=True, verbose_name='ménages sous 60 % des plafonds')),
                ('allocataires', models.PositiveIntegerField(blank=True, null=True, verbose_name="ménages allocataires d'une aide au logement")),
                ('monoparentales', models.PositiveIntegerField(blank=True, null=True, verbose_name='familles monoparentales')),
                ('emmenages_recents', models.PositiveIntegerField(blank=True, null=True, verbose_name='emménagés récents')),
                ('bailleur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occupations', to='conventions.bailleur')),
                ('commune', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.commune')),
            ],
            options={
                'verbose_name': "occupation d'une résidence",
                'verbose_name_plural': 'occupations des résidences',
                'constraints': [models.UniqueConstraint(fields=('bailleur', 'programme', 'commune', 'enquete_le'), name='occupation_une_par_enquete', nulls_distinct=False, violation_error_message="L'occupation de cette résidence à cette date est déjà connue."), models.CheckConstraint(condition=models.Q(('programme', ''), _negated=True), name='occupation_d_un_programme'), models.CheckConstraint(condition=models.Q(('sous_60_plafonds__isnull', True), ('sous_60_plafonds__lte', models.F('menages')), _connector='OR'), name='occupation_sous_60_plafonds_au_plus_menages', violation_error_message='Une partie des ménages ne dépasse pas leur nombre.'), models.CheckConstraint(condition=models.Q(('allocataires__isnull', True), ('allocataires__lte', models.F('menages')), _connector='OR'), name='occupation_allocataires_au_plus_menages', violation_error_message='Une partie des ménages ne dépasse pas leur nombre.'), models.CheckConstraint(condition=models.Q(('monoparentales__isnull', True), ('monoparentales__lte', models.F('menages')), _connector='OR'), name='occupation_monoparentales_au_plus_menages', violation_error_message='Une partie des ménages ne dépasse pas leur nombre.'), models.CheckConstraint(condition=models.Q(('emmenages_recents__isnull', True), ('emmenages_recents__lte', models.F('menages')), _connector='OR'), name='occupation_emmenages_recents_au_plus_menages', violation_error_message='Une partie des ménages ne dépasse pas leur nombre.')],
            },
        ),
    ]
