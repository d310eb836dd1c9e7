"""Déposer des fichiers à l'écran, puis demander leur essai, leur écriture, leur retour : `traitement.py` fait le travail."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.echanges.correspondances import retenir
from flux_reservations.echanges.fichiers_deposes import effacer_les_fichiers
from flux_reservations.echanges.models import EN_ATTENTE, EN_TRAVAIL, ActeDImport, EtatImport, ImportDepose
from flux_reservations.echanges.retour import verifier_qui_defait
from flux_reservations.echanges.tableaux import REGISTRE_COMMUN
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.relecture import exiger_la_version_lue
from flux_reservations.socle.taches import envoyer_apres_validation

logger = logging.getLogger(__name__)
TAILLE_MAXIMALE: Final = 200 * 1024 * 1024
"""Octets d'un fichier déposé, et des fichiers d'un même dépôt."""
TROP_GROS_ENSEMBLE: Final = "Vos fichiers dépassent 200 Mo ensemble : déposez-les en plusieurs fois."
IMPORTS_EN_ATTENTE_AU_PLUS: Final = 50
"""Imports d'un organisme ni appliqués ni abandonnés."""
OCTETS_GARDES_AU_PLUS: Final = 2 * 1024 * 1024 * 1024
"""Octets des fichiers déposés d'un organisme : dix dépôts des plus gros."""
TACHE: Final = "echanges.traiter_import"


@dataclass(frozen=True, slots=True)
class FichierDepose:
    """Un fichier reçu : son nom et ses octets."""

    nom: str
    octets: bytes


def lire_les_recus(recus: Sequence[UploadedFile[bytes]]) -> list[FichierDepose]:
    """Les fichiers reçus ; leur taille se contrôle avant de les lire. Lève `ErreurMetier`."""
    if sum(un.size or 0 for un in recus) > TAILLE_MAXIMALE:
        raise ErreurMetier("fichiers_trop_gros", TROP_GROS_ENSEMBLE, champ="fichiers")
    return [FichierDepose(un.name or "", un.read()) for un in recus]


def deposer_import(*, acteur: Acteur, fichiers: Sequence[FichierDepose], effet: date | None = None) -> ImportDepose:
    """Garde les fichiers et demande leur essai.

    Lève `ErreurMetier` sans fichier, trop gros, au-delà de ce qu'un organisme garde en attente, ou d'un tableau qui n'est pas à
    l'acteur : le registre commun est à l'administration de la plateforme, tout le reste aux bailleurs.
    """
    if not fichiers:
        raise ErreurMetier("sans_fichier", "Choisissez au moins un fichier CSV ou XLSX.", champ="fichiers")
    if len({Path(fichier.nom).name for fichier in fichiers}) < len(fichiers):
        raise ErreurMetier("noms_repetes", "Deux fichiers ont le même nom : renommez-en un.", champ="fichiers")
    for fichier in fichiers:
        if len(fichier.octets) > TAILLE_MAXIMALE:
            raise ErreurMetier(
                "fichier_trop_gros", f"« {fichier.nom} » dépasse 200 Mo : découpez-le.", champ="fichiers"
            )
        _refuser_le_tableau_d_autrui(acteur, fichier.nom)
    with transaction.atomic():
        organisme = _organisme_du_deposant(acteur)
        _refuser_au_dela_des_plafonds(organisme.pk, sum(len(fichier.octets) for fichier in fichiers))
        depot = ImportDepose.objects.create(
            organisme=organisme, depose_par_id=acteur.utilisateur_id, jeton_id=acteur.jeton_id, effet=effet
        )
        depot.pieces.set(
            Piece.objects.deposer(
                organisme_id=organisme.pk,
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


def _refuser_au_dela_des_plafonds(organisme_id: int, octets: int) -> None:
    """Lève `ErreurMetier` si l'organisme a trop d'imports en attente, ou trop d'octets gardés ; deux dépôts à la fois s'attendent."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"echanges.deposer:{organisme_id}"])
    remede = "appliquez ou abandonnez ceux dont vous n'avez plus besoin (écran Imports), puis déposez de nouveau."
    en_attente = ImportDepose.objects.filter(organisme=organisme_id, etat__in=EN_ATTENTE).count()
    if en_attente >= IMPORTS_EN_ATTENTE_AU_PLUS:
        message = f"Votre organisme a déjà {en_attente} imports en attente : {remede}"
        raise ErreurMetier("trop_d_imports", message, champ="fichiers")
    gardes = Piece.objects.filter(imports__organisme=organisme_id).aggregate(somme=Sum("taille", default=0))["somme"]
    if gardes + octets > OCTETS_GARDES_AU_PLUS:
        plafond = OCTETS_GARDES_AU_PLUS // (1024 * 1024)
        message = f"Les fichiers de vos imports en attente dépasseraient {plafond} Mo : {remede}"
        raise ErreurMetier("trop_d_octets", message, champ="fichiers")


def _refuser_le_tableau_d_autrui(acteur: Acteur, nom: str) -> None:
    """Lève `ErreurMetier` si le nom du fichier dit un tableau que l'acteur n'importe pas."""
    est_du_registre = nom.lower().startswith(REGISTRE_COMMUN)
    if acteur.nature is Nature.PLATEFORME and not est_du_registre:
        raise ErreurMetier(
            "hors_du_registre",
            f"« {nom} » : l'administration n'importe que le registre commun ; le nom du fichier commence par bailleurs ou reservataires.",
            champ="fichiers",
        )
    if acteur.nature is not Nature.PLATEFORME and est_du_registre:
        raise ErreurMetier(
            "registre_commun",
            f"« {nom} » : le registre des bailleurs et des réservataires est commun ; demandez à l'administration de la plateforme "
            "d'y ajouter un organisme (écran Imports, « Demander un organisme »).",
            champ="fichiers",
        )


def _organisme_du_deposant(acteur: Acteur) -> Organisme:
    """À qui est l'import : le bailleur de l'agent, ou l'administration. Lève `AccesRefuse`."""
    if acteur.nature is Nature.PLATEFORME and acteur.peut(Role.GESTIONNAIRE):
        return Organisme.objects.get(pk=acteur.organisme)
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None:
        raise AccesRefuse
    return bailleur


def demander_application(
    *,
    acteur: Acteur,
    import_id: int,
    modes_confirmes: Sequence[str] = (),
    modes_ignores: Sequence[str] = (),
    empreinte_lue: str | None = None,
) -> ImportDepose:
    """Demande l'écriture d'un import essayé sans erreur.

    Chaque hors champ que MODE (RPLS) poserait est confirmé ou ignoré par une personne : lève `ErreurMetier` s'il en reste (RG-06). Lève
    `Conflit` si `empreinte_lue`, celle de l'essai relu, n'est plus la sienne : un collègue a redit ses colonnes, l'essai a changé.
    """
    with transaction.atomic():
        depot = _changer_etat(
            acteur,
            import_id,
            {EtatImport.ESSAYE},
            EtatImport.A_APPLIQUER,
            ActeDImport.APPLIQUER,
            {"modes_ignores": sorted(modes_ignores)} if modes_ignores else {},
        )
        exiger_la_version_lue(empreinte_lue, empreinte_de_l_essai(depot))
        if sans_avis := set(depot.rapport.get("a_confirmer", {})) - {*modes_confirmes, *modes_ignores}:
            message = f"Dites d'abord si MODE met ces logements hors du champ ou non : {', '.join(sorted(sans_avis))}."
            raise ErreurMetier("mode_a_confirmer", message, regle="RG-06")
    return depot


def empreinte_de_l_essai(depot: ImportDepose) -> str:
    """SHA-256 de ce que l'essai a montré : ce qui serait écrit, ligne à ligne, et ce qui est à confirmer."""
    return calculer_empreinte(depot.rapport)


def demander_retour(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Demande de défaire un import appliqué ; ce n'est possible que si rien n'en dépend encore.

    Lève `AccesRefuse` si l'import a touché une convention signée, un bail ou une décision, et que l'acteur n'est pas responsable (RG-16,
    RG-45).
    """
    with transaction.atomic():
        depot = _changer_etat(acteur, import_id, {EtatImport.APPLIQUE}, EtatImport.A_DEFAIRE, ActeDImport.DEFAIRE)
        verifier_qui_defait(acteur, depot.pk)
    return depot


def choisir_colonnes(
    *, acteur: Acteur, import_id: int, types: Mapping[str, str], colonnes: Mapping[str, Mapping[str, str]]
) -> ImportDepose:
    """Retient le tableau de chaque fichier et le sens de ses en-têtes (par tableau), puis demande un nouvel essai.

    Les correspondances valent pour les imports suivants du même organisme.
    """
    with transaction.atomic():
        depot = _changer_etat(
            acteur,
            import_id,
            {EtatImport.ESSAYE, EtatImport.REFUSE},
            EtatImport.DEPOSE,
            ActeDImport.COLONNES,
            {"types": dict(types)},
        )
        retenir(depot.organisme_id, colonnes)
    return depot


def abandonner(*, acteur: Acteur, import_id: int) -> ImportDepose:
    """Abandonne un import qui n'a rien écrit."""
    permis = {EtatImport.DEPOSE, EtatImport.ESSAYE, EtatImport.REFUSE}
    return _changer_etat(acteur, import_id, permis, EtatImport.ANNULE, ActeDImport.ABANDONNER)


def _changer_etat(
    acteur: Acteur,
    import_id: int,
    depuis: set[EtatImport],
    vers: EtatImport,
    acte: ActeDImport,
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
        if acteur.jeton_id is not None and depot.jeton_id != acteur.jeton_id:
            raise AccesRefuse(
                "Cet import n'a pas été déposé avec ce jeton : déposez les fichiers avec lui, ou faites cet acte à l'écran."
            )
        if depot.etat not in depuis:
            raise ErreurMetier(
                "etat_de_l_import",
                f"Cet import est « {depot.get_etat_display().lower()} » : l'acte n'est plus possible.",
            )
        depot.etat, depot.lignes_lues, depot.options = vers, 0, depot.options | dict(options or {})
        depot.tentatives = 0
        depot.demande_par_id, depot.demande_par_jeton_id = acteur.utilisateur_id, acteur.jeton_id
        depot.acte_demande, depot.demande_le = acte, timezone.now()
        depot.save(
            update_fields=[
                "etat", "change_le", "lignes_lues", "options", "tentatives", "demande_par", "demande_par_jeton",
                "acte_demande", "demande_le",
            ]
        )  # fmt: skip
        if vers == EtatImport.ANNULE:
            effacer_les_fichiers(depot)
        apres = {"etat": vers.value} | dict(options or {})
        journaliser(acteur=acteur, action=acte.value, objet=depot, organisme_id=depot.organisme_id, apres=apres)
        if vers in EN_TRAVAIL:
            demander_le_traitement(depot.pk)
    return depot


def demander_le_traitement(import_id: int) -> None:
    """Lance la tâche une fois la transaction validée ; sans courtier, le rattrapage périodique s'en charge."""
    envoyer_apres_validation(TACHE, import_id)
