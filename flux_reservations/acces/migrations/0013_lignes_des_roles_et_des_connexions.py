"""Donner un rôle, inviter, tirer un jeton exigent un responsable, dans la base aussi ; les connexions d'un agent parti ne se lisent plus."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, relire

ICI = "(SELECT flux_organisme())"
MOI = "(SELECT flux_utilisateur())"
EN_IDENTIFICATION = "(SELECT flux_nature()) = 'identification'"
ADMINISTRE = "(SELECT flux_nature()) IN ('identification', 'plateforme')"
GERE = f"((SELECT flux_responsable()) OR {EN_IDENTIFICATION})"
AVANT = {
    "acces_rattachement": f"organisme_id = {ICI} OR {ADMINISTRE}",
    "acces_invitation": f"organisme_id = {ICI} OR {ADMINISTRE}",
    "acces_jeton": f"organisme_id = {ICI} OR {EN_IDENTIFICATION}",
}
DE_MES_COLLEGUES = f"utilisateur_id IN (SELECT r.utilisateur_id FROM acces_rattachement r WHERE r.organisme_id = {ICI})"
CONNEXION = f"utilisateur_id = {MOI} OR {ADMINISTRE}"


def ecrire(table: str, permis: str) -> str:
    """Remplace ce qui s'écrit d'une table."""
    return (
        f"ALTER POLICY lignes_ajout ON {table} WITH CHECK ({permis});"
        f"ALTER POLICY lignes_changement ON {table} USING ({permis}) WITH CHECK ({permis});"
        f"ALTER POLICY lignes_retrait ON {table} USING ({permis});"
    )


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("acces", "0012_roles_d_une_invitation")]

    operations = [
        definir(
            "flux_responsable() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT"
            " current_setting('flux.responsable', true) = '1' $$",
            "flux_agit_ici_seulement(personne bigint, instant timestamptz) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER"
            " PARALLEL SAFE SET search_path = public, pg_temp AS $$ SELECT coalesce(bool_and(r.organisme_id = flux_organisme()), false)"
            " FROM acces_rattachement r WHERE r.utilisateur_id = personne AND r.ouvert_le <= instant"
            " AND (r.clos_le IS NULL OR r.clos_le >= instant) $$",
        ),
        *(
            migrations.RunSQL(
                ecrire(table, f"(SELECT flux_ecrit()) AND {GERE} AND ({avant})"),
                ecrire(table, f"(SELECT flux_ecrit()) AND ({avant})"),
            )
            for table, avant in AVANT.items()
        ),
        relire(
            "acces_connexion",
            lecture=f"{CONNEXION} OR ({DE_MES_COLLEGUES} AND flux_agit_ici_seulement(utilisateur_id, instant))",
            avant=f"{CONNEXION} OR {DE_MES_COLLEGUES}",
        ),
    ]
