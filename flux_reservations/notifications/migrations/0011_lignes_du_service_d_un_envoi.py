"""Un envoi qui regarde un service de l'État n'est pas lu de l'autre (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import relire

ICI = "(SELECT flux_organisme())"
SERVICE = "(service = '' OR (SELECT coalesce(current_setting('flux.service', true), '')) IN ('', service))"


def lecture(du_service: str = "") -> str:
    """Qui lit un envoi ; une invitation n'est lue de personne."""
    return (
        f"genre <> 'invitation' AND (emetteur_id = {ICI} OR (depose_le IS NOT NULL AND ((destinataire_id = {ICI}{du_service})"
        " OR (departement_id = (SELECT flux_departement())"
        " AND genre IN ('information_prealable', 'transmission', 'information_debut_annee', 'bilan')))))"
    )


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("notifications", "0010_service_d_un_envoi")]

    operations = [relire("notifications_envoi", lecture=lecture(f" AND {SERVICE}"), avant=lecture())]
