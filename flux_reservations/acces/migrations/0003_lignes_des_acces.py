"""Qui voit quelles personnes, quels rôles, quels jetons (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
MOI = "(SELECT flux_utilisateur())"
EN_IDENTIFICATION = "(SELECT flux_nature()) = 'identification'"
ADMINISTRE = "(SELECT flux_nature()) IN ('identification', 'plateforme')"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [
        ("acces", "0002_jetons_api"),
        ("socle", "0003_lignes_du_journal"),
        ("otp_totp", "0003_add_timestamps"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [
        proteger(
            "acces_organisme",
            lecture="(SELECT flux_nature()) <> 'anonyme'",
            ecriture=f"(SELECT flux_nature()) = 'plateforme' OR id = {ICI}",
            ajout=(
                "(SELECT flux_nature()) = 'plateforme'"
                " OR ((SELECT flux_nature()) = 'bailleur' AND nature IN ('reservataire', 'etat', 'collectivite'))"
            ),
        ),
        proteger(
            "acces_rattachement",
            lecture=f"organisme_id = {ICI} OR utilisateur_id = {MOI} OR {ADMINISTRE}",
            ecriture=f"organisme_id = {ICI} OR {ADMINISTRE}",
        ),
        proteger(
            "acces_utilisateur",
            lecture=(
                f"id = {MOI} OR {ADMINISTRE}"
                f" OR id IN (SELECT r.utilisateur_id FROM acces_rattachement r WHERE r.organisme_id = {ICI})"
            ),
            ecriture=f"id = {MOI} OR {EN_IDENTIFICATION}",
            exige_role=False,
        ),
        proteger(
            "acces_jeton",
            lecture=f"organisme_id = {ICI} OR {EN_IDENTIFICATION}",
            ecriture=f"organisme_id = {ICI} OR {EN_IDENTIFICATION}",
        ),
        proteger("acces_cleidempotence", lecture=f"organisme_id = {ICI}", ecriture=f"organisme_id = {ICI}"),
        *(
            proteger(
                table,
                lecture=f"user_id = {MOI} OR {EN_IDENTIFICATION}",
                ecriture=f"user_id = {MOI} OR {EN_IDENTIFICATION}",
                exige_role=False,
            )
            for table in ("otp_totp_totpdevice", "otp_static_staticdevice")
        ),
        proteger(
            "otp_static_statictoken",
            lecture="device_id IN (SELECT d.id FROM otp_static_staticdevice d)",
            ecriture="device_id IN (SELECT d.id FROM otp_static_staticdevice d)",
            exige_role=False,
        ),
    ]
