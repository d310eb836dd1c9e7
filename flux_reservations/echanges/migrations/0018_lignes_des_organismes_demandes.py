"""Un bailleur demande et lit ses demandes d'organismes ; l'administration de la plateforme les lit toutes et y répond."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
NATURE = "(SELECT flux_nature())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("echanges", "0017_organismes_demandes"), ("socle", "0003_lignes_du_journal")]

    operations = [
        proteger(
            "echanges_demandeorganisme",
            lecture=f"demandeur_id = {ICI} OR {NATURE} = 'plateforme'",
            ecriture=f"{NATURE} = 'plateforme'",
            ajout=f"{NATURE} = 'bailleur' AND demandeur_id = {ICI}",
            retrait="false",
        )
    ]
