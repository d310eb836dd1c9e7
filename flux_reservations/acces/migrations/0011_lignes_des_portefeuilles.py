"""Qui voit quels secteurs, portefeuilles et absences : leur organisme (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
MOI = "(SELECT flux_utilisateur())"


def du_rattachement(table: str, condition: str = "true") -> str:
    """Condition : le rattachement de la ligne est de cet organisme, et vérifie `condition`."""
    return (
        f"EXISTS (SELECT 1 FROM acces_rattachement r WHERE r.id = {table}.rattachement_id AND r.organisme_id = {ICI} AND {condition})"
    )


DU_SECTEUR = f"EXISTS (SELECT 1 FROM acces_secteur s WHERE s.id = acces_secteur_communes.secteur_id AND s.organisme_id = {ICI})"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("acces", "0010_portefeuilles")]

    operations = [
        proteger("acces_secteur", lecture=f"organisme_id = {ICI}", ecriture=f"organisme_id = {ICI}"),
        proteger("acces_secteur_communes", lecture=DU_SECTEUR, ecriture=DU_SECTEUR),
        proteger(
            "acces_portefeuille",
            lecture=du_rattachement("acces_portefeuille"),
            ecriture=du_rattachement("acces_portefeuille"),
        ),
        proteger(
            "acces_absence",
            lecture=du_rattachement("acces_absence"),
            ecriture=du_rattachement("acces_absence", f"(r.utilisateur_id = {MOI} OR (SELECT flux_ecrit()))"),
            exige_role=False,
        ),
    ]
