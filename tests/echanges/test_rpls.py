"""Le patrimoine au format RPLS : codes, inconnus, colonnes absentes (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from conventions.models import Bailleur, FicheRpls, Logement, Reservataire, ReservationStock
from flux_reservations.echanges.options import Options
from tests.echanges.depot import BAILLEURS, SIREN, comptes, erreurs, histoire, importer
from tests.fabriques import creer_convention, creer_utilisateur

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


@pytest.mark.contrat("rpls_contreslog", "rpls_mode")
def test_ce_qui_est_a_confirmer_et_l_etat_des_lieux_sont_dits(base: Path) -> None:
    messages = [a.message for a in importer(base, {"rpls": COMPLET}, siren=SIREN).avertissements]
    assert any("1 logement mis hors du champ (gele)" in message for message in messages)
    assert any("État, prioritaires : 1" in message for message in messages)


def test_des_donnees_ouvertes_sans_financement_ni_qpv_s_importent_deux_fois(base: Path) -> None:
    premier = importer(base, {"rpls": OUVERT}, siren=SIREN)
    assert comptes(premier)["rpls"] == (1, 0, 0)
    assert ["LIBCOM, LATITUDE" in a.message for a in premier.avertissements] == [True]
    assert comptes(importer(base, {"rpls": OUVERT}, siren=SIREN))["rpls"] == (0, 0, 1)


@pytest.mark.contrat("rpls")
def test_un_rpls_est_reconnu_a_ses_en_tetes_sous_le_nom_de_patrimoine(base: Path) -> None:
    assert comptes(importer(base, {"patrimoine": OUVERT}, siren=SIREN))["patrimoine"] == (1, 0, 0)


@pytest.mark.contrat("rpls_absente")
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
    "A1;94011;3;2;06/2023;05/2023\nA2;94011;2;7;2024;NA\nA3;94011;4;3;1998;\nA4;94011;4;;NA;999\n"
)


@pytest.mark.contrat("rpls_contreslog")
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


@pytest.mark.regle("RG-18")
def test_la_page_mene_a_l_etat_des_lieux_et_rend_le_fichier_a_completer(base: Path) -> None:
    importer(base, {"rpls": BAUX, "reservataires": "code;nom;type\nAL;Action Logement;action_logement\n"}, siren=SIREN)
    client = Client()
    client.force_login(creer_utilisateur(Bailleur.objects.get(siren=SIREN)))
    page = client.get("/imports/rpls/").content.decode()
    assert "Reloués en 2023" in page
    assert "/etat-des-lieux/94/" in page
    lignes = client.get("/imports/rpls/?export=csv").getvalue().decode("utf-8-sig").splitlines()
    assert lignes[1:] == [
        "A1;;contingent_prefectoral;suite;;;État, prioritaires",
        "A3;AL;;suite;;;Employeurs, Action Logement",
    ]


@pytest.mark.regle("RG-35")
def test_le_fichier_a_completer_ne_ressuscite_pas_un_droit_converti(base: Path) -> None:
    importer(base, {"rpls": BAUX, "reservataires": "code;nom;type\nETAT94;Préfecture;etat\n"}, siren=SIREN)
    client = Client()
    client.force_login(creer_utilisateur(Bailleur.objects.get(siren=SIREN)))
    rendu = client.get("/imports/rpls/?export=csv").getvalue().decode("utf-8-sig")
    rendu = "\n".join(ligne for ligne in rendu.splitlines() if not ligne.startswith("A3"))
    complete = importer(base, {"reservations_stock": rendu})
    assert (complete.erreurs, complete.avertissements) == ([], [])
    ReservationStock.objects.update(date_fin=dt.date(2025, 12, 31))
    assert "A1;" not in client.get("/imports/rpls/?export=csv").getvalue().decode()
    creer_convention(Bailleur.objects.get(siren=SIREN), Reservataire.objects.get(code="ETAT94"))
    fichiers = {"reservations_stock": rendu}
    (avis,) = importer(base, fichiers).avertissements
    assert (avis.ligne, avis.colonne) == (2, "reservataire")
    assert "a une convention en flux en vigueur" in avis.message
    assert importer(base, fichiers).avertissements == []


OCCUPATION = (
    "IDENT_INT;DEPCOM;NBPIECE;MODE;BAIL;REMLOCDATE;CONTRESLOG\n"
    "A1;94011;3;1;03/2024;01/2024;2\nA2;94011;3;1;NA;11/2023;2\nA3;94011;3;2;NA;10/2025;7\n"
    "A4;94011;3;3;NA;NA;7\nA5;94011;3;9;NA;NA;7\nA6;94011;3;1;01/2199;NA;7\n"
)


def fiche(identifiant: str) -> FicheRpls:
    return FicheRpls.objects.get(logement__identifiant=identifiant)


@pytest.mark.regle("RG-35")
def test_le_bail_est_bail_et_remlocdate_ne_fait_que_le_suppleer(base: Path) -> None:
    # Arrêté du 5 janvier 2010, 41 et 62 : REMLOCDATE précède BAIL ; un logement vacant n'a pas de bail.
    rapport = importer(base, {"rpls_2026": OCCUPATION}, siren=SIREN)
    assert [fiche(nom).dernier_bail for nom in ("A1", "A2", "A3", "A6")] == [
        dt.date(2024, 3, 1),
        dt.date(2023, 11, 1),
        None,
        None,
    ]
    assert [fiche(nom).est_vacant for nom in ("A1", "A3", "A4")] == [False, True, False]
    assert any("1 logement sorti du patrimoine" in a.message for a in rapport.avertissements)
    assert not Logement.objects.filter(identifiant="A5").exists()


def test_le_millesime_se_lit_dans_le_nom_du_fichier_ou_dans_les_baux(base: Path) -> None:
    nomme = importer(base, {"rpls_2026": OCCUPATION}, siren=SIREN)
    assert any("Millésime 2026 du RPLS, lu dans le nom" in a.message for a in nomme.avertissements)
    assert {un.millesime for un in FicheRpls.objects.all()} == {2026}
    deduit = importer(base, {"rpls": BAUX}, siren=SIREN)
    assert any(
        "Millésime 2024 du RPLS, déduit du bail le plus récent (01/2024)" in a.message for a in deduit.avertissements
    )


def test_un_millesime_plus_ancien_n_ecrase_pas_le_plus_recent(base: Path) -> None:
    importer(base, {"rpls_2026": OCCUPATION}, siren=SIREN)
    ancien = OCCUPATION.replace("03/2024;01/2024;2", "03/2019;01/2019;4")
    rapport = importer(base, {"rpls_2022": ancien}, siren=SIREN)
    assert (fiche("A1").contingent, fiche("A1").dernier_bail, fiche("A1").millesime) == ("2", dt.date(2024, 3, 1), 2026)
    assert any("millésime plus récent" in a.message for a in rapport.avertissements)


OUVERT_2025 = (
    "REG_CODE;REG_LIBELLE;DEPCOM;LIBCOM;QPV_CODE;QPV_LIBELLE;NBPIECE;SURFHAB;FINAN_CODE;FINAN_LIBELLE;PLG_QP24;IDENT_INT\n"
    "11;Île-de-France;94011;Bonneuil;1;oui;3;60;13;PLUS;QN09401I;A1\n11;Île-de-France;94011;Bonneuil;2;non;2;40;99;Autre;CSZ;A2\n"
    "11;Île-de-France;94011;Bonneuil;1;oui;2;40;12;PLA;CSZ;A3\n"
)
COMPLET_2018 = "IDENT_REP;DEPCOM_red;nbpiece_red;finan_red;QPV_red;MODE_red;CONTRESLOG_red;bail_red\n0940000001;94011;3;13;2;1;3;05/2017\n"


def test_les_donnees_ouvertes_recentes_ecrivent_leurs_codes_a_part(base: Path) -> None:
    rapport = importer(base, {"RPLS2025_dep94": OUVERT_2025.encode("latin-1")}, siren=SIREN)
    assert rapport.erreurs == []
    assert [Logement.objects.get(identifiant=nom).financement for nom in ("A1", "A2", "A3")] == ["PLUS", "AUTRE", "PLA"]
    assert [histoire(nom)[0][1] for nom in ("A1", "A2", "A3")] == ["QN09401I", "", "QPV"]


def test_un_fichier_complet_redresse_se_lit_aussi(base: Path) -> None:
    rapport = importer(base, {"rpls_2018": COMPLET_2018}, siren=SIREN)
    assert rapport.erreurs == []
    assert (fiche("0940000001").contingent, fiche("0940000001").dernier_bail) == ("3", dt.date(2017, 5, 1))


def test_une_erreur_cite_l_en_tete_du_millesime(base: Path) -> None:
    rapport = importer(base, {"rpls_2018": COMPLET_2018.replace("94011;3", "94011;trois")}, siren=SIREN)
    assert erreurs(rapport) == [(2, "NBPIECE_RED", "trois")]


@pytest.mark.regle("RG-06")
def test_un_mode_ignore_laisse_le_logement_comme_il_etait(base: Path) -> None:
    importer(base, {"rpls_2026": OCCUPATION}, siren=SIREN)
    assert histoire("A4") == [(None, "", "gele")]
    ignorer = Options(modes_ignores=frozenset({"gele"}))
    importer(base, {"rpls_2026": OCCUPATION.replace("A1;94011;3;1", "A1;94011;3;3")}, siren=SIREN, options=ignorer)
    assert (histoire("A1"), histoire("A4")) == ([(None, "", "")], [(None, "", "gele")])
