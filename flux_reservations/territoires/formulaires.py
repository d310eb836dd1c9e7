"""Choisir un territoire dans le référentiel, en le cherchant par son nom : un champ de formulaire, utilisable sans JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, F, OuterRef, Subquery, When
from django.db.models.functions import Substr

from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.territoires.models import Commune, Territoire

TROUVES_AU_PLUS: Final = 12
LETTRES_AU_MOINS: Final = 2


def trouver_territoires(texte: str) -> tuple[list[Territoire], bool]:
    """Les premiers territoires dont le nom ou le code répond à `texte`, et s'il y en a d'autres.

    Ceux qui portent exactement ce nom, puis ceux dont il est le début ; les plus peuplés d'abord, après ce qui n'est pas une commune.
    """
    if len(texte.strip()) < LETTRES_AU_MOINS:
        return [], False
    cle = cle_de_tri(texte)
    habitants = Commune.objects.filter(code=Substr(OuterRef("code"), len("commune:") + 1)).values("population")[:1]
    trouves = list(
        Territoire.objects.rechercher(texte)
        .annotate(habitants=Subquery(habitants))
        .order_by(
            Case(When(cle_tri=cle, then=0), When(cle_tri__startswith=cle, then=1), default=2),
            F("habitants").desc(nulls_first=True),
            "cle_tri",
            "code",
        )[: TROUVES_AU_PLUS + 1]
    )
    return trouves[:TROUVES_AU_PLUS], len(trouves) > TROUVES_AU_PLUS


class RechercheDeTerritoire(forms.Widget):
    """Une zone de recherche et les territoires trouvés, à cocher ; la liste suit la frappe, ou le bouton « Chercher »."""

    template_name = "composants/recherche_territoire.html"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        """Le territoire coché, ce qui est cherché, et si l'on n'a demandé que la recherche."""
        del files
        return {
            "code": str(data.get(name, "")).strip(),
            "cherche": str(data.get(f"{name}_cherche", "")).strip(),
            "bouton": "oui" if f"{name}_chercher" in data else "",
        }

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Vrai si le formulaire n'a rien dit du champ."""
        del files
        return name not in data and f"{name}_cherche" not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Le territoire choisi en tête, puis ce que trouve la recherche."""
        lu = value if isinstance(value, dict) else {"code": value or "", "cherche": "", "bouton": ""}
        choisi = Territoire.objects.filter(pk=lu["code"]).first() if lu["code"] else None
        trouves, reste = trouver_territoires(lu["cherche"]) if lu["cherche"] else ([], False)
        contexte = super().get_context(name, None, attrs)
        contexte["widget"] |= {
            "cherche": lu["cherche"],
            "choisi": choisi,
            "trouves": trouves,
            "reste": reste,
            "facultatif": not self.is_required,
        }
        return contexte


class ChampTerritoire(forms.Field):
    """Un territoire du référentiel ; vaut son code (`departement:94`), ou une chaîne vide s'il est facultatif et laissé vide.

    Un nom saisi qui ne désigne qu'un territoire suffit ; sinon l'erreur demande de choisir dans la liste trouvée.
    """

    widget = RechercheDeTerritoire

    def clean(self, value: Any) -> str:
        """Le code du territoire. Lève `ValidationError`."""
        code, cherche = value["code"], value["cherche"]
        if value["bouton"]:
            message = (
                "Choisissez un territoire de la liste." if cherche else "Écrivez le nom d'un territoire, puis cherchez."
            )
            raise ValidationError(message, code="recherche")
        choisi = Territoire.objects.filter(pk=code).first() if code else None
        if choisi is None and cherche:
            trouves, _ = trouver_territoires(cherche)
            if len(trouves) != 1:
                message = (
                    "Choisissez un territoire de la liste."
                    if trouves
                    else "Aucun territoire n'a ce nom : cherchez autrement."
                )
                raise ValidationError(message, code="ambigu")
            choisi = trouves[0]
        if choisi is None and (code or self.required):
            raise ValidationError("Cherchez un territoire par son nom, puis choisissez-le.", code="required")
        return choisi.pk if choisi else ""
