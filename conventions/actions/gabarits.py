"""Écrire un gabarit de convention : vérifié, puis gardé comme une nouvelle version (RG-12)."""

from __future__ import annotations

from django.db import transaction

from conventions.domaine.gabarit import verifier_gabarit
from conventions.domaine.gabarit_type import NOM
from conventions.models import Bailleur, Gabarit
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.socle.journal import journaliser


def ecrire_gabarit(*, acteur: Acteur, bailleur_id: int, nom: str, texte: str) -> Gabarit:
    """Garde la version suivante du gabarit de ce nom ; un texte inchangé rend la version courante.

    Lève `ErreurMetier` à la première faute du gabarit, avec sa ligne.
    """
    nom, texte = nom.strip(), texte.replace("\r\n", "\n")
    if not nom or nom == NOM:
        raise ErreurMetier("nom_de_gabarit", f"Donnez un nom au gabarit, autre que « {NOM} ».", champ="nom")
    verifier_gabarit(texte)
    with transaction.atomic():
        bailleur = (
            Bailleur.objects.modifiables_par(acteur).filter(pk=bailleur_id).select_for_update(of=("self",)).first()
        )
        if bailleur is None:
            raise AccesRefuse
        derniere = Gabarit.objects.filter(bailleur=bailleur, nom=nom).order_by("-rang").first()
        if derniere is not None and derniere.texte == texte:
            return derniere
        gabarit = Gabarit.objects.create(
            bailleur=bailleur,
            nom=nom,
            rang=derniere.rang + 1 if derniere else 1,
            texte=texte,
            ecrit_par_id=acteur.utilisateur_id,
        )
        journaliser(
            acteur=acteur,
            action="ecrire_gabarit",
            objet=gabarit,
            organisme_id=bailleur.pk,
            apres={"nom": nom, "version": gabarit.rang},
        )
    return gabarit
