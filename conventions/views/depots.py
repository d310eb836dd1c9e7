"""Les conventions de bailleurs absents de la plateforme, déposées par l'État du département (RG-17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from conventions.actions.depots import ConventionPapier, deposer_convention, retirer_convention_deposee
from conventions.domaine.codes import Gestion
from conventions.forms import ChampPdf, FormulaireMotif, champ_date
from conventions.models import ConventionDeposee, Reservataire
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.formulaires import ChampSiren, choisir_parmi
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.vues import Colonne, VueListe


class ConventionsDeposees(ReserveeMixin, VueListe[ConventionDeposee]):
    """Ce que l'État a déposé pour son département."""

    natures = frozenset({Nature.ETAT})
    titre = "Conventions déposées par l'État"
    legende = "Conventions de bailleurs absents de la plateforme"
    nom_export = "conventions_deposees"
    singulier = "convention"
    gabarit = "conventions/deposees.html"
    tri_par_defaut = "bailleur"
    vide_titre = "Aucune convention déposée"
    vide_texte = "Un bailleur absent de la plateforme vous transmet ses conventions sur papier : déposez-les ici, avec leur pièce."
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne[ConventionDeposee](
            "numero",
            "Convention",
            lambda une: une.numero,
            tri=("numero",),
            lien=lambda une: reverse("piece", args=[une.piece_id]),
            entete_de_ligne=True,
        ),
        Colonne[ConventionDeposee]("bailleur", "Bailleur", lambda une: une.bailleur_nom, tri=("bailleur_nom",)),
        Colonne[ConventionDeposee](
            "siren", "SIREN", lambda une: une.bailleur_siren, tri=("bailleur_siren",), secondaire=True
        ),
        Colonne[ConventionDeposee](
            "reservataire", "Réservataire", lambda une: une.reservataire.nom, tri=("reservataire__nom",)
        ),
        Colonne[ConventionDeposee]("taux", "Taux", lambda une: une.taux, "taux", tri=("taux",)),
        Colonne[ConventionDeposee]("effet", "Effet", lambda une: une.date_effet, "date", tri=("date_effet",)),
        Colonne[ConventionDeposee](
            "terme", "Terme", lambda une: une.date_fin, "date", tri=("date_fin",), secondaire=True
        ),
        Colonne[ConventionDeposee](
            "deposee", "Déposée", lambda une: une.deposee_le, "instant", tri=("deposee_le",), secondaire=True
        ),
        Colonne[ConventionDeposee](
            "retirer",
            "Retrait",
            lambda _: "Retirer",
            lien=lambda une: reverse("retirer_deposee", args=[une.pk]),
            secondaire=True,
        ),
    )

    def lire(self) -> QuerySet[ConventionDeposee]:
        """Les siennes."""
        return (
            ConventionDeposee.objects.visibles_par(self.request.acteur)
            .filter(deposee_par_organisme_id=self.request.acteur.organisme)
            .select_related("reservataire")
        )


class FormulaireDepot(forms.Form):
    """Une convention papier."""

    bailleur_nom = forms.CharField(label="Bailleur", max_length=200)
    bailleur_siren = ChampSiren(label="SIREN du bailleur")
    reservataire = forms.ModelChoiceField(label="Réservataire", queryset=Reservataire.objects.none())
    numero = forms.CharField(label="Numéro", max_length=60)
    taux = forms.DecimalField(
        label="Taux total (%)", min_value=0, max_value=100, max_digits=5, decimal_places=2, localize=True
    )
    gestion = forms.ChoiceField(label="Gestion", choices=Gestion.choix())
    date_signature = champ_date("Signée le", obligatoire=True)
    date_effet = champ_date("Effet le", obligatoire=True)
    date_fin = champ_date("Terme (inclus)", aide="Vide : sans terme.")
    piece = ChampPdf(label="Convention signée (PDF)")

    def __init__(self, *args: Any, reservataires: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "reservataire", reservataires)


class DeposerConvention(ReserveeMixin, VueActe):
    """Déposer une convention papier."""

    natures = frozenset({Nature.ETAT})
    role = Role.GESTIONNAIRE
    titre = "Déposer une convention"
    bouton = "Déposer"

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec la pièce et le registre des réservataires."""
        return FormulaireDepot(
            donnees,
            self.request.FILES if donnees is not None else None,
            reservataires=Reservataire.objects.visibles_par(self.request.acteur).order_by("nom"),
        )

    def avertissement(self) -> str:
        """Ce qu'est un dépôt."""
        return "Un dépôt complète la vue du département ; il n'ouvre aucun compte. Un bailleur présent ici transmet lui-même."

    def retour(self) -> str:
        """La liste."""
        return reverse("conventions_deposees")

    def fil(self) -> Fil:
        """La liste."""
        return [("Conventions déposées par l'État", self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose."""
        fichier = donnees.pop("piece")
        deposee = deposer_convention(acteur=self.request.acteur, saisie=ConventionPapier(**donnees, fichier=fichier))
        return f"Convention {deposee.numero} déposée."


class RetirerDeposee(ReserveeMixin, VueActe):
    """Retirer une convention déposée par erreur."""

    natures = frozenset({Nature.ETAT})
    role = Role.GESTIONNAIRE
    titre = "Retirer une convention déposée"
    bouton = "Retirer"
    formulaire = FormulaireMotif
    ton = "danger"
    deposee: ConventionDeposee

    def preparer(self, **cles: Any) -> None:
        """Lit la convention déposée."""
        self.deposee = get_object_or_404(
            ConventionDeposee.objects.visibles_par(self.request.acteur).filter(
                deposee_par_organisme_id=self.request.acteur.organisme
            ),
            pk=cles["pk"],
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Laquelle."""
        return [("Convention", self.deposee.numero), ("Bailleur", self.deposee.bailleur_nom)]

    def retour(self) -> str:
        """La liste."""
        return reverse("conventions_deposees")

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        retirer_convention_deposee(acteur=self.request.acteur, deposee_id=self.deposee.pk, motif=donnees["motif"])
        return "Convention retirée ; la pièce et la trace restent."
