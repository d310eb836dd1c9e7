"""La conversion du stock : trois lectures par réservataire, et ce qu'elle aurait changé l'an passé (RG-35)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.decompte import charger_conversion_a_l_ecran
from bilans.chargement import charger_faits_flux
from bilans.domaine.simulation import simuler_conversion
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple
from bilans.views.analyses.prevision import dire_la_rotation
from bilans.views.champ import Champ, nommer_les_comptes
from conventions.chargement import charger_conventions
from conventions.chargement_rotation import RotationRpls
from conventions.domaine.conversion import Conversion, convertir_stock
from conventions.domaine.plafonds import place_restante
from conventions.domaine.versions import VersionConvention
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import (
    Lien,
    Pastille,
    compter,
    ecrire_date_courte,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)
from flux_reservations.socle.requete import Requete


class PageConversion(PageAnalyse):
    """Les trois lectures du stock, réservataire par réservataire (RG-35)."""

    nom, titre = "conversion", "Conversion du stock"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Droits de suite actifs, échus, uniques ; taux simple et pondéré ; repli du préfet."""
        jour = timezone.localdate()
        chargees = charger_conventions(champ.bailleur.pk, champ.departement)
        faits, rpls = charger_conversion_a_l_ecran(champ.bailleur, champ.departement, jour, chargees)
        conversions = convertir_stock(faits)
        noms = nommer_les_comptes(un.reservataire.code for un in conversions)
        signees = chargees.conventions.en_vigueur(jour)
        tableau = TableauSimple(
            f"État du stock au {ecrire_date_courte(jour)}",
            (
                "Réservataire",
                "Suite, actifs",
                "Suite, échus",
                "Uniques",
                "Taux simple",
                "Taux pondéré",
                "Repli du préfet",
                "Place restante",
                "Convention",
            ),
            [_dire_la_conversion(un, noms[un.reservataire.code], signees, champ, jour) for un in conversions],
            note=f"{compter(sum(faits.logements.values()), 'logement')} du champ, stock maintenu retiré ; place restante : 100 % moins les "
            "taux signés des autres, sur la commune la plus chargée",
            vide="Aucun droit en stock dans ce département.",
        )
        formulaire = FormulaireImpact(
            request.GET if "reservataire" in request.GET else None,
            conversions=[un for un in conversions if un.taux_simple is not None],
        )
        tableaux = [tableau]
        if rpls is not None:
            tableaux.append(dire_la_rotation(rpls, champ.departement, jour))
        if formulaire.is_bound and formulaire.is_valid():
            tableaux.append(_dire_l_impact(champ, formulaire.choisie(), formulaire.cleaned_data["lecture"]))
        return Analyse(
            "Droits de suite actifs rapportés aux logements du champ, puis pondérés par ce qui se libère vraiment. Les droits uniques se "
            "comptent en nombre (ceux qu'une convention reprend s'inscrivent dans son solde d'ouverture) ; les échus sont exclus. "
            "Choisissez un réservataire pour voir ce que sa conversion aurait changé l'an passé.",
            "RG-35",
            tableaux,
            _dire_la_source(rpls),
            formulaire=formulaire,
        )


def _dire_la_source(rpls: RotationRpls | None) -> list[tuple[str, str]]:
    if rpls is None:
        return []
    message = (
        f"Les baux des {rpls.annees} dernières années ne sont pas tous connus ici : le taux pondéré est pesé par la rotation que montre le "
        f"{rpls.source} ({rpls.periode}), strate par strate. La commande et l'export ne donnent pas ce taux : ils s'en tiennent aux baux."
    )
    return [("attention", message)]


def _dire_la_conversion(
    un: Conversion, nom: str, signees: Sequence[VersionConvention], champ: Champ, jour: date
) -> tuple[object, ...]:
    """Les trois lectures, le plafond, et le brouillon à préparer (RG-14, RG-35)."""
    place = place_restante(signees, un.reservataire.identifiant, un.zone, jour)
    brouillon = urlencode({"reservataire": un.reservataire.identifiant, "departement": champ.departement})
    deja = next((une for une in signees if une.reservataire.identifiant == un.reservataire.identifiant), None)
    return (
        nom,
        ecrire_nombre(un.suite_actifs),
        ecrire_nombre(un.suite_echus),
        ecrire_nombre(un.uniques),
        ecrire_taux(un.taux_simple),
        ecrire_taux(un.taux_pondere),
        ecrire_taux(un.taux_de_repli),
        Pastille(ecrire_taux(place), "danger")
        if un.taux_simple is not None and un.taux_simple > place
        else ecrire_taux(place),
        Lien(deja.numero, reverse("convention", args=[deja.identifiant]))
        if deja
        else Lien("Préparer le brouillon", f"{reverse('preparer_convention')}?{brouillon}"),
    )


class FormulaireImpact(forms.Form):
    """Le réservataire dont on simule la conversion, et la lecture du stock retenue."""

    reservataire = forms.ChoiceField(label="Simuler la conversion de")
    lecture = forms.ChoiceField(label="Au taux", choices=[("simple", "Simple"), ("pondere", "Pondéré par la rotation")])

    def __init__(self, *args: Any, conversions: Sequence[Conversion], **options: Any) -> None:
        super().__init__(*args, **options)
        self.conversions = {un.reservataire.code: un for un in conversions}
        proposer(self, "reservataire", nommer_les_comptes(self.conversions).items())

    def choisie(self) -> Conversion:
        """La conversion du réservataire choisi."""
        return self.conversions[self.cleaned_data["reservataire"]]


def _dire_l_impact(champ: Champ, conversion: Conversion, lecture: str) -> TableauSimple:
    """Droits entiers de chacun avec et sans la convention simulée, sur la dernière année civile finie (RG-35)."""
    annee = min(champ.annee, timezone.localdate().year - 1)
    taux = (conversion.taux_pondere if lecture == "pondere" else conversion.taux_simple) or Fraction(0)
    impacts = simuler_conversion(
        charger_faits_flux(champ.bailleur, champ.departement, annee), conversion.reservataire, taux
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
