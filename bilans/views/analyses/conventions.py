"""Les conventions entre elles : égalité de traitement (RG-25), garanties d'emprunt et leur extinction (RG-23)."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils import timezone

from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple
from bilans.views.champ import Champ
from conventions.chargement import charger_conventions
from conventions.chargement_garanties import GarantieLue, charger_garanties
from conventions.domaine.egalite import divergences
from flux_reservations.commun.acteur import Role
from flux_reservations.droit.conversion import PROROGATION_DES_GARANTIES
from flux_reservations.socle.presentation import (
    Lien,
    Pastille,
    ecrire_date_courte,
    ecrire_nombre,
    ecrire_taux,
)
from flux_reservations.socle.requete import Requete


class Egalite(PageAnalyse):
    """Ce qui diverge entre les conventions du département (RG-25)."""

    nom, titre = "egalite", "Égalité de traitement"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un tableau par modalité qui diffère."""
        del request
        versions = charger_conventions(champ.bailleur.pk, champ.departement).conventions.en_vigueur(
            timezone.localdate()
        )
        trouvees = divergences(versions)
        tableaux = [
            TableauSimple(f"{divergence.modalite.capitalize()}", ("Réservataire", "Valeur"), list(divergence.valeurs))
            for divergence in trouvees
        ]
        avis = [] if trouvees else [("succes", "Toutes les conventions en vigueur ont les mêmes modalités.")]
        return Analyse(
            "Les conventions d'un bailleur dans un département sont conclues en même temps, sans différence de traitement : voici ce qui "
            "diffère.",
            "RG-25",
            tableaux,
            avis,
        )


class PageGaranties(PageAnalyse):
    """Les garanties d'emprunt : ce qu'elles donnent, jusqu'à quand, et si le garant sait l'emprunt remboursé (RG-23)."""

    nom, titre = "garanties", "Garanties d'emprunt"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Une ligne par droit né d'une garantie, la plus proche de s'éteindre d'abord."""
        jour = timezone.localdate()
        peut_declarer = request.acteur.peut(Role.RESPONSABLE)
        garanties = charger_garanties(request.acteur, champ.departement)
        return Analyse(
            f"Quand un emprunt garanti est remboursé, le bailleur en informe le garant ; ses droits sont prorogés "
            f"{PROROGATION_DES_GARANTIES.valeur(jour)} ans à compter du dernier versement, puis s'éteignent : la ligne cesse de courir le "
            "lendemain.",
            "RG-23",
            [
                TableauSimple(
                    "Droits nés d'une garantie d'emprunt",
                    (
                        "Garant",
                        "Convention",
                        "Taux",
                        "Montant garanti (€)",
                        "Dernier versement",
                        "Droits jusqu'au",
                        "Garant informé le",
                        "État",
                    ),
                    [_dire_la_garantie(une, jour, peut_declarer=peut_declarer) for une in garanties],
                    vide="Aucune convention en vigueur ne porte de droit né d'une garantie d'emprunt.",
                )
            ],
            [
                ("attention", f"{une.garant} ({une.numero}) : l'emprunt est remboursé, le garant n'en est pas informé.")
                for une in garanties
                if une.eteinte is not None and une.informe_le is None
            ],
        )


def _dire_la_garantie(une: GarantieLue, jour: date, *, peut_declarer: bool) -> tuple[object, ...]:
    versement = ecrire_date_courte(une.eteinte.dernier_versement) if une.eteinte else "en cours"
    if peut_declarer and une.informe_le is None:
        versement = Lien(versement, reverse("garantie_remboursee", args=[une.droit]))
    return (
        une.garant,
        Lien(une.numero, reverse("convention", args=[une.convention])),
        ecrire_taux(une.taux),
        ecrire_nombre(une.montant) if une.montant is not None else "—",
        versement,
        ecrire_date_courte(une.eteinte.echeance if une.eteinte else None),
        ecrire_date_courte(une.informe_le),
        _etat(une, jour),
    )


def _etat(une: GarantieLue, jour: date) -> Pastille:
    if une.eteinte is None:
        return Pastille("garantie en cours", "succes")
    return Pastille("éteint", "danger") if une.eteinte.est_echue(jour) else Pastille("prorogé", "attention")
