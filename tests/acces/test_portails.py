"""Les portails : chacun lit ses droits, ses logements, ce qui lui est transmis ; conteste, et reçoit une réponse."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.models import Candidat
from conventions.domaine.codes import Contrepartie
from conventions.models import Bailleur, Convention, Reservataire, ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
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
    orientation = creer_orientation(
        creer_liberation(creer_logement(bailleur)),
        caf,
        date_mise_a_disposition=JOUR,
        date_limite_prolongee=date(2099, 1, 1),
    )
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


@pytest.mark.regle("RG-26")
def test_un_delegataire_lit_les_comptes_delegues_la_ou_ils_le_sont_et_rien_d_autre(bailleur: Bailleur) -> None:
    """La mairie délègue à l'EPT chez un bailleur ; l'EPT a ses propres droits chez un autre, où la mairie n'a rien délégué."""
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028", nom="Ville de Créteil")
    ept = creer_reservataire("EPT11", "ept", "ept:200058006")
    ailleurs = creer_bailleur("Logis du Cèdre")
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")], delegataire_id=ept.pk)
    creer_convention(ailleurs, mairie, [("20", "", "commune:94028")])
    creer_convention(ailleurs, ept, [("10", "", "commune:94028")])
    for un in (bailleur, ailleurs):
        louer(un, mairie, 1)
    client = connecter(ept)
    page = client.get(reverse("mes_droits"), ANNEE)
    export = client.get(reverse("mes_droits"), ANNEE | {"export": "csv"}).getvalue().decode().splitlines()[1:]
    assert {tuple(ligne.split(";")[i] for i in (0, 2)) for ligne in export} == {
        ("Habitat de l'Orme", "MAIRIE"), ("Logis du Cèdre", "EPT11"),
    }  # fmt: skip
    assert "Par délégation" in page.content.decode()
    assert "Ville de Créteil" in page.content.decode()
    decompte = {"compte": "MAIRIE"} | ANNEE
    numeros = {un.pk: un.conventions.get(reservataire=mairie).numero for un in (bailleur, ailleurs)}
    for un, lit in ((bailleur, True), (ailleurs, False)):
        adresse = reverse("mon_decompte", args=[un.pk, "94"])
        lu = client.get(adresse, decompte | {"convention": numeros[un.pk]}).content.decode()
        assert ("Rien n'est décompté" not in lu) == lit


@pytest.mark.regle("RG-26")
def test_un_delegataire_conteste_au_nom_du_titulaire_chez_ce_bailleur(bailleur: Bailleur) -> None:
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    ept = creer_reservataire("EPT11", "ept", "ept:200058006")
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")], delegataire_id=ept.pk)
    orientation = creer_orientation(
        creer_liberation(creer_logement(bailleur), JOUR), mairie, issue="carence", date_mise_a_disposition=JOUR
    )
    page = f"{reverse('contester')}?orientation={orientation.pk}"
    assert connecter(ept).post(page, {"texte": "Le délai courait encore."}).status_code == 302
    assert Demande.objects.get().emetteur_id == ept.pk


@pytest.mark.regle("RG-37")
@pytest.mark.parametrize("quoi", ["flux", "droit", "decompte", "hors-qpv"])
def test_chaque_nombre_des_controles_se_deplie_en_totaux_sans_montrer_un_logement(
    bailleur: Bailleur, quoi: str
) -> None:
    etat = creer_etat()
    creer_convention(bailleur, etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")])
    liberation = creer_liberation(creer_logement(bailleur, adresse="3 rue du Secret"), JOUR, date_bail=JOUR)
    creer_orientation(liberation, etat, sous_contingent="prioritaires", issue="bail", date_mise_a_disposition=JOUR)
    louer(bailleur, None, 3)
    client, voisin = connecter(etat), connecter(creer_etat("ETAT93", "departement:93"))
    adresse = reverse("detail_controle", args=[bailleur.pk, "94", quoi])
    assert adresse in client.get(reverse("controles"), ANNEE).content.decode()
    page = client.get(adresse, ANNEE)
    assert page.status_code == 200
    attendu = {"flux": "Créteil", "droit": "ETAT94/agents", "decompte": "ETAT94/prioritaires", "hors-qpv": "25,00"}[
        quoi
    ]
    assert attendu in page.content.decode()
    assert "rue du Secret" not in page.content.decode()
    assert liberation.numero not in page.content.decode()
    assert voisin.get(adresse, ANNEE).status_code == 404
    assert client.get(reverse("detail_controle", args=[bailleur.pk, "94", "inconnu"]), ANNEE).status_code == 404


@pytest.mark.regle("RG-19")
def test_l_etat_voit_le_stock_sans_convention_et_demande_une_precision(bailleur: Bailleur, caf: Reservataire) -> None:
    etat = creer_etat()
    ReservationStock.objects.create(
        logement=creer_logement(bailleur), reservataire=caf, contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES
    )
    client = connecter(etat)
    page = client.get(reverse("conventions_transmises")).content.decode()
    assert "Stock sans convention" in page
    assert caf.nom in page
    demander = reverse("demander_au_bailleur", args=[bailleur.pk])
    assert client.post(demander, {"texte": "Où en est cette convention ?"}).status_code == 302
    assert Demande.objects.get().destinataire_id == bailleur.pk
    creer_convention(bailleur, caf)
    creer_convention(bailleur, etat)
    assert "Stock sans convention" not in client.get(reverse("conventions_transmises")).content.decode()
    assert connecter(caf).get(demander).status_code == 403


def test_les_conventions_transmises_se_cherchent_et_se_filtrent(bailleur: Bailleur, convention: Convention) -> None:
    etat = creer_etat()
    Envoi.objects.create(
        genre="transmission", objet_type="conventions.convention", objet_cle=str(convention.pk), emetteur_id=bailleur.pk,
        departement_id="94", destinataire_id=etat.pk, destinataire_nom="Préfecture", depose_le=timezone.now(), etat="envoye",
        objet="Transmission",
    )  # fmt: skip
    client, page = connecter(etat), reverse("conventions_transmises")
    for filtre, trouve in (
        ({"q": "Orme"}, True),
        ({"q": convention.numero}, True),
        ({"q": "néant"}, False),
        ({"accuse": "oui"}, False),
    ):
        export = client.get(page, filtre | {"export": "csv"}).getvalue().decode()
        assert (convention.numero in export) == trouve
