"""Un seul organisme par territoire pour l'État et les collectivités : un second recevrait, et verrait, ce qui est au premier (RG-02)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from conventions.domaine.codes import SEUL_SUR_SON_TERRITOIRE, TypeReservataire
from conventions.models import Reservataire

Place = tuple[str, str]
"""Un type et un territoire."""


class PlacesTenues:
    """Qui tient chaque place du registre, tel qu'il sera après les lignes déjà lues du fichier."""

    def __init__(self) -> None:
        self._tenants: dict[Place, dict[str, str]] = defaultdict(dict)
        self._place_de: dict[str, Place] = {}
        self._arrives: set[str] = set()
        requete = Reservataire.objects.filter(type__in=SEUL_SUR_SON_TERRITOIRE, territoire__isnull=False)
        for code, nom, type_, territoire in requete.values_list("code", "nom", "type", "territoire_id"):
            self._poser(code, nom, (type_, territoire))

    def prendre(self, complet: Mapping[str, Any], ancien: Mapping[str, Any] | None, a_venir: Collection[str]) -> str:
        """Note la place que prend une ligne ; rend ce qu'il y a à redire, ou rien.

        `a_venir` : les codes des lignes qui suivent, dont la place n'est pas encore connue. Une ligne qui reste où elle était n'a tort
        que si une autre du fichier l'y rejoint.
        """
        code, place = str(complet["code"]), place_de(complet)
        self._tenants[self._place_de.pop(code, ("", ""))].pop(code, None)
        if place is None:
            return ""
        autres = {un: nom for un, nom in self._tenants[place].items() if un not in a_venir}
        if ancien is not None and place_de(ancien) == place:
            autres = {un: nom for un, nom in autres.items() if un in self._arrives}
        else:
            self._arrives.add(code)
        self._poser(code, str(complet["nom"]), place)
        if not autres:
            return ""
        autre, nom = next(iter(autres.items()))
        libelle = TypeReservataire(place[0]).libelle
        return (
            f"Le registre a déjà « {nom} » ({autre}), de type « {libelle} », sur ce territoire : il ne peut y en avoir qu'un. Corrigez "
            "sa fiche, ou vérifiez le type et le territoire de celui-ci."
        )

    def _poser(self, code: str, nom: str, place: Place) -> None:
        self._tenants[place][code] = nom
        self._place_de[code] = place


def place_de(valeurs: Mapping[str, Any]) -> Place | None:
    """La place d'un réservataire, s'il en est seul titulaire."""
    type_, territoire = valeurs["type"], valeurs["territoire_id"]
    return (str(type_), str(territoire)) if type_ in SEUL_SUR_SON_TERRITOIRE and territoire else None
