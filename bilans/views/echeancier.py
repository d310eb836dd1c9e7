"""L'échéancier du bailleur, à l'écran et en flux iCalendar (RG-67)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View

from bilans.actions.abonnements import revoquer_l_abonnement, s_abonner
from bilans.domaine.calendrier import Evenement, ecrire_calendrier
from bilans.echeances import charger_echeances, lecteur_de
from bilans.models import AbonnementCalendrier
from flux_reservations.acces.models import Rattachement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.notifications.actions.deposer import adresse_publique
from flux_reservations.notifications.courriel import domaine_d_expedition
from flux_reservations.socle import rls
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable

SEL = "echeancier"


def adresse_du_calendrier(abonnement: AbonnementCalendrier) -> str:
    """L'adresse signée d'un abonnement : qui la lit, chez qui, et sa part secrète."""
    jeton = signing.dumps([abonnement.bailleur_id, abonnement.utilisateur_id, abonnement.cle.hex], salt=SEL)
    return adresse_publique(reverse("echeancier_ical", args=[jeton]))


class Echeancier(PageExportable, ReserveeMixin):
    """Les quatre mois qui viennent."""

    nom_export = "echeancier"
    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Montre les échéances et l'adresse du calendrier."""
        abonnement = AbonnementCalendrier.objects.visibles_par(request.acteur).actifs().first()
        contexte = {
            "titre": "Échéancier",
            "echeances": charger_echeances(request.acteur, timezone.localdate()),
            "abonnement": abonnement,
            "adresse_calendrier": adresse_du_calendrier(abonnement) if abonnement else "",
        }
        return render(request, "bilans/echeancier.html", contexte)


class ActeSurLeCalendrier(ReserveeMixin, VueActe):
    """Un acte sur son propre abonnement."""

    natures = frozenset({Nature.BAILLEUR})

    def preparer(self, **cles: Any) -> None:
        """Rien à lire : l'abonnement est celui de la personne."""
        del cles

    def retour(self) -> str:
        """L'échéancier."""
        return reverse("echeancier")

    def fil(self) -> Fil:
        """Échéancier."""
        return [("Échéancier", self.retour())]


class Abonner(ActeSurLeCalendrier):
    """Créer son adresse de calendrier."""

    titre, bouton = "Abonner votre agenda", "Créer l'adresse"

    def avertissement(self) -> str:
        """Ce que l'adresse ouvre."""
        return (
            "Qui connaît cette adresse lit vos échéances sans se connecter : dates et intitulés, ni adresse de logement ni nom. "
            "Vous pourrez la révoquer à tout moment."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée."""
        del donnees
        s_abonner(acteur=self.request.acteur)
        return "Votre adresse de calendrier est prête : donnez-la à votre agenda."


class Revoquer(ActeSurLeCalendrier):
    """Révoquer son adresse de calendrier."""

    titre, bouton, ton = "Révoquer l'adresse du calendrier", "Révoquer", "danger"

    def avertissement(self) -> str:
        """Ce que cela fait."""
        return "L'adresse cesse de répondre tout de suite, dans tous les agendas où elle est. Vous pourrez en créer une autre."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Révoque."""
        del donnees
        revoquer_l_abonnement(acteur=self.request.acteur)
        return "L'adresse est révoquée : elle ne répond plus."


@method_decorator(login_not_required, name="dispatch")
class Calendrier(View):
    """Le flux iCalendar : un agenda ne se connecte pas, son adresse signée et révocable en tient lieu ; ni adresse ni nom n'y figurent."""

    def get(self, request: HttpRequest, jeton: str) -> HttpResponse:
        """Le calendrier du bailleur dont l'adresse est signée, tant qu'elle n'est pas révoquée et que la personne y travaille."""
        del request
        acteur, cle = _lire_le_jeton(jeton)
        with rls.pour_acteur(acteur):
            actifs = AbonnementCalendrier.objects.visibles_par(acteur).actifs().filter(cle=cle)
            rattaches = (
                Rattachement.objects.visibles_par(acteur)
                .actifs()
                .filter(utilisateur_id=acteur.utilisateur_id or 0)
                .exclude(role=Role.MEMBRE)  # Un membre de la CALEOL voit sa séance, pas plus.
            )
            if not (actifs.exists() and rattaches.exists()):
                raise Http404
            echeances = charger_echeances(acteur, timezone.localdate())
        evenements = [
            Evenement(une.le, une.libelle, adresse_publique(une.adresse) if une.adresse else "")
            for une in echeances
            if not une.est_faite
        ]
        texte = ecrire_calendrier("Flux réservations", evenements, domaine_d_expedition(), timezone.now())
        return HttpResponse(texte, content_type="text/calendar; charset=utf-8")


def _lire_le_jeton(jeton: str) -> tuple[Acteur, uuid.UUID]:
    """Le lecteur et la part secrète que l'adresse porte ; 404 si elle n'est pas de nous."""
    try:
        organisme, utilisateur, cle = signing.loads(jeton, salt=SEL)
        return lecteur_de(int(organisme), int(utilisateur)), uuid.UUID(cle)
    except (signing.BadSignature, TypeError, ValueError, AttributeError) as erreur:
        raise Http404 from erreur
