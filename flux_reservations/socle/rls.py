"""La seconde barrière : ce que PostgreSQL sait de qui lit, et les politiques de lignes qui en découlent (domaine.md § 6).

Chaque connexion porte un **contexte** : le rôle PostgreSQL qu'elle prend et quatre variables de session (`flux.nature`,
`flux.organisme`, `flux.territoire`, `flux.utilisateur`) plus `flux.ecrit` (vrai à partir du rôle de gestionnaire) et
`flux.service` (celui de l'État, s'il est borné à un sous-contingent). Le contexte en
cours est une variable de contexte Python, propre à chaque fil ; le moteur de base l'applique avant tout curseur, donc aussi après
une reconnexion, un retour arrière ou sur une connexion réutilisée.

- Hors HTTP (commande, tâche, migration de données) : le système, sous un rôle que les politiques laissent tout lire ; elles ne lui
  coûtent rien.
- En HTTP : anonyme par défaut, l'identification le temps de trouver la personne, puis son acteur (`acces/middleware.py`).

Les politiques sont le miroir des `visibles_par`, élargies à ce qu'une jointure doit lire (le logement d'une libération mise à
disposition). Elles sont posées par une migration nommée de chaque application, avec `proteger()` et `definir()`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connections, migrations
from django.http import HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from psycopg.errors import InsufficientPrivilege

from flux_reservations.commun.acteur import Acteur, Nature, Role

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Contexte:
    """Au nom de qui la connexion lit : un rôle PostgreSQL et des variables de session."""

    role: str
    nature: str
    organisme: str = ""
    territoire: str = ""
    utilisateur: str = ""
    ecrit: str = ""
    service: str = ""
    responsable: str = ""

    def reglages(self) -> tuple[tuple[str, str], ...]:
        """Couples (réglage PostgreSQL, valeur) à poser."""
        return (
            ("role", self.role),
            ("flux.nature", self.nature),
            ("flux.organisme", self.organisme),
            ("flux.territoire", self.territoire),
            ("flux.utilisateur", self.utilisateur),
            ("flux.ecrit", self.ecrit),
            ("flux.service", self.service),
            ("flux.responsable", self.responsable),
        )


PROPRIETAIRE = Contexte("none", "proprietaire")
SYSTEME = Contexte(settings.ROLE_SYSTEME, Nature.SYSTEME.value, ecrit="1")
ANONYME = Contexte(settings.ROLE_APPLICATION, Nature.ANONYME.value)
IDENTIFICATION = Contexte(settings.ROLE_APPLICATION, "identification", ecrit="1")
"""Trouver et reconnaître une personne : lit et écrit les seules tables d'accès."""

POLITIQUES = ("systeme", "lecture", "ajout", "changement", "retrait")

_contexte: ContextVar[Contexte | None] = ContextVar("contexte_de_lignes", default=None)
_defaut = SYSTEME


def contexte_courant() -> Contexte:
    """Le contexte à appliquer maintenant, dans ce fil."""
    return _contexte.get() or _defaut


def servir_en_http() -> None:
    """À appeler par le processus qui sert des requêtes : hors d'une requête, il n'est plus le système mais un anonyme."""
    global _defaut  # noqa: PLW0603 : un réglage du processus, posé une fois à son démarrage
    _defaut = ANONYME


def contexte_de(acteur: Acteur) -> Contexte:
    """Contexte d'un acteur."""
    if acteur.est_systeme:
        return SYSTEME
    if acteur.nature is Nature.ANONYME:
        return ANONYME
    return Contexte(
        settings.ROLE_APPLICATION,
        acteur.nature.value,
        organisme=str(acteur.organisme_id or ""),
        territoire=acteur.territoire,
        utilisateur=str(acteur.utilisateur_id or ""),
        ecrit="1" if acteur.peut(Role.GESTIONNAIRE) else "",
        service=acteur.service.value,
        responsable="1" if acteur.peut(Role.RESPONSABLE) else "",
    )


def poser(contexte: Contexte) -> None:
    """Change le contexte pour la suite du fil (le middleware, une fois la personne reconnue)."""
    _contexte.set(contexte)


@contextmanager
def dans(contexte: Contexte) -> Iterator[None]:
    """Change le contexte le temps du bloc."""
    jeton = _contexte.set(contexte)
    try:
        yield
    finally:
        _contexte.reset(jeton)


def pour_acteur(acteur: Acteur) -> AbstractContextManager[None]:
    """Lit et écrit comme `acteur` le temps du bloc : ce que ferait une requête de lui."""
    return dans(contexte_de(acteur))


def en_systeme() -> AbstractContextManager[None]:
    """Agit en système le temps du bloc, dans une requête : pour un calcul dont seul le résultat sera montré, ou le journal.

    Chaque usage est une exception à la barrière : un essai en tient la liste (`tests/acces/test_tables_protegees.py`).
    """
    return dans(SYSTEME)


def en_identification() -> AbstractContextManager[None]:
    """Lit et écrit les tables d'accès le temps du bloc, sans être encore reconnu (connexion, invitation, second facteur)."""
    return dans(IDENTIFICATION)


def identifie(fonction: Callable[P, T]) -> Callable[P, T]:
    """Décorateur : la fonction s'exécute en identification."""

    @wraps(fonction)
    def enveloppe(*args: P.args, **kwargs: P.kwargs) -> T:
        with en_identification():
            return fonction(*args, **kwargs)

    return enveloppe


class ContexteMiddleware:
    """Premier middleware : chaque requête commence en identification et finit anonyme, réponse au fil de l'eau comprise.

    `ActeurMiddleware` pose ensuite le contexte de la personne. Les morceaux d'une réponse envoyée au fil de l'eau (export CSV) sont
    lus après le retour des middlewares : chacun l'est dans le contexte de la vue qui l'a préparé.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def process_exception(self, request: HttpRequest, erreur: Exception) -> None:
        """Une écriture que PostgreSQL a refusée est un défaut de la vue : on le note, et la personne reçoit un refus (403)."""
        if isinstance(erreur, ProgrammingError) and isinstance(erreur.__cause__, InsufficientPrivilege):
            logger.error("la base a refusé une écriture que la vue laissait faire : chemin=%s", request.path)
            raise PermissionDenied from erreur

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Encadre la requête."""
        jeton = _contexte.set(IDENTIFICATION)
        try:
            reponse = self.get_response(request)
            if isinstance(reponse, StreamingHttpResponse) and not reponse.is_async:
                reponse.streaming_content = _lire_dans(contexte_courant(), reponse.streaming_content)  # type: ignore[arg-type]  # itérateur synchrone
            return reponse
        finally:
            _contexte.reset(jeton)
            _remettre()


def _lire_dans(contexte: Contexte, morceaux: Iterable[bytes]) -> Iterator[bytes]:
    """Les morceaux, chacun lu dans `contexte` ; entre deux, le fil a repris le sien."""
    iterateur = iter(morceaux)
    while True:
        with dans(contexte):
            try:
                morceau = next(iterateur)
            except StopIteration:
                return
        yield morceau


def _remettre() -> None:
    """Applique tout de suite le contexte par défaut aux connexions ouvertes : rien ne reste de la requête finie."""
    for connexion in connections.all(initialized_only=True):
        appliquer = getattr(connexion, "appliquer_contexte", None)
        if appliquer is not None and connexion.connection is not None:
            appliquer()


def definir(*fonctions: str) -> migrations.RunSQL:
    """Opération de migration : crée des fonctions SQL ; chacune est donnée sans « CREATE FUNCTION », nom et paramètres en tête."""
    creer = "\n".join(f"CREATE OR REPLACE FUNCTION {fonction};" for fonction in fonctions)
    noms = [fonction.partition(")")[0] + ")" for fonction in fonctions]
    return migrations.RunSQL(creer, "\n".join(f"DROP FUNCTION IF EXISTS {nom};" for nom in reversed(noms)))


def lignes_autorisees(nom: str, requete: str) -> str:
    """Corps d'une fonction qui rend des clés, en propriétaire : elle coupe la récursion entre politiques et n'est lue qu'une fois."""
    return (
        f"{nom}() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE"
        f" SET search_path = public, pg_temp AS $$ {requete} $$"
    )


def proteger(
    table: str, *, lecture: str, ecriture: str = "false", ajout: str = "", retrait: str = "", exige_role: bool = True
) -> migrations.RunSQL:
    """Opération de migration : active les politiques de lignes d'une table.

    `lecture` dit quelles lignes se voient, `ecriture` lesquelles se changent (aucune par défaut) ; `ajout` et `retrait` valent
    `ecriture` s'ils sont vides. Toute écriture exige `flux.ecrit`, sauf `exige_role=False`. Le système voit et écrit tout.
    """
    application, systeme = settings.ROLE_APPLICATION, settings.ROLE_SYSTEME
    role = "(SELECT flux_ecrit()) AND " if exige_role else ""
    permis, ajoutable, retirable = (
        f"({role}({condition}))" for condition in (ecriture, ajout or ecriture, retrait or ecriture)
    )
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f'CREATE POLICY lignes_systeme ON {table} TO "{systeme}" USING (true) WITH CHECK (true);\n'
        f'CREATE POLICY lignes_lecture ON {table} FOR SELECT TO "{application}" USING ({lecture});\n'
        f'CREATE POLICY lignes_ajout ON {table} FOR INSERT TO "{application}" WITH CHECK {ajoutable};\n'
        f'CREATE POLICY lignes_changement ON {table} FOR UPDATE TO "{application}" USING {permis} WITH CHECK {permis};\n'
        f'CREATE POLICY lignes_retrait ON {table} FOR DELETE TO "{application}" USING {retirable};',
        "\n".join(f"DROP POLICY IF EXISTS lignes_{nom} ON {table};" for nom in POLITIQUES)
        + f"\nALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def relire(table: str, *, lecture: str, avant: str) -> migrations.RunSQL:
    """Opération de migration : remplace ce qui se lit d'une table déjà protégée (`avant` est l'expression remplacée)."""
    return migrations.RunSQL(
        f"ALTER POLICY lignes_lecture ON {table} USING ({lecture});",
        f"ALTER POLICY lignes_lecture ON {table} USING ({avant});",
    )


def garder_les_colonnes(
    table: str, *, maitre: str, colonnes: Iterable[str] = (), condition: str = "true"
) -> migrations.RunSQL:
    """Opération de migration : hors de son maître, une ligne ne change que dans ces colonnes (aucune par défaut).

    Une politique de lignes dit qui peut changer une ligne (ou la verrouiller), pas ce qu'il peut y changer. `maitre` et `condition`
    sont des expressions sur `OLD` et `NEW` ; le déclencheur passe après la ligne, quand ses colonnes calculées sont connues. Le
    système n'est pas regardé. La fonction `flux_refuser_le_changement` est posée par la migration 0005 de `socle`.
    """
    retirees = "".join(f" - '{colonne}'" for colonne in colonnes)
    permis = f"(to_jsonb(OLD){retirees}) = (to_jsonb(NEW){retirees}) AND ({condition})"
    return migrations.RunSQL(
        f"CREATE TRIGGER colonnes_gardees AFTER UPDATE ON {table} FOR EACH ROW"
        f" WHEN (current_user = '{settings.ROLE_APPLICATION}' AND ({maitre}) IS NOT TRUE AND ({permis}) IS NOT TRUE)"
        " EXECUTE FUNCTION flux_refuser_le_changement();",
        f"DROP TRIGGER IF EXISTS colonnes_gardees ON {table};",
    )


def restreindre(table: str, *, ajout: str, retrait: str) -> migrations.RunSQL:
    """Opération de migration : ajoute à une table déjà protégée ce que toute ligne ajoutée ou retirée doit en plus vérifier."""
    application = settings.ROLE_APPLICATION
    return migrations.RunSQL(
        f'CREATE POLICY limite_ajout ON {table} AS RESTRICTIVE FOR INSERT TO "{application}" WITH CHECK ({ajout});\n'
        f'CREATE POLICY limite_retrait ON {table} AS RESTRICTIVE FOR DELETE TO "{application}" USING ({retrait});',
        f"DROP POLICY IF EXISTS limite_ajout ON {table};\nDROP POLICY IF EXISTS limite_retrait ON {table};",
    )


def garder_les_citations(table: str, *, colonne: str, lisible: str) -> migrations.RunSQL:
    """Opération de migration : une ligne ne cite, par cette clé étrangère, que ce que la personne peut lire elle-même.

    PostgreSQL vérifie une clé étrangère sans les politiques de lignes : sans cela, citer donnerait à lire. `lisible` est le nom d'une
    fonction SQL qui dit, d'une clé, si elle se lit. Le système n'est pas regardé.
    """
    cite = f"current_user = '{settings.ROLE_APPLICATION}' AND NEW.{colonne} IS NOT NULL"
    refuser = f"AND {lisible}(NEW.{colonne}) IS NOT TRUE) EXECUTE FUNCTION flux_refuser_le_changement();"
    creer, changer = f"citation_ajoutee_{colonne}", f"citation_changee_{colonne}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {creer} AFTER INSERT ON {table} FOR EACH ROW WHEN ({cite} {refuser}\n"
        f"CREATE TRIGGER {changer} AFTER UPDATE ON {table} FOR EACH ROW"
        f" WHEN ({cite} AND NEW.{colonne} IS DISTINCT FROM OLD.{colonne} {refuser}",
        f"DROP TRIGGER IF EXISTS {creer} ON {table};\nDROP TRIGGER IF EXISTS {changer} ON {table};",
    )
