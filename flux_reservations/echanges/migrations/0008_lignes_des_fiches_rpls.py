"""Une fiche RPLS se lit et s'écrit par le bailleur de son logement."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

DES_MIENS = "logement_id IN (SELECT g.id FROM conventions_logement g WHERE g.bailleur_id = (SELECT flux_organisme()))"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0007_fiches_rpls")]

    operations = [proteger("echanges_ficherpls", lecture=DES_MIENS, ecriture=DES_MIENS)]
