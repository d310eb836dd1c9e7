"""Autour du flux : chaque analyse s'ouvre, calcule, et « et si » compare sans rien écrire."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from attributions.models import Orientation
from bilans.models import Prevision
from conventions.models import Bailleur, ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.socle.presentation import Lien
from tests.fabriques import (
    CRETEIL,
    VITRY,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = pytest.mark.django_db
ANNEE = timezone.localdate().year


@pytest.fixture
def client_bailleur() -> Client:
    """Douze baux sur deux communes, l'État à 30 % ; Action Logement diffère par son délai."""
    bailleur = creer_bailleur()
    etat, action_logement = creer_etat(), creer_reservataire("AL", "action_logement", "region:11")
    creer_convention(bailleur, etat, [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, action_logement, [("20", "", "departement:94")], delai_presentation_jours=45)
    for rang in range(12):
        logement = creer_logement(bailleur, CRETEIL if rang % 2 else VITRY)
        liberation = creer_liberation(logement, date(ANNEE, 1, 5 + rang), date_bail=date(ANNEE, 2, 1 + rang))
        creer_orientation(liberation, etat, sous_contingent="prioritaires", issue="bail")
    ReservationStock.objects.create(
        logement=creer_logement(bailleur), reservataire=action_logement, contrepartie="financement"
    )
    return connecter(bailleur)


def connecter(bailleur: Bailleur, role: Role = Role.LECTEUR) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def lignes(client: Client, page: str, **demande: str) -> list[list[object]]:
    reponse = client.get(f"/flux/{page}/", demande)
    assert reponse.status_code == 200
    return [list(ligne) for tableau in reponse.context["analyse"].tableaux for ligne in tableau.lignes]


@pytest.mark.regle("RG-48")
def test_l_equilibre_compare_le_recu_a_l_eligible(client_bailleur: Client) -> None:
    trouvees = lignes(client_bailleur, "equilibre", compte="ETAT94/prioritaires")
    assert {ligne[0] for ligne in trouvees} >= {"Créteil", "Vitry-sur-Seine", "T3", "hors QPV"}


@pytest.mark.regle("RG-36")
def test_la_part_de_l_etat_se_lit_par_commune(client_bailleur: Client) -> None:
    assert [(ligne[0], ligne[1], ligne[2]) for ligne in lignes(client_bailleur, "communes")] == [
        ("Créteil", "6", "6"),
        ("Vitry-sur-Seine", "6", "6"),
    ]


@pytest.mark.regle("RG-32")
def test_la_prevision_s_affiche_a_cote_du_constate(client_bailleur: Client) -> None:
    trouvees = {ligne[0]: ligne[5:8] for ligne in lignes(client_bailleur, "prevision")}
    # A constaté, que juge « A dans l'intervalle » ; le flux constaté ; l'écart est un entier.
    assert trouvees["Créteil"] == ["6", "6", "+6"]


@pytest.mark.regle("RG-35")
def test_la_conversion_montre_les_trois_lectures(client_bailleur: Client) -> None:
    assert [ligne[:4] for ligne in lignes(client_bailleur, "conversion")] == [["Réservataire AL", "1", "0", "0"]]


@pytest.mark.regle("RG-25")
def test_l_egalite_montre_ce_qui_diverge(client_bailleur: Client) -> None:
    reponse = client_bailleur.get("/flux/egalite/")
    assert any("élai" in tableau.legende for tableau in reponse.context["analyse"].tableaux)


def test_la_faisabilite_rend_un_verdict(client_bailleur: Client) -> None:
    assert client_bailleur.get("/flux/faisabilite/").context["analyse"].avis


def test_et_si_compare_sans_rien_ecrire(client_bailleur: Client) -> None:
    nombre = Orientation.objects.count()
    trouvees = lignes(client_bailleur, "et-si", lot="4", theta="1", compte="AL", taux="40")
    recus = {ligne[0]: (ligne[1], ligne[2]) for ligne in trouvees if ligne[0] == "Réservataire AL"}
    assert int(str(recus["Réservataire AL"][1])) > int(str(recus["Réservataire AL"][0]))
    assert Orientation.objects.count() == nombre


def test_et_si_refuse_un_taux_sans_compte(client_bailleur: Client) -> None:
    reponse = client_bailleur.get("/flux/et-si/", {"lot": "4", "theta": "1", "taux": "40"})
    assert "Choisissez un compte" in reponse.content.decode()


@pytest.mark.regle("RG-35")
def test_l_impact_d_une_conversion_se_simule_sur_l_an_passe(client_bailleur: Client) -> None:
    reponse = client_bailleur.get("/flux/conversion/", {"reservataire": "AL", "lecture": "simple"})
    assert [tableau.legende[:8] for tableau in reponse.context["analyse"].tableaux][1] == "Ce que A"


@pytest.mark.regle("RG-14")
def test_au_dela_de_cent_pour_cent_une_reduction_est_proposee() -> None:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, creer_reservataire("ORG", "organisme"), [("80", "", "departement:94")])
    # 30 + 80 = 110 : l'organisme est ramené à 70.
    premier = lignes(connecter(bailleur), "faisabilite")[0]
    assert [str(case).replace("\u202f", " ").replace("\xa0", " ") for case in premier] == ["ORG", "80,00 %", "70,00 %"]


@pytest.mark.regle("RG-50")
def test_les_publics_se_mesurent_face_aux_objectifs_de_chacun() -> None:
    # Quatre baux d'Action Logement hors QPV : un DALO, un autre, deux inconnus. 1 sur 2 ≥ 25 % ; 0 premier quartile sur 2 < 25 %.
    bailleur = creer_bailleur()
    action_logement = creer_reservataire("AL", "action_logement", "region:11")
    creer_convention(bailleur, action_logement, [("20", "", "departement:94")])
    for rang, public in enumerate(("dalo", "autre", "", "")):
        liberation = creer_liberation(creer_logement(bailleur), date(ANNEE, 1, 5), date_bail=date(ANNEE, 2, 1 + rang))
        creer_orientation(liberation, action_logement, issue="bail", public=public)
    mesures = {ligne[1]: [str(case) for case in ligne] for ligne in lignes(connecter(bailleur), "publics")[:3]}
    assert mesures["DALO et prioritaires"][2:5] == ["1", "2", "2"]
    assert mesures["DALO et prioritaires"][7] == "tenu"
    assert mesures["Hors QPV : premier quartile ou relogement"][7] == "non tenu"
    assert mesures["En QPV : autres quartiles"][7] == "sans objet"


@pytest.mark.regle("RG-52")
@pytest.mark.regle("RG-61")
def test_la_mobilite_compare_l_annonce_et_le_tenu() -> None:
    bailleur = creer_bailleur()
    for rang in range(3):
        creer_liberation(
            creer_logement(bailleur), date(ANNEE, 1, 5), date_bail=date(ANNEE, 2, 1 + rang), exclusion="mutation"
        )
    Prevision.objects.create(
        bailleur=bailleur, departement_id="94", annee=ANNEE, commune_id=CRETEIL, mises_en_location=9, exclusions={"mutation": 5}
    )  # fmt: skip
    reponse = connecter(bailleur).get("/flux/publics/")
    mobilite = reponse.context["analyse"].tableaux[1]
    assert [str(case) for case in mobilite.lignes[0]] == ["Mutation au sein du parc", "5", "3", "−2,0"]
    assert "elles libèrent 3 logements" in mobilite.note.replace("\xa0", " ")


@pytest.mark.regle("RG-32")
def test_une_prevision_se_corrige_puis_se_fige_a_sa_publication(client_bailleur: Client) -> None:
    bailleur = Bailleur.objects.get()
    gestionnaire = connecter(bailleur, Role.GESTIONNAIRE)
    saisie = {"mises_en_location": 8, "mutation": 2, "anru": 0, "orcod": 0, "insalubrite": 0, "vente": 0}
    adresse = f"/flux/prevision/{CRETEIL}/corriger/"
    assert gestionnaire.post(adresse, saisie).status_code == 302
    assert Prevision.objects.get(commune=CRETEIL).mises_en_location == 8
    # Les autres communes gardent leur moyenne ; B ne dépasse pas A.
    assert Prevision.objects.filter(commune=VITRY).exists()
    assert gestionnaire.post(adresse, saisie | {"mutation": 9}).status_code == 422
    assert lignes(client_bailleur, "prevision")[0][1:4] == ["8", "2", "6"]
    assert gestionnaire.post("/flux/prevision/moyenne/").status_code == 302
    assert not Prevision.objects.exists()
    gestionnaire.post(adresse, saisie)
    Prevision.objects.update(publiee_le=timezone.now())
    assert gestionnaire.post(adresse, saisie).status_code == 409
    assert "figée" in client_bailleur.get("/flux/prevision/").content.decode()
    assert client_bailleur.post(adresse, saisie).status_code == 403


@pytest.mark.regle("RG-32")
def test_une_commune_inconnue_n_a_pas_de_prevision_a_corriger(client_bailleur: Client) -> None:
    del client_bailleur
    gestionnaire = connecter(Bailleur.objects.get(), Role.GESTIONNAIRE)
    assert gestionnaire.get("/flux/prevision/75056/corriger/").status_code == 404


def test_chaque_nombre_d_une_analyse_mene_a_ses_logements(client_bailleur: Client) -> None:
    liens = [
        case
        for page in ("equilibre", "communes", "prevision", "publics")
        for ligne in lignes(client_bailleur, page)
        for case in ligne
        if isinstance(case, Lien) and "detail" in case.adresse
    ]
    assert liens
    for lien in liens:
        reponse = client_bailleur.get(lien.adresse)
        assert reponse.status_code == 200
        assert reponse.context["depliage"].total == str(lien)
