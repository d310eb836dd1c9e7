"""Un lot se type colonne par colonne sans que le rapport y perde : mêmes anomalies, à leur ligne, dans leur ordre."""

from __future__ import annotations

from pathlib import Path

import pytest

from attributions.models import Candidat
from conventions.models import Bailleur, Logement
from flux_reservations.echanges.colonnes import Colonne, ListeTerritoires, OuiNon, Texte
from flux_reservations.echanges.exportation import Redacteur
from flux_reservations.echanges.lecture.source import Nombre
from flux_reservations.echanges.rapport import LIMITE_ANOMALIES
from flux_reservations.echanges.tableaux.patrimoine import COMMUNE
from flux_reservations.echanges.typage import Lecteur, SansValeur
from tests.echanges.depot import BAILLEURS, SIREN, importer
from tests.fabriques import creer_bailleur, creer_liberation, creer_logement, creer_orientation

ENTETE = "bailleur;identifiant;commune;typologie\n"


def test_un_texte_deja_lu_se_retient_un_nombre_non() -> None:
    lecteur = Lecteur(Colonne("commune", COMMUNE, obligatoire=True))
    lues = lecteur.lire(["94028", "94028", Nombre("1001"), "1001", "", None])
    assert lues[:3] == ["94028", "94028", "01001"]
    assert [type(valeur) for valeur in lues[4:]] == [SansValeur, SansValeur]
    assert (dict(lecteur), lecteur.lacunes) == ({"94028": "94028", "1001": "1001"}, 2)


def test_un_long_texte_ne_se_retient_pas() -> None:
    lecteur = Lecteur(Colonne("adresse", Texte()))
    assert lecteur.lire(["a" * 200, "b"]) == ["a" * 200, "b"]
    assert dict(lecteur) == {"b": "b"}


def test_une_liste_s_ecrit_sans_se_retenir() -> None:
    assert Redacteur(Colonne("perimetre", ListeTerritoires())).ecrire([["b", "a"], None]) == ["a b", ""]
    assert Redacteur(Colonne("pmr", OuiNon())).ecrire([True, None, False, True]) == ["oui", "", "non", "oui"]


@pytest.mark.django_db
def test_les_premieres_erreurs_sont_celles_des_premieres_lignes(tmp_path: Path) -> None:
    lignes = [f"{SIREN};L{rang};94028;T9\n" for rang in range(LIMITE_ANOMALIES)]
    trop = [f"{SIREN};M{rang};94028;T1;de trop\n" for rang in range(10)]
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine": ENTETE + "".join([*lignes, *trop])})
    assert [erreur.ligne for erreur in rapport.erreurs[:-1]] == list(range(2, LIMITE_ANOMALIES + 2))
    assert "10 autres erreurs" in rapport.erreurs[-1].message


@pytest.mark.django_db
def test_un_fichier_illisible_plus_loin_dit_d_abord_ce_qu_on_y_a_lu(tmp_path: Path) -> None:
    contenu = f'{ENTETE}{SIREN};L1;94028;T9\n{SIREN};L2;94028;T1;de trop\n"{SIREN};L3\n'
    rapport = importer(tmp_path, {"bailleurs": BAILLEURS, "patrimoine": contenu})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs[:2]] == [(2, "typologie"), (3, "")]
    assert len(rapport.erreurs) == 3
    assert not Logement.objects.exists()


@pytest.mark.django_db
def test_parmi_cherche_un_texte_une_cle_etrangere_et_un_numero_chiffre() -> None:
    bailleur: Bailleur = creer_bailleur()
    logements = [creer_logement(bailleur) for _ in range(3)]
    cherches = {logements[0].identifiant, logements[2].identifiant, "'); --"}
    assert Logement.objects.filter(identifiant__parmi=cherches, bailleur_id__parmi=[bailleur.pk]).count() == 2
    assert not Logement.objects.filter(identifiant__parmi=[]).exists()
    orientation = creer_orientation(creer_liberation(logements[0]))
    orientation.candidats.create(numero_demande="094125000000000001")
    assert Candidat.objects.filter(numero_demande__parmi=["094125000000000001", "x"]).count() == 1
