"""Une convention se change par son bailleur seul : l'autre partie la lit et la verrouille, sans y écrire (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import garder_les_colonnes


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0011_registre_ferme_aux_bailleurs"), ("socle", "0005_colonnes_gardees")]

    operations = [garder_les_colonnes("conventions_convention", maitre="OLD.bailleur_id = flux_organisme()")]
