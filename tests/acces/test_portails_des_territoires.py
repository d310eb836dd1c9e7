"""Les portails de la métropole de Lyon, du Grand Paris et de Paris : chacun suit son territoire, et lui seul (RG-17, domaine.md § 6)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from attributions.models import Liberation
from conventions.actions.transmission import transmettre_convention
from conventions.chargement_autorites import charger_autorites
from conventions.models import Bailleur, Convention, Reservataire
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.autorites import autorite_du_territoire
from tests.acces.test_portails import ANNEE, JOUR, connecter
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db
LYON_3, BRON, VILLEFRANCHE = "69383", "69029", "69264"
CRETEIL, PARIS_11 = "94028", "75111"
LYON, GRAND_PARIS, EPT = "metropole:200046977", "metropole:200054781", "ept:200058006"
DU_TERRITOIRE = ("conventions_transmises", "controles", "communes")


def louer(bailleur: Bailleur, *communes: str, a: Reservataire | None = None) -> list[Liberation]:
    """Un logement mis en location dans l'année, dans chaque commune."""
    louees = []
    for commune in communes:
        liberation = creer_liberation(creer_logement(bailleur, commune), JOUR, date_bail=JOUR)
        creer_orientation(liberation, a, issue="bail", date_mise_a_disposition=JOUR if a else None)
        louees.append(liberation)
    return louees


def signer(bailleur: Bailleur, reservataire: Reservataire, territoire: str, departement: str) -> Convention:
    """Dix pour cent du flux de ce territoire."""
    return creer_convention(bailleur, reservataire, [("10", "", territoire)], departement=departement)


def transmettre(convention: Convention) -> None:
    """Le bailleur transmet."""
    acteur = acteur_de(convention.bailleur, Role.RESPONSABLE)
    transmettre_convention(acteur=acteur, convention_id=convention.pk)


def lire(client: Client, page: str, **plus: str) -> str:
    """Le texte d'une page du portail."""
    reponse = client.get(reverse(page), ANNEE | plus)
    assert reponse.status_code == 200, page
    texte: str = (reponse.getvalue() if reponse.streaming or plus else reponse.content).decode()
    return texte


def test_la_metropole_de_lyon_suit_ses_communes_et_pas_le_reste_du_rhone() -> None:
    bailleur, metropole = creer_bailleur("Habitat du Confluent"), creer_reservataire("GLYON", "metropole", LYON)
    lyon = creer_reservataire("LYON", "commune", "commune:69123")
    villefranche = creer_reservataire("VILLEF", "commune", f"commune:{VILLEFRANCHE}")
    sienne = signer(bailleur, metropole, LYON, "69")
    de_lyon = signer(bailleur, lyon, "commune:69123", "69")
    d_ailleurs = signer(bailleur, villefranche, f"commune:{VILLEFRANCHE}", "69")
    louer(bailleur, LYON_3, BRON, VILLEFRANCHE)
    louer(bailleur, BRON, a=metropole)
    client = connecter(metropole)

    transmises = lire(client, "conventions_transmises")
    manquent = transmises[transmises.index("manquantes") :]
    assert de_lyon.numero in manquent
    assert d_ailleurs.numero not in transmises
    assert sienne.numero not in transmises, "sa propre convention ne lui est pas transmise : elle l'a signée"
    for une in (de_lyon, d_ailleurs):
        transmettre(une)
    transmises = lire(client, "conventions_transmises")
    assert de_lyon.numero in transmises
    assert "chaque convention signée connue ici vous a été transmise" in transmises
    assert d_ailleurs.numero not in transmises

    communes = lire(client, "communes", export="csv").splitlines()[1:]
    assert {ligne.split(";")[0] for ligne in communes} == {LYON_3, BRON}
    droits = lire(client, "mes_droits", export="csv").splitlines()[1:]
    assert [ligne.split(";")[2] for ligne in droits] == ["GLYON"]
    assert "LYON" not in lire(client, "mes_droits").replace("GLYON", "")


def test_dans_le_grand_paris_l_ept_suit_son_territoire_et_la_metropole_a_des_droits_sans_territoire() -> None:
    bailleur = creer_bailleur()
    ept, metropole = creer_reservataire("EPT11", "ept", EPT), creer_reservataire("MGP", "metropole", GRAND_PARIS)
    mairie = creer_reservataire("MAIRIE", "commune", f"commune:{CRETEIL}")
    convention = signer(bailleur, mairie, f"commune:{CRETEIL}", "94")
    signer(bailleur, metropole, "departement:94", "94")
    louer(bailleur, CRETEIL, a=metropole)
    transmettre(convention)
    assert convention.numero in lire(connecter(ept), "conventions_transmises")
    assert [un.territoire for un in charger_autorites(bailleur.pk, "94")] == ["departement:94", EPT]
    client = connecter(metropole)
    droits = lire(client, "mes_droits")
    assert "Mon territoire" not in droits
    assert convention.numero not in droits
    for page in DU_TERRITOIRE:
        assert client.get(reverse(page)).status_code == 403


@pytest.mark.parametrize("territoire", ["commune:75056", "departement:75"])
def test_paris_suit_ses_arrondissements_qu_elle_soit_inscrite_commune_ou_departement(territoire: str) -> None:
    bailleur, paris = creer_bailleur("Foyers de la Seine"), creer_reservataire("PARIS", "ville_paris", territoire)
    action_logement = creer_reservataire("AL", "action_logement", "region:11")
    convention = signer(bailleur, action_logement, "departement:75", "75")
    signer(bailleur, paris, territoire, "75")
    de_creteil = signer(bailleur, creer_reservataire("CRET", "commune", f"commune:{CRETEIL}"), "departement:94", "94")
    louer(bailleur, PARIS_11, CRETEIL)
    louer(bailleur, PARIS_11, a=paris)
    client = connecter(paris)
    avant = lire(client, "conventions_transmises")
    assert convention.numero in avant
    assert de_creteil.numero not in avant
    autorites = charger_autorites(bailleur.pk, "75")
    assert [(un.qualite, un.organisme and un.organisme.pk) for un in autorites] == [
        ("Préfet", None),
        ("Maire de Paris", paris.pk),
    ]
    transmettre(convention)
    assert "chaque convention signée connue ici" in lire(client, "conventions_transmises")
    assert Convention.objects.visibles_par(acteur_de(paris)).filter(pk=convention.pk).exists()
    communes = lire(client, "communes", export="csv").splitlines()[1:]
    assert [ligne.split(";")[0] for ligne in communes] == [PARIS_11]
    assert [ligne.split(";")[2] for ligne in lire(client, "mes_droits", export="csv").splitlines()[1:]] == ["PARIS"]


def test_une_metropole_de_droit_commun_recoit_sous_l_un_ou_l_autre_de_ses_codes() -> None:
    bailleur = creer_bailleur()
    creer_logement(bailleur, "13201")
    aix = creer_reservataire("AMP", "metropole", "metropole:200054807")
    autorites = charger_autorites(bailleur.pk, "13")
    assert [(un.qualite, un.organisme and un.organisme.pk) for un in autorites] == [
        ("Préfet", None),
        ("Président de l'EPCI", aix.pk),
    ]
    convention = creer_convention(
        bailleur, creer_reservataire("CAF13"), [("10", "", "departement:13")], departement="13"
    )
    transmettre(convention)
    assert convention.numero in lire(connecter(aix), "conventions_transmises")


@pytest.mark.parametrize(
    ("type_", "territoire"),
    [("commune", f"commune:{CRETEIL}"), ("departement", "departement:94"), ("region", "region:11")],
)
def test_une_commune_un_departement_une_region_ont_des_droits_et_pas_de_territoire_a_suivre(
    type_: str, territoire: str
) -> None:
    bailleur, collectivite = creer_bailleur(), creer_reservataire("COLL", type_, territoire)
    autre = signer(bailleur, creer_reservataire("CAF94"), "departement:94", "94")
    sienne = signer(bailleur, collectivite, territoire, "94")
    louer(bailleur, CRETEIL, a=collectivite)
    transmettre(autre)
    client = connecter(collectivite)
    droits = lire(client, "mes_droits")
    assert sienne.numero in droits
    assert autre.numero not in droits
    assert "Mon territoire" not in droits
    for page in DU_TERRITOIRE:
        reponse = client.get(reverse(page))
        assert reponse.status_code == 403
        assert autre.numero not in reponse.content.decode()
    detail = reverse("detail_controle", args=[bailleur.pk, "94", "flux"])
    assert client.get(detail).status_code == 403
    assert not Convention.objects.visibles_par(acteur_de(collectivite)).filter(pk=autre.pk).exists()


@pytest.mark.regle("RG-17")
@pytest.mark.parametrize(
    ("territoire", "attendu"),
    [
        ("ept:200058006", "ept:200058006"),
        ("epci:249400001", "epci:249400001"),
        ("metropole:200054807", "epci:200054807"),
        ("metropole:200046977", "metropole:200046977"),
        ("epci:200046977", "metropole:200046977"),
        ("commune:75056", "commune:75056"),
        ("departement:75", "commune:75056"),
        ("metropole:200054781", ""),
        ("epci:200054781", ""),
        ("commune:94028", ""),
        ("departement:94", ""),
        ("region:11", ""),
        ("", ""),
    ],
)
def test_qui_recoit_se_lit_a_son_territoire(territoire: str, attendu: str) -> None:
    assert autorite_du_territoire(territoire) == attendu
