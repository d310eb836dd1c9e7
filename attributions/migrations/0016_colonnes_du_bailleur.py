"""Ce qu'un réservataire change d'une orientation et d'un candidat : ses propositions et le rendu, rien d'autre (domaine.md § 6).

Il présente et retire des candidats, ce qui date et compte la proposition, et il rend le logement. Compte, dates du bailleur, décision
de la commission, offre et réponse sont au bailleur.
"""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import definir, garder_les_colonnes, restreindre

A_EXAMINER = "decision = '' AND rang_caleol IS NULL AND date_examen IS NULL AND date_notification IS NULL AND reponse = ''"
A_SOI = "flux_orientation_a_soi(orientation_id)"

class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("attributions", "0015_lignes_des_occupations"), ("socle", "0005_colonnes_gardees")]

    operations = [
        definir(
            "flux_liberation_a_soi(liberation bigint) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT 1"
            " FROM attributions_liberation l WHERE l.id = liberation AND l.bailleur_id = flux_organisme()) $$",
            "flux_orientation_a_soi(orientation bigint) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT 1"
            " FROM attributions_orientation o WHERE o.id = orientation AND flux_liberation_a_soi(o.liberation_id)) $$",
        ),
        garder_les_colonnes(
            "attributions_orientation",
            maitre="flux_liberation_a_soi(OLD.liberation_id)",
            colonnes=("date_proposition", "nb_candidats", "date_rendu", "issue"),
            condition="NEW.issue = OLD.issue OR (OLD.issue = 'en_cours' AND NEW.issue = 'rendu')",
        ),
        garder_les_colonnes("attributions_candidat", maitre="flux_orientation_a_soi(OLD.orientation_id)"),
        restreindre("attributions_candidat", ajout=f"({A_EXAMINER}) OR {A_SOI}", retrait=f"({A_EXAMINER}) OR {A_SOI}"),
    ]
