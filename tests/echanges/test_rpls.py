"""Le patrimoine au format RPLS : codes, inconnus, colonnes absentes (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest
from django.test import Client

from conventions.models import Bailleur, Logement
from flux_reservations.echanges.models import FicheRpls
from flux_reservations.echanges.rotation import estimer_rotation
from tests.echanges.depot import BAILLEURS, SIREN, comptes, erreurs, histoire, importer
from tests.fabriques import creer_utilisateur

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


BAUX = (
    "IDENT_INT;DEPCOM;NBPIECE;CONTRESLOG;BAIL;REMLOCDATE\n"
    "A1;94011;3;2;2023;06/2023\nA2;94011;2;7;2024;NA\nA3;94011;4;3;1998;\nA4;94011;4;;NA;999\n"
)


@pytest.mark.regle("RG-02")
def test_le_contingent_et_le_bail_en_cours_sont_gardes(base: Path) -> None:
    importer(base, {"rpls": BAUX}, siren=SIREN)
    fiches = {
        f.logement.identifiant: (f.contingent, f.dernier_bail) for f in FicheRpls.objects.select_related("logement")
    }
    assert fiches == {
        "A1": ("2", dt.date(2023, 6, 1)),
        "A2": ("7", dt.date(2024, 1, 1)),
        "A3": ("3", dt.date(1998, 1, 1)),
    }


def test_un_millesime_suivant_met_a_jour_et_une_colonne_absente_laisse_en_place(base: Path) -> None:
    importer(base, {"rpls": BAUX}, siren=SIREN)
    rapport = importer(base, {"rpls": BAUX}, siren=SIREN)
    assert comptes(rapport)["rpls"] == (0, 0, 4)
    assert not any("mis à jour" in a.message for a in rapport.avertissements)
    suivant = importer(base, {"rpls": "IDENT_INT;DEPCOM;NBPIECE;BAIL\nA1;94011;3;2025\n"}, siren=SIREN)
    assert any("mis à jour : 1 logement" in a.message for a in suivant.avertissements)
    fiche = FicheRpls.objects.get(logement__identifiant="A1")
    assert (fiche.contingent, fiche.dernier_bail) == ("2", dt.date(2025, 1, 1))


@pytest.mark.regle("RG-35")
def test_la_rotation_se_lit_sur_les_baux_en_cours() -> None:
    # 100 logements : 10 reloués en 2025, 9 des 90 autres en 2024, 9 des 81 autres en 2023.
    baux = {2025: 10, 2024: 9, 2023: 9, 2010: 72}
    attendue = (Fraction(10, 100) + Fraction(9, 90) + Fraction(9, 81)) / 3
    assert estimer_rotation(baux, 2025, 3) == attendue
    assert estimer_rotation({}, 2025, 3) is None
    assert estimer_rotation({2026: 4}, 2025, 3) is None


@pytest.mark.regle("RG-18")
def test_la_page_compare_les_contingents_aux_droits_enregistres(base: Path) -> None:
    importer(base, {"rpls": BAUX, "reservataires": "code;nom;type\nAL;Action Logement;action_logement\n"}, siren=SIREN)
    client = Client()
    client.force_login(creer_utilisateur(Bailleur.objects.get(siren=SIREN)))
    page = client.get("/imports/rpls/").content.decode()
    assert "Rotation par commune" in page
    lignes = client.get("/imports/rpls/?export=csv").getvalue().decode("utf-8-sig").splitlines()
    assert lignes[1:] == [
        "A1;;contingent_prefectoral;suite;;;État, prioritaires",
        "A3;AL;;suite;;;Action Logement et employeurs",
    ]
