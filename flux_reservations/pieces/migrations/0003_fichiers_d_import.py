"""Un fichier déposé pour être importé peut porter des numéros de demande : il se lit par qui importe, pas par un lecteur (RG-70)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import relire

ICI = "(SELECT flux_organisme())"
AVANT = f"organisme_id = {ICI} OR id IN (SELECT flux_pieces_recues())"
APRES = (
    f"(organisme_id = {ICI} AND (genre NOT IN ('import', 'reprise') OR (SELECT flux_ecrit())))"
    " OR id IN (SELECT flux_pieces_recues())"
)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("pieces", "0002_lignes_des_pieces")]

    operations = [relire("pieces_piece", lecture=APRES, avant=AVANT)]
