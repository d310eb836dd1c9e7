"""Les gabarits de texte de convention, version par version (RG-12)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0003_carnet_des_autorites'),
        ('acces', '0008_siren_de_bailleur_unique'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Gabarit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nom', models.CharField(max_length=80, verbose_name='nom')),
                ('rang', models.PositiveSmallIntegerField(verbose_name='version')),
                ('texte', models.TextField(verbose_name='texte')),
                ('ecrit_le', models.DateTimeField(auto_now_add=True, verbose_name='écrit le')),
                ('bailleur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gabarits', to='conventions.bailleur')),
                ('ecrit_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'gabarit',
                'ordering': ['nom', '-rang'],
            },
        ),
        migrations.AddField(
            model_name='convention',
            name='gabarit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conventions.gabarit', verbose_name='gabarit du texte'),
        ),
        migrations.AddConstraint(
            model_name='gabarit',
            constraint=models.UniqueConstraint(fields=('bailleur', 'nom', 'rang'), name='gabarit_version_unique', violation_error_message='Cette version du gabarit existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='gabarit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('nom', ''), _negated=True), models.Q(('texte', ''), _negated=True)), name='gabarit_ecrit', violation_error_message='Un gabarit a un nom et un texte.'),
        ),
    ]
