"""Les logements d'un nombre de l'état des lieux : par réservataire, par contingent déclaré au RPLS (RG-18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from conventions.chargement_contingents import (
    SITUATIONS,
    dire_la_source,
    fiches_du_departement,
    situation_des_droits,
    situations_en_ecart,
)
from conventions.domaine.codes import NatureDroitStock
from conventions.domaine.contingents import CONTINGENTS, NON_RESERVE, contingents_possibles
from conventions.models import Bailleur, FicheRpls, Logement, Reservataire, ReservationStock
from conventions.views.transmission import lire_lieu
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import Lien, compter, ecrire_date_courte, ecrire_nombre
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Depliage, repondre_depliage
from flux_reservations.territoires.models import Departement

LOGEMENTS_MONTRES: Final = 500
DECLARATIONS: Final[Mapping[str, str]] = {
    "confirmes": "déclarés à un contingent de ce réservataire",
    "ailleurs": "déclarés dans un autre contingent",
    "non_reserves": "déclarés non réservés",
    "inconnus": "sans contingent déclaré",
    "ecart": "que le répertoire ne déclare pas à un contingent de ce réservataire",
}
ECART: Final = "ecart"


class DetailEtatDesLieux(ReserveeMixin):
    """Un logement par ligne, avec ce que le RPLS en déclare et les droits qu'il porte ; `?contingent=` ou `?reservataire=`."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, departement: str) -> HttpResponse:
        """Les logements du nombre demandé ; lève `Introuvable` pour un nombre qui n'est pas de l'état des lieux."""
        bailleur, lieu = lire_lieu(request, departement)
        jour = timezone.localdate()
        logements = Logement.objects.visibles_par(request.acteur).filter(bailleur=bailleur, commune__departement=lieu)
        if "contingent" in request.GET:
            titre, choisis = _du_contingent(request.GET.dict(), logements, bailleur, lieu, jour)
        else:
            titre, choisis = _du_reservataire(request.GET.dict(), logements, request.acteur, jour)
        return repondre_depliage(request, _deplier(titre, choisis, lieu, request.acteur, jour))


def _du_contingent(
    demande: Mapping[str, str], logements: QuerySet[Logement], bailleur: Bailleur, lieu: Departement, jour: date
) -> tuple[str, QuerySet[Logement]]:
    code, situation = demande["contingent"], demande.get("situation", "")
    if code not in {str(un) for un in CONTINGENTS} or (situation and situation not in {*SITUATIONS, ECART}):
        raise Introuvable
    fiches = (
        fiches_du_departement(bailleur.pk, lieu.pk).filter(contingent=code).annotate(droits=situation_des_droits(jour))
    )
    titre = f"Déclarés « {CONTINGENTS[int(code)]} »"
    if situation == ECART:
        fiches = fiches.filter(droits__in=situations_en_ecart(int(code)))
        titre = f"{titre}, contredits par les droits enregistrés"
    elif situation:
        fiches = fiches.filter(droits=situation)
        titre = f"{titre}, {SITUATIONS[situation]}"
    choisis = logements.filter(pk__in=fiches.values("logement_id"))
    return titre, choisis.filter(typologie=demande["typologie"]) if "typologie" in demande else choisis


def _du_reservataire(
    demande: Mapping[str, str], logements: QuerySet[Logement], acteur: Acteur, jour: date
) -> tuple[str, QuerySet[Logement]]:
    cle, declaration = lire_entier(demande.get("reservataire", "")), demande.get("declaration", "")
    reservataire = Reservataire.objects.visibles_par(acteur).filter(pk=cle).first() if cle is not None else None
    if reservataire is None or (declaration and declaration not in DECLARATIONS):
        raise Introuvable
    droits = (
        ReservationStock.objects.visibles_par(acteur)
        .actives(jour)
        .filter(logement=OuterRef("pk"), nature=NatureDroitStock.SUITE, reservataire=reservataire)
    )
    choisis = logements.filter(Exists(droits))
    titre = reservataire.nom
    if declaration:
        siens = [str(un) for un in contingents_possibles(reservataire.type)]
        inconnu = Q(fiche_rpls=None) | Q(fiche_rpls__contingent="")
        conditions = {
            "confirmes": Q(fiche_rpls__contingent__in=siens),
            ECART: ~Q(fiche_rpls__contingent__in=siens) | inconnu,
            "non_reserves": Q(fiche_rpls__contingent=str(NON_RESERVE)),
            "inconnus": inconnu,
            "ailleurs": ~Q(fiche_rpls__contingent__in=[*siens, str(NON_RESERVE)]) & ~inconnu,
        }
        choisis = choisis.filter(conditions[declaration])
        titre = f"{titre}, {DECLARATIONS[declaration]}"
    for parametre, champ in (("commune", "commune_id"), ("typologie", "typologie")):
        if parametre in demande:
            choisis = choisis.filter(**{champ: demande[parametre]})
    if residence := demande.get("residence", ""):
        choisis = choisis.filter(Q(programme=residence) | Q(programme="", adresse=residence))
    return titre, choisis


def _deplier(titre: str, logements: QuerySet[Logement], lieu: Departement, acteur: Acteur, jour: date) -> Depliage:
    nombre = logements.count()
    montres = list(
        logements.select_related("commune", "fiche_rpls").order_by("commune__nom", "identifiant")[:LOGEMENTS_MONTRES]
    )
    droits = _droits_des(montres, acteur, jour)
    return Depliage(
        titre=titre,
        total=compter(nombre, "logement"),
        entetes=[
            "Logement",
            "Commune",
            "Adresse",
            "Type",
            "Contingent déclaré",
            "Source",
            "Droits de suite enregistrés",
        ],
        lignes=[
            [
                Lien(un.identifiant, reverse("logement", args=[un.pk])),
                un.commune.nom,
                un.adresse or un.programme or "—",
                un.typologie,
                *_declaration_de(un),
                ", ".join(droits.get(un.pk, ())) or "aucun",
            ]
            for un in montres
        ],
        regle="RG-18",
        explication=f"Droits lus au {ecrire_date_courte(jour)}.{dire_la_limite(nombre)}",
        fil=[
            ("Conventions", reverse("conventions")),
            (f"État des lieux, {lieu}", reverse("etat_des_lieux", args=[lieu.pk])),
        ],
    )


def dire_la_limite(nombre: int) -> str:
    """Ce que dit la page quand elle ne montre pas tout ; vide sinon."""
    return f" Les {ecrire_nombre(LOGEMENTS_MONTRES)} premiers sont montrés." if nombre > LOGEMENTS_MONTRES else ""


def _declaration_de(logement: Logement) -> tuple[str, str]:
    fiche: FicheRpls | None = getattr(logement, "fiche_rpls", None)
    if fiche is None or not fiche.contingent:
        return "—", "—"
    return CONTINGENTS[int(fiche.contingent)], dire_la_source((fiche.millesime,) if fiche.millesime else ())


def _droits_des(logements: list[Logement], acteur: Acteur, jour: date) -> dict[int, list[str]]:
    """Les titulaires de chaque logement : ceux d'un droit actif, puis ceux d'un droit échu, avec sa fin."""
    de_suite = ReservationStock.objects.visibles_par(acteur).filter(
        nature=NatureDroitStock.SUITE, logement__in=logements
    )
    actifs = de_suite.actives(jour).values_list("logement_id", "reservataire__nom").distinct()
    noms: dict[int, list[str]] = {}
    for logement, nom in actifs.order_by("reservataire__nom"):
        noms.setdefault(logement, []).append(nom)
    echus = de_suite.filter(date_fin__lt=jour).values_list("logement_id", "reservataire__nom", "date_fin").distinct()
    for logement, nom, fin in echus.order_by("reservataire__nom", "date_fin"):
        noms.setdefault(logement, []).append(f"{nom} (fini le {ecrire_date_courte(fin)})")
    return noms
