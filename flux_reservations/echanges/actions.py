"""Importer : un essai à blanc, ou tout ou rien (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.db import DataError, IntegrityError, connection, transaction

from conventions.models import Bailleur
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.echanges.contexte import Contexte
from flux_reservations.echanges.lecture.fichiers import Fichier, trouver_fichiers
from flux_reservations.echanges.noyau import importer_fichier
from flux_reservations.echanges.options import Options
from flux_reservations.echanges.plafonds import signaler_les_plafonds
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.echanges.refus_de_la_base import dire_le_refus
from flux_reservations.echanges.tableaux import REGISTRE_COMMUN, types_de_fichier
from flux_reservations.socle.journal import journaliser

JOURNALISES = frozenset({"liberations", "orientations", "candidats", "seances", "inscriptions", "soldes_ouverture"})
"""Tableaux dont chaque ligne modifiée par une personne se lit au journal, avant et après ; du registre commun, chaque ligne créée aussi."""


def essayer(
    chemins: Iterable[Path],
    *,
    acteur: Acteur,
    siren: str = "",
    effet: dt.date | None = None,
    avec_changements: bool = True,
    options: Options | None = None,
) -> Rapport:
    """Lit et contrôle comme un import, jusqu'à l'écriture, puis défait tout : le rapport dit ce qui serait fait.

    `siren` désigne le bailleur d'un fichier RPLS et borne la recherche de ce qui est cité ; `effet` date ce qui change dans le patrimoine.
    """
    contexte = Contexte(acteur, Rapport(), effet, _siren_de(acteur, siren), avec_changements, options or Options())
    return _importer(contexte, chemins, garder=False)


def appliquer(
    chemins: Iterable[Path],
    *,
    acteur: Acteur,
    siren: str = "",
    effet: dt.date | None = None,
    avec_changements: bool = False,
    options: Options | None = None,
) -> Rapport:
    """Importe en une transaction : à la première erreur rien n'est écrit, et le rapport les dit toutes."""
    contexte = Contexte(acteur, Rapport(), effet, _siren_de(acteur, siren), avec_changements, options or Options())
    return _importer(contexte, chemins, garder=True)


def ecrire_des_lignes(fichier: Fichier, *, acteur: Acteur, siren: str = "") -> Rapport:
    """Écrit les lignes qu'un logiciel donne d'un tableau, aux règles de l'import : tout ou rien. Le journal revient à qui appelle."""
    contexte = Contexte(acteur, Rapport(), None, _siren_de(acteur, siren), avec_changements=True)
    return _importer_les_fichiers(contexte, [fichier], garder=True, noter=False)


def _importer(contexte: Contexte, chemins: Iterable[Path], *, garder: bool) -> Rapport:
    fichiers = trouver_fichiers(chemins, types_de_fichier(), contexte.rapport, contexte.options.types)
    return _importer_les_fichiers(contexte, fichiers, garder=garder, noter=True)


def _importer_les_fichiers(contexte: Contexte, fichiers: Sequence[Fichier], *, garder: bool, noter: bool) -> Rapport:
    rapport = contexte.rapport
    try:
        with transaction.atomic():
            rapport.applique = _importer_fichiers(contexte, fichiers, garder=garder)
            if rapport.applique and noter:
                _journaliser(contexte, fichiers)
    except (IntegrityError, DataError, psycopg.DataError, psycopg.IntegrityError) as erreur:
        # Un filet : les contrôles disent la ligne avant d'écrire ; ce qui leur échappe est quand même un refus, pas une panne.
        # Un COPY lève les erreurs de psycopg, que Django ne traduit pas.
        rapport.applique = False
        rapport.refuser(rapport.fichiers[-1].fichier if rapport.fichiers else "", dire_le_refus(erreur))
    return rapport


def _importer_fichiers(contexte: Contexte, fichiers: Sequence[Fichier], *, garder: bool) -> bool:
    """Importe dans la transaction en cours, qu'il défait s'il ne faut rien garder ; vrai si c'est écrit."""
    _prendre_son_tour(contexte)
    for fichier in fichiers:
        with transaction.atomic():
            # Un fichier refusé défait ce qu'il avait mis de côté : un second du même tableau repart de rien.
            if importer_fichier(contexte, fichier).erreurs:
                transaction.set_rollback(True)
    if fichiers and contexte.siren_est_inconnu:
        message = (
            f"Bailleur inconnu : {contexte.siren}. Importez-le (fichier bailleurs), ou vérifiez le SIREN de --bailleur."
        )
        contexte.rapport.refuser("", message, valeur=contexte.siren)
    if contexte.rapport.est_accepte:
        signaler_les_plafonds(contexte)
    if garder and contexte.rapport.est_accepte:
        return True
    transaction.set_rollback(True)
    return False


def _prendre_son_tour(contexte: Contexte) -> None:
    """Deux imports à la fois se croiseraient sur les mêmes clés : l'un attend l'autre.

    Un agent n'écrit que les lignes de son bailleur : il n'attend que les imports du sien, et ceux du registre commun qu'il cite.
    L'administration et la ligne de commande, qui écrivent chez tous, attendent tout le monde, et tout le monde les attend.
    """
    acteur = contexte.acteur
    with connection.cursor() as curseur:
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            curseur.execute("SELECT pg_advisory_xact_lock(hashtext('echanges.importer'))")
            return
        # Le verrou commun d'abord, pour tous : pris dans le même ordre, ils ne se croisent pas.
        curseur.execute("SELECT pg_advisory_xact_lock_shared(hashtext('echanges.importer'))")
        for bailleur in sorted(contexte.bailleurs_cherches()):
            curseur.execute("SELECT pg_advisory_xact_lock(hashtext('echanges.importer'), %s)", [bailleur])


def _siren_de(acteur: Acteur, siren: str) -> str:
    """Un agent de bailleur importe pour son organisme, et seulement pour lui."""
    if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
        return siren
    bailleur = Bailleur.objects.modifiables_par(acteur).first()
    if bailleur is None or siren not in {"", bailleur.siren}:
        raise AccesRefuse
    return bailleur.siren


def _dire_les_lignes(contexte: Contexte) -> list[dict[str, Any]]:
    """Ce qu'une personne a changé, ligne à ligne, dans ce qui fait le décompte ; jamais un numéro de demande (RG-71)."""
    if contexte.acteur.est_systeme:
        return []
    return [
        {
            "fichier": un.fichier,
            "ligne": un.ligne,
            "cle": un.cle if un.tableau != "candidats" else "",
            "champs": {nom: list(valeurs) for nom, valeurs in un.champs.items() if nom != "numero_demande"},
        }
        for un in contexte.rapport.changements
        if un.tableau in REGISTRE_COMMUN or (un.nature == "modifie" and un.tableau in JOURNALISES)
    ]


def _journaliser(contexte: Contexte, fichiers: Sequence[Fichier]) -> None:
    """Une entrée par import qui change quelque chose : dans la chaîne du bailleur s'il n'y en a qu'un, ou de l'administration."""
    rapport = contexte.rapport
    if not rapport.change_quelque_chose or not fichiers:
        return
    bailleurs = list(contexte.bailleurs().values())
    cible: Organisme | None = contexte.bailleurs().get(contexte.siren) or (bailleurs[0] if bailleurs else None)
    seul = bool(contexte.siren) or len(bailleurs) == 1
    if contexte.acteur.nature is Nature.PLATEFORME:
        cible, seul = Organisme.objects.filter(pk=contexte.acteur.organisme).first(), True
    if cible is None:
        return
    journaliser(
        acteur=contexte.acteur,
        action="importer",
        objet=cible,
        organisme_id=cible.pk if seul else None,
        apres={
            "lignes": _dire_les_lignes(contexte),
            "effet": contexte.effet,
            "fichiers": [compte.en_json() for compte in rapport.fichiers if compte.crees or compte.modifies],
        },
    )
