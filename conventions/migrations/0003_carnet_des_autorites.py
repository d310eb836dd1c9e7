"""Le carnet des autorités : contacts datés, voie de remise, EPCI concerné (RG-17, RG-60)."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import conventions.models.carnet


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0002_lignes_des_conventions'),
        ('acces', '0008_siren_de_bailleur_unique'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactAutorite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nom', models.CharField(max_length=200, verbose_name='service ou fonction')),
                ('courriel', models.EmailField(blank=True, max_length=254, verbose_name='courriel')),
                ('adresse', models.TextField(blank=True, verbose_name='adresse postale')),
                ('voie', models.CharField(choices=[('portail', 'Portail, avec un avis par courriel'), ('courriel', 'Courriel'), ('recommande', 'Recommandé, à saisir')], max_length=12, verbose_name='voie de remise')),
                ('concerne_par_la_reforme', models.BooleanField(default=False, verbose_name='EPCI concerné par la réforme des attributions')),
                ('depuis', models.DateField(verbose_name='depuis le')),
                ('jusqu_au', models.DateField(blank=True, null=True, verbose_name="jusqu'au (inclus)")),
                ('periode', models.GeneratedField(db_persist=True, expression=conventions.models.carnet.PeriodeDuContact(), output_field=django.contrib.postgres.fields.ranges.DateRangeField())),
                ('saisi_le', models.DateTimeField(auto_now_add=True, verbose_name='saisi le')),
                ('saisi_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenu_par', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts_tenus', to='acces.organisme')),
                ('territoire', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='territoires.territoire')),
            ],
            options={
                'verbose_name': "contact d'une autorité",
                'verbose_name_plural': 'contacts des autorités',
                'ordering': ['territoire', '-depuis'],
            },
        ),
        migrations.AddConstraint(
            model_name='contactautorite',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('territoire', '='), ('tenu_par', '='), ('periode', '&&')], name='contact_un_a_la_fois', violation_error_message="Un autre contact de cette autorité vaut à ces dates : fermez-le d'abord."),
        ),
        migrations.AddConstraint(
            model_name='contactautorite',
            constraint=models.CheckConstraint(condition=models.Q(('jusqu_au__isnull', True), ('jusqu_au__gte', models.F('depuis')), _connector='OR'), name='contact_fin_apres_debut', violation_error_message="Un contact ne finit pas avant d'avoir commencé."),
        ),
        migrations.AddConstraint(
            model_name='contactautorite',
            constraint=models.CheckConstraint(condition=models.Q(('voie__in', ['portail', 'courriel', 'recommande'])), name='contact_voie_connue'),
        ),
        migrations.AddConstraint(
            model_name='contactautorite',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('voie', 'courriel'), _negated=True), models.Q(('courriel', ''), _negated=True), _connector='OR'), name='contact_courriel_donne', violation_error_message='Une remise par courriel exige une adresse.'),
        ),
    ]
