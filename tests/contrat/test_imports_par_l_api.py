"""Un import déposé par l'API : essai à blanc, rapport de la commande `importer`, écriture tout ou rien, retour (formats.md § 1 et § 3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from attributions.models import Liberation
from conventions.models import Bailleur, Logement
from flux_reservations.acces.jetons import Jeton, Portee
from flux_reservations.echanges.models import ImportDepose
from flux_reservations.echanges.traitement import traiter
from tests.contrat.appels import PROBLEME, RACINE, demander, lire, ouvrir
from tests.fabriques import creer_bailleur, creer_logement, creer_reservataire

pytestmark = pytest.mark.django_db
LIBERATIONS = "numero;logement;date_disponibilite\nB1;L1;2026-12-01\nB2;L1;2026-12-02\n"


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_logement(bailleur, identifiant="L1")
    return bailleur


@pytest.fixture
def entetes(bailleur: Bailleur) -> dict[str, str]:
    return ouvrir(bailleur.pk)


def deposer(entetes: dict[str, str], cle: str = "", effet: str = "", **fichiers: str) -> Any:
    recus = [SimpleUploadedFile(f"{nom}.csv", contenu.encode()) for nom, contenu in fichiers.items()]
    donnees: dict[str, Any] = {"fichiers": recus} | ({"effet": effet} if effet else {})
    de_plus = {"Idempotency-Key": cle} if cle else {}
    return Client(raise_request_exception=False).post(f"{RACINE}/imports/", donnees, headers=entetes | de_plus)


def test_du_fichier_a_l_ecriture(entetes: dict[str, str]) -> None:
    depose = deposer(entetes, liberations=LIBERATIONS)
    assert (depose.status_code, depose.json()["etat"]) == (202, "depose")
    adresse = f"/imports/{depose.json()['id']}/"
    assert depose["Location"].endswith(RACINE + adresse)
    traiter(depose.json()["id"])
    essaye = lire(adresse, entetes)
    assert essaye["etat"] == "essaye"
    assert essaye["fichiers"] == [
        {"fichier": "liberations.csv", "type": "liberations", "lignes": 2, "crees": 2, "modifies": 0, "inchanges": 0}
    ]
    assert not Liberation.objects.exists()
    assert demander("POST", f"{adresse}appliquer/", entetes, {}).status_code == 202
    traiter(depose.json()["id"])
    assert lire(adresse, entetes)["etat"] == "applique"
    assert Liberation.objects.count() == 2
    assert demander("POST", f"{adresse}defaire/", entetes).status_code == 202
    traiter(depose.json()["id"])
    assert lire(adresse, entetes)["etat"] == "defait"
    assert not Liberation.objects.exists()


def test_une_erreur_dit_fichier_ligne_colonne_valeur_et_remede(entetes: dict[str, str]) -> None:
    depose = deposer(entetes, liberations=LIBERATIONS.replace("B2;L1", "B2;X9"))
    traiter(depose.json()["id"])
    refuse = lire(f"/imports/{depose.json()['id']}/", entetes)
    assert refuse["etat"] == "refuse"
    [erreur] = refuse["erreurs"]
    assert {nom: erreur[nom] for nom in ("fichier", "ligne", "colonne", "valeur")} == {
        "fichier": "liberations.csv",
        "ligne": 3,
        "colonne": "logement",
        "valeur": "X9",
    }
    assert demander("POST", f"/imports/{refuse['id']}/appliquer/", entetes, {}).status_code == 422
    assert demander("POST", f"/imports/{refuse['id']}/abandonner/", entetes).json()["etat"] == "annule"


def test_l_effet_date_ce_qui_change_dans_le_patrimoine(bailleur: Bailleur, entetes: dict[str, str]) -> None:
    contenu = f"bailleur;identifiant;commune;typologie;qpv\n{bailleur.siren};L1;94028;T3;QN09401I\n"
    depose = deposer(entetes, effet="2026-06-01", patrimoine=contenu).json()
    traiter(depose["id"])
    demander("POST", f"/imports/{depose['id']}/appliquer/", entetes, {})
    traiter(depose["id"])
    jours = [Logement.objects.avec_situation(timezone.localdate().replace(2026, mois, 2)).get() for mois in (5, 7)]
    assert [jour.qpv for jour in jours] == ["", "QN09401I"]  # type: ignore[attr-defined]  # annotation


def test_le_meme_depot_rejoue_n_en_fait_qu_un(entetes: dict[str, str]) -> None:
    premiere, seconde = (deposer(entetes, "k1", liberations=LIBERATIONS) for _ in range(2))
    assert premiere.json() == seconde.json()
    assert ImportDepose.objects.count() == 1
    assert deposer(entetes, "k1", liberations=LIBERATIONS + "B3;L1;2026-12-03\n").status_code == 409


@pytest.mark.parametrize("etat", ["revoque_le", "expire_le"])
def test_un_jeton_retire_entre_temps_n_ecrit_plus(entetes: dict[str, str], etat: str) -> None:
    depose = deposer(entetes, liberations=LIBERATIONS).json()
    Jeton.objects.update(**{etat: timezone.now()})
    traiter(depose["id"])
    un = ImportDepose.objects.get()
    assert (un.etat, "jeton" in un.rapport["erreurs"][0]["message"]) == ("refuse", True)


def test_les_fichiers_illisibles_ou_absents_sont_dits(entetes: dict[str, str]) -> None:
    vide = deposer(entetes)
    assert (vide.status_code, vide["Content-Type"], list(vide.json()["champs"])) == (400, PROBLEME, ["fichiers"])
    registre = deposer(entetes, bailleurs="siren;nom\n")
    assert (registre.status_code, registre.json()["code"]) == (422, "registre_commun")
    assert not ImportDepose.objects.exists()


def test_ni_lecture_seule_ni_reservataire_ni_voisin(bailleur: Bailleur, entetes: dict[str, str]) -> None:
    cle = deposer(entetes, liberations=LIBERATIONS).json()["id"]
    for jeton, statut in (
        (ouvrir(bailleur.pk, Portee.LECTURE), 403),
        (ouvrir(creer_reservataire().pk), 403),
        (ouvrir(creer_bailleur().pk), 404),
    ):
        assert demander("GET", f"/imports/{cle}/", jeton).status_code == statut
        assert demander("POST", f"/imports/{cle}/appliquer/", jeton, {}).status_code == statut


@pytest.mark.parametrize("acte", ["appliquer", "abandonner", "defaire"])
def test_un_jeton_n_agit_que_sur_ses_depots(bailleur: Bailleur, entetes: dict[str, str], acte: str) -> None:
    cle = deposer(entetes, liberations=LIBERATIONS).json()["id"]
    traiter(cle)
    if acte == "defaire":
        demander("POST", f"/imports/{cle}/appliquer/", entetes, {})
        traiter(cle)
    avant = ImportDepose.objects.values().get()
    refus = demander("POST", f"/imports/{cle}/{acte}/", ouvrir(bailleur.pk), {})
    assert (refus.status_code, "avec ce jeton" in refus.json()["detail"]) == (403, True)
    assert ImportDepose.objects.values().get() == avant
    assert demander("POST", f"/imports/{cle}/{acte}/", entetes, {}).status_code in {200, 202}
    un = ImportDepose.objects.get()
    assert un.demande_par_jeton_id == un.jeton_id is not None
    assert un.demandeur == "jeton essai"
    assert (un.acte_demande, un.demande_le is None) == (f"{acte}_import", False)


def test_un_rapport_ne_porte_aucun_numero_de_demande(entetes: dict[str, str]) -> None:
    """RG-70."""
    numero = "094125000000000001"
    depose = deposer(entetes, candidats=f"liberation;rang;numero_demande\nB1;1;{numero}\n").json()
    traiter(depose["id"])
    assert numero not in demander("GET", f"/imports/{depose['id']}/", entetes).content.decode()


def test_l_ecran_dit_quel_jeton_a_depose(bailleur: Bailleur, entetes: dict[str, str]) -> None:
    deposer(entetes, liberations=LIBERATIONS)
    assert ImportDepose.objects.get().deposant == "jeton essai"
