"""Tableau `situations` : l'histoire des logements dont le QPV ou le champ a changé (RG-04, RG-06), et le calcul de cette histoire.

Le fichier `patrimoine` ne porte qu'un état ; celui-ci porte les autres, pour qu'un bilan N−1 se relise avec l'état de N−1.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from django.db import connection
from django.db.models import Count, DateField, Func

from conventions.domaine.codes import HorsChamp
from conventions.models import Bailleur, Logement, SituationLogement
from flux_reservations.echanges.colonnes import Choix, Colonne, Texte
from flux_reservations.echanges.masse import MiseDeCote
from flux_reservations.echanges.nombres import Date
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne, Tableau

UN_JOUR = dt.timedelta(days=1)
_DEBUT, _FIN = (Func("periode", function=borne, output_field=DateField()) for borne in ("lower", "upper"))


class Situation(NamedTuple):
    """Un état d'un logement, de `debut` inclus à `fin` exclue (vides = sans borne)."""

    debut: dt.date | None
    fin: dt.date | None
    qpv: str
    hors_champ: str


DEPUIS_TOUJOURS = Situation(None, None, "", "")


def lire_histoires(logements: Iterable[int]) -> dict[int, list[Situation]]:
    """Histoire de chaque logement, dans l'ordre, en une requête."""
    histoires: dict[int, list[Situation]] = defaultdict(list)
    lignes = SituationLogement.objects.filter(logement_id__parmi=list(logements)).values_list(
        "logement_id", _DEBUT, _FIN, "qpv", "hors_champ"
    )
    for logement, *etat in lignes:
        histoires[logement].append(Situation(*etat))
    for histoire in histoires.values():
        if len(histoire) > 1:
            histoire.sort(key=lambda situation: situation.debut or dt.date.min)
    return histoires


def corriger(histoire: list[Situation], valeurs: Mapping[str, str], effet: dt.date | None) -> list[Situation]:
    """L'histoire où `valeurs` vaut à partir de `effet` (depuis toujours s'il est vide) ; états voisins égaux fondus."""
    resultat: list[Situation] = []
    for situation in histoire or [DEPUIS_TOUJOURS]:
        if effet is None or (situation.debut is not None and situation.debut >= effet):
            resultat.append(changer(situation, valeurs))
        elif situation.fin is not None and situation.fin <= effet:
            resultat.append(situation)
        else:
            resultat += [situation._replace(fin=effet), changer(situation._replace(debut=effet), valeurs)]
    return fondre(resultat)


def changer(situation: Situation, valeurs: Mapping[str, str]) -> Situation:
    """La même période, avec d'autres valeurs."""
    return situation._replace(
        qpv=valeurs.get("qpv", situation.qpv), hors_champ=valeurs.get("hors_champ", situation.hors_champ)
    )


def fondre(histoire: list[Situation]) -> list[Situation]:
    """Réunit les états voisins égaux."""
    resultat: list[Situation] = []
    for situation in histoire:
        derniere = resultat[-1] if resultat else None
        if derniere and derniere.fin == situation.debut and derniere[2:] == situation[2:]:
            resultat[-1] = derniere._replace(fin=situation.fin)
        else:
            resultat.append(situation)
    return resultat


def etat_compare(histoire: list[Situation], effet: dt.date | None) -> dict[str, str]:
    """Ce à quoi un fichier se compare : le dernier état, ou l'état à partir de `effet` (« A puis B » s'il change ensuite)."""
    histoire = histoire or [DEPUIS_TOUJOURS]
    derniere = histoire[-1]
    if effet is None or len(histoire) == 1:
        return {"qpv": derniere.qpv, "hors_champ": derniere.hors_champ}
    retenues = [situation for situation in histoire if situation.fin is None or situation.fin > effet] or [derniere]
    return {
        "qpv": " puis ".join(dict.fromkeys(situation.qpv for situation in retenues)),
        "hors_champ": " puis ".join(dict.fromkeys(situation.hors_champ for situation in retenues)),
    }


class ReserveSituations:
    """Histoires à remplacer."""

    def __init__(self) -> None:
        self._neuves = MiseDeCote(SituationLogement)
        self._logements: list[int] = []

    def remplacer(self, histoires: Iterable[tuple[int, list[Situation]]]) -> None:
        """Met de côté l'histoire complète de chaque logement."""
        lignes = []
        for logement, histoire in histoires:
            self._logements.append(logement)
            for situation in histoire:
                periode = f"[{situation.debut or ''},{situation.fin or ''})"
                lignes.append(
                    {
                        "logement_id": logement,
                        "periode": periode,
                        "qpv": situation.qpv,
                        "hors_champ": situation.hors_champ,
                    }
                )
        if lignes:
            self._neuves.creer(zip(self._neuves.reserver(len(lignes)), lignes, strict=True))

    def ecrire(self) -> None:
        """Remplace."""
        if self._logements:
            with connection.cursor() as curseur:
                curseur.execute(
                    "DELETE FROM conventions_situationlogement WHERE logement_id = ANY(%s)", [self._logements]
                )
        self._neuves.ecrire_creations()
        self._neuves.fermer()


class Situations(Tableau):
    """Le tableau `situations` : l'histoire d'un logement cité est remplacée par celle du fichier."""

    nom = "situations"
    colonne_cle = "logement"
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("logement", Texte(60), obligatoire=True),
        Colonne("date_debut", Date()),
        Colonne("date_fin", Date()),
        Colonne("qpv", Texte(10, majuscules=True), defaut=""),
        Colonne("hors_champ", Choix.de(HorsChamp), defaut=""),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le logement et le début."""
        resoudre_bailleurs(suivi, lot)
        logements = chercher(
            suivi,
            lot,
            "logement",
            Logement.objects.all(),
            attribut="identifiant",
            tableau="patrimoine",
            article="Logement",
        )
        for ligne in lot:
            if ligne.numero in logements and not ligne.fautive:
                ligne.cle = (logements[ligne.numero][0], ligne.valeurs.get("date_debut"))

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Retient les lignes : une histoire se juge entière."""
        if suivi.reserve is None:
            suivi.reserve = defaultdict(list)
        self.resoudre(suivi, lot)
        for ligne in lot:
            if ligne.cle and suivi.retenir_cle(ligne):
                suivi.reserve[ligne.cle[0]].append(ligne)

    def conclure(self, suivi: Suivi) -> None:
        """Deux états ne se recouvrent pas."""
        for lignes in suivi.reserve.values():
            lignes.sort(key=lambda ligne: ligne.cle[1] or dt.date.min)
            for ligne, suivante in zip(lignes, [*lignes[1:], None], strict=True):
                debut, fin = ligne.cle[1], ligne.valeurs.get("date_fin")
                if debut and fin and fin < debut:
                    suivi.refuser(ligne, "date_fin", "La fin précède le début.")
                elif suivante and (fin is None or fin >= suivante.cle[1]):
                    suivi.refuser(suivante, "date_debut", f"Cet état recouvre celui de la ligne {ligne.numero}.")

    def ecrire(self, suivi: Suivi) -> None:
        """Remplace les histoires qui diffèrent."""
        anciennes = lire_histoires(suivi.reserve)
        remplacees: list[tuple[int, list[Situation]]] = []
        for logement, lignes in suivi.reserve.items():
            neuve = [self._situation(ligne) for ligne in lignes]
            ancienne = anciennes.get(logement, [])
            if neuve == ancienne:
                suivi.compte.inchanges += len(lignes)
                continue
            remplacees.append((logement, neuve))
            for ligne, situation in zip(lignes, neuve, strict=True):
                if situation in ancienne:
                    suivi.compte.inchanges += 1
                else:
                    suivi.compte.modifies += 1
                    suivi.changer(ligne, "modifie", {})
        reserve = ReserveSituations()
        reserve.remplacer(remplacees)
        reserve.ecrire()

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les logements qui ont plus d'un état, ou un état borné."""
        changeants = (
            Logement.objects.filter(bailleur=bailleur)
            .annotate(etats=Count("situations"))
            .filter(etats__gt=1)
            .order_by("identifiant")
            .values_list("pk", "identifiant")
        )
        identifiants = dict(changeants)
        for logement, histoire in sorted(
            lire_histoires(identifiants).items(), key=lambda paire: identifiants[paire[0]]
        ):
            for situation in histoire:
                yield {
                    "bailleur": bailleur.siren,
                    "logement": identifiants[logement],
                    "date_debut": situation.debut,
                    "date_fin": situation.fin - UN_JOUR if situation.fin else None,
                    "qpv": situation.qpv,
                    "hors_champ": situation.hors_champ,
                }

    @staticmethod
    def _situation(ligne: Ligne) -> Situation:
        fin = ligne.valeurs.get("date_fin")
        return Situation(
            ligne.cle[1],
            fin + UN_JOUR if fin else None,
            ligne.valeurs.get("qpv", ""),
            ligne.valeurs.get("hors_champ", ""),
        )
