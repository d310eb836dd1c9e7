"""Ce que vérifiera la signature d'une version qui n'est pas encore signée, sans rien écrire (RG-14, RG-15, RG-18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from conventions.chargement import charger_conventions, lire_reservataire
from conventions.domaine.codes import STOCK_MAINTENU
from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.egalite import fin_d_un_droit
from conventions.domaine.plafonds import controler_partage_des_garanties, controler_plafonds
from conventions.domaine.saisie import LigneSaisie
from conventions.domaine.versions import LigneDroit, Modalites, VersionConvention
from conventions.models import Convention, ReservationStock
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.droit.taux import Derogation
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi, VoieEnvoi

HORIZON_SANS_TERME = timedelta(days=5 * 366)
"""Jusqu'où l'on vérifie les plafonds d'une convention sans terme."""


def convertit_du_stock(convention: Convention, le: date) -> bool:
    """Vrai si le réservataire a chez ce bailleur, dans ce département, des droits en stock non échus, hors stock maintenu (RG-18).

    De suite ou uniques, commencés ou à venir : tous sont convertis, en taux ou dans le solde d'ouverture (RG-35).
    """
    return (
        ReservationStock.objects.filter(
            Q(date_fin__isnull=True) | Q(date_fin__gte=le),
            logement__bailleur_id=convention.bailleur_id,
            logement__commune__departement_id=convention.departement_id,
            reservataire_id=convention.reservataire_id,
        )
        .exclude(reservataire__type__in=STOCK_MAINTENU)
        .exists()
    )


def information_prealable_faite(convention: Convention, le: date) -> bool:
    """Vrai si l'état des lieux du département a été envoyé par le bailleur à cette date (RG-18)."""
    return Envoi.objects.filter(
        genre=GenreEnvoi.INFORMATION_PREALABLE,
        emetteur_id=convention.bailleur_id,
        departement_id=convention.departement_id,
        depose_le__date__lte=le,
    ).exists()


def informations_non_remises(convention: Convention) -> int:
    """Destinataires de l'information préalable qui n'ont encore rien reçu : recommandé à remettre, courriel en échec (RG-18)."""
    return (
        Envoi.objects.filter(
            genre=GenreEnvoi.INFORMATION_PREALABLE,
            emetteur_id=convention.bailleur_id,
            departement_id=convention.departement_id,
            recu_le__isnull=True,
        )
        .filter(Q(etat=EtatEnvoi.PREVU, voie=VoieEnvoi.RECOMMANDE) | Q(etat=EtatEnvoi.ECHEC))
        .count()
    )


def controler_brouillon(convention: Convention) -> list[Controle]:
    """Les contrôles de la version comme si elle était signée aujourd'hui, ou à sa date d'effet ; vide si rien ne s'y oppose."""
    droits = convention.droits.prefetch_related("perimetre", "assiette")
    return controler_saisie(
        convention,
        [
            LigneSaisie(
                droit.contrepartie,
                droit.taux,
                tuple(territoire.pk for territoire in droit.perimetre.all()),
                droit.sous_contingent,
                tuple(territoire.pk for territoire in droit.assiette.all()),
                droit.montant_garanti,
                droit.dernier_versement,
            )
            for droit in droits
        ],
    )


def controler_saisie(convention: Convention, lignes: Sequence[LigneSaisie]) -> list[Controle]:
    """Les mêmes contrôles, de lignes de droit qui ne sont pas encore écrites : la saisie en direct (RG-14)."""
    debut = convention.date_effet or timezone.localdate()
    chargees = charger_conventions(convention.bailleur_id, convention.departement_id)
    version = _projeter(convention, debut, dict(chargees.zones), lignes)
    autres = [
        _sans_recouvrement(autre, convention, debut)
        for autre in chargees.conventions.versions
        if autre.identifiant != convention.pk
    ]
    versions = [version, *(autre for autre in autres if autre is not None)]
    fin = convention.date_fin or debut + HORIZON_SANS_TERME
    trouves = [
        controle
        for controle in (
            *controler_plafonds(versions, debut, fin),
            *controler_partage_des_garanties(versions, debut, fin),
        )
        if convention.pk in controle.conventions
    ]
    if not version.lignes:
        trouves.append(Controle("RG-13", Niveau.BLOQUANT, "Aucune ligne de droit : ajoutez-en une.", (convention.pk,)))
    if convertit_du_stock(convention, debut) and not information_prealable_faite(convention, timezone.localdate()):
        message = "Cette convention convertit du stock : l'information préalable du département doit être envoyée avant la signature."
        trouves.append(Controle("RG-18", Niveau.BLOQUANT, message, (convention.pk,)))
    elif convertit_du_stock(convention, debut) and (restants := informations_non_remises(convention)):
        message = (
            f"L'information préalable n'est pas complète : {restants} destinataires n'ont encore rien reçu. Enregistrez leur remise, ou "
            "corrigez leur adresse, au registre des envois."
        )
        trouves.append(Controle("RG-18", Niveau.ALERTE, message, (convention.pk,)))
    return trouves


def _sans_recouvrement(autre: VersionConvention, convention: Convention, debut: date) -> VersionConvention | None:
    """La version que l'avenant remplace s'arrête la veille de son effet."""
    if convention.avenant_de_id != autre.identifiant:
        return autre
    return replace(autre, fin=debut - UN_JOUR) if autre.debut < debut else None


def _projeter(
    convention: Convention, debut: date, zones: dict[str, frozenset[str]], saisies: Sequence[LigneSaisie]
) -> VersionConvention:
    """La version telle que le calcul la lirait, signée."""
    lignes = []
    for rang, saisie in enumerate(saisies):
        perimetre = frozenset().union(*(zones.get(code, frozenset()) for code in saisie.perimetre))
        assiette = frozenset().union(*(zones.get(code, frozenset()) for code in saisie.assiette))
        lignes.append(
            LigneDroit(
                -rang,
                saisie.contrepartie,
                saisie.sous_contingent,
                saisie.taux,
                perimetre,
                assiette or perimetre,
                saisie.montant_garanti,
                fin=fin_d_un_droit(saisie.contrepartie, saisie.dernier_versement),
            )
        )
    reservataire = convention.reservataire
    return VersionConvention(
        identifiant=convention.pk,
        origine=convention.compte_id,
        numero=convention.numero,
        reservataire=lire_reservataire(
            reservataire.pk, reservataire.code, reservataire.type, reservataire.territoire_id, zones
        ),
        date_signature=debut,
        debut=debut,
        fin=convention.date_fin,
        lignes=tuple(lignes),
        modalites=Modalites(gestion=convention.gestion),
        derogation=Derogation(
            convention.derogation_taux,
            convention.derogation_taux_agents,
            convention.derogation_motif,
            convention.derogation_arrete,
            convention.derogation_debut,
            convention.derogation_fin,
        ),
    )
