"""L'incertitude se date et ne s'oublie pas ; les courriels de la démonstration ont leur table."""

from __future__ import annotations

from django.db import migrations, models

from flux_reservations.socle.rls import proteger


class Migration(migrations.Migration):
    """Voir `flux_reservations/notifications/models.py`."""

    dependencies = [("notifications", "0002_lignes_des_envois")]

    operations = [
        migrations.AddField(
            model_name="envoi",
            name="incertain_le",
            field=models.DateTimeField(blank=True, null=True, verbose_name="devenu incertain le"),
        ),
        migrations.CreateModel(
            name="Courriel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(blank=True, max_length=200, verbose_name="Message-ID")),
                ("expediteur", models.CharField(max_length=200, verbose_name="de")),
                ("destinataires", models.TextField(verbose_name="à")),
                ("objet", models.CharField(max_length=200, verbose_name="objet")),
                ("corps", models.TextField(verbose_name="corps")),
                ("recu_le", models.DateTimeField(auto_now_add=True, verbose_name="reçu le")),
            ],
            options={
                "verbose_name": "courriel de la démonstration",
                "verbose_name_plural": "courriels de la démonstration",
                "ordering": ["-id"],
            },
        ),
        # Vide hors démonstration, où chacun joue tous les rôles ; un courriel s'y écrit aussi avant d'être reconnu.
        proteger("notifications_courriel", lecture="true", ecriture="false", ajout="true", exige_role=False),
    ]
