"""Les pièces reçues : celles du service, s'il est borné, et le tableur d'un bilan reçu ; la dernière à le dire l'emporte."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import lignes_autorisees

SERVICE = " AND (e.service = '' OR coalesce(current_setting('flux.service', true), '') IN ('', e.service))"


def recues(du_service: str = "") -> str:
    """Corps de la fonction."""
    return lignes_autorisees(
        "flux_pieces_recues",
        "SELECT e.piece_id FROM notifications_envoi e WHERE e.piece_id IS NOT NULL AND e.depose_le IS NOT NULL"
        f" AND ((e.destinataire_id = flux_organisme(){du_service}) OR (e.departement_id = flux_departement() AND e.genre IN"
        " ('information_prealable', 'transmission', 'information_debut_annee', 'bilan')))"
        " UNION ALL SELECT b.tableur_id FROM bilans_bilan b WHERE b.etat = 'publie' AND b.tableur_id IS NOT NULL"
        " AND (b.departement_id = flux_departement() OR b.id IN (SELECT flux_bilans_recus()))",
    )


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [
        ("bilans", "0005_bilan_publie_fige"),
        ("attributions", "0011_pieces_d_un_membre"),
        ("notifications", "0011_lignes_du_service_d_un_envoi"),
    ]

    operations = [migrations.RunSQL(f"CREATE OR REPLACE FUNCTION {recues(SERVICE)};", f"CREATE OR REPLACE FUNCTION {recues()};")]
