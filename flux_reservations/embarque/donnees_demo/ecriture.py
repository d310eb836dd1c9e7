"""Écrire beaucoup de lignes vite : clés réservées d'avance, COPY vers une table temporaire, puis un seul INSERT.

Un COPY direct est impossible : les politiques de lignes (socle/rls.py) ne connaissent qu'INSERT et UPDATE.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from psycopg import sql

from flux_reservations.socle.champs import completer, valeur_en_base


def reserver(modele: type[models.Model], nombre: int) -> Iterator[int]:
    """Réserve des clés dans la suite de la table : on peut relier les lignes avant de les écrire, et personne ne les reprendra."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [_table(modele), nombre]
        )
        return iter([ligne[0] for ligne in curseur.fetchall()])


def reserver_au_fil(modele: type[models.Model], paquet: int = 1000) -> Iterator[int]:
    """Des clés réservées par paquets, autant qu'il en faut."""
    while True:
        yield from reserver(modele, paquet)


def ecrire(modele: type[models.Model], lignes: Sequence[models.Model]) -> None:
    """Écrit des lignes neuves ; celles qui n'ont pas encore de clé en reçoivent une."""
    champs: list[models.Field[Any, Any]] = [champ for champ in modele._meta.concrete_fields if not champ.generated]
    sans_cle = [ligne for ligne in lignes if ligne.pk is None]
    for ligne, cle in zip(sans_cle, reserver(modele, len(sans_cle)), strict=True):
        ligne.pk = cle
    en_json = [isinstance(champ, models.JSONField) for champ in champs]
    attributs = [champ.attname for champ in champs]
    colonnes = sql.SQL(", ").join([sql.Identifier(str(champ.column)) for champ in champs])
    table, tampon = sql.Identifier(_table(modele)), sql.Identifier(f"demo_{_table(modele)}")
    with connection.cursor() as curseur:
        curseur.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                tampon, colonnes, table
            )
        )
        with curseur.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(tampon, colonnes)) as copie:
            for ligne in lignes:
                lues = completer(modele, {attribut: getattr(ligne, attribut) for attribut in attributs})
                valeurs = [valeur_en_base(champ, lues[champ.attname]) for champ in champs]
                copie.write_row([_valeur(valeur, est_json=un) for valeur, un in zip(valeurs, en_json, strict=True)])
        curseur.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(table, colonnes, colonnes, tampon))
        curseur.execute(sql.SQL("DROP TABLE {}").format(tampon))


def _valeur(valeur: Any, *, est_json: bool) -> Any:
    """Une valeur telle que COPY l'écrit : un objet JSON est un texte, un code est son texte."""
    if est_json:
        return json.dumps(valeur, cls=DjangoJSONEncoder, ensure_ascii=False)
    return str(valeur) if isinstance(valeur, str) else valeur


def _table(modele: type[models.Model]) -> str:
    return modele._meta.db_table
