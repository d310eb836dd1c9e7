"""Les boîtes partagées des secteurs, pour qui leur écrit (domaine.md § 6) : le bailleur prévient une boîte sans lire le découpage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flux_reservations.acces.portefeuilles import Secteur
from flux_reservations.socle import rls


@dataclass(frozen=True, slots=True)
class Boite:
    """À qui une boîte appartient, et son adresse."""

    nom: str
    courriel: str


def boites_du_logement(organismes: Collection[int], commune: str) -> list[Boite]:
    """Les boîtes des secteurs de ces organismes dont relève un logement de cette commune, chaque adresse une fois.

    Un secteur est à son organisme : seules sortent d'ici la boîte et le nom de qui la tient, jamais les autres communes.
    """
    with rls.en_systeme():
        secteurs = (
            Secteur.objects.filter(organisme_id__in=organismes, communes=commune)
            .exclude(boite="")
            .select_related("organisme")
            .order_by("pk")
        )
        boites = {un.boite.lower(): Boite(f"{un.organisme.nom} – {un.nom}"[:200], un.boite) for un in secteurs}
    return list(boites.values())
