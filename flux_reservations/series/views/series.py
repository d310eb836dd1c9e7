"""Une série à l'écran : ce qui sera fait, la confirmation, l'avancement, le compte rendu ligne à ligne."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.series.actions.preparer import abandonner_serie, confirmer_serie, reessayer_serie
from flux_reservations.series.genres import Genre, Suite, genre_de
from flux_reservations.series.models import ActeDeSerie, EtatActe, Serie
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.presentation import Pastille, compter, type_de_ton
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

_TONS: dict[str, type_de_ton] = {
    EtatActe.PRET: "information",
    EtatActe.ECARTE: "neutre",
    EtatActe.FAIT: "succes",
    EtatActe.REFUSE: "danger",
}
A_REGARDER = frozenset({EtatActe.REFUSE, EtatActe.ECARTE})
"""Ce qui se lit d'abord : ce qui n'a pas été fait, et pourquoi."""
ENTETES = ("ligne", "etat", "compte_rendu", "suite", "regle", "piece", "fini_le")


def pastille_d_acte(acte: ActeDeSerie, genre: Genre, *, confirmee: bool) -> Pastille:
    """« Signée », « Refusée », « À faire »… ; avant la confirmation, « Prête » ou « Écartée »."""
    if acte.etat == EtatActe.FAIT:
        return Pastille(genre.fait.capitalize(), "succes")
    accord = "e" if genre.fait.endswith("e") else ""
    if acte.etat == EtatActe.PRET and confirmee:
        return Pastille("À faire", "information")
    return Pastille(f"{acte.get_etat_display()}{accord}", _TONS[acte.etat])


def lire_l_annonce(acte: ActeDeSerie) -> dict[str, Any]:
    """Ce qu'on dit d'une ligne avant de confirmer : ce qui sera fait, et ce qui est à regarder."""
    return {"annonce": acte.parametres.get("resume", ""), "alertes": acte.parametres.get("alertes", [])}


def pastille_de_serie(serie: Serie) -> Pastille:
    """L'état d'une série (annotations de `avec_avancement`)."""
    if serie.confirmee_le is None:
        return Pastille("À confirmer", "attention")
    if getattr(serie, "reste", 0):
        return Pastille("En cours", "information")
    return Pastille("Finie, avec des refus", "danger") if getattr(serie, "refuses", 0) else Pastille("Finie", "succes")


def lire_serie(request: Requete, pk: int) -> Serie:
    """La série, si l'acteur la voit."""
    visibles = Serie.objects.visibles_par(request.acteur).avec_avancement()
    return get_object_or_404(visibles.select_related("cree_par", "confirmee_par"), pk=pk)


class Series(ReserveeMixin, VueListe[Serie]):
    """Les actes en nombre du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    titre, legende, nom_export, singulier = "Actes en nombre", "Séries d'actes", "series", "série"
    tri_par_defaut = "-preparee"
    vide_titre = "Aucun acte en nombre"
    vide_texte = (
        "Signez ou transmettez toutes les conventions d'un département depuis son tableau de bord, publiez tous les bilans d'une campagne "
        "depuis sa page."
    )
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne(
            "acte",
            "Acte",
            lambda une: une.get_genre_display(),
            tri=("genre",),
            lien=lambda une: reverse("serie", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne("preparee", "Préparée le", lambda une: une.cree_le, "instant", tri=("cree_le",), secondaire=True),
        Colonne("confirmee", "Confirmée le", lambda une: une.confirmee_le, "instant", tri=("confirmee_le",)),
        Colonne("lignes", "Lignes", lambda une: une.total, "nombre", tri=("total",)),
        Colonne("faits", "Faites", lambda une: une.faits, "nombre", tri=("faits",)),
        Colonne("refuses", "Refusées", lambda une: une.refuses, "nombre", tri=("refuses",)),
        Colonne("etat", "État", pastille_de_serie, "pastille"),
    )

    def lire(self) -> QuerySet[Serie]:
        """Celles de l'organisme."""
        return Serie.objects.visibles_par(self.request.acteur).avec_avancement()


class FicheSerie(ReserveeMixin):
    """Avant : ce qui sera fait, à confirmer. Pendant : l'avancement. Après : le compte rendu, exportable."""

    request: Requete
    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """La page, sa seule partie vivante que htmx relit, ou l'export."""
        serie = lire_serie(request, pk)
        genre, actes = (
            genre_de(serie),
            sorted(serie.actes.all(), key=lambda acte: (acte.etat not in A_REGARDER, acte.rang)),
        )
        faits = [acte for acte in actes if acte.etat == EtatActe.FAIT]
        suites = genre.suivre(request.acteur, faits) if faits else {}
        export = request.GET.get("export", "")
        if export in {"csv", "xlsx"}:
            repondre = repondre_csv if export == "csv" else repondre_xlsx
            return repondre(
                f"{serie.genre}-{serie.pk}",
                ENTETES,
                [_exporter(acte, suites.get(acte.cle, Suite("")).phrase) for acte in actes],
            )
        contexte = self.contexte(serie, genre, actes, suites)
        gabarit = "series/_avancement.html" if request.htmx else "series/serie.html"
        reponse = render(request, gabarit, contexte)
        if request.htmx and not contexte["en_travail"]:
            reponse["HX-Redirect"] = reverse("serie", args=[serie.pk])
        return reponse

    def contexte(
        self, serie: Serie, genre: Genre, actes: Sequence[ActeDeSerie], suites: dict[int, Suite]
    ) -> dict[str, Any]:
        """Ce que montre la page."""
        confirmee = serie.confirmee_le is not None
        reste, faits, refuses = (getattr(serie, nom) for nom in ("reste", "faits", "refuses"))
        peut = self.request.acteur.peut(Role.RESPONSABLE)
        a_faire = len(actes) - getattr(serie, "ecartes", 0)
        lignes = [
            {
                "acte": acte,
                "adresse": genre.adresse(acte),
                "pastille": pastille_d_acte(acte, genre, confirmee=confirmee),
                "suite": suites.get(acte.cle, Suite("")).phrase,
                **(
                    lire_l_annonce(acte)
                    if acte.etat == EtatActe.PRET and not confirmee
                    else {"annonce": "", "alertes": []}
                ),
            }
            for acte in actes
        ]
        return {
            "titre": serie.get_genre_display(),
            "fil": genre.fil(serie),
            "serie": serie,
            "genre": genre,
            "avertissement": genre.avertir([acte for acte in actes if acte.etat == EtatActe.PRET]),
            "etat": pastille_de_serie(serie),
            "retour": genre.retour(serie),
            "lignes": lignes,
            "lien_de_suite": genre.lien_de_suite(suites),
            "avec_pieces": any(acte.nom_de_la_piece for acte in actes),
            "en_travail": confirmee and bool(reste),
            "fait": faits + refuses,
            "a_faire": a_faire,
            "compte_a_faire": compter(a_faire, genre.singulier),
            "faits": faits,
            "refuses": refuses,
            "ecartes": getattr(serie, "ecartes", 0),
            "peut_confirmer": peut and not confirmee and bool(reste),
            "peut_abandonner": peut and not confirmee,
            "peut_reessayer": peut and confirmee and not reste and bool(refuses),
        }


def _exporter(acte: ActeDeSerie, suite: str) -> list[object]:
    return [
        acte.libelle,
        acte.get_etat_display(),
        acte.message,
        suite,
        acte.regle,
        acte.nom_de_la_piece,
        acte.fini_le,
    ]


class ActeSurSerie(ReserveeMixin, ABC):
    """Un bouton de la fiche : fait, puis revient à la série ; un refus se lit en tête de page."""

    request: Requete
    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Agit."""
        serie = lire_serie(request, pk)
        retour = reverse("serie", args=[serie.pk])
        try:
            retour = self.agir(serie) or retour
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            messages.error(request, erreur.message)
        return HttpResponseRedirect(retour)

    @abstractmethod
    def agir(self, serie: Serie) -> str:
        """Appelle l'action ; rend où aller, vide pour rester sur la série."""


class Confirmer(ActeSurSerie):
    """Lancer la série."""

    def agir(self, serie: Serie) -> str:
        """Confirme."""
        confirmer_serie(acteur=self.request.acteur, serie_id=serie.pk)
        return ""


class Reessayer(ActeSurSerie):
    """Remettre en train ce qui a été refusé."""

    def agir(self, serie: Serie) -> str:
        """Relance."""
        reessayer_serie(acteur=self.request.acteur, serie_id=serie.pk)
        return ""


class Abandonner(ActeSurSerie):
    """Effacer une préparation."""

    def agir(self, serie: Serie) -> str:
        """Efface, et revient d'où l'on vient."""
        retour = genre_de(serie).retour(serie)
        abandonner_serie(acteur=self.request.acteur, serie_id=serie.pk)
        messages.success(self.request, "La préparation est abandonnée : rien n'a été fait.")
        return retour
