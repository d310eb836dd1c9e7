"""Tables du référentiel des territoires, et son millésime 2026.

Les données se chargent dans la migration qui crée les tables : Django ne pose les clés étrangères et les index qu'à la fin, donc en
une passe (1 s au lieu de 3).
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from flux_reservations.territoires.referentiel import charger_referentiel


def charger(apps: Any, editeur: Any) -> None:
    """Charge le référentiel livré dans les tables vides."""
    del apps
    with editeur.connection.cursor() as curseur:
        charger_referentiel(curseur)


class Migration(migrations.Migration):
    """Crée les tables et charge le référentiel."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Departement",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False, verbose_name="code INSEE")),
                ("nom", models.CharField(max_length=100, verbose_name="nom")),
            ],
            options={
                "verbose_name": "département",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False, verbose_name="code INSEE")),
                ("nom", models.CharField(max_length=100, verbose_name="nom")),
            ],
            options={
                "verbose_name": "région",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Commune",
            fields=[
                ("code", models.CharField(max_length=5, primary_key=True, serialize=False, verbose_name="code INSEE")),
                ("nom", models.CharField(max_length=100, verbose_name="nom")),
                (
                    "population",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="population municipale"),
                ),
                ("cle_tri", models.CharField(editable=False, max_length=100, verbose_name="clé de tri")),
                (
                    "commune_chapeau",
                    models.ForeignKey(
                        blank=True,
                        help_text="75056 pour Paris 1er (75101) ; vide pour une commune ordinaire.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="arrondissements",
                        to="territoires.commune",
                        verbose_name="commune dont c'est un arrondissement",
                    ),
                ),
                (
                    "departement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="communes",
                        to="territoires.departement",
                        verbose_name="département",
                    ),
                ),
            ],
            options={
                "verbose_name": "commune",
                "ordering": ["cle_tri", "code"],
            },
        ),
        migrations.CreateModel(
            name="AncienneCommune",
            fields=[
                (
                    "code",
                    models.CharField(max_length=5, primary_key=True, serialize=False, verbose_name="ancien code INSEE"),
                ),
                (
                    "nom",
                    models.CharField(
                        blank=True, help_text="Vide s'il n'est pas connu.", max_length=100, verbose_name="ancien nom"
                    ),
                ),
                (
                    "commune",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="anciennes_communes",
                        to="territoires.commune",
                        verbose_name="commune actuelle",
                    ),
                ),
            ],
            options={
                "verbose_name": "ancienne commune",
                "verbose_name_plural": "anciennes communes",
                "ordering": ["code"],
            },
        ),
        migrations.AddField(
            model_name="departement",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="departements",
                to="territoires.region",
                verbose_name="région",
            ),
        ),
        migrations.CreateModel(
            name="Territoire",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="code")),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("commune", "commune"),
                            ("epci", "intercommunalité (EPCI)"),
                            ("ept", "établissement public territorial"),
                            ("metropole", "métropole"),
                            ("departement", "département"),
                            ("region", "région"),
                        ],
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                ("nom", models.CharField(max_length=150, verbose_name="nom")),
                ("siren", models.CharField(blank=True, max_length=9, verbose_name="SIREN")),
                ("cle_tri", models.CharField(editable=False, max_length=150, verbose_name="clé de tri")),
                (
                    "departement",
                    models.ForeignKey(
                        blank=True,
                        help_text="Vide si le territoire est à cheval sur plusieurs départements.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="territoires",
                        to="territoires.departement",
                        verbose_name="département",
                    ),
                ),
            ],
            options={
                "verbose_name": "territoire",
                "ordering": ["cle_tri", "code"],
            },
        ),
        migrations.CreateModel(
            name="TerritoireCommune",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "territoire_id", "commune_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "commune",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="territoires.commune",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="territoires.territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "commune d'un territoire",
                "verbose_name_plural": "communes des territoires",
            },
        ),
        migrations.AddField(
            model_name="territoire",
            name="communes",
            field=models.ManyToManyField(
                related_name="territoires",
                through="territoires.TerritoireCommune",
                to="territoires.commune",
                verbose_name="communes couvertes",
            ),
        ),
        migrations.AddIndex(
            model_name="commune",
            index=models.Index(fields=["cle_tri", "code"], name="commune_tri"),
        ),
        migrations.AddConstraint(
            model_name="commune",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[0-9][0-9AB][0-9]{3}$")),
                name="commune_code_insee",
                violation_error_message="Un code de commune a cinq caractères : 94011, 2A004, 97105.",
            ),
        ),
        migrations.AddConstraint(
            model_name="commune",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("commune_chapeau__isnull", True),
                    models.Q(("commune_chapeau", models.F("code")), _negated=True),
                    _connector="OR",
                ),
                name="commune_chapeau_autre",
                violation_error_message="Une commune n'est pas son propre arrondissement.",
            ),
        ),
        migrations.AddIndex(
            model_name="territoirecommune",
            index=models.Index(fields=["commune", "territoire"], name="territoire_commune_inverse"),
        ),
        migrations.AddIndex(
            model_name="territoire",
            index=models.Index(fields=["nature", "cle_tri"], name="territoire_tri"),
        ),
        migrations.AddIndex(
            model_name="territoire",
            index=models.Index(
                condition=models.Q(("siren", ""), _negated=True), fields=["siren"], name="territoire_siren"
            ),
        ),
        migrations.AddConstraint(
            model_name="territoire",
            constraint=models.CheckConstraint(
                condition=models.Q(("nature__in", ["commune", "epci", "ept", "metropole", "departement", "region"])),
                name="territoire_nature",
                violation_error_message="Nature de territoire inconnue.",
            ),
        ),
        migrations.AddConstraint(
            model_name="territoire",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code__startswith", django.db.models.functions.text.Concat(models.F("nature"), models.Value(":")))
                ),
                name="territoire_code_dit_sa_nature",
                violation_error_message="Le code d'un territoire commence par sa nature (departement:94).",
            ),
        ),
        migrations.RunPython(charger, migrations.RunPython.noop),
    ]
