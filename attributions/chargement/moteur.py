"""Des tables aux faits du moteur, en un nombre fixe de requêtes (moteur.md § 2).

Une libération compte à sa disponibilité, au plus tôt le 1er janvier : c'est à ce jour qu'on lit son champ et son QPV.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Greatest

from attributions.chargement.decompte import charger_orientations, charger_reports
from attributions.chargement.parc import charger_parc, charger_rotation, stock_du_parc
from attributions.chargement.parties import a_une_convention_dans_l_annee, lire_partie, lire_plafonds, lire_repli
from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, NatureLiberation, code_compte
from attributions.domaine.decompte import FaitsOrientation
from attributions.domaine.faits_moteur import (
    CompteDecide,
    FaitsMoteur,
    LogementLibere,
    Partie,
)
from attributions.models import Liberation
from conventions.chargement import (
    charger_conventions,
    charger_reservataires,
    etat_du_departement,
    replis_de_l_annee,
)
from conventions.domaine.codes import SousContingent
from conventions.domaine.versions import (
    Conventions,
    PartieReservataire,
    sous_contingent_de,
)
from conventions.models import Bailleur, Reservataire, ReservationStock, SituationLogement
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre
from flux_reservations.droit.assiette import Qualification, qualifier
from flux_reservations.territoires.models import Commune


@dataclass(frozen=True, slots=True)
class AnneeDuMoteur:
    """Les faits d'une année, et de quoi revenir aux lignes.

    `liberations` : identifiant par numéro ; `reservataires` : identifiant par code de réservataire.
    """

    faits: FaitsMoteur
    liberations: Mapping[str, int]
    reservataires: Mapping[str, int]

    def compte(self, partie: str, sous_contingent: str = "") -> tuple[int | None, str]:
        """(réservataire, sous-contingent) d'une partie du moteur, tels qu'une orientation les enregistre."""
        if partie == COMPTE_BAILLEUR:
            return None, ""
        code, _, repli = partie.partition("/")
        return self.reservataires[code], repli or sous_contingent


def charger_annee_du_moteur(bailleur: Bailleur, departement: str, annee: int) -> AnneeDuMoteur:
    """Les faits du moteur pour l'année d'un bailleur dans un département (nombre fixe de requêtes)."""
    chargees = charger_conventions(bailleur.pk, departement)
    premier = premier_janvier(annee)
    parc = charger_parc(bailleur.pk, departement, premier)
    stock = stock_du_parc(bailleur.pk, departement, premier, parc)
    lignes = list(_liberations_de_l_annee(bailleur.pk, departement, annee))
    orientations = charger_orientations(ligne.pk for ligne in lignes)
    orientes = {une.reservataire for suite in orientations.values() for une in suite if une.reservataire is not None}
    conventionnes = {version.reservataire.identifiant for version in chargees.conventions.versions}
    reservataires = charger_reservataires(orientes | conventionnes | set(stock.droits), chargees.zones, departement)
    etat = etat_du_departement(chargees.conventions, reservataires)
    replis = replis_de_l_annee(annee, chargees, stock, reservataires)
    noms = dict(Reservataire.objects.filter(pk__in=reservataires).values_list("pk", "nom"))
    liberes = tuple(
        _lire_libere(ligne, annee, orientations.get(ligne.pk, ()), reservataires)
        for ligne in lignes
        if _est_du_flux(ligne, chargees.conventions, premier)
    )
    reports = charger_reports(bailleur.pk, departement, annee)
    cites = {libere.decision.code for libere in liberes if libere.decision} | {
        code for libere in liberes for code in libere.rendus
    }
    parties = [
        lire_partie(partie, chargees.conventions, annee, noms[identifiant], reports)
        for identifiant, partie in reservataires.items()
        if partie.code in cites or a_une_convention_dans_l_annee(chargees.conventions, identifiant, annee)
    ]
    parties += lire_repli(replis, etat, chargees.conventions, noms)
    connus = {partie.code for partie in parties}
    parties += [Partie(code, code) for code in sorted(cites - connus - {COMPTE_BAILLEUR})]
    faits = FaitsMoteur(
        annee=annee,
        parties=tuple(parties),
        liberations=liberes,
        parc=parc,
        rotation=charger_rotation(bailleur.pk, departement, annee, chargees, stock.logements),
        plafonds=lire_plafonds(chargees.conventions, annee),
        communes=chargees.communes,
        noms=dict(Commune.objects.filter(pk__in={libere.commune for libere in liberes}).values_list("pk", "nom")),
    )
    return AnneeDuMoteur(
        faits,
        {ligne.numero: ligne.pk for ligne in lignes},
        {partie.code: identifiant for identifiant, partie in reservataires.items()},
    )


def _liberations_de_l_annee(bailleur: int, departement: str, annee: int) -> QuerySet[Liberation]:
    """Disponibles dans l'année, et celles d'avant sans bail au 31 décembre précédent, avec leur situation (une requête)."""
    premier, dernier = premier_janvier(annee), trente_et_un_decembre(annee)
    situations = SituationLogement.objects.filter(logement=OuterRef("logement_id"))
    du_jour = situations.filter(periode__contains=OuterRef("entree"))
    la_premiere = situations.order_by("periode")
    actives = ReservationStock.objects.actives(OuterRef("date_disponibilite"))
    maintenu = actives.maintenues().filter(logement=OuterRef("logement_id"))
    return (
        Liberation.objects.filter(bailleur_id=bailleur, retrait="", exclusion="", date_disponibilite__lte=dernier)
        .filter(Q(date_disponibilite__gte=premier) | Q(date_bail__isnull=True) | Q(date_bail__gte=premier))
        .du_departement(departement)
        .annotate(
            entree=Greatest(F("date_disponibilite"), Value(premier)),
            qpv_du_jour=Coalesce(
                Subquery(du_jour.values("qpv")[:1]), Subquery(la_premiere.values("qpv")[:1]), Value("")
            ),
            hors_champ_du_jour=Coalesce(
                Subquery(du_jour.values("hors_champ")[:1]), Subquery(la_premiere.values("hors_champ")[:1]), Value("")
            ),
            est_maintenu=Exists(maintenu),
        )
        .select_related("logement")
        .order_by("date_disponibilite", "numero")
    )


def _est_du_flux(liberation: Liberation, conventions: Conventions, premier: date) -> bool:
    """Vrai si la libération appelle LIBERE : ni hors champ, ni en stock maintenu, ni en première location à part (RG-40)."""
    est_premiere = liberation.nature == NatureLiberation.PREMIERE_LOCATION
    entree = max(liberation.date_disponibilite, premier)
    qualification = qualifier(
        est_retiree=bool(liberation.retrait),
        est_hors_champ=bool(liberation.hors_champ_du_jour),  # type: ignore[attr-defined]  # annotée
        est_en_stock_maintenu=liberation.est_maintenu,  # type: ignore[attr-defined]  # annotée
        est_premiere_location=est_premiere,
        premiere_location_dans_le_flux=est_premiere
        and conventions.premieres_locations_dans_le_flux(liberation.logement.commune_id, entree),
        exclusion=liberation.exclusion,
    )
    return qualification is Qualification.FLUX


def _lire_libere(
    liberation: Liberation,
    annee: int,
    orientations: Iterable[FaitsOrientation],
    reservataires: Mapping[int, PartieReservataire],
) -> LogementLibere:
    """Une libération vue du moteur : sa décision réelle, et les comptes qui l'ont rendue."""
    decision = next((une for une in orientations if not une.est_abandonnee), None)
    logement = liberation.logement
    return LogementLibere(
        numero=liberation.numero,
        disponibilite=liberation.date_disponibilite,
        commune=logement.commune_id,
        qpv=bool(liberation.qpv_du_jour),  # type: ignore[attr-defined]  # annotée
        typologie=logement.typologie,
        financement=logement.financement,
        premiere_location=liberation.nature == NatureLiberation.PREMIERE_LOCATION,
        decision=_compte_decide(decision, reservataires) if decision else None,
        rendus=frozenset(_compte_decide(une, reservataires).code for une in orientations if une.issue == Issue.RENDU),
        annee=annee,
    )


def _compte_decide(orientation: FaitsOrientation, reservataires: Mapping[int, PartieReservataire]) -> CompteDecide:
    """Le compte d'une orientation réelle, au sens du moteur : l'État n'en forme qu'un, le repli un autre."""
    if orientation.reservataire is None:
        return CompteDecide(COMPTE_BAILLEUR)
    partie = reservataires[orientation.reservataire]
    if orientation.sous_contingent == SousContingent.REPLI:
        return CompteDecide(code_compte(partie.code, SousContingent.REPLI))
    return CompteDecide(partie.code, sous_contingent_de(partie, orientation.sous_contingent))
