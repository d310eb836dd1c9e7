"""Délais et vacance : durées par étape sur les baux signés, et les libérations qui traînent (RG-40)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import django_filters
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from attributions.chargement.delais import avec_durees, compter_les_attentes, en_attente, resumer, seuil_de_vacance
from attributions.domaine.delais import Attente, Duree
from attributions.models import Liberation, Orientation
from conventions.domaine.codes import Typologie
from conventions.models import Logement, Reservataire
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.socle.presentation import Onglet, Pastille
from flux_reservations.socle.vues import Colonne, VueListe

ANNEES_MONTREES = 6
AU_BAILLEUR = "BAILLEUR"


def _departements(request: Any) -> list[tuple[str, str]]:
    lignes = (
        Logement.objects.visibles_par(request.acteur)
        .values_list("commune__departement_id", "commune__departement__nom")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre")
    )
    return [(code, f"{nom} ({code})") for code, nom, _ in lignes]


def _comptes(request: Any) -> list[tuple[str, str]]:
    """Ceux que le bailleur a servis : une orientation suffit, on ne les lit pas toutes."""
    siennes = Orientation.objects.visibles_par(request.acteur).filter(reservataire=OuterRef("pk"))
    servis = Reservataire.objects.visibles_par(request.acteur).filter(Exists(siennes))
    noms = servis.order_by("nom").values_list("code", "nom")
    return [(AU_BAILLEUR, "Non réservé (bailleur)"), *noms]


class FiltreCommun(django_filters.FilterSet):
    """Recherche et filtres partagés par les baux signés et les libérations en attente."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher")
    departement = django_filters.ChoiceFilter(
        label="Département", field_name="logement__commune__departement_id", empty_label="Tous"
    )
    compte = django_filters.ChoiceFilter(label="Compte", method="par_compte", empty_label="Tous")
    typologie = django_filters.ChoiceFilter(
        label="Typologie", field_name="logement__typologie", choices=Typologie.choix(), empty_label="Toutes"
    )
    issue_du_compte: ClassVar[str] = "bail"

    class Meta:
        model = Liberation
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["departement"].extra["choices"] = _departements(self.request)
        self.filters["compte"].extra["choices"] = _comptes(self.request)

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

    def par_compte(self, lignes: QuerySet[Liberation], nom: str, valeur: str) -> QuerySet[Liberation]:
        """Libérations servies par ce compte."""
        del nom
        if valeur == AU_BAILLEUR:
            return lignes.filter(orientations__issue=self.issue_du_compte, orientations__reservataire__isnull=True)
        return lignes.filter(orientations__issue=self.issue_du_compte, orientations__reservataire__code=valeur)


class FiltreDelais(FiltreCommun):
    """Les baux signés dans une année, celle en cours par défaut."""

    annee = django_filters.ChoiceFilter(
        label="Bail signé en", field_name="date_bail", lookup_expr="year", empty_label="Toutes les années"
    )

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        cette_annee = timezone.localdate().year
        if data is not None and "annee" not in data:
            data = data.copy()
            data["annee"] = str(cette_annee)
        super().__init__(data, *args, **options)
        annees = range(cette_annee, cette_annee - ANNEES_MONTREES, -1)
        self.filters["annee"].extra["choices"] = [(str(annee), str(annee)) for annee in annees]


class FiltreVacance(FiltreCommun):
    """Ce qu'attend une libération sans bail."""

    attente = django_filters.ChoiceFilter(
        label="Attend", choices=[(une.value, une.libelle) for une in Attente], empty_label="Tout"
    )
    issue_du_compte: ClassVar[str] = "en_cours"


def _jours(champ: str) -> Any:
    def lire(liberation: Liberation) -> int | None:
        duree: timedelta | None = getattr(liberation, champ)
        return None if duree is None else duree.days

    return lire


_IDENTITE: tuple[Colonne[Liberation], ...] = (
    Colonne[Liberation](
        "numero",
        "Libération",
        lambda une: une.numero,
        tri=("numero",),
        lien=lambda une: reverse("liberation", args=[une.pk]),
        entete_de_ligne=True,
    ),
    Colonne[Liberation](
        "commune", "Commune", lambda une: une.logement.commune.nom, tri=("logement__commune__cle_tri",), secondaire=True
    ),
    Colonne[Liberation](
        "typologie", "Type", lambda une: une.logement.typologie, tri=("logement__typologie",), secondaire=True
    ),
)
_COURTS = {
    Duree.TOTAL: "En tout",
    Duree.VACANCE: "Vacance",
    Duree.ORIENTATION: "Orienter",
    Duree.NOTIFICATION: "Notifier",
    Duree.PRESENTATION: "Présenter",
    Duree.COMMISSION: "Examiner",
    Duree.REPONSE: "Accepter",
    Duree.SIGNATURE: "Signer",
}


def onglets(nom: str) -> list[Onglet]:
    """Les deux pages des délais."""
    return [
        Onglet(libelle, reverse(page), actif=page == nom)
        for page, libelle in (("delais", "Baux signés"), ("vacance", "En attente"))
    ]


class Delais(ReserveeMixin, VueListe[Liberation]):
    """Chaque bail signé et ses durées ; en tête, la médiane et les quartiles de ce qu'on voit."""

    natures = frozenset({Nature.BAILLEUR})
    titre = "Délais et vacance"
    legende = "Baux signés : jours en tout, de vacance, puis de chaque étape"
    nom_export = "delais"
    gabarit = "attributions/delais.html"
    classe_filtre = FiltreDelais
    tri_par_defaut = "-vacance"
    singulier = "bail"
    pluriel = "baux"
    vide_titre = "Aucun bail signé"
    vide_texte = "Élargissez l'année ou les filtres : les durées se lisent sur les baux signés."
    colonnes = (
        *_IDENTITE,
        Colonne[Liberation]("bail", "Bail", lambda une: une.date_bail, "date", tri=("date_bail",), secondaire=True),
        *(
            Colonne[Liberation](
                duree.value, _COURTS[duree], _jours(f"j_{duree.value}"), "nombre", tri=(f"j_{duree.value}",)
            )
            for duree in _COURTS
        ),
    )

    def lire(self) -> QuerySet[Liberation]:
        """Les baux du bailleur, avec leurs durées."""
        return avec_durees(Liberation.objects.visibles_par(self.request.acteur)).select_related("logement__commune")

    def contexte(self) -> dict[str, Any]:
        """La répartition de chaque durée sur les baux filtrés ; chacune se déplie en triant la liste."""
        filtre = FiltreDelais(self.request.GET, queryset=self.lire(), request=self.request)
        return {
            "repartitions": [(une, self._adresse(tri=f"-{une.duree.value}", page=None)) for une in resumer(filtre.qs)],
            "onglets": onglets("delais"),
        }


class Vacance(ReserveeMixin, VueListe[Liberation]):
    """Les libérations sans bail, la plus longue vacance d'abord ; celles qui traînent sont dites."""

    natures = frozenset({Nature.BAILLEUR})
    titre = "Libérations en attente"
    legende = "Libérations sans bail, de la plus longue vacance à la plus courte"
    nom_export = "vacance"
    gabarit = "attributions/delais.html"
    classe_filtre = FiltreVacance
    tri_par_defaut = "-vacance"
    singulier = "libération"
    vide_titre = "Aucune libération en attente"
    vide_texte = "Chaque libération de votre patrimoine a son bail, ou est retirée."

    @cached_property
    def seuil(self) -> int | None:
        """Au-delà, une libération traîne : la vacance de trois baux sur quatre de l'année écoulée."""
        depuis = timezone.localdate() - timedelta(days=365)
        recents = Liberation.objects.visibles_par(self.request.acteur).filter(date_bail__gt=depuis)
        return seuil_de_vacance(resumer(avec_durees(recents), [Duree.VACANCE]))

    def lire_colonnes(self) -> tuple[Colonne[Liberation], ...]:
        """Ce qu'elle attend, depuis quand, et si elle dépasse trois baux sur quatre."""
        return (
            *_IDENTITE,
            Colonne[Liberation](
                "disponible", "Disponible", lambda une: une.date_disponibilite, "date", tri=("date_disponibilite",)
            ),
            Colonne[Liberation](
                "attente",
                "Attend",
                lambda une: Attente(une.attente).libelle,  # type: ignore[attr-defined]  # annotation
                tri=("attente",),
            ),
            Colonne[Liberation](
                "depuis",
                "Depuis le",
                lambda une: une.depuis,  # type: ignore[attr-defined]  # annotation
                "date",
                tri=("depuis",),
                secondaire=True,
            ),
            Colonne[Liberation]("jours", "Jours d'attente", _jours("j_attente"), "nombre", tri=("j_attente",)),
            Colonne[Liberation]("vacance", "Jours de vacance", _jours("j_vacance"), "nombre", tri=("j_vacance",)),
            Colonne[Liberation]("etat", "Suivi", self._suivi, "pastille"),
        )

    def _suivi(self, liberation: Liberation) -> Pastille | str:
        vacance: timedelta = liberation.j_vacance  # type: ignore[attr-defined]  # annotation
        traine = self.seuil is not None and vacance.days > self.seuil
        return Pastille("Traîne", "danger") if traine else ""

    def lire(self) -> QuerySet[Liberation]:
        """Les libérations du bailleur sans bail."""
        visibles = Liberation.objects.visibles_par(self.request.acteur)
        return en_attente(visibles, timezone.localdate()).select_related("logement__commune")

    def contexte(self) -> dict[str, Any]:
        """Combien attendent quoi."""
        nombres = compter_les_attentes(self.lire())
        return {
            "attentes": [
                (une.libelle, nombres.get(une.value, 0), self._adresse(attente=une.value, page=None)) for une in Attente
            ],
            "seuil": self.seuil,
            "onglets": onglets("vacance"),
        }
