"""Ce que partagent les actes sur une libération : la lire, la récapituler, savoir d'où l'on vient."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from attributions.chargement.comptes import Comptes
from attributions.models import Liberation, Proposition
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, ecrire_date
from flux_reservations.socle.requete import Requete


def adresse_du_lot(comptes: Comptes) -> str:
    """Adresse du lot d'un département et d'une année."""
    return f"{reverse('a_orienter')}?departement={comptes.departement}&annee={comptes.annee}"


def lire_liberation(request: Requete, pk: int) -> Liberation:
    """Une libération que l'acteur voit ; lève `Introuvable` sinon."""
    liberation = (
        Liberation.objects.visibles_par(request.acteur)
        .select_related("bailleur", "logement__commune")
        .filter(pk=pk)
        .first()
    )
    if liberation is None:
        raise Introuvable
    return liberation


class ActeLiberation(ReserveeMixin, VueActe):
    """Un acte sur une libération : de « À orienter » tant qu'elle attend, de sa fiche ensuite."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    liberation: Liberation
    vient_de_la_fiche: bool = False

    def preparer(self, **cles: Any) -> None:
        """Lit la libération."""
        self.liberation = lire_liberation(self.request, cles["pk"])
        self.vient_de_la_fiche = not (
            Proposition.objects.visibles_par(self.request.acteur).filter(liberation=self.liberation).exists()
        )

    def retour(self) -> str:
        """Le lot où elle se décide ; sa fiche si elle n'y est pas."""
        if self.vient_de_la_fiche:
            return reverse("liberation", args=[self.liberation.pk])
        return adresse_du_lot(Comptes.d_une_liberation(self.liberation, timezone.localdate()))

    def fil(self) -> Fil:
        """À orienter, ou la fiche."""
        if self.vient_de_la_fiche:
            return [("Libérations", reverse("liberations")), (f"Libération {self.liberation.numero}", self.retour())]
        return [("À orienter", self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement."""
        logement = self.liberation.logement
        return [
            ("Libération", self.liberation.numero),
            ("Logement", f"{logement.typologie}, {logement.adresse or logement.identifiant}, {logement.commune}"),
            ("Disponible", ecrire_date(self.liberation.date_disponibilite)),
        ]
