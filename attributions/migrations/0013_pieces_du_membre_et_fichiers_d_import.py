"""Les deux règles de lecture des pièces tiennent ensemble : le membre lit son procès-verbal, le lecteur ne lit pas un import (RG-70)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import relire

ICI = "(SELECT flux_organisme())"
IMPORTS = (
    f"(organisme_id = {ICI} AND (genre NOT IN ('import', 'reprise') OR (SELECT flux_ecrit())))"
    " OR id IN (SELECT flux_pieces_recues())"
)


class Migration(migrations.Migration):
    """Chacune, posée seule, effaçait l'autre : l'ordre des applications ne doit rien y changer."""

    dependencies = [
        ("attributions", "0012_besoins_des_bailleurs_lies"),
        ("pieces", "0003_fichiers_d_import"),
    ]

    operations = [
        relire("pieces_piece", lecture=f"{IMPORTS} OR id IN (SELECT flux_pieces_du_membre())", avant=IMPORTS),
    ]
