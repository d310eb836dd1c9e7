"""Ce que vérifiera la signature d'une version qui n'est pas encore signée, sans rien écrire (RG-14, RG-15, RG-18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from conventions.chargement import ConventionsChargees, charger_conventions, lire_reservataire
from conventions.domaine.codes import STOCK_MAINTENU
from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.egalite import fin_d_un_droit
from conventions.domaine.plafonds import controler_partage_des_garanties, controler_plafonds
from conventions.domaine.saisie import LigneSaisie
from conventions.domaine.versions import LigneDroit, Modalites, VersionConvention
from conventions.models import Convention, ReservationStock
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.droit.taux import Derogation
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.suivi_des_envois import servi_le
from flux_reservations.socle.presentation import ecrire_date

HORIZON_SANS_TERME = timedelta(days=5 * 366)
"""Jusqu'où l'on vérifie les plafonds d'une convention sans terme."""


@dataclass(frozen=True, slots=True)
class InformationPrealable:
    """Où en est l'information préalable d'un bailleur dans un département (RG-18)."""

    le: date
    """Le jour où on la lit : ce qui a été remis depuis ne compte pas."""
    lot: UUID | None = None
    """L'envoi simultané le plus avancé ce jour-là ; None : aucun n'est déposé."""
    depose_le: datetime | None = None
    destinataires: int = 0
    non_remis: int = 0
    """Destinataires de cet envoi qui n'avaient encore rien reçu ; zéro : il est complet."""

    @property
    def faite(self) -> bool:
        """Vrai si un envoi simultané est déposé."""
        return self.lot is not None

    @property
    def est_complete(self) -> bool:
        """Vrai si tous les destinataires d'un même envoi l'ont reçu : c'est ce que la signature exige."""
        return self.faite and not self.non_remis

    def refus(self) -> str:
        """Ce qui manque, et le remède ; vide si elle est complète."""
        if not self.faite:
            return (
                "L'information préalable du département n'a pas été envoyée : envoyez l'état des lieux à tous les réservataires, ou "
                "enregistrez l'envoi déjà fait, avant de signer une convention qui convertit du stock."
            )
        if self.non_remis:
            sujet = (
                "un destinataire n'avait encore rien reçu"
                if self.non_remis == 1
                else f"{self.non_remis} destinataires n'avaient encore rien reçu"
            )
            return (
                f"L'information préalable n'est pas complète au {ecrire_date(self.le)} : {sujet}. "
                "Enregistrez leur remise, ou corrigez leur adresse, depuis l'état des lieux ou le registre des envois, avant "
                "de signer une convention qui convertit du stock."
            )
        return ""


@dataclass(frozen=True, slots=True)
class FondsDeControle:
    """Ce qu'il faut pour contrôler toutes les versions d'un département, lu une fois (nombre fixe de requêtes)."""

    chargees: ConventionsChargees
    stock: Mapping[int, date | None]
    """Par réservataire qui a du stock à convertir, sa dernière date de fin ; None : sans fin."""
    information: InformationPrealable

    def convertit_du_stock(self, reservataire: int, le: date) -> bool:
        """Vrai si ce réservataire a des droits en stock non échus à cette date."""
        if reservataire not in self.stock:
            return False
        fin = self.stock[reservataire]
        return fin is None or fin >= le


def charger_fonds_de_controle(bailleur: int, departement: str) -> FondsDeControle:
    """Conventions signées, stock, information préalable à ce jour."""
    return FondsDeControle(
        charger_conventions(bailleur, departement),
        _lire_le_stock(bailleur, departement),
        lire_information_prealable(bailleur, departement, timezone.localdate()),
    )


def _lire_le_stock(bailleur: int, departement: str, **filtres: object) -> dict[int, date | None]:
    lignes = (
        ReservationStock.objects.filter(
            logement__bailleur_id=bailleur, logement__commune__departement_id=departement, **filtres
        )
        .exclude(reservataire__type__in=STOCK_MAINTENU)
        .order_by()
        .values("reservataire_id")
        .annotate(derniere=Max("date_fin"), sans_fin=Count("pk", filter=Q(date_fin__isnull=True)))
        .values_list("reservataire_id", "derniere", "sans_fin")
    )
    return {reservataire: None if sans_fin else derniere for reservataire, derniere, sans_fin in lignes}


def convertit_du_stock(convention: Convention, le: date) -> bool:
    """Vrai si le réservataire a chez ce bailleur, dans ce département, des droits en stock non échus, hors stock maintenu (RG-18).

    De suite ou uniques, commencés ou à venir : tous sont convertis, en taux ou dans le solde d'ouverture (RG-35).
    """
    stock = _lire_le_stock(
        convention.bailleur_id, convention.departement_id, reservataire_id=convention.reservataire_id
    )
    fin = stock.get(convention.reservataire_id, date.min)
    return fin is None or fin >= le


def lire_information_prealable(bailleur: int, departement: str, le: date) -> InformationPrealable:
    """L'information préalable telle qu'elle était à cette date, dans l'envoi le plus avancé : il suffit d'un complet (une requête).

    « L'envoi est complet ou repris jusqu'à l'être » (RG-18) : un envoi à moitié remis n'informe pas simultanément. À égalité, le
    premier déposé.
    """
    avance = (
        Envoi.objects.filter(
            genre=GenreEnvoi.INFORMATION_PREALABLE,
            emetteur_id=bailleur,
            departement_id=departement,
            depose_le__date__lte=le,
        )
        .order_by()
        .values("lot")
        .annotate(tous=Count("pk"), reste=Count("pk") - Count("pk", filter=servi_le(le)), du=Min("depose_le"))
        .order_by("reste", "du", "lot")
        .first()
    )
    if avance is None:
        return InformationPrealable(le)
    return InformationPrealable(le, avance["lot"], avance["du"], avance["tous"], avance["reste"])


def controler_brouillon(convention: Convention, fonds: FondsDeControle | None = None) -> list[Controle]:
    """Les contrôles de la version comme si elle était signée aujourd'hui, ou à sa date d'effet ; vide si rien ne s'y oppose.

    `fonds` : celui du département, lu une fois pour plusieurs versions (leurs droits préchargés).
    """
    droits = convention.droits.all() if fonds else convention.droits.prefetch_related("perimetre", "assiette")
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
        fonds,
    )


def controler_saisie(
    convention: Convention, lignes: Sequence[LigneSaisie], fonds: FondsDeControle | None = None
) -> list[Controle]:
    """Les mêmes contrôles, de lignes de droit qui ne sont pas encore écrites : la saisie en direct (RG-14)."""
    debut = convention.date_effet or timezone.localdate()
    fonds = fonds or charger_fonds_de_controle(convention.bailleur_id, convention.departement_id)
    chargees = fonds.chargees
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
    if fonds.convertit_du_stock(convention.reservataire_id, debut) and (refus := fonds.information.refus()):
        trouves.append(Controle("RG-18", Niveau.BLOQUANT, refus, (convention.pk,)))
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
