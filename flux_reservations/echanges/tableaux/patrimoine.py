"""Tableau `patrimoine` (RG-05, RG-06) : les logements, et ce qui change en eux, daté par `--effet`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, Final

from django.db import connection
from django.db.models import Value
from psycopg import sql

from conventions.domaine.codes import HorsChamp
from conventions.models import Bailleur, Logement
from flux_reservations.echanges.cellules import ValeurFautive
from flux_reservations.echanges.colonnes import Choix, Code, Colonne, Siren, Texte
from flux_reservations.echanges.masse import MiseDeCote
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier, montant
from flux_reservations.echanges.references import poser_communes, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.situations import (
    ReserveSituations,
    Situation,
    corriger,
    etat_compare,
    lire_histoires,
)
from flux_reservations.territoires.resolution import Resolution

COMMUNE = Code(
    5, re.compile(r"\d[\dAB]\d{3}|\d{4}", re.ASCII), "un code INSEE en cinq caractères (94011, 2A004), en texte"
)
_PREMIERS_ETATS: Final = sql.SQL(
    "INSERT INTO conventions_situationlogement (logement_id, periode, qpv, hors_champ)"
    " SELECT id, daterange(NULL, NULL), qpv, hors_champ FROM {} ORDER BY mod(id, 10)"
)
"""Pas dans l'ordre : l'index d'exclusion (GiST) rempli par le bout se coupe sans cesse, un quart plus lent et plus gros."""
_PAS_UN_CODE = frozenset({"OUI", "NON", "O", "N", "VRAI", "FAUX", "TRUE", "FALSE", "HORS QPV"})


class CodeQpv(Texte):
    """Un code de quartier ; « oui » et « 1 » n'en sont pas."""

    def lire(self, cellule: str) -> str:
        """Le code, en majuscules."""
        code = Texte.lire(self, cellule)
        if code in _PAS_UN_CODE or code.isdigit():
            message = (
                "Mettez le code du quartier (QN09401I), QPV s'il est inconnu, ou rien si le logement est hors QPV."
            )
            raise ValeurFautive(message)
        return code


class ReservePatrimoine(MiseDeCote):
    """Logements et situations à écrire ; `histoires` est celle du lot en cours."""

    def __init__(self) -> None:
        super().__init__(Logement, de_plus=("qpv", "hors_champ"))
        self.situations = ReserveSituations()
        self.histoires: dict[int, list[Situation]] = {}
        self.communes: dict[str, Resolution] = {}

    def ecrire_creations(self) -> None:
        """Un logement neuf a son état depuis toujours."""
        super().ecrire_creations()
        if self.creations is not None:
            with connection.cursor() as curseur:
                curseur.execute(_PREMIERS_ETATS.format(self.creations))


class Patrimoine(TableauModele):
    """Le tableau `patrimoine`."""

    nom = "patrimoine"
    modele = Logement
    colonne_cle = "identifiant"
    cle_base = ("bailleur_id", "identifiant")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        colonne_de(Logement, "identifiant", obligatoire=True),
        colonne_de(Logement, "identifiant_rpls"),
        colonne_de(Logement, "programme"),
        colonne_de(Logement, "adresse"),
        colonne_de(Logement, "code_postal", Code(5, re.compile(r"\d{5}", re.ASCII), "cinq chiffres")),
        Colonne("commune", COMMUNE, obligatoire=True, champ="commune_id"),
        Colonne("qpv", CodeQpv(10, majuscules=True), champ="qpv", defaut=""),
        colonne_de(Logement, "typologie", obligatoire=True),
        colonne_de(Logement, "surface", montant(chiffres=5)),
        colonne_de(Logement, "financement"),
        colonne_de(Logement, "annee_construction", Entier(1000, 2200)),
        colonne_de(Logement, "date_premiere_location"),
        colonne_de(Logement, "loyer"),
        colonne_de(Logement, "charges"),
        colonne_de(Logement, "etage"),
        colonne_de(Logement, "ascenseur"),
        colonne_de(Logement, "pmr"),
        colonne_de(Logement, "dpe", Texte(1, re.compile("[A-G]"), "une lettre de A à G", majuscules=True)),
        colonne_de(Logement, "annexes"),
        colonne_de(Logement, "secteur"),
        Colonne("hors_champ", Choix.de(HorsChamp), champ="hors_champ", defaut=""),
    )

    def ouvrir_reserve(self) -> ReservePatrimoine:
        """Où mettre de côté."""
        return ReservePatrimoine()

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le bailleur et l'identifiant ; un ancien code de commune est remplacé."""
        resoudre_bailleurs(suivi, lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if ligne.bailleur_id is not None and "identifiant" in ligne.valeurs:
                ligne.champs["bailleur_id"] = ligne.bailleur_id
                ligne.cle = (ligne.bailleur_id, ligne.valeurs["identifiant"])
        poser_communes(suivi, lot, suivi.reserve.communes)

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Compare le lot ; l'état daté fait partie de la comparaison."""
        self._effet = suivi.contexte.effet
        if suivi.reserve is None:
            suivi.reserve = self.ouvrir_reserve()
        self._reserve: ReservePatrimoine = suivi.reserve
        super().traiter(suivi, lot)

    def lire_existants(self, cles: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
        """Logements de la base, avec l'état auquel le fichier se compare."""
        existants = super().lire_existants(cles)
        voulus = {cle: existants[cle] for cle in cles if cle in existants}
        self._reserve.histoires = lire_histoires([pk for pk, _ in voulus.values()])
        for pk, valeurs in voulus.values():
            valeurs.update(etat_compare(self._reserve.histoires.get(pk, []), self._effet))
        return voulus

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Une surface est positive ; un logement neuf commence par un état."""
        if ancien is None:
            complet.setdefault("qpv", "")
            complet.setdefault("hors_champ", "")
        if complet["surface"] is not None and complet["surface"] <= 0:
            suivi.refuser(ligne, "surface", "Une surface est positive : corrigez-la, ou laissez la cellule vide.")

    def differences(
        self, suivi: Suivi, avant: Mapping[str, Any], apres: Mapping[str, Any]
    ) -> dict[str, tuple[str, str]]:
        """Ce qui change, état compris."""
        return super().differences(suivi, {"qpv": "", "hors_champ": ""} | dict(avant), apres)

    def mettre_de_cote(
        self,
        suivi: Suivi,
        creations: list[tuple[Ligne, dict[str, Any]]],
        modifications: list[tuple[int, dict[str, Any]]],
    ) -> None:
        """Garde les logements et leurs situations."""
        super().mettre_de_cote(suivi, creations, modifications)
        reserve = self._reserve
        corrigees = []
        for pk, complet in modifications:
            histoire = reserve.histoires.get(pk, [])
            etat = etat_compare(histoire, self._effet)
            changees = {nom: complet[nom] for nom in etat if complet[nom] != etat[nom]}
            if changees:
                corrigees.append((pk, corriger(histoire, changees, self._effet)))
        reserve.situations.remplacer(corrigees)

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit les logements, puis leurs situations."""
        super().ecrire(suivi)
        suivi.reserve.situations.ecrire()

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Tout le patrimoine, dans son dernier état."""
        requete = Logement.objects.filter(bailleur=bailleur).order_by("identifiant")
        lignes = self.exporter_valeurs(requete, bailleur=Value(bailleur.siren), pk="pk")
        while lot := list(islice(lignes, self.taille_lot)):
            histoires = lire_histoires([ligne["pk"] for ligne in lot])
            for ligne in lot:
                yield ligne | etat_compare(histoires.get(ligne["pk"], []), None)
