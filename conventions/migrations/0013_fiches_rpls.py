"""Les fiches RPLS viennent des échanges : la table est renommée avec ses politiques de lignes, rien n'est recopié."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

CHOIX = [
    ("1", "État, agents"),
    ("2", "État, prioritaires"),
    ("3", "Employeurs, Action Logement"),
    ("4", "Collectivités territoriales"),
    ("5", "Réservations ministérielles"),
    ("6", "Autres réservataires"),
    ("7", "Non réservé"),
]


class Migration(migrations.Migration):
    """Puis le millésime du répertoire, et les logements vacants."""

    dependencies = [
        ("conventions", "0012_colonnes_du_bailleur"),
        ("echanges", "0011_fiches_rpls_aux_conventions"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE echanges_ficherpls RENAME TO conventions_ficherpls;"
                    " ALTER SEQUENCE echanges_ficherpls_id_seq RENAME TO conventions_ficherpls_id_seq;"
                    " UPDATE echanges_trace SET \"table\" = 'conventions_ficherpls' WHERE \"table\" = 'echanges_ficherpls'",
                    "ALTER TABLE conventions_ficherpls RENAME TO echanges_ficherpls;"
                    " ALTER SEQUENCE conventions_ficherpls_id_seq RENAME TO echanges_ficherpls_id_seq;"
                    " UPDATE echanges_trace SET \"table\" = 'echanges_ficherpls' WHERE \"table\" = 'conventions_ficherpls'",
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="FicheRpls",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                        ),
                        (
                            "contingent",
                            models.CharField(blank=True, choices=CHOIX, max_length=1, verbose_name="contingent"),
                        ),
                        (
                            "dernier_bail",
                            models.DateField(blank=True, null=True, verbose_name="bail en cours signé le"),
                        ),
                        (
                            "logement",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="fiche_rpls",
                                to="conventions.logement",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "fiche RPLS",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("contingent__in", ["", "1", "2", "3", "4", "5", "6", "7"])),
                                name="fiche_contingent_connu",
                            )
                        ],
                    },
                )
            ],
        ),
        migrations.AddField(
            model_name="ficherpls",
            name="est_vacant",
            field=models.BooleanField(default=False, verbose_name="vacant, offert à la location"),
        ),
        migrations.AddField(
            model_name="ficherpls",
            name="millesime",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="millésime du RPLS"),
        ),
    ]
