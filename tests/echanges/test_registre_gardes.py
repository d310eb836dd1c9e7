"""Ce que le registre commun refuse : un second préfet, un changement de nature sous des accès, un nom sur deux lignes."""

from __future__ import annotations

import pytest
from django.urls import reverse

from flux_reservations.acces.jetons import Jeton
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import Conflit, ErreurMetier
from flux_reservations.echanges.actions import ecrire_des_lignes
from flux_reservations.echanges.lecture.fichiers import lignes_donnees
from flux_reservations.echanges.registre.actions import demandes, registre
from flux_reservations.echanges.registre.actions.demandes import OrganismeDemande
from flux_reservations.notifications.models import Envoi
from tests.echanges.test_registre import SAISIE, SIREN_NEUF, admin, administration, agent, connecter, deposer, poster
from tests.fabriques import acteur_de, creer_bailleur, creer_etat, creer_reservataire

pytestmark = pytest.mark.django_db
__all__ = ["admin", "administration", "agent"]
PREFET_BIS = {"code": "PREFET", "nom": "Préfecture bis", "type": "etat", "territoire": "departement:94"}


@pytest.mark.regle("RG-02")
def test_un_second_prefet_sur_un_departement_est_refuse_a_l_ecran_et_dit_a_l_exploitant(admin: Acteur) -> None:
    creer_etat()
    reponse = poster(admin, "inscrire_reservataire", PREFET_BIS)
    assert reponse.status_code == 422
    assert "(ETAT94), de type « État », sur ce territoire" in reponse.content.decode()
    autre = creer_reservataire("CAF94", nom="CAF")
    with pytest.raises(ErreurMetier, match="il ne peut y en avoir qu'un") as refus:
        registre.corriger_organisme(acteur=admin, organisme_id=autre.pk, valeurs={"nom": "CAF", "type": "etat"})
    assert refus.value.champ == "territoire"
    deux = "code;nom;type;territoire\nV1;Vitry;commune;commune:94081\nV2;Vitry;commune;commune:94081\n"
    assert deposer(admin, "reservataires.csv", deux).etat == "refuse"
    rapport = ecrire_des_lignes(lignes_donnees("reservataires", [PREFET_BIS]), acteur=Acteur.systeme())
    assert rapport.est_accepte
    assert "(ETAT94)" in rapport.avertissements[0].message


@pytest.mark.regle("RG-02")
def test_deux_fiches_echangent_leur_territoire_et_un_ancien_doublon_se_corrige(admin: Acteur) -> None:
    creer_reservataire("A", "commune", "commune:94028", nom="A")
    creer_reservataire("B", "commune", "commune:94081", nom="B")
    un = deposer(admin, "reservataires.csv", "code;nom;type;territoire\nA;A;commune;94081\nB;B;commune;94028\n")
    assert un.etat == "refuse", "un territoire se dit avec sa sorte"
    echange = "code;nom;type;territoire\nA;A;commune;commune:94081\nB;B;commune;commune:94028\n"
    assert deposer(admin, "reservataires.csv", echange).etat == "essaye"
    rejoint = "code;nom;type;territoire\nA;A;commune;commune:94081\nB;B;commune;commune:94081\n"
    assert deposer(admin, "reservataires.csv", rejoint).etat == "refuse"
    bis = creer_reservataire("BIS", "commune", "commune:94081", nom="Bis")
    assert registre.corriger_organisme(
        acteur=admin, organisme_id=bis.pk, valeurs={"nom": "Doublon", "type": "commune"}
    ).change


@pytest.mark.regle("RG-02")
def test_qui_a_des_acces_ne_change_pas_de_nature(admin: Acteur) -> None:
    caf = creer_reservataire("CAF94", nom="CAF")
    personne = acteur_de(caf)
    with pytest.raises(ErreurMetier, match="1\N{NO-BREAK SPACE}personne") as refus:
        registre.corriger_organisme(acteur=admin, organisme_id=caf.pk, valeurs={"nom": "CAF", "type": "etat"})
    assert refus.value.champ == "type"
    assert registre.corriger_organisme(
        acteur=admin, organisme_id=caf.pk, valeurs={"nom": "CAF", "type": "employeur"}
    ).change
    Rattachement.objects.filter(utilisateur_id=personne.utilisateur_id).update(clos_le="2026-01-01T00:00:00Z")
    Jeton.objects.create(organisme=caf, usage="Essai", empreinte="8" * 64, debut="frs_essai")
    with pytest.raises(ErreurMetier, match="1\N{NO-BREAK SPACE}jeton"):
        registre.corriger_organisme(acteur=admin, organisme_id=caf.pk, valeurs={"nom": "CAF", "type": "etat"})
    Jeton.objects.update(revoque_le="2026-01-01T00:00:00Z")
    assert registre.corriger_organisme(acteur=admin, organisme_id=caf.pk, valeurs={"nom": "CAF", "type": "etat"}).change


@pytest.mark.parametrize(("type_", "repris"), [("etat", False), ("commune", False), ("organisme", True)])
def test_le_courriel_d_un_prefet_ou_d_une_mairie_demandes_se_verifie(
    admin: Acteur, agent: Acteur, type_: str, repris: bool
) -> None:
    territoire = {"etat": "departement:94"}.get(type_, "commune:94081")
    demande = OrganismeDemande("Demandé", type_, territoire=territoire, courriel="moi@bailleur.example")
    une = demandes.demander_organisme(acteur=agent, demande=demande)
    adresse = reverse("inscrire_reservataire") + f"?demande={une.pk}"
    assert ("moi@bailleur.example" in connecter(admin).get(adresse).content.decode()) is repris


@pytest.mark.parametrize("nom", ["Ville de Vitry\nBcc: tous@essai.example", "Ville\tde Vitry"])
def test_un_nom_tient_sur_une_ligne(admin: Acteur, agent: Acteur, nom: str) -> None:
    demande = {"nom": nom, "type": "commune", "territoire": "commune:94081"}
    reponse = poster(agent, "demander_organisme", demande)
    assert (reponse.status_code, "Un nom tient sur une ligne" in reponse.content.decode()) == (422, True)
    with pytest.raises(ErreurMetier, match="tient sur une ligne"):
        demandes.demander_organisme(acteur=agent, demande=OrganismeDemande(**demande))
    assert poster(admin, "inscrire_reservataire", SAISIE | {"nom": nom}).status_code == 422
    with pytest.raises(ErreurMetier, match="sans saut de ligne"):
        registre.inscrire_organisme(acteur=admin, tableau="reservataires", valeurs=SAISIE | {"nom": nom})
    un = deposer(admin, "bailleurs.csv", f'siren;nom\n{SIREN_NEUF};"{nom}"\n')
    assert (un.etat, un.rapport["erreurs"][0]["colonne"]) == ("refuse", "nom")
    assert not Envoi.objects.exists()


def test_un_bailleur_n_a_pas_plus_de_vingt_demandes_en_attente(admin: Acteur, agent: Acteur) -> None:
    for rang in range(demandes.DEMANDES_EN_ATTENTE_AU_PLUS):
        une = demandes.demander_organisme(acteur=agent, demande=OrganismeDemande(f"CAF {rang}", "organisme"))
    with pytest.raises(Conflit, match="attendent une réponse"):
        demandes.demander_organisme(acteur=agent, demande=OrganismeDemande("De trop", "organisme"))
    autre = acteur_de(creer_bailleur("Logis du Cèdre"))
    assert demandes.demander_organisme(acteur=autre, demande=OrganismeDemande("De trop", "organisme")).pk
    demandes.refuser_la_demande(acteur=admin, demande_id=une.pk, motif="Pas réservataire.")
    assert demandes.demander_organisme(acteur=agent, demande=OrganismeDemande("De trop", "organisme")).pk
