"""Les concertations des programmes neufs à l'écran : ouvrir, proposer, arrêter, constater l'entrée dans le flux (RG-22)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from conventions.actions import concertations as actes
from conventions.chargement_autorites import charger_reservataires_du_departement
from conventions.domaine.codes import EtatConcertation
from conventions.forms import ChampPdf, champ_date
from conventions.models import Concertation, Logement, PartConcertation, Reservataire
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.formulaires import choisir_parmi
from flux_reservations.socle.presentation import Fil, Pastille, compter, ecrire_date, type_de_ton
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Commune

_TONS: dict[str, type_de_ton] = {
    EtatConcertation.OUVERTE: "information",
    EtatConcertation.ARRETEE: "attention",
    EtatConcertation.DANS_LE_FLUX: "succes",
}


def pastille_de(concertation: Concertation) -> Pastille:
    """Où en est la concertation."""
    return Pastille(concertation.get_etat_display(), _TONS[concertation.etat])


class ListeConcertations(ReserveeMixin, VueListe[Concertation]):
    """Les programmes neufs, du bailleur ou de l'invité."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Programmes neufs"
    legende = "Concertations sur les premières mises en location (RG-22)"
    nom_export = "concertations"
    singulier = "concertation"
    gabarit = "conventions/concertations.html"
    tri_par_defaut = "-livraison"
    vide_titre = "Aucun programme neuf"
    vide_texte = "Le bailleur ouvre une concertation avant la première mise en location d'un programme."
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne[Concertation](
            "programme",
            "Programme",
            lambda une: une.programme,
            tri=("programme",),
            lien=lambda une: reverse("concertation", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Concertation](
            "bailleur", "Bailleur", lambda une: une.bailleur.nom, tri=("bailleur__nom",), secondaire=True
        ),
        Colonne[Concertation]("commune", "Commune", lambda une: une.commune.nom, tri=("commune__cle_tri",)),
        Colonne[Concertation]("logements", "Logements", lambda une: une.logements, "nombre", tri=("logements",)),
        Colonne[Concertation](
            "livraison", "Mise en location", lambda une: une.livraison_le, "date", tri=("livraison_le",)
        ),
        Colonne[Concertation](
            "reponse",
            "Propositions jusqu'au",
            lambda une: une.reponse_avant_le,
            "date",
            tri=("reponse_avant_le",),
            secondaire=True,
        ),
        Colonne[Concertation]("etat", "État", pastille_de, "pastille", tri=("etat",)),
    )

    def lire(self) -> QuerySet[Concertation]:
        """Celles que l'acteur voit."""
        return Concertation.objects.visibles_par(self.request.acteur).select_related("bailleur", "commune")


class FormulaireConcertation(forms.Form):
    """Le programme, les dates, les invités."""

    programme = forms.CharField(
        label="Programme",
        max_length=120,
        help_text="Le nom du programme au patrimoine : le compteur à part suit les premières locations de ses logements.",
    )
    commune = forms.ModelChoiceField(label="Commune", queryset=Commune.objects.none())
    logements = forms.IntegerField(label="Logements à mettre en location", min_value=1, max_value=5000)
    livraison_le = champ_date("Première mise en location prévue le", obligatoire=True)
    reponse_avant_le = champ_date("Propositions attendues jusqu'au", obligatoire=True)
    reunion_le = champ_date("Réunion le", aide="Facultatif : la concertation peut se tenir par écrit.")
    invites = forms.ModelMultipleChoiceField(
        label="Réservataires concernés", queryset=Reservataire.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, communes: Any, invites: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for nom, lignes in (("commune", communes), ("invites", invites)):
            choisir_parmi(self, nom, lignes)


class OuvrirConcertation(ReserveeMixin, VueActe):
    """Ouvrir une concertation et inviter les réservataires concernés."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Ouvrir une concertation"
    bouton = "Ouvrir et inviter"
    ouverte: Concertation | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les communes du patrimoine, les réservataires de leurs départements."""
        acteur = self.request.acteur
        communes = Commune.objects.filter(
            pk__in=Logement.objects.visibles_par(acteur).order_by().values("commune_id").distinct()
        )
        departements = set(communes.values_list("departement_id", flat=True))
        connus = {un.pk for code in departements for un in charger_reservataires_du_departement(acteur.organisme, code)}
        invites = Reservataire.objects.visibles_par(acteur).filter(pk__in=connus).order_by("nom")
        return FormulaireConcertation(donnees, communes=communes, invites=invites)

    def avertissement(self) -> str:
        """Ce que reçoivent les invités."""
        return (
            "Tous les invités reçoivent l'avis au même instant, et donnent leur proposition dans leur portail (RG-22)."
        )

    def retour(self) -> str:
        """La concertation ouverte, sinon la liste."""
        return reverse("concertation", args=[self.ouverte.pk]) if self.ouverte else reverse("concertations")

    def fil(self) -> Fil:
        """Les programmes neufs."""
        return [("Programmes neufs", reverse("concertations"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre."""
        self.ouverte = actes.ouvrir_concertation(
            acteur=self.request.acteur,
            bailleur_id=self.request.acteur.organisme,
            programme=actes.Programme(
                donnees["programme"],
                donnees["commune"],
                donnees["logements"],
                donnees["livraison_le"],
                donnees["reponse_avant_le"],
                donnees["reunion_le"],
            ),
            invites=donnees["invites"],
        )
        return f"Concertation ouverte : {compter(len(donnees['invites']), 'réservataire invité', 'réservataires invités')}."


class ActeConcertation(ReserveeMixin, VueActe):
    """Un acte du bailleur sur une concertation."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    concertation: Concertation

    def preparer(self, **cles: Any) -> None:
        """Lit la concertation dans ce que l'acteur voit."""
        self.concertation = get_object_or_404(
            Concertation.objects.visibles_par(self.request.acteur).select_related("bailleur", "commune"), pk=cles["pk"]
        )

    def retour(self) -> str:
        """La fiche."""
        return reverse("concertation", args=[self.concertation.pk])

    def fil(self) -> Fil:
        """Les programmes neufs, puis la fiche."""
        return [("Programmes neufs", reverse("concertations")), (self.concertation.programme, self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le programme."""
        une = self.concertation
        return [
            ("Programme", f"{une.programme}, {une.commune.nom}"),
            ("Logements", une.logements),
            ("Première mise en location", ecrire_date(une.livraison_le)),
        ]


class FormulairePart(forms.Form):
    """Ce que demande un invité."""

    demandes = forms.IntegerField(label="Logements demandés", min_value=0, max_value=5000)
    souhait = forms.CharField(
        label="Typologies, publics, calendrier",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Des besoins, jamais une personne.",
    )


class ProposerPart(ReserveeMixin, VueActe):
    """L'invité donne sa proposition."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    titre = "Votre proposition"
    bouton = "Envoyer la proposition"
    part: PartConcertation

    def preparer(self, **cles: Any) -> None:
        """Sa part, et elle seule."""
        acteur = self.request.acteur
        self.part = get_object_or_404(
            PartConcertation.objects.visibles_par(acteur)
            .filter(reservataire_id=acteur.organisme)
            .select_related("concertation__bailleur", "concertation__commune"),
            pk=cles["pk"],
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Repart de la proposition déjà donnée."""
        return FormulairePart(donnees, initial={"demandes": self.part.demandes, "souhait": self.part.souhait})

    def retour(self) -> str:
        """La fiche de la concertation."""
        return reverse("concertation", args=[self.part.concertation_id])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le programme et l'échéance."""
        une = self.part.concertation
        compte = f" ({self.part.get_sous_contingent_display()})" if self.part.sous_contingent else ""
        return [
            ("Programme", f"{une.programme}, {une.commune.nom}, {une.bailleur.nom}{compte}"),
            ("Logements", une.logements),
            ("Propositions jusqu'au", ecrire_date(une.reponse_avant_le)),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre la proposition."""
        actes.proposer_une_part(acteur=self.request.acteur, part_id=self.part.pk, **donnees)
        return "Proposition envoyée au bailleur ; vous pouvez la reprendre tant que la répartition n'est pas arrêtée."


class FormulaireRepartition(forms.Form):
    """Une part par compte, le compte rendu, la pièce."""

    compte_rendu = forms.CharField(
        label="Compte rendu de la concertation",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Qui était là, ce qui a été demandé, ce qui a été arrêté et pourquoi. Envoyé à tous les invités.",
    )
    piece = ChampPdf(label="Compte rendu signé (PDF)", required=False)

    def __init__(self, *args: Any, parts: Sequence[PartConcertation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.parts = parts
        autres = list(self.fields)
        for part in parts:
            self.fields[f"part_{part.pk}"] = forms.IntegerField(
                label=nom_du_compte(part),
                min_value=0,
                initial=part.demandes or 0,
                help_text="" if part.demandes is None else f"Demandés : {part.demandes}",
            )
        self.order_fields([f"part_{part.pk}" for part in parts] + autres)


def nom_du_compte(part: PartConcertation) -> str:
    """Le compte d'une part."""
    if part.reservataire is None:
        return "Bailleur (non réservé)"
    sous_contingent = f", {part.get_sous_contingent_display()}" if part.sous_contingent else ""
    return f"{part.reservataire.nom}{sous_contingent}"


class ArreterRepartition(ActeConcertation):
    """Arrêter la répartition et envoyer le compte rendu."""

    role = Role.RESPONSABLE
    titre = "Arrêter la répartition"
    bouton = "Arrêter et envoyer le compte rendu"
    ton = "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une part par compte."""
        parts = (
            PartConcertation.objects.visibles_par(self.request.acteur)
            .filter(concertation=self.concertation)
            .select_related("reservataire")
        )
        return FormulaireRepartition(donnees, self.request.FILES if donnees is not None else None, parts=list(parts))

    def avertissement(self) -> str:
        """Ce que l'acte a d'irréversible."""
        return (
            f"La somme des parts fait le nombre du programme, {compter(self.concertation.logements, 'logement')}. "
            "La répartition et le compte rendu "
            "partent à tous les invités ; ils ne se reprennent pas."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Arrête."""
        formulaire = self.creer_formulaire()
        assert isinstance(formulaire, FormulaireRepartition)  # noqa: S101 : créé à la ligne au-dessus
        actes.arreter_la_repartition(
            acteur=self.request.acteur,
            concertation_id=self.concertation.pk,
            parts={part.pk: donnees[f"part_{part.pk}"] for part in formulaire.parts},
            compte_rendu=donnees["compte_rendu"],
            fichier=donnees["piece"],
        )
        return "Répartition arrêtée ; le compte rendu est envoyé à tous les invités."


class FormulaireEntree(forms.Form):
    """La date d'entrée dans le flux."""

    le = champ_date("Entré dans le flux le", obligatoire=True, initial=timezone.localdate)


class ConstaterEntree(ActeConcertation):
    """Constater que les premières mises en location sont faites."""

    titre = "Constater l'entrée dans le flux"
    bouton = "Constater"
    formulaire = FormulaireEntree

    def avertissement(self) -> str:
        """Ce que cela veut dire."""
        return "Les premières mises en location sont faites : à leur prochaine libération, ces logements sont dans le flux (RG-22)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Constate."""
        actes.constater_l_entree_dans_le_flux(
            acteur=self.request.acteur, concertation_id=self.concertation.pk, le=donnees["le"]
        )
        return "Le programme est entré dans le flux."
