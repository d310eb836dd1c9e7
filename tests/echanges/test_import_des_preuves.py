"""Par fichier, un bailleur ne fabrique ni l'acte d'un autre ni une preuve : un essai par tableau ; l'administration reprend tout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bilans.models import Prevision
from conventions.models import Bailleur, ContactAutorite, Gabarit, Reservataire
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.contexte import Contexte
from flux_reservations.echanges.correspondances import deviner_type, tableaux_proposes
from flux_reservations.echanges.preuves import RESERVE_A_L_ADMINISTRATION
from flux_reservations.echanges.rapport import FichierLu, Rapport
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Tableau
from flux_reservations.echanges.tableaux import REGISTRE_COMMUN, RESERVES, TABLEAUX
from flux_reservations.socle import rls
from tests.echanges.depot import AUTRE, BAILLEURS, CONVENTIONS, RESERVATAIRES, SIREN, deposer, importer

pytestmark = pytest.mark.django_db
VIDE = "0" * 64
REFUSES = {
    "contenus": f"empreinte;morceau;octets\n{VIDE};1;QQ==\n",
    "versions_proposees": f"bailleur;convention;rang;proposee_le;piece\n{SIREN};C-AL;1;2025-01-05;{VIDE}\n",
    "complements": (
        "bailleur;convention;rang;nature;objet;piece;deposee_le\n"
        f"{SIREN};C-AL;1;annexe;Annexe 2;{VIDE} a.pdf;2025-01-05T10:00:00+00:00\n"
    ),
    "commentaires": f"bailleur;convention;rang;organisme;texte;ecrit_le\n{SIREN};C-AL;1;AL;D'accord;2025-01-05T10:00:00+00:00\n",
    "concertations": (
        "bailleur;departement;commune;programme;logements;livraison_le;reponse_avant_le;etat;ouverte_le;arretee_le\n"
        f"{SIREN};94;94028;Tilleuls;10;2027-06-01;2027-03-01;arretee;2026-01-05;2026-03-02\n"
    ),
    "parts_concertation": f"bailleur;commune;programme;reservataire;demandes;arretes\n{SIREN};94028;Tilleuls;AL;0;0\n",
    "manquements": (
        "bailleur;departement;prefet;mise_en_demeure_le;motif;suite;suite_le;suite_reference\n"
        f"{SIREN};94;ETAT94;2025-01-05;Délais;resiliation;2025-03-05;A-1\n"
    ),
}
"""Ce qu'un autre a dit ou décidé, et les octets d'une preuve ; pièces, bilans, envois, demandes : `test_export_complet`."""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Acteur]:
    """Un gestionnaire du bailleur, sous les politiques de lignes d'une requête de lui ; ses conventions sont signées."""
    importer(tmp_path, {"bailleurs": BAILLEURS, "reservataires": RESERVATAIRES, "conventions": CONVENTIONS})
    acteur = Acteur(
        nature=Nature.BAILLEUR, role=Role.GESTIONNAIRE, organisme_id=Bailleur.objects.get(siren=SIREN).pk, nom="Agent"
    )
    with rls.pour_acteur(acteur):
        yield acteur


@pytest.mark.regle("RG-20")
@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.RESPONSABLE])
@pytest.mark.parametrize("nom", REFUSES)
def test_un_bailleur_n_importe_ni_preuve_ni_acte_d_un_autre(
    tmp_path: Path, agent: Acteur, nom: str, role: Role
) -> None:
    rapport = appliquer([deposer(tmp_path, {nom: REFUSES[nom]})], acteur=agent.avec_role(role))
    assert not rapport.applique
    assert any("seule l'administration" in erreur.message for erreur in rapport.erreurs), rapport.erreurs


@pytest.mark.parametrize("classe", TABLEAUX)
def test_un_tableau_refuse_a_un_agent_ne_lui_est_ni_propose_ni_devine(agent: Acteur, classe: type[Tableau]) -> None:
    suivi = Suivi(Contexte(agent, Rapport()), tableau := classe(), FichierLu("", tableau.nom))
    tableau.traiter(suivi, [])
    refuse = [erreur.message for erreur in suivi.contexte.rapport.erreurs] == [RESERVE_A_L_ADMINISTRATION]
    reserve = refuse or tableau.nom in REGISTRE_COMMUN
    assert (tableau.nom in RESERVES) is reserve
    assert (tableau.nom in tableaux_proposes()) is not reserve
    assert not (reserve and deviner_type(list(tableau.colonnes_lues())))


@pytest.mark.regle("RG-17")
def test_le_carnet_importe_est_celui_du_bailleur_et_de_nul_autre(tmp_path: Path, agent: Acteur) -> None:
    with rls.en_systeme():
        etat = ContactAutorite.objects.create(
            territoire_id="ept:200058006", tenu_par_id=_etat(), nom="EPT", voie="courriel", courriel="a@ept.example",
            depuis="2025-01-01",
        )  # fmt: skip
    entete = "bailleur;territoire;nom;voie;courriel;depuis;saisi_le\n"
    suite = ";ept:200058006;Faux;courriel;faux@ailleurs.example;2025-01-01;2025-01-01T08:00:00+00:00\n"
    assert appliquer([deposer(tmp_path, {"carnet": entete + SIREN + suite})], acteur=agent).applique
    assert not appliquer([deposer(tmp_path, {"carnet": entete + AUTRE + suite})], acteur=agent).applique
    with rls.en_systeme():
        etat.refresh_from_db()
        assert etat.courriel == "a@ept.example"
        assert set(ContactAutorite.objects.exclude(pk=etat.pk).values_list("tenu_par_id", flat=True)) == {
            agent.organisme_id
        }


@pytest.mark.regle("RG-16")
def test_une_version_de_gabarit_ne_se_recrit_pas_par_fichier(tmp_path: Path, agent: Acteur) -> None:
    entete = "bailleur;nom;rang;texte;ecrit_le\n"
    ligne = f"{SIREN};Maison;1;Vu;2025-01-01T08:00:00+00:00\n"
    assert appliquer([deposer(tmp_path, {"gabarits": entete + ligne})], acteur=agent).applique
    autre = ligne.replace("Vu", "Autre")
    rapport = appliquer([deposer(tmp_path, {"gabarits": entete + autre})], acteur=agent.avec_role(Role.RESPONSABLE))
    assert [erreur.colonne for erreur in rapport.erreurs] == ["rang"]
    suite = autre.replace(";1;", ";2;")
    assert appliquer([deposer(tmp_path, {"gabarits": entete + ligne + suite})], acteur=agent).applique
    assert list(Gabarit.objects.order_by("rang").values_list("texte", flat=True)) == ["Vu", "Autre"]
    assert importer(tmp_path, {"gabarits": entete + autre}).applique


@pytest.mark.regle("RG-32")
def test_une_prevision_ne_se_publie_pas_par_fichier(tmp_path: Path, agent: Acteur) -> None:
    entete = "bailleur;departement;annee;commune;mises_en_location;publiee_le\n"
    publiee = f"{entete}{SIREN};94;2026;94028;12;2026-01-15T08:00:00+00:00\n"
    rapport = appliquer([deposer(tmp_path, {"previsions": publiee})], acteur=agent.avec_role(Role.RESPONSABLE))
    assert [erreur.colonne for erreur in rapport.erreurs] == ["publiee_le"]
    brouillon = publiee.replace("2026-01-15T08:00:00+00:00", "")
    assert appliquer([deposer(tmp_path, {"previsions": brouillon})], acteur=agent).applique
    assert importer(tmp_path, {"previsions": publiee}).applique
    assert Prevision.objects.get().publiee_le is not None


@pytest.mark.regle("RG-16")
def test_un_gestionnaire_ne_date_pas_la_signature_du_reservataire_par_fichier(tmp_path: Path, agent: Acteur) -> None:
    fichier = (
        f"numero;bailleur;reservataire;departement;date_signature_reservataire\nC-NEUVE;{SIREN};COMA;94;2025-05-15\n"
    )
    rapport = essayer([deposer(tmp_path, {"conventions": fichier})], acteur=agent)
    assert "réservé à un responsable" in rapport.erreurs[0].message


@pytest.mark.regle("RG-62")
def test_une_seance_d_un_autre_bailleur_ne_s_importe_pas(tmp_path: Path, agent: Acteur) -> None:
    seances = f"bailleur;date;lieu;etat\n{AUTRE};2025-01-20;Siège;close\n"
    rapport = essayer([deposer(tmp_path, {"seances": seances})], acteur=agent.avec_role(Role.RESPONSABLE))
    assert {erreur.colonne for erreur in rapport.erreurs} == {"bailleur"}


def _etat() -> int:
    return Reservataire.objects.get(code="ETAT94").pk
