"""Les tableaux ajoutés au contrat suivent ses règles : une ligne que la base refuserait se dit avant, et son refus est en français."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contrat.test_colonnes_des_fichiers import ecrire
from tests.echanges.depot import SIREN, TOUT, erreurs, importer

pytestmark = [pytest.mark.django_db, pytest.mark.contrat("autres_tables", "tout_ou_rien")]
CONCERTATION = {
    "bailleur": SIREN, "departement": "94", "commune": "94028", "programme": "Lilas", "logements": "10", "livraison_le": "2026-01-01",
    "reponse_avant_le": "2025-06-01", "etat": "ouverte", "ouverte_le": "2025-05-01",
}  # fmt: skip
PART = {"bailleur": SIREN, "commune": "94028", "programme": "Lilas", "reservataire": "AL"}
MANQUEMENT = {
    "bailleur": SIREN,
    "departement": "94",
    "prefet": "ETAT94",
    "mise_en_demeure_le": "2025-03-01",
    "motif": "Sans convention",
}
DEMANDE = {
    "bailleur": SIREN, "emetteur": "AL", "genre": "precision", "objet_type": "conventions.convention", "objet_cle": "C-AL",
    "sujet": "Une ligne", "texte": "À revoir", "faite_le": "2025-03-01T10:00:00+00:00",
}  # fmt: skip
CONTACT = {
    "bailleur": SIREN, "territoire": "departement:94", "nom": "Préfecture", "voie": "recommande", "depuis": "2025-01-01",
    "saisi_le": "2025-01-01T10:00:00+00:00",
}  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Une base où tout est importé, avec une concertation."""
    assert importer(tmp_path, TOUT | {"concertations": ecrire([CONCERTATION])}).erreurs == []
    return tmp_path


@pytest.mark.parametrize(
    ("nom", "ligne", "change", "colonne"),
    [
        ("concertations", CONCERTATION, {"logements": "0"}, "logements"),
        ("concertations", CONCERTATION, {"arretee_le": "2025-06-02"}, "arretee_le"),
        ("concertations", CONCERTATION, {"etat": "arretee", "compte_rendu": "Fait"}, "arretee_le"),
        ("concertations", CONCERTATION, {"dans_le_flux_le": "2026-01-01"}, "dans_le_flux_le"),
        ("parts_concertation", PART, {"demandes": "3"}, "repondue_le"),
        ("manquements", MANQUEMENT, {"suite": "regularise"}, "suite_le"),
        ("manquements", MANQUEMENT, {"suite": "regularise", "suite_le": "2025-02-01"}, "suite_le"),
        ("manquements", MANQUEMENT, {"suite": "resiliation", "suite_le": "2025-06-01"}, "convention"),
        ("demandes", DEMANDE, {"repondue_le": "2025-03-02T10:00:00+00:00"}, "repondue_le"),
        ("demandes", DEMANDE, {"suite": "corrigee", "repondue_le": "2025-03-02T10:00:00+00:00"}, "reponse"),
        ("demandes", DEMANDE, {"objet_cle": "pas une convention"}, "objet_cle"),
        ("demandes", DEMANDE, {"objet_type": "notifications.envoi", "objet_cle": "pas une clé"}, "objet_cle"),
    ],
)  # fmt: skip
def test_une_ligne_que_la_base_refuserait_est_dite_a_sa_place(
    base: Path, nom: str, ligne: dict[str, str], change: dict[str, str], colonne: str
) -> None:
    assert importer(base, {nom: ecrire([ligne])}).erreurs == []
    rapport = importer(base, {nom: ecrire([ligne | change])})
    assert erreurs(rapport) == [(2, colonne, change.get(colonne, ""))]


def test_ce_qui_echappe_aux_controles_est_refuse_en_francais(base: Path) -> None:
    deux = [CONTACT, CONTACT | {"depuis": "2025-06-01"}]
    (erreur,) = importer(base, {"carnet": ecrire(deux)}).erreurs
    assert erreur.fichier == "carnet.csv"
    assert "Un autre contact de cette autorité vaut à ces dates : fermez-le d'abord." in erreur.message
