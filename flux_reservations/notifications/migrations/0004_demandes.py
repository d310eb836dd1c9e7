"""Les demandes et leurs réponses (RG-74)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acces', '0005_lignes_des_personnes'),
        ('notifications', '0003_incertitude_et_courriels_de_demonstration'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Demande',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('genre', models.CharField(choices=[('decompte', "Contestation d'un décompte"), ('carence', "Contestation d'une carence"), ('precision', 'Demande de précision')], max_length=10, verbose_name='genre')),
                ('objet_type', models.CharField(max_length=80, verbose_name="type de l'objet")),
                ('objet_cle', models.CharField(max_length=80, verbose_name="clé de l'objet")),
                ('sujet', models.CharField(max_length=200, verbose_name='sujet')),
                ('texte', models.TextField(verbose_name='demande')),
                ('faite_le', models.DateTimeField(auto_now_add=True, verbose_name='faite le')),
                ('suite', models.CharField(blank=True, choices=[('repondue', 'Répondue'), ('maintenue', 'Maintenue'), ('corrigee', 'Corrigée')], max_length=10, verbose_name='suite')),
                ('reponse', models.TextField(blank=True, verbose_name='réponse')),
                ('repondue_le', models.DateTimeField(blank=True, null=True, verbose_name='répondue le')),
                ('destinataire', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='demandes_recues', to='acces.organisme')),
                ('emetteur', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='demandes_faites', to='acces.organisme')),
                ('faite_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repondue_par', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'demande',
                'ordering': ['-faite_le', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('genre__in', ['decompte', 'carence', 'precision'])), name='demande_genre_connu'), models.CheckConstraint(condition=models.Q(('suite__in', ['', 'repondue', 'maintenue', 'corrigee'])), name='demande_suite_connue'), models.CheckConstraint(condition=models.Q(models.Q(('repondue_le__isnull', True), ('suite', '')), models.Q(models.Q(('suite', ''), _negated=True), models.Q(('reponse', ''), _negated=True), ('repondue_le__isnull', False)), _connector='OR'), name='demande_repondue_motivee', violation_error_message='Une réponse a un texte et une date.'), models.UniqueConstraint(condition=models.Q(('suite', '')), fields=('emetteur', 'genre', 'objet_type', 'objet_cle'), name='demande_unique_en_attente', violation_error_message='Vous avez déjà une demande en attente sur ce point.')],
            },
        ),
    ]
