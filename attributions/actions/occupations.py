"""Saisir, corriger, retirer l'occupation sociale d'une résidence, ligne à ligne (RG-51) ; le moteur ne la lit pas."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from django.db import IntegrityError, transaction

from attributions.models import Occupation
from attributions.models.occupations import PARTIES
from conventions.models import Logement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


@dataclass(frozen=True, slots=True)
class OccupationSaisie:
    """Une enquête : la résidence, la date, et des nombres de ménages ; `commune_id` vide : la résidence, où qu'elle soit."""

    programme: str
    enquete_le: date
    menages: int
    commune_id: str | None = None
    sous_60_plafonds: int | None = None
    allocataires: int | None = None
    monoparentales: int | None = None
    emmenages_recents: int | None = None


def saisir_une_occupation(*, acteur: Acteur, saisie: OccupationSaisie, le: date) -> Occupation:
    """Ajoute une enquête d'occupation au parc du bailleur. Lève `ErreurMetier` si elle est absurde ou déjà connue."""
    _exiger_un_agent(acteur)
    _verifier(acteur, saisie, le)
    return _ecrire(acteur, Occupation(bailleur_id=acteur.organisme), saisie, "saisir_une_occupation")


def corriger_une_occupation(*, acteur: Acteur, occupation_id: int, saisie: OccupationSaisie, le: date) -> Occupation:
    """Remplace ce que dit une enquête. Lève `ErreurMetier` si elle devient absurde, ou celle d'une autre ligne."""
    _exiger_un_agent(acteur)
    _verifier(acteur, saisie, le)
    with transaction.atomic():
        return _ecrire(acteur, _verrouiller(acteur, occupation_id), saisie, "corriger_une_occupation")


def retirer_une_occupation(*, acteur: Acteur, occupation_id: int) -> None:
    """Retire une enquête saisie par erreur : l'agent lit de nouveau celle d'avant."""
    _exiger_un_agent(acteur)
    with transaction.atomic():
        occupation = _verrouiller(acteur, occupation_id)
        _noter(acteur, occupation, "retirer_une_occupation")
        occupation.delete()


def _exiger_un_agent(acteur: Acteur) -> None:
    if not acteur.est_bailleur or not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse


def _verrouiller(acteur: Acteur, occupation_id: int) -> Occupation:
    occupation = (
        Occupation.objects.modifiables_par(acteur).filter(pk=occupation_id).select_for_update(of=("self",)).first()
    )
    if occupation is None:
        raise Introuvable
    return occupation


def _verifier(acteur: Acteur, saisie: OccupationSaisie, le: date) -> None:
    if saisie.enquete_le > le:
        raise ErreurMetier(
            "date_a_venir", "Cette enquête n'a pas encore eu lieu : donnez sa vraie date.", champ="enquete_le"
        )
    for partie in PARTIES:
        nombre = getattr(saisie, partie)
        if nombre is not None and nombre > saisie.menages:
            raise ErreurMetier(
                "plus_que_de_menages",
                f"Plus que de ménages enquêtés ({saisie.menages}) : corrigez ce nombre, ou celui des ménages.",
                champ=partie,
            )
    connus = Logement.objects.visibles_par(acteur).filter(programme=saisie.programme)
    if not connus.exists():
        raise ErreurMetier(
            "residence_inconnue", "Aucun logement du patrimoine n'est de cette résidence.", champ="programme"
        )
    if saisie.commune_id is not None and not connus.filter(commune_id=saisie.commune_id).exists():
        raise ErreurMetier(
            "residence_ailleurs",
            "Cette résidence n'a pas de logement dans cette commune : laissez la commune vide, ou choisissez-en une autre.",
            champ="commune",
        )


def _ecrire(acteur: Acteur, occupation: Occupation, saisie: OccupationSaisie, action: str) -> Occupation:
    for champ, valeur in asdict(saisie).items():
        setattr(occupation, champ, valeur)
    try:
        with transaction.atomic():
            occupation.save()
            _noter(acteur, occupation, action)
    except IntegrityError as erreur:
        raise ErreurMetier(
            "occupation_deja_connue",
            "L'occupation de cette résidence à cette date est déjà saisie : corrigez-la plutôt.",
            champ="enquete_le",
        ) from erreur
    return occupation


def _noter(acteur: Acteur, occupation: Occupation, action: str) -> None:
    """Le journal dit quelle enquête, pas ses effectifs : il ne se purge pas (RG-64, RG-71)."""
    journaliser(
        acteur=acteur,
        action=action,
        objet=occupation,
        organisme_id=occupation.bailleur_id,
        apres={"programme": occupation.programme, "enquete_le": occupation.enquete_le.isoformat()},
    )
