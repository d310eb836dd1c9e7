"""Revenir en arrière : la base note chaque ligne qu'un import touche, avant et après ; défaire les remet, si rien n'en dépend.

Trois déclencheurs par table importée (`apps.py`, après `migrate`) écrivent la trace quand la transaction dit son import
(`flux.import`) : une fois par instruction, ses lignes par paquets. Ils voient tout : les lignes remplacées, les propositions retirées,
les situations coupées.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from psycopg import sql

from attributions.models import Liberation, Orientation
from bilans.models import Bilan
from conventions.domaine.codes import EtatConvention
from conventions.models import Convention, Droit
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges.models import ImportDepose, Trace
from flux_reservations.echanges.preuves import champs_tenus
from flux_reservations.socle import rls

FONCTION: Final = """
CREATE OR REPLACE FUNCTION flux_tracer_les_lignes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE depuis text;
BEGIN
    depuis := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT n.%1$I, NULL::jsonb, hash_record_extended(n, 0) FROM apres n'
        WHEN 'DELETE' THEN 'SELECT o.%1$I, to_jsonb(o), NULL::bigint FROM avant o'
        ELSE 'SELECT n.%1$I, to_jsonb(o), hash_record_extended(n, 0) FROM avant o JOIN apres n USING (%1$I)'
    END;
    EXECUTE 'INSERT INTO echanges_trace (import_depose_id, "table", lignes, etats, empreintes)'
        ' SELECT $1, $2, array_agg(ligne), array_agg(etat), array_agg(empreinte)'
        ' FROM (SELECT *, row_number() OVER () / 1000 AS paquet FROM (' || format(depuis, TG_ARGV[0]) ||
        ') touchees (ligne, etat, empreinte)) t GROUP BY paquet'
        USING current_setting('flux.import')::bigint, TG_TABLE_NAME;
    RETURN NULL;
END $$
"""
"""Par paquets de mille : écrire une trace par ligne doublait le temps d'écriture. Ce qu'une ligne devient n'a qu'une empreinte :
défaire demande seulement si elle a changé depuis."""
DECLENCHEURS: Final = {
    "flux_trace_ajout": "AFTER INSERT ON {} REFERENCING NEW TABLE AS apres",
    "flux_trace_changement": "AFTER UPDATE ON {} REFERENCING OLD TABLE AS avant NEW TABLE AS apres",
    "flux_trace_retrait": "AFTER DELETE ON {} REFERENCING OLD TABLE AS avant",
}
"""Un par genre d'écriture : PostgreSQL n'en veut pas plus pour une table de transition ; une écriture de trace par instruction."""
TABLES_DES_DROITS: Final[Mapping[str, Any]] = {
    modele._meta.db_table: modele for modele in (Convention, Droit, Droit.perimetre.through, Droit.assiette.through)
}
"""Ce qui fait une convention : ses versions, leurs droits, où ils s'exercent et courent."""
RIEN_NE_DOIT_EN_DEPENDRE: Final = "Des données plus récentes en dépendent"


def tables_tracees() -> list[tuple[str, str]]:
    """Tables qu'un import peut toucher, et leur colonne de clé."""
    touchees = ("conventions", "attributions", "bilans")
    modeles = [modele for nom in touchees for modele in apps.get_app_config(nom).get_models(include_auto_created=True)]
    modeles.append(apps.get_model("acces", "Organisme"))
    return sorted({(modele._meta.db_table, str(modele._meta.pk.column)) for modele in modeles})


def poser_les_declencheurs(curseur: Any) -> None:
    """Pose ceux qui manquent, et la fonction d'aujourd'hui ; une table nouvelle est suivie sans qu'on y pense."""
    curseur.execute(FONCTION)
    curseur.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'flux_trace_ajout'")
    posees = {table for (table,) in curseur.fetchall()}
    curseur.execute("SELECT relname FROM pg_class WHERE relkind = 'r'")
    existantes = {table for (table,) in curseur.fetchall()}
    manquantes = [(table, cle) for table, cle in tables_tracees() if table in existantes - posees]
    if manquantes:
        # L'ancienne fonction écrivait ligne par ligne : ses déclencheurs partent avec elle.
        curseur.execute("DROP FUNCTION IF EXISTS flux_tracer() CASCADE")
    for table, cle in manquantes:
        for nom, ordre in DECLENCHEURS.items():
            curseur.execute(
                sql.SQL(
                    "CREATE TRIGGER {} " + ordre + " FOR EACH STATEMENT"
                    " WHEN (coalesce(current_setting('flux.import', true), '') <> '')"
                    " EXECUTE FUNCTION flux_tracer_les_lignes({})"
                ).format(sql.Identifier(nom), sql.Identifier(table), sql.Literal(cle))
            )


@contextmanager
def tracer(import_id: int) -> Iterator[None]:
    """Le temps du bloc (dans une transaction), ce qui s'écrit est tracé pour cet import."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT set_config('flux.import', %s, true)", [str(import_id)])
    yield
    with connection.cursor() as curseur:
        curseur.execute("SELECT set_config('flux.import', '', true)")


def verifier_qui_defait(acteur: Acteur, import_id: int) -> None:
    """Lève `AccesRefuse` à qui n'est pas responsable si l'import a touché une convention signée ou ce qui décompte (RG-16, RG-45)."""
    if acteur.peut(Role.RESPONSABLE):
        return
    if touche_une_version_signee(import_id):
        raise AccesRefuse(
            "Cet import a touché une convention signée : le défaire est réservé à un responsable ; demandez-le-lui."
        )
    if touche_ce_qui_compte(import_id):
        raise AccesRefuse(
            "Cet import a posé ou changé un bail, une carence ou une décision de la commission : le défaire est réservé à un "
            "responsable ; demandez-le-lui."
        )


def touche_une_version_signee(import_id: int) -> bool:
    """Vrai si l'import a créé, changé ou retiré une version qui était signée ou qui l'est, un de ses droits ou leur périmètre.

    Les traces sont au système : il n'en sort qu'un oui ou un non.
    """
    conventions: set[int] = set()
    droits: set[int] = set()
    with rls.en_systeme():
        for trace in Trace.objects.filter(import_depose=import_id, table__in=TABLES_DES_DROITS):
            modele = TABLES_DES_DROITS[trace.table]
            etats = [etat for etat in trace.etats if etat]
            if modele is Convention:
                if any(etat["etat"] == EtatConvention.SIGNEE for etat in etats):
                    return True
                conventions.update(trace.lignes)
            elif modele is Droit:
                conventions.update(etat["convention_id"] for etat in etats)
                droits.update(trace.lignes)
            else:
                droits.update(etat["droit_id"] for etat in etats)
                droits.update(modele.objects.filter(pk__in=trace.lignes).values_list("droit_id", flat=True))
        signees = Convention.objects.signees()
        return (
            signees.filter(pk__in=conventions).exists()
            or signees.filter(pk__in=Droit.objects.filter(pk__in=droits).values("convention")).exists()
        )


def touche_ce_qui_compte(import_id: int) -> bool:
    """Vrai si défaire l'import changerait un bail, une carence ou une décision de la commission d'une ligne qui existait avant lui.

    Un fichier de gestionnaire ne le peut pas (`preuves`) ; ce que l'import a lui-même créé part avec lui.
    """
    with rls.en_systeme():
        for table, (modele, lire) in CE_QUI_COMPTE.items():
            premiers: dict[int, tuple[str, ...] | None] = {}
            # Une ligne touchée plusieurs fois compte par son premier état : les orientations changées y passent par « retire ».
            for trace in Trace.objects.filter(import_depose=import_id, table=table).order_by("pk").iterator():
                for cle, etat in zip(trace.lignes, trace.etats, strict=True):
                    premiers.setdefault(cle, lire(etat) if etat else None)
            avant = {cle: etat for cle, etat in premiers.items() if etat is not None}
            lignes = modele.objects.filter(pk__parmi=set(avant)).values()
            if any(lire(ligne) != avant[ligne["id"]] for ligne in lignes):
                return True
    return False


def _lire_le_bail(ligne: Mapping[str, Any]) -> tuple[str, ...]:
    return (str(ligne["date_bail"] or ""),)


def _lire_l_issue(ligne: Mapping[str, Any]) -> tuple[str, ...]:
    tenus = [*champs_tenus(ligne), *(("decision", "date_caleol") if ligne["decision"] else ())]
    return tuple(f"{champ} {ligne[champ]}" for champ in tenus)


CE_QUI_COMPTE: Final[Mapping[str, tuple[Any, Callable[[Mapping[str, Any]], tuple[str, ...]]]]] = {
    Liberation._meta.db_table: (Liberation, _lire_le_bail),
    Orientation._meta.db_table: (Orientation, _lire_l_issue),
}
"""Ce qui décompte, et comment le lire d'une ligne ou de son état tracé (RG-45, RG-46)."""


def defaire(depot: ImportDepose) -> int:
    """Remet ce que l'import avait changé ; rend le nombre de lignes remises. Lève `ErreurMetier` si quelque chose en dépend.

    Dans la transaction de l'appelant. Une ligne changée depuis, un bilan publié depuis, une donnée qui cite une ligne créée : refus.
    """
    if not Trace.objects.filter(import_depose=depot).exists():
        raise ErreurMetier("sans_trace", "Cet import n'a rien changé, ou il est trop ancien pour être défait.")
    publie = Bilan.objects.filter(bailleur=depot.organisme_id, publie_le__gt=depot.applique_le).first()
    if publie is not None:
        raise ErreurMetier("bilan_publie", f"{RIEN_NE_DOIT_EN_DEPENDRE} : {publie.titre} a été publié depuis (RG-63).")
    with connection.cursor() as curseur:
        _condenser(curseur, depot.pk)
        curseur.execute('SELECT DISTINCT "table" FROM traces_a_defaire ORDER BY 1')
        cles = dict(tables_tracees())
        tables = [(table, cles[table]) for (table,) in curseur.fetchall()]
        for table, cle in tables:
            _oublier_ce_qui_n_a_pas_change(curseur, table)
            _refuser_ce_qui_a_change(curseur, table, cle)
        try:
            with transaction.atomic():
                nombre = sum(_supprimer(curseur, table, cle) for table, cle in tables)
                nombre += sum(_remettre(curseur, table, cle) for table, cle in tables)
                curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError as erreur:
            detail = str(erreur).splitlines()[0]
            raise ErreurMetier("dependance", f"{RIEN_NE_DOIT_EN_DEPENDRE} ({detail}).") from erreur
        curseur.execute("SET CONSTRAINTS ALL DEFERRED")
        curseur.execute("DROP TABLE traces_a_defaire")
    Trace.objects.filter(import_depose=depot).delete()
    return nombre


def _condenser(curseur: Any, import_id: int) -> None:
    """Une ligne touchée plusieurs fois : son premier état, sa dernière empreinte ; née et retirée entre-temps, rien."""
    curseur.execute(
        'CREATE TEMPORARY TABLE traces_a_defaire ON COMMIT DROP AS SELECT "table", ligne,'
        " (array_agg(etat ORDER BY id))[1] AS avant, (array_agg(empreinte ORDER BY id DESC))[1] AS empreinte"
        " FROM echanges_trace, unnest(lignes, etats, empreintes) AS touchees (ligne, etat, empreinte)"
        ' WHERE import_depose_id = %s GROUP BY "table", ligne',
        [import_id],
    )
    curseur.execute("DELETE FROM traces_a_defaire WHERE avant IS NULL AND empreinte IS NULL")


def _oublier_ce_qui_n_a_pas_change(curseur: Any, table: str) -> None:
    curseur.execute(
        sql.SQL(
            'DELETE FROM traces_a_defaire WHERE "table" = {nom} AND avant IS NOT NULL'
            " AND hash_record_extended(jsonb_populate_record(NULL::{table}, avant), 0) = empreinte"
        ).format(table=sql.Identifier(table), nom=sql.Literal(table))
    )


def _refuser_ce_qui_a_change(curseur: Any, table: str, cle: str) -> None:
    curseur.execute(
        sql.SQL(
            "SELECT count(*) FROM traces_a_defaire d LEFT JOIN {table} t ON t.{cle} = d.ligne"
            ' WHERE d."table" = {nom} AND hash_record_extended(t, 0) IS DISTINCT FROM d.empreinte'
        ).format(table=sql.Identifier(table), cle=sql.Identifier(cle), nom=sql.Literal(table))
    )
    (changees,) = curseur.fetchone()
    if changees:
        noms = {une._meta.db_table: une._meta.verbose_name for une in apps.get_models(include_auto_created=True)}
        pluriel = "lignes ont" if changees > 1 else "ligne a"
        raise ErreurMetier(
            "change_depuis", f"{RIEN_NE_DOIT_EN_DEPENDRE} : {changees} {pluriel} changé depuis ({noms[table]})."
        )


def _supprimer(curseur: Any, table: str, cle: str) -> int:
    curseur.execute(
        sql.SQL(
            'DELETE FROM {table} t USING traces_a_defaire d WHERE d."table" = {nom} AND d.avant IS NULL AND t.{cle} = d.ligne'
        ).format(table=sql.Identifier(table), cle=sql.Identifier(cle), nom=sql.Literal(table))
    )
    return int(curseur.rowcount)


def _remettre(curseur: Any, table: str, cle: str) -> int:
    """Les lignes modifiées reprennent leurs valeurs, les supprimées reviennent."""
    curseur.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND is_generated = 'NEVER'",
        [table],
    )
    noms = [sql.Identifier(nom) for (nom,) in curseur.fetchall()]
    parties = {
        "table": sql.Identifier(table),
        "cle": sql.Identifier(cle),
        "nom": sql.Literal(table),
        "colonnes": sql.SQL(", ").join(noms),
        "valeurs": sql.SQL(", ").join(sql.SQL("v.{}").format(nom) for nom in noms),
    }
    curseur.execute(
        sql.SQL(
            "UPDATE {table} t SET ({colonnes}) = ROW ({valeurs}) FROM traces_a_defaire d,"
            " jsonb_populate_record(NULL::{table}, d.avant) v"
            ' WHERE d."table" = {nom} AND d.avant IS NOT NULL AND d.empreinte IS NOT NULL AND t.{cle} = d.ligne'
        ).format(**parties)
    )
    nombre = int(curseur.rowcount)
    curseur.execute(
        sql.SQL(
            "INSERT INTO {table} ({colonnes}) OVERRIDING SYSTEM VALUE SELECT {valeurs} FROM traces_a_defaire d,"
            " jsonb_populate_record(NULL::{table}, d.avant) v"
            ' WHERE d."table" = {nom} AND d.avant IS NOT NULL AND d.empreinte IS NULL'
        ).format(**parties)
    )
    return nombre + int(curseur.rowcount)
