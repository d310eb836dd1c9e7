"""Une pièce ajoutée se lit avec sa convention ; elle s'ajoute par le bailleur à une convention signée, et ne change plus que pour être retirée."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import (
    definir,
    garder_les_citations,
    garder_les_colonnes,
    lignes_autorisees,
    proteger,
    relire,
)

ICI = "(SELECT flux_organisme())"
TABLE = "conventions_complement"
DU_BAILLEUR = f"EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = convention_id AND c.bailleur_id = {ICI}{{}})"
AVANT = (
    f"(organisme_id = {ICI} AND (genre NOT IN ('import', 'reprise') OR (SELECT flux_ecrit())))"
    " OR id IN (SELECT flux_pieces_recues()) OR id IN (SELECT flux_pieces_du_membre())"
)
AJOUTEES = (
    "SELECT p.piece_id FROM conventions_complement p JOIN conventions_convention c ON c.id = p.convention_id"
    " WHERE p.retiree_le IS NULL AND ((c.etat <> 'brouillon' AND (c.reservataire_id = flux_organisme()"
    " OR c.delegataire_id = flux_organisme())) OR c.id IN (SELECT flux_conventions_transmises()))"
)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py` ; miroir de `visibles_par` et de `lisibles_par`."""

    dependencies = [
        ("conventions", "0014_pieces_ajoutees"),
        ("pieces", "0004_contenus_donnes"),
        ("attributions", "0013_pieces_du_membre_et_fichiers_d_import"),
        ("socle", "0005_colonnes_gardees"),
    ]

    operations = [
        proteger(
            TABLE,
            lecture="EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = convention_id)",
            ecriture=DU_BAILLEUR.format(""),
            ajout=DU_BAILLEUR.format(" AND c.etat = 'signee'"),
            retrait="false",
        ),
        garder_les_colonnes(
            TABLE,
            maitre="false",
            colonnes=("retiree_le", "motif_retrait", "retiree_par_id"),
            condition="OLD.retiree_le IS NULL",
        ),
        garder_les_citations(TABLE, colonne="piece_id", lisible="flux_piece_lisible"),
        definir(lignes_autorisees("flux_pieces_ajoutees", AJOUTEES)),
        relire("pieces_piece", lecture=f"{AVANT} OR id IN (SELECT flux_pieces_ajoutees())", avant=AVANT),
    ]
