"""Qui tient le registre."""

from __future__ import annotations

from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse


def exiger_l_administration(acteur: Acteur) -> None:
    """Seule l'administration de la plateforme tient le registre : un faux préfet recevrait les bilans de tous. Lève `AccesRefuse`."""
    if acteur.nature is not Nature.PLATEFORME or not acteur.peut(Role.ADMINISTRATEUR):
        raise AccesRefuse
