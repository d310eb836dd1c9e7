"""`rechiffrer` : tout sous la première clé, empreintes recalculées ; à lancer après un changement de clé (RG-70)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from flux_reservations.socle.champs import OUBLIE, ChampChiffre, ChampOctetsChiffres, empreinte_en_base
from flux_reservations.socle.chiffrement import chiffrer_octets, dechiffrer, dechiffrer_octets, rechiffrer
from flux_reservations.socle.commande import CommandeMetier

PAQUET = 2000
PAQUET_D_OCTETS = 8
"""Contenus tenus en mémoire à la fois (un mégaoctet chacun, ou peu s'en faut)."""


class Command(CommandeMetier):
    """Rechiffre par paquets, chacun dans sa transaction : interrompue, la commande se relance sans rien perdre."""

    help = "Rechiffre les données chiffrées sous la première clé de CLES_DE_CHIFFREMENT et recalcule leurs empreintes (RG-70)."

    def executer(self, **options: Any) -> dict[str, int]:
        """Rend le nombre de valeurs rechiffrées, par champ."""
        del options
        champs = [champ for modele in apps.get_models() for champ in modele._meta.concrete_fields]
        faits = {_nommer(champ): _rechiffrer_un_champ(champ) for champ in champs if isinstance(champ, ChampChiffre)}
        return faits | {
            _nommer(champ): _rechiffrer_des_octets(champ) for champ in champs if isinstance(champ, ChampOctetsChiffres)
        }


def _nommer(champ: ChampChiffre | ChampOctetsChiffres) -> str:
    return f"{champ.model._meta.label_lower}.{champ.name}"


def _rechiffrer_des_octets(champ: ChampOctetsChiffres) -> int:
    noms = {
        "table": sql.Identifier(champ.model._meta.db_table),
        "valeur": sql.Identifier(str(champ.column)),
    }
    lire = sql.SQL("SELECT id, {valeur} FROM {table} WHERE id > %s ORDER BY id LIMIT %s FOR UPDATE").format(**noms)
    ecrire = sql.SQL("UPDATE {table} SET {valeur} = %s WHERE id = %s").format(**noms)
    dernier = nombre = 0
    while True:
        with transaction.atomic(), connection.cursor() as curseur:
            curseur.execute(lire, [dernier, PAQUET_D_OCTETS])
            lignes = curseur.fetchall()
            if not lignes:
                return nombre
            curseur.executemany(
                ecrire, [(chiffrer_octets(dechiffrer_octets(bytes(octets))), cle) for cle, octets in lignes]
            )
        dernier, nombre = lignes[-1][0], nombre + len(lignes)


def _rechiffrer_un_champ(champ: ChampChiffre) -> int:
    options = champ.model._meta
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
