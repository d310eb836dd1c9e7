"""Ce que les politiques de lignes savent du service de l'État qui lit : vrai si un sous-contingent le regarde."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py` et `commun/acteur.py` (`Acteur.sert`)."""

    dependencies = [("socle", "0003_lignes_du_journal")]

    operations = [
        definir(
            "flux_sert(sous_contingent text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT"
            " CASE coalesce(current_setting('flux.service', true), '') WHEN '' THEN true"
            " WHEN 'prioritaires' THEN sous_contingent IN ('prioritaires', 'repli')"
            " ELSE sous_contingent = current_setting('flux.service', true) END $$"
        )
    ]
