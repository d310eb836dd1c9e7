"""Les actes sur un bilan : préparer, refaire, publier, abandonner, relancer (RG-60 à RG-63, RG-66)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from bilans.actions.preparer import abandonner, preparer_bilan
from bilans.actions.publier import publier
from bilans.destinataires import lire_la_diffusion
from bilans.forms import FormulairePreparation, FormulairePublication, FormulaireSeance
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.views.bilans import envois_de, lire_bilan
from conventions.models import Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.notifications.actions.suivre import relancer
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, compter, ecrire_instant

ANNEES_PROPOSEES = 5


def lire_departements(acteur: Acteur) -> list[tuple[str, str]]:
    """Les départements où le bailleur a des logements, le plus grand d'abord : (code, « Val-de-Marne (94) »)."""
    lignes = (
        Logement.objects.visibles_par(acteur)
        .values_list("commune__departement_id", "commune__departement__nom")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre", "commune__departement_id")
    )
    return [(code, f"{nom} ({code})") for code, nom, _ in lignes]


class Preparer(ReserveeMixin, VueActe):
    """Choisir le document à préparer."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre, bouton = "Préparer un document annuel", "Préparer"
    bilan: Bilan | None = None

    def preparer(self, **cles: Any) -> None:
        """Les départements où le bailleur a des logements."""
        del cles
        self.departements = lire_departements(self.request.acteur)

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Genre, département, année."""
        annee = timezone.localdate().year
        return FormulairePreparation(
            donnees,
            initial={"annee": annee - 1, "genre": self.request.GET.get("genre", GenreBilan.ANNUEL)},
            departements=self.departements,
            annees=range(annee + 1, annee - ANNEES_PROPOSEES, -1),
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre le brouillon et lance sa production."""
        acteur = self.request.acteur
        self.bilan = preparer_bilan(
            acteur=acteur,
            bailleur_id=acteur.organisme_id or 0,
            departement=donnees["departement"],
            annee=donnees["annee"],
            genre=donnees["genre"],
        )
        return "La production est lancée ; vous pouvez quitter cette page."

    def retour(self) -> str:
        """Le bilan ouvert, à défaut la liste."""
        return reverse("bilan", args=[self.bilan.pk]) if self.bilan else reverse("bilans")

    def fil(self) -> Fil:
        """Bilans."""
        return [("Bilans", reverse("bilans"))]


class ActeSurBilan(ReserveeMixin, VueActe):
    """Un acte sur un bilan du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    bilan: Bilan

    def preparer(self, **cles: Any) -> None:
        """Le bilan visible."""
        self.bilan = lire_bilan(self.request, cles["pk"])

    def retour(self) -> str:
        """La fiche."""
        return reverse("bilan", args=[self.bilan.pk])

    def fil(self) -> Fil:
        """Bilans, puis le bilan."""
        return [("Bilans", reverse("bilans")), (self.bilan.titre, self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le document et sa version."""
        return [
            ("Document", self.bilan.titre),
            ("Département", self.bilan.departement.nom),
            ("Version", self.bilan.version),
        ]


class Publier(ActeSurBilan):
    """Publier : récapitulatif, puis confirmation ; ensuite rien ne change plus."""

    role = Role.RESPONSABLE
    titre, bouton, ton = "Publier et envoyer", "Publier et envoyer", "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une présentation en CALEOL demande la date de sa séance."""
        return (FormulaireSeance if self.bilan.genre == GenreBilan.CALEOL else FormulairePublication)(donnees)

    def empreinte(self) -> str:
        """Celle des données du document (RG-63)."""
        return self.bilan.empreinte

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui part, à qui, par quelle voie."""
        lignes = [*super().recapitulatif(), ("Empreinte des données", self.bilan.empreinte)]
        if self.bilan.genre == GenreBilan.CALEOL:
            return lignes
        diffusion = lire_la_diffusion(self.bilan)
        lignes.append(("Destinataires", compter(len(diffusion.destinataires), "organisme")))
        listes = [
            ("Par courriel", [un.nom for un in diffusion.destinataires if un.courriel]),
            ("Par une autre voie, à saisir", [un.nom for un in diffusion.destinataires if not un.courriel]),
            ("Reçoivent faute de contact au carnet, qui dirait si la réforme les concerne", diffusion.a_verifier),
            ("Ne reçoivent pas : non concernées par la réforme, selon le carnet", diffusion.non_concernees),
        ]
        lignes += [(titre, ", ".join(noms)) for titre, noms in listes if noms]
        return lignes

    def avertissement(self) -> str:
        """Ce que la publication a d'irréversible."""
        if self.bilan.genre == GenreBilan.ANNUEL:
            return (
                "Une fois publié, ce bilan ne change plus : une correction sera une nouvelle version. Les soldes qu'il arrête ouvrent "
                "l'année suivante, et l'avis part aussitôt à tous les destinataires, à la même date."
            )
        return "Une fois publié, ce document ne change plus : une correction sera une nouvelle version."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Publie."""
        bilan = publier(
            acteur=self.request.acteur,
            bilan_id=self.bilan.pk,
            date_seance=donnees.get("date_seance"),
            empreinte_lue=self.empreinte_lue,
        )
        return f"Publié le {ecrire_instant(bilan.publie_le)}. Les envois partent ; leur registre est sur cette page."


class Refaire(ActeSurBilan):
    """Refaire un brouillon, ou ouvrir la version suivante d'un bilan publié."""

    titre, bouton = "Refaire avec les données d'aujourd'hui", "Refaire"
    suivant: Bilan | None = None

    def avertissement(self) -> str:
        """Ce que cela fait."""
        if self.bilan.etat == EtatBilan.PUBLIE:
            return "La version publiée reste telle quelle ; une nouvelle version est préparée, qui dira ce qui change."
        return "Le brouillon est refait ; l'aperçu actuel est remplacé."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Relance la production."""
        del donnees
        self.suivant = preparer_bilan(
            acteur=self.request.acteur,
            bailleur_id=self.bilan.bailleur_id,
            departement=self.bilan.departement_id,
            annee=self.bilan.annee,
            genre=self.bilan.genre,
        )
        return "La production est lancée."

    def retour(self) -> str:
        """La version produite."""
        return reverse("bilan", args=[(self.suivant or self.bilan).pk])


class Abandonner(ActeSurBilan):
    """Supprimer un brouillon."""

    titre, bouton, ton = "Abandonner ce brouillon", "Abandonner", "danger"
    est_abandonne = False

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        del donnees
        abandonner(acteur=self.request.acteur, bilan_id=self.bilan.pk)
        self.est_abandonne = True
        return "Le brouillon est abandonné."

    def retour(self) -> str:
        """La liste, une fois supprimé."""
        return reverse("bilans") if self.est_abandonne else super().retour()


class RelancerTous(ActeSurBilan):
    """Rappeler le bilan à ceux qui n'en ont pas accusé réception."""

    titre, bouton = "Relancer ceux qui n'ont pas accusé réception", "Envoyer les rappels"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Envoie les rappels."""
        del donnees
        attendus = envois_de(self.request, self.bilan).filter(recu_le__isnull=True).values_list("pk", flat=True)
        nombre = relancer(acteur=self.request.acteur, envois=attendus)
        return (
            f"{compter(nombre, 'rappel envoyé', 'rappels envoyés')}."
            if nombre
            else "Tous les rappels possibles sont déjà partis aujourd'hui."
        )
