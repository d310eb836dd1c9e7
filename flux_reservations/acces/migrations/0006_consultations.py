"""Le registre des consultations sensibles (RG-71)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("acces", "0005_lignes_des_personnes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consultation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "genre",
                    models.CharField(
                        choices=[
                            ("candidats", "Candidats d'un logement"),
                            ("personne", "Données d'un demandeur"),
                            ("export", "Export nominatif"),
                            ("journal", "Export du journal"),
                        ],
                        max_length=10,
                        verbose_name="genre",
                    ),
                ),
                ("objet_type", models.CharField(max_length=80, verbose_name="type d'objet")),
                ("objet_cle", models.CharField(max_length=80, verbose_name="clé de l'objet")),
                ("jour", models.DateField(verbose_name="jour")),
                ("instant", models.DateTimeField(auto_now_add=True, verbose_name="instant")),
                ("motif", models.CharField(blank=True, max_length=300, verbose_name="motif")),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="acces.organisme"
                    ),
                ),
                (
                    "utilisateur",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "consultation sensible",
                "ordering": ["-instant", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisme", "utilisateur", "genre", "objet_type", "objet_cle", "jour", "motif"),
                        name="consultation_une_par_jour",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("genre__in", ["candidats", "personne", "export", "journal"])),
                        name="consultation_genre_connu",
                    ),
                ],
            },
        ),
    ]
