"""Les logements d'un nombre de la rotation estimée : leur bail en cours d'après le RPLS (RG-32, RG-35)."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from conventions.chargement_contingents import dire_la_source
from conventions.chargement_rotation import fiches_du_champ, reloues_en
from conventions.models import FicheRpls, Logement
from conventions.views.stock_detail import LOGEMENTS_MONTRES, dire_la_limite
from conventions.views.transmission import lire_lieu
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.calendrier import ANNEES_LUES
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION
from flux_reservations.socle.presentation import Lien, compter, ecrire_date_courte
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Depliage, repondre_depliage


class BauxRpls(ReserveeMixin):
    """Un logement par ligne ; `?annee=` : reloués cette année-là ; `?commune=` ; `?au=` : date où le champ se lit."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, departement: str) -> HttpResponse:
        """Les logements du nombre demandé."""
        bailleur, lieu = lire_lieu(request, departement)
        jour = _date(request.GET.get("au", ""), timezone.localdate().replace(month=1, day=1))
        fiches = fiches_du_champ(bailleur.pk, lieu.pk, jour).filter(
            logement__in=Logement.objects.visibles_par(request.acteur)
        )
        titre = "Logements connus du répertoire"
        if commune := request.GET.get("commune", ""):
            fiches = fiches.filter(logement__commune_id=commune)
        if "annee" in request.GET:
            annee = _entier(request.GET["annee"], jour.year)
            fiches = reloues_en(fiches, annee)
            titre = f"Reloués en {annee}, d'après leur bail en cours"
        return repondre_depliage(request, _deplier(titre, fiches, jour))


def _entier(texte: str, defaut: int) -> int:
    """Une année ; lève `Introuvable` si ce n'en est pas une."""
    if not texte:
        return defaut
    annee = lire_entier(texte)
    if annee is None or annee not in ANNEES_LUES:
        raise Introuvable
    return annee


def _date(texte: str, defaut: date) -> date:
    """Une date AAAA-MM-JJ ; lève `Introuvable` si ce n'en est pas une."""
    if not texte:
        return defaut
    try:
        lue = date.fromisoformat(texte)
    except ValueError as erreur:
        raise Introuvable from erreur
    if lue.year not in ANNEES_LUES:
        raise Introuvable
    return lue


def _deplier(titre: str, fiches: QuerySet[FicheRpls], jour: date) -> Depliage:
    nombre = fiches.count()
    montrees = fiches.select_related("logement__commune").order_by("-dernier_bail", "logement__identifiant")
    return Depliage(
        titre=titre,
        total=compter(nombre, "logement"),
        entetes=["Logement", "Commune", "Adresse", "Type", "Première location", "Bail en cours", "Source"],
        lignes=[
            [
                Lien(une.logement.identifiant, reverse("logement", args=[une.logement_id])),
                une.logement.commune.nom,
                une.logement.adresse or une.logement.programme or "—",
                une.logement.typologie,
                ecrire_date_courte(une.logement.date_premiere_location),
                ecrire_date_courte(une.dernier_bail) if une.dernier_bail else "vacant",
                dire_la_source((une.millesime,) if une.millesime else ()),
            ]
            for une in montrees[:LOGEMENTS_MONTRES]
        ],
        regle="RG-35",
        explication=f"Logements du champ du flux au {ecrire_date_courte(jour)}, hors stock maintenu ; moyenne sur "
        f"{ANNEES_DE_PREVISION.valeur(timezone.localdate())} années.{dire_la_limite(nombre)}",
        fil=[("Patrimoine", reverse("patrimoine"))],
    )
