"""Qui voit quelles conventions et quel patrimoine (domaine.md § 6) : le bailleur, les parties, les destinataires de la transmission."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"
NATURE = "(SELECT flux_nature())"
PARTIE = f"bailleur_id = {ICI} OR (etat <> 'brouillon' AND (reservataire_id = {ICI} OR delegataire_id = {ICI}))"
DU_BAILLEUR = f"EXISTS (SELECT 1 FROM conventions_logement l WHERE l.id = logement_id AND l.bailleur_id = {ICI})"


def de_la_convention(table: str, condition: str = "true") -> str:
    """Condition : la convention de la ligne se voit (ses propres politiques s'appliquent), et `condition` est vraie."""
    return f"EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = {table}.convention_id AND {condition})"


def du_droit(table: str, condition: str = "true") -> str:
    """Condition : la ligne de droit de la ligne se voit, et la convention vérifie `condition`."""
    return (
        "EXISTS (SELECT 1 FROM conventions_droit d JOIN conventions_convention c ON c.id = d.convention_id"
        f" WHERE d.id = {table}.droit_id AND {condition})"
    )


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0001_initiale"), ("attributions", "0003_seances_et_besoins"), ("notifications", "0002_lignes_des_envois")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_logements_du_reservataire",
                "SELECT l.logement_id FROM attributions_orientation o JOIN attributions_liberation l ON l.id = o.liberation_id"
                " WHERE o.reservataire_id = flux_organisme() AND o.date_mise_a_disposition IS NOT NULL"
                " UNION SELECT s.logement_id FROM conventions_reservationstock s WHERE s.reservataire_id = flux_organisme()",
            ),
            lignes_autorisees(
                "flux_conventions_transmises",
                "SELECT e.objet_cle::bigint FROM notifications_envoi e WHERE e.destinataire_id = flux_organisme()"
                " AND e.genre = 'transmission' AND e.objet_type = 'conventions.convention' AND e.depose_le IS NOT NULL",
            ),
        ),
        proteger(
            "conventions_bailleur",
            lecture=(
                f"organisme_ptr_id = {ICI} OR {NATURE} IN ('reservataire', 'etat', 'collectivite', 'plateforme', 'identification')"
            ),
            ecriture=f"organisme_ptr_id = {ICI} OR {NATURE} = 'plateforme'",
        ),
        proteger(
            "conventions_reservataire",
            lecture=f"{NATURE} <> 'anonyme'",
            ecriture=f"organisme_ptr_id = {ICI} OR {NATURE} = 'plateforme'",
            ajout=f"{NATURE} IN ('bailleur', 'plateforme')",
        ),
        proteger(
            "conventions_logement",
            lecture=f"bailleur_id = {ICI} OR id IN (SELECT flux_logements_du_reservataire())",
            ecriture=f"bailleur_id = {ICI}",
        ),
        proteger(
            "conventions_situationlogement",
            lecture="EXISTS (SELECT 1 FROM conventions_logement l WHERE l.id = logement_id)",
            ecriture=DU_BAILLEUR,
        ),
        proteger(
            "conventions_reservationstock",
            lecture=f"reservataire_id = {ICI} OR {DU_BAILLEUR}",
            ecriture=DU_BAILLEUR,
        ),
        proteger(
            "conventions_convention",
            lecture=f"{PARTIE} OR id IN (SELECT flux_conventions_transmises())",
            ecriture=PARTIE,
            ajout=f"bailleur_id = {ICI}",
            retrait=f"bailleur_id = {ICI}",
        ),
        proteger(
            "conventions_droit",
            lecture=de_la_convention("conventions_droit"),
            ecriture=de_la_convention("conventions_droit", f"c.bailleur_id = {ICI}"),
        ),
        *(
            proteger(table, lecture=du_droit(table), ecriture=du_droit(table, f"c.bailleur_id = {ICI}"))
            for table in ("conventions_droit_perimetre", "conventions_droit_assiette")
        ),
    ]
