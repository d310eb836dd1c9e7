"""Télécharger les documents des conventions : texte de la convention, état des lieux (RG-12, RG-18)."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from conventions.chargement_etat_des_lieux import charger_etat_des_lieux
from conventions.documents import convention_pdf, etat_des_lieux_pdf, etat_des_lieux_tableur
from conventions.models import Bailleur, Convention
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tableur import TYPE_XLSX
from flux_reservations.territoires.models import Departement


class TexteConvention(ReserveeMixin):
    """Le texte de la convention en PDF."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Le PDF, engendré des données du moment ; pour qui n'est pas le bailleur, ce qui lui a été soumis."""
        convention = (
            Convention.objects.visibles_par(request.acteur)
            .select_related("bailleur", "reservataire", "departement", "avenant_de", "delegataire")
            .filter(pk=pk)
            .first()
        )
        if convention is None:
            raise Introuvable
        if not request.acteur.est_bailleur:
            return self._repondre_ce_qui_a_ete_lu(request, convention)
        return repondre_fichier(convention_pdf(convention), f"convention-{convention.numero}.pdf", "application/pdf")

    def _repondre_ce_qui_a_ete_lu(self, request: Requete, convention: Convention) -> HttpResponse:
        """Au réservataire, la version qui lui a été proposée ; aux autres, le texte sans l'annexe : le patrimoine est au bailleur."""
        nom = f"convention-{convention.numero}.pdf"
        pieces = Piece.objects.visibles_par(request.acteur).select_related("contenu")
        version = convention.versions_proposees.filter(piece__in=pieces.values("pk")).last()
        if version is not None:
            octets = bytes(pieces.get(pk=version.piece_id).contenu.octets)
            return repondre_fichier(octets, nom, "application/pdf")
        return repondre_fichier(convention_pdf(convention, avec_annexe=False), nom, "application/pdf")


class EtatDesLieuxFichier(ReserveeMixin):
    """L'état des lieux du département, en PDF ou en tableur."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, departement: str, forme: str) -> HttpResponse:
        """Le fichier, au jour même."""
        bailleur = Bailleur.objects.visibles_par(request.acteur).filter(pk=request.acteur.organisme).first()
        lieu = Departement.objects.filter(pk=departement).first()
        if bailleur is None or lieu is None or forme not in {"pdf", "xlsx"}:
            raise Introuvable
        etat = charger_etat_des_lieux(bailleur, lieu, timezone.localdate())
        if forme == "pdf":
            return repondre_fichier(etat_des_lieux_pdf(etat), f"etat-des-lieux-{departement}.pdf", "application/pdf")
        return repondre_fichier(etat_des_lieux_tableur(etat), f"etat-des-lieux-{departement}.xlsx", TYPE_XLSX)


def repondre_fichier(octets: bytes, nom: str, type_mime: str) -> HttpResponse:
    """Un fichier à enregistrer."""
    reponse = HttpResponse(octets, content_type=type_mime)
    reponse["Content-Disposition"] = (
        f'attachment; filename="{"".join(c if c.isalnum() or c in ".-_" else "_" for c in nom)}"'
    )
    return reponse
