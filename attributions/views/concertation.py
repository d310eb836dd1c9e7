"""La fiche d'une concertation : invités, propositions, répartition, compte rendu, et le compteur à part du programme (RG-22).

Elle est ici et non dans `conventions` : le compteur lit les libérations, que `conventions` ne connaît pas.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.programme_neuf import charger_compteur, seuil_de_l_etat
from conventions.domaine.codes import EtatConcertation
from conventions.models import Concertation, PartConcertation
from conventions.views.concertations import nom_du_compte, pastille_de
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.presentation import Moment
from flux_reservations.socle.requete import Requete


class FicheConcertation(ReserveeMixin):
    """Le programme, vu du bailleur ou d'un invité."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la concertation ; un invité voit sa part, puis toutes une fois la répartition arrêtée."""
        acteur = request.acteur
        concertation = get_object_or_404(
            Concertation.objects.visibles_par(acteur).select_related("bailleur", "commune", "departement", "piece"),
            pk=pk,
        )
        parts = PartConcertation.objects.visibles_par(acteur).filter(concertation=concertation)
        compteur = charger_compteur(concertation, parts.select_related("reservataire", "concertation"))
        ouverte = concertation.etat == EtatConcertation.OUVERTE
        contexte = {
            "titre": concertation.programme,
            "fil": [("Programmes neufs", reverse("concertations"))],
            "concertation": concertation,
            "etat": pastille_de(concertation),
            "compteur": compteur,
            "lignes": [(nom_du_compte(ligne.part), ligne) for ligne in compteur.lignes],
            "seuil": seuil_de_l_etat(concertation),
            "moments": raconter(concertation),
            "peut_arreter": ouverte and acteur.est_bailleur and acteur.peut(Role.RESPONSABLE),
            "peut_constater": concertation.etat == EtatConcertation.ARRETEE
            and acteur.est_bailleur
            and acteur.peut(Role.GESTIONNAIRE),
            "mes_parts": [
                ligne.part
                for ligne in compteur.lignes
                if ouverte and acteur.peut(Role.GESTIONNAIRE) and ligne.part.reservataire_id == acteur.organisme
            ],
        }
        return render(request, "attributions/concertation.html", contexte)


def raconter(concertation: Concertation) -> list[Moment]:
    """Les dates de la concertation, dans l'ordre, faites et à venir."""
    ouverte = concertation.etat == EtatConcertation.OUVERTE
    dates = [
        ("Concertation ouverte, invitations envoyées", concertation.ouverte_le),
        ("Réunion", concertation.reunion_le),
        ("Propositions attendues jusqu'au", concertation.reponse_avant_le),
        ("Répartition arrêtée", concertation.arretee_le),
        ("Première mise en location prévue", concertation.livraison_le),
        ("Entrée dans le flux", concertation.dans_le_flux_le),
    ]
    jour = timezone.localdate()
    moments = [
        Moment(titre, quand, "a-venir" if quand > jour else "fait")
        for titre, quand in sorted(((t, q) for t, q in dates if q is not None), key=lambda couple: couple[1])
    ]
    if ouverte:
        moments.append(Moment("Répartition à arrêter", None, "a-venir"))
    elif concertation.dans_le_flux_le is None:
        moments.append(Moment("Entrée dans le flux à constater", None, "a-venir"))
    return moments
