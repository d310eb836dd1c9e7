"""Seule la plateforme ajoute un organisme ou un réservataire : un faux préfet recevrait les bilans de tous (§ 6)."""

from __future__ import annotations

from django.db import migrations

ECRIT = "(SELECT flux_ecrit())"
NATURE = "(SELECT flux_nature())"
AVANT = {
    "acces_organisme": (
        f"{NATURE} = 'plateforme' OR ({NATURE} = 'bailleur' AND nature IN ('reservataire', 'etat', 'collectivite'))"
    ),
    "conventions_reservataire": f"{NATURE} IN ('bailleur', 'plateforme')",
}


def ajouter(table: str, permis: str) -> str:
    """Remplace qui ajoute une ligne."""
    return f"ALTER POLICY lignes_ajout ON {table} WITH CHECK ({ECRIT} AND ({permis}))"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0010_lignes_des_parties_et_des_services"), ("acces", "0013_lignes_des_roles_et_des_connexions")]

    operations = [
        migrations.RunSQL(ajouter(table, f"{NATURE} = 'plateforme'"), ajouter(table, avant)) for table, avant in AVANT.items()
    ]
