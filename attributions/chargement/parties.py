"""Les parties du moteur : conventions successives, reports, repli, plafonds légaux (moteur.md § 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from attributions.domaine.codes import code_compte
from attributions.domaine.faits_moteur import Ligne, Partie, Plafond, U
from conventions.domaine.codes import SousContingent
from conventions.domaine.repli import Repli
from conventions.domaine.versions import (
    Conventions,
    PartieReservataire,
    VersionConvention,
    appliquer_report,
    sous_contingent_de,
    version_de_reference,
)
from flux_reservations.commun.calendrier import UN_JOUR, premier_janvier, trente_et_un_decembre
from flux_reservations.droit.taux import dernier_jour_derogation, plafond_agents, plafond_etat


def a_une_convention_dans_l_annee(conventions: Conventions, reservataire: int, annee: int) -> bool:
    """Vrai si une de ses conventions court au moins un jour de l'année."""
    return any(
        version.court_entre(premier_janvier(annee), trente_et_un_decembre(annee))
        for version in conventions.de(reservataire)
    )


def lire_partie(
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
    return Partie(partie.code, nom, lignes, lire_reports(versions, annee, reports), est_etat=partie.est_etat)


def lire_reports(
    versions: Iterable[VersionConvention], annee: int, reports: Mapping[tuple[int, str], object]
) -> dict[str, int]:
    """Reports à l'ouverture, par sous-contingent, en U : ceux des conventions successives s'additionnent (RG-47)."""
    chaines: dict[int, list[VersionConvention]] = {}
    for version in versions:
        chaines.setdefault(version.origine, []).append(version)
    totaux: dict[str, int] = {}
    for (origine, sous_contingent), solde in reports.items():
        if origine in chaines:
            reference = version_de_reference(chaines[origine], premier_janvier(annee))
            report = appliquer_report(Fraction(str(solde)), reference.politique_de_report, reference.report_plafond)
            totaux[sous_contingent] = totaux.get(sous_contingent, 0) + int(report * U)
    return totaux


def lire_repli(
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


def lire_plafonds(conventions: Conventions, annee: int) -> tuple[Plafond, ...]:
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
