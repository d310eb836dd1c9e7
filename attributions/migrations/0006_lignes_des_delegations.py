"""Un délégataire lit et sert les logements mis à la disposition du titulaire (RG-26)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, lignes_autorisees, proteger

ICI = "(SELECT flux_organisme())"
DU_BAILLEUR = (
    "EXISTS (SELECT 1 FROM attributions_liberation l WHERE l.id = attributions_orientation.liberation_id"
    f" AND l.bailleur_id = {ICI})"
)
A_MA_DISPOSITION = (
    f"(date_mise_a_disposition IS NOT NULL AND (reservataire_id = {ICI}"
    f" OR id IN (SELECT flux_orientations_deleguees({ICI}))))"
)
DELEGUEES = (
    "flux_orientations_deleguees(organisme bigint) RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE"
    " SET search_path = public, pg_temp AS $$"
    " SELECT o.id FROM conventions_convention c JOIN attributions_orientation o ON o.reservataire_id = c.reservataire_id"
    " JOIN attributions_liberation l ON l.id = o.liberation_id AND l.bailleur_id = c.bailleur_id"
    " JOIN conventions_logement g ON g.id = l.logement_id JOIN territoires_commune k ON k.code = g.commune_id"
    " WHERE c.delegataire_id = organisme AND k.departement_id = c.departement_id"
    " AND c.periode_vigueur @> o.date_orientation AND o.date_mise_a_disposition IS NOT NULL $$"
)
_JOINTES = "FROM attributions_orientation o JOIN attributions_liberation l ON l.id = o.liberation_id"
SIENNES = f"{_JOINTES} WHERE o.reservataire_id = flux_organisme() AND o.date_mise_a_disposition IS NOT NULL"
CONFIEES = f"{_JOINTES} WHERE o.id IN (SELECT flux_orientations_deleguees(flux_organisme()))"
SON_STOCK = "SELECT s.logement_id FROM conventions_reservationstock s WHERE s.reservataire_id = flux_organisme()"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0005_changements_d_une_proposition")]

    operations = [
        definir(DELEGUEES),
        migrations.RunSQL(
            "".join(
                f"CREATE OR REPLACE FUNCTION {fonction};"
                for fonction in (
                    lignes_autorisees(
                        "flux_liberations_du_reservataire",
                        f"SELECT o.liberation_id {SIENNES} UNION SELECT o.liberation_id {CONFIEES}",
                    ),
                    lignes_autorisees(
                        "flux_logements_du_reservataire",
                        f"SELECT l.logement_id {SIENNES} UNION SELECT l.logement_id {CONFIEES} UNION {SON_STOCK}",
                    ),
                )
            ),
            "".join(
                f"CREATE OR REPLACE FUNCTION {fonction};"
                for fonction in (
                    lignes_autorisees("flux_liberations_du_reservataire", f"SELECT o.liberation_id {SIENNES}"),
                    lignes_autorisees(
                        "flux_logements_du_reservataire", f"SELECT l.logement_id {SIENNES} UNION {SON_STOCK}"
                    ),
                )
            ),
        ),
        migrations.RunSQL(
            "".join(
                f"DROP POLICY lignes_{nom} ON attributions_orientation;"
                for nom in ("systeme", "lecture", "ajout", "changement", "retrait")
            ),
            migrations.RunSQL.noop,
        ),
        proteger(
            "attributions_orientation",
            lecture=f"{A_MA_DISPOSITION} OR {DU_BAILLEUR}",
            ecriture=f"{A_MA_DISPOSITION} OR {DU_BAILLEUR}",
            ajout=DU_BAILLEUR,
            retrait=DU_BAILLEUR,
        ),
    ]
