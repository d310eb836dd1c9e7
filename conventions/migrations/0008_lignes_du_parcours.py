"""Qui voit quoi du parcours d'une convention : commentaires aux parties, carnet partagé, concertations aux invités, manquements (§ 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"
NATURE = "(SELECT flux_nature())"
PARTIES = "(SELECT flux_conventions_des_parties())"
DU_BAILLEUR = f"EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = convention_id AND c.bailleur_id = {ICI})"
PARTAGE = "EXISTS (SELECT 1 FROM acces_organisme o WHERE o.id = tenu_par_id AND o.nature IN ('etat', 'plateforme'))"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0007_manquements_et_depots_de_l_etat")]

    operations = [
        definir(
            lignes_autorisees(
                "flux_conventions_des_parties",
                "SELECT c.id FROM conventions_convention c WHERE c.bailleur_id = flux_organisme()"
                " OR c.reservataire_id = flux_organisme() OR c.delegataire_id = flux_organisme()",
            ),
            lignes_autorisees(
                "flux_concertations_du_bailleur",
                "SELECT c.id FROM conventions_concertation c WHERE c.bailleur_id = flux_organisme()",
            ),
            lignes_autorisees(
                "flux_concertations_ou_je_suis_invite",
                "SELECT p.concertation_id FROM conventions_partconcertation p WHERE p.reservataire_id = flux_organisme()",
            ),
            lignes_autorisees(
                "flux_concertations_arretees",
                "SELECT c.id FROM conventions_concertation c JOIN conventions_partconcertation p ON p.concertation_id = c.id"
                " WHERE p.reservataire_id = flux_organisme() AND c.etat <> 'ouverte'",
            ),
        ),
        proteger(
            "conventions_contactautorite",
            lecture=f"tenu_par_id = {ICI} OR ({NATURE} IN ('bailleur', 'reservataire', 'etat', 'collectivite', 'plateforme') AND {PARTAGE})",
            ecriture=f"tenu_par_id = {ICI}",
        ),
        # La version dont une convention tire son texte se lit avec cette convention.
        proteger(
            "conventions_gabarit",
            lecture=(
                f"bailleur_id = {ICI} OR EXISTS (SELECT 1 FROM conventions_convention c WHERE c.gabarit_id = conventions_gabarit.id)"
            ),
            ecriture="false",
            ajout=f"bailleur_id = {ICI}",
        ),
        proteger(
            "conventions_versionproposee", lecture=f"convention_id IN {PARTIES}", ecriture=DU_BAILLEUR
        ),
        proteger(
            "conventions_commentaire",
            lecture=f"convention_id IN {PARTIES}",
            ecriture="false",
            ajout=f"organisme_id = {ICI} AND convention_id IN {PARTIES}",
            retrait=DU_BAILLEUR,
        ),
        proteger(
            "conventions_concertation",
            lecture=f"bailleur_id = {ICI} OR id IN (SELECT flux_concertations_ou_je_suis_invite())",
            ecriture=f"bailleur_id = {ICI}",
        ),
        proteger(
            "conventions_partconcertation",
            lecture=(
                f"reservataire_id = {ICI} OR concertation_id IN (SELECT flux_concertations_du_bailleur())"
                " OR concertation_id IN (SELECT flux_concertations_arretees())"
            ),
            ecriture=f"reservataire_id = {ICI} OR concertation_id IN (SELECT flux_concertations_du_bailleur())",
            ajout="concertation_id IN (SELECT flux_concertations_du_bailleur())",
            retrait="concertation_id IN (SELECT flux_concertations_du_bailleur())",
        ),
        proteger(
            "conventions_manquement",
            lecture=f"bailleur_id = {ICI} OR reservataire_id = {ICI} OR prefet_id = {ICI}",
            ecriture=f"prefet_id = {ICI} OR bailleur_id = {ICI}",
        ),
        proteger(
            "conventions_conventiondeposee",
            lecture=f"deposee_par_organisme_id = {ICI} OR reservataire_id = {ICI}",
            ecriture=f"deposee_par_organisme_id = {ICI}",
        ),
    ]
