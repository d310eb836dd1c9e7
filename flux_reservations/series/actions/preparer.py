"""Préparer, confirmer, abandonner une série : rien n'est fait avant la confirmation (RG-16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.calendrier import ajouter_mois
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.droit import conservation
from flux_reservations.pieces.models import Piece
from flux_reservations.series.actions.mener import lancer
from flux_reservations.series.genres import genre_de
from flux_reservations.series.models import GENRE_EN_ATTENTE, ActeDeSerie, EtatActe, GenreSerie, Serie
from flux_reservations.socle.journal import journaliser

OUBLIEE_APRES = timedelta(days=7)
"""Une série préparée et jamais confirmée s'efface, pièces comprises : elle n'a rien fait."""


@dataclass(frozen=True, slots=True)
class Voulu:
    """Une ligne à mettre en série. `refus` : une raison de l'écarter, déjà connue."""

    cle: int
    libelle: str
    parametres: dict[str, Any] = field(default_factory=dict)
    piece: Piece | None = None
    refus: ErreurMetier | None = None


def preparer_serie(
    *,
    acteur: Acteur,
    genre: GenreSerie,
    cadre: str,
    lignes: Sequence[Voulu],
    remarques: Sequence[str] = (),
    avec_essai: bool = True,
) -> Serie:
    """Écrit la série et l'essaie en entier, puis défait l'essai : chaque ligne est prête, ou écartée avec sa raison.

    L'essai appelle l'action elle-même, ligne après ligne : il voit ce que les premières changent aux suivantes (un plafond). La
    préparation remplace celle que la même personne avait laissée dans le même cadre. Lève `ErreurMetier` sans ligne.
    """
    if not acteur.peut(Role.RESPONSABLE) or acteur.utilisateur_id is None:
        raise AccesRefuse
    if not lignes:
        raise ErreurMetier("serie_vide", "Rien n'est coché : cochez au moins une ligne.")
    with transaction.atomic():
        for ancienne in Serie.objects.modifiables_par(acteur).filter(
            genre=genre, cadre=cadre, cree_par_id=acteur.utilisateur_id, confirmee_le__isnull=True
        ):
            effacer(ancienne)
        serie = Serie.objects.create(
            organisme_id=acteur.organisme,
            genre=genre,
            cadre=cadre,
            cree_par_id=acteur.utilisateur_id,
            remarques=list(remarques),
        )
        actes = ActeDeSerie.objects.bulk_create(
            ActeDeSerie(
                serie=serie,
                rang=rang,
                cle=ligne.cle,
                libelle=ligne.libelle[:300],
                parametres=ligne.parametres,
                piece=ligne.piece,
                nom_de_la_piece=ligne.piece.nom if ligne.piece else "",
                etat=EtatActe.ECARTE if ligne.refus else EtatActe.PRET,
                message=ligne.refus.message if ligne.refus else "",
                regle=ligne.refus.regle if ligne.refus else "",
            )
            for rang, ligne in enumerate(lignes, start=1)
        )
        if avec_essai:
            _essayer(acteur, serie, [acte for acte in actes if acte.etat == EtatActe.PRET])
    return serie


def _essayer(acteur: Acteur, serie: Serie, actes: Sequence[ActeDeSerie]) -> None:
    """Fait tous les actes, puis les défait : il n'en reste que les refus."""
    refus: list[ActeDeSerie] = []
    genre = genre_de(serie)
    with transaction.atomic():
        for acte in actes:
            try:
                with transaction.atomic():
                    genre.executer(acteur, acte)
            except AccesRefuse:
                raise
            except ErreurMetier as erreur:
                acte.etat, acte.message, acte.regle = EtatActe.ECARTE, erreur.message, erreur.regle
                refus.append(acte)
        transaction.set_rollback(True)
    ActeDeSerie.objects.bulk_update(refus, ["etat", "message", "regle"])


def confirmer_serie(*, acteur: Acteur, serie_id: int) -> Serie:
    """Lance la série ; un second clic ne fait rien de plus. Lève `ErreurMetier` si aucune ligne n'est prête."""
    with transaction.atomic():
        serie = verrouiller_serie(acteur, serie_id)
        if serie.confirmee_le is not None:
            return serie
        if not serie.actes.filter(etat=EtatActe.PRET).exists():
            raise ErreurMetier(
                "serie_sans_acte", "Aucune ligne n'est prête : corrigez ce qui les écarte, puis recommencez."
            )
        serie.confirmee_le, serie.confirmee_par_id = timezone.now(), acteur.utilisateur_id
        serie.save(update_fields=["confirmee_le", "confirmee_par"])
        _journaliser(acteur, serie, "confirmer_serie")
        lancer(serie.pk)
    return serie


def reessayer_serie(*, acteur: Acteur, serie_id: int) -> int:
    """Remet en train les lignes refusées, une fois leur cause corrigée ; rend leur nombre. Lève `Conflit` s'il n'y en a pas."""
    with transaction.atomic():
        serie = verrouiller_serie(acteur, serie_id)
        refuses = serie.actes.filter(etat=EtatActe.REFUSE)
        nombre = refuses.update(etat=EtatActe.PRET, message="", regle="", tentatives=0, fini_le=None)
        if not nombre:
            raise Conflit("Il n'y a rien à réessayer : aucune ligne n'est refusée.")
        serie.confirmee_par_id = acteur.utilisateur_id
        serie.save(update_fields=["confirmee_par"])
        _journaliser(acteur, serie, "reessayer_serie")
        lancer(serie.pk)
    return nombre


def abandonner_serie(*, acteur: Acteur, serie_id: int) -> None:
    """Efface une série préparée, pièces comprises. Lève `Conflit` si elle est confirmée : ce qui est fait reste."""
    with transaction.atomic():
        serie = verrouiller_serie(acteur, serie_id)
        if serie.confirmee_le is not None:
            raise Conflit("Cette série est déjà confirmée : elle ne s'abandonne plus.")
        effacer(serie)


def purger_les_oubliees(maintenant: datetime) -> int:
    """Efface les séries préparées et jamais confirmées ; rend leur nombre (tâche de nuit)."""
    oubliees = list(Serie.objects.filter(confirmee_le__isnull=True, cree_le__lt=maintenant - OUBLIEE_APRES))
    for serie in oubliees:
        with transaction.atomic():
            effacer(serie)
    return len(oubliees)


def purger_les_terminees(le: date) -> int:
    """Efface les séries confirmées dont tout est fini depuis plus que la durée ; rend leur nombre (tâche de nuit) (RG-70).

    Chaque acte garde ses preuves ailleurs : le journal dit qui l'a fait, la convention ou le bilan porte sa date et sa pièce, le registre
    des envois ses destinataires. Ce qui reste à faire n'est jamais effacé.
    """
    limite = ajouter_mois(le, -conservation.TRAVAUX.valeur(le))
    terminees = Serie.objects.terminees().filter(confirmee_le__date__lt=limite)
    anciennes = list(terminees.exclude(actes__fini_le__date__gte=limite))
    for serie in anciennes:
        with transaction.atomic():
            effacer(serie)
    return len(anciennes)


def effacer(serie: Serie) -> None:
    """Retire la série, ses lignes et les pièces qui n'attendaient qu'elles."""
    pieces = list(serie.actes.filter(piece__isnull=False).values_list("piece_id", flat=True))
    serie.delete()
    Piece.objects.filter(pk__in=pieces, genre=GENRE_EN_ATTENTE).delete()


def verrouiller_serie(acteur: Acteur, serie_id: int) -> Serie:
    """La ligne verrouillée ; distingue ce qu'on ne voit pas (404) de ce que le rôle ne permet pas (403)."""
    serie = Serie.objects.modifiables_par(acteur).select_for_update(of=("self",)).filter(pk=serie_id).first()
    if serie is None:
        if Serie.objects.visibles_par(acteur).filter(pk=serie_id).exists():
            raise AccesRefuse
        raise Introuvable
    return serie


def _journaliser(acteur: Acteur, serie: Serie, action: str) -> None:
    journaliser(
        acteur=acteur,
        action=action,
        objet=serie,
        organisme_id=serie.organisme_id,
        apres={"genre": serie.genre, "cadre": serie.cadre, "actes": serie.actes.filter(etat=EtatActe.PRET).count()},
    )
