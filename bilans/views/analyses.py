"""Autour du flux : équilibre, communes, prévision, conversion du stock, égalité, faisabilité, « et si » (ecrans.md, bailleur 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from attributions.chargement.decompte import charger_conversion
from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.faisabilite import (
    LigneAReduire,
    attendre_par_commune,
    prevoir_les_droits,
    reduire_au_prorata,
    verifier_la_faisabilite,
)
from attributions.domaine.faits_moteur import Reglages, U
from attributions.domaine.rejeu import rejouer_les_decisions
from attributions.domaine.variantes import GainAttendu, ResultatVariante, Variante, comparer, gagner_a_attendre
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.chargement_prevision import prevoir_annee
from bilans.domaine.equilibre import equilibre_du_compte, part_realisee_par_commune
from bilans.domaine.simulation import simuler_conversion
from bilans.views.flux import Champ, lire_champ, onglets_du_flux
from conventions.chargement import charger_conventions
from conventions.domaine.codes import SousContingent
from conventions.domaine.conversion import Conversion, convertir_stock
from conventions.domaine.egalite import divergences
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.socle.presentation import (
    Pastille,
    compter,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)
from flux_reservations.socle.requete import Requete
from flux_reservations.territoires.models import Commune

LOT_MAXIMAL = 20


@dataclass(frozen=True, slots=True)
class TableauSimple:
    """Un tableau : légende, note, en-têtes, lignes dont la première cellule est l'en-tête ; les autres sont à droite si nombre."""

    legende: str
    entetes: Sequence[str]
    lignes: Sequence[Sequence[object]]
    note: str = ""
    vide: str = "Rien à montrer pour cette année."


@dataclass(frozen=True, slots=True)
class Analyse:
    """Ce qu'une page d'analyse montre."""

    explication: str
    regle: str
    tableaux: Sequence[TableauSimple] = field(default_factory=tuple)
    avis: Sequence[tuple[str, str]] = field(default_factory=tuple)
    formulaire: forms.Form | None = None
    lien: tuple[str, str] | None = None


class PageAnalyse(ReserveeMixin):
    """Une page d'analyse : le même champ, les mêmes onglets, un contenu."""

    natures = frozenset({Nature.BAILLEUR})
    nom: str
    titre: str

    def get(self, request: Requete) -> HttpResponse:
        """Montre l'analyse ; sans patrimoine, dit quoi importer."""
        champ = lire_champ(request)
        contexte: dict[str, Any] = {
            "titre": self.titre,
            "champ": champ,
            "onglets": onglets_du_flux(champ, self.nom),
            "nom": self.nom,
        }
        if champ.departement:
            contexte["analyse"] = self.analyser(request, champ)
        return render(request, "bilans/analyse.html", contexte)

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Le contenu de la page."""
        raise TypeError(f"{type(self).__name__} ne dit pas quoi analyser.")


def noms_des_communes(codes: Iterable[str]) -> dict[str, str]:
    """Nom de chaque commune."""
    return dict(Commune.objects.filter(pk__in=list(codes)).values_list("pk", "nom"))


def _alerte(est_une_alerte: bool) -> Pastille | str:
    return Pastille("écart", "attention") if est_une_alerte else ""


class Equilibre(PageAnalyse):
    """Ce que chaque compte reçoit face au flux où il est éligible (RG-48)."""

    nom, titre = "equilibre", "Équilibre"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un tableau pour le compte choisi, par dimension et modalité."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        comptes = {compte.compte: compte for compte in (*calcul.flux.comptes, calcul.flux.non_reserve)}
        choisi = request.GET.get("compte", "")
        nom = choisi if choisi in comptes else next(iter(comptes))
        ecarts = equilibre_du_compte(calcul.faits, calcul.flux, comptes[nom])
        noms = noms_des_communes(ecart.modalite for ecart in ecarts if ecart.dimension == "commune")
        lignes = [
            (
                noms.get(ecart.modalite, ecart.modalite) or "Inconnu",
                ecart.dimension.replace("_", " "),
                ecrire_nombre(ecart.recus),
                ecrire_taux(Fraction(100 * ecart.recus, ecart.total_recus) if ecart.total_recus else None, 1),
                ecrire_taux(
                    Fraction(100 * ecart.eligibles, ecart.total_eligibles) if ecart.total_eligibles else None, 1
                ),
                ecrire_solde(ecart.points),
                _alerte(ecart.est_une_alerte),
            )
            for ecart in ecarts
        ]
        tableau = TableauSimple(
            f"{nom} : structure reçue face à la structure éligible",
            ("Modalité", "Dimension", "Reçus", "Part reçue", "Part éligible", "Écart (points)", "Alerte"),
            lignes,
        )
        return Analyse(
            (
                "Ce que le compte a reçu, comparé aux logements du flux qui se sont libérés là où il est "
                "éligible. L'alerte suppose assez de logements reçus."
            ),
            "RG-48",
            [tableau],
            formulaire=FormulaireCompte(request.GET or None, comptes=list(comptes), initial={"compte": nom}),
        )


class FormulaireCompte(forms.Form):
    """Le compte à regarder."""

    compte = forms.ChoiceField(label="Compte", required=False)

    def __init__(self, *args: Any, comptes: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["compte"] = forms.ChoiceField(
            label="Compte", required=False, choices=[(nom, nom) for nom in comptes]
        )


class Uniformite(PageAnalyse):
    """La part de l'État réalisée sur chaque commune (RG-36)."""

    nom, titre = "uniformite", "Par commune"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Décompte de l'État ÷ flux, par commune."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        etat = [
            compte
            for compte in calcul.flux.comptes
            if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}
        ]
        parts = part_realisee_par_commune(calcul.flux, calcul.faits, etat)
        noms = noms_des_communes(parts)
        lignes = [
            (
                noms.get(code, code),
                ecrire_nombre(flux),
                ecrire_nombre(recus),
                ecrire_taux(Fraction(100 * recus, flux) if flux else None, 1),
                ecrire_solde(recus - Fraction(_taux_de_l_etat(calcul)) * flux / 100),
            )
            for code, (recus, flux) in sorted(parts.items(), key=lambda item: noms.get(item[0], item[0]))
        ]
        tableau = TableauSimple(
            "Part du flux décomptée à l'État, par commune",
            ("Commune", "Flux", "État", "Part réalisée", "Écart au taux (logements)"),
            lignes,
            note=f"taux signé : {ecrire_taux(_taux_de_l_etat(calcul))}",
        )
        return Analyse(
            "Le taux de l'État est le même sur chaque commune, sauf stipulation contraire : voici ce qui a été réalisé.",
            "RG-36",
            [tableau],
        )


def _taux_de_l_etat(calcul: CalculAnnuel) -> Decimal:
    version = calcul.faits.conventions.etat(min(calcul.faits.dernier_jour, timezone.localdate()))
    return version.taux if version else Decimal(0)


class PagePrevision(PageAnalyse):
    """A et B prévus par commune, face au constaté (RG-32)."""

    nom, titre = "prevision", "Prévision"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """La moyenne des trois années précédentes, son intervalle, et ce qui est constaté."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        constates: dict[str, int] = {}
        for qualifiee in calcul.flux.liberations:
            if qualifiee.est_du_flux and qualifiee.est_louee_entre(
                calcul.faits.premier_jour, calcul.faits.dernier_jour
            ):
                constates[qualifiee.faits.commune] = constates.get(qualifiee.faits.commune, 0) + 1
        previsions = prevoir_annee(champ.bailleur.pk, champ.departement, champ.annee)
        noms = noms_des_communes(prevision.commune for prevision in previsions)
        lignes = [
            (
                noms.get(un.commune, un.commune),
                ecrire_nombre(un.mises_en_location),
                ecrire_nombre(sum(un.exclusions.values())),
                ecrire_nombre(un.flux),
                f"{un.minimum} – {un.maximum}",
                ecrire_nombre(constates.get(un.commune, 0)),
            )
            for un in sorted(previsions, key=lambda un: noms.get(un.commune, un.commune))
        ]
        total = sum(un.flux for un in previsions)
        tableau = TableauSimple(
            f"Prévision {champ.annee}, par commune",
            ("Commune", "A prévu", "B prévu", "Flux prévu", "Intervalle de A", "Flux constaté"),
            lignes,
            note=f"flux prévu : {ecrire_nombre(total)} ; constaté à ce jour : {ecrire_nombre(sum(constates.values()))}",
        )
        return Analyse(
            "Moyenne des trois années civiles précédentes ; à défaut, patrimoine × rotation.", "RG-32", [tableau]
        )


class PageFaisabilite(PageAnalyse):
    """Dit si les droits prévus tiennent dans les logements attendus d'ici le 31 décembre."""

    nom, titre = "faisabilite", "Faisabilité"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un flot maximal ; sinon la coupe nomme le groupe et le manque."""
        chargee = charger_annee_du_moteur(champ.bailleur, champ.departement, champ.annee)
        le = min(max(timezone.localdate(), calcul_debut(champ)), calcul_fin(champ))
        moteur = rejouer_les_decisions(chargee.faits, le)
        retards = dict(zip(moteur.terrain.codes, moteur.retards, strict=True))
        attendus = attendre_par_commune(chargee.faits, le)
        droits = prevoir_les_droits(chargee.faits, attendus, le, retards)
        verdict = verifier_la_faisabilite(droits, {commune: nombre * U for commune, nombre in attendus.items()})
        avis = [("attention", goulet.phrase(chargee.faits.noms)) for goulet in verdict.goulets]
        if verdict.est_faisable:
            avis = [("succes", "Tous les droits prévus peuvent être servis avec les logements attendus.")]
        noms = noms_des_communes(attendus)
        tableaux = [
            TableauSimple(
                "Droits à servir d'ici le 31 décembre",
                ("Compte", "À servir (logements)", "Communes où il s'exerce"),
                [
                    (droit.nom, ecrire_nombre(Fraction(droit.quantite, U), 1), ecrire_nombre(len(droit.communes)))
                    for droit in droits
                ],
                note="retard d'aujourd'hui, plus le taux sur les logements attendus",
            ),
            TableauSimple(
                "Logements attendus, par commune",
                ("Commune", "Logements attendus"),
                [
                    (noms.get(code, code), ecrire_nombre(nombre))
                    for code, nombre in sorted(attendus.items(), key=lambda un: -un[1])
                ],
                note="parc × rotation × jours restants",
            ),
        ]
        reductions = _proposer_des_reductions(champ)
        if reductions is not None:
            tableaux.insert(0, reductions)
        return Analyse(
            (
                "Avant l'année et chaque mois : si les droits de quelques comptes dépassent ce qui peut se "
                "libérer là où ils s'exercent, la page nomme le groupe et le manque."
            ),
            "RG-41",
            tableaux,
            avis,
        )


def _proposer_des_reductions(champ: Champ) -> TableauSimple | None:
    """Là où la somme des taux dépasse 100 %, une réduction au prorata des droits autres que l'État et les collectivités (RG-14)."""
    versions = charger_conventions(champ.bailleur.pk, champ.departement).conventions.en_vigueur(timezone.localdate())
    lignes = [
        LigneAReduire(
            ligne.identifiant,
            version.reservataire.code,
            int(ligne.taux * 100),
            ligne.perimetre,
            not (version.reservataire.est_etat or version.reservataire.est_collectivite),
        )
        for version in versions
        for ligne in version.lignes
    ]
    reductions, insuffisantes = reduire_au_prorata(lignes)
    if not reductions and not insuffisantes:
        return None
    note = "à valider par une personne, puis à porter dans un avenant"
    if insuffisantes:
        note += f" ; ne suffit pas sur {compter(len(insuffisantes), 'commune')}"
    return TableauSimple(
        "La somme des taux dépasse 100 % : réductions proposées",
        ("Réservataire", "Taux signé", "Taux proposé"),
        [
            (un.nom, ecrire_taux(Fraction(un.taux, 100)), ecrire_taux(Fraction(un.taux_propose, 100)))
            for un in reductions
        ],
        note=note,
    )


def calcul_debut(champ: Champ) -> Any:
    """Le 1er janvier de l'année lue."""
    return timezone.localdate().replace(year=champ.annee, month=1, day=1)


def calcul_fin(champ: Champ) -> Any:
    """Le 31 décembre de l'année lue."""
    return timezone.localdate().replace(year=champ.annee, month=12, day=31)


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
        champ = self.fields["compte"]
        assert isinstance(champ, forms.ChoiceField)  # noqa: S101 : déclaré dans la classe
        champ.choices = [("", "Aucun"), *comptes]

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
            lien = ("Mesurer ce qu'attendre rapporte", f"?{champ.parametres(attendre=1)}")
            return Analyse(explication, "RG-41", formulaire=formulaire, lien=lien)
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


class PageConversion(PageAnalyse):
    """Les trois lectures du stock, réservataire par réservataire (RG-35)."""

    nom, titre = "conversion", "Conversion du stock"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Droits de suite actifs, échus, uniques ; taux simple et pondéré ; repli du préfet."""
        faits = charger_conversion(champ.bailleur, champ.departement, timezone.localdate())
        lignes = [
            (
                un.reservataire.code,
                ecrire_nombre(un.suite_actifs),
                ecrire_nombre(un.suite_echus),
                ecrire_nombre(un.uniques),
                ecrire_taux(un.taux_simple),
                ecrire_taux(un.taux_pondere),
                ecrire_taux(un.taux_de_repli),
            )
            for un in convertir_stock(faits)
        ]
        tableau = TableauSimple(
            f"État du stock au {timezone.localdate():%d/%m/%Y}",
            (
                "Réservataire",
                "Suite, actifs",
                "Suite, échus",
                "Uniques",
                "Taux simple",
                "Taux pondéré par la rotation",
                "Repli du préfet",
            ),
            lignes,
            note=f"{compter(sum(faits.logements.values()), 'logement')} du champ",
            vide="Aucun droit en stock dans ce département.",
        )
        formulaire = FormulaireImpact(
            request.GET if "reservataire" in request.GET else None,
            conversions=[un for un in convertir_stock(faits) if un.taux_simple is not None],
        )
        tableaux = [tableau]
        if formulaire.is_bound and formulaire.is_valid():
            tableaux.append(_dire_l_impact(champ, formulaire.choisie(), formulaire.cleaned_data["lecture"]))
        return Analyse(
            (
                "Droits de suite actifs rapportés aux logements du champ, puis pondérés par ce qui se libère "
                "vraiment. Les droits uniques se comptent en nombre ; les échus sont exclus. Choisissez un réservataire "
                "pour voir ce que sa conversion aurait changé l'an passé."
            ),
            "RG-35",
            tableaux,
            formulaire=formulaire,
        )


class FormulaireImpact(forms.Form):
    """Le réservataire dont on simule la conversion, et la lecture du stock retenue."""

    reservataire = forms.ChoiceField(label="Simuler la conversion de")
    lecture = forms.ChoiceField(label="Au taux", choices=[("simple", "Simple"), ("pondere", "Pondéré par la rotation")])

    def __init__(self, *args: Any, conversions: Sequence[Conversion], **options: Any) -> None:
        super().__init__(*args, **options)
        self.conversions = {un.reservataire.code: un for un in conversions}
        champ = self.fields["reservataire"]
        assert isinstance(champ, forms.ChoiceField)  # noqa: S101 : déclaré dans la classe
        champ.choices = [(code, code) for code in self.conversions]

    def choisie(self) -> Conversion:
        """La conversion du réservataire choisi."""
        return self.conversions[self.cleaned_data["reservataire"]]


def _dire_l_impact(champ: Champ, conversion: Conversion, lecture: str) -> TableauSimple:
    """Droits entiers de chacun avec et sans la convention simulée, sur la dernière année civile finie (RG-35)."""
    annee = min(champ.annee, timezone.localdate().year - 1)
    taux = (conversion.taux_pondere if lecture == "pondere" else conversion.taux_simple) or Fraction(0)
    impacts = simuler_conversion(
        calculer_annee(champ.bailleur, champ.departement, annee).faits, conversion.reservataire, taux
    )
    return TableauSimple(
        f"Ce que {conversion.reservataire.code} à {ecrire_taux(taux)} aurait changé en {annee}",
        ("Compte", "Droits sans la convention", "Droits avec", "Différence"),
        [
            (un.compte, ecrire_nombre(un.avant), ecrire_nombre(un.apres), ecrire_solde(un.apres - un.avant))
            for un in impacts
            if un.apres != un.avant or un.avant
        ],
        note="droits entiers, en logements ; rien n'est écrit",
    )


class Egalite(PageAnalyse):
    """Ce qui diverge entre les conventions du département (RG-25)."""

    nom, titre = "egalite", "Égalité de traitement"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un tableau par modalité qui diffère."""
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
            (
                "Les conventions d'un bailleur dans un département sont conclues en même temps, sans différence "
                "de traitement : voici ce qui diffère."
            ),
            "RG-25",
            tableaux,
            avis,
        )
