"""Ce qui change d'une version à l'autre : dit, jamais tu, et sans rien exiger de l'ancienne (RG-63)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bilans.actions.publier import publier
from bilans.domaine.comparaison import RIEN, SANS_COMPARAISON, citer_la_version, dire_ce_qui_change
from bilans.models import Bilan
from bilans.models.bilan import GenreBilan
from tests.bilans.test_publication import Monde, monde

__all__ = ["monde"]
ASSIETTE = {"mises_en_location": 10, "total_exclusions": 2, "flux": 8, "premieres_locations": 0}


def annuel(lignes: list[dict[str, Any]], **document: Any) -> dict[str, Any]:
    """Les données d'un bilan, réduites à ce que la comparaison lit."""
    return {
        "flux": {"assiette": ASSIETTE, "comptes": [], "controles": []},
        "lignes": lignes,
        "document": {"noms": {"AL": "Action Logement"}, **document},
    }


def ligne(commune: str, proposes: int) -> dict[str, Any]:
    """Une ligne d'Action Logement."""
    return {"compte": "AL", "commune": commune, "proposes": proposes, "attribues": 0}


@pytest.mark.regle("RG-63")
def test_deux_versions_egales_le_disent() -> None:
    assert dire_ce_qui_change(annuel([ligne("94028", 1)]), annuel([ligne("94028", 1)])) == [RIEN]


@pytest.mark.regle("RG-63")
def test_une_ancienne_version_sans_donnees_ne_bloque_pas_la_nouvelle() -> None:
    assert dire_ce_qui_change({}, annuel([])) == [SANS_COMPARAISON]
    assert dire_ce_qui_change({}, {"prevision": [], "relogements": []}) == [SANS_COMPARAISON]


@pytest.mark.regle("RG-63")
def test_chaque_compte_dit_ses_logements() -> None:
    assert dire_ce_qui_change(annuel([ligne("94028", 1)]), annuel([ligne("94028", 3)])) == [
        "Action Logement : logements proposés, 1 devient 3."
    ]


@pytest.mark.regle("RG-63")
def test_une_repartition_qui_change_a_totaux_egaux_est_dite() -> None:
    (phrase,) = dire_ce_qui_change(annuel([ligne("94028", 1)]), annuel([ligne("94081", 1)]))
    assert "changent de répartition" in phrase


@pytest.mark.regle("RG-63")
def test_le_reste_du_document_qui_change_est_nomme_sans_redonner_de_menages() -> None:
    avant, apres = annuel([], publics={"cases": [[7]]}, taux=[1]), annuel([], publics={"cases": [[8]]}, taux=[1])
    assert dire_ce_qui_change(avant, apres) == ["Changent aussi : publics logés."]


@pytest.mark.regle("RG-63")
def test_l_information_de_debut_d_annee_dit_aussi_ce_qui_change() -> None:
    avant = {"prevision": [{"mises_en_location": 9, "exclusions": {"anru": 1}}], "relogements": [{"baux": 4}]}
    apres = {"prevision": [{"mises_en_location": 9, "exclusions": {"anru": 3}}], "relogements": [{"baux": 5}]}
    assert dire_ce_qui_change(avant, apres) == [
        "Soustraits du flux, relogement anru : 1 devient 3.",
        "Relogements et mutations de l'année précédente : 4 devient 5.",
    ]


def test_la_version_remplacee_est_citee_avec_sa_date_et_son_empreinte() -> None:
    assert citer_la_version(1, "20 février 2026", "abcdef0123456789") == (
        "Remplace la version 1, publiée le 20 février 2026 (empreinte abcdef012345…)."
    )


@pytest.mark.django_db
@pytest.mark.regle("RG-63")
def test_un_bilan_publie_sans_donnees_se_remplace(monde: Monde) -> None:
    premiere = monde.preparer()
    Bilan.objects.filter(pk=premiere.pk).update(
        etat="publie", publie_le=premiere.cree_le, donnees={}, empreinte="0" * 64
    )
    seconde = monde.preparer()
    assert seconde.ce_qui_change.splitlines()[1] == SANS_COMPARAISON


@pytest.mark.django_db
@pytest.mark.regle("RG-63")
@pytest.mark.parametrize("champs", [{"donnees": {}}, {"empreinte": "1" * 64}, {"etat": "pret"}, {"pdf": None}])
def test_la_base_refuse_de_changer_un_bilan_publie(monde: Monde, champs: dict[str, Any]) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bilan.objects.filter(pk=bilan.pk).update(**champs)


@pytest.mark.django_db
@pytest.mark.regle("RG-63")
def test_la_base_refuse_de_supprimer_un_bilan_publie(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bilan.objects.filter(pk=bilan.pk).delete()


@pytest.mark.django_db
@pytest.mark.regle("RG-61")
def test_une_information_corrigee_dit_ce_qui_change(monde: Monde) -> None:
    publier(acteur=monde.responsable, bilan_id=monde.preparer(GenreBilan.DEBUT_ANNEE, 2026).pk)
    monde.bailleur.previsions.filter(annee=2026).update(mises_en_location=77)
    seconde = monde.preparer(GenreBilan.DEBUT_ANNEE, 2026)
    assert "devient" in seconde.ce_qui_change
    assert RIEN not in seconde.ce_qui_change
