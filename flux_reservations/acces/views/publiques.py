"""Pages ouvertes à tous : comprendre la gestion en flux, règles appliquées, accessibilité, composants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from flux_reservations.droit.repartition import Quota, droit_theorique, droits_entiers
from flux_reservations.droit.taux import PART_MAXIMALE_AGENTS, PART_MAXIMALE_ETAT, PART_MAXIMALE_GARANTIES
from flux_reservations.socle.presentation import BarreRetard, Etape, Moment, Onglet, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.textes_regles import lire_chapitres
from flux_reservations.socle.vues import Depliage, repondre_depliage


@dataclass(frozen=True, slots=True)
class _Part:
    """Une ligne de l'exemple : un compte, son taux (%) et ses logements."""

    libelle: str
    taux: Decimal
    logements: int


@dataclass(frozen=True, slots=True)
class _Exemple:
    """L'exemple chiffré de RG-30 et RG-33, calculé par les règles elles-mêmes."""

    mises_en_location: int
    exclusions: int
    parts: tuple[_Part, ...]

    @property
    def flux(self) -> int:
        """C = A moins B."""
        return self.mises_en_location - self.exclusions


_EXEMPLE_TAUX = (
    ("ETAT/prioritaires", "État, ménages prioritaires", Decimal(25), "prioritaires"),
    ("ETAT/agents", "État, agents civils et militaires", Decimal(5), "agents"),
    ("AL", "Action Logement", Decimal(20), ""),
    ("COM", "Collectivités", Decimal(20), ""),
    ("CAF", "Caisse d'allocations familiales", Decimal("3.30"), ""),
)


def _exemple() -> _Exemple:
    """A = 1 000, B = 350 : les droits entiers viennent de `droit.repartition`."""
    location, exclusions = 1000, 350
    flux = location - exclusions
    quotas = [
        Quota(cle=code, compte=code, droit=droit_theorique([(taux, flux)]), taux=taux, sous_contingent=sous)
        for code, _libelle, taux, sous in _EXEMPLE_TAUX
    ]
    droits = droits_entiers(flux, quotas)
    parts = [_Part(libelle, taux, droits.par_compte[code]) for code, libelle, taux, _sous in _EXEMPLE_TAUX]
    reste = 100 - sum((part.taux for part in parts), Decimal(0))
    return _Exemple(location, exclusions, (*parts, _Part("Bailleur (non réservé)", reste, droits.bailleur)))


@login_not_required
def accueil(request: Requete) -> HttpResponse:
    """La gestion en flux en une page."""
    jour = timezone.localdate()
    contexte = {
        "titre": "La gestion en flux des réservations",
        "exemple": _exemple(),
        "plafond_etat": PART_MAXIMALE_ETAT.valeur(jour) * 100,
        "plafond_agents": PART_MAXIMALE_AGENTS.valeur(jour) * 100,
        "plafond_garanties": PART_MAXIMALE_GARANTIES.valeur(jour) * 100,
        "moments": [
            Moment(
                "Congé du locataire", detail="Le logement a une date de disponibilité ; on dit s'il entre dans le flux."
            ),
            Moment(
                "Orientation", detail="Le moteur propose le compte qui attend le plus et dit pourquoi ; l'agent décide."
            ),
            Moment("Mise à disposition", detail="Le réservataire est prévenu ; un délai court pour ses candidats."),
            Moment("Commission d'attribution", detail="Elle examine les demandes et attribue."),
            Moment("Bail", detail="Le logement est décompté sur le droit du réservataire."),
            Moment("Bilan", detail="Avant la fin de février, chacun reçoit le compte de l'année écoulée."),
        ],
    }
    return render(request, "acces/accueil.html", contexte)


@login_not_required
def accessibilite(request: Requete) -> HttpResponse:
    """Déclaration d'accessibilité."""
    return render(request, "acces/accessibilite.html", {"titre": "Accessibilité"})


@login_not_required
def regles(request: Requete, jour: date | None = None) -> HttpResponse:
    """Chaque règle appliquée, sa valeur à la date de l'adresse et son article ; `?jour=` renvoie à l'adresse datée."""
    demande = request.GET.get("jour", "")
    if demande:
        try:
            return redirect("regles_au", jour=date.fromisoformat(demande))
        except ValueError:
            return redirect("regles")
    lue_le = jour or timezone.localdate()
    return render(
        request,
        "acces/regles.html",
        {"titre": "Règles appliquées", "jour": lue_le, "chapitres": lire_chapitres(lue_le)},
    )


class _ExempleForm(forms.Form):
    """Formulaire de la page des composants."""

    nom = forms.CharField(label="Nom de la convention", help_text="Tel qu'il apparaîtra dans les courriers.")
    taux = forms.DecimalField(
        label="Taux (%)", max_digits=5, decimal_places=2, max_value=100, required=False, localize=True
    )
    gestion = forms.ChoiceField(label="Gestion", choices=[("directe", "Directe"), ("deleguee", "Déléguée")])
    carence = forms.BooleanField(label="La carence est décomptée", required=False)


def _exiger_demonstration() -> None:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404


@login_not_required
def composants(request: Requete) -> HttpResponse:
    """Tous les composants, montrés avec des données d'exemple (démonstration et développement seulement)."""
    _exiger_demonstration()
    jour = date(2026, 3, 1)
    contexte = {
        "titre": "Composants",
        "fil": [("Accueil", reverse("accueil"))],
        "jour": jour,
        "milliers": 12345,
        "decimal": Decimal("162.5"),
        "onglets": [
            Onglet("Comptes", "#", actif=True, compte=9),
            Onglet("Libérations", "#", compte=1240),
            Onglet("Contrôles", "#"),
        ],
        "pastilles": [
            Pastille("Brouillon"),
            Pastille("Proposée", "information"),
            Pastille("En vigueur", "succes"),
            Pastille("À signer", "attention"),
            Pastille("Résiliée", "danger"),
            Pastille("Avenant", "accent"),
        ],
        "barres": [
            BarreRetard("Commune de Bonneuil", Decimal("3.2")),
            BarreRetard("Action Logement", Decimal("0.7"), note="gestion directe"),
            BarreRetard("État", Decimal("-1.4")),
            BarreRetard("Bailleur", Decimal("-2.5")),
        ],
        "plafond": Decimal(30),
        "constate": Decimal("28.4"),
        "depasse": Decimal("33.1"),
        "moments": [
            Moment("Congé reçu", jour - timedelta(days=60), detail="Préavis de trois mois, ramené à un mois."),
            Moment(
                "Orienté vers Action Logement",
                jour,
                auteur="Claire Morel",
                detail="0,7 logement de retard, le plus fort.",
            ),
            Moment("Candidats attendus", jour + timedelta(days=30), "en-cours"),
            Moment("Séance de la CALEOL", None, "a-venir"),
        ],
        "etapes": [
            Etape("Périmètre", faite=True),
            Etape("Droits", faite=True),
            Etape("Modalités", courante=True),
            Etape("Contrôles"),
        ],
        "formulaire": _ExempleForm({"nom": "", "taux": "120,5", "gestion": "directe"}),
        "raccourcis": [("Entrée", "suivre la proposition"), ("a", "choisir un autre compte"), ("x", "exclure du flux")],
    }
    return render(request, "acces/composants.html", contexte)


@login_not_required
def progression_exemple(request: Requete, fait: int) -> HttpResponse:
    """Une progression qui avance d'un quart à chaque lecture."""
    _exiger_demonstration()
    suivant = min(fait + 25, 100)
    contexte = {
        "titre": "Production des bilans",
        "fait": suivant,
        "suite": reverse("composants_progression", args=[suivant]),
    }
    return render(request, "acces/progression_exemple.html", contexte)


@login_not_required
def detail_exemple(request: Requete) -> HttpResponse:
    """Le détail d'un nombre, chargé à l'ouverture."""
    _exiger_demonstration()
    depliage = Depliage(
        titre="Exclusions par motif",
        total="350 logements",
        entetes=["Motif", "Logements"],
        lignes=[["Mutation", "200"], ["ANRU", "80"], ["ORCOD", "30"], ["Insalubrité", "20"], ["Vente", "20"]],
        regle="RG-31",
        fil=[("Composants", reverse("composants"))],
    )
    return repondre_depliage(request, depliage)


@login_not_required
def confirmation_exemple(request: Requete) -> HttpResponse:
    """Une page de confirmation."""
    _exiger_demonstration()
    if request.method == "POST":
        return redirect("composants")
    return render(
        request,
        "acces/confirmation_exemple.html",
        {"titre": "Publier le bilan 2025 ?", "fil": [("Composants", reverse("composants"))]},
    )
