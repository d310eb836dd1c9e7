"""Déposer des fichiers à l'écran, les essayer, les appliquer : chaque pas reprend où il en était si le processus meurt."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from kombu.exceptions import OperationalError

from conventions.models import Bailleur
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.correspondances import Apercu, apercevoir, correspondances_de
from flux_reservations.echanges.models import EN_TRAVAIL, Correspondance, EtatImport, ImportDepose, Trace
from flux_reservations.echanges.options import Options
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.echanges.retour import defaire, tracer
from flux_reservations.echanges.suivi_vivant import compter_les_lignes, marquer_l_avancement
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle.journal import journaliser

logger = logging.getLogger(__name__)
TAILLE_MAXIMALE: Final = 200 * 1024 * 1024
"""Octets d'un fichier déposé à l'écran."""
REGISTRES_COMMUNS: Final = ("bailleurs", "reservataires")
"""Tableaux communs à la plateforme : un agent de bailleur ne les importe pas."""
ABANDONNE_APRES: Final = timedelta(minutes=5)
"""Un import en travail sans nouvelle depuis plus longtemps est repris : son processus est mort."""
CHANGEMENTS_GARDES: Final = 300
TENTATIVES_AU_PLUS: Final = 3
"""Traitements d'un même pas, processus morts compris, avant de le refuser."""
EN_ATTENTE_AU_PLUS: Final = timedelta(days=7)
"""Un essai que personne n'applique est abandonné, et ses fichiers effacés."""
NUMERO_DE_DEMANDE: Final = re.compile(r"[0-9][0-9A-Za-z]{8,39}")
RETOUR_POSSIBLE: Final = timedelta(days=30)
"""Au-delà, un import ne se défait plus."""
TACHE: Final = "echanges.traiter_import"


@dataclass(frozen=True, slots=True)
class FichierDepose:
    """Un fichier reçu : son nom et ses octets."""

    nom: str
    octets: bytes


def deposer_import(*, acteur: Acteur, fichiers: Sequence[FichierDepose], effet: date | None = None) -> ImportDepose:
    """Garde les fichiers et demande leur essai. Lève `ErreurMetier` sans fichier, trop gros, ou d'un registre commun."""
    if not fichiers:
        raise ErreurMetier("sans_fichier", "Choisissez au moins un fichier CSV ou XLSX.", champ="fichiers")
    if len({Path(fichier.nom).name for fichier in fichiers}) < len(fichiers):
        raise ErreurMetier("noms_repetes", "Deux fichiers ont le même nom : renommez-en un.", champ="fichiers")
    for fichier in fichiers:
        if len(fichier.octets) > TAILLE_MAXIMALE:
            raise ErreurMetier(
                "fichier_trop_gros", f"« {fichier.nom} » dépasse 200 Mo : découpez-le.", champ="fichiers"
            )
        if fichier.nom.lower().startswith(REGISTRES_COMMUNS):
            raise ErreurMetier(
                "registre_commun",
                f"« {fichier.nom} » : le registre des bailleurs et des réservataires est commun ; demandez à l'administration "
                "de la plateforme d'y ajouter un organisme.",
                champ="fichiers",
            )
    with transaction.atomic():
        bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme_id or 0).first()
        if bailleur is None:
            raise AccesRefuse
        depot = ImportDepose.objects.create(bailleur=bailleur, depose_par_id=acteur.utilisateur_id, effet=effet)
        depot.pieces.set(
            Piece.objects.deposer(
                organisme_id=bailleur.pk,
                genre="import",
                nom=Path(fichier.nom).name[:200],
                type_mime="application/octet-stream",
                octets=fichier.octets,
                utilisateur_id=acteur.utilisateur_id,
            )
            for fichier in fichiers
        )
        demander_le_traitement(depot.pk)
    return depot


def demander_application(*, acteur: Acteur, import_id: int, modes_ignores: Sequence[str] = ()) -> ImportDepose:
    """Demande l'écriture d'un import essayé sans erreur ; `modes_ignores` : les hors champ que MODE (RPLS) ne posera pas."""
    return _changer_etat(
        acteur,
        import_id,
        {EtatImport.ESSAYE},
        EtatImport.A_APPLIQUER,
        "appliquer_import",
        {"modes_ignores": sorted(modes_ignores)} if modes_ignores else {},
    )


def demander_retour(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Demande de défaire un import appliqué ; ce n'est possible que si rien n'en dépend encore."""
    return _changer_etat(acteur, import_id, {EtatImport.APPLIQUE}, EtatImport.A_DEFAIRE, "defaire_import")


def choisir_colonnes(
    *, acteur: Acteur, import_id: int, types: Mapping[str, str], colonnes: Mapping[str, Mapping[str, str]]
) -> ImportDepose:
    """Retient le tableau de chaque fichier et le sens de ses en-têtes (par tableau), puis demande un nouvel essai.

    Les correspondances valent pour les imports suivants du bailleur.
    """
    with transaction.atomic():
        depot = _changer_etat(
            acteur,
            import_id,
            {EtatImport.ESSAYE, EtatImport.REFUSE},
            EtatImport.DEPOSE,
            "choisir_les_colonnes",
            {"types": dict(types)},
        )
        Correspondance.objects.bulk_create(
            [
                Correspondance(bailleur_id=depot.bailleur_id, tableau=tableau, entete=entete, colonne=colonne)
                for tableau, choisies in colonnes.items()
                for entete, colonne in choisies.items()
            ],
            update_conflicts=True,
            unique_fields=["bailleur", "tableau", "entete"],
            update_fields=["colonne"],
        )
    return depot


def abandonner(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Abandonne un import qui n'a rien écrit."""
    permis = {EtatImport.DEPOSE, EtatImport.ESSAYE, EtatImport.REFUSE}
    return _changer_etat(acteur, import_id, permis, EtatImport.ANNULE, "abandonner_import")


def _changer_etat(
    acteur: Acteur,
    import_id: int,
    depuis: set[EtatImport],
    vers: EtatImport,
    action: str,
    options: Mapping[str, Any] | None = None,
) -> ImportDepose:
    with transaction.atomic():
        depot = (
            ImportDepose.objects.modifiables_par(acteur).filter(pk=import_id).select_for_update(of=("self",)).first()
        )
        if depot is None:
            if ImportDepose.objects.visibles_par(acteur).filter(pk=import_id).exists():
                raise AccesRefuse
            raise Introuvable
        if depot.etat not in depuis:
            raise ErreurMetier(
                "etat_de_l_import",
                f"Cet import est « {depot.get_etat_display().lower()} » : l'acte n'est plus possible.",
            )
        depot.etat, depot.lignes_lues, depot.options = vers, 0, depot.options | dict(options or {})
        depot.tentatives = 0
        depot.save(update_fields=["etat", "change_le", "lignes_lues", "options", "tentatives"])
        if vers == EtatImport.ANNULE:
            effacer_les_fichiers(depot)
        apres = {"etat": vers.value} | dict(options or {})
        journaliser(acteur=acteur, action=action, objet=depot, organisme_id=depot.bailleur_id, apres=apres)
        if vers in EN_TRAVAIL:
            demander_le_traitement(depot.pk)
    return depot


def demander_le_traitement(import_id: int) -> None:
    """Lance la tâche une fois la transaction validée ; sans courtier, le rattrapage périodique s'en charge."""
    transaction.on_commit(lambda: _lancer(import_id))


def _lancer(import_id: int) -> None:
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task(TACHE, args=[import_id], retry=False)
    except OperationalError:
        logger.warning("import=%s : courtier injoignable, le rattrapage le traitera", import_id)


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
        options = _options_de(depot, chemins)
        if ecrit:
            with transaction.atomic(), tracer(depot.pk):
                rapport = appliquer(
                    chemins,
                    acteur=acteur,
                    siren=depot.bailleur.siren,
                    effet=depot.effet,
                    avec_changements=True,
                    options=options,
                )
                return _conclure(depot, rapport, EtatImport.APPLIQUE if rapport.applique else EtatImport.REFUSE)
        rapport = essayer(chemins, acteur=acteur, siren=depot.bailleur.siren, effet=depot.effet, options=options)
    return _conclure(depot, rapport, EtatImport.ESSAYE if rapport.est_accepte else EtatImport.REFUSE)


def _options_de(depot: ImportDepose, chemins: Sequence[Path]) -> Options:
    """Les choix de la personne, et de quoi dire l'avancement : il vaut aussi signe de vie."""
    retenues = correspondances_de(depot.bailleur_id)
    types = dict(depot.options.get("types", {}))
    for chemin in chemins:
        if chemin.name not in types and (devine := apercevoir(chemin, "", retenues).type):
            types[chemin.name] = devine
    ImportDepose.objects.filter(pk=depot.pk).update(lignes_lues=0, lignes_en_tout=sum(map(compter_les_lignes, chemins)))
    return Options(
        types=types,
        correspondances=retenues,
        modes_ignores=frozenset(depot.options.get("modes_ignores", [])),
        avancer=marquer_l_avancement(depot.pk),
    )


def _defaire(depot: ImportDepose) -> ImportDepose:
    """Défait, ou dit ce qui en dépend ; l'import reste alors appliqué."""
    depot.rapport.pop("retour", None)
    try:
        with transaction.atomic():
            nombre = defaire(depot)
            depot.etat, depot.rapport["retour"] = EtatImport.DEFAIT, {"lignes": nombre}
            depot.save(update_fields=["etat", "rapport", "change_le"])
    except ErreurMetier as erreur:
        depot.etat, depot.rapport["retour"] = EtatImport.APPLIQUE, {"refus": erreur.message}
        depot.save(update_fields=["etat", "rapport", "change_le"])
    return depot


def apercus(depot: ImportDepose) -> list[Apercu]:
    """Ce qu'on voit de chaque fichier déposé : ses en-têtes, des valeurs, la colonne proposée."""
    retenues, types = correspondances_de(depot.bailleur_id), depot.options.get("types", {})
    connus = {fichier["fichier"]: fichier["type"] for fichier in depot.rapport.get("fichiers", [])}
    with tempfile.TemporaryDirectory(prefix="import-") as dossier:
        return [
            apercevoir(chemin, types.get(chemin.name) or connus.get(chemin.name, ""), retenues)
            for chemin in deposer_sur_disque(depot, Path(dossier))
        ]


def reprendre_les_abandonnes() -> int:
    """Relance chaque import en travail sans nouvelle ; rend leur nombre (tâche périodique)."""
    limite = timezone.now() - ABANDONNE_APRES
    perdus = list(ImportDepose.objects.filter(etat__in=EN_TRAVAIL, change_le__lt=limite).values_list("pk", flat=True))
    for import_id in perdus:
        traiter(import_id)
    return len(perdus)


def purger_les_traces() -> int:
    """Oublie de quoi défaire les imports de plus de 30 jours ; rend le nombre de lignes (tâche de nuit)."""
    limite = timezone.now() - RETOUR_POSSIBLE
    return Trace.objects.filter(import_depose__applique_le__lt=limite).delete()[0]


def abandonner_les_oublies() -> int:
    """Abandonne les essais que personne n'a appliqués, et efface leurs fichiers ; rend leur nombre (tâche de nuit)."""
    limite = timezone.now() - EN_ATTENTE_AU_PLUS
    oublies = ImportDepose.objects.filter(etat__in=[EtatImport.ESSAYE, EtatImport.REFUSE], change_le__lt=limite)
    for depot in oublies:
        depot.etat = EtatImport.ANNULE
        depot.save(update_fields=["etat", "change_le"])
        effacer_les_fichiers(depot)
    return len(oublies)


def effacer_les_contenus_orphelins() -> int:
    """Efface les octets que plus aucune pièce ne porte ; rend leur nombre (tâche de nuit)."""
    return Contenu.objects.filter(~Exists(Piece.objects.filter(contenu=OuterRef("pk")))).delete()[0]


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
            ImportDepose.objects.select_for_update(of=("self",)).select_related("bailleur").filter(pk=import_id).first()
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


def deposer_sur_disque(depot: ImportDepose, dossier: Path) -> list[Path]:
    """Les fichiers déposés, rendus à leur nom dans un dossier."""
    chemins = []
    for piece in depot.pieces.select_related("contenu"):
        chemin = dossier / Path(piece.nom).name
        chemin.write_bytes(bytes(piece.contenu.octets))
        chemins.append(chemin)
    return chemins


def _rapport_d_abandon() -> Rapport:
    rapport = Rapport()
    rapport.refuser(
        "", "Le traitement s'est arrêté plusieurs fois sans finir : découpez vos fichiers, ou exportez-les en CSV."
    )
    return rapport


def effacer_les_fichiers(depot: ImportDepose) -> None:
    """Efface les fichiers déposés et leur contenu : ils peuvent porter des numéros de demande, la base les a (RG-70)."""
    pieces = list(depot.pieces.values_list("pk", "contenu_id"))
    depot.pieces.clear()
    Piece.objects.filter(pk__in=[pk for pk, _ in pieces]).delete()
    citees = Piece.objects.filter(contenu=OuterRef("pk"))
    Contenu.objects.filter(~Exists(citees), pk__in=[contenu for _, contenu in pieces]).delete()


def _acteur_de(depot: ImportDepose) -> Acteur:
    """La personne qui a déposé, avec son rôle d'aujourd'hui ; partie depuis, un gestionnaire sans nom du bailleur."""
    rattachement = (
        Rattachement.objects.actifs()
        .select_related("organisme", "utilisateur")
        .filter(utilisateur_id=depot.depose_par_id or 0, organisme_id=depot.bailleur_id)
        .first()
    )
    if rattachement is None:
        raise ErreurMetier(
            "deposant_parti", "La personne qui a déposé cet import n'a plus accès : déposez-le de nouveau."
        )
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


def _masquer(type_: str, texte: str) -> str:
    """Un rapport gardé ne porte aucun numéro de demande (RG-70) : tout ce qui en a la forme n'y est que des points."""
    return NUMERO_DE_DEMANDE.sub("•••", texte) if type_ == "candidats" else texte


def presenter_rapport(rapport: Rapport) -> dict[str, Any]:
    """Le rapport à garder : l'objet du contrat, et les premiers changements ligne à ligne."""
    types = {fichier.fichier: fichier.type for fichier in rapport.fichiers}
    objet = rapport.en_json()
    for genre in ("erreurs", "avertissements"):
        for anomalie in objet[genre]:
            anomalie["valeur"] = _masquer(types.get(anomalie["fichier"], ""), anomalie["valeur"])
            anomalie["message"] = _masquer(types.get(anomalie["fichier"], ""), anomalie["message"])
    return objet | {
        "changements": [
            {
                "fichier": un.fichier,
                "ligne": un.ligne,
                "cle": _masquer(types.get(un.fichier, ""), un.cle),
                "nature": un.nature,
                "champs": [
                    {
                        "champ": champ,
                        "avant": _masquer(types.get(un.fichier, ""), avant),
                        "apres": _masquer(types.get(un.fichier, ""), apres),
                    }
                    for champ, (avant, apres) in un.champs.items()
                ],
            }
            for un in rapport.changements[:CHANGEMENTS_GARDES]
        ],
        "a_confirmer": rapport.a_confirmer,
        "changements_en_tout": sum(fichier.crees + fichier.modifies for fichier in rapport.fichiers),
    }
