"""« écriture idempotente par l'en-tête `Idempotency-Key` » (formats.md § 3) : un logiciel pousse ses libérations."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from attributions.models import Liberation, Orientation
from bilans.models import Bilan
from conventions.models import Bailleur
from flux_reservations.acces.jetons import CleIdempotence, purger_les_cles
from flux_reservations.echanges import liberations as ecriture
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from tests.contrat.appels import PROBLEME, demander, ouvrir
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_logement(bailleur, identifiant="L1")
    return bailleur


@pytest.fixture
def entetes(bailleur: Bailleur) -> dict[str, str]:
    return ouvrir(bailleur.pk)


def saisie(**champs: Any) -> dict[str, Any]:
    return {"numero": "B1", "logement": "L1", "date_disponibilite": "2026-12-01"} | champs


class TestDeclarer:
    def test_une_liberation_se_declare_aux_noms_des_colonnes(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        reponse = demander("POST", "/liberations/", entetes, saisie(date_conge="2026-09-01", exclusion="mutation"))
        assert reponse.status_code == 201, reponse.content
        rendue = reponse.json()
        attendue = {"bailleur": bailleur.siren, "nature": "relocation", "date_bail": None, "orientations": []}
        for nom, valeur in (saisie(date_conge="2026-09-01", exclusion="mutation") | attendue).items():
            assert rendue[nom] == valeur, nom
        assert demander("GET", f"/liberations/{rendue['id']}/", entetes).json() == rendue
        entree = EntreeJournal.objects.get(action="declarer_liberation")
        assert (entree.acteur, entree.apres["numero"]) == ("jeton essai", "B1")
        assert verifier_chaine(bailleur.pk) == []

    def test_un_numero_deja_pris_est_un_conflit(self, entetes: dict[str, str]) -> None:
        demander("POST", "/liberations/", entetes, saisie())
        reponse = demander("POST", "/liberations/", entetes, saisie(date_disponibilite="2027-01-01"))
        assert (reponse.status_code, reponse["Content-Type"]) == (409, PROBLEME)
        assert Liberation.objects.get().date_disponibilite == date(2026, 12, 1)

    @pytest.mark.parametrize(
        ("champs", "statut", "fautif"),
        [
            ({"logement": "INCONNU"}, 422, "logement"),
            ({"date_conge": "2026-09-01", "date_bail": "2026-08-01"}, 422, "date_bail"),
            ({"retrait": "gel", "date_bail": "2026-12-02"}, 422, "retrait"),
            ({"exclusion": "bidon"}, 400, "exclusion"),
            ({"date_disponibilite": "01/12/2026"}, 400, "date_disponibilite"),
            ({"date_disponibilite": None}, 400, "date_disponibilite"),
            ({"numero": ""}, 400, "numero"),
            ({"numero": "x" * 61}, 400, "numero"),
            ({"loyer": "12"}, 400, "loyer"),
            ({"date_disponibilite": "0001-01-01"}, 422, "date_disponibilite"),
        ],
    )
    def test_un_refus_dit_le_champ_et_n_ecrit_rien(
        self, entetes: dict[str, str], champs: dict[str, Any], statut: int, fautif: str
    ) -> None:
        reponse = demander("POST", "/liberations/", entetes, saisie(**champs))
        assert (reponse.status_code, list(reponse.json()["champs"])) == (statut, [fautif]), reponse.content
        assert not Liberation.objects.exists()
        assert not EntreeJournal.objects.exists()

    def test_le_logement_d_un_autre_est_inconnu(self, entetes: dict[str, str]) -> None:
        creer_logement(creer_bailleur(), identifiant="L2")
        reponse = demander("POST", "/liberations/", entetes, saisie(logement="L2"))
        assert (reponse.status_code, list(reponse.json()["champs"])) == (422, ["logement"])

    def test_un_reservataire_ne_declare_rien(self) -> None:
        jeton = ouvrir(creer_reservataire().pk)
        assert demander("POST", "/liberations/", jeton, saisie()).status_code == 403

    def test_un_texte_qui_ressemble_a_une_formule_reste_le_meme(self, entetes: dict[str, str]) -> None:
        motif = "=1+1"
        reponse = demander("POST", "/liberations/", entetes, saisie(exclusion="anru", motif_exclusion=motif))
        assert reponse.json()["motif_exclusion"] == motif

    def test_derriere_un_import_la_demande_est_a_rejouer(
        self, entetes: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ecriture, "ATTENTE", "50ms")
        autre = connection.copy()
        with autre.cursor() as curseur:
            curseur.execute("BEGIN")
            curseur.execute("SELECT pg_advisory_xact_lock(hashtext('echanges.importer'))")
            reponse = demander("POST", "/liberations/", entetes, saisie(), cle="k")
            curseur.execute("ROLLBACK")
        autre.close()
        assert (reponse.status_code, reponse.json()["code"]) == (409, "conflit")
        assert demander("POST", "/liberations/", entetes, saisie(), cle="k").status_code == 201


class TestCorriger:
    """« Une colonne absente laisse la valeur en place ; une cellule vide l'efface » (§ 1), que l'API suit."""

    @pytest.fixture
    def cle(self, entetes: dict[str, str]) -> int:
        corps = saisie(date_conge="2026-09-01", exclusion="mutation", motif_exclusion="mutation demandée")
        cle: int = demander("POST", "/liberations/", entetes, corps).json()["id"]
        return cle

    def test_absent_reste_vide_efface(self, entetes: dict[str, str], cle: int) -> None:
        reponse = demander("PATCH", f"/liberations/{cle}/", entetes, {"exclusion": "", "date_conge": None})
        assert reponse.status_code == 200, reponse.content
        rendue = reponse.json()
        assert (rendue["exclusion"], rendue["date_conge"]) == ("", None)
        assert (rendue["date_disponibilite"], rendue["motif_exclusion"]) == ("2026-12-01", "mutation demandée")
        entree = EntreeJournal.objects.get(action="corriger_liberation")
        assert (entree.avant["exclusion"], entree.apres["exclusion"]) == ("mutation", "")

    def test_rien_ne_change_rien_n_est_note(self, entetes: dict[str, str], cle: int) -> None:
        assert demander("PATCH", f"/liberations/{cle}/", entetes, {"exclusion": "mutation"}).status_code == 200
        assert not EntreeJournal.objects.filter(action="corriger_liberation").exists()

    def test_le_numero_ne_change_pas(self, entetes: dict[str, str], cle: int) -> None:
        reponse = demander("PATCH", f"/liberations/{cle}/", entetes, {"numero": "B9"})
        assert (reponse.status_code, list(reponse.json()["champs"])) == (422, ["numero"])

    def test_celle_d_un_autre_est_introuvable(self, cle: int) -> None:
        assert demander("PATCH", f"/liberations/{cle}/", ouvrir(creer_bailleur().pk), {}).status_code == 404

    def test_une_annee_publiee_ne_se_recrit_pas(self, bailleur: Bailleur, entetes: dict[str, str], cle: int) -> None:
        pdf = Piece.objects.deposer(
            organisme_id=bailleur.pk, genre="bilan", nom="b.pdf", type_mime="application/pdf", octets=b"%PDF"
        )
        qui = {"bailleur": bailleur, "departement_id": "94", "annee": 2026, "etat": "publie"}
        Bilan.objects.create(**qui, publie_le=timezone.now(), empreinte="0" * 64, pdf=pdf)
        reponse = demander("PATCH", f"/liberations/{cle}/", entetes, {"date_bail": "2026-12-05"})
        assert reponse.status_code == 422
        assert "RG-63" in reponse.content.decode()

    def test_un_bail_corrige_a_la_main_s_annonce(self, bailleur: Bailleur, entetes: dict[str, str], cle: int) -> None:
        Abonnement.objects.create(
            organisme_id=bailleur.pk,
            usage="a",
            adresse="https://a.example/",
            evenements=["bail.signe"],
            verifie_le=timezone.now(),
        )
        reponse = demander("PATCH", f"/liberations/{cle}/", entetes, {"date_bail": "2026-12-05"})
        assert reponse.json()["date_bail"] == "2026-12-05"
        assert annoncer() == 1
        assert Appel.objects.get().corps["objet"]["date_bail"] == "2026-12-05"


class TestLogementOccupe:
    """Une orientation occupe le logement : un changement la reprend comme à l'écran, ou il est refusé (RG-46)."""

    @pytest.fixture
    def orientation(self, bailleur: Bailleur) -> Orientation:
        jour = timezone.localdate()
        reservataire = creer_reservataire(courriel="al@essai.example")
        creer_convention(bailleur, reservataire, [("20", "", "departement:94")])
        return creer_orientation(
            creer_liberation(creer_logement(bailleur), jour),
            reservataire,
            date_orientation=jour,
            date_mise_a_disposition=jour,
        )

    @pytest.mark.parametrize(
        ("corps", "motif"),
        [
            ({"retrait": "conge_annule", "motif_retrait": "Le locataire reste"}, "Le locataire reste"),
            ({"exclusion": "anru", "motif_exclusion": "Relogement"}, "Relogement"),
        ],
    )
    def test_le_retirer_ou_l_exclure_reprend_l_orientation_et_previent(
        self, entetes: dict[str, str], orientation: Orientation, corps: dict[str, str], motif: str
    ) -> None:
        reponse = demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps)
        assert reponse.status_code == 200, reponse.content
        orientation.refresh_from_db()
        assert orientation.issue == "retire"
        assert EntreeJournal.objects.filter(objet_type="attributions.liberation", motif=motif).count() == 1
        assert Envoi.objects.filter(destinataire=orientation.reservataire).exists()

    def test_la_decaler_garde_l_orientation(self, entetes: dict[str, str], orientation: Orientation) -> None:
        jour = (timezone.localdate() + timedelta(days=3)).isoformat()
        avant = orientation.liberation.date_disponibilite.isoformat()
        corps = {"date_disponibilite": jour, "motif": "Travaux"}
        reponse = demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps)
        assert (reponse.status_code, reponse.json()["date_disponibilite"]) == (200, jour)
        orientation.refresh_from_db()
        assert orientation.issue == "en_cours"
        entree = EntreeJournal.objects.get(action="decaler_la_disponibilite")
        assert (entree.motif, entree.avant, entree.apres) == (
            "Travaux",
            {"date_disponibilite": avant},
            {"date_disponibilite": jour},
        )

    @pytest.mark.regle("RG-31")
    @pytest.mark.parametrize("issue", ["en_cours", "rendu", "carence"])
    @pytest.mark.parametrize(
        ("corps", "champ"),
        [
            ({"retrait": "conge_annule"}, "motif_retrait"),
            ({"exclusion": "anru"}, "motif_exclusion"),
            ({"exclusion": "anru", "motif_exclusion": "  ", "motif": "ailleurs"}, "motif_exclusion"),
            ({"date_disponibilite": "2027-01-04"}, "motif"),
            ({"date_disponibilite": "2027-01-04", "motif": " "}, "motif"),
            ({"retrait": "gel", "motif_retrait": "Travaux", "date_disponibilite": "2027-01-04"}, "motif"),
        ],
    )
    def test_l_api_ne_motive_rien_elle_meme(
        self, entetes: dict[str, str], orientation: Orientation, issue: str, corps: dict[str, str], champ: str
    ) -> None:
        """RG-31 veut un motif saisi : sans lui, rien n'est écrit, et le refus dit où l'écrire."""
        Orientation.objects.filter(pk=orientation.pk).update(issue=issue)
        avant = Liberation.objects.values().get()
        reponse = demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps)
        probleme = reponse.json()
        assert (reponse.status_code, reponse["Content-Type"]) == (422, PROBLEME)
        assert (probleme["code"], probleme["champ"], champ in probleme["detail"]) == ("motif_obligatoire", champ, True)
        assert Liberation.objects.values().get() == avant
        assert not EntreeJournal.objects.exists()
        assert not Envoi.objects.exists()

    @pytest.mark.regle("RG-31")
    def test_une_date_decalee_apres_l_orientation_garde_son_motif_son_avant_et_son_apres(
        self, entetes: dict[str, str], orientation: Orientation
    ) -> None:
        Orientation.objects.filter(pk=orientation.pk).update(issue="rendu")
        avant = orientation.liberation.date_disponibilite.isoformat()
        corps = {"date_disponibilite": "2027-01-04", "motif": "Travaux"}
        assert demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps).status_code == 200
        entree = EntreeJournal.objects.get(action="corriger_liberation")
        assert (entree.motif, entree.avant["date_disponibilite"], entree.apres["date_disponibilite"]) == (
            "Travaux",
            avant,
            "2027-01-04",
        )
        demandee = Liberation.objects.values_list("date_disponibilite", flat=True)
        assert [une.isoformat() for une in demandee] == ["2027-01-04"]

    def test_rien_ne_change_aucun_motif_n_est_demande(self, entetes: dict[str, str], orientation: Orientation) -> None:
        jour = orientation.liberation.date_disponibilite.isoformat()
        corps = {"date_disponibilite": jour, "exclusion": "", "retrait": ""}
        assert demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps).status_code == 200

    def test_un_motif_ne_se_declare_pas(self, entetes: dict[str, str]) -> None:
        reponse = demander("POST", "/liberations/", entetes, saisie(motif="Travaux"))
        assert (reponse.status_code, list(reponse.json()["champs"])) == (400, ["motif"])

    def test_l_openapi_dit_le_motif_d_une_correction(self) -> None:
        schema = demander("GET", "/schema/?format=json", ouvrir(creer_bailleur().pk)).json()
        corps = schema["paths"]["/api/v1/liberations/{id}/"]["patch"]["requestBody"]["content"]["application/json"]
        modele = schema["components"]["schemas"][corps["schema"]["$ref"].rpartition("/")[2]]["properties"]
        assert {"motif", "motif_exclusion", "motif_retrait"} <= set(modele)
        assert "obligatoire" in modele["motif"]["description"]
        assert "motif" not in schema["components"]["schemas"]["DemandeLiberation"]["properties"]

    def test_changer_de_logement_est_refuse(self, entetes: dict[str, str], orientation: Orientation) -> None:
        reponse = demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, {"logement": "L1"})
        assert (reponse.status_code, reponse.json()["champ"]) == (422, "logement")


class TestBail:
    def test_hors_du_flux_le_bail_se_dit_sans_orientation(self, entetes: dict[str, str]) -> None:
        cle = demander("POST", "/liberations/", entetes, saisie(exclusion="mutation")).json()["id"]
        reponse = demander("POST", f"/liberations/{cle}/signer_bail/", entetes, {"date_bail": "2026-12-10"})
        assert (reponse.status_code, reponse.json()["date_bail"]) == (200, "2026-12-10")

    def test_dans_le_flux_il_conclut_l_orientation(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        liberation = creer_liberation(creer_logement(bailleur), date(2026, 1, 5))
        orientation = creer_orientation(
            liberation, creer_reservataire(), decision="attribution", date_caleol=date(2026, 2, 1)
        )
        refus = demander("PATCH", f"/liberations/{liberation.pk}/", entetes, {"date_bail": "2026-02-10"})
        assert (refus.status_code, refus.json()["regle"]) == (422, "RG-45")
        reponse = demander("POST", f"/liberations/{liberation.pk}/signer_bail/", entetes, {"date_bail": "2026-02-10"})
        assert reponse.status_code == 200, reponse.content
        assert [une["issue"] for une in reponse.json()["orientations"]] == ["bail"]
        orientation.refresh_from_db()
        assert orientation.issue == "bail"

    def test_une_etape_sautee_est_dite(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        liberation = creer_liberation(creer_logement(bailleur), date(2026, 1, 5))
        creer_orientation(liberation, creer_reservataire())
        reponse = demander("POST", f"/liberations/{liberation.pk}/signer_bail/", entetes, {"date_bail": "2026-02-10"})
        assert (reponse.status_code, reponse.json()["code"]) == (422, "etape_sautee")


class TestApresLeBail:
    """Ce que l'écran réserve au responsable, avec un motif, ne se défait pas par un PATCH (RG-45, RG-46)."""

    @pytest.fixture
    def orientation(self, bailleur: Bailleur) -> Orientation:
        liberation = creer_liberation(creer_logement(bailleur), date(2026, 1, 5), date_bail=date(2026, 2, 10))
        return creer_orientation(liberation, creer_reservataire(), issue="bail")

    @pytest.mark.parametrize(
        ("corps", "fautif"),
        [
            ({"date_bail": None}, "date_bail"),
            ({"date_bail": "2027-02-10"}, "date_bail"),
            ({"logement": "L1"}, "logement"),
            ({"nature": "premiere_location"}, "nature"),
            ({"exclusion": "mutation"}, "motif_exclusion"),
        ],
    )
    def test_le_bail_et_ce_qu_il_prouve_restent(
        self, entetes: dict[str, str], orientation: Orientation, corps: dict[str, Any], fautif: str
    ) -> None:
        avant = Liberation.objects.values().get()
        reponse = demander("PATCH", f"/liberations/{orientation.liberation_id}/", entetes, corps)
        assert reponse.status_code == 422, reponse.content
        assert fautif in {reponse.json().get("champ"), *reponse.json().get("champs", {})}
        assert Liberation.objects.values().get() == avant
        assert not EntreeJournal.objects.exists()

    def test_la_meme_date_et_un_motif_passent(self, entetes: dict[str, str], orientation: Orientation) -> None:
        adresse = f"/liberations/{orientation.liberation_id}/"
        corps = {"date_bail": "2026-02-10", "exclusion": "mutation", "motif_exclusion": "Erreur de saisie"}
        assert demander("PATCH", adresse, entetes, corps).status_code == 200


class TestRejeu:
    def test_la_meme_cle_rend_la_meme_reponse(self, entetes: dict[str, str]) -> None:
        premiere, seconde = (demander("POST", "/liberations/", entetes, saisie(), cle="k1") for _ in range(2))
        assert (premiere.status_code, seconde.status_code) == (201, 201)
        assert premiere.json() == seconde.json()
        assert seconde["Idempotency-Replayed"] == "true"
        assert Liberation.objects.count() == EntreeJournal.objects.count() == 1

    @pytest.mark.parametrize("autre", ["corps", "adresse", "methode"])
    def test_la_meme_cle_pour_autre_chose_est_refusee(self, entetes: dict[str, str], autre: str) -> None:
        cle = demander("POST", "/liberations/", entetes, saisie(), cle="k1").json()["id"]
        demandes = {
            "corps": ("POST", "/liberations/", saisie(numero="B2")),
            "adresse": ("POST", f"/liberations/{cle}/orienter/", saisie()),
            "methode": ("PATCH", f"/liberations/{cle}/", saisie()),
        }
        reponse = demander(*demandes[autre][:2], entetes, demandes[autre][2], cle="k1")
        assert reponse.status_code == 409
        assert Liberation.objects.count() == 1

    def test_une_demande_refusee_n_use_pas_sa_cle(self, entetes: dict[str, str]) -> None:
        assert demander("POST", "/liberations/", entetes, saisie(logement="X"), cle="k1").status_code == 422
        assert demander("POST", "/liberations/", entetes, saisie(), cle="k1").status_code == 201

    def test_la_cle_d_un_autre_organisme_est_une_autre_cle(self, entetes: dict[str, str]) -> None:
        demander("POST", "/liberations/", entetes, saisie(), cle="k1")
        autre = creer_bailleur()
        creer_logement(autre, identifiant="L1")
        assert demander("POST", "/liberations/", ouvrir(autre.pk), saisie(), cle="k1").json()["bailleur"] == autre.siren

    def test_une_cle_trop_longue_est_refusee(self, entetes: dict[str, str]) -> None:
        reponse = demander("POST", "/liberations/", entetes, saisie(), cle="k" * 201)
        assert (reponse.status_code, list(reponse.json()["champs"])) == (400, ["Idempotency-Key"])

    def test_les_vieilles_cles_s_oublient(self, entetes: dict[str, str]) -> None:
        demander("POST", "/liberations/", entetes, saisie(), cle="k1")
        assert purger_les_cles(timezone.now()) == 0
        assert purger_les_cles(timezone.now() + timedelta(days=31)) == 1
        assert not CleIdempotence.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deux_demandes_a_la_fois_n_ecrivent_qu_une_fois(bailleur: Bailleur) -> None:
    entetes, reponses = ouvrir(bailleur.pk), []

    def pousser() -> None:
        try:
            reponses.append(demander("POST", "/liberations/", entetes, saisie(), cle="k1"))
        finally:
            connection.close()

    fils = [threading.Thread(target=pousser) for _ in range(4)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert [un.status_code for un in reponses] == [201] * 4
    assert all(un.json() == reponses[0].json() for un in reponses)
    with transaction.atomic():
        assert Liberation.objects.count() == 1
