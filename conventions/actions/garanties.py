"""Un emprunt garanti est remboursé : dater l'extinction des droits et en informer le garant, d'un même acte (RG-23)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from conventions.actions.brouillons import verrouiller_convention
from conventions.chargement_garanties import chercher_droit, dates_d_information
from conventions.domaine.codes import Contrepartie, EtatConvention
from conventions.domaine.egalite import GarantieEteinte, lire_garantie_eteinte
from conventions.models import Droit
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import MessageGarantieEteinte
from flux_reservations.socle.journal import journaliser


def declarer_remboursement(*, acteur: Acteur, droit_id: int, dernier_versement: date) -> GarantieEteinte:
    """Inscrit le dernier versement sur un droit né d'une garantie et dépose l'information chez le garant, à la même date.

    Le droit d'une convention signée reste ce qu'il est ; c'est un fait qui le borne : il court encore cinq ans, puis s'éteint. Lève
    `ErreurMetier` pour un autre droit ou une date à venir, `Conflit` si le garant est déjà informé.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    if dernier_versement > timezone.localdate():
        raise ErreurMetier(
            "date_future", "Le dernier versement a une date passée.", regle="RG-23", champ="dernier_versement"
        )
    with transaction.atomic():
        droit = _verrouiller(acteur, droit_id)
        if dates_d_information([droit]):
            raise Conflit("Le garant est déjà informé du remboursement de cet emprunt.", regle="RG-23")
        convention, ancien = droit.convention, droit.dernier_versement
        droit.dernier_versement = dernier_versement
        droit.save(update_fields=["dernier_versement"])
        _dater_les_autres_versions(droit)
        garantie = lire_garantie_eteinte(convention.reservataire.code, dernier_versement)
        journaliser(
            acteur=acteur,
            action="declarer_remboursement",
            objet=droit,
            organisme_id=convention.bailleur_id,
            avant={"dernier_versement": ancien},
            apres={"dernier_versement": dernier_versement, "echeance": garantie.echeance},
        )
        deposer_lot(
            acteur=acteur,
            emetteur=convention.bailleur,
            message=MessageGarantieEteinte(
                convention.bailleur.nom, convention.numero, dernier_versement, garantie.echeance
            ),
            destinataires=[
                Destinataire(convention.reservataire.nom, convention.reservataire_id, convention.reservataire.courriel)
            ],
            objet=Objet(droit, convention.departement_id, page=reverse("convention", args=[convention.pk])),
        )
    return garantie


def _dater_les_autres_versions(droit: Droit) -> None:
    """Le même emprunt, dans les autres versions de la convention : un avenant préparé ou à venir ne le fait pas renaître (RG-16)."""
    compte = droit.convention.compte_id
    Droit.objects.filter(
        Q(convention_id=compte) | Q(convention__origine_id=compte),
        contrepartie=droit.contrepartie,
        montant_garanti=droit.montant_garanti,
        dernier_versement__isnull=True,
    ).exclude(pk=droit.pk).update(dernier_versement=droit.dernier_versement)


def _verrouiller(acteur: Acteur, droit_id: int) -> Droit:
    """Le droit et sa convention, verrouillés ; lève `Introuvable` s'il n'est pas de l'acteur, `ErreurMetier` s'il ne convient pas."""
    visible = chercher_droit(acteur, droit_id)
    if visible is None:
        raise Introuvable
    verrouiller_convention(acteur, visible.convention_id)
    droit = Droit.objects.select_related("convention__bailleur", "convention__reservataire").get(pk=droit_id)
    if droit.convention.etat != EtatConvention.SIGNEE or droit.contrepartie != Contrepartie.GARANTIE_EMPRUNT:
        raise ErreurMetier(
            "sans_garantie", "Ce droit n'est pas né d'une garantie d'emprunt d'une convention signée.", regle="RG-23"
        )
    return droit
