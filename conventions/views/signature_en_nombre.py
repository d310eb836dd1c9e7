"""Signer plusieurs conventions d'un coup : cocher, joindre, dater ; l'essai et la confirmation sont ceux des séries (RG-16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import prefetch_related_objects
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.actions.en_nombre import SignatureVoulue, conventions_a_signer, preparer_signatures
from conventions.actions.pieces import Fichier
from conventions.chargement_brouillon import charger_fonds_de_controle, controler_brouillon
from conventions.domaine.codes import EtatConvention
from conventions.domaine.controles import Controle
from conventions.domaine.pieces import MESSAGE_TAILLE, TAILLE_MAXIMALE
from conventions.domaine.rapprochement import rapprocher
from conventions.forms import champ_date
from conventions.models import Convention
from conventions.views.conventions import etat_de
from conventions.views.transmission import lire_lieu
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.socle.presentation import Pastille
from flux_reservations.socle.requete import Requete

DEPOT_MAXIMAL = 200 * 1024 * 1024
"""Octets de tous les fichiers d'un même dépôt."""


class ChampFichiers(forms.FileField):
    """Plusieurs fichiers choisis ensemble ; rend leur liste."""

    class Saisie(forms.FileInput):
        """Le choix de fichiers du navigateur, plusieurs à la fois."""

        allow_multiple_selected = True

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=self.Saisie(attrs={"accept": "application/pdf,.pdf", "multiple": True}), **options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Chaque fichier, tel que déposé : c'est l'action qui les vérifie, convention par convention."""
        del initial
        return [fichier for fichier in data or [] if fichier]


class FormulaireDepot(forms.Form):
    """Ce qui vaut pour toutes : les dates communes, les fichiers déposés ensemble."""

    signature_bailleur = champ_date("Signées par le bailleur le", obligatoire=True, initial=timezone.localdate)
    signature_reservataire = champ_date("Signées par le réservataire le", obligatoire=True, initial=timezone.localdate)
    effet = champ_date("Prennent effet le")
    pieces = ChampFichiers(
        label="Conventions signées (PDF)",
        required=False,
        help_text="Choisissez-les toutes : chacune va à la convention dont son nom porte le numéro. 20 Mo chacune, 200 Mo en tout.",
    )
    sans_piece = forms.BooleanField(
        label="Signer aussi celles qui n'ont pas de pièce",
        required=False,
        help_text="Le texte engendré, sans signatures, sera transmis, sauf si l'exemplaire signé est ajouté avant à la fiche.",
    )

    def clean_pieces(self) -> list[UploadedFile[Any]]:
        """Un dépôt trop lourd se fait en plusieurs fois."""
        fichiers: list[UploadedFile[Any]] = self.cleaned_data["pieces"]
        if sum(fichier.size or 0 for fichier in fichiers) > DEPOT_MAXIMAL:
            raise forms.ValidationError("Ces fichiers dépassent 200 Mo ensemble : signez en plusieurs fois.")
        return fichiers


class FormulaireLigne(forms.Form):
    """Ce qui est propre à une convention ; vide : ce qui vaut pour toutes."""

    choisie = forms.BooleanField(label="Signer", required=False)
    signature_bailleur = champ_date("Bailleur")
    signature_reservataire = champ_date("Réservataire")
    effet = champ_date("Effet")
    piece = forms.FileField(
        label="Pièce signée",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )


@dataclass(frozen=True, slots=True)
class LigneASigner:
    """Une convention de la page : son état, sa saisie, et ses contrôles, lus quand on la montre."""

    convention: Convention
    etat: Pastille
    formulaire: FormulaireLigne
    controles: Sequence[Controle] = ()

    @property
    def a_des_dates(self) -> bool:
        """Vrai si des dates propres sont saisies ou fautives : elles se montrent."""
        noms = ("signature_bailleur", "signature_reservataire", "effet")
        return any(self.formulaire[nom].value() or self.formulaire[nom].errors for nom in noms)


class SignerEnNombre(ReserveeMixin):
    """Les conventions du département qui attendent d'être signées, à cocher."""

    request: Requete
    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE

    def get(self, request: Requete, departement: str) -> HttpResponse:
        """Montre la liste, les proposées cochées."""
        _, lieu = lire_lieu(request, departement)
        return self._montrer(lieu.pk, str(lieu), FormulaireDepot(), None)

    def post(self, request: Requete, departement: str) -> HttpResponse:
        """Prépare la série, puis la montre : rien n'est signé avant sa confirmation."""
        _, lieu = lire_lieu(request, departement)
        depot = FormulaireDepot(request.POST, request.FILES)
        lignes = self._lire_lignes(lieu.pk, request.POST)
        fautives = [ligne for ligne in lignes if not ligne.formulaire.is_valid()]
        if depot.is_valid() and not fautives:
            try:
                serie = self._preparer(lieu.pk, depot, lignes)
            except AccesRefuse:
                raise
            except ErreurMetier as erreur:
                depot.add_error(None, erreur.message)
            else:
                return HttpResponseRedirect(reverse("serie", args=[serie.pk]))
        if fautives:
            numeros = ", ".join(ligne.convention.numero for ligne in fautives)
            depot.add_error(None, f"Une date n'est pas lisible pour {numeros} : corrigez-la en face de sa ligne.")
        return self._montrer(lieu.pk, str(lieu), depot, lignes, statut=422)

    def _preparer(self, departement: str, depot: FormulaireDepot, lignes: list[LigneASigner]) -> Any:
        """Rapproche les fichiers, puis confie les conventions cochées à l'action."""
        communs = depot.cleaned_data
        cochees = [ligne for ligne in lignes if ligne.formulaire.cleaned_data["choisie"]]
        fichiers: dict[str, list[UploadedFile[Any]]] = {}
        for fichier in communs[
            "pieces"
        ]:  # deux fichiers de même nom vont à la même convention, qui est écartée : aucun ne se perd
            fichiers.setdefault(fichier.name or "", []).append(fichier)
        trouves = rapprocher(fichiers, {ligne.convention.pk: ligne.convention.numero for ligne in lignes})
        voulues = []
        for ligne in cochees:
            saisie = ligne.formulaire.cleaned_data
            propres = [saisie["piece"]] if saisie["piece"] else []
            siens = propres or [
                un for nom in trouves.par_convention.get(ligne.convention.pk, ()) for un in fichiers[nom]
            ]
            voulues.append(
                SignatureVoulue(
                    ligne.convention.pk,
                    saisie["signature_bailleur"] or communs["signature_bailleur"],
                    saisie["signature_reservataire"] or communs["signature_reservataire"],
                    saisie["effet"] or communs["effet"],
                    () if any(_est_trop_lourd(fichier) for fichier in siens) else tuple(map(_lire, siens)),
                    MESSAGE_TAILLE if any(_est_trop_lourd(fichier) for fichier in siens) else "",
                )
            )
        autres = {ligne.convention.pk for ligne in lignes} - {ligne.convention.pk for ligne in cochees}
        non_cochees = [nom for cle in autres for nom in trouves.par_convention.get(cle, ())]
        remarques = [
            f"{texte} : {', '.join(noms)}."
            for texte, noms in (
                (
                    "Fichiers dont le nom ne porte le numéro d'aucune convention à signer, ignorés",
                    trouves.sans_convention,
                ),
                (
                    "Fichiers dont le nom porte plusieurs numéros, ignorés : déposez-les en face de leur ligne",
                    trouves.ambigus,
                ),
                ("Fichiers d'une convention qui n'est pas cochée, ignorés", non_cochees),
            )
            if noms
        ]
        return preparer_signatures(
            acteur=self.request.acteur,
            departement=departement,
            voulues=voulues,
            sans_piece=communs["sans_piece"],
            remarques=remarques,
        )

    def _lire_lignes(self, departement: str, donnees: Mapping[str, Any] | None) -> list[LigneASigner]:
        """Chaque convention et sa saisie."""
        jour = timezone.localdate()
        return [
            LigneASigner(
                une,
                etat_de(une, jour),
                FormulaireLigne(
                    donnees,
                    self.request.FILES if donnees is not None else None,
                    prefix=f"c{une.pk}",
                    initial={"choisie": une.etat == EtatConvention.PROPOSEE},
                ),
            )
            for une in conventions_a_signer(self.request.acteur, departement)
        ]

    def _controler(self, departement: str, lignes: Sequence[LigneASigner]) -> list[LigneASigner]:
        """Les lignes et leurs contrôles, en un nombre fixe de requêtes."""
        prefetch_related_objects([ligne.convention for ligne in lignes], "droits__perimetre", "droits__assiette")
        fonds = charger_fonds_de_controle(self.request.acteur.organisme, departement)
        return [replace(ligne, controles=controler_brouillon(ligne.convention, fonds)) for ligne in lignes]

    def _montrer(
        self, departement: str, nom: str, depot: FormulaireDepot, lignes: list[LigneASigner] | None, statut: int = 200
    ) -> HttpResponse:
        if lignes is None:
            lignes = self._lire_lignes(departement, None)
        contexte = {
            "titre": "Signer plusieurs conventions",
            "fil": [
                ("Conventions", reverse("conventions")),
                (nom, reverse("tableau_departement", args=[departement])),
            ],
            "depot": depot,
            "lignes": self._controler(departement, lignes),
            "retour": reverse("tableau_departement", args=[departement]),
        }
        return render(self.request, "conventions/signer_en_nombre.html", contexte, status=statut)


def _est_trop_lourd(fichier: UploadedFile[Any]) -> bool:
    return (fichier.size or 0) > TAILLE_MAXIMALE


def _lire(fichier: UploadedFile[Any]) -> Fichier:
    return Fichier(fichier.name or "", fichier.read())
