"""Une demande d'un service de l'État n'est pas lue de l'autre ; un courriel qui porte un secret n'est lu de personne."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import relire

ICI = "(SELECT flux_organisme())"
SERVICE = "(SELECT coalesce(current_setting('flux.service', true), ''))"
DEMANDE = f"emetteur_id = {ICI} OR destinataire_id = {ICI}"
ENVOI = (
    f"emetteur_id = {ICI} OR (depose_le IS NOT NULL AND (destinataire_id = {ICI}"
    " OR (departement_id = (SELECT flux_departement())"
    " AND genre IN ('information_prealable', 'transmission', 'information_debut_annee', 'bilan'))))"
)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [
        ("notifications", "0007_service_d_une_demande"),
        ("notifications", "0002_lignes_des_envois"),
        ("socle", "0004_service_de_qui_lit"),
    ]

    operations = [
        relire(
            "notifications_demande",
            lecture=f"(emetteur_id = {ICI} AND {SERVICE} IN ('', service)) OR destinataire_id = {ICI}",
            avant=DEMANDE,
        ),
        relire("notifications_envoi", lecture=f"genre <> 'invitation' AND ({ENVOI})", avant=ENVOI),
    ]
