"""La prévision (RG-32) : A et B par commune, l'intervalle constaté, ce qui se réalise ; corrigée avant d'être publiée et figée."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse

from attributions.domaine.codes import Exclusion
from bilans.actions_prevision import corriger_prevision, revenir_a_la_moyenne
from bilans.calcul import calculer_annee
from bilans.chargement_prevision import PrevisionCalculee, PrevisionLue, charger_prevision
from bilans.domaine.prevision import AnneeDeCommune, PrevisionDeCommune, comparer, constater
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple, detail, noms_des_communes
from bilans.views.champ import Champ, lire_champ
from conventions.chargement_rotation import RotationRpls
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.calendrier import premier_janvier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import (
    Lien,
    Pastille,
    compter,
    ecrire_date,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)
from flux_reservations.socle.requete import Requete


class PagePrevision(PageAnalyse):
    """A et B prévus par commune, face au constaté (RG-32)."""

    nom, titre = "prevision", "Prévision"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """La prévision retenue, son intervalle, et ce qui est constaté."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        lue = charger_prevision(champ.bailleur.pk, champ.departement, champ.annee)
        est_modifiable = lue.publiee_le is None and request.acteur.peut(Role.GESTIONNAIRE)
        tableau = _comparer_au_constate(lue, constater(calcul.faits, calcul.flux), champ, est_modifiable=est_modifiable)
        actes, tableaux, avis = [], [tableau], [_dire_l_etat(lue)]
        if est_modifiable and lue.est_saisie:
            actes = [("Revenir à la prévision calculée", f"{reverse('prevision_moyenne')}?{champ.parametres()}")]
        if lue.calculee.rpls is not None:
            tableaux.append(
                dire_la_rotation(
                    lue.calculee.rpls, champ.departement, premier_janvier(champ.annee), lue.calculee.logements
                )
            )
        if lue.publiee_le is None:
            avis += _dire_la_source(lue.calculee)
        annees = ANNEES_DE_PREVISION.valeur(premier_janvier(champ.annee))
        return Analyse(
            f"Moyenne des {annees} années civiles précédentes (celles où le bailleur a des baux dans le département) ; à "
            "défaut, patrimoine × rotation, celle du RPLS s'il est importé. L'intervalle va du plus petit au plus grand "
            "A constaté ces années-là, A prévu compris s'il en sort. Un clic sur une commune corrige sa prévision, "
            "jusqu'à la publication de l'information de début "
            "d'année.",
            "RG-32",
            tableaux,
            avis,
            actes=actes,
        )


def _dire_l_etat(lue: PrevisionLue) -> tuple[str, str]:
    if lue.publiee_le is not None:
        return "information", f"Publiée le {ecrire_date(lue.publiee_le)} : cette prévision est figée."
    if lue.est_saisie:
        return "information", "Prévision corrigée par vos soins, pas encore publiée."
    return "information", "Prévision calculée, pas encore publiée."


def _dire_la_source(calculee: PrevisionCalculee) -> list[tuple[str, str]]:
    """D'où viennent les nombres, s'ils ne sont pas la moyenne des années civiles précédentes."""
    connues = calculee.connues
    histoire = compter(connues, "année de baux connue", "années de baux connues") if connues else "aucun bail connu"
    if calculee.rpls is not None:
        exclusions = (
            "la part d'exclusions de ces baux"
            if connues
            else "nul faute de le savoir, le RPLS ne dit pas les exclusions : saisissez-le, même à zéro, pour publier l'information de "
            "début d'année"
        )
        message = (
            f"Source : {calculee.source}. Il y a ici {histoire}, trop peu pour une moyenne : A est le patrimoine × la rotation que "
            f"montrent les baux en cours, B est {exclusions}."
        )
        return [("attention", message)]
    if connues:
        return []
    message = "Il n'y a ici aucun bail connu, ni de RPLS qui dise les baux en cours : importez l'un ou l'autre, ou corrigez la prévision."
    return [("attention", message)]


def dire_la_rotation(
    rpls: RotationRpls, departement: str, le: date, logements: Mapping[str, int] | None = None
) -> TableauSimple:
    """La rotation de chaque commune d'après le RPLS, champ lu à cette date : chaque nombre mène à ses logements (RG-32, RG-35)."""
    annees = range(rpls.derniere, rpls.derniere - rpls.annees, -1)
    par_commune = rpls.par_commune()
    noms = noms_des_communes(par_commune)
    lignes = []
    for commune, baux in (*sorted(par_commune.items(), key=lambda un: noms.get(un[0], un[0])), ("", rpls.ensemble())):
        rotation = rpls.estimer(baux)

        def lien(nombre: int, commune: str = commune, **quoi: object) -> Lien:
            demande = urlencode(
                {nom: valeur for nom, valeur in {"commune": commune, "au": le.isoformat(), **quoi}.items() if valeur}
            )
            return Lien(ecrire_nombre(nombre), f"{reverse('baux_rpls', args=[departement])}?{demande}")

        parc = [ecrire_nombre(logements.get(commune, 0) if commune else sum(logements.values()))] if logements else []
        lignes.append(
            (
                noms.get(commune, "Ensemble"),
                *parc,
                lien(baux.total),
                *(lien(baux.relocations.get(une, 0), annee=une) for une in annees),
                ecrire_taux(None if rotation is None else rotation * 100),
            )
        )
    return TableauSimple(
        f"Rotation estimée, {rpls.source}",
        (
            "Commune",
            *(["Logements du champ"] if logements else []),
            "Logements connus",
            *(f"Reloués en {une}" for une in annees),
            "Rotation annuelle",
        ),
        lignes,
        note="un logement reloué ne montre que son dernier bail : chaque année se rapporte à ceux que les suivantes n'ont pas reloués"
        + _dire_les_anciennes(rpls),
    )


def _dire_les_anciennes(rpls: RotationRpls) -> str:
    if not rpls.anciennes:
        return ""
    return f" ; {compter(rpls.anciennes, 'fiche')} d'un millésime plus ancien, ou inconnu, laissées de côté"


def _comparer_au_constate(
    lue: PrevisionLue, constates: dict[str, AnneeDeCommune], champ: Champ, *, est_modifiable: bool
) -> TableauSimple:
    prevues = {une.commune: une for une in lue.communes}
    ecarts = comparer(
        {commune: une.flux for commune, une in prevues.items()},
        {commune: une.mises_en_location - une.total_exclusions for commune, une in constates.items()},
    )
    noms = noms_des_communes(un.commune for un in ecarts)
    lignes = []
    for ecart in sorted(ecarts, key=lambda un: noms.get(un.commune, un.commune)):
        prevue = prevues.get(ecart.commune, PrevisionDeCommune(ecart.commune, 0, {}, 0, 0))
        nom, constatee = noms.get(ecart.commune, ecart.commune), constates.get(ecart.commune)
        if est_modifiable and ecart.commune in prevues:
            nom = Lien(nom, f"{reverse('prevision_corriger', args=[ecart.commune])}?{champ.parametres()}")
        lignes.append(
            (
                nom,
                ecrire_nombre(prevue.mises_en_location),
                ecrire_nombre(prevue.total_exclusions),
                ecrire_nombre(prevue.flux),
                f"{prevue.minimum} – {prevue.maximum}",
                ecrire_nombre(constatee.mises_en_location if constatee else 0),
                Lien(ecrire_nombre(ecart.constate), detail(champ, quoi="C", commune=ecart.commune)),
                ecrire_solde(ecart.ecart, 0),
                _situer(prevue, constatee),
            )
        )
    prevu, constate = sum(un.prevu for un in ecarts), sum(un.constate for un in ecarts)
    return TableauSimple(
        f"Prévision {champ.annee}, par commune",
        (
            "Commune",
            "A prévu",
            "B prévu",
            "Flux prévu",
            "Intervalle de A",
            "A constaté",
            "Flux constaté",
            "Flux constaté − prévu",
            "A dans l'intervalle",
        ),
        lignes,
        note=f"flux prévu : {ecrire_nombre(prevu)} ; constaté à ce jour : {ecrire_nombre(constate)}",
    )


def _situer(prevue: PrevisionDeCommune, constatee: AnneeDeCommune | None) -> Pastille | str:
    """Où tombe A, à ce jour, dans l'intervalle des années passées."""
    nombre = constatee.mises_en_location if constatee else 0
    if nombre > prevue.maximum:
        return Pastille("au-dessus", "attention")
    return "en dessous" if nombre < prevue.minimum else "oui"


class FormulairePrevision(forms.Form):
    """A et B par motif d'une commune (logements)."""

    mises_en_location = forms.IntegerField(label="Mises en location prévues (A)", min_value=0, max_value=100_000)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for motif in Exclusion:
            self.fields[motif.value] = forms.IntegerField(
                label=f"Exclusions prévues : {motif.libelle.lower()}", min_value=0, max_value=100_000
            )


class ActeDePrevision(ReserveeMixin, VueActe):
    """Un acte sur la prévision du champ lu dans l'adresse."""

    natures, role = frozenset({Nature.BAILLEUR}), Role.GESTIONNAIRE
    champ: Champ

    def preparer(self, **cles: Any) -> None:
        """Lit le département et l'année."""
        self.champ = lire_champ(self.request)

    def retour(self) -> str:
        """La page de prévision."""
        return f"{reverse('prevision')}?{self.champ.parametres()}"

    def fil(self) -> list[tuple[str, str]]:
        """La page de prévision."""
        return [("Prévision", self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le champ."""
        return [("Département", self.champ.departement), ("Année", str(self.champ.annee))]


class CorrigerPrevision(ActeDePrevision):
    """Corriger A et B prévus d'une commune (RG-32)."""

    titre, bouton = "Corriger la prévision d'une commune", "Enregistrer"
    formulaire = FormulairePrevision

    def preparer(self, **cles: Any) -> None:
        """La commune de l'adresse, parmi celles que la prévision connaît."""
        super().preparer()
        lue = charger_prevision(self.champ.bailleur.pk, self.champ.departement, self.champ.annee)
        demandee = cles["commune"]
        prevues = {une.commune: une for une in lue.communes}
        if demandee not in prevues:
            raise Introuvable
        self.prevue = prevues[demandee]

    def initial(self) -> dict[str, Any]:
        """Ce qui est prévu aujourd'hui."""
        return {"mises_en_location": self.prevue.mises_en_location, **self.prevue.exclusions}

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La commune et ce qu'elle a connu."""
        commune = self.prevue.commune
        return [
            ("Commune", noms_des_communes([commune]).get(commune, commune)),
            *super().recapitulatif(),
            (
                "Intervalle de A, prévu et années passées",
                f"de {self.prevue.minimum} à {compter(self.prevue.maximum, 'logement')}",
            ),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Écrit la correction."""
        corriger_prevision(
            acteur=self.request.acteur,
            bailleur_id=self.champ.bailleur.pk,
            departement=self.champ.departement,
            annee=self.champ.annee,
            commune=self.prevue.commune,
            mises_en_location=donnees["mises_en_location"],
            exclusions={motif.value: donnees[motif.value] for motif in Exclusion},
        )
        return "La prévision de la commune est corrigée."


class RevenirALaMoyenne(ActeDePrevision):
    """Effacer les corrections de l'année (RG-32)."""

    titre, bouton, ton = "Revenir à la prévision calculée ?", "Effacer les corrections", "danger"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Efface les corrections."""
        del donnees
        revenir_a_la_moyenne(
            acteur=self.request.acteur,
            bailleur_id=self.champ.bailleur.pk,
            departement=self.champ.departement,
            annee=self.champ.annee,
        )
        return "La prévision est de nouveau celle que l'application calcule."
