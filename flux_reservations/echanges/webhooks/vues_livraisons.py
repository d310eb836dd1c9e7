"""Le suivi des livraisons : chaque appel, ses essais, son code, sa suite ; filtré, exporté, rejoué depuis la fiche de l'abonnement."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.urls import reverse

from flux_reservations.echanges.webhooks.modeles import Appel, EtatAppel, Evenement
from flux_reservations.echanges.webhooks.vues import TONS, PourResponsable
from flux_reservations.socle.presentation import Pastille
from flux_reservations.socle.vues import Colonne, VueListe


class FiltreLivraisons(django_filters.FilterSet):
    """Filtres des livraisons."""

    evenement = django_filters.ChoiceFilter(label="Événement", choices=Evenement.choices, empty_label="Tous")
    etat = django_filters.ChoiceFilter(label="État", choices=EtatAppel.choices, empty_label="Tous")

    class Meta:
        model = Appel
        fields: ClassVar[list[str]] = []


class Livraisons(PourResponsable, VueListe[Appel]):
    """Tous les appels de l'organisme, du plus récent au plus ancien ; gardés soixante jours."""

    titre = "Livraisons"
    legende = "Appels automatiques, du plus récent au plus ancien"
    nom_export = "livraisons"
    singulier = "appel"
    classe_filtre = FiltreLivraisons
    tri_par_defaut = "-pose"
    vide_titre = "Aucun appel"
    vide_texte = "Le premier partira dès qu'un événement choisi arrivera à une adresse vérifiée."
    colonnes: ClassVar[Any] = (
        Colonne[Appel](
            "pose",
            "Posé le",
            lambda un: un.cree_le,
            "instant",
            tri=("cree_le", "pk"),
            lien=lambda un: reverse("webhook", args=[un.abonnement_id]),
            entete_de_ligne=True,
        ),
        Colonne[Appel]("usage", "Abonnement", lambda un: un.abonnement.usage, tri=("abonnement__usage",)),
        Colonne[Appel]("evenement", "Événement", lambda un: un.get_evenement_display()),
        Colonne[Appel]("etat", "État", lambda un: Pastille(un.get_etat_display(), TONS[un.etat]), "pastille"),
        Colonne[Appel]("essais", "Essais", lambda un: un.tentatives, "nombre", tri=("tentatives",)),
        Colonne[Appel]("statut", "Code", lambda un: un.statut, "nombre"),
        Colonne[Appel]("erreur", "Dernière erreur", lambda un: un.derniere_erreur, secondaire=True),
        Colonne[Appel]("suite", "Prochain essai", lambda un: un.prochain_essai_le, "instant", secondaire=True),
        Colonne[Appel]("cle", "webhook-id", lambda un: str(un.cle), secondaire=True),
    )

    def lire(self) -> QuerySet[Appel]:
        """Ceux des abonnements de l'organisme."""
        return Appel.objects.visibles_par(self.request.acteur).select_related("abonnement")

    def contexte(self) -> dict[str, Any]:
        """Le fil mène aux abonnements."""
        return {"fil": [("Appels automatiques", reverse("webhooks"))]}
