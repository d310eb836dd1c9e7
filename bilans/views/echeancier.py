"""L'échéancier du bailleur, à l'écran et en flux iCalendar (RG-67)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View

from bilans.domaine.calendrier import Evenement, ecrire_calendrier
from bilans.echeances import charger_echeances, lecteur_de
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.notifications.actions.deposer import adresse_publique
from flux_reservations.notifications.courriel import domaine_d_expedition
from flux_reservations.socle import rls
from flux_reservations.socle.requete import Requete

SEL = "echeancier"


class Echeancier(ReserveeMixin):
    """Les quatre mois qui viennent."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Montre les échéances et l'adresse du calendrier."""
        jeton = signing.dumps(request.acteur.organisme_id, salt=SEL)
        contexte = {
            "titre": "Échéancier",
            "echeances": charger_echeances(request.acteur, timezone.localdate()),
            "adresse_calendrier": adresse_publique(reverse("echeancier_ical", args=[jeton])),
        }
        return render(request, "bilans/echeancier.html", contexte)


@method_decorator(login_not_required, name="dispatch")
class Calendrier(View):
    """Le flux iCalendar : un agenda ne se connecte pas, son adresse signée en tient lieu ; ni adresse ni nom n'y figurent."""

    def get(self, request: HttpRequest, jeton: str) -> HttpResponse:
        """Le calendrier du bailleur dont l'adresse est signée."""
        del request
        try:
            organisme = signing.loads(jeton, salt=SEL)
        except signing.BadSignature as erreur:
            raise Http404 from erreur
        acteur = lecteur_de(organisme)
        with rls.pour_acteur(acteur):
            echeances = charger_echeances(acteur, timezone.localdate())
        evenements = [
            Evenement(une.le, une.libelle, adresse_publique(une.adresse) if une.adresse else "")
            for une in echeances
            if not une.est_faite
        ]
        texte = ecrire_calendrier("Flux réservations", evenements, domaine_d_expedition(), timezone.now())
        return HttpResponse(texte, content_type="text/calendar; charset=utf-8")
