"""Tableaux `seances` et `inscriptions` (RG-43, RG-62) : les séances de la CALEOL et leur ordre du jour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Value

from attributions.models import Inscription, Liberation, Orientation, Seance
from conventions.models import Bailleur
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Date, Entier
from flux_reservations.echanges.references import chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne

_BAILLEUR = Colonne("bailleur", Siren(), obligatoire=True)


class Seances(TableauModele):
    """Le tableau `seances` ; le procès-verbal, une pièce, ne s'y trouve pas."""

    nom = "seances"
    modele = Seance
    colonne_cle = "date"
    cle_base = ("bailleur_id", "date", "lieu")
    colonnes: ClassVar = (
        _BAILLEUR,
        colonne_de(Seance, "date", obligatoire=True),
        colonne_de(Seance, "lieu"),
        colonne_de(Seance, "etat"),
        colonne_de(Seance, "bilan_presente"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le bailleur, la date et le lieu."""
        resoudre_bailleurs(suivi, lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if ligne.bailleur_id is not None and "date" in ligne.valeurs:
                ligne.champs["bailleur_id"] = ligne.bailleur_id
                ligne.cle = (ligne.bailleur_id, ligne.valeurs["date"], ligne.valeurs.get("lieu", ""))

    def annonce(self, ligne: Ligne) -> str:
        """Date et lieu : ce que citent les inscriptions."""
        return nommer_seance(ligne.valeurs.get("date"), ligne.valeurs.get("lieu", ""))

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les séances du bailleur."""
        requete = Seance.objects.filter(bailleur=bailleur).order_by("date", "lieu")
        return self.exporter_requete(requete, bailleur=lambda _: bailleur.siren)


class Inscriptions(TableauModele):
    """Le tableau `inscriptions` : une orientation passe dans une séance à la fois, et chaque séance garde sa décision."""

    nom = "inscriptions"
    modele = Inscription
    colonne_cle = "liberation"
    cle_base = ("orientation_id", "seance_id")
    colonnes: ClassVar = (
        _BAILLEUR,
        Colonne("date", Date(), obligatoire=True),
        Colonne("lieu", Texte(120), defaut=""),
        Colonne("liberation", Texte(60), obligatoire=True),
        Colonne("rang", Entier(1, 32767), obligatoire=True),
        colonne_de(Inscription, "ordre", obligatoire=True),
        colonne_de(Inscription, "decision"),
        colonne_de(Inscription, "motif_nombre"),
        colonne_de(Inscription, "precision_nombre"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La séance et l'orientation doivent exister."""
        resoudre_bailleurs(suivi, lot)
        liberations = chercher(
            suivi,
            lot,
            "liberation",
            Liberation.objects.all(),
            attribut="numero",
            tableau="liberations",
            article="Libération",
        )
        orientations = {
            (liberation, rang): pk
            for pk, liberation, rang in Orientation.objects.filter(
                liberation__in={pk for pk, *_ in liberations.values()}
            ).values_list("pk", "liberation_id", "rang")
        }
        seances = {
            tuple(cle): pk
            for pk, *cle in Seance.objects.filter(
                bailleur__in={ligne.bailleur_id for ligne in lot} - {None},
                date__in={ligne.valeurs["date"] for ligne in lot if "date" in ligne.valeurs},
            ).values_list("pk", "bailleur_id", "date", "lieu")
        }
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if not ligne.fautive and ligne.numero in liberations:
                self._poser(suivi, ligne, liberations[ligne.numero][0], orientations, seances)

    def conclure(self, suivi: Suivi) -> None:
        """Une place de l'ordre du jour n'est prise qu'une fois ; un logement n'attend sa décision que d'une séance."""
        self._refuser_deux_attentes(suivi)
        prises = {
            (seance, ordre): (orientation, seance)
            for seance, ordre, orientation in Inscription.objects.filter(
                seance__in={seance for seance, _ in self._places}
            ).values_list("seance_id", "ordre", "orientation_id")
        }
        citees = {ligne.cle for lignes in self._places.values() for ligne in lignes}
        for place, lignes in self._places.items():
            deja = place in prises and prises[place] not in citees
            for ligne in lignes[0 if deja else 1 :]:
                suivi.refuser(ligne, "ordre", "Cette place de l'ordre du jour est déjà prise : donnez un autre ordre.")

    def _refuser_deux_attentes(self, suivi: Suivi) -> None:
        attentes: dict[int, tuple[int, int]] = {
            orientation: (orientation, seance)
            for orientation, seance in Inscription.objects.filter(
                decision="", orientation__in={ligne.cle[0] for lignes in self._places.values() for ligne in lignes}
            ).values_list("orientation_id", "seance_id")
        }
        lues = [ligne for lignes in self._places.values() for ligne in lignes]
        decidees = {ligne.cle for ligne in lues if ligne.valeurs.get("decision")}
        for ligne in lues:
            if ligne.valeurs.get("decision"):
                continue
            deja = attentes.setdefault(ligne.cle[0], ligne.cle)
            if deja != ligne.cle and deja not in decidees:
                message = "Ce logement attend déjà la décision d'une autre séance : donnez-la, ou retirez-le de son ordre du jour."
                suivi.refuser(ligne, "date", message)

    def mettre_de_cote(
        self,
        suivi: Suivi,
        creations: list[tuple[Ligne, dict[str, Any]]],
        modifications: list[tuple[int, dict[str, Any]]],
    ) -> None:
        """Une inscription déplacée se retire et se refait : deux logements peuvent échanger leurs places."""
        self._deplacees += [pk for pk, _ in modifications]
        suivi.reserve.creer(modifications)
        super().mettre_de_cote(suivi, creations, [])

    def ecrire(self, suivi: Suivi) -> None:
        """Retire les inscriptions déplacées, puis écrit tout."""
        Inscription.objects.filter(pk__in=self._deplacees).delete()
        super().ecrire(suivi)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """L'ordre du jour de toutes les séances du bailleur."""
        requete = Inscription.objects.filter(seance__bailleur=bailleur).order_by(
            "seance__date", "seance__lieu", "ordre"
        )
        return self.exporter_valeurs(
            requete,
            bailleur=Value(bailleur.siren),
            date="seance__date",
            lieu="seance__lieu",
            liberation="orientation__liberation__numero",
            rang="orientation__rang",
        )

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], list[Ligne]] = {}
        self._deplacees: list[int] = []

    def _poser(
        self,
        suivi: Suivi,
        ligne: Ligne,
        liberation: int,
        orientations: dict[tuple[int, int], int],
        seances: dict[tuple[Any, ...], int],
    ) -> None:
        valeurs, contexte = ligne.valeurs, suivi.contexte
        orientation = orientations.get((liberation, valeurs["rang"]))
        seance = seances.get((ligne.bailleur_id, valeurs["date"], valeurs.get("lieu", "")))
        if orientation is None:
            if contexte.est_annonce("orientations", f"{valeurs['liberation']}\t{valeurs['rang']}"):
                ligne.fautive = True
            else:
                suivi.refuser(
                    ligne,
                    "rang",
                    "Cette libération n'a pas d'orientation de ce rang : importez-la, ou corrigez le rang.",
                )
        if seance is None:
            if contexte.est_annonce("seances", nommer_seance(valeurs["date"], valeurs.get("lieu", ""))):
                ligne.fautive = True
            else:
                suivi.refuser(
                    ligne, "date", "Séance inconnue à cette date et en ce lieu : importez-la (fichier seances)."
                )
        if orientation is not None and seance is not None:
            ligne.champs |= {"orientation_id": orientation, "seance_id": seance}
            ligne.cle = (orientation, seance)
            self._places.setdefault((seance, valeurs["ordre"]), []).append(ligne)


def nommer_seance(date: dt.date | None, lieu: str) -> str:
    """Ce qui désigne une séance dans les fichiers d'un bailleur."""
    return f"{date.isoformat() if date else ''}\t{lieu}"
