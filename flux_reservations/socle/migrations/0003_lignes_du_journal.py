"""Ce que les politiques de lignes savent de qui lit, et le journal lu par son organisme seul (RG-71)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, proteger

_VARIABLE = "LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("socle", "0002_journal")]

    operations = [
        definir(
            f"flux_nature() RETURNS text {_VARIABLE} current_setting('flux.nature', true) $$",
            f"flux_organisme() RETURNS bigint {_VARIABLE} nullif(current_setting('flux.organisme', true), '')::bigint $$",
            f"flux_utilisateur() RETURNS bigint {_VARIABLE} nullif(current_setting('flux.utilisateur', true), '')::bigint $$",
            f"flux_ecrit() RETURNS boolean {_VARIABLE} current_setting('flux.ecrit', true) = '1' $$",
            f"flux_departement() RETURNS text {_VARIABLE} CASE"
            " WHEN current_setting('flux.nature', true) = 'etat'"
            " AND current_setting('flux.territoire', true) LIKE 'departement:%'"
            " THEN split_part(current_setting('flux.territoire', true), ':', 2) END $$",
        ),
        proteger("socle_entree_journal", lecture="organisme_id = (SELECT flux_organisme())"),
    ]
