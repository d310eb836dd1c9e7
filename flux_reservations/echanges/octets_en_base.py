"""Lire le contenu d'une pièce par morceaux, sans jamais le charger en entier : un flux qu'on parcourt, comme un fichier ouvert."""

from __future__ import annotations

import io
from typing import Any, Final

from django.db.models import BinaryField, F, Func, Value

from flux_reservations.pieces.models import Contenu, Piece

MORCEAU: Final = 1 << 16
"""Octets demandés à la base à la fois."""


def ouvrir_piece(piece: Piece) -> io.BufferedReader:
    """Le flux des octets d'une pièce ; à fermer."""
    return io.BufferedReader(_OctetsEnBase(piece), MORCEAU)


class _OctetsEnBase(io.RawIOBase):
    """Chaque lecture prend à la base les octets qu'il lui faut."""

    def __init__(self, piece: Piece) -> None:
        self._contenu, self._taille, self._rang = piece.contenu_id, piece.taille, 0

    def readable(self) -> bool:
        """On y lit."""
        return True

    def seekable(self) -> bool:
        """On s'y déplace : une archive se lit par la fin."""
        return True

    def seek(self, rang: int, depuis: int = io.SEEK_SET) -> int:
        """Va à cet octet."""
        self._rang = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._rang, io.SEEK_END: self._taille}[depuis] + rang)
        return self._rang

    def tell(self) -> int:
        """L'octet où l'on est."""
        return self._rang

    def readinto(self, tampon: Any) -> int:
        """Remplit `tampon` ; rend le nombre d'octets lus, zéro à la fin."""
        voulus = min(len(tampon), self._taille - self._rang)
        if voulus <= 0:
            return 0
        morceau: Func = Func(
            F("octets"), Value(self._rang + 1), Value(voulus), function="SUBSTRING", output_field=BinaryField()
        )
        lu = bytes(Contenu.objects.values_list(morceau, flat=True).get(pk=self._contenu))
        tampon[: len(lu)] = lu
        self._rang += len(lu)
        return len(lu)
