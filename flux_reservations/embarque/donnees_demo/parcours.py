"""Le parcours d'une orientation, jour après jour : mise à disposition, candidats, CALEOL, offres, bail (RG-40 à RG-46).

Tout est tiré jusqu'au bout, puis coupé à la date du jour : ce qui est à venir n'est pas encore arrivé.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from attributions.domaine.codes import Decision, Issue, Public, Reponse
from flux_reservations.commun.calendrier import UN_JOUR, premier_jour_ouvre
from flux_reservations.droit.delais import date_limite_de_presentation, date_limite_de_reponse
from flux_reservations.embarque.donnees_demo.hasard import Hasard

PUBLICS: Final = {
    "prioritaires": ((Public.DALO, 56), (Public.PRIORITAIRE, 44)),
    "repli": ((Public.DALO, 50), (Public.PRIORITAIRE, 50)),
    "agents": ((Public.AGENT, 1),),
    "AL": ((Public.PRIORITAIRE, 22), (Public.PREMIER_QUARTILE, 24), (Public.DALO, 6), (Public.AUTRE, 48)),
    "BAILLEUR": ((Public.PRIORITAIRE, 16), (Public.DALO, 10), (Public.PREMIER_QUARTILE, 30), (Public.AUTRE, 44)),
    "autres": ((Public.PRIORITAIRE, 19), (Public.DALO, 4), (Public.PREMIER_QUARTILE, 30), (Public.AUTRE, 47)),
}
MOTIFS_DE_RENDU: Final = (
    "Aucun de nos candidats ne cherche cette typologie dans la commune",
    "Loyer au-dessus des ressources de nos candidats",
    "Étage élevé sans ascenseur, nos candidats ne peuvent pas l'accepter",
    "Deux candidats viennent d'être relogés ailleurs, plus personne à présenter",
)
MOTIFS_DE_NON_ATTRIBUTION: Final = (
    "Ressources insuffisantes pour le loyer et les charges",
    "Typologie inadaptée à la composition du ménage",
    "Pièces justificatives manquantes le jour de la commission",
)
MOTIFS_DE_REFUS: Final = ("Quartier", "Superficie", "Étage", "Loyer trop élevé", "Changement de situation")
ORDRE_DU_JOUR: Final = timedelta(days=9)
"""L'ordre du jour d'une séance se remplit dans les jours qui la précèdent."""
MENAGES: Final = {"T1": (1, 1), "T2": (1, 2), "T3": (2, 4), "T4": (3, 5), "T5": (4, 7), "T6": (5, 8)}


@dataclass(frozen=True, slots=True)
class Cadre:
    """Ce qui règle un parcours : le compte, la convention, le logement, la date du jour."""

    compte: str
    typologie: str
    commune: str
    disponibilite: date
    seances: list[date]
    aujourd_hui: date
    delai_jours: int | None = 30
    delai_unite: str = "calendaires"
    est_deleguee: bool = False
    peut_echouer: bool = True

    @property
    def est_au_bailleur(self) -> bool:
        """Vrai si le compte est celui du bailleur."""
        return self.compte == "BAILLEUR"

    @property
    def publics(self) -> tuple[tuple[Public, int], ...]:
        """Les publics qu'on y présente, pesés."""
        code, _, sous_contingent = self.compte.partition("/")
        return PUBLICS.get(sous_contingent or code, PUBLICS["autres"])


@dataclass(slots=True)
class Deroule:
    """Ce qu'il advient d'une orientation : ses champs, ses candidats, sa séance, le bail ou la suite."""

    champs: dict[str, Any] = field(default_factory=dict)
    candidats: list[dict[str, Any]] = field(default_factory=list)
    seance: date | None = None
    seance_sans_suite: date | None = None
    bail: date | None = None
    suite: str = ""
    suite_le: date | None = None


class Conteur:
    """Déroule les parcours d'un bailleur, et numérote les demandes."""

    def __init__(self, hasard: Hasard) -> None:
        """Un conteur par bailleur."""
        self._hasard = hasard
        self._demandes = count(1)

    def derouler(self, cadre: Cadre, le: date) -> Deroule:
        """Le parcours d'une orientation décidée ce jour-là."""
        hasard, deroule = self._hasard, Deroule()
        depart = le
        if not cadre.est_au_bailleur:
            depart = hasard.apres(le, 0, 4, 1)
            deroule.champs["date_mise_a_disposition"] = depart
        if not cadre.est_au_bailleur and not cadre.est_deleguee:
            limite = date_limite_de_presentation(depart, cadre.delai_jours, cadre.delai_unite)
            tirage = hasard.entier(0, 999) if cadre.peut_echouer else 999
            if tirage < 45:  # noqa: PLR2004 : quarante-cinq logements rendus sur mille
                rendu = min(hasard.apres(depart, 3, 19), limite)
                return _finir(deroule, cadre, Issue.RENDU, rendu, date_rendu=rendu)
            if tirage < 83:  # noqa: PLR2004 : trente-huit carences sur mille
                return _finir(deroule, cadre, Issue.CARENCE, hasard.apres(limite + UN_JOUR, 0, 5, 1))
            deroule.champs["date_proposition"] = min(hasard.apres(depart, 4, 30, 22), limite)
        else:
            deroule.champs["date_proposition"] = hasard.apres(depart, 2, 16, 6)
        self._passer_en_caleol(deroule, cadre)
        return _couper(deroule, cadre)

    def _passer_en_caleol(self, deroule: Deroule, cadre: Cadre) -> None:
        """Une commission, parfois deux ; puis les offres, rang après rang."""
        hasard = self._hasard
        proposition: date = deroule.champs["date_proposition"]
        prioritaire = cadre.compte == "ETAT94/prioritaires"
        nombre = hasard.entier(1, 3) if prioritaire else hasard.peser(((3, 88), (4, 30), (5, 11), (2, 1)))
        seance = seance_suivante(cadre.seances, proposition + timedelta(days=4))
        examines = [self._candidat(cadre, proposition) for _ in range(nombre)]
        if hasard.est_vrai(60):
            for candidat in examines:
                candidat |= {
                    "decision": Decision.NON_ATTRIBUTION,
                    "motif": hasard.choisir(MOTIFS_DE_NON_ATTRIBUTION),
                    "date_examen": seance,
                }
            deroule.candidats += examines
            deroule.seance_sans_suite = seance
            if seance + timedelta(days=9) > cadre.aujourd_hui:
                deroule.seance, deroule.seance_sans_suite = seance, None
                deroule.champs |= {"date_caleol": seance, "decision": Decision.NON_ATTRIBUTION}
                return
            seance = seance_suivante(cadre.seances, seance + timedelta(days=10))
            examines = [self._candidat(cadre, seance - timedelta(days=5)) for _ in range(nombre)]
        self._decider(examines, seance)
        deroule.candidats += examines
        deroule.seance = seance
        decisions = {candidat["decision"] for candidat in examines}
        premiere = next(un for un in (Decision.ATTRIBUTION, Decision.RANG, Decision.CONDITION) if un in decisions)
        deroule.champs |= {"date_caleol": seance, "decision": premiere}
        self._offrir(deroule, cadre, examines, seance)

    def _candidat(self, cadre: Cadre, le: date) -> dict[str, Any]:
        public = self._hasard.peser(cadre.publics)
        if cadre.est_deleguee and self._hasard.est_vrai(20):
            public = Public.AUTRE
        anciennete = self._hasard.vers(60, 2600, 700)
        depot = le - timedelta(days=anciennete)
        return {
            "numero_demande": f"094{depot:%m%y}{next(self._demandes):06d}{cadre.commune}",
            "public": public,
            "nb_personnes": self._hasard.entier(*MENAGES[cadre.typologie]),
            "date_presentation": le,
        }

    def _decider(self, examines: list[dict[str, Any]], seance: date) -> None:
        """Un seul candidat : attribution, parfois sous condition. Plusieurs : un classement, parfois un dossier irrecevable."""
        hasard = self._hasard
        if len(examines) == 1:
            decision = Decision.CONDITION if hasard.est_vrai(90) else Decision.ATTRIBUTION
            examines[0] |= {"decision": decision, "rang_caleol": 1, "date_examen": seance}
            return
        for rang, candidat in enumerate(examines, start=1):
            if rang == len(examines) and hasard.est_vrai(140):
                candidat |= {
                    "decision": Decision.IRRECEVABILITE,
                    "motif": "Demande radiée depuis la présentation",
                    "date_examen": seance,
                }
            else:
                candidat |= {"decision": Decision.RANG, "rang_caleol": rang, "date_examen": seance}

    def _offrir(self, deroule: Deroule, cadre: Cadre, examines: list[dict[str, Any]], seance: date) -> None:
        """Chaque rang reçoit l'offre après le refus du précédent ; le dernier finit par accepter."""
        hasard, depart = self._hasard, seance
        classes = [candidat for candidat in examines if candidat.get("rang_caleol")]
        for candidat in classes:
            notification = hasard.apres(depart, 1, 4, 2)
            dernier = candidat is classes[-1]
            candidat["date_notification"] = notification
            if dernier or hasard.est_vrai(815):
                reponse, le = Reponse.ACCEPTE, hasard.apres(notification, 1, 9, 4)
            elif hasard.est_vrai(250):
                reponse, le = Reponse.SILENCE, date_limite_de_reponse(notification) + UN_JOUR
            else:
                reponse, le = Reponse.REFUSE, hasard.apres(notification, 1, 8, 4)
                candidat["motif"] = hasard.choisir(MOTIFS_DE_REFUS)
            candidat |= {"reponse": reponse, "date_reponse": le}
            depart = le
            if reponse == Reponse.ACCEPTE:
                deroule.champs["public"] = candidat["public"]
                break
        arrivee = max(
            depart + timedelta(days=hasard.vers(4, 21, 9)), cadre.disponibilite + timedelta(days=hasard.entier(0, 6))
        )
        deroule.bail = premier_jour_ouvre(arrivee)


def seance_suivante(seances: list[date], le: date) -> date:
    """La première séance de ce jour-là ou d'après ; à défaut, la dernière prévue."""
    return seances[min(bisect_left(seances, le), len(seances) - 1)]


def calendrier_des_seances(debut: date, fin: date, jour: int, semaines: int) -> list[date]:
    """Une séance toutes les `semaines`, le même jour de la semaine (0 = lundi), repoussée si ce jour est férié."""
    depart = debut + timedelta(days=(jour - debut.weekday()) % 7)
    return list(_seances(depart, fin, 7 * semaines))


def _seances(depart: date, fin: date, pas: int) -> Iterator[date]:
    while depart <= fin:
        yield premier_jour_ouvre(depart)
        depart += timedelta(days=pas)


def _finir(deroule: Deroule, cadre: Cadre, issue: Issue, le: date, **champs: Any) -> Deroule:
    """Rendu ou carence : rien d'autre n'arrive à cette orientation ; avant ce jour, elle est encore en cours."""
    if le <= cadre.aujourd_hui:
        deroule.champs |= {"issue": issue, **champs}
        deroule.suite, deroule.suite_le = issue, le
    return _couper(deroule, cadre)


def _couper(deroule: Deroule, cadre: Cadre) -> Deroule:
    """Retire ce qui est après la date du jour."""
    jour, champs = cadre.aujourd_hui, deroule.champs
    proposition = champs.get("date_proposition")
    if proposition is not None and proposition > jour:
        del champs["date_proposition"]
    if champs.get("date_mise_a_disposition", jour) > jour:
        del champs["date_mise_a_disposition"]
    if champs.get("date_caleol") is not None and champs["date_caleol"] >= jour:
        del champs["date_caleol"]
    if "date_caleol" not in champs:
        champs.pop("decision", None)
    deroule.candidats = [
        _couper_un_candidat(candidat, jour) for candidat in deroule.candidats if candidat["date_presentation"] <= jour
    ]
    if deroule.candidats:
        champs["nb_candidats"] = len(deroule.candidats)
    if deroule.seance is not None and "date_caleol" not in champs:
        est_inscrit = bool(deroule.candidats) and deroule.seance - jour <= ORDRE_DU_JOUR
        deroule.seance = deroule.seance if est_inscrit else None
    if deroule.bail is not None and deroule.bail <= jour:
        champs["issue"] = Issue.BAIL
    else:
        deroule.bail = None
        champs.pop("public", None)
    return deroule


def _couper_un_candidat(candidat: dict[str, Any], jour: date) -> dict[str, Any]:
    examine_le = candidat.get("date_examen")
    if examine_le is None or examine_le >= jour:
        return {cle: candidat[cle] for cle in ("numero_demande", "public", "nb_personnes", "date_presentation")}
    notification, reponse = candidat.get("date_notification"), candidat.get("date_reponse")
    if notification is None or notification > jour:
        for cle in ("date_notification", "reponse", "date_reponse"):
            candidat.pop(cle, None)
    elif reponse is None or reponse > jour:
        candidat.pop("reponse", None)
        candidat.pop("date_reponse", None)
        if candidat.get("rang_caleol"):
            candidat.pop("motif", None)
    return candidat
