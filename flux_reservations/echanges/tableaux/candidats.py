"""Tableau `candidats` (RG-42 à RG-44, RG-49) : les demandes proposées pour une orientation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Value

from attributions.models import Candidat, Liberation, Orientation
from conventions.models import Bailleur
from flux_reservations.echanges.colonnes import Colonne, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne

LONGUEUR_NUMERO_UNIQUE = 18


class Candidats(TableauModele):
    """Le tableau `candidats`."""

    nom = "candidats"
    modele = Candidat
    colonne_cle = "numero_demande"
    cle_base = ("orientation_id", "numero_demande")
    nominatives = frozenset({"numero_demande"})
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("liberation", Texte(60), obligatoire=True),
        Colonne("rang", Entier(1, 32767), obligatoire=True),
        colonne_de(Candidat, "numero_demande", obligatoire=True),
        *(
            colonne_de(Candidat, nom)
            for nom in (
                "public",
                "date_presentation",
                "date_examen",
                "rang_caleol",
                "decision",
                "motif",
                "date_notification",
                "date_reponse",
                "reponse",
                "nb_personnes",
            )
        ),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """L'orientation (libération et rang) doit exister ; la forme du numéro unique avertit seulement (RG-49)."""
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
        requete = Orientation.objects.filter(liberation__in={pk for pk, *_ in liberations.values()})
        orientations = {
            (liberation, rang): pk for pk, liberation, rang in requete.values_list("pk", "liberation_id", "rang")
        }
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            liberation, rang = liberations.get(ligne.numero), ligne.valeurs.get("rang")
            if liberation is None or rang is None:
                continue
            orientation = orientations.get((liberation[0], rang))
            if orientation is None:
                self._dire_orientation_inconnue(suivi, ligne)
            elif "numero_demande" in ligne.valeurs:
                ligne.champs["orientation_id"] = orientation
                ligne.cle = (orientation, ligne.valeurs["numero_demande"])
                if len(ligne.valeurs["numero_demande"]) != LONGUEUR_NUMERO_UNIQUE:
                    message = f"Un numéro unique de demande a {LONGUEUR_NUMERO_UNIQUE} caractères : à vérifier."
                    suivi.avertir(ligne, "numero_demande", message)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Tous les candidats des orientations du bailleur."""
        requete = Candidat.objects.filter(orientation__liberation__bailleur=bailleur).order_by(
            "orientation__liberation__numero", "orientation__rang", "rang_caleol", "pk"
        )
        return self.exporter_valeurs(
            requete,
            bailleur=Value(bailleur.siren),
            liberation="orientation__liberation__numero",
            rang="orientation__rang",
        )

    @staticmethod
    def _dire_orientation_inconnue(suivi: Suivi, ligne: Ligne) -> None:
        if suivi.contexte.est_annonce("orientations", f"{ligne.valeurs['liberation']}\t{ligne.valeurs['rang']}"):
            ligne.fautive = True
        else:
            message = "Cette libération n'a pas d'orientation de ce rang : importez-la (fichier orientations), ou corrigez le rang."
            suivi.refuser(ligne, "rang", message)
