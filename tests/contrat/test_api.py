"""formats.md § 3, phrase à phrase : chaque essai cite la sienne."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from attributions.models import Liberation
from conventions.models import Bailleur
from flux_reservations.acces.jetons import Jeton, Portee
from flux_reservations.api import routeur
from flux_reservations.commun.acteur import Role
from flux_reservations.echanges.tableaux import TABLEAUX
from tests.contrat.appels import PROBLEME, RACINE, demander, lire, ouvrir
from tests.fabriques import (
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
RESSOURCES = ("bailleurs", "reservataires", "logements", "conventions", "liberations", "comptes", "bilans", "envois")


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur avec une ligne de chaque ressource de ses fichiers."""
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_orientation(creer_liberation(creer_logement(bailleur), timezone.localdate()), mairie)
    creer_liberation(creer_logement(bailleur, "94081"), timezone.localdate())
    return bailleur


@pytest.fixture
def entetes(bailleur: Bailleur) -> dict[str, str]:
    """Un jeton d'écriture du bailleur."""
    return ouvrir(bailleur.pk)


class TestAdresses:
    """« REST sous `/api/v1/`, OpenAPI à `/api/v1/schema/`, documentation à `/api/v1/docs/` »."""

    def test_chaque_ressource_du_contrat_se_liste(self, entetes: dict[str, str]) -> None:
        """« `bailleurs`, `reservataires`, `logements`, `conventions`, `liberations` […], `comptes`, `bilans`, `envois` »."""
        for ressource in RESSOURCES:
            assert set(lire(f"/{ressource}/", entetes)) == {"next", "previous", "results"}, ressource

    def test_openapi_et_documentation_sont_ouvertes(self) -> None:
        schema = Client().get(f"{RACINE}/schema/?format=json").json()
        assert schema["openapi"].startswith("3.")
        assert {f"{RACINE}/{ressource}/" for ressource in RESSOURCES} <= set(schema["paths"])
        assert "swagger" in Client().get(f"{RACINE}/docs/").content.decode()

    def test_liberations_a_l_action_orienter(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        """« `liberations` (avec l'action `orienter`) »."""
        libre = Liberation.objects.get(bailleur=bailleur, orientations=None)
        assert demander("POST", f"/liberations/{libre.pk}/orienter/", entetes, {}).status_code == 201


class TestJetonOuSession:
    """« Jeton par organisme et par usage, ou session »."""

    def test_une_session_lit_ce_que_lit_la_personne(self, bailleur: Bailleur) -> None:
        client = Client()
        client.force_login(creer_utilisateur(bailleur, Role.LECTEUR))
        assert len(client.get(f"{RACINE}/logements/").json()["results"]) == 2

    def test_un_jeton_ne_lit_que_son_organisme(self, bailleur: Bailleur) -> None:
        autre = ouvrir(creer_bailleur().pk)
        assert lire("/logements/", autre)["results"] == []
        cle = bailleur.liberations.first().pk  # type: ignore[union-attr]  # la fixture en crée
        assert demander("GET", f"/liberations/{cle}/", autre).status_code == 404

    def test_l_emploi_d_un_jeton_se_date_et_sa_fin_est_immediate(
        self, bailleur: Bailleur, entetes: dict[str, str]
    ) -> None:
        lire("/logements/", entetes)
        jeton = Jeton.objects.get()
        assert jeton.dernier_emploi is not None
        Jeton.objects.update(expire_le=timezone.now() - timedelta(seconds=1))
        assert demander("GET", "/logements/", entetes).status_code == 401


COLONNES = {tableau.nom: {colonne.nom for colonne in tableau.colonnes} for tableau in TABLEAUX}
PROPRES_A_L_EXPORT = {
    "orientations": {"liberation", "bailleur", "etat_comptes", "phrase", "compte_propose", "decidee_le"},
    "droits": {"convention", "bailleur"},
}
"""Ce que l'objet emboîté dit par sa place, ou la trace du moteur, que l'export seul porte."""


class TestNomsDesChamps:
    """« Ressources au pluriel, en français, aux mêmes noms de champs que les fichiers »."""

    @pytest.mark.parametrize(
        ("ressource", "tableau"),
        [
            ("bailleurs", "bailleurs"),
            ("reservataires", "reservataires"),
            ("logements", "patrimoine"),
            ("conventions", "conventions"),
            ("liberations", "liberations"),
        ],
    )
    def test_chaque_colonne_est_un_champ(self, entetes: dict[str, str], ressource: str, tableau: str) -> None:
        champs = set(lire(f"/{ressource}/", entetes)["results"][0])
        manquent = COLONNES[tableau] - champs
        assert not manquent

    def test_droits_et_orientations_sont_emboites_sous_les_memes_noms(self, entetes: dict[str, str]) -> None:
        droit = lire("/conventions/", entetes)["results"][0]["droits"][0]
        assert COLONNES["droits"] - set(droit) == PROPRES_A_L_EXPORT["droits"]
        orientation = lire("/liberations/?orientee=true", entetes)["results"][0]["orientations"][0]
        absents = COLONNES["orientations"] - set(orientation)
        assert absents <= PROPRES_A_L_EXPORT["orientations"]

    def test_les_valeurs_ont_la_forme_des_fichiers(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        """Codes en texte, taux à deux décimales, dates AAAA-MM-JJ."""
        convention = lire("/conventions/", entetes)["results"][0]
        assert (convention["bailleur"], convention["departement"]) == (bailleur.siren, "94")
        assert convention["droits"][0]["taux"] == "30.00"
        assert lire("/logements/", entetes)["results"][0]["commune"] == "94028"
        liberation = lire("/liberations/", entetes)["results"][0]
        assert liberation["date_disponibilite"] == timezone.localdate().isoformat()


class TestFiltresEtPagination:
    """« Filtres et pagination partout »."""

    @pytest.mark.parametrize("ressource", [prefixe for prefixe, _, _ in routeur.registry])
    def test_chaque_liste_a_des_filtres_et_un_curseur(self, ressource: str) -> None:
        schema = Client().get(f"{RACINE}/schema/?format=json").json()
        parametres = {un["name"] for un in schema["paths"][f"{RACINE}/{ressource}/"]["get"]["parameters"]}
        assert parametres > {"curseur", "taille"}

    @pytest.mark.parametrize("ressource", [prefixe for prefixe, _, _ in routeur.registry])
    @pytest.mark.parametrize("demande", ["bidon=1", "taille=0", "taille=x", "taille=-3"])
    def test_un_parametre_inconnu_ou_mal_ecrit_est_dit(
        self, entetes: dict[str, str], ressource: str, demande: str
    ) -> None:
        reponse = demander("GET", f"/{ressource}/?{demande}", entetes)
        assert (reponse.status_code, reponse["Content-Type"]) == (400, PROBLEME)
        assert demande.partition("=")[0] in reponse.json()["champs"]

    def test_chaque_filtre_choisit(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        logement = bailleur.logements.get(commune="94081")
        jour = timezone.localdate()
        for demande, attendu in {
            "/logements/?commune=94081": 1,
            f"/logements/?identifiant={logement.identifiant}": 1,
            "/logements/?typologie=T6": 0,
            "/logements/?hors_champ=gele": 0,
            f"/logements/?bailleur={bailleur.siren}": 2,
            "/liberations/?orientee=true": 1,
            "/liberations/?orientee=false": 1,
            "/liberations/?louee=true": 0,
            f"/liberations/?logement={logement.identifiant}": 1,
            f"/liberations/?disponible_du={jour + timedelta(days=1)}": 0,
            f"/liberations/?disponible_au={jour}": 2,
            "/conventions/?reservataire=ETAT94&etat=signee": 1,
            "/reservataires/?type=commune": 1,
            "/bailleurs/?statut=esh": 0,
            "/comptes/?compte=ETAT94/prioritaires": 1,
        }.items():
            assert len(lire(demande, entetes)["results"]) == attendu, demande

    def test_les_pages_se_suivent_sans_perte_ni_doublon(self, bailleur: Bailleur, entetes: dict[str, str]) -> None:
        for _ in range(3):
            creer_logement(bailleur)
        vus, suivante = [], f"{RACINE}/logements/?taille=2"
        while suivante:
            page = Client().get(suivante, headers=entetes).json()
            vus += [un["id"] for un in page["results"]]
            suivante = page["next"]
        assert vus == sorted(bailleur.logements.values_list("pk", flat=True))

    @pytest.mark.parametrize("curseur", ["abc", "cD1hYmM=", "cD0tMQ==", "cD3Co8KjwqM="])
    def test_un_curseur_abime_est_introuvable(self, entetes: dict[str, str], curseur: str) -> None:
        assert demander("GET", f"/logements/?curseur={curseur}", entetes).status_code == 404


class TestProblemes:
    """« erreurs au format `application/problem+json` »."""

    @pytest.mark.parametrize(
        ("methode", "chemin", "de_plus", "statut"),
        [
            ("GET", "/logements/", {"Authorization": "Jeton flux_faux"}, 401),
            ("GET", "/logements/", {"Authorization": ""}, 401),
            ("GET", "/logements/999/", {}, 404),
            ("GET", "/logements/abc/", {}, 404),
            ("GET", "/logements/99999999999999999999999/", {}, 404),
            ("GET", "/reservataires/a%00b/", {}, 404),
            ("GET", "/rien/", {}, 404),
            ("GET", "/", {}, 404),
            ("DELETE", "/logements/", {}, 405),
            ("PUT", "/liberations/1/", {}, 405),
            ("GET", "/logements/", {"Accept": "text/html"}, 406),
            ("GET", "/schema/", {"Accept": "text/xml"}, 406),
            ("POST", "/liberations/", {"Content-Type": "text/plain"}, 415),
            ("POST", "/imports/", {"Content-Type": "application/json"}, 415),
            ("POST", "/liberations/", {"Content-Type": "application/json"}, 400),
            ("GET", "/logements/", {"Host": "mal fait"}, 400),
        ],
    )
    def test_chaque_erreur_en_est_un(
        self, entetes: dict[str, str], methode: str, chemin: str, de_plus: dict[str, str], statut: int
    ) -> None:
        tous = entetes | de_plus
        forme = tous.pop("Content-Type", "application/json")
        client = Client(raise_request_exception=False)
        reponse = client.generic(methode, RACINE + chemin, "{", content_type=forme, headers=tous)
        assert (reponse.status_code, reponse["Content-Type"]) == (statut, PROBLEME), reponse.content
        corps = json.loads(reponse.content)
        assert corps["status"] == statut
        assert corps["title"]
        assert corps["detail"]
        if statut == 401:
            assert reponse["WWW-Authenticate"] == "Jeton"
        if statut == 405:
            assert "GET" in reponse["Allow"]

    def test_un_refus_de_role_aussi(self, bailleur: Bailleur) -> None:
        reponse = demander("POST", "/liberations/", ouvrir(bailleur.pk, Portee.LECTURE), {})
        assert (reponse.status_code, reponse["Content-Type"]) == (403, PROBLEME)

    def test_une_panne_aussi_et_n_en_dit_rien(self, entetes: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        def tomber(*_: Any) -> None:
            raise RuntimeError("mot secret")

        monkeypatch.setattr("conventions.api.LogementVues.get_queryset", tomber)
        reponse = demander("GET", "/logements/", entetes)
        assert (reponse.status_code, reponse["Content-Type"]) == (500, PROBLEME)
        assert "secret" not in reponse.content.decode()

    def test_trop_de_demandes_aussi_et_dit_quand_revenir(
        self, entetes: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"porteur": "2/min"})
        statuts = [demander("GET", "/logements/", entetes).status_code for _ in range(2)]
        reponse = demander("GET", "/logements/", entetes)
        assert (*statuts, reponse.status_code, reponse["Content-Type"]) == (200, 200, 429, PROBLEME)
        assert 0 < int(reponse["Retry-After"]) <= 60
        assert demander("GET", "/logements/", ouvrir(Jeton.objects.get().organisme_id)).status_code == 200

    def test_un_corps_demesure_n_est_pas_lu(self, entetes: dict[str, str]) -> None:
        gros = {"numero": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
        reponse = demander("POST", "/liberations/", entetes, gros)
        assert (reponse.status_code, reponse["Content-Type"]) == (413, PROBLEME)

    def test_une_page_de_l_ecran_garde_sa_forme(self) -> None:
        assert Client().get("/rien/")["Content-Type"].startswith("text/html")
