"""Une liste de candidats collée ou déposée : lue en entier, chaque ligne fautive dit son remède (RG-42, RG-49)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.lecture_candidats import CandidatLu, lire_une_liste

pytestmark = pytest.mark.regle("RG-42")


@pytest.mark.parametrize(
    "texte",
    [
        "094A;dalo;3\n094B;;\n",
        "numero_demande;public;nb_personnes\n094A;dalo;3\n094B\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}public,nb_personnes,numero_demande\nDALO,3, 094 a \n,,094b\n",
        "094A\tdalo\t3\n\n094B",
    ],
)
def test_une_liste_se_lit_quel_que_soit_son_separateur(texte: str) -> None:
    lue = lire_une_liste(texte)
    assert lue.erreurs == ()
    assert [(un.numero_demande, un.public, un.nb_personnes) for un in lue.candidats] == [
        ("094A", "dalo", 3),
        ("094B", "", None),
    ]


@pytest.mark.parametrize(
    ("texte", "remede"),
    [
        ("", "une demande par ligne"),
        ("094A;inconnu", "Écrivez l'un de : dalo, prioritaire"),
        ("094A;;cent", "un nombre de 1 à 20"),
        (";dalo", "le numéro de demande manque"),
        ("094A\n094a", "déjà ligne 1. Gardez-en une"),
        ("094A\n" * 201, "200 demandes au plus"),
    ],
)
def test_une_ligne_fautive_dit_son_remede(texte: str, remede: str) -> None:
    assert remede in " ".join(lire_une_liste(texte).erreurs)


@given(st.text(max_size=400))
def test_aucun_texte_ne_fait_echouer_la_lecture(texte: str) -> None:
    lue = lire_une_liste(texte)
    assert lue.erreurs or all(isinstance(un, CandidatLu) and un.numero_demande for un in lue.candidats)
