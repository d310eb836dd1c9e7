"""Le patrimoine au format RPLS : codes, inconnus, colonnes absentes (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from conventions.models import Logement
from tests.echanges.depot import BAILLEURS, SIREN, comptes, erreurs, histoire, importer

pytestmark = pytest.mark.django_db

COMPLET = (
    "IDENT_REP;IDENT_INT;DEPCOM;CODEPOSTAL;NUMVOIE;TYPVOIE;NOMVOIE;QPV;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;FINAN;CONV;MODE;CONTRESLOG\n"
    "0123456789;A1;94011;94380;2;RUE;de l'Église;1;7;90,5;1967;03/1968;13;1;1;2\n"
    "0123456790;A2;94011;94380;4;RUE;de l'Église;2;1;999;NA;1970;99;1;3;3\n"
    "0123456791;;94055;94490;;;;NA;3;45;1980;NA;NA;1;4;7\n"
)
OUVERT = "IDENT_INT;DEPCOM;CODEPOSTAL;LIBCOM;NBPIECE;SURFHAB;CONSTRUCT;LATITUDE\nA1;94011;94380;Bonneuil-sur-Marne;5;90,0;1967;48,7\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Le bailleur seul."""
    importer(tmp_path, {"bailleurs": BAILLEURS})
    return tmp_path


def test_les_codes_rpls_sont_traduits(base: Path) -> None:
    rapport = importer(base, {"rpls_94": COMPLET.encode("cp1252")}, siren=SIREN)
    assert rapport.erreurs == []
    assert comptes(rapport)["rpls"] == (3, 0, 0)
    premier, deuxieme = Logement.objects.get(identifiant="A1"), Logement.objects.get(identifiant="A2")
    assert (premier.typologie, premier.financement, premier.identifiant_rpls) == ("T6", "PLUS", "0123456789")
    assert (premier.adresse, premier.date_premiere_location) == ("2 RUE de l'Église", dt.date(1968, 3, 1))
    assert (deuxieme.surface, deuxieme.annee_construction, deuxieme.financement) == (None, None, "AUTRE")
    assert Logement.objects.get(identifiant="0123456791").financement == ""
    assert [histoire(nom)[0][1:] for nom in ("A1", "A2", "0123456791")] == [
        ("QPV", ""),
        ("", "gele"),
        ("", "association"),
    ]


def test_ce_qui_est_a_confirmer_et_l_etat_des_lieux_sont_dits(base: Path) -> None:
    messages = [a.message for a in importer(base, {"rpls": COMPLET}, siren=SIREN).avertissements]
    assert any("1 logements mis hors du champ (gele)" in message for message in messages)
    assert any("État, prioritaires : 1" in message for message in messages)


def test_des_donnees_ouvertes_sans_financement_ni_qpv_s_importent_deux_fois(base: Path) -> None:
    premier = importer(base, {"rpls": OUVERT}, siren=SIREN)
    assert comptes(premier)["rpls"] == (1, 0, 0)
    assert ["LIBCOM, LATITUDE" in a.message for a in premier.avertissements] == [True]
    assert comptes(importer(base, {"rpls": OUVERT}, siren=SIREN))["rpls"] == (0, 0, 1)


def test_un_rpls_est_reconnu_a_ses_en_tetes_sous_le_nom_de_patrimoine(base: Path) -> None:
    assert comptes(importer(base, {"patrimoine": OUVERT}, siren=SIREN))["patrimoine"] == (1, 0, 0)


def test_une_colonne_absente_laisse_ce_qu_on_savait(base: Path) -> None:
    importer(base, {"rpls": COMPLET}, siren=SIREN)
    importer(base, {"rpls": OUVERT}, siren=SIREN)
    logement = Logement.objects.get(identifiant="A1")
    assert (logement.financement, logement.typologie, histoire("A1")) == ("PLUS", "T5", [(None, "QPV", "")])


def test_un_rpls_n_efface_ni_un_code_de_quartier_ni_un_motif_qu_il_ignore(base: Path) -> None:
    connu = f"bailleur;identifiant;commune;typologie;qpv;hors_champ\n{SIREN};A1;94011;T6;QN09401I;foyer\n"
    importer(base, {"patrimoine": connu})
    importer(base, {"rpls": COMPLET}, siren=SIREN)
    assert histoire("A1") == [(None, "QN09401I", "foyer")]


def test_sans_bailleur_un_rpls_est_refuse(base: Path) -> None:
    rapport = importer(base, {"rpls": OUVERT})
    assert "--bailleur" in rapport.erreurs[0].message
    assert "inconnu" in importer(base, {"rpls": OUVERT}, siren="940000037").erreurs[0].message


def test_une_erreur_cite_la_colonne_du_fichier(base: Path) -> None:
    rapport = importer(base, {"rpls": OUVERT.replace("94011;", "99999;").replace(";5;", ";zero;")}, siren=SIREN)
    assert erreurs(rapport) == [(2, "NBPIECE", "zero"), (2, "DEPCOM", "99999")]


def test_sans_identifiant_ni_commune_les_colonnes_manquent(base: Path) -> None:
    rapport = importer(base, {"rpls": "NBPIECE\n5\n"}, siren=SIREN)
    assert [erreur.colonne for erreur in rapport.erreurs] == ["IDENT_INT", "DEPCOM"]
