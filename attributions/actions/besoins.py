"""Exprimer un besoin : ce qu'un réservataire cherche à loger, pour éclairer le bailleur ; le moteur ne le lit pas (RG-51)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction

from attributions.models import Besoin
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


@dataclass(frozen=True, slots=True)
class BesoinSaisi:
    """Ce qu'on saisit d'un besoin ; `bailleur_id` vide : tous les bailleurs du réservataire."""

    nb_menages: int
    valable_jusqu_au: date
    typologie: str = ""
    pmr: bool = False
    territoire_id: str | None = None
    bailleur_id: int | None = None
    precision: str = ""


def exprimer_un_besoin(*, acteur: Acteur, saisi: BesoinSaisi, le: date) -> Besoin:
    """Ajoute un besoin du réservataire de l'acteur ; les bailleurs qu'il vise le lisent à l'orientation."""
    if not acteur.est_reservataire or not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    _verifier(acteur, saisi, le)
    with transaction.atomic():
        besoin = Besoin.objects.create(reservataire_id=acteur.organisme, **asdict(saisi))
        _noter(acteur, besoin, "exprimer_un_besoin", apres=saisi)
    return besoin


def modifier_un_besoin(*, acteur: Acteur, besoin_id: int, saisi: BesoinSaisi, le: date) -> Besoin:
    """Remplace ce que dit un besoin : ses ménages logés en sortent, sa validité se prolonge."""
    _verifier(acteur, saisi, le)
    with transaction.atomic():
        besoin = _verrouiller(acteur, besoin_id)
        for champ, valeur in asdict(saisi).items():
            setattr(besoin, champ, valeur)
        besoin.save(update_fields=list(asdict(saisi)))
        _noter(acteur, besoin, "modifier_un_besoin", apres=saisi)
    return besoin


def retirer_un_besoin(*, acteur: Acteur, besoin_id: int) -> None:
    """Retire un besoin : les bailleurs ne le voient plus."""
    with transaction.atomic():
        besoin = _verrouiller(acteur, besoin_id)
        _noter(acteur, besoin, "retirer_un_besoin")
        besoin.delete()


def _verifier(acteur: Acteur, saisi: BesoinSaisi, le: date) -> None:
    if saisi.valable_jusqu_au < le:
        raise ErreurMetier(
            "date_passee", "Cette date est passée : donnez le jour jusqu'où le besoin vaut.", champ="valable_jusqu_au"
        )
    if (
        saisi.bailleur_id is not None
        and not Bailleur.objects.visibles_par(acteur).filter(pk=saisi.bailleur_id).exists()
    ):
        raise Introuvable


def _verrouiller(acteur: Acteur, besoin_id: int) -> Besoin:
    besoin = Besoin.objects.modifiables_par(acteur).filter(pk=besoin_id).select_for_update(of=("self",)).first()
    if besoin is None:
        if Besoin.objects.visibles_par(acteur).filter(pk=besoin_id).exists():
            raise AccesRefuse
        raise Introuvable
    return besoin


def _noter(acteur: Acteur, besoin: Besoin, action: str, apres: BesoinSaisi | None = None) -> None:
    journaliser(
        acteur=acteur,
        action=action,
        objet=besoin,
        organisme_id=besoin.reservataire_id,
        apres={"nb_menages": apres.nb_menages, "typologie": apres.typologie} if apres else None,
    )
