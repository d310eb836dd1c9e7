"""Reprendre en cours d'année : rapprocher ligne à ligne, enregistrer ce qui est déjà parti, sans rien renvoyer."""

from __future__ import annotations

import html
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from attributions.domaine.codes import OrigineSolde
from attributions.models import Orientation, SoldeOuverture
from bilans.calcul import calculer_annee
from conventions.actions.pieces import Fichier
from conventions.models import Bailleur, Convention, Logement, Reservataire, ReservationStock
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.lecture import lire_tableur
from flux_reservations.echanges.reprise.libelles import CompteConnu, Proposition, proposer_un_compte
from flux_reservations.echanges.reprise.rapprochement import (
    Ecart,
    LigneDeChezNous,
    LigneDuBailleur,
    est_le_meme_compte,
    rapprocher,
    totaliser,
)
from flux_reservations.echanges.reprise.vues_rapprochement import lire_le_tableur, rapprocher_le_tableur
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"


def lui(numero: int, liberation: str, compte: str, logement: str = "") -> LigneDuBailleur:
    return LigneDuBailleur(numero, liberation, logement, compte, compte)


def nous(liberation: str, compte: str, logement: str = "N") -> LigneDeChezNous:
    return LigneDeChezNous(liberation, logement, compte, date(2026, 3, 1), "bail")


def test_chaque_ligne_trouve_son_pendant_ou_reste_seule() -> None:
    lignes = rapprocher(
        [lui(2, "L1", "AL"), lui(3, "L2", "AL"), lui(4, "L9", "AL")],
        [nous("L1", "AL"), nous("L2", "COM"), nous("L3", "COM")],
    )
    assert [(une.ecart, une.lui.numero if une.lui else None) for une in lignes] == [
        (Ecart.AUTRE_COMPTE, 3),
        (Ecart.CHEZ_LUI_SEUL, 4),
        (Ecart.CHEZ_NOUS_SEUL, None),
        (Ecart.IDENTIQUE, 2),
    ]
    assert [(t.compte, t.lui, t.nous, t.difference) for t in totaliser(lignes)] == [("AL", 3, 1, 2), ("COM", 0, 2, -2)]


def test_un_logement_libere_deux_fois_se_rapproche_par_son_compte() -> None:
    lignes = rapprocher(
        [lui(2, "", "COM", "N1"), lui(3, "", "AL", "N1")], [nous("L1", "AL", "N1"), nous("L2", "COM", "N1")]
    )
    assert {une.ecart for une in lignes} == {Ecart.IDENTIQUE}


def test_l_etat_sans_sous_contingent_est_le_meme_compte() -> None:
    assert est_le_meme_compte("etat94", "ETAT94/prioritaires")
    assert not est_le_meme_compte("ETAT94/agents", "ETAT94/prioritaires")


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    jour = date(timezone.localdate().year, 1, 5)
    for numero in ("L1", "L2"):
        liberation = creer_liberation(
            creer_logement(bailleur, identifiant=f"N{numero}"), jour, numero=numero, date_bail=jour
        )
        creer_orientation(liberation, mairie, issue="bail")
    return bailleur


def connecter(bailleur: Bailleur, role: Role = Role.RESPONSABLE) -> Client:
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur_de(bailleur, role).utilisateur_id))
    return client


@pytest.mark.django_db
@pytest.mark.regle("RG-46")
def test_le_tableur_se_rapproche_a_l_ecran(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    tableur = SimpleUploadedFile(
        "mon decompte.csv", "N° de libération;Réservataire\nL1;MAIRIE\nL9;AL\n".encode("cp1252")
    )
    reponse = client.post("/reprise/decompte/", {"tableur": tableur}, follow=True)
    page = reponse.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "1 ligne identique" in page
    assert "Absente de votre tableur" in page
    assert "La libération L9 n&#x27;est pas enregistrée" in page
    export = client.get(f"{reponse.request['PATH_INFO']}?export=csv").getvalue().decode("utf-8-sig")
    assert export.splitlines()[1].startswith("Libération absente;3;L9;;AL;")
    assert len(export.splitlines()) == 4
    assert "Rapprocher le décompte" in client.get("/reprise/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("contenu", "remede"),
    [
        (b"", "vide"),
        (b"a\n1\n", "deux colonnes"),
        (b"\x00\x01\x02", "octet nul"),
        (b"PK\x03\x04abc", "classeur"),
    ],
)
def test_un_tableur_absurde_est_refuse_avec_son_remede(bailleur: Bailleur, contenu: bytes, remede: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom="decompte.csv", octets=contenu)
    assert remede in refus.value.message


def test_un_numero_se_rapproche_malgre_la_casse_et_les_zeros_perdus() -> None:
    lignes = rapprocher(
        [lui(2, "", "COM", "12-7"), lui(3, "l 9", "COM")], [nous("L1", "COM", "0012-0007"), nous("L-9", "COM")]
    )
    assert {une.ecart for une in lignes} == {Ecart.IDENTIQUE}


def test_une_liberation_comptee_deux_fois_et_un_libelle_inconnu_se_disent() -> None:
    inconnu = LigneDuBailleur(4, "L2", "", "", "La mairie")
    lignes = rapprocher([lui(2, "L1", "AL"), lui(3, "L1", "AL"), inconnu], [nous("L1", "AL"), nous("L2", "COM")])
    assert {(une.ecart, une.lui.numero if une.lui else 0) for une in lignes} == {
        (Ecart.IDENTIQUE, 2),
        (Ecart.DOUBLON, 3),
        (Ecart.LIBELLE_INCONNU, 4),
    }


COMPTES = [
    CompteConnu("ETAT94/prioritaires", "État, préfecture", est_etat=True),
    CompteConnu("ETAT94/agents", "État, préfecture", est_etat=True),
    CompteConnu("AL", "Action Logement Services"),
    CompteConnu("CRETEIL", "Ville de Créteil"),
    CompteConnu("CD94", "Département du Val-de-Marne"),
    CompteConnu("CAF94", "Caisse d'allocations familiales"),
    CompteConnu("EPT11", "Grand Paris Sud Est Avenir"),
    CompteConnu("MUT", "Mutuelle des Métiers d'Île-de-France"),
]


@pytest.mark.parametrize(
    ("libelle", "sous", "compte", "est_sure"),
    [
        ("CRETEIL", "", "CRETEIL", True),
        ("Mairie de Créteil", "", "CRETEIL", True),
        ("Préfecture - agents", "", "ETAT94/agents", True),
        ("Etat", "fonctionnaires", "ETAT94/agents", True),
        ("ÉTAT (DALO)", "", "ETAT94/prioritaires", True),
        ("Préfecture", "", "ETAT94", True),
        ("Non réservé", "", "BAILLEUR", True),
        ("Action Logement Service", "", "AL", False),
        ("Conseil départemental du Val de Marne", "", "CD94", True),
        ("Mutuelle des marins", "", "", False),
        ("CD 94", "", "CD94", True),
        ("Rivebelle (non réservé)", "", "BAILLEUR", True),
        ("1% (AL)", "", "AL", False),
        ("1 %", "", "AL", False),
        ("CAF", "", "CAF94", False),
        ("GPSEA", "", "EPT11", False),
        ("Mutuelle métiers", "", "MUT", False),
    ],
)
def test_un_libelle_libre_trouve_son_compte(libelle: str, sous: str, compte: str, est_sure: bool) -> None:
    assert proposer_un_compte(libelle, sous, COMPTES) == Proposition(compte, est_sure)


def classeur() -> bytes:
    """Un tableur fait à la main : titre fusionné, en-têtes sur deux lignes, réservataire fusionné sur ses lignes, totaux, note."""
    livre = Workbook()
    feuille = livre.active
    feuille.title = "Décompte"
    for ligne in (
        ["SUIVI DES ATTRIBUTIONS — DÉCOMPTE DU FLUX", None, None, None, None],
        [None],
        ["Réservataire", "Logement", None, "Bail", None],
        [None, "N° UG", "Adresse", "Signé le", "Montant"],
        ["Mairie d'essai", "NL1", "1 rue des Lilas", date(2026, 1, 5), 512.3],
        [None, "NL2", "2 rue des Lilas", date(2026, 1, 5), 498],
        ["Sous-total Mairie d'essai", None, None, None, 2],
        ["Préfecture (DALO)", "NL7", "3 rue des Lilas", date(2026, 2, 5), 401],
        [None],
        ["TOTAL GÉNÉRAL", None, None, None, 3],
        ["Édité le 24/11/2026 par le service attribution"],
    ):
        feuille.append(ligne)
    for plage in ("A1:E1", "A3:A4", "B3:C3", "D3:E3", "A5:A6"):
        feuille.merge_cells(plage)
    sortie = io.BytesIO()
    livre.save(sortie)
    return sortie.getvalue()


@pytest.mark.django_db
@pytest.mark.regle("RG-46")
def test_un_tableur_fait_a_la_main_se_lit_tel_quel(bailleur: Bailleur) -> None:
    piece = actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom="Suivi attributions.xlsx", octets=classeur())
    tableur = lire_tableur(piece, {})
    assert tableur.entetes.ligne == 4
    assert [(une.numero, une.logement, une.libelle) for une in tableur.lignes] == [
        (5, "NL1", "Mairie d'essai"),
        (6, "NL2", "Mairie d'essai"),
        (8, "NL7", "Préfecture (DALO)"),
    ]
    assert [(une.numero, une.raison) for une in tableur.ecartees] == [
        (7, "un total ou une synthèse"),
        (10, "un total ou une synthèse"),
        (11, "un titre ou une note"),
    ]


@pytest.mark.django_db
@pytest.mark.regle("RG-46")
def test_l_agent_dit_ses_colonnes_et_ses_libelles_et_c_est_retenu(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    octets = b"Qui;Truc;Chose\nNos amis;NL1;x\nNos amis;NL2;y\n"
    reponse = client.post("/reprise/decompte/", {"tableur": SimpleUploadedFile("suivi.csv", octets)}, follow=True)
    adresse = reponse.request["PATH_INFO"]
    assert adresse.endswith("/colonnes/")
    assert client.post(adresse, {"colonne_0": "compte", "colonne_1": "-", "colonne_2": "-"}).status_code == 422
    page = client.post(
        adresse, {"colonne_0": "compte", "colonne_1": "logement", "colonne_2": "-"}, follow=True
    ).content.decode()
    assert "Libellé inconnu" in page
    page = client.post(adresse.replace("colonnes", "libelles"), {"libelle_0": "MAIRIE"}, follow=True).content.decode()
    assert "Les deux décomptes sont les mêmes" in page
    encore = client.post("/reprise/decompte/", {"tableur": SimpleUploadedFile("suivi2.csv", octets)}, follow=True)
    assert "Les deux décomptes sont les mêmes" in encore.content.decode()
    retrait = encore.request["PATH_INFO"] + "retirer/"
    assert client.post(retrait).status_code == 302
    assert client.get(retrait).status_code == 404


@pytest.mark.django_db
@pytest.mark.regle("RG-31")
def test_chaque_ecart_dit_sa_cause(bailleur: Bailleur) -> None:
    annee = timezone.localdate().year
    jour = date(annee, 1, 6)
    creer_liberation(
        creer_logement(bailleur, identifiant="X1"), jour, numero="X1", date_bail=jour, exclusion="mutation"
    )
    creer_liberation(creer_logement(bailleur, identifiant="X2"), jour, numero="X2", date_bail=jour)
    creer_liberation(creer_logement(bailleur, identifiant="X3"), jour, numero="X3", retrait="vente")
    creer_logement(bailleur, identifiant="X4")
    lignes = "".join(f"{nom};MAIRIE\n" for nom in ("X1", "X2", "X3", "X4", "X5", "NL1"))
    piece = actions.deposer_le_decompte(
        acteur=acteur_de(bailleur), nom="d.csv", octets=f"logement;compte\n{lignes}".encode()
    )
    une = rapprocher_le_tableur(
        lire_le_tableur(piece, acteur_de(bailleur)), calculer_annee(bailleur, "94", annee), acteur_de(bailleur)
    )
    causes = {
        ligne.lui.logement: cause.genre
        for ligne, cause in zip(une.lignes, une.causes, strict=True)
        if ligne.lui and cause
    }
    assert causes == {
        "X1": "Exclue du flux",
        "X2": "Sans orientation",
        "X3": "Libération retirée",
        "X4": "Libération absente",
        "X5": "Logement inconnu",
    }


@pytest.mark.django_db
@pytest.mark.regle("RG-47")
def test_les_soldes_proposes_se_confirment_d_un_bloc_et_se_retirent(bailleur: Bailleur) -> None:
    client, annee = connecter(bailleur), timezone.localdate().year
    page = client.get("/reprise/soldes/").content.decode()
    champs = re.findall(r'name="(solde_\d+)"', page)
    assert len(champs) == 2
    assert client.post("/reprise/soldes/", dict.fromkeys(champs, "1,12345")).status_code == 422
    assert not SoldeOuverture.objects.exists()
    assert client.post("/reprise/soldes/", {champs[0]: "2,5", champs[1]: "-1"}).status_code == 302
    assert sorted(SoldeOuverture.objects.filter(annee=annee).values_list("report", flat=True)) == [-1, 2.5]
    assert "Retirer ceux que j&#x27;ai posés" in client.get("/reprise/").content.decode()
    assert client.post("/reprise/soldes/retirer/").status_code == 302
    assert not SoldeOuverture.objects.exists()


def confirmer(client: Client, soldes: dict[str, str]) -> str:
    """Poste les soldes ; rend le message."""
    reponse = client.post("/reprise/soldes/", soldes, follow=True)
    return "".join(str(un) for un in reponse.context["messages"]).replace("\xa0", " ")


@pytest.mark.django_db
@pytest.mark.regle("RG-47", "RG-71")
def test_un_solde_redit_tel_quel_n_est_ni_reecrit_ni_journalise(bailleur: Bailleur) -> None:
    client, annee = connecter(bailleur), timezone.localdate().year
    champs = re.findall(r'name="(solde_\d+)"', client.get("/reprise/soldes/").content.decode())
    saisies = {champs[0]: "2,5", champs[1]: "-1"}
    assert confirmer(client, saisies) == f"À l'ouverture de {annee} : 2 soldes posés."
    cles = set(SoldeOuverture.objects.values_list("pk", flat=True))
    journal = EntreeJournal.objects.filter(action="saisir_solde")
    assert journal.count() == 2
    assert confirmer(client, saisies) == f"À l'ouverture de {annee} : aucun solde ne change."
    assert set(SoldeOuverture.objects.values_list("pk", flat=True)) == cles
    assert journal.count() == 2
    # Un corrigé, un effacé : deux changements, dits chacun ; l'effacer de nouveau n'est pas un changement.
    suite = {champs[0]: "3", champs[1]: ""}
    assert confirmer(client, suite) == f"À l'ouverture de {annee} : 1 solde posé, 1 solde retiré."
    assert confirmer(client, suite).endswith("aucun solde ne change.")
    assert journal.count() == 4


@pytest.mark.django_db
@pytest.mark.regle("RG-47", "RG-35")
def test_chaque_solde_dit_ce_qui_en_passe_et_les_droits_uniques_qui_s_y_ajoutent(bailleur: Bailleur) -> None:
    mairie = Reservataire.objects.get(code="MAIRIE")
    Convention.objects.filter(reservataire=mairie).update(report="plafonne", report_plafond=1)
    for numero, nature, fin in (
        ("NL1", "unique", None),
        ("NL2", "unique", date(2020, 12, 31)),
        ("NL2", "suite", None),
    ):
        logement = Logement.objects.get(identifiant=numero)
        ReservationStock.objects.create(
            logement=logement, reservataire=mairie, contrepartie="financement", nature=nature, date_fin=fin
        )
    page = html.unescape(connecter(bailleur).get("/reprise/soldes/").content.decode()).replace("\xa0", " ")
    assert "Cette convention ne reporte rien : le nombre est gardé et affiché, mais ne passe pas dans l'année." in page
    assert "au-delà de 1 logement, en retard comme en avance, le surplus ne passe pas." in page
    assert page.count("1 droit unique non échu en stock") == 1


@pytest.mark.django_db
@pytest.mark.regle("RG-47")
def test_sans_compte_a_ouvrir_la_page_dit_pourquoi_et_n_a_pas_de_bouton(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    assert len(client.get("/reprise/soldes/").context["form"].fields) == 2
    for convention in Convention.objects.select_related("reservataire"):
        SoldeOuverture.objects.create(
            convention=convention,
            sous_contingent="prioritaires" if convention.reservataire.est_etat else "",
            annee=timezone.localdate().year,
            report=1,
            origine=OrigineSolde.BILAN,
        )
    page = html.unescape(client.get("/reprise/soldes/").content.decode())
    assert "arrête le solde de chaque compte" in page
    assert "Confirmer ces soldes" not in page
    SoldeOuverture.objects.all().delete()
    Orientation.objects.all().delete()
    Convention.objects.update(date_effet=date(2199, 1, 1))
    page = html.unescape(client.get("/reprise/soldes/").content.decode())
    assert "aucune convention signée n'y court" in page
    assert "Confirmer ces soldes" not in page


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_un_envoi_enregistre_par_erreur_se_retire_tant_que_personne_ne_l_a_accuse(bailleur: Bailleur) -> None:
    client, annee = connecter(bailleur), timezone.localdate().year - 1
    donnees: dict[str, Any] = {"genre": "bilan", "annee": annee, "le": f"{annee + 1}-02-20"}
    client.post("/reprise/envoi/", donnees | {"piece": SimpleUploadedFile("bilan.pdf", PDF)})
    lot = Envoi.objects.first().lot  # type: ignore[union-attr]  # au moins un
    assert f"/reprise/envoi/{lot}/retirer/" in client.get("/reprise/").content.decode()
    Envoi.objects.filter(lot=lot).update(recu_le=timezone.now())
    assert client.post(f"/reprise/envoi/{lot}/retirer/").status_code == 409
    Envoi.objects.filter(lot=lot).update(recu_le=None)
    assert client.post(f"/reprise/envoi/{lot}/retirer/").status_code == 302
    assert not Envoi.objects.exists()


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_un_envoi_deja_fait_entre_au_registre_sans_rien_envoyer(bailleur: Bailleur) -> None:
    client, annee = connecter(bailleur), timezone.localdate().year - 1
    donnees: dict[str, Any] = {"genre": "bilan", "annee": annee, "le": f"{annee + 1}-02-20"}
    reponse = client.post("/reprise/envoi/", donnees | {"piece": SimpleUploadedFile("bilan.pdf", PDF)})
    assert reponse.status_code == 302, reponse.content.decode()
    envois = list(Envoi.objects.filter(emetteur_id=bailleur.pk))
    assert {un.etat for un in envois} == {"envoye"}
    assert len({un.lot for un in envois}) == 1
    assert {un.destinataire.nom for un in envois if un.destinataire} >= {"État, préfecture", "Réservataire MAIRIE"}
    assert mail.outbox == []
    encore = client.post("/reprise/envoi/", donnees | {"piece": SimpleUploadedFile("bilan.pdf", PDF)})
    assert encore.status_code == 422


@pytest.mark.django_db
def test_un_envoi_a_venir_ou_sans_pdf_est_refuse(bailleur: Bailleur) -> None:
    demain = timezone.localdate() + timedelta(days=1)
    base: dict[str, Any] = {"genre": "bilan", "departement": "94", "annee": 2025, "fichier": Fichier("b.pdf", PDF)}
    responsable = acteur_de(bailleur, Role.RESPONSABLE)
    for faux in ({"le": demain}, {"le": demain - timedelta(days=9), "fichier": Fichier("b.pdf", b"non")}):
        with pytest.raises(ErreurMetier):
            actions.enregistrer_envois_anterieurs(acteur=responsable, **(base | faux))
    with pytest.raises(AccesRefuse):
        actions.enregistrer_envois_anterieurs(acteur=acteur_de(bailleur), **(base | {"le": date(2026, 2, 1)}))
    assert not Envoi.objects.exists()
