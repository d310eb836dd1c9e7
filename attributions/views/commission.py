"""La séance elle-même : ordre du jour, décisions, documents, publics de l'année (RG-42, RG-43, RG-50, RG-62)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from attributions.actions import commission, seances
from attributions.chargement.publics import avec_leur_nom, mesurer_les_publics
from attributions.domaine.parcours import avertir_nombre_de_candidats
from attributions.forms import FormulaireDecisions
from attributions.models import Candidat, EtatSeance, Inscription, Seance
from attributions.pdf import empreinte_de_la_seance, lire_les_passages, ordre_du_jour, proces_verbal
from attributions.views.seances import ActeSeance, etat_seance, lire_seance
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable


class VueSeance(PageExportable, ReserveeMixin):
    """L'ordre du jour d'une séance et les décisions prises."""

    nom_export = "seance"
    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la séance."""
        seance = lire_seance(request, pk)
        passages = lire_les_passages(seance)
        contexte = {
            "titre": str(seance),
            "fil": [("Séances", reverse("seances"))],
            "seance": seance,
            "etat": etat_seance(seance),
            "passages": passages,
            "empreinte": empreinte_de_la_seance(seance, passages),
            "publics": avec_leur_nom(mesurer_les_publics(seance.bailleur_id, min(seance.date, timezone.localdate()))),
            "peut_exporter": request.acteur.peut(Role.GESTIONNAIRE),
            "peut_agir": seance.etat == EtatSeance.PREVUE and request.acteur.peut(Role.GESTIONNAIRE),
        }
        return render(request, "attributions/seance.html", contexte)


class DocumentDeSeance(ReserveeMixin, ABC):
    """Un document d'une séance, en PDF ; nominatif, sa lecture est notée (RG-71)."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    nom: str

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Produit le document."""
        seance = lire_seance(request, pk)
        noter_consultation(request.acteur, GenreConsultation.EXPORT, "attributions.seance", seance.pk, self.nom)
        reponse = HttpResponse(self.produire(seance), content_type="application/pdf")
        reponse["Content-Disposition"] = f'attachment; filename="{self.nom}-{seance.date:%Y-%m-%d}.pdf"'
        return reponse

    @abstractmethod
    def produire(self, seance: Seance) -> bytes:
        """Les octets du PDF."""


class OrdreDuJour(DocumentDeSeance):
    """L'ordre du jour, pour les membres de la commission."""

    nom = "ordre-du-jour"

    def produire(self, seance: Seance) -> bytes:
        """Les logements et leurs candidats."""
        return ordre_du_jour(seance)


class ProcesVerbalNominatif(DocumentDeSeance):
    """Le procès-verbal d'une séance close, avec les numéros de demande : celui qu'on garde ne les porte pas (RG-70)."""

    nom = "proces-verbal-nominatif"

    def produire(self, seance: Seance) -> bytes:
        """Les décisions, nominatives."""
        if seance.etat != EtatSeance.CLOSE:
            raise Introuvable
        return proces_verbal(seance, est_nominatif=True)


def lire_inscription(request: Requete, pk: int) -> Inscription:
    """Une inscription d'une séance que l'acteur voit ; lève `Introuvable` sinon."""
    visibles = Seance.objects.visibles_par(request.acteur)
    inscription = Inscription.objects.filter(pk=pk, seance__in=visibles).first()
    if inscription is None:
        raise Introuvable
    return inscription


class RetirerDeLaSeance(ActeSeance):
    """Retirer un logement de l'ordre du jour."""

    titre = "Retirer de l'ordre du jour"
    bouton = "Retirer"
    inscription: Inscription

    def preparer(self, **cles: Any) -> None:
        """Lit l'inscription par sa séance ; la page cite les demandes : sa lecture est notée (RG-71)."""
        self.inscription = lire_inscription(self.request, cles["pk"])
        self.seance = lire_seance(self.request, self.inscription.seance_id)

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        seances.desinscrire(acteur=self.request.acteur, inscription_id=self.inscription.pk)
        return "Logement retiré de l'ordre du jour."


class Decider(ActeSeance):
    """Enregistrer les décisions de la commission sur un logement."""

    titre = "Décisions de la commission"
    bouton = "Enregistrer les décisions"
    gabarit = "attributions/decider.html"
    inscription: Inscription

    def preparer(self, **cles: Any) -> None:
        """Lit l'inscription par sa séance."""
        self.inscription = lire_inscription(self.request, cles["pk"])
        self.seance = lire_seance(self.request, self.inscription.seance_id)
        orientation = self.inscription.orientation_id
        noter_consultation(self.request.acteur, GenreConsultation.CANDIDATS, "attributions.orientation", orientation)

    def candidats(self) -> list[Candidat]:
        """Ceux que la séance examine : pas encore examinés, ou examinés ce jour-là."""
        return [
            candidat
            for candidat in self.inscription.orientation.candidats.order_by("rang_caleol", "pk")
            if not candidat.decision or candidat.date_examen == self.seance.date
        ]

    def initial(self) -> dict[str, Any]:
        """Le motif déjà saisi, s'il y en a un."""
        return {
            "motif_nombre": self.inscription.motif_nombre,
            "precision_nombre": self.inscription.precision_nombre,
        }

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Un champ de décision, de rang et de motif par candidat."""
        return FormulaireDecisions(donnees, candidats=self.candidats(), initial=self.initial())

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement examiné."""
        orientation = self.inscription.orientation
        return [("Libération", orientation.liberation.numero), ("Compte", orientation.nom_du_compte)]

    def avertissement(self) -> str:
        """Moins de trois demandes : il faut dire pourquoi (RG-42)."""
        nombre = self.inscription.orientation.candidats.count()
        alerte = avertir_nombre_de_candidats(nombre, None, self.seance.date)
        return alerte[:1].upper() + alerte[1:]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre les décisions."""
        del donnees
        formulaire = FormulaireDecisions(self.request.POST, candidats=self.candidats())
        formulaire.is_valid()
        commission.decider(
            acteur=self.request.acteur,
            inscription_id=self.inscription.pk,
            decisions=formulaire.decisions(),
            peu_de_candidats=formulaire.peu_de_candidats(),
        )
        return "Décisions enregistrées."
