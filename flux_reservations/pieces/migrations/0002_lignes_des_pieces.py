"""Une pièce se lit par son organisme et par qui a reçu, ou peut lire, l'envoi qui la porte."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("pieces", "0001_initiale"), ("notifications", "0002_lignes_des_envois"), ("acces", "0003_lignes_des_acces")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_pieces_recues",
                "SELECT e.piece_id FROM notifications_envoi e WHERE e.piece_id IS NOT NULL AND e.depose_le IS NOT NULL"
                " AND (e.destinataire_id = flux_organisme() OR (e.departement_id = flux_departement() AND e.genre IN"
                " ('information_prealable', 'transmission', 'information_debut_annee', 'bilan')))",
            )
        ),
        proteger(
            "pieces_piece",
            lecture=f"organisme_id = {ICI} OR id IN (SELECT flux_pieces_recues())",
            ecriture=f"organisme_id = {ICI}",
        ),
        proteger(
            "pieces_contenu",
            lecture="EXISTS (SELECT 1 FROM pieces_piece p WHERE p.contenu_id = pieces_contenu.empreinte)",
            ajout="true",
        ),
    ]
