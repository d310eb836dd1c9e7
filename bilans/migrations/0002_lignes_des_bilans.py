"""Un bilan se lit par son bailleur, ses destinataires et, publié, par l'État du département (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("bilans", "0001_initiale"), ("notifications", "0002_lignes_des_envois")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_bilans_recus",
                "SELECT e.objet_cle::bigint FROM notifications_envoi e WHERE e.destinataire_id = flux_organisme()"
                " AND e.objet_type = 'bilans.bilan' AND e.depose_le IS NOT NULL",
            )
        ),
        proteger(
            "bilans_bilan",
            lecture=(
                f"bailleur_id = {ICI} OR (etat = 'publie'"
                " AND (departement_id = (SELECT flux_departement()) OR id IN (SELECT flux_bilans_recus())))"
            ),
            ecriture=f"bailleur_id = {ICI}",
        ),
        proteger("bilans_prevision", lecture=f"bailleur_id = {ICI}", ecriture=f"bailleur_id = {ICI}"),
    ]
