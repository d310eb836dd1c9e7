"""Le langage des gabarits : ce qu'il dit, ce qu'il refuse, et ce qu'aucune attaque n'en tire (RG-12)."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.domaine.gabarit import (
    CONDITIONS,
    INSERTIONS,
    LONGUEUR_MAXIMALE,
    VARIABLES,
    Bloc,
    composer,
    verifier_gabarit,
)
from conventions.domaine.gabarit_type import TEXTE, deplier
from flux_reservations.commun.erreurs import ErreurMetier

pytestmark = pytest.mark.regle("RG-12")
DROITS = "\n{{ tableau_des_droits }}\n"


def textes(blocs: list[Bloc]) -> list[str]:
    return [bloc.texte or bloc.nom for bloc in blocs]


def test_titres_paragraphes_listes_et_gras_se_lisent() -> None:
    blocs = composer(f"# Titre\n\nUn **mot** fort,\nla suite.\n- un\n- deux\n\n## Article{DROITS}", {}, {})
    assert [bloc.genre for bloc in blocs] == ["titre", "paragraphe", "liste", "article", "insertion"]
    assert textes(blocs)[1] == "Un mot fort, la suite."
    assert [morceau.texte for morceau in blocs[1].morceaux if morceau.gras] == ["mot"]
    assert len(blocs[2].elements) == 2


@pytest.mark.parametrize(("vrai", "attendu"), [(True, "oui"), (False, "non")])
def test_une_condition_choisit_sa_branche(vrai: bool, attendu: str) -> None:
    gabarit = "{% si est_avenant %}oui{% sinon %}non{% fin %}" + DROITS
    assert textes(composer(gabarit, {}, {"est_avenant": vrai}))[0] == attendu


def test_des_conditions_s_emboitent() -> None:
    gabarit = "{% si est_avenant %}a{% si est_signee %}b{% sinon %}c{% fin %}d{% sinon %}e{% fin %}" + DROITS
    assert textes(composer(gabarit, {}, {"est_avenant": True}))[0] == "acd"
    assert textes(composer(gabarit, {}, {"est_signee": True}))[0] == "e"


@pytest.mark.parametrize("conditions", [{nom: True} for nom in CONDITIONS] + [dict.fromkeys(CONDITIONS, True), {}])
def test_le_texte_type_se_compose_dans_tous_les_cas(conditions: dict[str, bool]) -> None:
    blocs = composer(TEXTE, dict.fromkeys(VARIABLES, "valeur"), conditions)
    assert {bloc.nom for bloc in blocs if bloc.genre == "insertion"} == set(INSERTIONS)
    assert not any(marque in texte for texte in textes(blocs) for marque in ("{{", "{%", "}}", "%}"))


@pytest.mark.parametrize("conditions", [dict.fromkeys(CONDITIONS, True), {}])
def test_le_texte_deplie_pour_l_ecran_dit_la_meme_chose(conditions: dict[str, bool]) -> None:
    variables = dict.fromkeys(VARIABLES, "valeur")
    assert composer(deplier(TEXTE), variables, conditions) == composer(TEXTE, variables, conditions)


ATTAQUES = [
    "{{ settings.SECRET_KEY }}",
    "{{ bailleur.nom.__class__.__mro__ }}",
    "{{ bailleur.nom|safe }}",
    "{{ bailleur.nom() }}",
    "{{ ''.__class__ }}",
    "{{ config }}",
    "{{ request.user.password }}",
    "{{ self }}",
    "{{ bailleur['nom'] }}",
    "{{ bailleur.siren ; import os }}",
    "{{ reservataire.pk }}",
    "{{ convention.piece_signee.contenu.octets }}",
    "{% include '/etc/passwd' %}",
    "{% load static %}",
    "{% debug %}",
    "{% ssi /etc/passwd %}",
    "{% extends 'base.html' %}",
    "{% for x in droits %}{% endfor %}",
    "{% si os.path %}x{% fin %}",
    "{% si est_avenant or est_signee %}x{% fin %}",
    "{% now 'Y' %}",
    "{{{ bailleur.nom }}}",
    "{{ bailleur.nom",
    "}} bailleur {{",
    "{% si est_avenant",
    "{{\nbailleur.nom\n}}",
    "{{ bailleur.nom {{ bailleur.siren }} }}",
    "{% fin %}",
    "{% sinon %}",
    "{% si est_avenant %}sans fin",
    "texte {{ tableau_des_droits }} au milieu",
    "\x00caractère nul",
    "\x1b[31m",
]


@pytest.mark.parametrize("attaque", ATTAQUES)
def test_ce_qui_n_est_pas_de_la_liste_blanche_est_refuse_avec_sa_ligne(attaque: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        verifier_gabarit(f"# Titre\n{attaque}{DROITS}")
    assert refus.value.code == "gabarit_fautif"
    assert refus.value.message.startswith("Ligne ")


@pytest.mark.parametrize(
    "valeur",
    [
        "{{ bailleur.siren }}",
        "{% si est_avenant %}x{% fin %}",
        "# titre",
        "{{ tableau_des_signatures }}",
        "\\1 \\g<0>",
        "<script>alert(1)</script>",
    ],
)
def test_une_valeur_n_est_jamais_relue_comme_du_gabarit(valeur: str) -> None:
    blocs = composer("{{ reservataire.nom }}" + DROITS, {"reservataire.nom": valeur, "bailleur.siren": "SECRET"}, {})
    assert blocs[0] == Bloc("paragraphe", blocs[0].elements)
    assert blocs[0].texte == valeur


def test_un_gabarit_sans_ses_droits_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="tableau_des_droits"):
        verifier_gabarit("# Convention")


def test_un_gabarit_demesure_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="dépasse"):
        verifier_gabarit("a" * (LONGUEUR_MAXIMALE + 1))


@pytest.mark.parametrize(
    "motif", ["{{", "{%", "**", "{{ bailleur.nom }}", "{{ a", "{% si est_avenant %}", "*", "- ", "\n", "{", "}"]
)
def test_aucun_texte_ne_fait_attendre(motif: str) -> None:
    gabarit = (motif * LONGUEUR_MAXIMALE)[: LONGUEUR_MAXIMALE - 30] + DROITS
    debut = time.perf_counter()
    with suppress(ErreurMetier):
        composer(gabarit, {"bailleur.nom": "x" * 200}, {})
    assert time.perf_counter() - debut < 2


@given(st.text(alphabet=st.sampled_from("{}% -#*\nsibailleur.nomfinsinonest_avenant"), max_size=200))
def test_tout_texte_se_compose_ou_se_refuse_sans_autre_erreur(texte: str) -> None:
    with suppress(ErreurMetier):
        blocs = composer(texte + DROITS, dict.fromkeys(VARIABLES, "v"), {})
        assert not any(accolade in bloc.texte for bloc in blocs for accolade in "{}")
