"""Les balises de gabarit : ce qu'un lecteur d'écran entend, et ce que le SVG mesure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template

from flux_reservations.socle.presentation import BarreRetard, Moment, Pastille


def rendre(source: str, **contexte: object) -> str:
    """Rend un extrait de gabarit avec les deux bibliothèques du projet."""
    return Template("{% load composants nombres %}" + source).render(Context(contexte))


def test_une_icone_sans_libelle_est_cachee_aux_lecteurs_d_ecran() -> None:
    assert 'aria-hidden="true"' in rendre('{% icone "scale" %}')


def test_une_icone_avec_libelle_se_lit() -> None:
    assert "Fermer</span>" in rendre('{% icone "x-mark" 16 "Fermer" %}')


def test_une_pastille_porte_son_mot_et_son_ton() -> None:
    html = rendre("{% pastille etat %}", etat=Pastille("<En vigueur>", "succes"))
    assert "pastille-succes" in html
    assert "&lt;En vigueur&gt;" in html


def test_une_barre_en_retard_part_du_centre_vers_la_droite() -> None:
    html = rendre('{% barre_retard solde 4 "Action Logement" %}', solde=Decimal(2))
    assert 'class="trace-retard" x="1000" y="1" width="500"' in html
    assert 'aria-label="Action Logement : 2,0\u00a0logements de retard"' in html


def test_une_barre_en_avance_finit_au_centre() -> None:
    html = rendre("{% barre_retard solde 4 %}", solde=Decimal(-1))
    assert 'class="trace-avance" x="750" y="1" width="250"' in html


@pytest.mark.regle("RG-47")
def test_les_barres_d_un_tableau_partagent_leur_echelle() -> None:
    barres = [BarreRetard("AL", Decimal(4)), BarreRetard("État", Decimal(-2))]
    html = rendre('{% barres_retard barres "Soldes" %}', barres=barres)
    assert re.findall(r'class="trace-(?:retard|avance)" x="\d+" y="1" width="(\d+)"', html) == ["1000", "500"]


@pytest.mark.regle("RG-14")
def test_une_jauge_dit_que_son_seuil_est_depasse() -> None:
    html = rendre('{% jauge valeur 100 "Part de l\'État" "%" seuil=30 decimales=1 %}', valeur=Decimal("33.1"))
    assert "trace-depasse" in html
    assert "seuil 30,0, dépassé" in html


def test_une_annee_n_a_pas_d_espace_de_milliers() -> None:
    assert rendre("{{ annee }}", annee=2026) == "2026"


def test_un_nombre_deplie_son_corps() -> None:
    html = rendre('{% deplier 1350 "Exclusions" "logements" %}<p>Les lignes</p>{% fin_deplier %}')
    assert "1\u202f350" in html
    assert "<p>Les lignes</p>" in html
    assert "hx-get" not in html


def test_un_nombre_sans_javascript_mene_a_la_page_de_ses_lignes() -> None:
    html = rendre('{% deplier 3 "Exclusions" adresse="/detail/" %}{% fin_deplier %}')
    assert '<a href="/detail/">Voir les lignes qui composent ce nombre</a>' in html


def test_une_chronologie_dit_ce_qui_vient_autrement_que_par_la_couleur() -> None:
    html = rendre("{% chronologie moments %}", moments=[Moment("Terme", date(2030, 1, 1), "a-venir")])
    assert "(à venir)" in html
    assert '<time datetime="2030-01-01">1er\u00a0janvier\u00a02030</time>' in html


class _Formulaire(forms.Form):
    nom = forms.CharField(label="Nom", help_text="Court.")
    taux = forms.DecimalField(label="Taux", localize=True, required=False)


def test_un_formulaire_resume_ses_erreurs_et_les_lie_aux_champs() -> None:
    html = rendre("{{ formulaire }}", formulaire=_Formulaire({"nom": "", "taux": "dix"}))
    assert "2 champs sont à corriger" in html
    assert '<a href="#id_nom">Nom : Ce champ est obligatoire.</a>' in html
    assert 'aria-describedby="id_nom_helptext id_nom_error"' in html
    assert 'id="id_nom_error"' in html


def test_un_champ_decimal_accepte_la_virgule() -> None:
    formulaire = _Formulaire({"nom": "x", "taux": "12,5"})
    assert formulaire.is_valid()
    assert formulaire.cleaned_data["taux"] == Decimal("12.5")


def test_une_progression_finie_ne_se_relit_plus() -> None:
    assert "hx-get" in rendre('{% progression "Bilans" 3 10 "/suite/" %}')
    assert "hx-get" not in rendre('{% progression "Bilans" 10 10 "/suite/" %}')
