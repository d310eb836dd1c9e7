"""Un import dit quel acte a été demandé en dernier, et quand : la personne était gardée, pas le moment."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Deux colonnes, qui vont ensemble."""

    dependencies = [
        ('echanges', '0019_imports_demandes'),
    ]

    operations = [
        migrations.AddField(
            model_name='importdepose',
            name='acte_demande',
            field=models.CharField(blank=True, choices=[('appliquer_import', 'Écriture demandée'), ('defaire_import', 'Retour en arrière demandé'), ('choisir_les_colonnes', 'Colonnes choisies, nouvel essai demandé'), ('abandonner_import', 'Abandonné')], max_length=20, verbose_name='dernier acte demandé'),
        ),
        migrations.AddField(
            model_name='importdepose',
            name='demande_le',
            field=models.DateTimeField(blank=True, null=True, verbose_name='dernier acte demandé le'),
        ),
        migrations.AddConstraint(
            model_name='importdepose',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('acte_demande', ''), ('demande_le__isnull', True)), models.Q(('acte_demande__in', ['appliquer_import', 'defaire_import', 'choisir_les_colonnes', 'abandonner_import']), ('demande_le__isnull', False)), _connector='OR'), name='import_acte_date', violation_error_message='Un acte demandé est daté.'),
        ),
    ]
