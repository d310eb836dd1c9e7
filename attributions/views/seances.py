"""Les séances de la CALEOL : la liste, prévoir, clore (RG-43, RG-62)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse

from attributions.actions import seances
from attributions.forms import FormulaireCloture, FormulaireSeance
from attributions.models import EtatSeance, Seance
from attributions.pdf import empreinte_de_la_seance, lire_les_passages
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe


def etat_seance(seance: Seance) -> Pastille:
    """L'état d'une séance."""
    return Pastille(seance.get_etat_display(), "succes" if seance.etat == EtatSeance.CLOSE else "accent")


class ListeSeances(ReserveeMixin, VueListe[Seance]):
    """Les séances du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    titre = "Séances de la CALEOL"
    legende = "Séances, de la plus récente à la plus ancienne"
    nom_export = "seances"
    gabarit = "attributions/seances.html"
    tri_par_defaut = "-date"
    singulier = "séance"
    vide_titre = "Aucune séance"
    vide_texte = "Prévoyez une séance, puis inscrivez-y les logements dont les candidats sont présentés."
    colonnes = (
        Colonne[Seance](
            "date",
            "Date",
            lambda une: une.date,
            "date",
            tri=("date",),
            lien=lambda une: reverse("seance", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Seance]("lieu", "Lieu", lambda une: une.lieu, tri=("lieu",)),
        Colonne[Seance]("logements", "Logements", lambda une: une.nombre, "nombre"),  # type: ignore[attr-defined]  # annotation
        Colonne[Seance]("bilan", "Bilan présenté", lambda une: str(une.bilan_presente or ""), secondaire=True),
        Colonne[Seance]("etat", "État", etat_seance, "pastille"),
    )

    def lire(self) -> QuerySet[Seance]:
        """Les séances, avec leur nombre de logements."""
        return Seance.objects.visibles_par(self.request.acteur).annotate(nombre=Count("inscriptions"))


def lire_seance(request: Requete, pk: int) -> Seance:
    """Une séance que l'acteur voit ; lève `Introuvable` sinon."""
    seance = Seance.objects.visibles_par(request.acteur).select_related("bailleur").filter(pk=pk).first()
    if seance is None:
        raise Introuvable
    return seance


class PrevoirSeance(ReserveeMixin, VueActe):
    """Prévoir une séance."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Prévoir une séance"
    bouton = "Prévoir la séance"
    formulaire = FormulaireSeance

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def retour(self) -> str:
        """La liste des séances."""
        return reverse("seances")

    def executer(self, donnees: dict[str, Any]) -> str:
        """Prévoit la séance du bailleur de l'acteur."""
        seance = seances.prevoir_seance(
            acteur=self.request.acteur, bailleur_id=self.request.acteur.organisme_id or 0, **donnees
        )
        return f"{seance} : séance prévue."


class ActeSeance(ReserveeMixin, VueActe):
    """Un acte sur une séance."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    seance: Seance

    def preparer(self, **cles: Any) -> None:
        """Lit la séance."""
        self.seance = lire_seance(self.request, cles["pk"])

    def retour(self) -> str:
        """La séance."""
        return reverse("seance", args=[self.seance.pk])

    def fil(self) -> Fil:
        """Séances, puis celle-ci."""
        return [("Séances", reverse("seances")), (str(self.seance), self.retour())]


class CloreSeance(ActeSeance):
    """Clore la séance."""

    titre = "Clore la séance"
    bouton = "Clore définitivement"
    formulaire = FormulaireCloture
    ton = "danger"

    def avertissement(self) -> str:
        """Ce que la clôture a d'irréversible."""
        return "Une séance close ne change plus : son procès-verbal est produit et gardé."

    def empreinte(self) -> str:
        """Celle de l'ordre du jour et des décisions : on ne clôt que ce qu'on a relu (RG-62)."""
        return empreinte_de_la_seance(self.seance, lire_les_passages(self.seance))

    def initial(self) -> dict[str, Any]:
        """Le bilan déjà noté sur cette séance par sa présentation (RG-62)."""
        return {"bilan_presente": self.seance.bilan_presente}

    def executer(self, donnees: dict[str, Any]) -> str:
        """Clôt."""
        seances.clore_seance(
            acteur=self.request.acteur, seance_id=self.seance.pk, empreinte_lue=self.empreinte_lue, **donnees
        )
        return f"{self.seance} : séance close."
