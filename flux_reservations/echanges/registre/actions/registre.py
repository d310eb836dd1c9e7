"""Tenir le registre à l'écran : inscrire, corriger, supprimer un organisme. Les règles sont celles de l'import, et d'elles seules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.echanges.actions import ecrire_des_lignes
from flux_reservations.echanges.lecture.fichiers import lignes_donnees
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.echanges.registre.actions.demandes import repondre_par_un_organisme
from flux_reservations.echanges.registre.actions.droits import exiger_l_administration
from flux_reservations.echanges.registre.usage import lire_usage, supprimer_sans_reste
from flux_reservations.socle.journal import journaliser

BAILLEURS, RESERVATAIRES = "bailleurs", "reservataires"
CLES = {BAILLEURS: "siren", RESERVATAIRES: "code"}
"""Ce qui désigne un organisme dans les fichiers : il ne change pas."""


@dataclass(frozen=True, slots=True)
class Inscription:
    """Un organisme inscrit ou corrigé, et ce dont l'import aurait averti."""

    organisme: Organisme
    avertissements: tuple[str, ...]
    change: bool = True


def inscrire_organisme(
    *, acteur: Acteur, tableau: str, valeurs: Mapping[str, str], demande_id: int | None = None
) -> Inscription:
    """Ajoute un bailleur ou un réservataire au registre ; `demande_id` : la demande à laquelle cela répond, close du même coup.

    Lève `ErreurMetier` (le champ fautif et son remède), `Conflit` si la demande a déjà sa réponse.
    """
    exiger_l_administration(acteur)
    with transaction.atomic():
        rapport = _ecrire(acteur, tableau, valeurs)
        if not rapport.fichiers[0].crees:
            raise ErreurMetier(
                "deja_au_registre",
                "Un organisme du registre est déjà désigné ainsi : modifiez sa fiche, ou donnez un autre identifiant.",
                champ=CLES[tableau],
            )
        organisme = _retrouver(acteur, tableau, valeurs[CLES[tableau]])
        _noter(acteur, "creer_organisme", organisme, rapport)
        if demande_id is not None:
            repondre_par_un_organisme(acteur=acteur, demande_id=demande_id, organisme=organisme, est_nouveau=True)
    return Inscription(organisme, _avertissements(rapport))


def corriger_organisme(*, acteur: Acteur, organisme_id: int, valeurs: Mapping[str, str]) -> Inscription:
    """Corrige la fiche d'un bailleur ou d'un réservataire ; son SIREN ou son code, qui le désigne partout, reste.

    Lève `ErreurMetier`, `Introuvable`. Sans changement, n'écrit rien.
    """
    exiger_l_administration(acteur)
    tableau, cle = designer_au_registre(acteur, organisme_id)
    with transaction.atomic():
        rapport = _ecrire(acteur, tableau, {CLES[tableau]: cle} | dict(valeurs))
        organisme = _retrouver(acteur, tableau, cle)
        if rapport.changements:
            _noter(acteur, "modifier_organisme", organisme, rapport)
    return Inscription(organisme, _avertissements(rapport), change=bool(rapport.changements))


def supprimer_organisme(*, acteur: Acteur, organisme_id: int) -> None:
    """Supprime un organisme dont rien ne dépend encore. Lève `Conflit` sinon, en disant quoi, `AccesRefuse` pour le sien."""
    exiger_l_administration(acteur)
    if organisme_id == acteur.organisme_id:
        raise AccesRefuse("On ne supprime pas l'organisme au nom duquel on agit.")
    with transaction.atomic():
        # Qui veut citer l'organisme attend la fin de la transaction, puis ne le trouve plus : rien ne s'y ajoute entre-temps.
        for modele in (Bailleur, Reservataire):
            modele.objects.visibles_par(acteur).filter(pk=organisme_id).select_for_update().first()
        organisme = Organisme.objects.modifiables_par(acteur).filter(pk=organisme_id).select_for_update().first()
        if organisme is None:
            raise Introuvable
        usage = lire_usage(organisme_id)
        if usage:
            quoi = ", ".join(f"{un.quoi.lower()} ({un.nombre})" for un in usage)
            raise Conflit(f"Des données en dépendent, il ne se supprime plus : {quoi}.")
        journaliser(
            acteur=acteur,
            action="supprimer_organisme",
            objet=organisme,
            organisme_id=acteur.organisme_id,
            avant={"nature": organisme.nature, "nom": organisme.nom, "siren": organisme.siren},
        )
        supprimer_sans_reste(organisme_id)


def designer_au_registre(acteur: Acteur, organisme_id: int) -> tuple[str, str]:
    """Le tableau et la clé d'un organisme du registre. Lève `Introuvable` pour un autre (une administration)."""
    bailleur = Bailleur.objects.visibles_par(acteur).filter(pk=organisme_id).first()
    if bailleur is not None:
        return BAILLEURS, bailleur.siren
    reservataire = Reservataire.objects.visibles_par(acteur).filter(pk=organisme_id).first()
    if reservataire is None:
        raise Introuvable
    return RESERVATAIRES, reservataire.code


def _ecrire(acteur: Acteur, tableau: str, valeurs: Mapping[str, str]) -> Rapport:
    """Passe la ligne au noyau de l'import ; son premier refus devient l'erreur du champ."""
    rapport = ecrire_des_lignes(lignes_donnees(tableau, [valeurs]), acteur=acteur)
    if rapport.erreurs:
        refus = rapport.erreurs[0]
        raise ErreurMetier("saisie_refusee", refus.message, champ=refus.colonne)
    return rapport


def _retrouver(acteur: Acteur, tableau: str, cle: str) -> Organisme:
    if tableau == BAILLEURS:
        return Bailleur.objects.visibles_par(acteur).get(siren=cle)
    return Reservataire.objects.visibles_par(acteur).get(code=cle)


def _noter(acteur: Acteur, action: str, organisme: Organisme, rapport: Rapport) -> None:
    """L'acte se lit au journal de l'organisme, dont la fiche change, et à celui de l'administration, qui tient le registre."""
    champs = rapport.changements[0].champs
    for chaine in (organisme.pk, acteur.organisme_id):
        journaliser(
            acteur=acteur,
            action=action,
            objet=organisme,
            organisme_id=chaine,
            avant={nom: avant for nom, (avant, _) in champs.items() if avant},
            apres={nom: apres for nom, (_, apres) in champs.items()},
        )


def _avertissements(rapport: Rapport) -> tuple[str, ...]:
    return tuple(un.message for un in rapport.avertissements)
