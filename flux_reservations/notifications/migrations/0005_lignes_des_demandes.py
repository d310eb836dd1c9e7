"""Une demande se lit par qui la fait et par qui y répond (RG-74)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("notifications", "0004_demandes")]

    operations = [
        proteger(
            "notifications_demande",
            lecture=f"emetteur_id = {ICI} OR destinataire_id = {ICI}",
            ecriture=f"destinataire_id = {ICI}",
            ajout=f"emetteur_id = {ICI}",
        ),
    ]
