"""Qui voit quelles libérations, orientations, candidats et séances (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"
A_MA_DISPOSITION = f"(reservataire_id = {ICI} AND date_mise_a_disposition IS NOT NULL)"


def de_la_liberation(table: str) -> str:
    """Condition : la libération de la ligne est à ce bailleur."""
    return (
        f"EXISTS (SELECT 1 FROM attributions_liberation l WHERE l.id = {table}.liberation_id AND l.bailleur_id = {ICI})"
    )


DE_L_ORIENTATION = "EXISTS (SELECT 1 FROM attributions_orientation o WHERE o.id = attributions_candidat.orientation_id)"
DE_LA_SEANCE = "EXISTS (SELECT 1 FROM attributions_seance s WHERE s.id = attributions_inscription.seance_id)"
DU_SOLDE = (
    "EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = attributions_soldeouverture.convention_id AND {})"
)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0003_seances_et_besoins"), ("conventions", "0002_lignes_des_conventions")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_liberations_du_reservataire",
                "SELECT o.liberation_id FROM attributions_orientation o"
                " WHERE o.reservataire_id = flux_organisme() AND o.date_mise_a_disposition IS NOT NULL",
            )
        ),
        proteger(
            "attributions_liberation",
            lecture=f"bailleur_id = {ICI} OR id IN (SELECT flux_liberations_du_reservataire())",
            ecriture=f"bailleur_id = {ICI}",
        ),
        proteger(
            "attributions_orientation",
            lecture=f"{A_MA_DISPOSITION} OR {de_la_liberation('attributions_orientation')}",
            ecriture=f"{A_MA_DISPOSITION} OR {de_la_liberation('attributions_orientation')}",
            ajout=de_la_liberation("attributions_orientation"),
            retrait=de_la_liberation("attributions_orientation"),
        ),
        proteger(
            "attributions_proposition",
            lecture=de_la_liberation("attributions_proposition"),
            ecriture=de_la_liberation("attributions_proposition"),
        ),
        proteger("attributions_candidat", lecture=DE_L_ORIENTATION, ecriture=DE_L_ORIENTATION),
        proteger(
            "attributions_soldeouverture",
            lecture=DU_SOLDE.format(f"(c.bailleur_id = {ICI} OR c.reservataire_id = {ICI})"),
            ecriture=DU_SOLDE.format(f"c.bailleur_id = {ICI}"),
        ),
        proteger("attributions_seance", lecture=f"bailleur_id = {ICI}", ecriture=f"bailleur_id = {ICI}"),
        proteger("attributions_inscription", lecture=DE_LA_SEANCE, ecriture=DE_LA_SEANCE),
        proteger(
            "attributions_besoin",
            lecture=(
                f"reservataire_id = {ICI} OR bailleur_id = {ICI}"
                " OR (bailleur_id IS NULL AND (SELECT flux_nature()) = 'bailleur')"
            ),
            ecriture=f"reservataire_id = {ICI}",
        ),
    ]
