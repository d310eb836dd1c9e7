"""Connaître l'empreinte d'un document n'en donne pas le contenu (domaine.md § 6).

Les octets sont partagés sous leur empreinte : il suffisait, sous une vue fautive, d'ajouter chez soi une pièce citant l'empreinte du
document d'un autre pour le lire. La base retient, le temps de la transaction, qui lui a donné des octets et leur empreinte (même si elle
les avait déjà), et n'admet une pièce de cet organisme que sur les derniers donnés. Elle refuse aussi des octets rangés sous une autre empreinte que la leur.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.lookups import Exact

from flux_reservations.socle.rls import definir, garder_les_colonnes, restreindre

SHA256 = models.Func(models.F("octets"), function="sha256", output_field=models.BinaryField())
QUI = "current_setting('flux.organisme', true)"
EMPREINTE = models.Func(SHA256, models.Value("hex"), function="encode", output_field=models.CharField())


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("pieces", "0003_fichiers_d_import"), ("socle", "0005_colonnes_gardees")]

    operations = [
        migrations.AddConstraint(
            model_name="contenu",
            constraint=models.CheckConstraint(
                condition=Exact(models.F("empreinte"), EMPREINTE),
                name="contenu_sous_son_empreinte",
                violation_error_message="Ces octets ne répondent pas à leur empreinte.",
            ),
        ),
        definir(
            "flux_retenir_le_contenu() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM set_config('flux.contenu', concat({QUI}, ':', NEW.empreinte), true); RETURN NEW; END $$",
            "flux_piece_lisible(piece bigint) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT 1"
            " FROM pieces_piece p WHERE p.id = piece) $$",
        ),
        migrations.RunSQL(
            "CREATE TRIGGER contenu_donne BEFORE INSERT ON pieces_contenu FOR EACH ROW"
            " EXECUTE FUNCTION flux_retenir_le_contenu();",
            "DROP TRIGGER IF EXISTS contenu_donne ON pieces_contenu;",
        ),
        restreindre("pieces_piece", ajout=f"concat({QUI}, ':', contenu_id) = current_setting('flux.contenu', true)", retrait="true"),
        garder_les_colonnes("pieces_piece", maitre="false"),
    ]
