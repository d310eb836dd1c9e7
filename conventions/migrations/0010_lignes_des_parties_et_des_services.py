"""Mises en demeure à qui les a saisies, fil d'un brouillon au bailleur seul, part d'un service de l'État à ce service (§ 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import lignes_autorisees

ICI = "(SELECT flux_organisme())"
DU_BAILLEUR = "concertation_id IN (SELECT flux_concertations_du_bailleur())"
ARRETEES = "concertation_id IN (SELECT flux_concertations_arretees())"
SIENNE = f"(reservataire_id = {ICI} AND flux_sert(sous_contingent))"
LECTURE = f"reservataire_id = {ICI} OR {DU_BAILLEUR} OR {ARRETEES}"
ECRIT = "(SELECT flux_ecrit())"
PARTIES = (
    "SELECT c.id FROM conventions_convention c WHERE c.bailleur_id = flux_organisme()"
    " OR (c.etat <> 'brouillon' AND (c.reservataire_id = flux_organisme() OR c.delegataire_id = flux_organisme()))"
)
PARTIES_AVANT = (
    "SELECT c.id FROM conventions_convention c WHERE c.bailleur_id = flux_organisme()"
    " OR c.reservataire_id = flux_organisme() OR c.delegataire_id = flux_organisme()"
)


def changer(table: str, *, lecture: str = "", ecriture: str = "", ajout: str = "") -> str:
    """Instructions qui remplacent des politiques d'une table déjà protégée."""
    ordres = []
    if lecture:
        ordres.append(f"ALTER POLICY lignes_lecture ON {table} USING ({lecture});")
    if ecriture:
        permis = f"({ECRIT} AND ({ecriture}))"
        ordres.append(f"ALTER POLICY lignes_changement ON {table} USING {permis} WITH CHECK {permis};")
        ordres.append(f"ALTER POLICY lignes_retrait ON {table} USING {permis};")
    if ajout:
        ordres.append(f"ALTER POLICY lignes_ajout ON {table} WITH CHECK ({ECRIT} AND ({ajout}));")
    return "\n".join(ordres)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0009_qui_a_saisi_une_mise_en_demeure"), ("socle", "0004_service_de_qui_lit")]

    operations = [
        migrations.RunSQL(
            f"CREATE OR REPLACE FUNCTION {lignes_autorisees('flux_conventions_des_parties', PARTIES)};",
            f"CREATE OR REPLACE FUNCTION {lignes_autorisees('flux_conventions_des_parties', PARTIES_AVANT)};",
        ),
        migrations.RunSQL(
            changer(
                "conventions_manquement",
                ecriture=f"prefet_id = {ICI} OR (bailleur_id = {ICI} AND saisi_par_organisme_id = {ICI})",
                ajout=f"saisi_par_organisme_id = {ICI} AND (prefet_id = {ICI} OR bailleur_id = {ICI})",
            ),
            changer(
                "conventions_manquement",
                ecriture=f"prefet_id = {ICI} OR bailleur_id = {ICI}",
                ajout=f"prefet_id = {ICI} OR bailleur_id = {ICI}",
            ),
        ),
        migrations.RunSQL(
            f"ALTER POLICY lignes_lecture ON conventions_partconcertation USING ({SIENNE} OR {DU_BAILLEUR} OR {ARRETEES});\n"
            f"ALTER POLICY lignes_changement ON conventions_partconcertation USING ({ECRIT} AND ({SIENNE} OR {DU_BAILLEUR}))"
            f" WITH CHECK ({ECRIT} AND ({SIENNE} OR {DU_BAILLEUR}));",
            f"ALTER POLICY lignes_lecture ON conventions_partconcertation USING ({LECTURE});\n"
            f"ALTER POLICY lignes_changement ON conventions_partconcertation USING ({ECRIT} AND (reservataire_id = {ICI} OR {DU_BAILLEUR}))"
            f" WITH CHECK ({ECRIT} AND (reservataire_id = {ICI} OR {DU_BAILLEUR}));",
        ),
    ]
