"""`rechiffrer` : tout sous la première clé, empreintes recalculées ; à lancer après un changement de clé (RG-70)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from flux_reservations.socle.champs import OUBLIE, ChampChiffre, empreinte_en_base
from flux_reservations.socle.chiffrement import dechiffrer, rechiffrer
from flux_reservations.socle.commande import CommandeMetier

PAQUET = 2000


class Command(CommandeMetier):
    """Rechiffre par paquets, chacun dans sa transaction : interrompue, la commande se relance sans rien perdre."""

    help = "Rechiffre les données chiffrées sous la première clé de CLES_DE_CHIFFREMENT et recalcule leurs empreintes (RG-70)."

    def executer(self, **options: Any) -> dict[str, int]:
        """Rend le nombre de valeurs rechiffrées, par champ."""
        del options
        chiffres = [
            champ
            for modele in apps.get_models()
            for champ in modele._meta.concrete_fields  # noqa: SLF001 : l'API publique de Django passe par là
            if isinstance(champ, ChampChiffre)
        ]
        return {f"{champ.model._meta.label_lower}.{champ.name}": _rechiffrer_un_champ(champ) for champ in chiffres}  # noqa: SLF001 : de même


def _rechiffrer_un_champ(champ: ChampChiffre) -> int:
    options = champ.model._meta  # noqa: SLF001 : l'API publique de Django passe par là
    compagnon: Any = options.get_field(champ.empreinte)
    noms = {
        "table": sql.Identifier(options.db_table),
        "valeur": sql.Identifier(str(champ.column)),
        "empreinte": sql.Identifier(compagnon.column),
    }
    lire = sql.SQL(
        "SELECT id, {valeur} FROM {table} WHERE id > %s AND {valeur} NOT IN ('') AND NOT starts_with({valeur}, %s)"
        " ORDER BY id LIMIT %s FOR UPDATE"
    ).format(**noms)
    ecrire = sql.SQL("UPDATE {table} SET {valeur} = %s, {empreinte} = %s WHERE id = %s").format(**noms)
    dernier = nombre = 0
    while True:
        with transaction.atomic(), connection.cursor() as curseur:
            curseur.execute(lire, [dernier, OUBLIE, PAQUET])
            lignes = curseur.fetchall()
            if not lignes:
                return nombre
            curseur.executemany(
                ecrire,
                [(rechiffrer(valeur), empreinte_en_base(dechiffrer(valeur)), cle) for cle, valeur in lignes],
            )
        dernier, nombre = lignes[-1][0], nombre + len(lignes)
