"""Le carnet des autorités à l'écran : qui reçoit, à quelle adresse, par quelle voie, depuis quand (RG-17, RG-18, RG-60)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.actions.carnet import NATURES_D_AUTORITE, ContactSaisi, inscrire_contact
from conventions.chargement_autorites import charger_autorites, charger_autorites_du_departement
from conventions.domaine.codes import VoieDeRemise
from conventions.forms import champ_date
from conventions.models import Bailleur, ContactAutorite
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable
from flux_reservations.territoires.models import Departement, Territoire

TENEURS = frozenset({Nature.BAILLEUR, Nature.ETAT, Nature.PLATEFORME})


class MonCarnet(ReserveeMixin):
    """Mène au carnet du département de l'acteur ; sans département, en propose un."""

    natures = TENEURS

    def get(self, request: Requete) -> HttpResponse:
        """Le département de l'organisme, ou celui demandé."""
        demande = request.GET.get("departement", "").strip().upper()
        code = demande or request.acteur.territoire.removeprefix("departement:")
        if Departement.objects.filter(pk=code).exists():
            return HttpResponseRedirect(reverse("carnet", args=[code]))
        contexte = {
            "titre": "Carnet des autorités",
            "departements": Departement.objects.all(),
            "inconnu": demande,
        }
        return render(request, "conventions/carnet_choisir.html", contexte)


class Carnet(PageExportable, ReserveeMixin):
    """Les autorités d'un département et leur contact du jour."""

    nom_export = "carnet"
    natures = TENEURS

    def get(self, request: Requete, departement: str) -> HttpResponse:
        """Pour un bailleur, celles que ses logements concernent d'abord ; pour l'État et la plateforme, toutes."""
        lieu = Departement.objects.filter(pk=departement).first()
        if lieu is None:
            raise Introuvable
        acteur = request.acteur
        toutes = charger_autorites_du_departement(acteur.organisme, lieu)
        concernees = set()
        if Bailleur.objects.visibles_par(acteur).filter(pk=acteur.organisme).exists():
            concernees = {un.territoire for un in charger_autorites(acteur.organisme, lieu.pk)}
        contexte = {
            "titre": f"Carnet des autorités, {lieu}",
            "fil": [("Conventions", reverse("conventions"))] if acteur.est_bailleur else [],
            "departement": lieu,
            "autorites": sorted(
                toutes, key=lambda un: (un.territoire not in concernees, un.qualite != "Préfet", un.nom)
            ),
            "concernees": concernees,
            "peut_tenir": acteur.peut(Role.GESTIONNAIRE),
            "est_partage": acteur.nature is not Nature.BAILLEUR,
        }
        return render(request, "conventions/carnet.html", contexte)


class FormulaireContact(forms.Form):
    """Un contact daté."""

    nom = forms.CharField(
        label="Service ou fonction", max_length=200, help_text="Le service, jamais le nom d'une personne."
    )
    voie = forms.ChoiceField(label="Voie de remise", choices=VoieDeRemise.choix(), widget=forms.RadioSelect)
    courriel = forms.EmailField(label="Courriel", required=False)
    adresse = forms.CharField(label="Adresse postale", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    concerne_par_la_reforme = forms.BooleanField(
        label="EPCI concerné par la réforme des attributions",
        required=False,
        help_text="Il reçoit aussi les bilans annuels (RG-60).",
    )
    depuis = champ_date(
        "Vaut à partir du",
        obligatoire=True,
        initial=timezone.localdate,
        aide="Le contact précédent s'arrête la veille.",
    )


class InscrireContact(ReserveeMixin, VueActe):
    """Inscrire ou remplacer le contact d'une autorité."""

    natures = TENEURS
    role = Role.GESTIONNAIRE
    titre = "Contact d'une autorité"
    bouton = "Inscrire au carnet"
    territoire: Territoire
    departement: Departement

    def preparer(self, **cles: Any) -> None:
        """Lit le territoire, qui a une autorité et touche le département."""
        lieu = Departement.objects.filter(pk=cles["departement"]).first()
        territoire = Territoire.objects.filter(pk=cles["territoire"]).first()
        if lieu is None or territoire is None:
            raise Introuvable
        if territoire.nature not in NATURES_D_AUTORITE and territoire.nature != "commune":
            raise Introuvable
        self.departement, self.territoire = lieu, territoire

    def retour(self) -> str:
        """Le carnet."""
        return reverse("carnet", args=[self.departement.pk])

    def fil(self) -> Fil:
        """Le carnet."""
        return [(f"Carnet des autorités, {self.departement}", self.retour())]

    def _contacts(self) -> list[ContactAutorite]:
        return list(
            ContactAutorite.objects.visibles_par(self.request.acteur)
            .filter(territoire=self.territoire)
            .select_related("tenu_par")
            .order_by("-depuis", "-pk")
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Repart du contact en cours."""
        jour = timezone.localdate()
        actuel = next((un for un in self._contacts() if jour in un.periode), None)
        initial: dict[str, Any] = {"voie": VoieDeRemise.PORTAIL.value}
        if actuel is not None:
            initial = {
                champ: getattr(actuel, champ)
                for champ in ("nom", "voie", "courriel", "adresse", "concerne_par_la_reforme")
            }
        return FormulaireContact(donnees, initial=initial)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """L'autorité, et ce qui a été inscrit avant."""
        inscrits: list[tuple[str, object]] = [
            (
                f"{un.depuis:%d/%m/%Y} – {f'{un.jusqu_au:%d/%m/%Y}' if un.jusqu_au else '…'}",
                f"{un.nom}, {un.get_voie_display().lower()}{f', {un.courriel}' if un.courriel else ''} (tenu par {un.tenu_par.nom})",
            )
            for un in self._contacts()
        ]
        return [("Autorité", str(self.territoire)), *inscrits]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Inscrit."""
        contact = inscrire_contact(
            acteur=self.request.acteur, territoire_id=self.territoire.pk, saisi=ContactSaisi(**donnees)
        )
        return f"{contact.nom} est au carnet à partir du {contact.depuis:%d/%m/%Y}."
