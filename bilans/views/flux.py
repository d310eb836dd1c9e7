"""Le flux d'une année : A, B, C, chaque compte, les contrôles ; un clic montre les logements et la règle (ecrans.md, bailleur 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.comptes import noms_des_reservataires
from attributions.domaine.codes import COMPTE_BAILLEUR, Exclusion, nommer_compte
from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.domaine.flux import CompteAnnuel
from bilans.domaine.pont import orientes_non_decomptes
from bilans.domaine.qualification import LiberationQualifiee
from conventions.models import Bailleur, Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.arrondis import pourcentage
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import Qualification
from flux_reservations.socle.presentation import Onglet, ecrire_date_courte, ecrire_nombre, ecrire_taux
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Depliage, repondre_depliage

ANNEES_PROPOSEES = 5
ONGLETS = (
    ("flux", "Flux"),
    ("equilibre", "Équilibre"),
    ("uniformite", "Par commune"),
    ("prevision", "Prévision"),
    ("faisabilite", "Faisabilité"),
    ("et_si", "Et si"),
    ("conversion", "Conversion du stock"),
    ("egalite", "Égalité de traitement"),
)


@dataclass(frozen=True, slots=True)
class LigneCompte:
    """Une ligne du tableau des comptes : le compte, son code et son nom, ce qui est orienté sans être compté."""

    compte: CompteAnnuel
    code: str
    nom: str
    attente: int
    cle: str

    @property
    def solde_attendu(self) -> Any:
        """Le solde une fois comptés les logements déjà orientés."""
        return self.compte.solde - self.attente


@dataclass(frozen=True, slots=True)
class Champ:
    """Le bailleur, le département et l'année lus, et ceux qu'on peut choisir."""

    bailleur: Bailleur
    departement: str
    annee: int
    departements: list[tuple[str, str]]
    annees: list[int]

    def parametres(self, **autres: object) -> str:
        """Suite d'adresse qui garde le département et l'année."""
        return urlencode({"departement": self.departement, "annee": self.annee} | autres)


def lire_champ(request: Requete) -> Champ:
    """Ce que l'adresse demande ; à défaut le département où le bailleur a le plus de logements, et l'année en cours."""
    bailleur = Bailleur.objects.visibles_par(request.acteur).filter(pk=request.acteur.organisme).first()
    if bailleur is None:
        raise Introuvable
    departements = [
        (code, f"{nom} ({code})")
        for code, nom, _ in Logement.objects.visibles_par(request.acteur)
        .values_list("commune__departement_id", "commune__departement__nom")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre")
    ]
    codes = [code for code, _ in departements]
    annee_courante = timezone.localdate().year
    annees = list(range(annee_courante, annee_courante - ANNEES_PROPOSEES, -1))
    departement = request.GET.get("departement", "")
    annee = request.GET.get("annee", "")
    return Champ(
        bailleur=bailleur,
        departement=departement if departement in codes else (codes[0] if codes else ""),
        annee=int(annee) if annee.isdigit() and int(annee) in annees else annee_courante,
        departements=departements,
        annees=annees,
    )


def onglets_du_flux(champ: Champ, actif: str) -> list[Onglet]:
    """Les pages autour du flux, pour le même département et la même année."""
    return [Onglet(libelle, f"{reverse(nom)}?{champ.parametres()}", nom == actif) for nom, libelle in ONGLETS]


class Flux(ReserveeMixin):
    """Le flux de l'année choisie."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Calcule et montre ; sans patrimoine, dit quoi importer."""
        champ = lire_champ(request)
        contexte: dict[str, Any] = {"titre": "Flux", "champ": champ, "onglets": onglets_du_flux(champ, "flux")}
        if champ.departement:
            contexte |= presenter(calculer_annee(champ.bailleur, champ.departement, champ.annee), champ)
        return render(request, "bilans/flux.html", contexte)


def presenter(calcul: CalculAnnuel, champ: Champ) -> dict[str, Any]:
    """Ce que le gabarit montre d'un calcul."""
    flux = calcul.flux
    attente = orientes_non_decomptes(calcul.faits, flux)
    noms = noms_des_reservataires(compte.compte for compte in flux.comptes)
    lignes = [
        LigneCompte(
            compte,
            code,
            nommer_compte(code, noms, "Le bailleur (non réservé)"),
            len(attente.get(code, ())),
            f"{code}:{compte.convention}",
        )
        for code, compte in [*((un.compte, un) for un in flux.comptes), (COMPTE_BAILLEUR, flux.non_reserve)]
    ]
    adresse = reverse("flux_detail")
    return {
        "flux": flux,
        "lignes": lignes,
        "maximum": max((abs(ligne.compte.solde) for ligne in lignes), default=1),
        "exclusions": [(Exclusion(code), nombre) for code, nombre in flux.assiette.exclusions.items()],
        "stock_maintenu": len(_loues(calcul, Qualification.STOCK_MAINTENU)),
        "parts": [
            ("Part du flux", pourcentage(flux.etat.decompte, flux.etat.flux), "RG-14"),
            ("Part du flux hors QPV", pourcentage(flux.etat.decompte_hors_qpv, flux.etat.flux_hors_qpv), "RG-37"),
            ("Part hors QPV de son flux", pourcentage(flux.etat.decompte_hors_qpv, flux.etat.decompte), "RG-37"),
        ],
        "controles": [controle for controle in calcul.controles if controle.niveau == "bloquant"],
        "alertes": [controle for controle in calcul.controles if controle.niveau == "alerte"],
        "detail": f"{adresse}?{champ.parametres()}",
        "jour_du_droit": f"{champ.annee}-12-31",
    }


class DetailFlux(ReserveeMixin):
    """Les logements qui composent un nombre du flux, et la règle qui le produit."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """`quoi` : A, B, B-motif, C, premieres, stock, droit, decompte ou attente ; `compte` et `convention` pour les derniers."""
        champ = lire_champ(request)
        if not champ.departement:
            raise Introuvable
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        quoi = request.GET.get("quoi", "C")
        depliage = (
            deplier_compte(calcul, champ, quoi, request.GET)
            if quoi in {"droit", "decompte", "attente"}
            else deplier_assiette(calcul, champ, quoi)
        )
        return repondre_depliage(request, depliage)


def deplier_assiette(calcul: CalculAnnuel, champ: Champ, quoi: str) -> Depliage:
    """Les logements de A, B, C, des premières locations ou du stock maintenu."""
    assiette = calcul.flux.assiette
    flux, exclues = _loues(calcul, Qualification.FLUX), _loues(calcul, Qualification.EXCLUE)
    choix: dict[str, tuple[str, list[LiberationQualifiee], str, str]] = {
        "A": ("Mises en location (A)", flux + exclues, "RG-30", "Baux signés dans l'année sur le champ du flux."),
        "B": ("Exclusions (B)", exclues, "RG-31", "Parmi A, ceux qui sont soustraits du flux."),
        "C": (
            "Flux (C)",
            flux,
            "RG-30",
            f"A − B = {assiette.mises_en_location} − {assiette.total_exclusions} = {assiette.flux}.",
        ),
        "premieres": (
            "Premières mises en location",
            _loues(calcul, Qualification.PREMIERE_LOCATION),
            "RG-22",
            "Compteur à part.",
        ),
        "stock": (
            "Stock maintenu",
            _loues(calcul, Qualification.STOCK_MAINTENU),
            "RG-07",
            "Ces logements ne comptent pas dans A.",
        ),
    }
    for motif in Exclusion:
        du_motif = [une for une in exclues if une.faits.exclusion == motif]
        choix[f"B-{motif.value}"] = (f"Exclusions : {motif.libelle.lower()}", du_motif, "RG-31", "")
    if quoi not in choix:
        raise Introuvable
    titre, qualifiees, regle, explication = choix[quoi]
    return _depliage(calcul, champ, titre, [une.faits.identifiant for une in qualifiees], regle, explication)


def deplier_compte(calcul: CalculAnnuel, champ: Champ, quoi: str, demande: Any) -> Depliage:
    """Les logements d'un décompte, ceux qui attendent, ou les lignes de droit d'un compte."""
    compte = _trouver_compte(calcul, demande.get("compte", ""), demande.get("convention", ""))
    nom = compte.compte
    if quoi == "droit":
        return _deplier_droit(calcul, champ, compte)
    if quoi == "attente":
        attente = orientes_non_decomptes(calcul.faits, calcul.flux).get(nom, [])
        explication = (
            "Orientés vers ce compte, sans que le fait générateur soit atteint : "
            "le retard du moteur les compte, le solde pas encore."
        )
        return _depliage(calcul, champ, f"{nom} : orientés, pas encore décomptés", attente, "RG-45", explication)
    raisons = {decompte.liberation: PHRASES[decompte.imputation.raison] for decompte in compte.decomptes}
    return _depliage(calcul, champ, f"{nom} : décompte", list(raisons), "RG-46", "", raisons)


def _deplier_droit(calcul: CalculAnnuel, champ: Champ, compte: CompteAnnuel) -> Depliage:
    lignes = [
        (
            ligne.libelle,
            ecrire_taux(ligne.taux * 100),
            f"{ecrire_date_courte(ligne.debut)} – {ecrire_date_courte(ligne.fin)}",
            ecrire_nombre(ligne.nombre),
            ecrire_nombre(ligne.droit, 4),
        )
        for ligne in compte.lignes
    ]
    if compte.reservataire is None and not compte.sous_contingent:
        explication = "Le complément : C moins les droits théoriques de tous les comptes."
    else:
        explication = (
            "Chaque ligne : taux × logements du flux mis en location sur son assiette pendant sa validité. "
            "L'entier se tire aux plus forts restes, l'État à l'entier inférieur."
        )
    return Depliage(
        titre=f"{compte.compte} : droit théorique",
        total=ecrire_nombre(compte.droit_theorique, 4),
        entetes=("Où le droit s'exerce", "Taux", "Période", "Logements", "Droit"),
        lignes=lignes,
        regle="RG-33",
        au_titre_de=f"{champ.annee}-12-31",
        explication=explication,
        fil=[("Flux", f"{reverse('flux')}?{champ.parametres()}")],
    )


def _trouver_compte(calcul: CalculAnnuel, nom: str, convention: str) -> CompteAnnuel:
    if nom == COMPTE_BAILLEUR:
        return calcul.flux.non_reserve
    for compte in calcul.flux.comptes:
        if compte.compte == nom and compte.convention == convention:
            return compte
    raise Introuvable


def _loues(calcul: CalculAnnuel, qualification: Qualification) -> list[LiberationQualifiee]:
    faits = calcul.faits
    return [
        qualifiee
        for qualifiee in calcul.flux.liberations
        if qualifiee.qualification is qualification
        and qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    ]


def _depliage(
    calcul: CalculAnnuel,
    champ: Champ,
    titre: str,
    identifiants: Iterable[int],
    regle: str,
    explication: str,
    raisons: dict[int, str] | None = None,
) -> Depliage:
    identifiants = list(identifiants)
    liberations = (
        Liberation.objects.filter(pk__in=identifiants, bailleur=champ.bailleur)
        .select_related("logement__commune")
        .order_by("date_bail", "numero")
    )
    entetes = ["Libération", "Logement", "Commune", "Type", "Financement", "Bail"]
    lignes = [
        [
            liberation.numero,
            liberation.logement.adresse or liberation.logement.identifiant,
            liberation.logement.commune.nom,
            liberation.logement.typologie,
            liberation.logement.financement or "—",
            ecrire_date_courte(liberation.date_bail),
            *([raisons.get(liberation.pk, "")] if raisons is not None else []),
        ]
        for liberation in liberations
    ]
    return Depliage(
        titre=f"{titre}, {champ.annee}",
        total=ecrire_nombre(len(identifiants)),
        entetes=[*entetes, "Décompté parce que"] if raisons is not None else entetes,
        lignes=lignes,
        regle=regle,
        au_titre_de=f"{champ.annee}-12-31",
        explication=explication,
        fil=[("Flux", f"{reverse('flux')}?{champ.parametres()}")],
    )
