"""Une campagne produit tous les documents annuels d'un bailleur à la suite ; un document qui tue ses processus finit en échec."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """La table, son lien avec les bilans, ses politiques de lignes."""

    dependencies = [
        ("bilans", "0002_lignes_des_bilans"),
        ("conventions", "0001_initiale"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campagne",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("annee", models.PositiveSmallIntegerField(verbose_name="année rendue")),
                ("cree_le", models.DateTimeField(auto_now_add=True, verbose_name="ouverte le")),
                ("interrompue_le", models.DateTimeField(blank=True, null=True, verbose_name="interrompue le")),
                (
                    "bailleur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="campagnes", to="conventions.bailleur"
                    ),
                ),
                (
                    "cree_par",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "campagne de bilans",
                "verbose_name_plural": "campagnes de bilans",
                "ordering": ["-cree_le", "-id"],
            },
        ),
        migrations.AddField(
            "bilan",
            "tentatives",
            models.PositiveSmallIntegerField(default=0, verbose_name="productions commencées"),
        ),
        migrations.AddField(
            "bilan",
            "campagne",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bilans",
                to="bilans.campagne",
            ),
        ),
        proteger("bilans_campagne", lecture=f"bailleur_id = {ICI}", ecriture=f"bailleur_id = {ICI}"),
    ]
