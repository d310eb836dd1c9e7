"""Qui voit quelles invitations, sessions et connexions (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
MOI = "(SELECT flux_utilisateur())"
EN_IDENTIFICATION = "(SELECT flux_nature()) = 'identification'"
ADMINISTRE = "(SELECT flux_nature()) IN ('identification', 'plateforme')"
DE_MES_COLLEGUES = f"utilisateur_id IN (SELECT r.utilisateur_id FROM acces_rattachement r WHERE r.organisme_id = {ICI})"
A_MOI = f"utilisateur_id = {MOI} OR {EN_IDENTIFICATION}"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("acces", "0004_personnes")]

    operations = [
        proteger(
            "acces_invitation",
            lecture=f"organisme_id = {ICI} OR {ADMINISTRE}",
            ecriture=f"organisme_id = {ICI} OR {ADMINISTRE}",
        ),
        proteger("acces_sessionouverte", lecture=A_MOI, ecriture=A_MOI, exige_role=False),
        proteger(
            "acces_connexion",
            lecture=f"utilisateur_id = {MOI} OR {ADMINISTRE} OR {DE_MES_COLLEGUES}",
            ajout=A_MOI,
            exige_role=False,
        ),
        proteger("acces_identiteexterne", lecture=A_MOI, ecriture=A_MOI, exige_role=False),
    ]
