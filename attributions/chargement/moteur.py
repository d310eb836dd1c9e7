"""Des tables aux faits du moteur, en un nombre fixe de requêtes (moteur.md § 2).

Une libération compte à sa disponibilité, au plus tôt le 1er janvier : c'est à ce jour qu'on lit son champ et son QPV.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from attributions.chargement.decompte import charger_orientations, charger_reports, compter_mises_en_location
from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, NatureLiberation, code_compte
from attributions.domaine.decompte import FaitsOrientation
from attributions.domaine.faits_moteur import (
    Cellule,
    CompteDecide,
    FaitsMoteur,
    Ligne,
    LogementLibere,
    Parc,
    Partie,
    Plafond,
    U,
    calculer_rotation,
)
from attributions.models import Liberation
from conventions.chargement import (
    ConventionsChargees,
    StockCharge,
    charger_conventions,
    charger_reservataires,
    compter_droits_de_suite,
    etat_du_departement,
    replis_de_l_annee,
)
from conventions.domaine.codes import STOCK_MAINTENU, NatureDroitStock, SousContingent
from conventions.domaine.repli import Repli
from conventions.domaine.versions import (
    Conventions,
    PartieReservataire,
    VersionConvention,
    appliquer_report,
    sous_contingent_de,
)
from conventions.models import Bailleur, Logement, Reservataire, ReservationStock, SituationLogement
from flux_reservations.commun.calendrier import UN_JOUR, premier_janvier, trente_et_un_decembre
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION, Qualification, qualifier
from flux_reservations.droit.taux import dernier_jour_derogation, plafond_agents, plafond_etat
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
    parc = _charger_parc(bailleur.pk, departement, premier)
    stock = _stock_du_parc(bailleur.pk, departement, premier, parc)
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
        _lire_partie(partie, chargees.conventions, annee, noms[identifiant], reports)
        for identifiant, partie in reservataires.items()
        if partie.code in cites or _a_une_convention_dans_l_annee(chargees.conventions, identifiant, annee)
    ]
    parties += _lire_repli(replis, etat, chargees.conventions, noms)
    connus = {partie.code for partie in parties}
    parties += [Partie(code, code) for code in sorted(cites - connus - {COMPTE_BAILLEUR})]
    faits = FaitsMoteur(
        annee=annee,
        parties=tuple(parties),
        liberations=liberes,
        parc=parc,
        rotation=_charger_rotation(bailleur.pk, departement, annee, chargees, stock.logements),
        plafonds=_lire_plafonds(chargees.conventions, annee),
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
    maintenu = ReservationStock.objects.filter(
        Q(date_debut__isnull=True) | Q(date_debut__lte=OuterRef("date_disponibilite")),
        Q(date_fin__isnull=True) | Q(date_fin__gte=OuterRef("date_disponibilite")),
        logement=OuterRef("logement_id"),
        nature=NatureDroitStock.SUITE,
        reservataire__type__in=STOCK_MAINTENU,
    )
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


def _a_une_convention_dans_l_annee(conventions: Conventions, reservataire: int, annee: int) -> bool:
    return any(
        version.court_entre(premier_janvier(annee), trente_et_un_decembre(annee))
        for version in conventions.de(reservataire)
    )


def _lire_partie(
    partie: PartieReservataire,
    conventions: Conventions,
    annee: int,
    nom: str,
    reports: Mapping[tuple[int, str], object],
) -> Partie:
    """Toutes les conventions d'un réservataire, successives comprises, en une seule partie (moteur.md § 2)."""
    versions = conventions.de(partie.identifiant)
    lignes = tuple(
        Ligne(
            taux=_points(ligne.taux),
            assiette=ligne.assiette,
            perimetre=ligne.perimetre,
            debut=version.debut,
            fin=min((fin for fin in (version.fin, ligne.fin) if fin is not None), default=None),
            sous_contingent=sous_contingent_de(partie, ligne.sous_contingent),
            premieres_locations=version.premieres_locations_dans_le_flux,
        )
        for version in versions
        for ligne in version.lignes
    )
    return Partie(partie.code, nom, lignes, _lire_reports(versions, annee, reports), est_etat=partie.est_etat)


def _lire_reports(
    versions: Iterable[VersionConvention], annee: int, reports: Mapping[tuple[int, str], object]
) -> dict[str, int]:
    """Reports à l'ouverture, par sous-contingent, en U : ceux des conventions successives s'additionnent (RG-47)."""
    chaines: dict[int, list[VersionConvention]] = {}
    for version in versions:
        chaines.setdefault(version.origine, []).append(version)
    totaux: dict[str, int] = {}
    for (origine, sous_contingent), solde in reports.items():
        if origine in chaines:
            reference = _version_de_reference(chaines[origine], annee)
            report = appliquer_report(Fraction(str(solde)), reference.politique_de_report, reference.report_plafond)
            totaux[sous_contingent] = totaux.get(sous_contingent, 0) + int(report * U)
    return totaux


def _version_de_reference(versions: Iterable[VersionConvention], annee: int) -> VersionConvention:
    """La version dont la politique de report s'applique : celle d'avant ou du 1er janvier, à défaut la première."""
    ordonnees = sorted(versions, key=lambda version: version.debut)
    anterieures = [version for version in ordonnees if version.debut <= premier_janvier(annee)]
    return anterieures[-1] if anterieures else ordonnees[0]


def _lire_repli(
    replis: Iterable[Repli], etat: PartieReservataire | None, conventions: Conventions, noms: Mapping[int, str]
) -> list[Partie]:
    """Le compte `ETAT…/repli`, partie distincte de l'État, une ligne par réservataire non converti (RG-19)."""
    replis = list(replis)
    if not replis or etat is None:
        return []
    dans_le_flux = any(version.premieres_locations_dans_le_flux for version in conventions.de(etat.identifiant))
    lignes = tuple(
        Ligne(_points(repli.taux), repli.zone, repli.zone, repli.debut, repli.fin, premieres_locations=dans_le_flux)
        for repli in replis
    )
    return [Partie(code_compte(etat.code, SousContingent.REPLI), f"{noms[etat.identifiant]} (repli)", lignes)]


def _points(taux: object) -> int:
    """Un taux en % (deux décimales) en points de base."""
    return int(Fraction(str(taux)) * 100)


def _lire_plafonds(conventions: Conventions, annee: int) -> tuple[Plafond, ...]:
    """Plafonds légaux à chaque date où ils peuvent changer : version de l'État, dérogation, texte (RG-14, RG-37, RG-38)."""
    premier = premier_janvier(annee)
    coupures = {premier}
    for version in conventions.versions:
        if version.reservataire.est_etat:
            derogation = version.derogation
            fin_de_derogation = derogation.fin
            if derogation.debut and derogation.fin:
                fin_de_derogation = min(derogation.fin, dernier_jour_derogation(derogation.debut))
            fins = [fin + UN_JOUR for fin in (version.fin, fin_de_derogation) if fin is not None]
            bornes = [version.debut, derogation.debut, *fins]
            coupures.update(borne for borne in bornes if borne is not None and borne > premier)
    plafonds = []
    for jour in sorted(coupures):
        etat = conventions.etat(jour)
        derogation_du_jour = etat.derogation if etat else None
        plafonds.append(
            Plafond(
                depuis=date.min if jour == premier else jour,
                etat=int(plafond_etat(jour, derogation_du_jour) * U),
                agents=int(plafond_agents(jour, derogation_du_jour) * U),
                garde_hors_qpv=etat is not None and etat.garde_hors_qpv,
            )
        )
    return tuple(plafonds)


def _charger_parc(bailleur: int, departement: str, le: date) -> dict[Cellule, int]:
    """Logements du champ et du flux, par commune, QPV, typologie et financement, à cette date (une requête).

    Les mêmes que `logements_du_flux`, par une jointure : c'est le plus gros compte de l'année.
    """
    maintenus = ReservationStock.objects.actives(le).filter(
        nature=NatureDroitStock.SUITE, reservataire__type__in=STOCK_MAINTENU, logement__bailleur_id=bailleur
    )
    lignes = (
        Logement.objects.filter(bailleur_id=bailleur, commune__departement_id=departement)
        .annotate(situation=FilteredRelation("situations", condition=Q(situations__periode__contains=le)))
        .filter(Q(situation__hors_champ="") | Q(situation__isnull=True))
        .exclude(pk__in=maintenus.values("logement_id"))
        .annotate(en_qpv=Case(When(situation__qpv__gt="", then=True), default=False, output_field=BooleanField()))
        .order_by()
        .values("commune_id", "en_qpv", "typologie", "financement")
        .annotate(nombre=Count("pk"))
        .values_list("commune_id", "en_qpv", "typologie", "financement", "nombre")
    )
    return {(commune, qpv, typologie, financement): nombre for commune, qpv, typologie, financement, nombre in lignes}


def _stock_du_parc(bailleur: int, departement: str, le: date, parc: Parc) -> StockCharge:
    """Ce qui fonde le repli : les logements du parc déjà compté, et les droits de suite s'il en reste."""
    logements: dict[str, int] = {}
    for (commune, *_), nombre in parc.items():
        logements[commune] = logements.get(commune, 0) + nombre
    restants = ReservationStock.objects.actives(le).filter(logement__bailleur_id=bailleur)
    droits = compter_droits_de_suite(bailleur, departement, le) if restants.exists() else {}
    return StockCharge(logements, droits)


def _charger_rotation(
    bailleur: int, departement: str, annee: int, chargees: ConventionsChargees, logements: int
) -> int:
    """Rotation des trois années civiles précédentes, en points de base (une requête)."""
    premier = premier_janvier(annee)
    annees = ANNEES_DE_PREVISION.valeur(premier)
    locations = compter_mises_en_location(
        bailleur,
        departement,
        premier_janvier(annee - annees),
        trente_et_un_decembre(annee - 1),
        chargees.conventions,
        premier,
    )
    return calculer_rotation(sum(locations.values()), logements, annees)
