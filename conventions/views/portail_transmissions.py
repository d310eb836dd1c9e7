"""Portail de l'État et des EPCI : les conventions transmises, et celles qui manquent (RG-17)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

from conventions.chargement_transmissions import conventions_manquantes, stock_sans_convention
from conventions.models import Bailleur, Convention
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.conversion import ECHEANCE_DES_CONVENTIONS
from flux_reservations.notifications.actions.demandes import demander
from flux_reservations.notifications.demandes import GenreDemande
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.views.demandes import FormulaireTexte
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Pastille
from flux_reservations.socle.vues import Colonne, VueListe


class FiltreTransmissions(django_filters.FilterSet):
    """Recherche et filtres des conventions transmises."""

    q = django_filters.CharFilter(
        label="Rechercher", method="chercher", widget=forms.TextInput(attrs={"type": "search"})
    )
    accuse = django_filters.ChoiceFilter(
        label="Accusé", choices=[("non", "À accuser"), ("oui", "Accusées")], method="par_accuse", empty_label="Toutes"
    )
    annee = django_filters.NumberFilter(label="Déposée en", field_name="depose_le", lookup_expr="year")

    class Meta:
        model = Envoi
        fields: ClassVar[list[str]] = []

    def chercher(self, envois: QuerySet[Envoi], nom: str, valeur: str) -> QuerySet[Envoi]:
        """Numéro de convention, réservataire ou bailleur."""
        del nom
        return envois.filter(
            Q(numero__icontains=valeur)
            | Q(reservataire__icontains=valeur)
            | Q(objet__icontains=valeur)
            | Q(emetteur__nom__icontains=valeur)
        )

    def par_accuse(self, envois: QuerySet[Envoi], nom: str, valeur: str) -> QuerySet[Envoi]:
        """Accusées ou non."""
        del nom
        return envois.filter(recu_le__isnull=valeur == "non")


class DemanderAuBailleur(ReserveeMixin, VueActe):
    """Demander une précision à un bailleur du territoire : une convention qui manque, un stock sans convention (RG-17, RG-19)."""

    natures = frozenset({Nature.ETAT})
    role = Role.GESTIONNAIRE
    titre = "Demander une précision"
    bouton = "Envoyer la demande"
    formulaire = FormulaireTexte
    bailleur: Bailleur

    def preparer(self, **cles: Any) -> None:
        """Le bailleur, s'il a du stock sans convention, ou une convention qui manque, sur le territoire."""
        acteur = self.request.acteur
        connus = {un.bailleur_id for un in stock_sans_convention(acteur, timezone.localdate())}
        connus |= {une.bailleur_id for une in conventions_manquantes(acteur)}
        bailleur = Bailleur.objects.visibles_par(acteur).filter(pk=cles["pk"]).first()
        if bailleur is None or bailleur.pk not in connus:
            raise Introuvable
        self.bailleur = bailleur

    def recapitulatif(self) -> list[tuple[str, object]]:
        """À qui."""
        return [("Bailleur", self.bailleur.nom)]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre la demande."""
        demander(
            acteur=self.request.acteur,
            genre=GenreDemande.PRECISION,
            destinataire_id=self.bailleur.pk,
            objet_type="conventions.bailleur",
            objet_cle=str(self.bailleur.pk),
            sujet=f"Conventions qui manquent, {self.bailleur.nom}",
            texte=donnees["texte"],
        )
        return "Demande envoyée au bailleur."

    def retour(self) -> str:
        """Les conventions transmises."""
        return reverse("conventions_transmises")


class ConventionsTransmises(ReserveeMixin, VueListe[Envoi]):
    """Les conventions reçues, accusées ou non ; au-dessous, celles qui manquent."""

    natures = frozenset({Nature.ETAT, Nature.COLLECTIVITE})
    territoriale = True
    titre = "Conventions transmises"
    legende = "Conventions déposées par les bailleurs (RG-17)"
    nom_export = "conventions_transmises"
    singulier = "transmission"
    gabarit = "portail/transmissions.html"
    classe_filtre = FiltreTransmissions
    tri_par_defaut = "-depose_le"
    vide_titre = "Aucune convention transmise"
    vide_texte = "Chaque convention signée sur votre territoire doit vous être transmise sans délai (RG-17)."
    colonnes: ClassVar[Any] = (
        Colonne[Envoi](
            "numero",
            "Convention",
            lambda un: getattr(un, "numero", None) or un.objet,
            tri=("numero",),
            lien=lambda un: reverse("envoi_recu", args=[un.cle]),
            entete_de_ligne=True,
        ),
        Colonne[Envoi](
            "reservataire", "Réservataire", lambda un: getattr(un, "reservataire", None), tri=("reservataire",)
        ),
        Colonne[Envoi]("emetteur", "Bailleur", lambda un: un.emetteur.nom, tri=("emetteur__nom",)),
        Colonne[Envoi](
            "departement",
            "Département",
            lambda un: str(un.departement) if un.departement else "",
            tri=("departement_id",),
            secondaire=True,
        ),
        Colonne[Envoi]("depose_le", "Déposée", lambda un: un.depose_le, "instant", tri=("depose_le",)),
        Colonne[Envoi](
            "recu",
            "Accusé",
            lambda un: Pastille("Accusée", "succes") if un.recu_le else Pastille("À accuser", "attention"),
            "pastille",
        ),
    )

    def lire(self) -> QuerySet[Envoi]:
        """Les dépôts adressés à l'acteur, avec le numéro et le réservataire de la convention transmise."""
        acteur = self.request.acteur
        transmise = (
            Convention.objects.visibles_par(acteur)
            .annotate(cle=Cast("pk", CharField()))
            .filter(cle=OuterRef("objet_cle"))
        )
        return (
            Envoi.objects.visibles_par(acteur)
            .filter(genre=GenreEnvoi.TRANSMISSION, destinataire_id=acteur.organisme_id)
            .annotate(
                numero=Subquery(transmise.values("numero")[:1]),
                reservataire=Subquery(transmise.values("reservataire__nom")[:1]),
            )
            .select_related("emetteur", "departement")
        )

    def contexte(self) -> dict[str, Any]:
        """Les conventions qui manquent, le stock sans convention."""
        acteur = self.request.acteur
        return {
            "manquantes": conventions_manquantes(acteur),
            "stock": stock_sans_convention(acteur, timezone.localdate()),
            "echeance": ECHEANCE_DES_CONVENTIONS.valeur(timezone.localdate()),
            "peut_demander": acteur.nature is Nature.ETAT and acteur.peut(Role.GESTIONNAIRE),
        }
