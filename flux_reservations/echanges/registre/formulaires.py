"""Les formulaires du registre : un bailleur, un réservataire, un organisme demandé. L'import garde ses règles ; ici, la saisie."""

from __future__ import annotations

from typing import Final

from django import forms
from django.core.validators import RegexValidator

from conventions.domaine.codes import Statut, TypeReservataire
from flux_reservations.commun.lignes import SUR_UNE_LIGNE
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.socle.formulaires import ChampSiren
from flux_reservations.territoires.formulaires import ChampTerritoire
from flux_reservations.territoires.models import Territoire

LONGUEUR_DU_CODE: Final = 40
_TYPES = [("", "À choisir"), *TypeReservataire.choix()]
_STATUTS = [("", "Inconnu"), *Statut.choix()]


def _nom() -> forms.CharField:
    return forms.CharField(
        label="Nom",
        max_length=200,
        validators=[
            RegexValidator(SUR_UNE_LIGNE, "Un nom tient sur une ligne : retirez-en le saut de ligne ou la tabulation.")
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _courriel(aide: str = "") -> forms.EmailField:
    return forms.EmailField(
        label="Courriel", required=False, help_text=aide, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class FormulaireBailleur(forms.Form):
    """Un bailleur (RG-01)."""

    siren = ChampSiren(help_text="Il désigne le bailleur dans les fichiers et ne change plus.")
    nom = _nom()
    statut = forms.ChoiceField(label="Statut", choices=_STATUTS, required=False)
    courriel = _courriel()


class FormulaireReservataire(forms.Form):
    """Un réservataire (RG-02)."""

    code = forms.CharField(
        label="Code",
        max_length=LONGUEUR_DU_CODE,
        help_text="Il désigne le réservataire dans les fichiers de tous les bailleurs et ne change plus. "
        "Ni espace, ni « / », ni « ; » : ETAT94, CRETEIL, EPT11.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    nom = _nom()
    type = forms.ChoiceField(label="Type", choices=_TYPES)
    territoire = ChampTerritoire(
        label="Territoire",
        required=False,
        help_text="Cherchez une commune, une intercommunalité, un département ou une région par son nom. Une collectivité n'exerce "
        "ses droits que sur le sien (RG-11).",
    )
    siren = ChampSiren(required=False)
    courriel = _courriel("Les envois (conventions, bilans, logements à pourvoir) y sont annoncés.")


class FormulaireDemande(forms.Form):
    """Un organisme qui manque au registre."""

    nom = _nom()
    type = forms.ChoiceField(label="Type", choices=_TYPES)
    territoire = ChampTerritoire(
        label="Territoire", required=False, help_text="Obligatoire pour l'État et les collectivités."
    )
    siren = ChampSiren(required=False)
    courriel = _courriel("Celui du service qui recevra les envois, si vous le connaissez.")
    precision = forms.CharField(
        label="Précision",
        max_length=500,
        required=False,
        help_text="Ce qui aide à le reconnaître : le code qu'il porte dans vos fichiers, son ancien nom.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def proposer_un_code(type_: str, nom: str, territoire: Territoire | None) -> str:
    """Le code proposé pour un réservataire : ETAT94 pour l'État, CD94 pour un département, son nom sinon (VILLE-DE-CRETEIL → CRETEIL)."""
    lieu = territoire.pk.partition(":")[2] if territoire is not None else ""
    if lieu and type_ in _DEBUTS:
        return f"{_DEBUTS[type_]}{lieu}"
    source = territoire.nom if territoire is not None and type_ in _DU_LIEU else nom
    return "-".join(cle_de_tri(source).upper().split())[:LONGUEUR_DU_CODE].strip("-")


_DEBUTS: Final = {TypeReservataire.ETAT.value: "ETAT", TypeReservataire.DEPARTEMENT.value: "CD"}
_DU_LIEU: Final = frozenset({TypeReservataire.COMMUNE.value, TypeReservataire.VILLE_PARIS.value})
