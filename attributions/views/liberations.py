"""Les libérations : la liste, et la fiche d'un logement libéré avec son histoire datée (ecrans.md, bailleur 4)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.fiche import FicheLiberation, charger_fiche
from attributions.chargement.voie import lire_la_voie
from attributions.domaine.codes import Exclusion, Issue
from attributions.domaine.parcours import jours_de_vacance
from attributions.models import Liberation
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.portefeuilles import lire_secteur, secteurs_proposes
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

ETATS = [
    ("a_orienter", "À orienter"),
    ("en_cours", "En cours"),
    ("louee", "Bail signé"),
    ("exclue", "Exclue"),
    ("retiree", "Retirée"),
]


def etat_de(liberation: Liberation) -> Pastille:
    """L'état d'une libération, en deux mots."""
    if liberation.retrait:
        return Pastille(liberation.get_retrait_display(), "neutre")
    if liberation.date_bail:
        return Pastille("Bail signé", "succes")
    if liberation.exclusion:
        return Pastille("Exclue du flux", "information")
    return Pastille("Orientée", "accent") if compte_servi(liberation) else Pastille("À orienter", "attention")


def compte_servi(liberation: Liberation) -> str:
    """Le compte qui a le logement, en clair : celui de l'orientation en cours, ou qui a donné le bail ; vide sinon."""
    tenues = [une for une in liberation.orientations.all() if une.issue in {Issue.EN_COURS, Issue.BAIL}]
    return max(tenues, key=lambda une: une.rang).nom_du_compte if tenues else ""


class FiltreLiberations(django_filters.FilterSet):
    """Recherche et filtres de la liste des libérations."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher")
    etat = django_filters.ChoiceFilter(label="État", choices=ETATS, method="par_etat", empty_label="Tous")
    exclusion = django_filters.ChoiceFilter(label="Exclusion", choices=Exclusion.choix(), empty_label="Toutes")
    annee = django_filters.NumberFilter(label="Disponible en", field_name="date_disponibilite", lookup_expr="year")

    secteur = django_filters.ChoiceFilter(label="Secteur", method="par_secteur", empty_label="Tous")

    class Meta:
        model = Liberation
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choix = secteurs_proposes(self.request.acteur, timezone.localdate())
        self.filters["secteur"].extra["choices"] = choix
        if not choix:
            del self.filters["secteur"]

    def par_secteur(self, lignes: QuerySet[Liberation], nom: str, valeur: str) -> QuerySet[Liberation]:
        """Celles des logements de ce secteur."""
        del nom
        secteur = lire_secteur(self.request.acteur, valeur, timezone.localdate())
        return lignes.filter(secteur.filtre("logement__")) if secteur else lignes

    def chercher(self, lignes: QuerySet[Liberation], nom: str, valeur: str) -> QuerySet[Liberation]:
        """Numéro, identifiant du logement, adresse, programme ou commune."""
        del nom
        return lignes.filter(
            Q(numero__icontains=valeur)
            | Q(logement__identifiant__icontains=valeur)
            | Q(logement__adresse__icontains=valeur)
            | Q(logement__programme__icontains=valeur)
            | Q(logement__commune__nom__icontains=valeur)
        )

    def par_etat(self, lignes: QuerySet[Liberation], nom: str, valeur: str) -> QuerySet[Liberation]:
        """Libérations dans cet état."""
        del nom
        actives = lignes.filter(retrait="")
        en_cours = Q(orientations__issue="en_cours")
        return {
            "a_orienter": actives.filter(date_bail__isnull=True, exclusion="").exclude(en_cours),
            "en_cours": actives.filter(en_cours, date_bail__isnull=True),
            "louee": actives.filter(date_bail__isnull=False),
            "exclue": actives.exclude(exclusion=""),
            "retiree": lignes.exclude(retrait=""),
        }[valeur]


class ListeLiberations(ReserveeMixin, VueListe[Liberation]):
    """Toutes les libérations du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    titre = "Libérations"
    legende = "Libérations, de la plus récente à la plus ancienne"
    nom_export = "liberations"
    classe_filtre = FiltreLiberations
    tri_par_defaut = "-disponible"
    singulier = "libération"
    vide_titre = "Aucune libération"
    vide_texte = (
        "Les libérations arrivent par import (fichier « liberations ») : congés reçus et dates de disponibilité."
    )
    colonnes = (
        Colonne[Liberation](
            "numero",
            "Libération",
            lambda une: une.numero,
            tri=("numero",),
            lien=lambda une: reverse("liberation", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Liberation](
            "logement",
            "Logement",
            lambda une: une.logement.adresse or une.logement.identifiant,
            tri=("logement__adresse",),
        ),
        Colonne[Liberation](
            "commune", "Commune", lambda une: une.logement.commune.nom, tri=("logement__commune__cle_tri",)
        ),
        Colonne[Liberation]("typologie", "Type", lambda une: une.logement.typologie, tri=("logement__typologie",)),
        Colonne[Liberation](
            "disponible", "Disponible", lambda une: une.date_disponibilite, "date", tri=("date_disponibilite", "numero")
        ),
        Colonne[Liberation]("bail", "Bail", lambda une: une.date_bail, "date", tri=("date_bail",), secondaire=True),
        Colonne[Liberation](
            "vacance",
            "Vacance (jours)",
            lambda une: (
                None if une.retrait else jours_de_vacance(une.date_disponibilite, une.date_bail, timezone.localdate())
            ),
            "nombre",
            secondaire=True,
        ),
        Colonne[Liberation]("compte", "Compte", compte_servi, secondaire=True),
        Colonne[Liberation]("etat", "État", etat_de, "pastille"),
    )

    def lire(self) -> QuerySet[Liberation]:
        """Les libérations du bailleur, avec de quoi dire leur état."""
        return (
            Liberation.objects.visibles_par(self.request.acteur)
            .select_related("logement__commune")
            .prefetch_related("orientations__reservataire")
        )


class VueLiberation(ReserveeMixin):
    """La fiche d'un logement libéré : où l'on en est, ce qu'on peut faire, qui a décidé quoi et pourquoi."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche ; les demandes qu'elle cite sont nominatives, leur lecture est notée (RG-71)."""
        fiche = lire_fiche(request, pk)
        if fiche.a_des_candidats:
            noter_consultation(request.acteur, GenreConsultation.CANDIDATS, "attributions.liberation", pk)
        peut_agir = Liberation.objects.modifiables_par(request.acteur).filter(pk=pk).exists()
        contexte: dict[str, Any] = {
            "titre": f"Libération {fiche.liberation.numero}",
            "fil": [("Libérations", reverse("liberations"))],
            "fiche": fiche,
            "etat": etat_de(fiche.liberation),
            "peut_agir": peut_agir,
            "voie": lire_la_voie(fiche.liberation),
            "corrections": corrections_possibles(fiche, request.acteur.peut(Role.RESPONSABLE)) if peut_agir else [],
        }
        return render(request, "attributions/liberation.html", contexte)


def corrections_possibles(fiche: FicheLiberation, est_responsable: bool) -> list[tuple[str, str]]:
    """Ce qu'on peut corriger ou requalifier aujourd'hui : (adresse, libellé) ; l'action vérifie, avec son motif."""
    liberation, courante = fiche.liberation, fiche.courante
    actes: list[tuple[str, int, str]] = []
    if courante is not None:
        orientation = courante.orientation
        if orientation.date_mise_a_disposition:
            actes.append(("corriger_mise_a_disposition", orientation.pk, "Corriger ou annuler la mise à disposition"))
        if orientation.date_caleol and est_responsable:
            actes.append(("annuler_la_decision", orientation.pk, "Annuler la décision de la commission"))
    elif fiche.lignes and not (liberation.date_bail or liberation.retrait or liberation.exclusion):
        derniere = fiche.lignes[-1].orientation
        if derniere.issue == Issue.RENDU:
            actes.append(("annuler_le_rendu", derniere.pk, "Annuler le rendu"))
    actes += [
        ("annuler_carence", ligne.orientation.pk, f"Annuler la carence de {ligne.orientation.nom_du_compte}")
        for ligne in fiche.lignes
        if ligne.orientation.issue == Issue.CARENCE and not liberation.date_bail
    ]
    if liberation.exclusion:
        actes.append(("remettre_dans_le_flux", liberation.pk, "Remettre dans le flux"))
    elif not liberation.retrait:
        actes.append(("exclure", liberation.pk, "Exclure du flux (relogement, mutation)"))
    if not liberation.date_bail and not liberation.retrait:
        actes.append(("decaler", liberation.pk, "Décaler la disponibilité"))
        actes.append(("retirer_liberation", liberation.pk, "Retirer la libération (congé annulé, gel, vente)"))
    return [(reverse(nom, args=[cle]), libelle) for nom, cle, libelle in actes]


def lire_fiche(request: Requete, pk: int) -> FicheLiberation:
    """La fiche d'une libération que l'acteur voit ; lève `Introuvable` sinon."""
    fiche = charger_fiche(Liberation.objects.visibles_par(request.acteur).filter(pk=pk), timezone.localdate())
    if fiche is None:
        raise Introuvable
    return fiche
