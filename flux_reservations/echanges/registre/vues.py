"""Le registre à l'écran, pour l'administration de la plateforme : la liste des organismes, leur fiche, les inscrire, les corriger."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Count, Func, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Invitation, Organisme, Rattachement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.acces.roles import NATURES
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges.models import DemandeOrganisme
from flux_reservations.echanges.registre.usage import compter_les_conventions, lire_usage
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Departement, Territoire

PLATEFORME = frozenset({Nature.PLATEFORME})


class FiltreOrganismes(django_filters.FilterSet):
    """Recherche et filtres du registre."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    nature = django_filters.ChoiceFilter(label="Nature", choices=NATURES, empty_label="Toutes")
    departement = django_filters.ModelChoiceFilter(
        label="Territoire", queryset=Departement.objects.all(), method="par_departement", empty_label="Tous"
    )
    personnes = django_filters.ChoiceFilter(
        label="Personnes",
        choices=[("sans", "Sans personne rattachée"), ("avec", "Avec des personnes")],
        method="par_personnes",
        empty_label="Tous",
    )

    class Meta:
        model = Organisme
        fields: ClassVar[list[str]] = []

    def chercher(self, organismes: QuerySet[Organisme], nom: str, valeur: str) -> QuerySet[Organisme]:
        """Nom, code, SIREN, courriel ou territoire."""
        del nom
        return organismes.filter(
            Q(nom__icontains=valeur)
            | Q(reservataire__code__icontains=valeur)
            | Q(siren__startswith="".join(valeur.split()))
            | Q(courriel__icontains=valeur)
            | Q(territoire__nom__icontains=valeur)
        )

    def par_departement(self, organismes: QuerySet[Organisme], nom: str, valeur: Departement) -> QuerySet[Organisme]:
        """Ceux dont le territoire touche ce département."""
        del nom
        return organismes.filter(territoire__in=Territoire.objects.touchant_le_departement(valeur))

    def par_personnes(self, organismes: QuerySet[Any], nom: str, valeur: str) -> QuerySet[Any]:
        """Ceux où quelqu'un a un accès ouvert, ou personne."""
        del nom
        return organismes.filter(personnes=0) if valeur == "sans" else organismes.filter(personnes__gt=0)


def _designation(organisme: Organisme) -> str:
    """Ce qui désigne l'organisme dans les fichiers : le code d'un réservataire, le SIREN d'un bailleur."""
    reservataire: Reservataire | None = getattr(organisme, "reservataire", None)
    return reservataire.code if reservataire is not None else organisme.siren


def type_de(organisme: Organisme) -> str:
    """Le type d'un réservataire (RG-02), le statut d'un bailleur (RG-01)."""
    reservataire: Reservataire | None = getattr(organisme, "reservataire", None)
    if reservataire is not None:
        return reservataire.get_type_display()
    bailleur: Bailleur | None = getattr(organisme, "bailleur", None)
    return bailleur.get_statut_display() if bailleur is not None else ""


class ListeOrganismes(ReserveeMixin, VueListe[Organisme]):
    """Les organismes de la plateforme, pour son administration."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    titre = "Organismes"
    legende = "Organismes de la plateforme"
    nom_export = "organismes"
    singulier = "organisme"
    gabarit = "echanges/registre/organismes.html"
    classe_filtre = FiltreOrganismes
    tri_par_defaut = "nom"
    vide_titre = "Aucun organisme"
    colonnes = (
        Colonne[Organisme](
            "nom",
            "Nom",
            lambda un: un.nom,
            tri=("cle_tri",),
            lien=lambda un: reverse("organisme", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Organisme]("code", "Code ou SIREN", _designation, tri=("reservataire__code", "siren")),
        Colonne[Organisme]("nature", "Nature", lambda un: dict(NATURES)[un.nature], tri=("nature", "cle_tri")),
        Colonne[Organisme]("type", "Type", type_de, tri=("reservataire__type", "bailleur__statut"), secondaire=True),
        Colonne[Organisme](
            "territoire",
            "Territoire",
            lambda un: str(un.territoire) if un.territoire else "",
            tri=("territoire__cle_tri",),
            secondaire=True,
        ),
        Colonne[Organisme](
            "personnes", "Personnes", lambda un: getattr(un, "personnes", 0), "nombre", tri=("personnes", "cle_tri")
        ),
    )
    colonnes_d_export = (
        Colonne[Organisme]("siren", "SIREN", lambda un: un.siren),
        Colonne[Organisme]("courriel", "Courriel", lambda un: un.courriel),
    )

    def lire(self) -> QuerySet[Organisme]:
        """Tous, avec le nombre de personnes qui y ont un accès ouvert."""
        ouverts = Q(rattachements__clos_le__isnull=True, rattachements__utilisateur__is_active=True)
        organismes = Organisme.objects.visibles_par(self.request.acteur)
        return organismes.select_related("reservataire", "bailleur", "territoire").annotate(
            personnes=Count("rattachements", filter=ouverts), cle_tri=Func(Lower("nom"), function="unaccent")
        )

    def contexte(self) -> dict[str, Any]:
        """Les demandes qui attendent."""
        return {"demandes_en_attente": DemandeOrganisme.objects.visibles_par(self.request.acteur).en_attente().count()}


def lire_organisme(request: Requete, pk: int) -> Organisme:
    """Un organisme du registre. Lève `Introuvable`."""
    organismes = Organisme.objects.visibles_par(request.acteur).select_related("reservataire", "bailleur", "territoire")
    organisme = organismes.filter(pk=pk).first()
    if organisme is None:
        raise Introuvable
    return organisme


def fil_de_l_organisme(organisme: Organisme) -> Fil:
    """La liste, puis la fiche."""
    return [("Organismes", reverse("organismes")), (organisme.nom, reverse("organisme", args=[organisme.pk]))]


class FicheOrganisme(ReserveeMixin):
    """Un organisme : ce qu'en dit le registre, ses personnes, le nombre de ses conventions, ce qui en dépend."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """La fiche."""
        organisme = lire_organisme(request, pk)
        rattachements = Rattachement.objects.visibles_par(request.acteur).filter(organisme=organisme)
        invitations = Invitation.objects.visibles_par(request.acteur).filter(
            organisme=organisme, acceptee_le=None, annulee_le=None
        )
        contexte = {
            "titre": organisme.nom,
            "fil": [("Organismes", reverse("organismes"))],
            "organisme": organisme,
            "nature": dict(NATURES)[organisme.nature],
            "designation": _designation(organisme),
            "type": type_de(organisme),
            "est_bailleur": organisme.nature == Nature.BAILLEUR,
            "est_du_registre": organisme.nature != Nature.PLATEFORME,
            "est_le_mien": organisme.pk == request.acteur.organisme_id,
            "rattachements": rattachements.select_related("utilisateur").order_by("clos_le", "utilisateur__nom", "pk"),
            "invitations": invitations.count(),
            "conventions": compter_les_conventions(organisme.pk),
            "usage": lire_usage(organisme.pk),
        }
        return render(request, "echanges/registre/organisme.html", contexte)
