"""Les conventions à l'écran : la liste et la fiche, pour les parties et pour qui les a reçues (RG-10 à RG-17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from conventions.actions.commentaires import est_partie
from conventions.actions.transmission import est_transmise
from conventions.chargement_taux import taux_au_plus_haut
from conventions.chargement_texte import dire_le_delai, empreinte_de
from conventions.domaine.codes import EtatConvention, Gestion, TypeReservataire
from conventions.models import Commentaire, Complement, Convention, Manquement
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.views.registre import pastille_de as pastille_d_envoi
from flux_reservations.socle.presentation import Moment, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Departement

ETATS = [
    ("brouillon", "Brouillon"),
    ("proposee", "Proposée"),
    ("a_venir", "Signée, à venir"),
    ("en_vigueur", "En vigueur"),
    ("terminee", "Terminée"),
]


def etat_de(convention: Convention, jour: date) -> Pastille:
    """L'état d'une version à cette date : « en vigueur » et « échue » se déduisent des dates (RG-16)."""
    if convention.etat == EtatConvention.BROUILLON:
        return Pastille("Brouillon")
    if convention.etat == EtatConvention.PROPOSEE:
        return Pastille("Proposée", "information")
    if convention.est_en_vigueur(jour):
        return Pastille("En vigueur", "succes")
    if convention.date_effet and convention.date_effet > jour:
        return Pastille("À venir", "accent")
    if convention.remplacee_le and convention.remplacee_le <= jour:
        return Pastille("Remplacée")
    return Pastille("Résiliée", "danger") if convention.date_resiliation else Pastille("Échue", "attention")


def departements_de(acteur: Acteur) -> QuerySet[Departement]:
    """Les départements des conventions que l'acteur voit."""
    visibles = Convention.objects.visibles_par(acteur).order_by()
    return Departement.objects.filter(pk__in=visibles.values("departement_id"))


class FiltreConventions(django_filters.FilterSet):
    """Recherche et filtres des conventions."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    etat = django_filters.ChoiceFilter(label="État", choices=ETATS, method="par_etat", empty_label="Tous")
    type = django_filters.ChoiceFilter(
        label="Type de réservataire",
        choices=TypeReservataire.choix(),
        field_name="reservataire__type",
        empty_label="Tous",
    )
    gestion = django_filters.ChoiceFilter(label="Gestion", choices=Gestion.choix(), empty_label="Toutes")
    departement = django_filters.ModelChoiceFilter(
        label="Département", queryset=lambda requete: departements_de(requete.acteur), empty_label="Tous"
    )

    class Meta:
        model = Convention
        fields: ClassVar[list[str]] = []

    def chercher(self, conventions: QuerySet[Convention], nom: str, valeur: str) -> QuerySet[Convention]:
        """Numéro, nom ou code du réservataire, nom du bailleur."""
        del nom
        return conventions.filter(
            Q(numero__icontains=valeur)
            | Q(reservataire__nom__icontains=valeur)
            | Q(reservataire__code__icontains=valeur)
            | Q(bailleur__nom__icontains=valeur)
        )

    def par_etat(self, conventions: QuerySet[Convention], nom: str, valeur: str) -> QuerySet[Convention]:
        """Versions dans cet état aujourd'hui."""
        del nom
        jour = timezone.localdate()
        signees = conventions.filter(etat=EtatConvention.SIGNEE)
        return {
            "brouillon": conventions.filter(etat=EtatConvention.BROUILLON),
            "proposee": conventions.filter(etat=EtatConvention.PROPOSEE),
            "a_venir": signees.filter(date_effet__gt=jour),
            "en_vigueur": signees.filter(periode_vigueur__contains=jour),
            "terminee": signees.filter(date_effet__lte=jour).exclude(periode_vigueur__contains=jour),
        }[valeur]


_RESERVATAIRE: Colonne[Convention] = Colonne(
    "reservataire", "Réservataire", lambda convention: convention.reservataire.nom, tri=("reservataire__nom",)
)
_BAILLEUR: Colonne[Convention] = Colonne(
    "bailleur", "Bailleur", lambda convention: convention.bailleur.nom, tri=("bailleur__nom",)
)
_COMMUNES: Sequence[Colonne[Convention]] = (
    Colonne(
        "type",
        "Type",
        lambda convention: convention.reservataire.get_type_display(),
        tri=("reservataire__type",),
        secondaire=True,
    ),
    Colonne(
        "departement",
        "Département",
        lambda convention: convention.departement_id,
        tri=("departement",),
        secondaire=True,
    ),
    Colonne("etat", "État", lambda convention: etat_de(convention, timezone.localdate())),
    Colonne(
        "taux",
        "Taux, au plus haut",
        lambda convention: getattr(convention, "taux_au_plus_haut", None),
        "taux",
        lien=lambda convention: reverse("taux_convention", args=[convention.pk]),
        regle="RG-13",
    ),
    Colonne(
        "gestion", "Gestion", lambda convention: convention.get_gestion_display(), tri=("gestion",), secondaire=True
    ),
    Colonne("effet", "Effet", lambda convention: convention.date_effet, "date", tri=("date_effet",)),
    Colonne("terme", "Terme", lambda convention: convention.date_fin, "date", tri=("date_fin",), secondaire=True),
)
EXPORTEES = frozenset({"departement", "gestion"})
"""Colonnes qui se filtrent à l'écran et ne se lisent que dans l'export : la liste tient dans la page."""
_NUMERO: Colonne[Convention] = Colonne(
    "numero",
    "Convention",
    lambda convention: convention.numero,
    tri=("numero",),
    lien=lambda convention: reverse("convention", args=[convention.pk]),
    entete_de_ligne=True,
)


def titre_des_conventions(acteur: Acteur) -> str:
    """« Conventions » pour un bailleur, « Mes conventions » pour qui y a des droits."""
    return "Conventions" if acteur.est_bailleur else "Mes conventions"


class ListeConventions(ReserveeMixin, VueListe[Convention]):
    """Toutes les versions que l'acteur peut voir."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Conventions"
    legende = "Conventions de réservation"
    nom_export = "conventions"
    singulier = "convention"
    classe_filtre = FiltreConventions
    gabarit = "conventions/conventions.html"
    tri_par_defaut = "numero"
    vide_titre = "Aucune convention"

    def lire(self) -> QuerySet[Convention]:
        """Ce que l'acteur voit."""
        return Convention.objects.visibles_par(self.request.acteur).select_related("reservataire", "bailleur")

    def completer(self, objets: Sequence[Convention]) -> None:
        """Le taux de chacune là où ses lignes se recouvrent le plus : des taux ne s'ajoutent que sur une même assiette (RG-13)."""
        taux = taux_au_plus_haut([une.pk for une in objets], timezone.localdate())
        for une in objets:
            une.taux_au_plus_haut = taux.get(une.pk)  # type: ignore[attr-defined]  # lu par la colonne

    def lire_colonnes(self) -> Sequence[Colonne[Convention]]:
        """Le bailleur lit le réservataire, les autres aussi le bailleur ; l'export dit en plus le type, le lieu et la gestion."""
        communes = _COMMUNES if self.request.GET.get("export") else [un for un in _COMMUNES if un.cle not in EXPORTEES]
        if self.request.acteur.est_bailleur:
            return (_NUMERO, _RESERVATAIRE, *communes)
        return (_NUMERO, _BAILLEUR, _RESERVATAIRE, *communes)

    def contexte(self) -> dict[str, Any]:
        """Titre et état vide selon qui lit."""
        acteur = self.request.acteur
        vide = (
            "Importez vos conventions déjà signées, ou préparez-en une depuis l'état des lieux du stock."
            if acteur.est_bailleur
            else "Une convention apparaît ici dès que le bailleur vous la propose."
        )
        return {
            "titre": titre_des_conventions(acteur),
            "vide_texte": vide,
            "departements": [departement.pk for departement in departements_de(acteur)],
        }


class FicheConvention(ReserveeMixin, View):
    """La fiche d'une version : ses droits, ses modalités, ses dates, les autres versions de la chaîne."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche ; la convention d'autrui est introuvable."""
        visibles = Convention.objects.visibles_par(request.acteur)
        convention = get_object_or_404(
            visibles.select_related(
                "bailleur",
                "reservataire",
                "departement",
                "delegataire",
                "piece_signee",
                "reservataire__territoire",
                "gabarit",
            ).prefetch_related("droits__perimetre", "droits__assiette"),
            pk=pk,
        )
        jour = timezone.localdate()
        chaine = visibles.filter(Q(pk=convention.compte_id) | Q(origine_id=convention.compte_id)).order_by(
            "date_effet", "pk"
        )
        droits = list(convention.droits.all())
        est_signee = convention.etat == EtatConvention.SIGNEE
        contexte = {
            "titre": f"Convention {convention.numero}",
            "fil": [(titre_des_conventions(request.acteur), reverse("conventions"))],
            "convention": convention,
            "etat": etat_de(convention, jour),
            "empreinte": empreinte_de(convention) if convention.etat == EtatConvention.PROPOSEE else "",
            "droits": droits,
            "taux_au_plus_haut": taux_au_plus_haut([convention.pk], jour).get(convention.pk),
            "moments": histoire_de(convention, jour),
            "report": dire_le_report(convention),
            "delai": dire_le_delai(convention),
            "est_transmise": est_transmise(convention),
            "complements": list(Complement.objects.visibles_par(request.acteur).filter(convention=convention)),
            "peut_ajouter": est_signee and request.acteur.peut(Role.RESPONSABLE) and request.acteur.est_bailleur,
            "peut_agir": Convention.objects.modifiables_par(request.acteur).filter(pk=pk).exists(),
            **dialogue_de(request.acteur, convention),
            "versions": [(version, etat_de(version, jour)) for version in chaine],
        }
        return render(request, "conventions/convention.html", contexte)


def dire_le_report(convention: Convention) -> str:
    """Le report appliqué ; celui que la convention ne dit pas dépend du réservataire (RG-47)."""
    if convention.report:
        return convention.get_report_display()
    return "Aucun (par défaut de l'État)" if convention.reservataire.est_etat else "Total (par défaut)"


def dialogue_de(acteur: Acteur, convention: Convention) -> dict[str, Any]:
    """Ce qui entoure une version : versions proposées et fil pour ses parties, transmissions, mises en demeure."""
    partie = est_partie(acteur, convention)
    transmissions = list(
        Envoi.objects.visibles_par(acteur)
        .filter(genre=GenreEnvoi.TRANSMISSION, objet_type="conventions.convention", objet_cle=str(convention.pk))
        .order_by("destinataire_nom")
    )
    return {
        "versions_proposees": list(convention.versions_proposees.select_related("piece")) if partie else [],
        "commentaires": list(
            Commentaire.objects.visibles_par(acteur).filter(convention=convention).select_related("organisme")
        ),
        "peut_commenter": partie and convention.etat == EtatConvention.PROPOSEE and acteur.peut(Role.GESTIONNAIRE),
        "transmissions": [(envoi, pastille_d_envoi(envoi)) for envoi in transmissions],
        "attend_un_accuse": any(envoi.recu_le is None for envoi in transmissions),
        "manquements": list(Manquement.objects.visibles_par(acteur).filter(convention=convention)),
    }


def histoire_de(convention: Convention, jour: date) -> list[Moment]:
    """Les dates d'une version, dans l'ordre ; celles qui viennent sont dites à venir."""
    dates = [
        ("Proposée", convention.date_proposition),
        ("Signée par le bailleur", convention.date_signature_bailleur),
        ("Signée par le réservataire", convention.date_signature_reservataire),
        ("Signée", convention.date_signature),
        ("Prise d'effet", convention.date_effet),
        ("Remplacée par un avenant", convention.remplacee_le),
        ("Résiliée", convention.date_resiliation),
        ("Terme", convention.date_fin),
    ]
    return [Moment(titre, quand, "a-venir" if quand > jour else "fait") for titre, quand in dates if quand is not None]
