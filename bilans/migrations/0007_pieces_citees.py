"""Un envoi, un bilan, une séance ne citent qu'une pièce que leur auteur peut lire : les citer la donne à lire (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import garder_les_citations


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py` ; le destinataire d'un envoi, celui d'un bilan et le membre d'une séance lisent leur pièce."""

    dependencies = [
        ("bilans", "0006_pieces_recues_par_service"),
        ("pieces", "0004_contenus_donnes"),
        ("attributions", "0016_colonnes_du_bailleur"),
        ("notifications", "0011_lignes_du_service_d_un_envoi"),
    ]

    operations = [
        garder_les_citations(table, colonne=colonne, lisible="flux_piece_lisible")
        for table, colonne in (
            ("notifications_envoi", "piece_id"),
            ("bilans_bilan", "pdf_id"),
            ("bilans_bilan", "tableur_id"),
            ("attributions_seance", "proces_verbal_id"),
        )
    ]
