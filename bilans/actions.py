"""Actions des bilans : préparer, produire, publier, présenter (RG-60 à RG-63)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from kombu.exceptions import OperationalError

from attributions.domaine.codes import OrigineSolde
from attributions.models import Seance, SoldeOuverture
from bilans.calcul import calculer_annee
from bilans.document import composer_document
from bilans.document_debut_annee import composer_information
from bilans.domaine.comparaison import dire_ce_qui_change
from bilans.domaine.cycle_de_vie import Etat, verifier_transition
from bilans.domaine.empreinte import calculer_empreinte
from bilans.models import Bilan, Prevision
from bilans.models.bilan import GenreBilan
from bilans.pdf import bilan_pdf, nom_du_fichier
from bilans.pdf_debut_annee import information_pdf, information_xlsx
from bilans.tableur import bilan_xlsx
from conventions.actions.transmission import destinataires_de_l_information
from conventions.models import Bailleur, Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import Message, MessageBilan, MessageDebutAnnee
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.tableur import TYPE_XLSX

logger = logging.getLogger(__name__)
TACHE_DE_PRODUCTION = "bilans.produire"
VERROU_DE_PRODUCTION = 6063
"""Espace des verrous consultatifs : un bilan ne se produit qu'une fois à la fois."""
_PRODUCTEUR = Acteur.systeme("production des bilans")
_NOMS_DE_FICHIER = {
    GenreBilan.ANNUEL: "bilan",
    GenreBilan.DEBUT_ANNEE: "information",
    GenreBilan.CALEOL: "bilan-caleol",
}


def preparer_bilan(
    *,
    acteur: Acteur,
    bailleur_id: int,
    departement: str,
    annee: int,
    genre: str = GenreBilan.ANNUEL,
    le: date | None = None,
) -> Bilan:
    """Ouvre (ou refait) le brouillon d'un document et demande sa production ; il cite la version publiée qu'il remplacera.

    Lève `ErreurMetier` pour une année qui n'est pas finie (sauf l'information, qui est d'avance) ; `AccesRefuse` pour un lecteur.
    """
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    aujourd_hui = le or timezone.localdate()
    if genre != GenreBilan.DEBUT_ANNEE and annee >= aujourd_hui.year:
        raise ErreurMetier(
            "annee_en_cours",
            f"L'année {annee} n'est pas finie : son bilan se prépare à partir du 1er janvier {annee + 1}.",
            regle="RG-60",
            champ="annee",
        )
    with transaction.atomic():
        bailleur = (
            Bailleur.objects.modifiables_par(acteur).select_for_update(of=("self",)).filter(pk=bailleur_id).first()
        )
        if bailleur is None:
            raise Introuvable
        chaine = Bilan.objects.filter(genre=genre, bailleur=bailleur, departement_id=departement, annee=annee)
        bilan = chaine.exclude(etat=Etat.PUBLIE).select_for_update(of=("self",)).first()
        if bilan is None:
            bilan = Bilan(
                genre=genre,
                bailleur=bailleur,
                departement_id=departement,
                annee=annee,
                version=(chaine.aggregate(derniere=Max("version"))["derniere"] or 0) + 1,
                remplace=chaine.filter(etat=Etat.PUBLIE).order_by("-version").first(),
            )
        if bilan.etat != Etat.EN_PRODUCTION:
            verifier_transition(bilan.etat, Etat.EN_PRODUCTION)
        bilan.etat, bilan.progression, bilan.erreur = Etat.EN_PRODUCTION, 0, ""
        bilan.save()
        _journaliser(acteur, bilan, "preparer_bilan", {"version": bilan.version})
        cle = bilan.pk
        transaction.on_commit(lambda: demander_la_production(cle))
    return bilan


def demander_la_production(bilan_id: int) -> None:
    """Lance la tâche ; sans courtier, la reprise périodique s'en charge."""
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task(TACHE_DE_PRODUCTION, args=[bilan_id], retry=False)
    except OperationalError:
        logger.warning("bilan=%s : courtier injoignable, la reprise le produira", bilan_id)


def produire(bilan_id: int) -> bool:
    """Produit les données, le PDF et le tableur d'un brouillon ; faux s'il n'y a rien à faire ou si un autre s'en charge.

    Le verrou consultatif tombe avec le processus : tué, le bilan reste `en_production` et la reprise le refait en entier.
    """
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_try_advisory_lock(%s, %s)", [VERROU_DE_PRODUCTION, bilan_id])
        if not curseur.fetchone()[0]:
            return False
    try:
        bilan = (
            Bilan.objects.select_related("bailleur", "departement", "remplace")
            .filter(pk=bilan_id, etat=Etat.EN_PRODUCTION)
            .first()
        )
        if bilan is None:
            return False
        try:
            _produire_tout(bilan)
        except ErreurMetier as erreur:
            _finir(bilan, Etat.ECHEC, erreur=erreur.message)
        return True
    finally:
        with connection.cursor() as curseur:
            curseur.execute("SELECT pg_advisory_unlock(%s, %s)", [VERROU_DE_PRODUCTION, bilan_id])


def _produire_tout(bilan: Bilan) -> None:
    """Données, PDF, tableur ; l'avancement se lit entre chaque."""
    _avancer(bilan, 5)
    donnees = _composer(bilan)
    _avancer(bilan, 30)
    changements = dire_ce_qui_change(bilan.remplace.donnees, donnees) if bilan.remplace and "flux" in donnees else []
    ce_qui_change = "\n".join(changements) if changements else ("Aucun nombre ne change." if bilan.remplace else "")
    if bilan.genre == GenreBilan.DEBUT_ANNEE:
        pdf, tableur = information_pdf(donnees, version=bilan.version), information_xlsx(donnees)
    else:
        pdf = bilan_pdf(
            donnees, version=bilan.version, ce_qui_change=ce_qui_change, en_caleol=bilan.genre == GenreBilan.CALEOL
        )
        _avancer(bilan, 80)
        tableur = bilan_xlsx(donnees)
    _avancer(bilan, 90)
    with transaction.atomic():
        bilan.donnees, bilan.empreinte, bilan.ce_qui_change = donnees, calculer_empreinte(donnees), ce_qui_change
        bilan.pdf = _deposer(bilan, "pdf", "application/pdf", pdf)
        bilan.tableur = _deposer(bilan, "xlsx", TYPE_XLSX, tableur)
        _finir(bilan, Etat.PRET)


def _composer(bilan: Bilan) -> dict[str, Any]:
    """Les données du document, selon son genre."""
    aujourd_hui = timezone.localdate()
    if bilan.genre == GenreBilan.DEBUT_ANNEE:
        return composer_information(bilan.bailleur, bilan.departement, bilan.annee, aujourd_hui)
    calcul = calculer_annee(bilan.bailleur, bilan.departement_id, bilan.annee)
    return composer_document(calcul, bilan.bailleur, bilan.departement, aujourd_hui)


def _avancer(bilan: Bilan, progression: int) -> None:
    Bilan.objects.filter(pk=bilan.pk, etat=Etat.EN_PRODUCTION).update(progression=progression)


def _finir(bilan: Bilan, etat: Etat, *, erreur: str = "") -> None:
    """Écrit le résultat si le brouillon est toujours en production."""
    with transaction.atomic():
        actuel = Bilan.objects.select_for_update(of=("self",)).get(pk=bilan.pk)
        verifier_transition(actuel.etat, etat)
        bilan.etat, bilan.erreur, bilan.progression = etat, erreur, 100
        bilan.save()
        _journaliser(_PRODUCTEUR, bilan, "produire_bilan", {"etat": etat.value, "empreinte": bilan.empreinte})


def _deposer(bilan: Bilan, extension: str, type_mime: str, octets: bytes) -> Piece:
    nom = nom_du_fichier(
        bilan.bailleur.siren, bilan.departement_id, bilan.annee, extension, _NOMS_DE_FICHIER[GenreBilan(bilan.genre)]
    )
    if bilan.version > 1:
        nom = nom.replace(f".{extension}", f"-v{bilan.version}.{extension}")
    return Piece.objects.deposer(
        organisme_id=bilan.bailleur_id,
        genre=_NOMS_DE_FICHIER[GenreBilan(bilan.genre)],
        nom=nom,
        type_mime=type_mime,
        octets=octets,
    )


def destinataires_du_bilan(bilan: Bilan) -> list[Destinataire]:
    """Tous les réservataires du département chez ce bailleur, le préfet, les EPCI, EPT et métropoles concernés (RG-60)."""
    return destinataires_de_l_information(bilan.bailleur_id, bilan.departement_id)


def publier(*, acteur: Acteur, bilan_id: int, date_seance: date | None = None) -> Bilan:
    """Fige un bilan prêt, arrête les soldes et le dépose chez tous, en une seule transaction (RG-63, RG-47, RG-66).

    Réservé au responsable. Une présentation en CALEOL porte la date de sa séance et ne s'envoie pas (RG-62). Lève `Conflit` s'il n'est
    pas prêt, `ErreurMetier` si ses données ne répondent plus à leur empreinte.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        bilan = _verrouiller(acteur, bilan_id)
        verifier_transition(bilan.etat, Etat.PUBLIE)
        if calculer_empreinte(bilan.donnees) != bilan.empreinte:
            raise ErreurMetier(
                "empreinte_fausse", "Les données ont changé depuis l'aperçu : refaites le brouillon.", regle="RG-63"
            )
        if bilan.genre == GenreBilan.CALEOL and date_seance is None:
            raise ErreurMetier("seance_obligatoire", "Donnez la date de la séance.", regle="RG-62", champ="date_seance")
        bilan.etat, bilan.publie_le, bilan.publie_par_id = Etat.PUBLIE, timezone.now(), acteur.utilisateur_id
        bilan.date_seance = date_seance
        bilan.save(update_fields=["etat", "publie_le", "publie_par", "date_seance"])
        _APRES_PUBLICATION[GenreBilan(bilan.genre)](acteur, bilan)
        _journaliser(acteur, bilan, "publier_bilan", {"version": bilan.version, "empreinte": bilan.empreinte})
    return bilan


def _apres_le_bilan(acteur: Acteur, bilan: Bilan) -> None:
    arreter_les_soldes(bilan)
    _diffuser(acteur, bilan, MessageBilan(bilan.bailleur.nom, bilan.departement.nom, bilan.annee, bilan.version))


def _apres_l_information(acteur: Acteur, bilan: Bilan) -> None:
    """Fige la prévision publiée, commune par commune (RG-32), et la dépose chez tous."""
    Prevision.objects.bulk_create(
        [
            Prevision(
                bailleur_id=bilan.bailleur_id,
                departement_id=bilan.departement_id,
                annee=bilan.annee,
                commune_id=ligne["commune"],
                mises_en_location=ligne["mises_en_location"],
                exclusions=ligne["exclusions"],
                publiee_le=bilan.publie_le,
            )
            for ligne in bilan.donnees["prevision"]
        ],
        update_conflicts=True,
        unique_fields=["bailleur", "departement", "annee", "commune"],
        update_fields=["mises_en_location", "exclusions", "publiee_le"],
    )
    _diffuser(acteur, bilan, MessageDebutAnnee(bilan.bailleur.nom, bilan.departement.nom, bilan.annee))


def _apres_la_presentation(acteur: Acteur, bilan: Bilan) -> None:
    """Note sur la séance du jour qu'elle a reçu le bilan (RG-62)."""
    assert bilan.date_seance is not None  # noqa: S101 : exigée à la publication
    Seance.objects.modifiables_par(acteur).filter(bailleur_id=bilan.bailleur_id, date=bilan.date_seance).update(
        bilan_presente=bilan.annee
    )


_APRES_PUBLICATION: dict[GenreBilan, Callable[[Acteur, Bilan], None]] = {
    GenreBilan.ANNUEL: _apres_le_bilan,
    GenreBilan.DEBUT_ANNEE: _apres_l_information,
    GenreBilan.CALEOL: _apres_la_presentation,
}


def _diffuser(acteur: Acteur, bilan: Bilan, message: Message) -> list[Envoi]:
    return deposer_lot(
        acteur=acteur,
        emetteur=bilan.bailleur,
        message=message,
        destinataires=destinataires_du_bilan(bilan),
        objet=Objet(bilan, bilan.departement_id, bilan.annee),
        piece=bilan.pdf,
    )


def arreter_les_soldes(bilan: Bilan) -> None:
    """Écrit le solde de chaque compte comme solde d'ouverture de l'année suivante ; une nouvelle version remplace l'ancienne."""
    comptes = [compte for compte in bilan.donnees["flux"]["comptes"] if compte["convention"]]
    origines = dict(
        Convention.objects.filter(
            bailleur_id=bilan.bailleur_id,
            departement_id=bilan.departement_id,
            numero__in=[compte["convention"] for compte in comptes],
        ).values_list("numero", "pk")
    )
    SoldeOuverture.objects.filter(
        convention__bailleur_id=bilan.bailleur_id,
        convention__departement_id=bilan.departement_id,
        annee=bilan.annee + 1,
        origine=OrigineSolde.BILAN,
    ).delete()
    SoldeOuverture.objects.bulk_create(
        SoldeOuverture(
            convention_id=origines[compte["convention"]],
            sous_contingent=compte["compte"].partition("/")[2],
            annee=bilan.annee + 1,
            report=Decimal(compte["solde"]),
            origine=OrigineSolde.BILAN,
        )
        for compte in comptes
    )


def abandonner(*, acteur: Acteur, bilan_id: int) -> None:
    """Supprime un brouillon ; un bilan publié ne se supprime pas (RG-63)."""
    with transaction.atomic():
        bilan = _verrouiller(acteur, bilan_id)
        if bilan.etat == Etat.PUBLIE:
            verifier_transition(bilan.etat, Etat.BROUILLON)
        _journaliser(acteur, bilan, "abandonner_bilan", {"version": bilan.version})
        bilan.delete()


def _verrouiller(acteur: Acteur, bilan_id: int) -> Bilan:
    permis = Bilan.objects.modifiables_par(acteur).select_for_update(of=("self",))
    bilan = permis.select_related("bailleur", "departement", "pdf").filter(pk=bilan_id).first()
    if bilan is None:
        if Bilan.objects.visibles_par(acteur).filter(pk=bilan_id).exists():
            raise AccesRefuse
        raise Introuvable
    return bilan


def _journaliser(acteur: Acteur, bilan: Bilan, action: str, apres: dict[str, object]) -> None:
    journaliser(acteur=acteur, action=action, objet=bilan, organisme_id=bilan.bailleur_id, apres=apres)
