"""Le registre des envois : la preuve de l'émetteur, exportable, avec les empreintes (RG-66)."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi, VoieEnvoi
from flux_reservations.socle.presentation import Moment, Pastille, type_de_ton
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

TONS: dict[str, type_de_ton] = {
    EtatEnvoi.PREVU: "neutre",
    EtatEnvoi.EN_COURS: "information",
    EtatEnvoi.ENVOYE: "succes",
    EtatEnvoi.INCERTAIN: "attention",
    EtatEnvoi.ECHEC: "danger",
    EtatEnvoi.REPRIS: "attention",
    EtatEnvoi.RECU: "succes",
}


def pastille_de(envoi: Envoi) -> Pastille:
    """L'état d'un envoi."""
    if envoi.etat == EtatEnvoi.PREVU and envoi.voie == VoieEnvoi.RECOMMANDE:
        return Pastille("À remettre", "attention")
    return Pastille(envoi.get_etat_display(), TONS[envoi.etat])


class FiltreEnvois(django_filters.FilterSet):
    """Recherche et filtres du registre."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    genre = django_filters.ChoiceFilter(label="Genre", choices=GenreEnvoi.choices, empty_label="Tous")
    etat = django_filters.ChoiceFilter(label="État", choices=EtatEnvoi.choices, empty_label="Tous")
    voie = django_filters.ChoiceFilter(label="Voie", choices=VoieEnvoi.choices, empty_label="Toutes")
    annee = django_filters.NumberFilter(label="Année")

    class Meta:
        model = Envoi
        fields: ClassVar[list[str]] = []

    def chercher(self, envois: QuerySet[Envoi], nom: str, valeur: str) -> QuerySet[Envoi]:
        """Destinataire, objet, référence, Message-ID."""
        del nom
        return envois.filter(
            Q(destinataire_nom__icontains=valeur)
            | Q(objet__icontains=valeur)
            | Q(reference_voie__icontains=valeur)
            | Q(message_id__icontains=valeur)
        )


COLONNES: tuple[Colonne[Envoi], ...] = (
    Colonne(
        "destinataire",
        "Destinataire",
        lambda un: un.destinataire_nom,
        tri=("destinataire_nom",),
        lien=lambda un: reverse("envoi", args=[un.pk]),
        entete_de_ligne=True,
    ),
    Colonne("genre", "Genre", lambda un: un.get_genre_display(), tri=("genre",)),
    Colonne("annee", "Année", lambda un: str(un.annee) if un.annee else "", tri=("annee",), secondaire=True),
    Colonne("depose", "Déposé le", lambda un: un.depose_le, "instant", tri=("depose_le",)),
    Colonne("voie", "Voie", lambda un: un.get_voie_display(), tri=("voie",), secondaire=True),
    Colonne("etat", "État", pastille_de, "pastille", tri=("etat",)),
    Colonne("recu", "Accusé le", lambda un: un.recu_le, "instant", tri=("recu_le",)),
)
COLONNES_DE_PREUVE: tuple[Colonne[Envoi], ...] = (
    Colonne("envoye", "Courriel accepté ou remise le", lambda un: un.envoye_le, "instant"),
    Colonne("recu_par", "Accusé par", lambda un: un.recu_par),
    Colonne("incertain", "Devenu incertain le", lambda un: un.incertain_le, "instant"),
    Colonne("tentatives", "Tentatives", lambda un: un.tentatives, "nombre"),
    Colonne("reference", "Référence de la remise", lambda un: un.reference_voie),
    Colonne("message_id", "Message-ID", lambda un: un.message_id),
    Colonne("objet", "Objet", lambda un: un.objet),
    Colonne("piece", "Pièce", lambda un: un.piece.nom if un.piece else ""),
    Colonne("empreinte", "Empreinte SHA-256 de la pièce", lambda un: un.piece.contenu_id if un.piece else ""),
    Colonne("lot", "Lot", lambda un: str(un.lot)),
    Colonne("cle", "Clé", lambda un: str(un.cle)),
)
"""Ce que l'export ajoute à l'écran : de quoi prouver."""


class Registre(ReserveeMixin, VueListe[Envoi]):
    """Tout ce que l'organisme a envoyé."""

    natures = frozenset({Nature.BAILLEUR})
    titre, legende, nom_export, singulier = "Envois", "Registre des envois", "registre-des-envois", "envoi"
    colonnes, colonnes_d_export = COLONNES, COLONNES_DE_PREUVE
    classe_filtre = FiltreEnvois
    tri_par_defaut = "-depose"
    gabarit = "notifications/registre.html"
    vide_titre = "Aucun envoi"
    vide_texte = (
        "Les bilans publiés, les informations et les conventions transmises apparaîtront ici, avec leurs accusés."
    )

    def lire(self) -> QuerySet[Envoi]:
        """Les envois émis ; `?lot=` n'en montre qu'un lot."""
        acteur = self.request.acteur
        envois = Envoi.objects.visibles_par(acteur).filter(emetteur_id=acteur.organisme_id).select_related("piece")
        lot = self.request.GET.get("lot", "")
        return envois.filter(lot=lot) if est_un_lot(lot) else envois

    def contexte(self) -> dict[str, Any]:
        """Ce que le rôle permet, et ce qui reste à remettre par une autre voie."""
        acteur = self.request.acteur
        restants = Envoi.objects.modifiables_par(acteur).a_remettre()
        return {"peut_agir": acteur.peut(Role.GESTIONNAIRE), "a_remettre": restants.count()}


def est_un_lot(texte: str) -> bool:
    """Vrai si ce texte s'écrit comme l'identifiant d'un lot."""
    try:
        UUID(texte)
    except ValueError:
        return False
    return True


class FicheEnvoi(ReserveeMixin):
    """Un envoi, son histoire, sa preuve, et ce qu'on peut encore en faire."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre l'envoi."""
        envoi = get_object_or_404(
            Envoi.objects.visibles_par(request.acteur)
            .filter(emetteur_id=request.acteur.organisme_id)
            .select_related("piece"),
            pk=pk,
        )
        agit = request.acteur.peut(Role.GESTIONNAIRE) and envoi.etat != EtatEnvoi.RECU
        contexte = {
            "titre": envoi.objet,
            "fil": [("Envois", reverse("envois"))],
            "envoi": envoi,
            "etat": pastille_de(envoi),
            "moments": raconter(envoi),
            "peut_remettre": agit and envoi.etat in {EtatEnvoi.PREVU, EtatEnvoi.ECHEC, EtatEnvoi.INCERTAIN},
            "peut_reexpedier": agit
            and (
                envoi.etat == EtatEnvoi.ECHEC or (envoi.etat == EtatEnvoi.PREVU and envoi.voie == VoieEnvoi.RECOMMANDE)
            ),
            "peut_signaler": agit
            and envoi.etat in {EtatEnvoi.ENVOYE, EtatEnvoi.REPRIS}
            and envoi.voie == VoieEnvoi.COURRIEL,
            "peut_relancer": agit and bool(envoi.courriel) and envoi.genre != GenreEnvoi.RAPPEL,
        }
        return render(request, "notifications/envoi.html", contexte)


def raconter(envoi: Envoi) -> list[Moment]:
    """L'histoire datée d'un envoi, du dépôt à l'accusé."""
    moments = [
        Moment(
            "Déposé au portail",
            envoi.depose_le,
            detail="C'est l'acte daté et unique ; le courriel n'en est que l'avis.",
        )
    ]
    if envoi.incertain_le:
        moments.append(
            Moment(
                "Devenu incertain",
                envoi.incertain_le,
                "refuse",
                "Renvoyé sous le même Message-ID : un doublon est possible.",
            )
        )
    if envoi.etat == EtatEnvoi.ECHEC:
        moments.append(Moment("Échec", envoi.pris_le, "refuse", envoi.derniere_erreur))
    elif envoi.envoye_le and envoi.voie == VoieEnvoi.COURRIEL:
        moments.append(Moment("Courriel accepté par le serveur du destinataire", envoi.envoye_le))
    elif envoi.envoye_le:
        moments.append(
            Moment(f"Remis ({envoi.get_voie_display().lower()})", envoi.envoye_le, detail=envoi.reference_voie)
        )
    if envoi.prochain_essai_le and envoi.etat != EtatEnvoi.RECU:
        moments.append(Moment("Prochain essai", envoi.prochain_essai_le, "a-venir"))
    if envoi.recu_le:
        moments.append(Moment("Accusé de réception", envoi.recu_le, auteur=envoi.recu_par))
    else:
        moments.append(Moment("Accusé de réception attendu", None, "a-venir"))
    return moments
