"""Le champ d'une page du flux : un bailleur, un département, une année, lus dans l'adresse ; et les onglets autour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from attributions.chargement.comptes import noms_des_reservataires
from attributions.domaine.codes import nommer_compte
from conventions.models import Bailleur, Logement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import Onglet
from flux_reservations.socle.requete import Requete

ANNEES_PROPOSEES = 5
ONGLETS = (
    ("flux", "Flux"),
    ("soldes", "Soldes"),
    ("equilibre", "Équilibre"),
    ("uniformite", "Par commune"),
    ("publics", "Publics"),
    ("prevision", "Prévision"),
    ("faisabilite", "Faisabilité"),
    ("et_si", "Et si"),
    ("conversion", "Conversion"),
    ("egalite", "Égalité"),
    ("garanties", "Garanties"),
)


@dataclass(frozen=True, slots=True)
class Champ:
    """Qui lit, le bailleur, le département et l'année lus, et ceux qu'on peut choisir."""

    acteur: Acteur
    bailleur: Bailleur
    departement: str
    annee: int
    departements: list[tuple[str, str]]
    annees: list[int]

    @property
    def nom_du_departement(self) -> str:
        """« Val-de-Marne (94) »."""
        return dict(self.departements).get(self.departement, self.departement)

    def parametres(self, **autres: object) -> str:
        """Suite d'adresse qui garde le département et l'année."""
        return urlencode({"departement": self.departement, "annee": self.annee} | autres)


def lire_champ(request: Requete) -> Champ:
    """Ce que l'adresse demande ; à défaut le département où le bailleur a le plus de logements, et l'année en cours."""
    bailleur = Bailleur.objects.visibles_par(request.acteur).filter(pk=request.acteur.organisme).first()
    if bailleur is None:
        raise Introuvable
    departements = Logement.objects.visibles_par(request.acteur).par_departement()
    codes = [code for code, _ in departements]
    annee_courante = timezone.localdate().year
    annees = list(range(annee_courante, annee_courante - ANNEES_PROPOSEES, -1))
    departement = request.GET.get("departement", "")
    annee = lire_entier(request.GET.get("annee", ""))
    return Champ(
        acteur=request.acteur,
        bailleur=bailleur,
        departement=departement if departement in codes else (codes[0] if codes else ""),
        annee=annee if annee in annees else annee_courante,
        departements=departements,
        annees=annees,
    )


def onglets_du_flux(champ: Champ, actif: str) -> list[Onglet]:
    """Les pages autour du flux, pour le même département et la même année."""
    return [Onglet(libelle, f"{reverse(nom)}?{champ.parametres()}", nom == actif) for nom, libelle in ONGLETS]


def nommer_les_comptes(comptes: Iterable[str]) -> dict[str, str]:
    """Nom lisible de chaque compte, par compte (une requête)."""
    liste = list(comptes)
    noms = noms_des_reservataires(liste)
    return {compte: nommer_compte(compte, noms, "Le bailleur (non réservé)") for compte in liste}
