"""Les champs à choix d'un formulaire se remplissent par une aide qui dit ce qui cloche."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django import forms

from flux_reservations.socle.formulaires import choisir_parmi, proposer
from flux_reservations.territoires.models import Departement


class FormulaireExemple(forms.Form):
    """Un champ de chaque sorte."""

    departement = forms.ModelChoiceField(queryset=Departement.objects.none())
    voisins = forms.ModelMultipleChoiceField(queryset=Departement.objects.none())
    suite = forms.ChoiceField()
    suites = forms.MultipleChoiceField()
    motif = forms.CharField()


def test_les_choix_proposes_sont_ceux_du_champ_simple_ou_multiple() -> None:
    formulaire = FormulaireExemple()
    for nom in ("suite", "suites"):
        proposer(formulaire, nom, ((code, code.upper()) for code in ("arrete", "retrait")))
        assert formulaire.fields[nom].widget.choices == [("arrete", "ARRETE"), ("retrait", "RETRAIT")]


def test_les_choix_d_un_formulaire_ne_passent_pas_au_suivant() -> None:
    proposer(FormulaireExemple(), "suite", [("arrete", "Arrêté")])
    assert list(FormulaireExemple().fields["suite"].choices) == []


@pytest.mark.django_db
def test_les_lignes_choisies_sont_celles_du_champ_et_elles_seules() -> None:
    Departement.objects.get_or_create(pk="94", defaults={"nom": "Val-de-Marne"})
    formulaire = FormulaireExemple(
        {"departement": "94", "voisins": ["93"], "suite": "x", "suites": ["x"], "motif": "m"}
    )
    for nom in ("departement", "voisins"):
        choisir_parmi(formulaire, nom, Departement.objects.filter(pk="94"))
    formulaire.full_clean()
    assert formulaire.cleaned_data["departement"].pk == "94"
    assert "voisins" in formulaire.errors


@pytest.mark.parametrize(
    ("remplir", "nom", "erreur", "message"),
    [
        (
            lambda un, nom: proposer(un, nom, []),
            "absent",
            LookupError,
            "absent.*FormulaireExemple.*departement, voisins",
        ),
        (lambda un, nom: proposer(un, nom, []), "motif", TypeError, "motif.*CharField.*ChoiceField"),
        (lambda un, nom: proposer(un, nom, []), "departement", TypeError, "choisir_parmi.*FormulaireExemple"),
        (lambda un, nom: choisir_parmi(un, nom, Departement.objects.none()), "suite", TypeError, "ModelChoiceField"),
    ],
)
def test_un_champ_qui_ne_convient_pas_est_refuse_en_le_nommant(
    remplir: Callable[[forms.Form, str], None], nom: str, erreur: type[Exception], message: str
) -> None:
    with pytest.raises(erreur, match=message):
        remplir(FormulaireExemple(), nom)
