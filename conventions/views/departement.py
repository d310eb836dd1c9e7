"""Un département de bout en bout : le tableau de bord, et les actes qui portent sur toutes ses conventions (RG-16, RG-17, RG-25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.actions import departement as actes
from conventions.actions.en_nombre import (
    ALERTE_SANS_PIECE,
    SANS_PIECE,
    TransmissionEnNombre,
    conventions_a_signer,
    empreinte_a_transmettre,
    transmettre_en_nombre,
)
from conventions.actions.transmission import conventions_a_transmettre
from conventions.chargement_autorites import Destinataire, charger_autorites_par_perimetre, communes_par_convention
from conventions.chargement_preparation import reservataires_a_conventionner
from conventions.chargement_tableau import ETAPES, charger_tableau
from conventions.forms import FormulaireProposition, champ_date
from conventions.models import Convention
from conventions.views.transmission import ActeDepartement, lire_lieu, pastille_de_la_piece
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.series.models import GenreSerie, Serie
from flux_reservations.socle.actes import SansSaisie
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.formulaires import choisir_parmi
from flux_reservations.socle.presentation import Fil, Pastille, compter, ecrire_date
from flux_reservations.socle.requete import Requete

ENTETES = (
    "reservataire", "nom", "type", "etape", "convention", "taux", "effet", "terme", "droits_en_stock", "envois", "accuses",
)  # fmt: skip


class TableauDepartement(ReserveeMixin):
    """Qui est en brouillon, proposé, signé, transmis, échu ; et ce qui vient."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, departement: str) -> HttpResponseBase:
        """Le tableau, ou son export ; `?etape=` n'en garde qu'une."""
        bailleur, lieu = lire_lieu(request, departement)
        tableau = charger_tableau(bailleur.pk, lieu.pk, timezone.localdate())
        etape = request.GET.get("etape", "")
        lignes = [ligne for ligne in tableau.lignes if etape not in ETAPES or ligne.etape == etape]
        export = request.GET.get("export", "")
        if export in {"csv", "xlsx"}:
            repondre = repondre_csv if export == "csv" else repondre_xlsx
            return repondre(f"conventions-{lieu.pk}", ENTETES, map(_exporter, lignes))
        a_transmettre = conventions_a_transmettre(request.acteur, bailleur.pk, lieu.pk).count()
        responsable = request.acteur.peut(Role.RESPONSABLE)
        contexte = {
            "titre": f"Conventions, {lieu}",
            "fil": [("Conventions", reverse("conventions"))],
            "departement": lieu,
            "tableau": tableau,
            "lignes": lignes,
            "etape": etape,
            "peut_preparer": request.acteur.peut(Role.GESTIONNAIRE),
            "peut_transmettre": responsable and a_transmettre > 0,
            "a_transmettre": a_transmettre,
            "a_signer": conventions_a_signer(request.acteur, lieu.pk).count() if responsable else 0,
            "series": Serie.objects.visibles_par(request.acteur)
            .filter(genre__in=[GenreSerie.SIGNATURE, GenreSerie.TRANSMISSION], cadre=lieu.pk)
            .a_rappeler(timezone.now()),
            "brouillons": sum(ligne.etape == "brouillon" for ligne in tableau.lignes),
            "sans": sum(ligne.etape in {"sans", "echue"} for ligne in tableau.lignes),
        }
        return render(request, "conventions/departement.html", contexte)


def _exporter(ligne: Any) -> list[object]:
    convention = ligne.convention
    return [
        ligne.reservataire.code,
        ligne.reservataire.nom,
        ligne.reservataire.type,
        ligne.pastille.libelle,
        convention.numero if convention else None,
        ligne.taux,
        convention.date_effet if convention else None,
        convention.date_fin if convention else None,
        ligne.droits_en_stock,
        ligne.envois,
        ligne.accuses,
    ]


class FormulairePreparation(forms.Form):
    """Les dates communes, le modèle, et d'où viennent les droits."""

    effet = champ_date(
        "Prennent effet le", obligatoire=True, aide="La même date pour toutes : égalité de traitement (RG-25)."
    )
    fin = champ_date("Terme (inclus)", aide="Vide : sans terme.")
    modele = forms.ModelChoiceField(
        label="Reprendre les modalités de",
        queryset=Convention.objects.none(),
        required=False,
        help_text="Gestion, délais, fait générateur, carence, report et gabarit, copiés dans chaque brouillon.",
    )
    preremplir = forms.BooleanField(
        label="Préremplir les droits : taux du stock converti, et maximum légal pour l'État",
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, modeles: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "modele", modeles)

    def clean(self) -> dict[str, Any]:
        """Le terme ne précède pas l'effet."""
        donnees: dict[str, Any] = super().clean() or {}
        effet, fin = donnees.get("effet"), donnees.get("fin")
        if effet and fin and fin < effet:
            self.add_error("fin", "Le terme ne précède pas la date d'effet.")
        return donnees


class ActeDuTableau(ActeDepartement):
    """Un acte sur le département, qui revient au tableau de bord."""

    role = Role.GESTIONNAIRE

    def retour(self) -> str:
        """Le tableau de bord."""
        return reverse("tableau_departement", args=[self.departement.pk])

    def fil(self) -> Fil:
        """Conventions, puis le tableau de bord."""
        return [("Conventions", reverse("conventions")), (str(self.departement), self.retour())]

    def raconter(self, bilan: actes.Bilan, fait: str) -> str:
        """Dit ce qui est fait ; chaque refus est dit à part, avec sa raison."""
        for numero, raison in bilan.refusees:
            messages.warning(self.request, f"{numero} : {raison}")
        return f"{compter(len(bilan.faites), 'convention')} {fait}."


class PreparerPourTous(ActeDuTableau):
    """Un brouillon pour chaque réservataire du département."""

    titre = "Préparer une convention pour chaque réservataire"
    bouton = "Créer les brouillons"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les modèles sont les conventions du bailleur dans ce département."""
        modeles = (
            Convention.objects.visibles_par(self.request.acteur).filter(departement=self.departement).order_by("numero")
        )
        return FormulairePreparation(donnees, modeles=modeles, initial={"effet": timezone.localdate()})

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Qui recevra un brouillon, si l'effet est aujourd'hui."""
        attendus = reservataires_a_conventionner(self.bailleur.pk, self.departement.pk, timezone.localdate())
        return [
            ("Département", str(self.departement)),
            (
                f"Sans convention au {ecrire_date(timezone.localdate())}",
                f"{len(attendus)} : {', '.join(un.nom for un in attendus)}" if attendus else "personne",
            ),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée les brouillons."""
        brouillons = actes.preparer_pour_tous(
            acteur=self.request.acteur,
            bailleur_id=self.bailleur.pk,
            departement_id=self.departement.pk,
            effet=donnees["effet"],
            fin=donnees["fin"],
            modele_id=donnees["modele"].pk if donnees["modele"] else None,
            preremplir=donnees["preremplir"],
        )
        return f"{compter(len(brouillons), 'brouillon')} créés." if len(brouillons) > 1 else "Un brouillon créé."


class ProposerTout(ActeDuTableau):
    """Proposer chaque brouillon à son réservataire."""

    titre = "Proposer tous les brouillons"
    bouton = "Proposer à chacun"
    formulaire = FormulaireProposition

    @cached_property
    def brouillons(self) -> list[Convention]:
        """Ceux qui partiront."""
        return actes.brouillons_a_proposer(self.request.acteur, self.bailleur.pk, self.departement.pk)

    def empreinte(self) -> str:
        """Celle des brouillons : on ne propose que ceux qu'on a vus, tels qu'ils étaient (RG-16)."""
        return actes.empreinte_des_brouillons(self.brouillons)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Les brouillons du département."""
        return [
            ("Département", str(self.departement)),
            ("Brouillons", ", ".join(un.numero for un in self.brouillons) or "aucun"),
        ]

    def avertissement(self) -> str:
        """Ce que voit le réservataire."""
        return "Chaque réservataire reçoit un avis, lit sa convention dans son portail et peut la commenter."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Propose."""
        bilan = actes.proposer_tout(
            acteur=self.request.acteur,
            bailleur_id=self.bailleur.pk,
            departement_id=self.departement.pk,
            le=donnees["le"],
            empreinte_lue=self.empreinte_lue,
        )
        return self.raconter(bilan, "proposées")


@dataclass(frozen=True, slots=True)
class ConventionATransmettre:
    """Une convention qui partira : avec quoi, et chez qui."""

    convention: Convention
    piece: Pastille
    autorites: tuple[Destinataire, ...]

    @property
    def absentes(self) -> list[str]:
        """Les autorités à qui l'on ne sait pas encore remettre."""
        return [une.nom for une in self.autorites if not une.est_connu]


class FormulaireTransmission(SansSaisie):
    """Rien à saisir : la page montre les conventions, une à une."""

    conventions: Sequence[ConventionATransmettre] = ()


class TransmettreTout(ActeDuTableau):
    """Transmettre chaque convention signée qui ne l'est pas encore : confirmé ici, mené par l'ouvrier, raconté ligne à ligne."""

    role = Role.RESPONSABLE
    titre = "Transmettre les conventions signées"
    bouton = "Transmettre"
    gabarit = "conventions/transmettre_tout.html"
    ton = "danger"
    serie: Serie | None = None

    def retour(self) -> str:
        """L'avancement, une fois lancé."""
        return reverse("serie", args=[self.serie.pk]) if self.serie else super().retour()

    @cached_property
    def conventions(self) -> list[ConventionATransmettre]:
        """Ce qui partira, convention par convention, comme l'acte unitaire le montre (nombre fixe de requêtes)."""
        attente = conventions_a_transmettre(self.request.acteur, self.bailleur.pk, self.departement.pk)
        conventions = list(attente.select_related("reservataire"))
        communes = communes_par_convention(une.pk for une in conventions)
        autorites = charger_autorites_par_perimetre(
            self.bailleur.pk, self.departement.pk, {une.pk: communes.get(une.pk, ()) for une in conventions}
        )
        return [ConventionATransmettre(une, pastille_de_la_piece(une), tuple(autorites[une.pk])) for une in conventions]

    def empreinte(self) -> str:
        """Celle de la liste montrée : rien ne part qu'on n'ait vu (RG-17)."""
        return empreinte_a_transmettre(ligne.convention for ligne in self.conventions)

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """La confirmation, et le détail de ce qui part."""
        formulaire = FormulaireTransmission(donnees)
        formulaire.conventions = self.conventions
        return formulaire

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Combien de conventions, d'autorités, et ce qui manque."""
        autorites = {une.territoire for ligne in self.conventions for une in ligne.autorites}
        absentes = sorted({nom for ligne in self.conventions for nom in ligne.absentes})
        return [
            ("Département", str(self.departement)),
            ("À transmettre", compter(len(self.conventions), "convention")),
            ("Autorités", compter(len(autorites), "autorité")),
            ("Absentes du carnet, à remettre par une autre voie", ", ".join(absentes) or "aucune"),
            (SANS_PIECE, compter(self._sans_piece, "convention")),
        ]

    @property
    def _sans_piece(self) -> int:
        return sum(not ligne.convention.piece_signee_id for ligne in self.conventions)

    def avertissement(self) -> str:
        """Ce que l'envoi a d'irréversible, et ce qui part quand la pièce signée manque."""
        sans = f" {ALERTE_SANS_PIECE}" if self._sans_piece else ""
        return f"{TransmissionEnNombre.avertissement}{sans}"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Lance la série."""
        del donnees
        self.serie = transmettre_en_nombre(
            acteur=self.request.acteur, departement=self.departement.pk, empreinte_lue=self.empreinte_lue
        )
        return "La transmission est lancée ; vous pouvez quitter cette page."
