"""Les jetons d'API de l'organisme : la liste, en créer un (le secret n'est montré qu'une fois), en révoquer un."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from flux_reservations.acces.actions_jetons import creer_jeton, revoquer_jeton
from flux_reservations.acces.jetons import Jeton, Portee
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe


class FormulaireJeton(forms.Form):
    """À quoi sert le jeton, ce qu'il permet, jusqu'à quand."""

    usage = forms.CharField(
        label="Usage", max_length=120, help_text="Le logiciel qui l'emploiera : « progiciel, export de nuit »."
    )
    portee = forms.ChoiceField(label="Portée", choices=Portee.choices, initial=Portee.LECTURE)
    expire_le = forms.DateField(
        label="Valable jusqu'au (inclus)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def etat_de(jeton: Jeton) -> Pastille:
    """Dit s'il vaut encore."""
    if jeton.revoque_le:
        return Pastille("Révoqué", "neutre")
    if jeton.expire_le and jeton.expire_le < timezone.now():
        return Pastille("Expiré", "neutre")
    return Pastille("Valable", "succes")


class ListeJetons(ReserveeMixin, VueListe[Jeton]):
    """Les jetons de l'organisme."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Jetons d'API"
    legende = "Jetons de l'organisme"
    nom_export = "jetons"
    singulier = "jeton"
    gabarit = "acces/jetons.html"
    vide_titre = "Aucun jeton"
    vide_texte = "Un jeton permet à un logiciel de lire ou d'écrire par l'API au nom de votre organisme."
    colonnes: ClassVar[Any] = (
        Colonne[Jeton]("usage", "Usage", lambda un: un.usage, tri=("usage",), entete_de_ligne=True),
        Colonne[Jeton]("debut", "Début", lambda un: f"{un.debut}…"),
        Colonne[Jeton]("portee", "Portée", lambda un: un.get_portee_display(), tri=("portee",)),
        Colonne[Jeton]("cree_le", "Créé", lambda un: un.cree_le, "instant", tri=("cree_le",)),
        Colonne[Jeton]("emploi", "Dernier emploi", lambda un: un.dernier_emploi, "instant", tri=("dernier_emploi",)),
        Colonne[Jeton]("expire_le", "Expire", lambda un: un.expire_le, "date", tri=("expire_le",)),
        Colonne[Jeton]("etat", "État", etat_de, "pastille"),
    )

    def lire(self) -> QuerySet[Jeton]:
        """Ceux de l'organisme."""
        return Jeton.objects.visibles_par(self.request.acteur)

    def contexte(self) -> dict[str, Any]:
        """Ceux qu'on peut révoquer."""
        return {"valables": Jeton.objects.visibles_par(self.request.acteur).valables(timezone.now())}


class CreerJeton(ReserveeMixin, View):
    """Créer un jeton ; la page qui suit montre son secret, une fois."""

    natures = GERANTS
    role = Role.RESPONSABLE

    def get(self, request: Requete) -> HttpResponse:
        """Le formulaire."""
        return self._demander(request, FormulaireJeton())

    def post(self, request: Requete) -> HttpResponse:
        """Crée, ou dit ce qui manque."""
        formulaire = FormulaireJeton(request.POST)
        if not formulaire.is_valid():
            return self._demander(request, formulaire, 422)
        try:
            jeton, secret = creer_jeton(acteur=request.acteur, **formulaire.cleaned_data)
        except ErreurMetier as erreur:
            formulaire.add_error(erreur.champ or None, erreur.message)
            return self._demander(request, formulaire, 422)
        contexte = {
            "titre": "Votre jeton",
            "fil": [("Jetons d'API", reverse("jetons"))],
            "jeton": jeton,
            "secret": secret,
        }
        return render(request, "acces/jeton_cree.html", contexte)

    def _demander(self, request: Requete, formulaire: forms.Form, statut: int = 200) -> HttpResponse:
        contexte = {
            "titre": "Créer un jeton d'API",
            "fil": [("Jetons d'API", reverse("jetons"))],
            "form": formulaire,
            "bouton": "Créer le jeton",
            "ton": "principal",
            "retour": reverse("jetons"),
        }
        return render(request, "acte.html", contexte, status=statut)


class RevoquerJeton(ReserveeMixin, VueActe):
    """Révoquer un jeton."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Révoquer le jeton"
    bouton = "Révoquer"
    ton = "danger"
    jeton: Jeton

    def preparer(self, **cles: Any) -> None:
        """Le jeton, s'il est à l'organisme."""
        jeton = Jeton.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if jeton is None:
            raise Introuvable
        self.jeton = jeton

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Lequel."""
        return [
            ("Usage", self.jeton.usage),
            ("Début", f"{self.jeton.debut}…"),
            ("Portée", self.jeton.get_portee_display()),
        ]

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le logiciel qui l'emploie sera refusé dès sa prochaine demande."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Révoque."""
        del donnees
        revoquer_jeton(acteur=self.request.acteur, jeton_id=self.jeton.pk)
        return "Jeton révoqué."

    def retour(self) -> str:
        """La liste."""
        return reverse("jetons")

    def fil(self) -> Fil:
        """La liste."""
        return [("Jetons d'API", reverse("jetons"))]
