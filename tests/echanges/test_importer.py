"""Importer : tout ou rien, comptes exacts, réimport sans effet, règles de chaque tableau (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from attributions.models import Candidat, Inscription, Liberation, Orientation, Proposition, SoldeOuverture
from conventions.models import Bailleur, Convention, Droit, Logement, Reservataire
from flux_reservations.socle.models import EntreeJournal
from tests.echanges.depot import (
    AUTRE,
    BAILLEURS,
    CONVENTIONS,
    DROITS,
    LIBERATIONS,
    PATRIMOINE,
    RESERVATAIRES,
    SIREN,
    TOUT,
    comptes,
    erreurs,
    histoire,
    importer,
    prevoir,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Une base où tout est importé."""
    rapport = importer(tmp_path, TOUT)
    assert rapport.erreurs == []
    return tmp_path


def test_tout_s_importe_dans_l_ordre_trouve_seul(tmp_path: Path) -> None:
    rapport = importer(tmp_path, TOUT)
    assert [fichier.type for fichier in rapport.fichiers] == list(TOUT)
    assert comptes(rapport)["patrimoine"] == (3, 0, 0)
    assert comptes(rapport)["droits"] == (4, 0, 0)
    assert Candidat.objects.get().orientation.liberation.numero == "B1"


@pytest.mark.contrat("reimport")
def test_le_reimport_d_un_fichier_identique_ne_change_rien(base: Path) -> None:
    entrees = EntreeJournal.objects.count()
    rapport = importer(base, TOUT)
    assert all(crees == modifies == 0 for crees, modifies, _ in comptes(rapport).values())
    assert not rapport.change_quelque_chose
    assert EntreeJournal.objects.count() == entrees


@pytest.mark.contrat("essai")
def test_un_essai_n_ecrit_rien_et_dit_ce_qui_changerait(tmp_path: Path) -> None:
    rapport = prevoir(tmp_path, TOUT)
    assert comptes(rapport)["liberations"] == (2, 0, 0)
    assert not Bailleur.objects.exists()
    assert rapport.changements[0].nature == "cree"
    assert rapport.changements[0].champs["nom"] == ("", "Habitat")


@pytest.mark.contrat("tout_ou_rien")
def test_une_seule_erreur_et_rien_n_est_ecrit(tmp_path: Path) -> None:
    rapport = importer(tmp_path, TOUT | {"liberations": LIBERATIONS.replace("2025-01-10", "31/02/2025")})
    assert erreurs(rapport) == [(2, "date_disponibilite", "31/02/2025")]
    assert not Bailleur.objects.exists()


@pytest.mark.contrat("absente_ou_vide")
def test_une_colonne_absente_laisse_une_cellule_vide_efface(base: Path) -> None:
    rapport = importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie;qpv\n{SIREN};L1;94028;T1;\n"})
    assert comptes(rapport)["patrimoine"] == (0, 1, 0)
    assert Logement.objects.get(identifiant="L1").adresse == "1 rue A"
    assert histoire("L1") == [(None, "", "")]


def test_les_changements_sont_dits_colonne_par_colonne(base: Path) -> None:
    rapport = prevoir(base, {"patrimoine": f"bailleur;identifiant;commune;typologie;qpv\n{SIREN};L1;94081;T2;\n"})
    assert rapport.changements[0].champs == {
        "commune": ("94028", "94081"),
        "qpv": ("QN09401I", ""),
        "typologie": ("T1", "T2"),
    }


def test_une_cle_repetee_est_une_erreur_a_la_seconde_ligne(base: Path) -> None:
    rapport = importer(base, {"patrimoine": PATRIMOINE + f"{SIREN};L1;94028;T1;;;\n"})
    assert erreurs(rapport) == [(5, "identifiant", "L1")]


def test_un_fichier_reduit_a_son_en_tete_est_accepte(base: Path) -> None:
    rapport = importer(base, {"patrimoine": "bailleur;identifiant;commune;typologie\n"})
    assert rapport.est_accepte
    assert rapport.fichiers[0].lignes == 0


def test_une_erreur_en_amont_ne_se_repete_pas_en_aval(tmp_path: Path) -> None:
    rapport = importer(tmp_path, TOUT | {"patrimoine": PATRIMOINE.replace("94028;T1", "99999;T1")})
    assert erreurs(rapport) == [(2, "commune", "99999")]


@pytest.mark.contrat("colonne_inconnue")
def test_une_colonne_inconnue_est_signalee(base: Path) -> None:
    rapport = importer(base, {"bailleurs": f"siren;nom;capital\n{SIREN};Habitat;3\n"})
    assert rapport.est_accepte
    assert [(a.ligne, a.colonne) for a in rapport.avertissements] == [(1, "capital")]


@pytest.mark.contrat("apostrophe")
def test_une_apostrophe_protectrice_est_retiree(base: Path) -> None:
    importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie;adresse\n{SIREN};'-4;94028;T1;'=1+1\n"})
    assert Logement.objects.get(identifiant="-4").adresse == "=1+1"


@pytest.mark.regle("RG-04")
def test_un_ancien_code_de_commune_est_remplace_en_le_disant(base: Path) -> None:
    rapport = importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie\n{SIREN};L9;93059;T1\n"})
    assert Logement.objects.get(identifiant="L9").commune_id == "93066"
    assert "ancien code" in rapport.avertissements[0].message


@pytest.mark.contrat("effet")
@pytest.mark.regle("RG-04")
def test_sans_effet_un_changement_corrige_depuis_l_origine(base: Path) -> None:
    importer(base, {"patrimoine": PATRIMOINE.replace("QN09401I;", ";gele")})
    assert histoire("L1") == [(None, "", "gele")]


@pytest.mark.contrat("effet")
@pytest.mark.regle("RG-04")
def test_avec_effet_un_changement_est_date(base: Path) -> None:
    fichier = {"patrimoine": PATRIMOINE.replace("QN09401I;", ";gele")}
    importer(base, fichier, effet=dt.date(2025, 7, 1))
    assert histoire("L1") == [(None, "QN09401I", ""), (dt.date(2025, 7, 1), "", "gele")]
    rapport = importer(base, fichier, effet=dt.date(2025, 7, 1))
    assert comptes(rapport)["patrimoine"] == (0, 0, 3)
    assert comptes(importer(base, fichier))["patrimoine"] == (0, 0, 3)


@pytest.mark.regle("RG-04")
def test_un_effet_ne_redate_que_la_colonne_qui_change(base: Path) -> None:
    importer(base, {"patrimoine": PATRIMOINE.replace("QN09401I;", "QN09401I;gele")}, effet=dt.date(2025, 7, 1))
    importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie;qpv\n{SIREN};L1;94028;T1;\n"})
    assert histoire("L1") == [(None, "", ""), (dt.date(2025, 7, 1), "", "gele")]


@pytest.mark.parametrize("qpv", ["oui", "1", "non"])
def test_un_qpv_est_un_code(base: Path, qpv: str) -> None:
    rapport = importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie;qpv\n{SIREN};L1;94028;T1;{qpv}\n"})
    assert erreurs(rapport) == [(2, "qpv", qpv)]


@pytest.mark.contrat("homonymie")
def test_l_homonymie_entre_bailleurs_est_une_erreur_que_leve_la_colonne_bailleur(base: Path) -> None:
    importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie\n{AUTRE};L1;94028;T1\n"})
    liberation = "numero;logement;date_disponibilite{}\nB9;L1;2025-01-01{}\n"
    assert erreurs(importer(base, {"liberations": liberation.format("", "")})) == [(2, "logement", "L1")]
    assert importer(base, {"liberations": liberation.format(";bailleur", f";{AUTRE}")}).est_accepte
    assert Liberation.objects.get(numero="B9").bailleur.siren == AUTRE
    assert importer(base, {"liberations": liberation.format("", "").replace("B9", "B8")}, siren=SIREN).est_accepte


@pytest.mark.contrat("numeros_propres")
def test_les_numeros_sont_propres_a_un_bailleur(base: Path) -> None:
    importer(base, {"patrimoine": f"bailleur;identifiant;commune;typologie\n{AUTRE};M1;94028;T1\n"})
    rapport = importer(base, {"liberations": "numero;logement;date_disponibilite\nB1;M1;2025-01-01\n"})
    assert comptes(rapport)["liberations"] == (1, 0, 0)


@pytest.mark.contrat("tout_ou_rien", "controles_de_dates", "compte_non_eligible")
@pytest.mark.parametrize(
    ("fichier", "attendue"),
    [
        (
            {
                "liberations": "numero;logement;date_conge;date_disponibilite;date_bail\nX;L1;2025-03-01;2025-01-01;2025-02-01\n"
            },
            "date_bail",
        ),
        (
            {"liberations": "numero;logement;date_disponibilite;retrait;date_bail\nX;L1;2025-01-01;gel;2025-02-01\n"},
            "retrait",
        ),
        ({"liberations": "numero;logement;date_disponibilite\nX;INCONNU;2025-01-01\n"}, "logement"),
        (
            {
                "reservations_stock": "logement;reservataire;contrepartie;date_debut;date_fin\nL1;AL;financement;2020-01-01;2019-01-01\n"
            },
            "date_fin",
        ),
        ({"reservations_stock": "logement;reservataire;contrepartie\nL1;INCONNU;financement\n"}, "reservataire"),
        ({"orientations": "liberation;rang;compte;date_orientation\nB2;2;INCONNU;2025-01-01\n"}, "compte"),
        ({"orientations": "liberation;rang;compte;date_orientation\nB2;2;ETAT94;2025-01-01\n"}, "compte"),
        ({"orientations": "liberation;rang;compte;date_orientation\nB2;2;AL/agents;2025-01-01\n"}, "compte"),
        ({"orientations": "liberation;rang;compte;date_orientation\nB2;2;AL;2025-01-01\n"}, "issue"),
        ({"orientations": "liberation;rang;compte;date_orientation\nB2;0;AL;2025-01-01\n"}, "rang"),
        ({"candidats": "liberation;rang;numero_demande\nB1;3;094125000000000001\n"}, "rang"),
        ({"soldes_ouverture": "convention;annee;report\nC-ETAT;2025;1\n"}, "sous_contingent"),
        ({"soldes_ouverture": "convention;annee;report\nC-AL;2025;1,23456\n"}, "report"),
        ({"soldes_ouverture": "convention;annee;report\nINCONNUE;2025;1\n"}, "convention"),
        ({"reservataires": "code;nom;type;territoire\nX;X;commune;commune:99999\n"}, "territoire"),
        ({"reservataires": "code;nom;type\nBAILLEUR;X;commune\n"}, "code"),
        ({"reservataires": "code;nom;type\nX;X;mairie\n"}, "type"),
        ({"bailleurs": "siren;nom\n940000012;X\n"}, "siren"),
        ({"bailleurs": f"siren;nom;courriel\n{SIREN};X;pas-un-courriel\n"}, "courriel"),
        ({"patrimoine": f"bailleur;identifiant;commune;typologie;surface\n{SIREN};X;94028;T1;0\n"}, "surface"),
        ({"patrimoine": "bailleur;identifiant;commune;typologie\n940000037;X;94028;T1\n"}, "bailleur"),
        ({"seances": f"bailleur;date\n{SIREN};2025-02-31\n"}, "date"),
        ({"inscriptions": f"bailleur;date;liberation;rang;ordre\n{SIREN};2025-01-20;B1;1;1\n"}, "date"),
        ({"previsions": f"bailleur;departement;annee;commune;mises_en_location\n{SIREN};94;2026;99999;1\n"}, "commune"),
        (
            {
                "previsions": f"bailleur;departement;annee;commune;mises_en_location;publiee_le\n{SIREN};94;2026;94028;1;hier\n"
            },
            "publiee_le",
        ),
        ({"situations": "logement;date_debut;date_fin\nL1;;2025-01-01\nL1;2025-01-01;\n"}, "date_debut"),
    ],
)
def test_une_ligne_fautive_est_dite_a_sa_colonne(base: Path, fichier: dict[str, str], attendue: str) -> None:
    rapport = importer(base, fichier)
    assert [erreur.colonne for erreur in rapport.erreurs] == [attendue]
    assert rapport.erreurs[0].message


@pytest.mark.contrat("arrets")
@pytest.mark.regle("RG-14")
def test_un_taux_hors_de_0_a_100_est_refuse(base: Path) -> None:
    rapport = importer(base, {"droits": DROITS.replace(";25;", ";130;")})
    assert erreurs(rapport) == [(2, "taux", "130")]


@pytest.mark.contrat("existant")
@pytest.mark.regle("RG-14")
def test_un_depassement_de_plafond_n_arrete_pas_l_import(base: Path) -> None:
    assert importer(base, {"droits": DROITS.replace(";25;", ";60;")}).est_accepte


@pytest.mark.contrat("arrets")
@pytest.mark.regle("RG-11")
@pytest.mark.parametrize("perimetre", ["commune:94081", "departement:94", "programme:Lilas"])
def test_le_perimetre_d_une_collectivite_reste_dans_son_territoire(base: Path, perimetre: str) -> None:
    rapport = importer(base, {"droits": DROITS.replace("commune:94028", perimetre)})
    assert erreurs(rapport) == [(5, "perimetre", perimetre)]


@pytest.mark.regle("RG-11")
def test_un_perimetre_restreint_sans_motif_est_signale(base: Path) -> None:
    rapport = importer(base, {"droits": DROITS.replace(";20;departement:94", ";20;commune:94028 commune:94081")})
    assert rapport.est_accepte
    assert [(a.ligne, a.colonne) for a in rapport.avertissements] == [(4, "perimetre")]


@pytest.mark.contrat("droits_remplaces")
def test_les_droits_d_une_convention_citee_sont_remplaces(base: Path) -> None:
    conserve = Droit.objects.get(convention__numero="C-AL").pk
    rapport = importer(
        base,
        {
            "droits": "convention;contrepartie;sous_contingent;taux;perimetre\n"
            + DROITS.splitlines()[1].replace(";25;", ";30;")
        },
    )
    assert comptes(rapport)["droits"] == (0, 1, 0)
    assert [droit.taux for droit in Droit.objects.filter(convention__numero="C-ETAT")] == [Decimal(30)]
    assert Droit.objects.get(convention__numero="C-AL").pk == conserve


def test_un_droit_de_l_etat_dit_son_sous_contingent(base: Path) -> None:
    rapport = importer(
        base, {"droits": DROITS.replace("prioritaires", "").replace("financement;;", "financement;agents;")}
    )
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [
        (2, "sous_contingent"),
        (4, "sous_contingent"),
    ]


@pytest.mark.contrat("arrets")
@pytest.mark.regle("RG-10")
def test_deux_conventions_en_vigueur_aux_memes_dates_sont_refusees(base: Path) -> None:
    entete = CONVENTIONS.splitlines()[0]
    rapport = importer(base, {"conventions": f"{entete}\nC-AL-2;{SIREN};AL;94;2024-01-01;2024-01-01;;\n"})
    assert erreurs(rapport) == [(2, "date_effet", "2024-01-01")]
    assert importer(base, {"conventions": f"{entete}\nC-AL-2;{SIREN};AL;94;;2024-01-01;;\n"}).est_accepte


@pytest.mark.regle("RG-10")
def test_une_convention_peut_succeder_a_une_autre_dans_le_meme_fichier(base: Path) -> None:
    entete = CONVENTIONS.splitlines()[0]
    rapport = importer(
        base,
        {
            "conventions": f"{entete}\nC-AL-2;{SIREN};AL;94;2024-01-01;2024-01-01;;\nC-AL;{SIREN};AL;94;2023-05-15;2023-06-01;2023-12-31;\n"
        },
    )
    assert comptes(rapport)["conventions"] == (1, 1, 0)


@pytest.mark.regle("RG-16")
def test_un_avenant_prend_la_suite_et_garde_le_compte(base: Path) -> None:
    entete = CONVENTIONS.splitlines()[0]
    chaine = f"{entete}\nC-AL-3;{SIREN};AL;94;2025-01-01;2025-02-01;;C-AL-2\nC-AL-2;{SIREN};AL;94;2024-01-01;2024-01-01;;C-AL\n"
    rapport = importer(base, {"conventions": chaine})
    assert rapport.erreurs == []
    premiere, deuxieme, troisieme = (Convention.objects.get(numero=numero) for numero in ("C-AL", "C-AL-2", "C-AL-3"))
    assert (deuxieme.compte_id, troisieme.compte_id) == (premiere.pk, premiere.pk)
    assert premiere.periode_vigueur.upper == dt.date(2024, 1, 1)
    assert deuxieme.periode_vigueur.upper == dt.date(2025, 2, 1)
    assert comptes(importer(base, {"conventions": chaine}))["conventions"] == (0, 0, 2)
    assert comptes(importer(base, {"conventions": CONVENTIONS}))["conventions"] == (0, 0, 3)


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("lignes", ["C-AL-2;{0};AL;94;2024-01-01;;;INCONNUE", "C-AL-2;{0};AL;94;2024-01-01;;;C-AL-2"])
def test_un_avenant_cite_une_autre_version_connue(base: Path, lignes: str) -> None:
    rapport = importer(base, {"conventions": CONVENTIONS.splitlines()[0] + "\n" + lignes.format(SIREN)})
    assert (2, "avenant_de") in {(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs}


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("effet", ["{0}", "2000-01-01"])
def test_un_avenant_prend_effet_apres_la_version_qu_il_remplace(base: Path, effet: str) -> None:
    premiere = Convention.objects.get(numero="C-AL")
    ligne = (
        "numero;bailleur;reservataire;departement;date_signature;date_effet;avenant_de\n"
        f"C-AL-2;{SIREN};AL;94;2000-01-01;{effet.format(premiere.date_effet)};C-AL\n"
    )
    rapport = importer(base, {"conventions": ligne})
    assert (2, "date_effet") in {(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs}
    assert not Convention.objects.filter(numero="C-AL-2").exists()


@pytest.mark.contrat("brouillon")
def test_une_convention_sans_signature_est_un_brouillon_sans_droit_en_vigueur(tmp_path: Path) -> None:
    conventions = CONVENTIONS.replace("2023-05-15;2023-06-01", ";2023-06-01")
    importer(tmp_path, TOUT | {"conventions": conventions})
    assert set(Convention.objects.values_list("etat", "periode_vigueur")) == {("brouillon", None)}


@pytest.mark.contrat("date_effet")
def test_la_date_d_effet_vide_est_celle_de_la_signature(tmp_path: Path) -> None:
    importer(tmp_path, TOUT | {"conventions": CONVENTIONS.replace("2023-05-15;2023-06-01", "2023-05-15;")})
    assert Convention.objects.get(numero="C-AL").date_effet == dt.date(2023, 5, 15)


@pytest.mark.contrat("controles_de_dates")
@pytest.mark.parametrize(
    ("colonnes", "valeurs", "fautive"),
    [
        ("date_fin", "2023-01-01", "date_fin"),
        ("report;report_plafond", "total;3", "report_plafond"),
        ("report", "plafonne", "report_plafond"),
        ("derogation_taux;derogation_debut", "35;2024-01-01", "derogation_fin"),
        ("part_hors_qpv_min", "130", "part_hors_qpv_min"),
        ("delegataire", "INCONNU", "delegataire"),
        ("gestion", "partagee", "gestion"),
    ],
)
def test_une_modalite_fautive_est_dite_a_sa_colonne(base: Path, colonnes: str, valeurs: str, fautive: str) -> None:
    fichier = f"numero;bailleur;reservataire;departement;{colonnes}\nC-AL;{SIREN};AL;94;{valeurs}\n"
    rapport = importer(base, {"conventions": fichier})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(2, fautive)]


def test_un_delegataire_est_le_bailleur_ou_un_organisme(base: Path) -> None:
    for code in ("BAILLEUR", "COMA", AUTRE):
        fichier = f"numero;bailleur;reservataire;departement;delegataire\nC-AL;{SIREN};AL;94;{code}\n"
        assert importer(base, {"conventions": fichier}).est_accepte
    delegataire = Convention.objects.get(numero="C-AL").delegataire
    assert delegataire is not None
    assert delegataire.siren == AUTRE


@pytest.mark.contrat("compte_non_eligible")
def test_une_orientation_vers_un_compte_non_eligible_est_acceptee_et_signalee(base: Path) -> None:
    rapport = importer(
        base,
        {
            "orientations": "liberation;rang;compte;date_orientation;issue\nB2;1;AL;2020-02-01;carence\nB1;2;COMA;2025-02-01;rendu\n"
        },
    )
    assert rapport.est_accepte
    assert [(a.ligne, a.colonne, a.valeur) for a in rapport.avertissements] == [(2, "compte", "AL")]


def test_les_rangs_d_une_liberation_s_echangent_leur_issue_sans_se_gener(base: Path) -> None:
    entete = "liberation;rang;compte;date_orientation;issue\n"
    assert importer(
        base, {"orientations": entete + "B2;2;COMA;2025-02-03;en_cours\nB2;1;AL;2025-02-01;rendu\n"}
    ).est_accepte
    assert importer(
        base, {"orientations": entete + "B2;1;AL;2025-02-01;bail\nB2;2;COMA;2025-02-03;retire\n"}
    ).est_accepte
    assert list(Orientation.objects.filter(liberation__numero="B2").values_list("rang", "issue")) == [
        (1, "bail"),
        (2, "retire"),
    ]


@pytest.mark.regle("RG-49")
def test_un_numero_unique_mal_forme_avertit_sans_bloquer(base: Path) -> None:
    rapport = importer(base, {"candidats": "liberation;rang;numero_demande\nB1;1;123\n"})
    assert rapport.est_accepte
    assert rapport.avertissements[0].colonne == "numero_demande"


@pytest.mark.regle("RG-47")
def test_un_solde_d_avenant_est_celui_du_compte(base: Path) -> None:
    entete = CONVENTIONS.splitlines()[0]
    importer(base, {"conventions": f"{entete}\nC-AL-2;{SIREN};AL;94;2024-01-01;2024-01-01;;C-AL\n"})
    importer(base, {"soldes_ouverture": "convention;annee;report\nC-AL-2;2025;-1,2500\n"})
    solde = SoldeOuverture.objects.get()
    assert (solde.convention.numero, solde.report) == ("C-AL", Decimal("-1.25"))


@pytest.mark.regle("RG-47")
def test_un_solde_arrete_par_un_bilan_n_est_pas_change_par_une_saisie(base: Path) -> None:
    convention = Convention.objects.get(numero="C-AL")
    SoldeOuverture.objects.create(convention=convention, annee=2025, report=Decimal("1.5"), origine="bilan")
    solde = "convention;annee;report\nC-AL;2025;{}\n"
    assert comptes(importer(base, {"soldes_ouverture": solde.format("1,5")}))["soldes_ouverture"] == (0, 0, 1)
    rapport = importer(base, {"soldes_ouverture": solde.format("2")})
    assert "l'emporte" in rapport.avertissements[0].message
    assert SoldeOuverture.objects.get(origine="bilan").report == Decimal("1.5")
    assert SoldeOuverture.objects.get(origine="saisi").report == Decimal(2)


@pytest.mark.regle("RG-02")
def test_la_nature_d_un_reservataire_suit_son_type(base: Path) -> None:
    importer(base, {"reservataires": RESERVATAIRES.replace("action_logement", "epci")})
    assert Reservataire.objects.get(code="AL").nature == "collectivite"


@pytest.mark.regle("RG-01")
def test_un_bailleur_est_reconnu_a_son_siren(base: Path) -> None:
    rapport = importer(base, {"bailleurs": BAILLEURS.replace("Habitat", "Nouveau nom")})
    assert comptes(rapport)["bailleurs"] == (0, 1, 1)


def test_un_import_qui_change_quelque_chose_est_au_journal(base: Path) -> None:
    entree = EntreeJournal.objects.filter(action="importer").first()
    assert entree is not None
    assert {fichier["type"] for fichier in entree.apres["fichiers"]} == set(TOUT)


@pytest.mark.regle("RG-32")
def test_une_prevision_publiee_ne_change_plus(base: Path) -> None:
    entete = "bailleur;departement;annee;commune;mises_en_location;anru;publiee_le\n"
    publiee = {"previsions": f"{entete}{SIREN};94;2026;94028;40;5;2026-01-15T09:00:00+01:00\n"}
    assert comptes(importer(base, publiee))["previsions"] == (1, 0, 0)
    assert comptes(importer(base, publiee))["previsions"] == (0, 0, 1)
    rapport = importer(base, {"previsions": publiee["previsions"].replace(";40;", ";41;")})
    assert [erreur.colonne for erreur in rapport.erreurs] == ["publiee_le"]


def test_deux_logements_n_ont_pas_la_meme_place_a_l_ordre_du_jour(base: Path) -> None:
    entete = "bailleur;date;liberation;rang;ordre\n"
    seance = f"bailleur;date\n{SIREN};2025-01-20\n"
    lignes = f"{SIREN};2025-01-20;B1;1;1\n{SIREN};2025-01-20;B2;1;{{}}\n"
    rapport = importer(base, {"seances": seance, "inscriptions": entete + lignes.format(1)})
    assert erreurs(rapport) == [(3, "ordre", "1")]
    assert importer(base, {"seances": seance, "inscriptions": entete + lignes.format(2)}).est_accepte
    echange = f"{SIREN};2025-01-20;B1;1;2\n{SIREN};2025-01-20;B2;1;1\n"
    assert comptes(importer(base, {"inscriptions": entete + echange}))["inscriptions"] == (0, 2, 0)
    assert list(Inscription.objects.order_by("ordre").values_list("orientation__liberation__numero", flat=True)) == [
        "B2",
        "B1",
    ]


def test_une_orientation_importee_sort_sa_liberation_du_lot(base: Path) -> None:
    liberation = Liberation.objects.get(numero="B2")
    liberation.orientations.update(issue="rendu")
    Proposition.objects.create(
        liberation=liberation, phrase="…", revisee_le=timezone.now(), compte_initial="AL", version_regles="1"
    )
    importer(base, {"orientations": "liberation;rang;compte;date_orientation\nB2;2;COMA;2025-02-03\n"})
    assert not Proposition.objects.exists()
