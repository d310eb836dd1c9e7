"""Un besoin adressé à tous n'est lu que des bailleurs liés au réservataire, par une convention ou par du stock (RG-51)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import proteger

ICI = "(SELECT flux_organisme())"
LIE = (
    "(EXISTS (SELECT 1 FROM conventions_convention c WHERE c.reservataire_id = attributions_besoin.reservataire_id"
    f" AND c.bailleur_id = {ICI} AND c.etat <> 'brouillon')"
    " OR EXISTS (SELECT 1 FROM conventions_reservationstock s JOIN conventions_logement l ON l.id = s.logement_id"
    f" WHERE s.reservataire_id = attributions_besoin.reservataire_id AND l.bailleur_id = {ICI}))"
)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [
        ("attributions", "0011_pieces_d_un_membre"),
        ("conventions", "0002_lignes_des_conventions"),
    ]

    operations = [
        migrations.RunSQL(
            "".join(
                f"DROP POLICY lignes_{nom} ON attributions_besoin;"
                for nom in ("systeme", "lecture", "ajout", "changement", "retrait")
            ),
            migrations.RunSQL.noop,
        ),
        proteger(
            "attributions_besoin",
            lecture=f"reservataire_id = {ICI} OR bailleur_id = {ICI} OR (bailleur_id IS NULL AND {LIE})",
            ecriture=f"reservataire_id = {ICI}",
        ),
    ]
