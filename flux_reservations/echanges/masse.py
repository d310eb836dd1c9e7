"""Écrire en masse : COPY vers une table temporaire, puis un seul UPDATE et un seul INSERT.

Un COPY direct est impossible : les politiques de lignes (socle/rls.py) ne s'appliquent qu'à INSERT et UPDATE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from psycopg import sql

from flux_reservations.socle.champs import completer, est_chiffre, valeur_en_base


def champs_de(modele: type[models.Model]) -> list[Any]:
    """Champs écrits d'un modèle : tous, sauf la clé primaire et les colonnes calculées par la base."""
    options = modele._meta
    return [champ for champ in options.concrete_fields if not champ.primary_key and not champ.generated]


def attributs_de(modele: type[models.Model]) -> list[str]:
    """Attributs écrits d'un modèle (`commune_id` pour une clé étrangère)."""
    return [champ.attname for champ in champs_de(modele)]


def valeurs_par_defaut(modele: type[models.Model]) -> dict[str, Any]:
    """Valeur de chaque attribut d'une ligne neuve."""
    return {champ.attname: champ.get_default() for champ in champs_de(modele)}


class MiseDeCote:
    """Les lignes d'une table à créer et à modifier, gardées en base jusqu'à `ecrire`.

    `de_plus` : textes gardés avec elles, que la table n'a pas (une sous-classe les écrit ailleurs).
    """

    def __init__(self, modele: type[models.Model], *, de_plus: Sequence[str] = ()) -> None:
        table, cle = modele._meta.db_table, str(modele._meta.pk.column)
        self.modele = modele
        self.champs = champs_de(modele)
        self._extraire = itemgetter(*(champ.attname for champ in self.champs), *de_plus)
        self.table, self.cle = sql.Identifier(table), sql.Identifier(cle)
        self._sequence = (table, cle)
        self._noms = {genre: sql.Identifier(f"{genre}_{table}") for genre in ("creations", "modifications")}
        noms = [sql.Identifier(champ.column) for champ in self.champs]
        self._colonnes = sql.SQL(", ").join(noms)
        self._copiees = sql.SQL(", ").join([self.cle, *noms, *map(sql.Identifier, de_plus)])
        self._de_plus = sql.SQL("").join(sql.SQL(", NULL::text AS {}").format(sql.Identifier(nom)) for nom in de_plus)
        self._nouvelles = sql.SQL(", ").join(sql.SQL("s.{}").format(nom) for nom in noms)
        self._json = {champ.attname for champ in self.champs if isinstance(champ, models.JSONField)}
        self._chiffre = est_chiffre(modele)
        self._ouvertes: set[str] = set()

    def reserver(self, nombre: int) -> list[int]:
        """Prend `nombre` identifiants à la séquence de la table : une ligne neuve est citée avant d'être écrite."""
        with connection.cursor() as curseur:
            curseur.execute(
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)",
                [*self._sequence, nombre],
            )
            return [identifiant for (identifiant,) in curseur.fetchall()]

    def creer(self, lignes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Met de côté des lignes neuves (identifiant, valeurs)."""
        self._copier("creations", lignes)

    def modifier(self, lignes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Met de côté des lignes existantes (identifiant, toutes leurs valeurs)."""
        self._copier("modifications", lignes)

    def ecrire_modifications(self) -> None:
        """Écrit les modifications."""
        if "modifications" in self._ouvertes:
            self._executer(
                sql.SQL(
                    "UPDATE {table} t SET ({colonnes}) = ROW ({nouvelles}) FROM {source} s WHERE t.{cle} = s.{cle}"
                ).format(
                    table=self.table,
                    colonnes=self._colonnes,
                    nouvelles=self._nouvelles,
                    source=self._noms["modifications"],
                    cle=self.cle,
                )
            )

    def ecrire_creations(self) -> None:
        """Écrit les créations, dans l'ordre des identifiants réservés."""
        if "creations" in self._ouvertes:
            self._executer(
                sql.SQL("INSERT INTO {table} ({cle}, {colonnes}) SELECT {cle}, {colonnes} FROM {source}").format(
                    table=self.table, cle=self.cle, colonnes=self._colonnes, source=self._noms["creations"]
                )
            )

    def fermer(self) -> None:
        """Vide ce qui était de côté."""
        for genre in sorted(self._ouvertes):
            self._executer(sql.SQL("DROP TABLE {}").format(self._noms[genre]))
        self._ouvertes.clear()

    @property
    def creations(self) -> sql.Identifier | None:
        """La table où sont les lignes à créer, s'il y en a."""
        return self._noms["creations"] if "creations" in self._ouvertes else None

    def _copier(self, genre: str, lignes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        aussitot = list(lignes)
        if not aussitot:
            return
        self._ouvrir(genre)
        ordre = sql.SQL("COPY {} ({}) FROM STDIN").format(self._noms[genre], self._copiees)
        with connection.cursor() as curseur, curseur.copy(ordre) as copie:
            for identifiant, valeurs in aussitot:
                copie.write_row((identifiant, *self._en_base(valeurs)))

    def _en_base(self, valeurs: dict[str, Any]) -> tuple[Any, ...]:
        """Les valeurs d'une ligne telles que la base les garde, dans l'ordre des colonnes."""
        if self._chiffre:
            completes = completer(self.modele, valeurs)
            valeurs = {champ.attname: valeur_en_base(champ, completes[champ.attname]) for champ in self.champs}
        if self._json:
            valeurs = valeurs | {nom: json.dumps(valeurs[nom], cls=DjangoJSONEncoder) for nom in self._json}
        return tuple(self._extraire(valeurs))

    def _ouvrir(self, genre: str) -> None:
        if genre not in self._ouvertes:
            self._executer(
                sql.SQL(
                    "CREATE TEMPORARY TABLE {nom} ON COMMIT DROP AS"
                    " SELECT {cle}, {colonnes}{de_plus} FROM {table} WITH NO DATA"
                ).format(
                    nom=self._noms[genre],
                    cle=self.cle,
                    colonnes=self._colonnes,
                    de_plus=self._de_plus,
                    table=self.table,
                )
            )
            self._ouvertes.add(genre)

    @staticmethod
    def _executer(ordre: sql.Composed) -> None:
        with connection.cursor() as curseur:
            curseur.execute(ordre)
