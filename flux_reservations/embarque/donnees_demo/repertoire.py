"""Le RPLS de l'année, importé pour de vrai, et un fichier refusé dans l'historique des imports (RG-18, RG-32)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from attributions.models import Liberation
from conventions.domaine.codes import NatureDroitStock
from conventions.domaine.contingents import NON_RESERVE, code_contingent
from conventions.models import Bailleur, Reservataire, ReservationStock
from flux_reservations.acces.models import Rattachement, Utilisateur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges import depot, traitement
from flux_reservations.echanges.tableaux.rpls_codes import MODES_HORS_CHAMP
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.patrimoine import LogementDemo

ENTETE: Final = "IDENT_INT;IDENT_REP;DEPCOM;CODEPOSTAL;NBPIECE;MODE;BAIL;REMLOCDATE;CONTRESLOG"
MODES: Final = {motif: mode for mode, motif in MODES_HORS_CHAMP.items()}
OUBLIES: Final = 60
HERITES: Final = 25
"""Pour mille : droits que la déclaration oublie ; anciens droits convertis qu'elle déclare encore."""
CONGES_REFUSES: Final = """numero;logement;date_conge;date_disponibilite;date_bail
{annee}-9001;{connu};{annee}-09-02;{annee}-10-02;
{annee}-9002;0000-0000;{annee}-09-05;{annee}-10-05;
{annee}-9003;{connu};{annee}-09-09;bientôt;
{annee}-9004;{connu};{annee}-10-12;{annee}-11-12;{annee}-09-01
"""


def importer_le_repertoire(
    bailleur: Bailleur,
    agent: Utilisateur,
    logements: Iterable[LogementDemo],
    stock: Iterable[ReservationStock],
    liberations: Iterable[Liberation],
    aujourd_hui: date,
) -> int:
    """Dépose, essaie et applique le RPLS de l'année ; rend le nombre de logements déclarés."""
    premier = aujourd_hui.replace(month=1, day=1)
    declares = [un for un in logements if un.situation(premier)[1] != "foyer" and un.ligne.date_premiere_location]
    baux: dict[int, date] = {}
    for liberation in liberations:
        if liberation.date_bail is not None and liberation.date_bail < premier:
            baux[liberation.logement_id] = max(liberation.date_bail, baux.get(liberation.logement_id, date.min))
    droits = {un.logement_id: un for un in stock if un.nature == NatureDroitStock.SUITE}
    hasard = Hasard(f"{bailleur.siren} répertoire")
    lignes = [_declarer(hasard, un, baux, droits.get(un.ligne.pk), premier) for un in declares]
    _importer(bailleur, agent, f"rpls_{premier.year}.csv", "\n".join([ENTETE, *filter(None, lignes)]), premier)
    return len(declares)


def refuser_un_import(bailleur: Bailleur, agent: Utilisateur, logement: str, annee: int) -> None:
    """Un fichier de congés fautif : il reste à l'historique, refusé, avec ses lignes à corriger."""
    texte = CONGES_REFUSES.format(annee=annee, connu=logement)
    acteur = _acteur(agent, bailleur)
    fichier = depot.FichierDepose("liberations-octobre.csv", texte.encode())
    traitement.traiter(depot.deposer_import(acteur=acteur, fichiers=[fichier]).pk)


def _acteur(agent: Utilisateur, bailleur: Bailleur) -> Acteur:
    return (
        Rattachement.objects.select_related("organisme", "utilisateur")
        .get(utilisateur=agent, organisme_id=bailleur.pk)
        .acteur()
    )


def _importer(bailleur: Bailleur, agent: Utilisateur, nom: str, texte: str, effet: date) -> None:
    acteur = _acteur(agent, bailleur)
    fichier = depot.FichierDepose(nom, texte.encode("cp1252"))
    depose = depot.deposer_import(acteur=acteur, fichiers=[fichier], effet=effet)
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    confirmes = list(depose.rapport.get("a_confirmer", {}))
    depot.demander_application(acteur=acteur, import_id=depose.pk, modes_confirmes=confirmes)
    traitement.traiter(depose.pk)


def _declarer(
    hasard: Hasard, logement: LogementDemo, baux: Mapping[int, date], droit: ReservationStock | None, premier: date
) -> str:
    """La ligne d'un logement ; vide s'il n'était pas encore loué au 1er janvier."""
    ligne = logement.ligne
    debut = ligne.date_premiere_location
    if debut is None or debut >= premier:
        return ""
    mode = MODES.get(logement.situation(premier)[1], "1")
    bail = baux.get(ligne.pk) or _bail_ancien(hasard, logement, premier)
    if mode == "1" and hasard.est_vrai(14):
        mode = "2"
    loue = f"{bail:%m/%Y}" if mode == "1" else "NA"
    offert = f"{bail.replace(day=1):%m/%Y}" if mode in {"1", "2"} else "NA"
    pieces = ligne.typologie.removeprefix("T")
    contingent = _contingent(hasard, droit, premier)
    lieu = (ligne.identifiant, ligne.identifiant_rpls, ligne.commune_id, ligne.code_postal)
    return ";".join(map(str, (*lieu, pieces, mode, loue, offert, contingent)))


def _bail_ancien(hasard: Hasard, logement: LogementDemo, premier: date) -> date:
    """Un bail d'avant l'histoire racontée, entre la première location et elle."""
    debut = logement.ligne.date_premiere_location or date(1950, 1, 1)
    dernier = max(debut.year, premier.year - 4)
    return max(
        debut.replace(day=1), date(hasard.entier(max(debut.year, dernier - 24), dernier), hasard.entier(1, 12), 1)
    )


def _contingent(hasard: Hasard, droit: ReservationStock | None, premier: date) -> int:
    """Le contingent déclaré : un droit converti en flux n'est plus identifié, à quelques déclarations près."""
    if droit is None:
        return NON_RESERVE
    titulaire: Reservataire = droit.reservataire
    sien = code_contingent(titulaire.type, "agents" if hasard.est_vrai(170) else "prioritaires")
    est_actif = droit.date_fin is None or droit.date_fin >= premier
    if est_actif:
        return NON_RESERVE if hasard.est_vrai(OUBLIES) else sien
    return sien if hasard.est_vrai(HERITES) else NON_RESERVE
