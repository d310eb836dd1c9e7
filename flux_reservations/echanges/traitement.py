"""Essayer, appliquer ou défaire un import déposé : chaque pas reprend où il en était si le processus meurt."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from flux_reservations.acces.models import Jeton, Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.correspondances import apercevoir, correspondances_de
from flux_reservations.echanges.fichiers_deposes import deposer_sur_disque, effacer_les_fichiers
from flux_reservations.echanges.lecture.fichiers import type_du_nom
from flux_reservations.echanges.models import EN_TRAVAIL, EtatImport, ImportDepose
from flux_reservations.echanges.options import Options
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.echanges.rapport_garde import presenter_rapport
from flux_reservations.echanges.retour import defaire, tracer, verifier_qui_defait
from flux_reservations.echanges.suivi_vivant import compter_les_lignes, marquer_l_avancement
from flux_reservations.echanges.tableaux import types_de_fichier

ABANDONNE_APRES: Final = timedelta(minutes=5)
"""Un import en travail sans nouvelle depuis plus longtemps est repris : son processus est mort."""
TENTATIVES_AU_PLUS: Final = 3
"""Traitements d'un même pas, processus morts compris, avant de le refuser."""


def traiter(import_id: int) -> ImportDepose | None:
    """Fait le pas qui attend : l'essai, l'écriture ou le retour. Idempotent : un import pris par un processus vivant est laissé."""
    depot = _prendre(import_id)
    if depot is None:
        return None
    if depot.etat == EtatImport.A_DEFAIRE:
        return _defaire(depot)
    ecrit = depot.etat == EtatImport.EN_COURS
    try:
        acteur = _acteur_de(depot)
    except ErreurMetier as erreur:
        rapport = Rapport()
        rapport.refuser("", erreur.message)
        return _conclure(depot, rapport, EtatImport.REFUSE)
    with tempfile.TemporaryDirectory(prefix="import-") as dossier:
        chemins = deposer_sur_disque(depot, Path(dossier))
        options = _options_de(depot, chemins, ecrit=ecrit)
        if ecrit:
            with transaction.atomic(), tracer(depot.pk):
                rapport = appliquer(
                    chemins,
                    acteur=acteur,
                    siren=depot.siren,
                    effet=depot.effet,
                    avec_changements=True,
                    options=options,
                )
                return _conclure(depot, rapport, EtatImport.APPLIQUE if rapport.applique else EtatImport.REFUSE)
        rapport = essayer(chemins, acteur=acteur, siren=depot.siren, effet=depot.effet, options=options)
    return _conclure(depot, rapport, EtatImport.ESSAYE if rapport.est_accepte else EtatImport.REFUSE)


def _options_de(depot: ImportDepose, chemins: Sequence[Path], *, ecrit: bool) -> Options:
    """Les choix de la personne, et de quoi dire l'avancement : il vaut aussi signe de vie."""
    retenues = correspondances_de(depot.organisme_id)
    types = dict(depot.options.get("types", {}))
    debuts = [debut for debut, _ in types_de_fichier()]
    for chemin in chemins:
        if chemin.name in types or type_du_nom(chemin.name, debuts):
            continue
        with chemin.open("rb") as octets:
            if devine := apercevoir(chemin.name, "", retenues, octets).type:
                types[chemin.name] = devine
    ImportDepose.objects.filter(pk=depot.pk).update(lignes_lues=0, lignes_en_tout=sum(map(compter_les_lignes, chemins)))
    return Options(
        types=types,
        correspondances=retenues,
        modes_ignores=frozenset(depot.options.get("modes_ignores", [])),
        modes_confirmes=ecrit,
        avancer=marquer_l_avancement(depot.pk),
    )


def _defaire(depot: ImportDepose) -> ImportDepose:
    """Défait, ou dit ce qui en dépend ; l'import reste alors appliqué."""
    depot.rapport.pop("retour", None)
    try:
        with transaction.atomic():
            verifier_qui_defait(_demandeur_de(depot), depot.pk)
            nombre = defaire(depot)
            depot.etat, depot.rapport["retour"] = EtatImport.DEFAIT, {"lignes": nombre}
            depot.save(update_fields=["etat", "rapport", "change_le"])
    except ErreurMetier as erreur:
        depot.etat, depot.rapport["retour"] = EtatImport.APPLIQUE, {"refus": erreur.message}
        depot.save(update_fields=["etat", "rapport", "change_le"])
    return depot


def reprendre_les_abandonnes() -> int:
    """Relance chaque import en travail sans nouvelle ; rend leur nombre (tâche périodique)."""
    limite = timezone.now() - ABANDONNE_APRES
    perdus = list(ImportDepose.objects.filter(etat__in=EN_TRAVAIL, change_le__lt=limite).values_list("pk", flat=True))
    for import_id in perdus:
        traiter(import_id)
    return len(perdus)


def _prendre(import_id: int) -> ImportDepose | None:
    """Prend l'import : attente → en travail. Un import en travail n'est repris que si son processus s'est tu."""
    suivant = {
        EtatImport.DEPOSE: EtatImport.EN_ESSAI,
        EtatImport.EN_ESSAI: EtatImport.EN_ESSAI,
        EtatImport.A_APPLIQUER: EtatImport.EN_COURS,
        EtatImport.EN_COURS: EtatImport.EN_COURS,
        EtatImport.A_DEFAIRE: EtatImport.A_DEFAIRE,
    }
    with transaction.atomic():
        depot = (
            ImportDepose.objects.select_for_update(of=("self",))
            .select_related("organisme")
            .filter(pk=import_id)
            .first()
        )
        if depot is None or depot.etat not in suivant:
            return None
        deja_pris = depot.etat in {EtatImport.EN_ESSAI, EtatImport.EN_COURS}
        if deja_pris and timezone.now() - depot.change_le < ABANDONNE_APRES:
            return None
        depot.etat = suivant[EtatImport(depot.etat)]
        depot.tentatives += 1
        if depot.tentatives > TENTATIVES_AU_PLUS:
            _conclure(depot, _rapport_d_abandon(), EtatImport.REFUSE)
            return None
        depot.save(update_fields=["etat", "change_le", "tentatives"])
    return depot


def _rapport_d_abandon() -> Rapport:
    rapport = Rapport()
    rapport.refuser(
        "", "Le traitement s'est arrêté plusieurs fois sans finir : découpez vos fichiers, ou exportez-les en CSV."
    )
    return rapport


def _acteur_de(depot: ImportDepose) -> Acteur:
    """Qui a demandé ce pas, avec le plus petit de son rôle et de celui du déposant, aujourd'hui.

    Un gestionnaire n'écrit pas avec les droits du responsable qui a déposé, ni l'inverse. L'un ou l'autre parti : l'import se clôt.
    """
    deposant = _agir(
        depot, depot.depose_par_id, depot.jeton_id, "a déposé cet import", "déposez les fichiers de nouveau"
    )
    demandeur = _demandeur_de(depot)
    return demandeur if deposant.peut(demandeur.role) else demandeur.avec_role(deposant.role)


def _demandeur_de(depot: ImportDepose) -> Acteur:
    """Qui a demandé le dernier acte ; au dépôt, qui a déposé. Lève `ErreurMetier` s'il n'a plus accès."""
    personne, jeton = depot.demande_par_id, depot.demande_par_jeton_id
    if personne is None and jeton is None:
        personne, jeton = depot.depose_par_id, depot.jeton_id
    return _agir(depot, personne, jeton, "a demandé cet acte", "une autre peut le demander")


def _agir(depot: ImportDepose, personne_id: int | None, jeton_id: int | None, role: str, remede: str) -> Acteur:
    """L'acteur d'aujourd'hui : une personne encore rattachée, ou un jeton encore valable, qui importe encore."""
    if jeton_id is not None:
        jeton = Jeton.objects.valables(timezone.now()).select_related("organisme").filter(pk=jeton_id).first()
        if jeton is None:
            raise ErreurMetier("jeton_revoque", f"Le jeton qui {role} est révoqué ou expiré : {remede}.")
        acteur = jeton.acteur()
    else:
        rattachement = (
            Rattachement.objects.actifs()
            .select_related("organisme", "utilisateur")
            .filter(utilisateur_id=personne_id or 0, organisme_id=depot.organisme_id)
            .first()
        )
        if rattachement is None:
            raise ErreurMetier("deposant_parti", f"La personne qui {role} n'a plus accès : {remede}.")
        acteur = rattachement.acteur()
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    return acteur


def _conclure(depot: ImportDepose, rapport: Rapport, etat: EtatImport) -> ImportDepose:
    depot.etat, depot.rapport = etat, presenter_rapport(rapport)
    depot.applique_le = timezone.now() if etat == EtatImport.APPLIQUE else None
    depot.save(update_fields=["etat", "rapport", "change_le", "applique_le", "tentatives"])
    if etat == EtatImport.APPLIQUE:
        effacer_les_fichiers(depot)
    return depot
