"""Un envoi se lit par qui l'émet, qui le reçoit une fois déposé, et l'État de son département (RG-66)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("notifications", "0001_initiale"), ("acces", "0003_lignes_des_acces")]

    operations = [
        proteger(
            "notifications_envoi",
            lecture=(
                f"emetteur_id = {ICI} OR (depose_le IS NOT NULL AND (destinataire_id = {ICI}"
                " OR (departement_id = (SELECT flux_departement())"
                " AND genre IN ('information_prealable', 'transmission', 'information_debut_annee', 'bilan'))))"
            ),
            ecriture=f"emetteur_id = {ICI} OR (depose_le IS NOT NULL AND destinataire_id = {ICI})",
            ajout=f"emetteur_id = {ICI}",
            retrait=f"emetteur_id = {ICI}",
        ),
    ]
