"""Chaque séance garde sa décision : un logement repasse en commission sans effacer son passage d'avant (RG-42, RG-43)."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.state import StateApps

DECISIONS = [
    ("attribution", "Attribution"),
    ("rang", "Attribution par rang"),
    ("condition", "Attribution sous condition suspensive"),
    ("non_attribution", "Non-attribution"),
    ("irrecevabilite", "Irrecevabilité"),
]
MOTIFS = [
    ("insuffisance", "Pas assez de candidats"),
    ("designation", "Ménage désigné par le préfet"),
    ("tres_social", "Logement très social adapté"),
]


def reprendre_les_decisions(apps: StateApps, _: object) -> None:
    """L'inscription d'une séance reçoit la décision prise ce jour-là, et ses candidats leur date d'examen."""
    inscription, candidat = apps.get_model("attributions", "Inscription"), apps.get_model("attributions", "Candidat")
    orientation = apps.get_model("attributions", "Orientation")
    decidees = orientation.objects.filter(pk=models.OuterRef("orientation_id")).exclude(decision="")
    inscription.objects.filter(orientation__date_caleol=models.F("seance__date")).exclude(
        orientation__decision=""
    ).update(decision=models.Subquery(decidees.values("decision")[:1]))
    candidat.objects.exclude(decision="").update(date_examen=models.Subquery(
        orientation.objects.filter(pk=models.OuterRef("orientation_id")).values("date_caleol")[:1]
    ))
    candidat.objects.update(date_presentation=models.Subquery(
        orientation.objects.filter(pk=models.OuterRef("orientation_id")).values("date_proposition")[:1]
    ))


class Migration(migrations.Migration):
    """Décision, motif du nombre et contraintes de l'inscription ; dates d'un candidat."""

    dependencies = [("attributions", "0007_numero_de_demande_chiffre")]

    operations = [
        migrations.AddField("candidat", "date_examen", models.DateField("examinée en CALEOL le", null=True, blank=True)),
        migrations.AddField("candidat", "date_presentation", models.DateField("présentée le", null=True, blank=True)),
        migrations.AddField(
            "inscription",
            "decision",
            models.CharField("décision de la séance", max_length=16, choices=DECISIONS, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "inscription",
            "motif_nombre",
            models.CharField("moins de trois demandes examinées", max_length=12, choices=MOTIFS, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "inscription",
            "precision_nombre",
            models.CharField("précision sur le nombre de demandes", max_length=200, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            "inscription",
            "orientation",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="inscriptions",
                to="attributions.orientation",
            ),
        ),
        migrations.RunPython(reprendre_les_decisions, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            "inscription",
            models.UniqueConstraint(
                fields=("seance", "orientation"),
                name="inscription_unique",
                violation_error_message="Ce logement est déjà à l'ordre du jour de cette séance.",
            ),
        ),
        migrations.AddConstraint(
            "inscription",
            models.UniqueConstraint(
                condition=models.Q(decision=""),
                fields=("orientation",),
                name="inscription_une_a_decider",
                violation_error_message="Ce logement attend déjà une décision dans une autre séance.",
            ),
        ),
        migrations.AddConstraint(
            "inscription",
            models.CheckConstraint(
                condition=models.Q(decision__in=["", *(code for code, _ in DECISIONS)]),
                name="inscription_decision_connue",
            ),
        ),
        migrations.AddConstraint(
            "inscription",
            models.CheckConstraint(
                condition=models.Q(motif_nombre__in=["", *(code for code, _ in MOTIFS)]),
                name="inscription_motif_connu",
            ),
        ),
    ]
