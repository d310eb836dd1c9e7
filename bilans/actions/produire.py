"""Produire un document : données, PDF, tableur ; rejouable, et sûr quand un processus meurt au milieu (RG-60 à RG-63)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bilans.actions.preparer import journaliser_bilan
from bilans.calcul import calculer_annee
from bilans.document import composer_document
from bilans.document_debut_annee import composer_information
from bilans.domaine.comparaison import citer_la_version, dire_ce_qui_change
from bilans.domaine.cycle_de_vie import Etat, verifier_transition
from bilans.models import Bilan
from bilans.models.bilan import GenreBilan
from bilans.pdf import bilan_pdf, nom_du_fichier
from bilans.pdf_debut_annee import information_pdf, information_xlsx
from bilans.tableur import bilan_xlsx
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.presentation import ecrire_date
from flux_reservations.socle.tableur import TYPE_XLSX
from flux_reservations.socle.verrous import verrou_consultatif

VERROU_DE_PRODUCTION = 6063
"""Espace des verrous consultatifs : un bilan ne se produit qu'une fois à la fois."""
TENTATIVES_AU_PLUS = 5
"""Productions commencées sans jamais finir avant de déclarer l'échec : un document qui tue ses processus ne bloque pas les autres."""
_PRODUCTEUR = Acteur.systeme("production des bilans")
_NOMS_DE_FICHIER = {
    GenreBilan.ANNUEL: "bilan",
    GenreBilan.DEBUT_ANNEE: "information",
    GenreBilan.CALEOL: "bilan-caleol",
}


def produire(bilan_id: int) -> bool:
    """Produit les données, le PDF et le tableur d'un brouillon ; faux s'il n'y a rien à faire ou si un autre s'en charge.

    Le verrou tombe avec le processus : tué, le bilan reste `en_production` et la reprise le refait en entier.
    """
    with verrou_consultatif(VERROU_DE_PRODUCTION, bilan_id) as pris:
        if not pris:
            return False
        bilan = (
            Bilan.objects.select_related("bailleur", "departement", "remplace")
            .filter(pk=bilan_id, etat=Etat.EN_PRODUCTION)
            .first()
        )
        if bilan is None:
            return False
        if bilan.tentatives >= TENTATIVES_AU_PLUS:
            _finir(
                bilan,
                Etat.ECHEC,
                erreur=f"La production s'est arrêtée {bilan.tentatives} fois sans finir : refaites le document ; si cela recommence, "
                "donnez à l'exploitant de la plateforme l'adresse de cette page.",
            )
            return True
        Bilan.objects.filter(pk=bilan.pk).update(tentatives=F("tentatives") + 1, progression=5)
        try:
            _produire_tout(bilan)
        except ErreurMetier as erreur:
            _finir(bilan, Etat.ECHEC, erreur=erreur.message)
        return True


def _produire_tout(bilan: Bilan) -> None:
    """Données, PDF, tableur ; l'avancement se lit entre chaque."""
    donnees = _composer(bilan)
    _avancer(bilan, 30)
    ce_qui_change = _dire_ce_qui_change(bilan, donnees)
    mettre_en_page, ecrire_tableur = _MOULES[GenreBilan(bilan.genre)]
    pdf = mettre_en_page(donnees, bilan.version, ce_qui_change)
    _avancer(bilan, 80)
    tableur = ecrire_tableur(donnees)
    _avancer(bilan, 90)
    with transaction.atomic():
        bilan.donnees, bilan.empreinte, bilan.ce_qui_change = donnees, calculer_empreinte(donnees), ce_qui_change
        bilan.pdf = _deposer(bilan, "pdf", "application/pdf", pdf)
        bilan.tableur = _deposer(bilan, "xlsx", TYPE_XLSX, tableur)
        _finir(bilan, Etat.PRET)


def _dire_ce_qui_change(bilan: Bilan, donnees: Mapping[str, Any]) -> str:
    """La version remplacée, citée, puis une phrase par nombre changé (RG-63) ; vide pour une première version."""
    ancien = bilan.remplace
    if ancien is None:
        return ""
    publie_le = ecrire_date(timezone.localdate(ancien.publie_le)) if ancien.publie_le else ""
    return "\n".join(
        [citer_la_version(ancien.version, publie_le, ancien.empreinte), *dire_ce_qui_change(ancien.donnees, donnees)]
    )


def _composer(bilan: Bilan) -> dict[str, Any]:
    """Les données du document, selon son genre."""
    aujourd_hui = timezone.localdate()
    if bilan.genre == GenreBilan.DEBUT_ANNEE:
        return composer_information(bilan.bailleur, bilan.departement, bilan.annee, aujourd_hui)
    calcul = calculer_annee(bilan.bailleur, bilan.departement_id, bilan.annee)
    return composer_document(calcul, bilan.bailleur, bilan.departement, aujourd_hui)


_MOULES: dict[GenreBilan, tuple[Callable[[Any, int, str], bytes], Callable[[Any], bytes]]] = {
    GenreBilan.ANNUEL: (
        lambda donnees, version, change: bilan_pdf(donnees, version=version, ce_qui_change=change),
        bilan_xlsx,
    ),
    GenreBilan.CALEOL: (
        lambda donnees, version, change: bilan_pdf(donnees, version=version, ce_qui_change=change, en_caleol=True),
        bilan_xlsx,
    ),
    GenreBilan.DEBUT_ANNEE: (
        lambda donnees, version, change: information_pdf(donnees, version=version, ce_qui_change=change),
        information_xlsx,
    ),
}
"""La mise en page et le tableur de chaque genre."""


def _avancer(bilan: Bilan, progression: int) -> None:
    Bilan.objects.filter(pk=bilan.pk, etat=Etat.EN_PRODUCTION).update(progression=progression)


def _finir(bilan: Bilan, etat: Etat, *, erreur: str = "") -> None:
    """Écrit le résultat si le brouillon est toujours en production."""
    with transaction.atomic():
        actuel = Bilan.objects.select_for_update(of=("self",)).filter(pk=bilan.pk).first()
        if actuel is None:  # Abandonné pendant sa production.
            return
        verifier_transition(actuel.etat, etat)
        bilan.etat, bilan.erreur, bilan.progression = etat, erreur, 100
        bilan.tentatives, bilan.campagne_id = actuel.tentatives, actuel.campagne_id
        bilan.save()
        journaliser_bilan(_PRODUCTEUR, bilan, "produire_bilan", {"etat": etat.value, "empreinte": bilan.empreinte})


def _deposer(bilan: Bilan, extension: str, type_mime: str, octets: bytes) -> Piece:
    genre = GenreBilan(bilan.genre)
    piece: Piece = Piece.objects.deposer(
        organisme_id=bilan.bailleur_id,
        genre=_NOMS_DE_FICHIER[genre],
        nom=nom_du_document(bilan, extension),
        type_mime=type_mime,
        octets=octets,
    )
    return piece


def nom_du_document(bilan: Bilan, extension: str) -> str:
    """`bilan-<siren>-<departement>-<annee>[-v2].pdf` ; le genre en tête."""
    nom = nom_du_fichier(
        bilan.bailleur.siren, bilan.departement_id, bilan.annee, extension, _NOMS_DE_FICHIER[GenreBilan(bilan.genre)]
    )
    return nom.replace(f".{extension}", f"-v{bilan.version}.{extension}") if bilan.version > 1 else nom
