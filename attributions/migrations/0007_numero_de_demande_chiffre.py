"""Le numéro unique de demande est gardé chiffré ; son empreinte porte l'unicité et la recherche (RG-70)."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from flux_reservations.socle import champs
from flux_reservations.socle.chiffrement import dechiffrer

PAQUET = 5000


def chiffrer_les_numeros(apps: Any, schema_editor: Any) -> None:
    """Chiffre en place ce qui était en clair."""
    champ = apps.get_model("attributions", "Candidat")._meta.get_field("numero_demande")
    _recrire(schema_editor, lambda numero: (champs.valeur_en_base(champ, numero), champs.empreinte_en_base(numero)))


def rendre_les_numeros(apps: Any, schema_editor: Any) -> None:
    """Remet en clair."""
    _recrire(schema_editor, lambda numero: (numero if numero.startswith(champs.OUBLIE) else dechiffrer(numero), ""))


def _recrire(schema_editor: Any, transformer: Any) -> None:
    dernier = 0
    with schema_editor.connection.cursor() as curseur:
        while True:
            curseur.execute(
                "SELECT id, numero_demande FROM attributions_candidat WHERE id > %s ORDER BY id LIMIT %s", [dernier, PAQUET]
            )
            lignes = curseur.fetchall()
            if not lignes:
                return
            curseur.executemany(
                "UPDATE attributions_candidat SET numero_demande = %s, empreinte_demande = %s WHERE id = %s",
                [(*transformer(numero), cle) for cle, numero in lignes],
            )
            dernier = lignes[-1][0]


class Migration(migrations.Migration):
    """Colonnes, puis données, puis unicité."""

    dependencies = [("attributions", "0006_lignes_des_delegations")]

    operations = [
        migrations.RemoveConstraint("candidat", "candidat_unique"),
        migrations.AddField(
            "candidat",
            "empreinte_demande",
            champs.ChampEmpreinte(
                db_index=True,
                default="",
                editable=False,
                max_length=64,
                source="numero_demande",
                verbose_name="empreinte du numéro de demande",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "candidat",
            "numero_demande",
            champs.ChampChiffre(empreinte="empreinte_demande", max_length=40, verbose_name="numéro unique de demande"),
        ),
        migrations.RunPython(chiffrer_les_numeros, rendre_les_numeros),
        migrations.AddConstraint(
            "candidat",
            models.UniqueConstraint(
                fields=("orientation", "empreinte_demande"),
                name="candidat_unique",
                violation_error_message="Cette demande est déjà proposée pour ce logement.",
            ),
        ),
    ]
