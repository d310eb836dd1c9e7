"""« Et si » : l'année rejouée sous une autre hypothèse, côte à côte avec la méthode d'aujourd'hui (RG-41)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from django import forms

from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.faits_moteur import Reglages, U
from attributions.domaine.variantes import GainAttendu, ResultatVariante, Variante, comparer, gagner_a_attendre
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple
from bilans.views.champ import Champ
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import ecrire_nombre, ecrire_solde
from flux_reservations.socle.requete import Requete

LOT_MAXIMAL = 20


class FormulaireEtSi(forms.Form):
    """L'hypothèse à essayer."""

    lot = forms.IntegerField(
        label="Taille du lot", min_value=1, max_value=LOT_MAXIMAL, initial=10, help_text="1 : un par un."
    )
    theta = forms.DecimalField(
        label="Tolérance θ (logements)",
        min_value=0,
        max_value=5,
        decimal_places=1,
        initial=1,
        localize=True,
        help_text="Écart au plus fort retard que l'on tolère pour servir la qualité.",
    )
    garde = forms.BooleanField(label="Tenir la part hors QPV de l'État", required=False)
    compte = forms.ChoiceField(label="Changer le taux de", required=False)
    taux = forms.DecimalField(
        label="Nouveau taux (%)", min_value=0, max_value=100, decimal_places=2, required=False, localize=True
    )

    def __init__(self, *args: Any, comptes: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        proposer(self, "compte", [("", "Aucun"), *comptes])

    def clean(self) -> dict[str, Any]:
        """Un compte va avec un taux."""
        donnees: dict[str, Any] = super().clean() or {}
        if bool(donnees.get("compte")) is not (donnees.get("taux") is not None):
            self.add_error("taux", "Choisissez un compte et donnez son taux, ou aucun des deux.")
        return donnees


class EtSi(PageAnalyse):
    """Rejouer l'année sous une autre hypothèse, côte à côte avec la méthode d'aujourd'hui."""

    nom, titre = "et_si", "Et si"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Sans hypothèse saisie, le formulaire seul ; sinon la comparaison."""
        faits = charger_annee_du_moteur(champ.bailleur, champ.departement, champ.annee).faits
        comptes = [(partie.code, partie.nom) for partie in sorted(faits.parties, key=lambda partie: partie.nom)]
        saisi = request.GET if "lot" in request.GET else None
        formulaire = FormulaireEtSi(saisi, comptes=comptes)
        explication = (
            "L'année est rejouée du 1er janvier, sans les décisions prises : d'abord comme aujourd'hui, "
            "puis sous votre hypothèse. Rien n'est écrit."
        )
        if "attendre" in request.GET:
            return Analyse(
                explication, "RG-41", [_dire_le_gain_d_attendre(gagner_a_attendre(faits))], formulaire=formulaire
            )
        if saisi is None or not formulaire.is_valid():
            actes = [("Mesurer ce qu'attendre rapporte", f"?{champ.parametres(attendre=1)}")]
            return Analyse(explication, "RG-41", formulaire=formulaire, actes=actes)
        donnees = formulaire.cleaned_data
        hypothese = Variante(
            "Votre hypothèse",
            Reglages(theta=int(donnees["theta"] * U), garde_hors_qpv=True if donnees["garde"] else None),
            lot=donnees["lot"],
            taux={donnees["compte"]: int(donnees["taux"] * 100)} if donnees["compte"] else {},
        )
        reference, essai = comparer(faits, [Variante("Un par un, comme aujourd'hui"), hypothese])
        noms = dict(comptes) | {COMPTE_BAILLEUR: "Le bailleur"}
        return Analyse(
            explication,
            "RG-41",
            [_comparer_les_mesures(reference, essai), _comparer_les_recus(reference, essai, noms)],
            formulaire=formulaire,
        )


def _dire_le_gain_d_attendre(gains: Iterable[GainAttendu]) -> TableauSimple:
    return TableauSimple(
        "Ce qu'attendre aurait rapporté cette année, et coûté",
        ("Lot", "Écarts évités (logements)", "Vacance de plus (jours par logement)"),
        [
            (f"lot de {gain.lot}", ecrire_nombre(gain.ecarts_evites, 1), ecrire_nombre(gain.jours_de_vacance, 1))
            for gain in gains
        ],
        note="comparé à décider chaque logement le jour où il se libère",
    )


def _comparer_les_mesures(reference: ResultatVariante, essai: ResultatVariante) -> TableauSimple:
    lectures: list[tuple[str, Callable[[ResultatVariante], Fraction], str]] = [
        ("Plus grand écart au droit", lambda un: un.mesures.ecart_au_droit, "logements"),
        ("Écart de l'État, par commune", lambda un: un.mesures.etat_par_commune, "logements"),
        ("Typologies mal placées", lambda un: un.mesures.typologies, "% du flux"),
        ("Communes mal placées", lambda un: un.mesures.communes, "% du flux"),
        ("Somme des écarts", lambda un: un.mesures.somme_des_ecarts, "logements"),
        ("Attente avant décision, en moyenne", lambda un: un.jours_d_attente, "jours"),
    ]
    lignes = [
        (
            libelle,
            unite,
            ecrire_nombre(lire(reference), 1),
            ecrire_nombre(lire(essai), 1),
            ecrire_solde(lire(essai) - lire(reference)),
        )
        for libelle, lire, unite in lectures
    ]
    return TableauSimple(
        "Écarts et qualité, côte à côte",
        ("Mesure", "Unité", reference.variante.nom, essai.variante.nom, "Différence"),
        lignes,
        note="plus c'est petit, mieux chacun a son dû",
    )


def _comparer_les_recus(reference: ResultatVariante, essai: ResultatVariante, noms: Mapping[str, str]) -> TableauSimple:
    comptes = sorted(reference.mesures.recus, key=lambda code: noms.get(code, code))
    lignes = [
        (
            noms.get(code, code),
            ecrire_nombre(reference.mesures.recus[code]),
            ecrire_nombre(essai.mesures.recus.get(code, 0)),
            ecrire_solde(Fraction(reference.mesures.retards[code], U)),
            ecrire_solde(Fraction(essai.mesures.retards.get(code, 0), U)),
        )
        for code in comptes
    ]
    return TableauSimple(
        "Logements reçus et retard de fin d'année",
        ("Compte", "Reçus", "Reçus, hypothèse", "Retard", "Retard, hypothèse"),
        lignes,
    )
