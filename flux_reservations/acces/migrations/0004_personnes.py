"""Invitations, sessions ouvertes, journal des connexions, identités externes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("acces", "0003_lignes_des_acces"),
    ]

    operations = [
        migrations.CreateModel(
            name="SessionOuverte",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cle", models.CharField(max_length=40, unique=True, verbose_name="clé de session")),
                ("ouverte_le", models.DateTimeField(auto_now_add=True, verbose_name="ouverte le")),
                ("adresse_ip", models.GenericIPAddressField(null=True, verbose_name="adresse IP")),
                ("navigateur", models.CharField(blank=True, max_length=200, verbose_name="navigateur")),
                (
                    "utilisateur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session ouverte",
                "ordering": ["-ouverte_le"],
            },
        ),
        migrations.CreateModel(
            name="Connexion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "genre",
                    models.CharField(
                        choices=[
                            ("reussie", "Connexion"),
                            ("echec", "Échec de connexion"),
                            ("verrouillee", "Connexion suspendue (trop d'essais)"),
                            ("second_facteur", "Second facteur vérifié"),
                            ("second_facteur_echec", "Second facteur refusé"),
                            ("deconnexion", "Déconnexion"),
                            ("revocation", "Session révoquée"),
                        ],
                        max_length=24,
                        verbose_name="genre",
                    ),
                ),
                ("instant", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="instant")),
                ("adresse_ip", models.GenericIPAddressField(null=True, verbose_name="adresse IP")),
                ("navigateur", models.CharField(blank=True, max_length=200, verbose_name="navigateur")),
                (
                    "utilisateur",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="connexions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "connexion",
                "ordering": ["-instant", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "genre__in",
                                [
                                    "reussie",
                                    "echec",
                                    "verrouillee",
                                    "second_facteur",
                                    "second_facteur_echec",
                                    "deconnexion",
                                    "revocation",
                                ],
                            )
                        ),
                        name="connexion_genre_connu",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentiteExterne",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("emetteur", models.CharField(max_length=200, verbose_name="émetteur")),
                ("sujet", models.CharField(max_length=255, verbose_name="sujet")),
                ("liee_le", models.DateTimeField(auto_now_add=True, verbose_name="liée le")),
                (
                    "utilisateur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identites",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "identité externe",
                "constraints": [models.UniqueConstraint(fields=("emetteur", "sujet"), name="identite_unique")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("courriel", models.EmailField(max_length=254, verbose_name="courriel")),
                ("role", models.CharField(max_length=16, verbose_name="rôle")),
                ("empreinte", models.CharField(max_length=64, unique=True, verbose_name="empreinte SHA-256 du secret")),
                ("creee_le", models.DateTimeField(auto_now_add=True, verbose_name="créée le")),
                ("expire_le", models.DateTimeField(verbose_name="expire le")),
                ("acceptee_le", models.DateTimeField(blank=True, null=True, verbose_name="acceptée le")),
                ("annulee_le", models.DateTimeField(blank=True, null=True, verbose_name="annulée le")),
                (
                    "invitee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="acces.organisme"
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "ordering": ["-creee_le"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("acceptee_le__isnull", True), ("annulee_le__isnull", True)),
                        fields=("organisme", "courriel"),
                        name="invitation_unique_ouverte",
                        violation_error_message="Une invitation est déjà partie à ce courriel.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["lecteur", "gestionnaire", "responsable", "administrateur"])),
                        name="invitation_role_connu",
                    ),
                ],
            },
        ),
    ]
