"""Les phrases du contrat qui valent pour tous les tableaux : clés, homonymie, en-tête seul, dates incluses, apostrophe, existant repris."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from attributions.models import Liberation
from conventions.models import Bailleur, Convention, Logement, ReservationStock
from flux_reservations.echanges.exportation import exporter
from flux_reservations.echanges.tableaux import TABLEAUX
from tests.contrat.cellules import BASES
from tests.contrat.phrases_des_fichiers import COLONNES
from tests.contrat.test_colonnes_des_fichiers import ecrire, ligne, monde
from tests.echanges.depot import AUTRE, SIREN, TOUT, comptes, erreurs, importer

pytestmark = pytest.mark.django_db
__all__ = ["monde"]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Une base où tout est importé."""
    assert importer(tmp_path, TOUT).erreurs == []
    return tmp_path


@pytest.mark.contrat("en_tete_seul")
@pytest.mark.parametrize("nom", COLONNES)
def test_un_en_tete_seul_est_accepte(base: Path, nom: str) -> None:
    for contenu in (";".join(BASES[nom](0)), ";".join(BASES[nom](0)) + "\r\n\r\n;;\r\n"):
        rapport = importer(base, {nom: contenu})
        assert rapport.erreurs == []
        assert [(fichier.type, fichier.lignes) for fichier in rapport.fichiers] == [(nom, 0)]


@pytest.mark.contrat("en_tete_seul", "rpls")
def test_un_en_tete_de_rpls_seul_est_accepte(base: Path) -> None:
    assert importer(base, {"rpls": "IDENT_INT;DEPCOM;NBPIECE\n"}, siren=SIREN).erreurs == []


@pytest.mark.contrat("cle_repetee", "tout_ou_rien")
@pytest.mark.parametrize("nom", [nom for nom in COLONNES if nom != "droits"])
def test_une_cle_repetee_est_une_erreur_a_la_seconde_ligne(monde: Path, nom: str) -> None:
    colonne = next(tableau.colonne_cle for tableau in TABLEAUX if tableau.nom == nom)
    repetee = ligne(nom, 0)
    rapport = importer(monde, {nom: ecrire([repetee, ligne(nom, 1), repetee])})
    assert erreurs(rapport) == [(4, colonne, repetee[colonne])]
    assert "ligne 2" in rapport.erreurs[0].message


@pytest.mark.contrat("droits_remplaces")
def test_deux_droits_identiques_ne_sont_pas_une_cle_repetee_mais_se_signalent(monde: Path) -> None:
    rapport = importer(monde, {"droits": ecrire([ligne("droits", 0), ligne("droits", 0)])})
    assert comptes(rapport)["droits"] == (2, 0, 0)
    assert [(a.ligne, a.colonne) for a in rapport.avertissements] == [(3, "taux")]


CLES_DU_CONTRAT = {
    "bailleurs": ({"siren": "940000037"}, {"nom": "Autre nom"}),
    "reservataires": ({"code": "N2"}, {"nom": "Autre nom", "type": "organisme"}),
    "patrimoine": ({"bailleur": AUTRE}, {"identifiant": "N2"}, {"commune": "94081", "typologie": "T4"}),
    "reservations_stock": (
        {"logement": "P2"}, {"reservataire": "COMA"}, {"contrepartie": "apport_terrain"}, {"nature": "unique"},
        {"date_debut": "2020-01-01"}, {"date_fin": "2030-01-01"},
    ),
    "conventions": ({"numero": "N2"}, {"bailleur": AUTRE}, {"departement": "75", "motif_fin": "Autre"}),
    "soldes_ouverture": ({"convention": "K2"}, {"annee": "2026"}, {"report": "2"}),
    "liberations": ({"numero": "N2"}, {"logement": "P2", "date_disponibilite": "2025-02-01"}),
    "orientations": ({"liberation": "X2"}, {"rang": "2", "issue": "rendu"}, {"compte": "COMA", "date_orientation": "2025-01-06"}),
    "candidats": ({"liberation": "B2"}, {"numero_demande": "094125000000088888"}, {"public": "dalo"}),
}  # fmt: skip
"""Par tableau, ce qui change la clé (une autre ligne est créée), puis en dernier ce qui n'en est pas (la ligne est modifiée)."""


@pytest.mark.contrat("cles")
@pytest.mark.parametrize("nom", CLES_DU_CONTRAT)
def test_la_cle_dit_ce_qui_est_cree_et_ce_qui_est_modifie(monde: Path, nom: str) -> None:
    *cles, reste = CLES_DU_CONTRAT[nom]
    premiere = ligne(nom, 0)
    assert comptes(importer(monde, {nom: ecrire([premiere])}))[nom] == (1, 0, 0)
    assert comptes(importer(monde, {nom: ecrire([premiere | reste])}))[nom] == (0, 1, 0)
    for change in cles:
        rapport = importer(monde, {nom: ecrire([premiere | change])})
        assert (rapport.erreurs, comptes(rapport)[nom]) == ([], (1, 0, 0))


@pytest.mark.contrat("cles")
def test_le_rang_de_l_orientation_est_dans_la_cle_d_un_candidat(base: Path) -> None:
    rang = "liberation;rang;compte;date_orientation;issue\nB1;1;ETAT94/prioritaires;2025-01-05;rendu\nB1;2;AL;2025-01-06;bail\n"
    candidats = "liberation;rang;numero_demande\nB1;2;094125000000000001\n"
    assert comptes(importer(base, {"orientations": rang, "candidats": candidats}))["candidats"] == (1, 0, 0)


@pytest.mark.contrat("droits_remplaces")
def test_une_convention_absente_du_fichier_garde_ses_droits_une_convention_citee_perd_les_autres(base: Path) -> None:
    droits = "convention;contrepartie;sous_contingent;taux;perimetre\nC-ETAT;contingent_prefectoral;agents;4;departement:94\n"
    importer(base, {"droits": droits})
    lus = {
        (convention.numero, droit.sous_contingent, str(droit.taux))
        for convention in Convention.objects.all()
        for droit in convention.droits.all()
    }
    assert lus == {("C-ETAT", "agents", "4.00"), ("C-AL", "", "20.00"), ("C-COMA", "", "20.00")}


HOMONYMES = {
    "patrimoine": f"bailleur;identifiant;commune;typologie\n{AUTRE};L1;94028;T1\n",
    "conventions": f"numero;bailleur;reservataire;departement\nC-AL;{AUTRE};AL;94\n",
    "liberations": f"bailleur;numero;logement;date_disponibilite\n{AUTRE};B1;L1;2025-01-10\n",
    "orientations": f"bailleur;liberation;rang;compte;date_orientation\n{AUTRE};B1;1;AL;2025-01-05\n",
}
AMBIGUS = {
    "situations": {"logement": "L1", "date_debut": ""},
    "reservations_stock": {"logement": "L1", "reservataire": "AL", "contrepartie": "financement"},
    "droits": {"convention": "C-AL", "contrepartie": "financement", "taux": "5", "perimetre": "departement:94"},
    "soldes_ouverture": {"convention": "C-AL", "annee": "2025", "report": "1"},
    "liberations": {"logement": "L1", "numero": "B8", "date_disponibilite": "2025-01-10"},
    "orientations": {
        "liberation": "B1",
        "rang": "2",
        "compte": "AL",
        "date_orientation": "2025-01-05",
        "issue": "rendu",
    },
    "candidats": {"liberation": "B1", "rang": "1", "numero_demande": "094125000000000009"},
}
"""Par tableau, une ligne qui cite (dans sa première colonne) ce que deux bailleurs nomment pareil."""


@pytest.mark.contrat("homonymie", "numeros_propres", "logement")
@pytest.mark.parametrize("nom", AMBIGUS)
def test_partout_une_ambiguite_est_une_erreur_que_la_colonne_bailleur_leve(base: Path, nom: str) -> None:
    assert importer(base, HOMONYMES).erreurs == []
    ambigue = AMBIGUS[nom]
    colonne, valeur = next(iter(ambigue.items()))
    rapport = importer(base, {nom: ecrire([ambigue])})
    assert erreurs(rapport) == [(2, colonne, valeur)]
    assert "Ajoutez la colonne bailleur" in rapport.erreurs[0].message
    assert importer(base, {nom: ecrire([ambigue | {"bailleur": AUTRE}])}).erreurs == []


@pytest.mark.contrat("logement")
def test_un_logement_se_cite_par_son_identifiant_du_patrimoine_et_lui_seul(base: Path) -> None:
    importer(
        base,
        {"patrimoine": f"bailleur;identifiant;commune;typologie;identifiant_rpls\n{SIREN};L1;94028;T1;0123456789\n"},
    )
    rapport = importer(base, {"liberations": "numero;logement;date_disponibilite\nB9;0123456789;2025-01-01\n"})
    assert erreurs(rapport) == [(2, "logement", "0123456789")]


@pytest.mark.contrat("date_fin", "dates_incluses")
def test_une_convention_court_jusqu_au_soir_de_sa_fin_et_sans_fin_elle_n_a_pas_de_terme(base: Path) -> None:
    bornee = f"numero;bailleur;reservataire;departement;date_signature;date_fin\nC-COMA;{SIREN};COMA;94;2023-05-15;2025-06-30\n"
    importer(base, {"conventions": bornee})
    en_vigueur = {
        le: set(Convention.objects.en_vigueur(le).values_list("numero", flat=True))
        for le in (dt.date(2023, 6, 1), dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2199, 1, 1))
    }
    assert [sorted(numeros) for numeros in en_vigueur.values()] == [
        ["C-AL", "C-COMA", "C-ETAT"], ["C-AL", "C-COMA", "C-ETAT"], ["C-AL", "C-ETAT"], ["C-AL", "C-ETAT"]
    ]  # fmt: skip


@pytest.mark.contrat("dates_incluses")
def test_un_droit_en_stock_vaut_du_premier_au_dernier_jour_et_sans_borne_toujours(base: Path) -> None:
    stock = "logement;reservataire;contrepartie;date_debut;date_fin\nL1;AL;financement;2025-01-01;2025-06-30\nL2;AL;financement;;\n"
    importer(base, {"reservations_stock": stock})
    actives = [
        ReservationStock.objects.actives(le).count()
        for le in (dt.date(2024, 12, 31), dt.date(2025, 1, 1), dt.date(2025, 6, 30), dt.date(2025, 7, 1))
    ]
    assert actives == [1, 2, 2, 1]


@pytest.mark.contrat("controles_de_dates")
def test_une_fin_egale_au_debut_et_un_bail_le_jour_du_conge_sont_admis(base: Path) -> None:
    convention = (
        f"numero;bailleur;reservataire;departement;date_effet;date_fin\nN;{SIREN};AL;94;2025-01-01;2025-01-01\n"
    )
    liberation = "numero;logement;date_conge;date_disponibilite;date_bail\nN;L1;2025-01-01;2025-01-01;2025-01-01\n"
    assert importer(base, {"conventions": convention, "liberations": liberation}).erreurs == []


@pytest.mark.contrat("existant", "brouillon")
@pytest.mark.regle("RG-18")
def test_une_convention_signee_sans_etat_des_lieux_envoye_est_reprise(base: Path) -> None:
    """Dans l'application, la signer exigerait l'information préalable ; la reprendre, non."""
    stock = "logement;reservataire;contrepartie\nL1;AL;financement\n"
    signee = f"numero;bailleur;reservataire;departement;date_signature\nN;{SIREN};COMA;75;2024-01-01\n"
    rapport = importer(base, {"reservations_stock": stock, "conventions": signee})
    assert rapport.erreurs == []
    assert Convention.objects.get(numero="N").etat == "signee"


@pytest.mark.contrat("existant")
@pytest.mark.regle("RG-14")
def test_une_derogation_qui_ne_leve_rien_est_reprise_et_dite(base: Path) -> None:
    entete = "numero;bailleur;reservataire;departement;derogation_taux;derogation_debut;derogation_fin;derogation_motif;derogation_arrete\n"
    longue = f"C-ETAT;{SIREN};ETAT94;94;40;2024-01-01;2026-01-01;Sécurité publique;2024-12\n"
    rapport = importer(base, {"conventions": entete + longue})
    assert rapport.est_accepte
    dits = [a for a in rapport.avertissements if "ne lève aucun plafond" in a.message]
    assert [(a.ligne, a.colonne) for a in dits] == [(2, "derogation_fin")]
    assert "un an au plus" in dits[0].message
    reguliere = importer(base, {"conventions": entete + longue.replace("2026-01-01", "2024-12-31")})
    assert not [a for a in reguliere.avertissements if "ne lève aucun plafond" in a.message]


@pytest.mark.contrat("arrets")
@pytest.mark.regle("RG-11")
def test_un_droit_hors_du_departement_de_sa_convention_est_signale(base: Path) -> None:
    droits = "convention;contrepartie;taux;perimetre\nC-AL;financement;5;departement:75 commune:94028\n"
    rapport = importer(base, {"droits": droits})
    assert rapport.est_accepte
    assert ("perimetre", "departement:75") in {(a.colonne, a.valeur) for a in rapport.avertissements}
    assert not [a for a in rapport.avertissements if a.valeur == "commune:94028"]


@pytest.mark.contrat("issue")
def test_une_issue_vide_est_en_cours(base: Path) -> None:
    importer(base, {"orientations": "liberation;rang;compte;date_orientation;issue\nB2;1;AL;2025-02-01;\n"})
    assert Liberation.objects.get(numero="B2").orientations.get().issue == "en_cours"


@pytest.mark.contrat("apostrophe", "reimport")
@pytest.mark.parametrize("texte", ["=1+1", "+33 1", "-12", "@accueil", "'=déjà", "'=' et 'rien'"])
def test_un_texte_qui_ressemble_a_une_formule_fait_l_aller_retour(base: Path, texte: str) -> None:
    logement = Logement.objects.get(identifiant="L1")
    logement.adresse = texte
    logement.save()
    exporter(base / "sortie", Bailleur.objects.get(siren=SIREN))
    ecrit = (base / "sortie" / "patrimoine.csv").read_text(encoding="utf-8-sig")
    assert f";'{texte};" in ecrit
    rapport = importer(base, {"patrimoine": ecrit})
    assert comptes(rapport)["patrimoine"] == (0, 0, 3)
    Logement.objects.filter(identifiant="L1").update(adresse="")
    importer(base, {"patrimoine": ecrit})
    assert Logement.objects.get(identifiant="L1").adresse == texte


@pytest.mark.contrat("tout_ou_rien")
def test_une_erreur_dans_le_dernier_fichier_n_ecrit_rien_du_premier(base: Path) -> None:
    rapport = importer(
        base, {"bailleurs": "siren;nom\n940000037;Neuf\n", "candidats": "liberation;rang;numero_demande\nB1;9;1\n"}
    )
    assert [(e.fichier, e.ligne, e.colonne, e.valeur) for e in rapport.erreurs] == [("candidats.csv", 2, "rang", "9")]
    assert not Bailleur.objects.filter(siren="940000037").exists()
