"""Tenir le carnet des autorités : inscrire un contact daté, fermer le précédent (RG-17, RG-18, RG-60)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from conventions.domaine.codes import VoieDeRemise
from conventions.models import ContactAutorite
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.autorites import PARIS
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Territoire

TENEURS = frozenset({Nature.BAILLEUR, Nature.ETAT, Nature.PLATEFORME})
NATURES_D_AUTORITE = ("departement", "epci", "ept", "metropole")


@dataclass(frozen=True, slots=True)
class ContactSaisi:
    """Un contact tel qu'on le saisit."""

    nom: str
    voie: str
    depuis: date
    courriel: str = ""
    adresse: str = ""
    concerne_par_la_reforme: bool = False


def inscrire_contact(*, acteur: Acteur, territoire_id: str, saisi: ContactSaisi) -> ContactAutorite:
    """Inscrit le contact d'une autorité à partir de sa date ; celui que le même organisme tenait s'arrête la veille.

    Un bailleur inscrit pour lui, l'État pour les territoires de son département, la plateforme partout. Lève `ErreurMetier`.
    """
    if acteur.nature not in TENEURS or not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    territoire = Territoire.objects.filter(pk=territoire_id).first()
    if territoire is None or (territoire.nature not in NATURES_D_AUTORITE and territoire.pk != PARIS):
        raise Introuvable("Ce territoire n'a pas d'autorité au carnet.")
    if acteur.nature is Nature.ETAT and not _touche(territoire, acteur.territoire):
        raise AccesRefuse("Ce territoire n'est pas de votre département.")
    if saisi.voie == VoieDeRemise.COURRIEL and not saisi.courriel:
        raise ErreurMetier("courriel_obligatoire", "Une remise par courriel exige une adresse.", champ="courriel")
    try:
        with transaction.atomic():
            _fermer_le_precedent(acteur, territoire, saisi.depuis)
            contact = ContactAutorite.objects.create(
                territoire=territoire,
                tenu_par_id=acteur.organisme,
                nom=saisi.nom.strip(),
                courriel=saisi.courriel,
                adresse=saisi.adresse.strip(),
                voie=saisi.voie,
                concerne_par_la_reforme=saisi.concerne_par_la_reforme,
                depuis=saisi.depuis,
                saisi_par_id=acteur.utilisateur_id,
            )
            journaliser(
                acteur=acteur,
                action="inscrire_contact",
                objet=contact,
                organisme_id=acteur.organisme_id,
                apres={"territoire": territoire.pk, "voie": saisi.voie, "depuis": saisi.depuis},
            )
    except IntegrityError as erreur:
        raise ErreurMetier(
            "contact_recouvert",
            "Un contact plus récent vaut déjà à cette date : donnez-en une plus tardive.",
            champ="depuis",
        ) from erreur
    return contact


def _touche(territoire: Territoire, departement: str) -> bool:
    code = departement.partition(":")[2]
    return Territoire.objects.touchant_le_departement(code).filter(pk=territoire.pk).exists()


def _fermer_le_precedent(acteur: Acteur, territoire: Territoire, depuis: date) -> None:
    """Le contact en cours s'arrête la veille ; un contact du même jour est remplacé."""
    precedent = (
        ContactAutorite.objects.modifiables_par(acteur)
        .filter(territoire=territoire, tenu_par_id=acteur.organisme, jusqu_au__isnull=True, depuis__lte=depuis)
        .select_for_update()
        .first()
    )
    if precedent is None:
        return
    if precedent.depuis == depuis:
        precedent.delete()
        return
    precedent.jusqu_au = depuis - UN_JOUR
    precedent.save(update_fields=["jusqu_au"])
