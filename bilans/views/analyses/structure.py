"""Ce que chacun reçoit, et où : équilibre des structures (RG-48), part de l'État par commune (RG-36)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils import timezone

from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.domaine.chainage import DE_L_ETAT
from bilans.domaine.equilibre import EcartDeModalite, equilibre_du_compte, part_realisee_par_commune
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple, detail, noms_des_communes
from bilans.views.champ import Champ, nommer_les_comptes
from conventions.domaine.egalite import taux_par_commune
from flux_reservations.socle.presentation import Lien, Pastille, compter, ecrire_nombre, ecrire_solde, ecrire_taux
from flux_reservations.socle.requete import Requete


class FormulaireCompte(forms.Form):
    """Le compte à regarder."""

    compte = forms.ChoiceField(label="Compte", required=False)

    def __init__(self, *args: Any, comptes: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["compte"] = forms.ChoiceField(label="Compte", required=False, choices=list(comptes.items()))


class Equilibre(PageAnalyse):
    """Ce que chaque compte reçoit face au flux où il est éligible (RG-48)."""

    nom, titre = "equilibre", "Équilibre"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un tableau pour le compte choisi, par dimension et modalité."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        comptes = {compte.compte: compte for compte in (*calcul.flux.comptes, calcul.flux.non_reserve)}
        choisi = request.GET.get("compte", "")
        code = choisi if choisi in comptes else next(iter(comptes))
        ecarts = equilibre_du_compte(calcul.faits, calcul.flux, comptes[code])
        noms_des_comptes = nommer_les_comptes(comptes)
        nom = noms_des_comptes[code]
        noms = noms_des_communes(ecart.modalite for ecart in ecarts if ecart.dimension == "commune")
        alertes = sum(ecart.est_une_alerte for ecart in ecarts)
        tableau = TableauSimple(
            f"{nom} : structure reçue face à la structure éligible",
            ("Modalité", "Dimension", "Reçus", "Part reçue", "Part éligible", "Écart (points)", "Alerte"),
            [_dire_l_ecart(ecart, champ, code, noms) for ecart in ecarts],
        )
        return Analyse(
            "Ce que le compte a reçu, comparé aux logements du flux loués là et quand il était éligible. L'alerte suppose assez "
            "de logements reçus.",
            "RG-48",
            [tableau],
            [
                (
                    "attention",
                    f"{nom} : {compter(alertes, 'modalité s’écarte', 'modalités s’écartent')} de la structure éligible.",
                )
            ]
            if alertes
            else (),
            formulaire=FormulaireCompte(request.GET or None, comptes=noms_des_comptes, initial={"compte": code}),
        )


def _dire_l_ecart(ecart: EcartDeModalite, champ: Champ, compte: str, noms: dict[str, str]) -> tuple[object, ...]:
    quoi = {"compte": compte, "dimension": ecart.dimension, "modalite": ecart.modalite}
    return (
        noms.get(ecart.modalite, ecart.modalite) or "Inconnu",
        ecart.dimension.replace("_", " "),
        Lien(ecrire_nombre(ecart.recus), detail(champ, quoi="recus", **quoi)) if ecart.recus else "0",
        ecrire_taux(Fraction(100 * ecart.recus, ecart.total_recus) if ecart.total_recus else None, 1),
        ecrire_taux(Fraction(100 * ecart.eligibles, ecart.total_eligibles) if ecart.total_eligibles else None, 1),
        ecrire_solde(ecart.points),
        Pastille("écart", "attention") if ecart.est_une_alerte else "",
    )


class Uniformite(PageAnalyse):
    """La part de l'État réalisée sur chaque commune (RG-36)."""

    nom, titre = "uniformite", "Par commune"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Décompte de l'État ÷ flux, par commune."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        etat = [compte for compte in calcul.flux.comptes if compte.sous_contingent in DE_L_ETAT]
        parts = part_realisee_par_commune(calcul.flux, calcul.faits, etat)
        noms = noms_des_communes(parts)
        taux = _taux_de_l_etat(calcul, parts)
        lignes = [
            (
                noms.get(code, code),
                Lien(ecrire_nombre(flux), detail(champ, quoi="C", commune=code)),
                Lien(ecrire_nombre(recus), detail(champ, quoi="etat", commune=code)),
                ecrire_taux(Fraction(100 * recus, flux) if flux else None, 1),
                ecrire_taux(taux.get(code, Decimal(0))),
                ecrire_solde(recus - Fraction(taux.get(code, 0)) * flux / 100),
            )
            for code, (recus, flux) in sorted(parts.items(), key=lambda item: noms.get(item[0], item[0]))
        ]
        tableau = TableauSimple(
            "Part du flux décomptée à l'État, par commune",
            ("Commune", "Flux", "État", "Part réalisée", "Taux signé", "Écart au taux (logements)"),
            lignes,
            note="écart : logements décomptés à l'État, moins son taux sur le flux de la commune",
        )
        return Analyse(
            "Le taux de l'État est le même sur chaque commune, sauf stipulation contraire : voici ce qui a été réalisé.",
            "RG-36",
            [tableau],
            [("attention", un.message) for un in calcul.controles if un.regle == "RG-36"],
        )


def _taux_de_l_etat(calcul: CalculAnnuel, communes: Iterable[str]) -> dict[str, Decimal]:
    """Taux de l'État sur chaque commune, au dernier jour connu de l'année ; vide sans convention."""
    le = min(calcul.faits.dernier_jour, timezone.localdate())
    version = calcul.faits.conventions.etat(le)
    return taux_par_commune(version, le, communes) if version else {}
