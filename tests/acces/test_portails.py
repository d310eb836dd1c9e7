"""Les portails : chacun lit ses droits, ses logements, ce qui lui est transmis ; conteste, et reçoit une réponse."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from attributions.models import Candidat
from conventions.models import Bailleur, Convention, Reservataire
from flux_reservations.commun.acteur import Role
from flux_reservations.notifications.demandes import Demande
from flux_reservations.socle.journal import verifier_chaine
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)  # fmt: skip

pytestmark = pytest.mark.django_db
ANNEE = {"annee": str(date.today().year)}  # noqa: DTZ011 : l'année que la page propose
JOUR = date(date.today().year, 1, 15)  # noqa: DTZ011 : de même


def connecter(organisme: object, role: Role = Role.GESTIONNAIRE) -> Client:
    """Un navigateur au nom de cet organisme."""
    client = Client()
    client.force_login(creer_utilisateur(organisme, role))
    return client


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur et son État."""
    return creer_bailleur("Habitat de l'Orme")


@pytest.fixture
def caf() -> Reservataire:
    """Un réservataire."""
    return creer_reservataire("CAF94")


@pytest.fixture
def convention(bailleur: Bailleur, caf: Reservataire) -> Convention:
    """20 % du flux à la CAF."""
    return creer_convention(bailleur, caf, [("20", "", "departement:94")])


def louer(bailleur: Bailleur, reservataire: Reservataire | None, nombre: int = 1) -> None:
    """Des logements mis en location dans l'année, sur ce compte."""
    for _ in range(nombre):
        liberation = creer_liberation(creer_logement(bailleur), JOUR, date_bail=JOUR)
        creer_orientation(
            liberation, reservataire, issue="bail", date_mise_a_disposition=JOUR if reservataire else None
        )


@pytest.mark.regle("RG-47")
def test_un_reservataire_lit_son_droit_son_decompte_et_son_solde(
    bailleur: Bailleur, caf: Reservataire, convention: Convention
) -> None:
    louer(bailleur, caf, 1)
    louer(bailleur, None, 9)
    page = connecter(caf).get(reverse("mes_droits"), ANNEE).content.decode()
    assert "Habitat de l&#x27;Orme" in page
    assert "2,00" in page  # droit : 20 % de 10 logements
    tableur = connecter(caf).get(reverse("mes_droits"), ANNEE | {"export": "csv"}).getvalue().decode()
    assert tableur.splitlines()[1].split(";")[2:] == ["CAF94", convention.numero, "2", "2", "0", "1", "1"]


def test_il_ne_lit_pas_les_comptes_des_autres(bailleur: Bailleur, caf: Reservataire, convention: Convention) -> None:
    autre = creer_reservataire("AUTRE")
    creer_convention(bailleur, autre, [("10", "", "departement:94")])
    louer(bailleur, autre, 1)
    page = connecter(caf).get(reverse("mes_droits"), ANNEE).content.decode()
    assert "AUTRE" not in page
    detail = reverse("mon_decompte", args=[bailleur.pk, "94"])
    assert "Rien n'est décompté" in connecter(caf).get(detail, ANNEE | {"compte": "AUTRE"}).content.decode()
    assert connecter(creer_reservataire("SANS")).get(detail, ANNEE).status_code == 404


def test_un_lecteur_ne_propose_pas_de_candidat(bailleur: Bailleur, caf: Reservataire, convention: Convention) -> None:
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur)), caf, date_mise_a_disposition=JOUR)
    page = reverse("proposer_candidat", args=[orientation.pk])
    assert connecter(caf, Role.LECTEUR).get(page).status_code == 403
    donnees = {"numero_demande": "094032500000000001", "public": "", "le": JOUR.isoformat()}
    assert connecter(caf).post(page, donnees).status_code == 302
    assert Candidat.objects.get().orientation_id == orientation.pk
    assert verifier_chaine(bailleur.pk) == []


def test_un_logement_pas_encore_mis_a_disposition_ne_se_voit_pas(
    bailleur: Bailleur, caf: Reservataire, convention: Convention
) -> None:
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur)), caf)
    client = connecter(caf)
    assert client.get(reverse("logement_a_pourvoir", args=[orientation.pk])).status_code == 404
    assert "Aucun logement n'attend" in client.get(reverse("logements_a_pourvoir")).content.decode()


@pytest.mark.regle("RG-74")
def test_une_ligne_de_decompte_se_conteste_et_le_bailleur_repond_une_fois(
    bailleur: Bailleur, caf: Reservataire, convention: Convention
) -> None:
    louer(bailleur, caf, 1)
    liberation = bailleur.liberations.get()
    cible = ANNEE | {
        "bailleur": bailleur.pk, "departement": "94", "compte": "CAF94", "convention": convention.numero, "liberation": liberation.pk,
    }  # fmt: skip
    page = f"{reverse('contester')}?{'&'.join(f'{cle}={valeur}' for cle, valeur in cible.items())}"
    titulaire, agent = connecter(caf), connecter(bailleur)
    assert titulaire.post(page, {"texte": "Le logement a été rendu avant la date limite."}).status_code == 302
    assert titulaire.post(page, {"texte": "Encore."}).status_code == 409
    demande = Demande.objects.get()
    repondre = reverse("repondre_demande", args=[demande.pk])
    assert titulaire.get(repondre).status_code == 403
    assert (
        agent.post(repondre, {"suite": "maintenue", "reponse": "Rendu le lendemain de la date limite."}).status_code
        == 302
    )
    assert agent.post(repondre, {"suite": "corrigee", "reponse": "Finalement."}).status_code == 409
    assert "Rendu le lendemain" in titulaire.get(reverse("demande", args=[demande.pk])).content.decode()


@pytest.mark.regle("RG-74")
def test_une_carence_contestee_a_bon_droit_s_annule(
    bailleur: Bailleur, caf: Reservataire, convention: Convention
) -> None:
    liberation = creer_liberation(creer_logement(bailleur))
    orientation = creer_orientation(liberation, caf, issue="carence", date_mise_a_disposition=date(2025, 3, 2))
    creer_orientation(liberation, None, rang=2)
    titulaire, agent = connecter(caf), connecter(bailleur)
    assert (
        titulaire.post(
            f"{reverse('contester')}?orientation={orientation.pk}", {"texte": "Le délai courait."}
        ).status_code
        == 302
    )
    donnees = {"jusqu_au": "2099-01-01", "motif": "Le délai avait été prolongé."}
    assert agent.post(reverse("annuler_carence", args=[orientation.pk]), donnees).status_code == 302
    orientation.refresh_from_db()
    assert orientation.issue == "en_cours"
    assert liberation.orientations.get(rang=2).issue == "retire"


@pytest.mark.regle("RG-17")
def test_l_etat_voit_les_conventions_qui_manquent_chez_lui_seulement(
    bailleur: Bailleur, caf: Reservataire, convention: Convention
) -> None:
    page = reverse("conventions_transmises")
    assert convention.numero in connecter(creer_etat()).get(page).content.decode()
    assert convention.numero not in connecter(creer_etat("ETAT93", "departement:93")).get(page).content.decode()


@pytest.mark.regle("RG-36")
def test_l_etat_lit_sa_part_par_bailleur_et_par_commune(bailleur: Bailleur) -> None:
    etat = creer_etat()
    creer_convention(bailleur, etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")])
    liberation = creer_liberation(creer_logement(bailleur), JOUR, date_bail=JOUR)
    creer_orientation(liberation, etat, sous_contingent="prioritaires", issue="bail", date_mise_a_disposition=JOUR)
    louer(bailleur, None, 3)
    client = connecter(etat)
    communes = client.get(reverse("communes"), ANNEE | {"export": "csv"}).getvalue().decode()
    assert communes.splitlines()[1].endswith(";4;1;25.00")
    assert "25.00" in client.get(reverse("controles"), ANNEE | {"export": "csv"}).getvalue().decode()
