"""L'occupation sociale de la résidence : importée par le bailleur, montrée à l'agent, ignorée du moteur (RG-51)."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from attributions.domaine.occupation import montrer_occupation
from attributions.models import Occupation
from conventions.models import Bailleur, Logement
from tests.attributions.dossier import Dossier
from tests.attributions.test_vues_orienter import bailleur, connecter, lot
from tests.echanges.depot import BAILLEURS, SIREN, comptes, importer
from tests.fabriques import creer_utilisateur

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-51")]

__all__ = ["bailleur"]
ENTETE = "bailleur;programme;commune;enquete_le;menages;sous_60_plafonds;allocataires\n"


def enqueter(bailleur: Bailleur, le: date, menages: int, **parties: int) -> Occupation:
    Logement.objects.filter(bailleur=bailleur).update(programme="Les Lilas")
    return Occupation.objects.create(
        bailleur=bailleur, programme="Les Lilas", enquete_le=le, menages=menages, **parties
    )


def lire_fiche(dossier: Dossier) -> str:
    client = Client()
    client.force_login(
        creer_utilisateur(dossier.liberation.bailleur), backend="django.contrib.auth.backends.ModelBackend"
    )
    return unescape(client.get(f"/liberations/{dossier.liberation.pk}/").content.decode())


def test_l_agent_voit_l_occupation_et_la_proposition_ne_change_pas(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    avant = lot(client)
    enqueter(bailleur, date(2024, 1, 1), 84, sous_60_plafonds=51)
    reponse = client.get("/a-orienter/")
    assert all(un.occupation.menages == 84 for un in reponse.context["logements"])
    assert "ressources sous 60 % des plafonds : 51 (61 %)" in reponse.content.decode()
    assert lot(client) == avant


def test_la_fiche_montre_la_derniere_enquete_connue_avec_sa_date(dossier: Dossier) -> None:
    bailleur = dossier.liberation.bailleur
    enqueter(bailleur, date(2022, 1, 1), 70)
    enqueter(bailleur, date(2024, 1, 1), 84, allocataires=42)
    enqueter(bailleur, timezone.localdate() + timedelta(days=1), 99)
    page = lire_fiche(dossier)
    assert "84\N{NO-BREAK SPACE}ménages" in page
    assert "allocataires d'une aide au logement : 42 (50 %)" in page
    assert "70\N{NO-BREAK SPACE}ménages" not in page
    assert "99\N{NO-BREAK SPACE}ménages" not in page


def test_la_commune_departage_deux_programmes_de_meme_nom(dossier: Dossier) -> None:
    enqueter(dossier.liberation.bailleur, date(2024, 1, 1), 84)
    ailleurs = enqueter(dossier.liberation.bailleur, date(2025, 1, 1), 33)
    ici = dossier.liberation.logement.commune_id
    Occupation.objects.filter(pk=ailleurs.pk).update(commune="94081" if ici != "94081" else "94028")
    assert "84\N{NO-BREAK SPACE}ménages" in lire_fiche(dossier)
    Occupation.objects.filter(pk=ailleurs.pk).update(commune=ici)
    assert "33\N{NO-BREAK SPACE}ménages" in lire_fiche(dossier)


@pytest.mark.regle("RG-64")
@pytest.mark.parametrize(
    ("effectif", "montre"), [(0, 0), (1, None), (4, None), (5, 5), (35, 35), (36, None), (39, None), (40, 40)]
)
def test_un_petit_effectif_se_tait_et_ce_qui_le_redonnerait_aussi(effectif: int, montre: int | None) -> None:
    (part,) = montrer_occupation(date(2024, 1, 1), 40, [("x", effectif), ("inconnu", None)], 5).parts
    assert part.effectif == montre


@pytest.mark.regle("RG-64")
def test_d_une_residence_de_moins_de_cinq_menages_rien_n_est_dit(dossier: Dossier) -> None:
    enqueter(dossier.liberation.bailleur, date(2024, 1, 1), 4, allocataires=0)
    page = lire_fiche(dossier)
    assert "moins de 5 ménages" in page
    assert "allocataires" not in page


@pytest.mark.parametrize(
    "champs", [{"menages": 3, "allocataires": 4}, {"menages": -1}, {"menages": 3, "programme": ""}]
)
def test_la_base_refuse_l_absurde(dossier: Dossier, champs: dict[str, object]) -> None:
    socle: dict[str, object] = {"programme": "Les Lilas", "enquete_le": date(2024, 1, 1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Occupation.objects.create(bailleur=dossier.liberation.bailleur, **(socle | champs))


def test_reimporter_ne_change_rien_et_une_correction_modifie(tmp_path: Path) -> None:
    base = tmp_path
    importer(base, {"bailleurs": BAILLEURS})
    fichier = f"{ENTETE}{SIREN};Les Lilas;;2024-01-01;84;51;\n{SIREN};Les Lilas;94028;2024-01-01;20;5;5\n"
    assert comptes(importer(base, {"occupations": fichier}))["occupations"] == (2, 0, 0)
    assert comptes(importer(base, {"occupations": fichier}))["occupations"] == (0, 0, 2)
    assert comptes(importer(base, {"occupations": fichier.replace(";51;", ";52;")}))["occupations"] == (0, 1, 1)


@pytest.mark.parametrize(
    ("ligne", "colonne"),
    [
        (f"{SIREN};Les Lilas;;2024-01-01;84;85;", "sous_60_plafonds"),
        (f"{SIREN};Les Lilas;99999;2024-01-01;84;;", "commune"),
        (f"{SIREN};Les Lilas;;2024-01-01;8,5;;", "menages"),
        (f"{SIREN};Les Lilas;;2024-01-01;-3;;", "menages"),
        (f"{SIREN};;;2024-01-01;84;;", "programme"),
    ],
)
def test_une_ligne_fautive_dit_sa_colonne_et_rien_n_est_ecrit(tmp_path: Path, ligne: str, colonne: str) -> None:
    importer(tmp_path, {"bailleurs": BAILLEURS})
    rapport = importer(tmp_path, {"occupations": f"{ENTETE}{ligne}\n"})
    assert [erreur.colonne for erreur in rapport.erreurs] == [colonne]
    assert not Occupation.objects.exists()
