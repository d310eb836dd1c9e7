"""La vue d'un acte : une cible visible, un formulaire, une action, un retour ; le refus métier se lit dans le formulaire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views import View

from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.commun.zones_libres import reperer_le_sensible
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.requete import Requete


def relire_les_textes(formulaire: forms.Form) -> list[str]:
    """Ce que les zones libres d'un formulaire valide semblent contenir et ne devraient pas (RG-72) ; vide si rien."""
    libres = [nom for nom, champ in formulaire.fields.items() if isinstance(champ.widget, forms.Textarea)]
    trouves = [sujet for nom in libres for sujet in reperer_le_sensible(str(formulaire.cleaned_data.get(nom) or ""))]
    return list(dict.fromkeys(trouves))


class SansSaisie(forms.Form):
    """Un acte qui ne demande qu'une confirmation."""


class VueActe(View, ABC):
    """Un acte sur une ligne : la page récapitule, demande ce qu'il faut, confirme ; l'action fait le reste.

    À donner : `titre`, `bouton`, `preparer()` (la ligne, par `visibles_par`, 404 sinon), `executer()` (appelle l'action, rend le
    message), `retour()`. En option : `formulaire`, `initial()`, `recapitulatif()`, `ton` (`danger` pour l'irréversible).
    """

    request: Requete
    titre: ClassVar[str]
    bouton: ClassVar[str]
    formulaire: ClassVar[type[forms.Form]] = SansSaisie
    gabarit: ClassVar[str] = "acte.html"
    ton: ClassVar[str] = "principal"

    @abstractmethod
    def preparer(self, **cles: Any) -> None:
        """Lit la cible de l'acte dans ce que l'acteur voit ; lève `Introuvable` sinon."""

    @abstractmethod
    def executer(self, donnees: dict[str, Any]) -> str:
        """Appelle l'action et rend le message qui dit ce qui a été fait."""

    @abstractmethod
    def retour(self) -> str:
        """Adresse où l'on revient, acte fait ou abandonné."""

    def initial(self) -> dict[str, Any]:
        """Valeurs proposées dans le formulaire."""
        return {}

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce sur quoi porte l'acte : couples (libellé, valeur)."""
        return []

    def avertissement(self) -> str:
        """Ce que l'acte a d'irréversible ou d'inhabituel ; vide s'il n'y a rien à en dire."""
        return ""

    def empreinte(self) -> str:
        """Empreinte de ce que l'acte va figer ; vide si rien n'est à relire. `executer()` rend `empreinte_lue` à l'action, qui compare."""
        return ""

    @property
    def empreinte_lue(self) -> str:
        """Ce que la personne a lu : porté par le formulaire, d'abord par le lien de la page qu'elle quitte (`?lue=`)."""
        if self.request.method == "POST":
            return self.request.POST.get("empreinte_lue", "")
        return self.request.GET.get("lue", "")

    def est_sans_objet(self) -> bool:
        """Vrai s'il n'y a rien sur quoi agir : la page le dit (`avertissement`), sans formulaire ni bouton."""
        return False

    def fil(self) -> Fil:
        """Fil d'Ariane."""
        return ()

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Le formulaire, lié ou non."""
        return self.formulaire(donnees, initial=self.initial())

    def get(self, request: Requete, **cles: Any) -> HttpResponse:
        """Montre le récapitulatif et le formulaire."""
        del request
        self.preparer(**cles)
        return self._montrer(self.creer_formulaire())

    def post(self, request: Requete, **cles: Any) -> HttpResponse:
        """Exécute l'acte ; un refus revient sur la page, avec son remède."""
        self.preparer(**cles)
        formulaire = self.creer_formulaire(request.POST)
        if not formulaire.is_valid():
            return self._montrer(formulaire, statut=422)
        alertes = relire_les_textes(formulaire)
        if alertes and request.POST.get("texte_relu") != "oui":
            return self._montrer(formulaire, statut=422, alertes=alertes)
        try:
            message = self.executer(formulaire.cleaned_data)
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            formulaire.add_error(erreur.champ if erreur.champ in formulaire.fields else None, erreur.message)
            return self._montrer(formulaire, statut=409 if isinstance(erreur, Conflit) else 422)
        if message:
            messages.success(request, message)
        return HttpResponseRedirect(self.retour())

    def _montrer(self, formulaire: forms.Form, statut: int = 200, alertes: Sequence[str] = ()) -> HttpResponse:
        actuelle = self.empreinte()
        lue = self.empreinte_lue or ("" if self.request.method == "POST" else actuelle)
        contexte = {
            "titre": self.titre,
            "fil": self.fil(),
            "form": formulaire,
            "recapitulatif": self.recapitulatif(),
            "avertissement": self.avertissement(),
            "bouton": self.bouton,
            "ton": self.ton,
            "retour": self.retour(),
            "alertes_du_texte": alertes,
            "sans_objet": self.est_sans_objet(),
            "empreinte_lue": lue,
            "a_relire": bool(actuelle) and lue != actuelle,
        }
        return render(self.request, self.gabarit, contexte, status=statut)
