"""L'assistant de reprise : quatre étapes, dans l'ordre, chacune dit où elle en est."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from attributions.models import Liberation, SoldeOuverture
from bilans.views.champ import Champ, lire_champ
from conventions.actions.pieces import Fichier
from conventions.models import Convention, Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.lecture import lire_notre_decompte, lire_tableur
from flux_reservations.echanges.reprise.rapprochement import Ecart, LigneRapprochee, rapprocher, totaliser
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.presentation import Etape, Fil, Pastille, compter, type_de_ton
from flux_reservations.socle.requete import Requete

ECARTS: dict[Ecart, tuple[str, type_de_ton, str]] = {
    Ecart.AUTRE_COMPTE: ("Autre compte", "danger", "Vérifiez l'orientation, ou corrigez votre tableur."),
    Ecart.CHEZ_LUI_SEUL: (
        "Dans votre tableur seul",
        "attention",
        "La libération manque, n'est pas du flux, ou son fait générateur n'est pas atteint : importez-la ou complétez ses dates.",
    ),
    Ecart.CHEZ_NOUS_SEUL: (
        "Dans l'application seule",
        "attention",
        "Votre tableur l'a oubliée, ou la compte dans une autre année : la raison du décompte est dite.",
    ),
    Ecart.IDENTIQUE: ("Identique", "succes", ""),
}
LIGNES_MONTREES = 300


@dataclass(frozen=True, slots=True)
class EtapeDeReprise:
    """Une étape : ce qu'elle demande, ce qui est fait, où aller."""

    titre: str
    texte: str
    fait: str
    est_faite: bool
    actes: tuple[tuple[str, str], ...]


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
    tableurs = Piece.objects.visibles_par(acteur).filter(genre=actions.GENRE_DU_TABLEUR).count()
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
            compter(tableurs, "tableur déposé", "tableurs déposés"),
            bool(tableurs),
            (("Déposer mon tableur", f"{reverse('reprise_decompte')}?{suite}"),),
        ),
        EtapeDeReprise(
            "Poser les soldes d'ouverture",
            "Le retard ou l'avance de chaque compte à la fin de l'année précédente, tant qu'aucun bilan publié ne l'arrête (RG-47).",
            compter(soldes.count(), "solde posé", "soldes posés"),
            soldes.exists(),
            (("Saisir les soldes", f"{reverse('soldes')}?{suite}"), ("Les importer", reverse("deposer_import"))),
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
        ),
    ]


class FormulaireDecompte(forms.Form):
    """Le tableur."""

    tableur = forms.FileField(
        label="Tableur (CSV ou XLSX)",
        help_text="Une ligne par logement décompté de l'année : une colonne « liberation » ou « logement », une colonne « compte ».",
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
        self.piece = actions.deposer_le_decompte(acteur=self.request.acteur, nom=fichier.name, octets=fichier.read())
        return ""

    def retour(self) -> str:
        """Le rapprochement, une fois déposé."""
        if self.piece is None:
            return super().retour()
        return f"{reverse('reprise_rapprochement', args=[self.piece.pk])}?{self.champ.parametres()}"


class Rapprochement(ReserveeMixin):
    """Le décompte du bailleur face au nôtre, ligne à ligne ; `?export=csv` pour tout."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """La page, ou le fichier."""
        piece = (
            Piece.objects.visibles_par(request.acteur)
            .filter(pk=pk, genre=actions.GENRE_DU_TABLEUR)
            .select_related("contenu")
            .first()
        )
        if piece is None:
            raise Introuvable
        champ = lire_champ(request)
        lignes = rapprocher(lire_tableur(piece), lire_notre_decompte(champ.bailleur, champ.departement, champ.annee))
        if request.GET.get("export") == "csv":
            entetes = [
                "ecart",
                "ligne",
                "liberation",
                "logement",
                "compte_du_bailleur",
                "compte_de_l_application",
                "date",
                "raison",
            ]
            return repondre_csv(f"rapprochement-{champ.annee}", entetes, map(_en_cellules, lignes))
        ecarts = [ligne for ligne in lignes if ligne.ecart is not Ecart.IDENTIQUE]
        contexte = {
            "titre": f"Rapprochement du décompte {champ.annee}",
            "fil": [("Reprise", f"{reverse('reprise')}?{champ.parametres()}")],
            "champ": champ,
            "piece": piece,
            "totaux": totaliser(lignes),
            "identiques": len(lignes) - len(ecarts),
            "ecarts": [(une, Pastille(ECARTS[une.ecart][0], ECARTS[une.ecart][1])) for une in ecarts[:LIGNES_MONTREES]],
            "nombre_ecarts": len(ecarts),
            "remedes": [
                (ECARTS[ecart][0], sum(une.ecart is ecart for une in ecarts), ECARTS[ecart][2])
                for ecart in ECARTS
                if any(une.ecart is ecart for une in ecarts)
            ],
        }
        return render(request, "echanges/rapprochement.html", contexte)


def _en_cellules(ligne: LigneRapprochee) -> list[object]:
    lui, nous = ligne.lui, ligne.nous
    return [
        ECARTS[ligne.ecart][0],
        lui.numero if lui else "",
        (nous.liberation if nous else "") or (lui.liberation if lui else ""),
        (nous.logement if nous else "") or (lui.logement if lui else ""),
        lui.compte if lui else "",
        nous.compte if nous else "",
        nous.le if nous else "",
        nous.raison if nous else "",
    ]


class FormulaireEnvoi(forms.Form):
    """Un envoi obligatoire déjà fait."""

    genre = forms.ChoiceField(
        label="Envoi", choices=[(genre.value, libelle) for genre, libelle in actions.GENRES.items()]
    )
    annee = forms.IntegerField(label="Au titre de l'année", min_value=2000, max_value=2200)
    le = forms.DateField(label="Envoyé le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    piece = forms.FileField(
        label="Document envoyé (PDF)", widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"})
    )


class EnregistrerEnvoi(ActeDeReprise):
    """Enregistrer un envoi fait avant l'application."""

    titre, bouton = "Enregistrer un envoi déjà fait", "Enregistrer au registre"
    role = Role.RESPONSABLE
    formulaire = FormulaireEnvoi
    gabarit = "echanges/depot_reprise.html"

    def initial(self) -> dict[str, Any]:
        """L'année rendue."""
        return {"annee": min(self.champ.annee, timezone.localdate().year) - 1}

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Un envoi par destinataire entre au registre, à la date dite. Rien n'est envoyé ; chacun lit la pièce à son portail."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        fichier = donnees["piece"]
        if not self.champ.departement:
            raise ErreurMetier("sans_patrimoine", "Importez d'abord votre patrimoine.")
        envois = actions.enregistrer_envois_anterieurs(
            acteur=self.request.acteur,
            genre=donnees["genre"],
            departement=self.champ.departement,
            annee=donnees["annee"],
            le=donnees["le"],
            fichier=Fichier(fichier.name, fichier.read()),
        )
        return f"{compter(len(envois), 'envoi enregistré', 'envois enregistrés')} au registre."
