"""Les soldes d'année en année (RG-47) : ce qui se reporte, ce qui reste à reprendre, ce que l'État n'a pas reçu et ne reporte pas."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone

from attributions.actions.soldes import DECIMALES, SOLDE_MAXIMAL, reprendre_soldes, saisir_solde
from bilans.calcul import calculer_annee
from bilans.chargement_soldes import SoldesLus, charger_soldes
from bilans.domaine.chainage import HistoireDeCompte
from bilans.domaine.comptes import CompteAnnuel
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple, detail
from bilans.views.champ import Champ, lire_champ, nommer_les_comptes
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Lien, Pastille, compter, dire_solde, ecrire_nombre, ecrire_solde
from flux_reservations.socle.requete import Requete


class Soldes(PageAnalyse):
    """L'ouverture de l'année, compte par compte, et l'histoire de chaque solde (RG-47)."""

    nom, titre = "soldes", "Soldes et reports"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Ouverture de l'année, histoire des soldes, cumul non reporté de l'État."""
        lus = charger_soldes(champ.bailleur, champ.departement, champ.annee, timezone.localdate())
        noms = nommer_les_comptes({*(un.compte for un in lus.comptes), *(un.compte for un in lus.histoires)})
        peut_agir = request.acteur.peut(Role.GESTIONNAIRE)
        avis, reprise = [], None
        if lus.a_reprendre:
            phrase = (
                f"{compter(len(lus.a_reprendre), 'compte')} sans solde d'ouverture : le report y vaut 0 en attendant. Le solde "
                f"calculé de {champ.annee - 1}, dit provisoire, se reprend d'un clic ; le bilan publié de {champ.annee - 1} l'emportera."
            )
            avis = [("attention", phrase)]
            if peut_agir:
                reprise = (
                    f"Reprendre les soldes provisoires de {champ.annee - 1}",
                    f"{reverse('soldes_reprendre')}?{champ.parametres()}",
                )
        return Analyse(
            "Le report vient du bilan publié de l'année précédente ; à défaut d'un solde d'ouverture saisi ; à défaut il vaut 0.",
            "RG-47",
            [_dire_l_ouverture(lus, noms, champ, peut_agir=peut_agir), _raconter(lus, noms), _cumuler(lus, noms)],
            avis,
            acte_direct=reprise,
        )


def _dire_l_ouverture(lus: SoldesLus, noms: Mapping[str, str], champ: Champ, *, peut_agir: bool) -> TableauSimple:
    lignes = []
    for compte in lus.comptes:
        cle = (compte.origine or 0, compte.sous_contingent)
        provisoire = lus.a_reprendre.get(cle)
        retenu: object = ecrire_solde(compte.solde_anterieur, 4) if compte.solde_anterieur is not None else "aucun"
        if peut_agir and cle not in lus.publies:
            adresse = reverse("solde_saisir", args=[compte.origine])
            retenu = Lien(str(retenu), f"{adresse}?{champ.parametres(sous_contingent=compte.sous_contingent)}")
        lignes.append(
            (
                f"{noms[compte.compte]}, {compte.convention}",
                retenu,
                _provenance(compte, cle in lus.publies),
                ecrire_solde(provisoire, 4) if provisoire is not None else "—",
                _politique(compte),
                Lien(
                    ecrire_solde(compte.report, 4),
                    detail(champ, quoi="solde", compte=compte.compte, convention=compte.convention),
                ),
            )
        )
    return TableauSimple(
        f"Ouverture de {champ.annee}",
        (
            "Compte",
            f"Solde de {champ.annee - 1}",
            "D'où il vient",
            "Provisoire, à reprendre",
            "Politique de report",
            f"Report sur {champ.annee}",
        ),
        lignes,
        note="en logements ; retard positif, avance négative",
    )


def _provenance(compte: CompteAnnuel, est_publie: bool) -> Pastille:
    if est_publie:
        return Pastille("bilan publié", "succes")
    return Pastille("à reprendre", "attention") if compte.solde_anterieur is None else Pastille("saisi", "information")


def _politique(compte: CompteAnnuel) -> str:
    if compte.plafond_de_report is not None:
        return f"{compte.politique_de_report}, ±{compte.plafond_de_report}"
    return compte.politique_de_report


def _raconter(lus: SoldesLus, noms: Mapping[str, str]) -> TableauSimple:
    annees = lus.annees
    return TableauSimple(
        "Solde de chaque compte, d'année en année",
        ("Compte", *(f"{annee}{' (en cours)' if annee == lus.en_cours else ''}" for annee in annees)),
        [
            (
                f"{noms[histoire.compte]}, {histoire.convention}",
                *(ecrire_solde(solde, 2) if solde is not None else "—" for solde in _soldes(histoire, annees)),
            )
            for histoire in lus.histoires
        ],
        note="solde = droit théorique + report − décompte",
    )


def _soldes(histoire: HistoireDeCompte, annees: tuple[int, ...]) -> list[Any]:
    par_annee = {un.annee: un.solde for un in histoire.annees}
    return [par_annee.get(annee) for annee in annees]


def _cumuler(lus: SoldesLus, noms: Mapping[str, str]) -> TableauSimple:
    return TableauSimple(
        f"Retards de l'État non reportés, cumulés depuis {lus.annees[0] if lus.annees else lus.en_cours}",
        ("Compte", *(str(annee) for annee in lus.annees_finies), "Cumul", "Ce qu'il dit"),
        [
            (
                f"{noms[histoire.compte]}, {histoire.convention}",
                *(
                    ecrire_solde({un.annee: un.non_reporte for un in histoire.annees}.get(annee), 2)
                    for annee in lus.annees_finies
                ),
                ecrire_solde(histoire.cumul_non_reporte, 2),
                dire_solde(histoire.cumul_non_reporte),
            )
            for histoire in lus.cumuls
        ],
        note="années finies ; le plafond de l'État est annuel : ce qui n'est pas reporté n'est plus dû, mais reste affiché",
        vide="L'État n'a pas encore d'année finie sous convention.",
    )


class ActeDeSolde(ReserveeMixin, VueActe):
    """Un acte sur les soldes du champ lu dans l'adresse."""

    natures, role = frozenset({Nature.BAILLEUR}), Role.GESTIONNAIRE
    champ: Champ

    def preparer(self, **cles: Any) -> None:
        """Lit le département et l'année."""
        del cles
        self.champ = lire_champ(self.request)

    def retour(self) -> str:
        """La page des soldes."""
        return f"{reverse('soldes')}?{self.champ.parametres()}"

    def fil(self) -> list[tuple[str, str]]:
        """La page des soldes."""
        return [("Soldes et reports", self.retour())]


class ReprendreSoldes(ActeDeSolde):
    """Reprendre d'un clic les soldes provisoires de N−1 (RG-47)."""

    titre, bouton = "Reprendre les soldes provisoires", "Reprendre"

    def preparer(self, **cles: Any) -> None:
        """Recalcule ce qui est à reprendre : rien ne vient de la page."""
        super().preparer()
        self.lus = charger_soldes(
            self.champ.bailleur, self.champ.departement, self.champ.annee, timezone.localdate(), avec_histoire=False
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Chaque compte et son solde."""
        lisibles = nommer_les_comptes(compte.compte for compte in self.lus.comptes)
        noms = {(un.origine, un.sous_contingent): lisibles[un.compte] for un in self.lus.comptes}
        return [(noms.get(cle, cle[1]), ecrire_solde(solde, 4)) for cle, solde in self.lus.a_reprendre.items()]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Inscrit les soldes."""
        del donnees
        nombre = reprendre_soldes(
            acteur=self.request.acteur,
            bailleur_id=self.champ.bailleur.pk,
            departement=self.champ.departement,
            annee=self.champ.annee,
            soldes=self.lus.a_reprendre,
        )
        return (
            f"{compter(nombre, 'solde repris', 'soldes repris')} à l'ouverture de {self.champ.annee}."
            if nombre
            else "Il n'y avait rien à reprendre."
        )


class FormulaireSolde(forms.Form):
    """Le solde d'ouverture d'un compte."""

    report = forms.DecimalField(
        label="Solde de la fin de l'année précédente (logements)",
        max_value=SOLDE_MAXIMAL,
        min_value=-SOLDE_MAXIMAL,
        decimal_places=DECIMALES,
        required=False,
        localize=True,
        help_text="Retard positif, avance négative ; quatre décimales au plus. Vide : aucun solde.",
    )


class SaisirSolde(ActeDeSolde):
    """Saisir, corriger ou effacer le solde d'ouverture d'un compte (RG-47)."""

    titre, bouton = "Solde d'ouverture d'un compte", "Enregistrer"
    formulaire = FormulaireSolde

    def preparer(self, **cles: Any) -> None:
        """Le compte de l'adresse, parmi ceux de l'année."""
        super().preparer()
        demande = (cles["convention"], self.request.GET.get("sous_contingent", ""))
        calcul = calculer_annee(self.champ.bailleur, self.champ.departement, self.champ.annee)
        for compte in calcul.flux.comptes:
            if compte.origine is not None and (compte.origine, compte.sous_contingent) == demande:
                self.compte, self.origine = compte, compte.origine
                return
        raise Introuvable

    def initial(self) -> dict[str, Any]:
        """Le solde connu."""
        solde = self.compte.solde_anterieur
        return {"report": Decimal(solde.numerator) / Decimal(solde.denominator)} if solde is not None else {}

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le compte et sa politique."""
        return [
            ("Compte", nommer_les_comptes([self.compte.compte])[self.compte.compte]),
            ("Convention", self.compte.convention),
            ("Année qui s'ouvre", str(self.champ.annee)),
            ("Politique de report", _politique(self.compte)),
            ("Droit théorique à ce jour", ecrire_nombre(self.compte.droit_theorique, 4)),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Écrit le solde."""
        saisir_solde(
            acteur=self.request.acteur,
            bailleur_id=self.champ.bailleur.pk,
            convention_id=self.origine,
            sous_contingent=self.compte.sous_contingent,
            annee=self.champ.annee,
            report=donnees["report"],
        )
        return f"Le solde d'ouverture de {self.compte.compte} est enregistré."
