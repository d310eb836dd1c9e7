"""Une adresse prouve qu'elle veut être appelée ; un secret changé garde l'ancien un jour. Les adresses d'avant restent appelées."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Trois colonnes, et le genre d'appel « vérification »."""

    dependencies = [
        ('echanges', '0014_traces_par_paquets'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='appel',
            name='appel_evenement_connu',
        ),
        migrations.AddField(
            model_name='abonnement',
            name='secret_change_le',
            field=models.DateTimeField(blank=True, null=True, verbose_name='secret changé le'),
        ),
        migrations.AddField(
            model_name='abonnement',
            name='sel_precedent',
            field=models.UUIDField(blank=True, null=True, verbose_name='sel du secret précédent'),
        ),
        migrations.AddField(
            model_name='abonnement',
            name='verifie_le',
            field=models.DateTimeField(blank=True, null=True, verbose_name='adresse vérifiée le'),
        ),
        migrations.AlterField(
            model_name='appel',
            name='evenement',
            field=models.CharField(choices=[('liberation.orientee', 'Libération orientée'), ('logement.mis_a_disposition', 'Logement mis à disposition'), ('bail.signe', 'Bail signé'), ('bilan.publie', 'Bilan publié'), ('essai', 'Essai'), ('verification', "Vérification de l'adresse")], max_length=40, verbose_name='événement'),
        ),
        migrations.AddConstraint(
            model_name='appel',
            constraint=models.CheckConstraint(condition=models.Q(('evenement__in', ['liberation.orientee', 'logement.mis_a_disposition', 'bail.signe', 'bilan.publie', 'essai', 'verification'])), name='appel_evenement_connu'),
        ),
        migrations.RunSQL("UPDATE echanges_abonnement SET verifie_le = cree_le", migrations.RunSQL.noop),
    ]
