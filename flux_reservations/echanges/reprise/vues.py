"""L'assistant de reprise : quatre étapes, dans l'ordre, chacune dit où elle en est."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from attributions.domaine.codes import OrigineSolde
from attributions.models import Liberation, SoldeOuverture
from bilans.views.champ import Champ, lire_champ
from conventions.models import Convention, Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.echanges.reprise import actions
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Etape, Fil, compter, ecrire_date_courte
from flux_reservations.socle.requete import Requete


@dataclass(frozen=True, slots=True)
class EtapeDeReprise:
    """Une étape : ce qu'elle demande, ce qui est fait, où aller."""

    titre: str
    texte: str
    fait: str
    est_faite: bool
    actes: tuple[tuple[str, str], ...]
    retraits: tuple[tuple[str, str], ...] = ()


class Reprise(ReserveeMixin):
    """L'assistant."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete) -> HttpResponse:
        """Les quatre étapes du département et de l'année choisis."""
        champ = lire_champ(request)
        etapes = lire_etapes(champ)
        courante = next((rang for rang, etape in enumerate(etapes) if not etape.est_faite), len(etapes))
        contexte = {
            "titre": "Reprise en cours d'année",
            "champ": champ,
            "etapes": etapes,
            "parcours": [
                Etape(etape.titre, faite=etape.est_faite, courante=rang == courante)
                for rang, etape in enumerate(etapes)
            ],
        }
        return render(request, "echanges/reprise.html", contexte)


def lire_etapes(champ: Champ) -> list[EtapeDeReprise]:
    """Où en est chaque étape, d'après la base."""
    acteur, suite = champ.acteur, champ.parametres()
    logements = Logement.objects.visibles_par(acteur).filter(commune__departement=champ.departement).count()
    conventions = Convention.objects.visibles_par(acteur).signees().filter(departement=champ.departement)
    liberations = Liberation.objects.visibles_par(acteur).du_departement(champ.departement).count()
    soldes = SoldeOuverture.objects.visibles_par(acteur).filter(
        convention__departement=champ.departement, annee=champ.annee
    )
    tableurs = Piece.objects.visibles_par(acteur).filter(genre=actions.GENRE_DU_TABLEUR)
    dernier = tableurs.first()
    envois = Envoi.objects.visibles_par(acteur).filter(
        emetteur_id=acteur.organisme, genre__in=[*actions.GENRES, GenreEnvoi.INFORMATION_PREALABLE]
    )
    faits = envois.filter(departement=champ.departement, depose_le__isnull=False).values("lot").distinct().count()
    return [
        EtapeDeReprise(
            "Importer vos données",
            "Patrimoine, conventions, droits, libérations et orientations depuis le 1er janvier, essayés avant d'être écrits.",
            f"{compter(logements, 'logement')}, {compter(conventions.count(), 'convention signée', 'conventions signées')}, "
            f"{compter(liberations, 'libération')}",
            bool(logements and liberations and conventions.exists()),
            (("Importer des fichiers", reverse("deposer_import")),),
        ),
        EtapeDeReprise(
            "Rapprocher le décompte",
            "Déposez le tableur où vous comptiez jusqu'ici : chaque ligne est mise face à la nôtre, et chaque écart dit son remède.",
            compter(tableurs.count(), "tableur déposé", "tableurs déposés"),
            dernier is not None,
            (
                ("Déposer mon tableur", f"{reverse('reprise_decompte')}?{suite}"),
                *(
                    [(f"Revoir {dernier.nom}", f"{reverse('reprise_rapprochement', args=[dernier.pk])}?{suite}")]
                    if dernier
                    else []
                ),
            ),
        ),
        EtapeDeReprise(
            "Poser les soldes d'ouverture",
            "Le retard ou l'avance de chaque compte à la fin de l'année précédente, tant qu'aucun bilan publié ne l'arrête (RG-47).",
            compter(soldes.count(), "solde posé", "soldes posés"),
            soldes.exists(),
            (
                ("Confirmer les soldes proposés", f"{reverse('reprise_soldes')}?{suite}"),
                ("Les importer", reverse("deposer_import")),
                *(
                    [("Retirer ceux que j'ai posés", f"{reverse('reprise_soldes_retirer')}?{suite}")]
                    if soldes.filter(origine=OrigineSolde.SAISI).exists()
                    else []
                ),
            ),
        ),
        EtapeDeReprise(
            "Enregistrer les envois déjà faits",
            "Information préalable, bilan, information de début d'année : leur date et leur pièce entrent au registre, rien ne repart.",
            compter(faits, "envoi au registre", "envois au registre"),
            bool(faits),
            (
                ("Bilan ou information de début d'année", f"{reverse('reprise_envoi')}?{suite}"),
                ("Information préalable (RG-18)", reverse("enregistrer_information", args=[champ.departement])),
            )
            if champ.departement
            else (),
            envois_anterieurs(acteur, champ.departement),
        ),
    ]


def envois_anterieurs(acteur: Acteur, departement: str) -> tuple[tuple[str, str], ...]:
    """Les envois enregistrés comme faits avant l'application : libellé, et adresse pour les retirer."""
    lots = (
        Envoi.objects.visibles_par(acteur)
        .filter(emetteur_id=acteur.organisme, departement=departement, reference_voie=actions.REFERENCE)
        .values("lot", "objet")
        .annotate(destinataires=Count("pk"), le=Max("depose_le"))
        .order_by("-le")
    )
    return tuple(
        (
            f"{lot['objet']}, envoyé le {ecrire_date_courte(lot['le'])} : {compter(lot['destinataires'], 'destinataire')}",
            reverse("reprise_envoi_retirer", args=[lot["lot"]]),
        )
        for lot in lots
    )


class FormulaireDecompte(forms.Form):
    """Le tableur."""

    tableur = forms.FileField(
        label="Tableur (CSV ou XLSX)",
        help_text="Le vôtre, tel quel : une ligne par logement décompté de l'année, avec le numéro de libération ou l'identifiant du "
        "logement, et le réservataire. Titres, en-têtes sur deux lignes, cellules fusionnées et totaux ne gênent pas.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class ActeDeReprise(ReserveeMixin, VueActe):
    """Un acte de l'assistant, pour un département et une année."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    champ: Champ

    def preparer(self, **cles: Any) -> None:
        """Lit le département et l'année."""
        del cles
        self.champ = lire_champ(self.request)

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec les fichiers."""
        fichiers = self.request.FILES if donnees is not None else None
        return self.formulaire(donnees, fichiers, initial=self.initial())

    def fil(self) -> Fil:
        """L'assistant."""
        return [("Reprise", f"{reverse('reprise')}?{self.champ.parametres()}")]

    def retour(self) -> str:
        """L'assistant."""
        return f"{reverse('reprise')}?{self.champ.parametres()}"


class DeposerDecompte(ActeDeReprise):
    """Déposer le tableur à rapprocher."""

    titre, bouton = "Rapprocher le décompte", "Rapprocher"
    formulaire = FormulaireDecompte
    gabarit = "echanges/depot_reprise.html"
    piece: Piece | None = None

    def executer(self, donnees: dict[str, Any]) -> str:
        """Garde et lit."""
        fichier = donnees["tableur"]
        actions.refuser_un_tableur_trop_gros(fichier.size)
        self.piece = actions.deposer_le_decompte(acteur=self.request.acteur, nom=fichier.name, octets=fichier.read())
        return ""

    def retour(self) -> str:
        """Le rapprochement, une fois déposé."""
        if self.piece is None:
            return super().retour()
        return f"{reverse('reprise_rapprochement', args=[self.piece.pk])}?{self.champ.parametres()}"
