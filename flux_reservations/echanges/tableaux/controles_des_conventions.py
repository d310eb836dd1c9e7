"""Ce qui s'oppose à une version de convention importée : ses modalités, qui peut la signer, l'unicité (RG-10, RG-14, RG-16)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from conventions.actions.clauses import lire_derogation
from conventions.domaine.codes import EtatConvention, Report
from conventions.models import Convention
from flux_reservations.commun.acteur import Role
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.versions import ReserveConventions, Version, periode_de_vigueur
from flux_reservations.socle.journal import journaliser

RESERVE_AU_RESPONSABLE = (
    "Signer, résilier ou changer une convention signée est réservé à un responsable : demandez-lui de faire cet import."
)
_CHAMPS_DU_JOURNAL = (
    "etat",
    "date_signature",
    "date_effet",
    "date_fin",
    "date_resiliation",
    "remplacee_le",
    "derogation_taux",
    "derogation_taux_agents",
)


def controler_version(suivi: Suivi, ligne: Ligne, valeurs: dict[str, Any]) -> None:
    """Ce que la base refuserait, dit à sa ligne."""
    debut, fin = valeurs["date_effet"], valeurs["date_fin"]
    if debut and fin and fin < debut:
        suivi.refuser(
            ligne, "date_fin", f"Le terme précède la date d'effet ({debut.isoformat()}) : corrigez l'une des deux."
        )
    if valeurs["report_plafond"] is not None and valeurs["report"] != Report.PLAFONNE:
        suivi.refuser(
            ligne, "report_plafond", "Un plafond suppose report = plafonne : mettez plafonne, ou videz la cellule."
        )
    if valeurs["report"] == Report.PLAFONNE and valeurs["report_plafond"] is None:
        suivi.refuser(ligne, "report_plafond", "Un report plafonné a un plafond, en logements : remplissez la cellule.")
    if valeurs["derogation_taux"] is not None or valeurs["derogation_taux_agents"] is not None:
        for colonne in ("derogation_debut", "derogation_fin"):
            if valeurs[colonne] is None:
                suivi.refuser(ligne, colonne, "Une dérogation préfectorale a un début et une fin (RG-14).")
        _signaler_une_derogation_sans_effet(suivi, ligne, valeurs)
    if (
        valeurs["derogation_debut"]
        and valeurs["derogation_fin"]
        and valeurs["derogation_fin"] < valeurs["derogation_debut"]
    ):
        suivi.refuser(ligne, "derogation_fin", "La fin de la dérogation précède son début.")


def _signaler_une_derogation_sans_effet(suivi: Suivi, ligne: Ligne, valeurs: dict[str, Any]) -> None:
    """Une dérogation irrégulière ne lève aucun plafond : l'import la reprend, et le dit (RG-14)."""
    defauts = lire_derogation(valeurs).defauts
    if defauts and not ligne.fautive:
        message = f"Cette dérogation ne lève aucun plafond : il manque {', '.join(defauts)} (RG-14)."
        suivi.avertir(ligne, "derogation_fin", message)


def reserver_au_responsable(suivi: Suivi, reserve: ReserveConventions) -> None:
    """Signer, résilier, ou changer une version signée est un acte de responsable, par fichier comme à l'écran."""
    if suivi.contexte.acteur.peut(Role.RESPONSABLE):
        return
    for version in reserve.versions.values():
        ancien, valeurs = version.ancien, version.valeurs
        signee = EtatConvention.SIGNEE in {valeurs["etat"], ancien["etat"] if ancien else ""} or any(
            valeurs[nom] != (ancien or {}).get(nom)
            for nom in ("date_signature_bailleur", "date_signature_reservataire")
        )
        if version.ligne is not None and signee and valeurs != ancien:
            suivi.refuser(version.ligne, "date_signature", RESERVE_AU_RESPONSABLE)


def controler_unicite(suivi: Suivi, reserve: ReserveConventions) -> None:
    """Au plus une version en vigueur à une date par bailleur, réservataire et département (RG-10)."""
    groupes: dict[tuple[Any, ...], list[tuple[dt.date, dt.date, Version]]] = defaultdict(list)
    for version in reserve.versions.values():
        periode = periode_de_vigueur(version.valeurs)
        if periode:
            valeurs = version.valeurs
            groupes[valeurs["bailleur_id"], valeurs["reservataire_id"], valeurs["departement_id"]].append(
                (*periode, version)
            )
    for groupe in groupes.values():
        groupe.sort(key=lambda element: element[:2])
        fin_precedente, precedente = dt.date.min, None
        for debut, fin, version in groupe:
            if precedente is not None and debut <= fin_precedente:
                _dire_recouvrement(suivi, precedente, version)
            if fin >= fin_precedente:
                fin_precedente, precedente = fin, version


def _dire_recouvrement(suivi: Suivi, premiere: Version, seconde: Version) -> None:
    fautive, autre = (seconde, premiere) if seconde.ligne is not None else (premiere, seconde)
    if fautive.ligne is not None and not fautive.ligne.fautive:
        message = (
            f"Une autre convention de ce réservataire est en vigueur aux mêmes dates ({autre.valeurs['numero']}, RG-10) : "
            "datez sa fin, ou dites avenant_de."
        )
        suivi.refuser(fautive.ligne, "date_effet", message)


def journaliser_les_conventions(suivi: Suivi, reserve: ReserveConventions) -> None:
    """Une entrée par convention qui entre dans l'état signé, en sort ou y change : l'import d'une personne est un acte."""
    changees = {
        version.pk: version
        for version in reserve.versions.values()
        if version.valeurs != version.ancien
        and EtatConvention.SIGNEE in {version.valeurs["etat"], version.ancien["etat"] if version.ancien else ""}
    }
    for convention in Convention.objects.filter(pk__in=changees).order_by("pk"):
        ancien, valeurs = changees[convention.pk].ancien or {}, changees[convention.pk].valeurs
        champs = [nom for nom in _CHAMPS_DU_JOURNAL if ancien.get(nom) != valeurs[nom]]
        journaliser(
            acteur=suivi.contexte.acteur,
            action="importer_convention",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant={nom: ancien.get(nom) for nom in champs},
            apres={nom: valeurs[nom] for nom in champs} | {"fichier": suivi.compte.fichier},
        )
