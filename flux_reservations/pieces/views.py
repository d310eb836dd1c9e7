"""Télécharger une pièce : celles que l'acteur voit, jamais par son empreinte."""

from __future__ import annotations

import io

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views import View

from flux_reservations.pieces.models import Piece
from flux_reservations.socle.requete import Requete

TYPES_AFFICHABLES = frozenset({"application/pdf"})
"""Types montrés dans le navigateur ; tout autre est téléchargé."""


class TelechargerPiece(View):
    """Le contenu d'une pièce, sous son nom."""

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Envoie les octets ; l'empreinte SHA-256 en est l'étiquette de cache."""
        piece = get_object_or_404(Piece.objects.visibles_par(request.acteur).select_related("contenu"), pk=pk)
        return envoyer_piece(piece, a_telecharger="telecharger" in request.GET)


def envoyer_piece(piece: Piece, *, a_telecharger: bool = False) -> FileResponse:
    """Les octets d'une pièce ; ce qui n'est pas affichable est téléchargé, et rien de ce qu'elle contient ne s'exécute."""
    affichable = piece.type_mime in TYPES_AFFICHABLES and not a_telecharger
    reponse = FileResponse(
        io.BytesIO(bytes(piece.contenu.octets)),
        as_attachment=not affichable,
        filename=piece.nom,
        content_type=piece.type_mime if affichable else "application/octet-stream",
    )
    reponse["ETag"] = f'"{piece.contenu_id}"'
    reponse["Cache-Control"] = "private, no-cache"
    reponse["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
    return reponse
