"""Une adresse de calendrier par personne et par bailleur, révocable (RG-67)."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from flux_reservations.socle.rls import proteger

SIEN = "bailleur_id = (SELECT flux_organisme()) AND utilisateur_id = (SELECT flux_utilisateur())"


class Migration(migrations.Migration):
    """La table et ses politiques de lignes : s'abonner n'exige aucun rôle."""

    dependencies = [
        ("bilans", "0003_campagnes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AbonnementCalendrier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cle", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="clé")),
                ("cree_le", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                ("revoque_le", models.DateTimeField(blank=True, null=True, verbose_name="révoqué le")),
                (
                    "bailleur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="abonnements_au_calendrier", to="conventions.bailleur"
                    ),
                ),
                (
                    "utilisateur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "abonnement au calendrier",
                "verbose_name_plural": "abonnements au calendrier",
                "ordering": ["-cree_le", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoque_le__isnull", True)),
                        fields=("bailleur", "utilisateur"),
                        name="abonnement_actif_unique",
                        violation_error_message="Vous avez déjà une adresse de calendrier : révoquez-la d'abord.",
                    )
                ],
            },
        ),
        proteger("bilans_abonnementcalendrier", lecture=SIEN, ecriture=SIEN, exige_role=False),
    ]
