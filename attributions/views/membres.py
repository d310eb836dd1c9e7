"""Les membres de la CALEOL : les convoquer (bailleur), et lire l'ordre du jour de sa séance, pas plus (membre)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from attributions.actions.membres import convoquer_membres, membres_possibles, membres_proposes
from attributions.models import MembreSeance, Seance
from attributions.pdf import lire_les_passages
from attributions.views.seances import ActeSeance, etat_seance
from conventions.chargement_etat_des_lieux import SECRETS
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.conservation import SEANCES_DES_MEMBRES
from flux_reservations.pieces.views import envoyer_piece
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import compter
from flux_reservations.socle.requete import Requete


class FormulaireMembres(forms.Form):
    """Qui est convoqué."""

    membres = forms.TypedMultipleChoiceField(
        label="Membres convoqués", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, seance: Seance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membres"].help_text = (
            "Chacun lit l'ordre du jour de cette séance et ses candidats, jusqu'à"
            f" {SEANCES_DES_MEMBRES.valeur(seance.date)} jours après sa date. Le délai de convocation est celui de votre"
            " règlement intérieur."
        )
        proposer(self, "membres", ((un.pk, un.utilisateur.nom_complet) for un in membres_possibles(seance)))


class ConvoquerMembres(ActeSeance):
    """Choisir les membres convoqués à une séance."""

    titre = "Membres convoqués"
    bouton = "Enregistrer"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Ceux de la séance précédente sont proposés."""
        return FormulaireMembres(donnees, seance=self.seance, initial={"membres": membres_proposes(self.seance)})

    def avertissement(self) -> str:
        """Sans membre connu, le remède."""
        if membres_possibles(self.seance).exists():
            return ""
        return "Votre commission n'a pas encore de membre : un responsable les invite (Personnes et rôles, rôle « Membre de la CALEOL »)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Convoque, et avertit les nouveaux par courriel."""
        nouvelles = convoquer_membres(
            acteur=self.request.acteur, seance_id=self.seance.pk, rattachements=donnees["membres"]
        )
        convoques = compter(len(donnees["membres"]), "membre convoqué", "membres convoqués")
        return f"{convoques}, dont {compter(len(nouvelles), 'nouveau averti', 'nouveaux avertis')} par courriel."


class MesSeances(ReserveeMixin):
    """Les séances ouvertes à un membre de la commission."""

    natures = frozenset({Nature.CALEOL})

    def get(self, request: Requete) -> HttpResponse:
        """Montre les séances, la prochaine d'abord."""
        convocations = MembreSeance.objects.visibles_par(request.acteur).select_related(
            "seance", "rattachement__organisme"
        )
        contexte = {"titre": "Mes séances", "convocations": convocations.order_by("seance__date")}
        return render(request, "portail/mes_seances.html", contexte)


def lire_ma_seance(request: Requete, pk: int) -> MembreSeance:
    """La convocation de l'acteur à cette séance ; lève `Introuvable` s'il n'y est pas convoqué, ou passé le délai."""
    convocations = MembreSeance.objects.visibles_par(request.acteur)
    convocation = convocations.filter(seance_id=pk).select_related("seance", "rattachement__organisme").first()
    if convocation is None:
        raise Introuvable
    return convocation


class MaSeance(ReserveeMixin):
    """L'ordre du jour d'une séance où l'on est convoqué : les logements, les candidats, les décisions prises."""

    natures = frozenset({Nature.CALEOL})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre l'ordre du jour, et note la consultation."""
        convocation = lire_ma_seance(request, pk)
        seance = convocation.seance
        noter_consultation(
            request.acteur,
            GenreConsultation.CANDIDATS,
            "attributions.seance",
            seance.pk,
            organisme_id=seance.bailleur_id,
        )
        contexte = {
            "titre": str(seance),
            "fil": [("Mes séances", reverse("mes_seances"))],
            "seance": seance,
            "bailleur": convocation.rattachement.organisme,
            "fin": convocation.fin,
            "etat": etat_seance(seance),
            "passages": lire_les_passages(seance),
            "a_la_commune": SECRETS,
        }
        return render(request, "portail/ma_seance.html", contexte)


class MonProcesVerbal(ReserveeMixin):
    """Le procès-verbal d'une séance où l'on est convoqué."""

    natures = frozenset({Nature.CALEOL})

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Envoie la pièce."""
        proces_verbal = lire_ma_seance(request, pk).seance.proces_verbal
        if proces_verbal is None:
            raise Introuvable
        return envoyer_piece(proces_verbal)
