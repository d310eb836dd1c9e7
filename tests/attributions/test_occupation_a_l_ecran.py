"""L'occupation d'une résidence se saisit, se corrige et se retire à l'écran, ligne à ligne, comme elle s'importe (RG-51)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.actions.occupations import OccupationSaisie, corriger_une_occupation, saisir_une_occupation
from attributions.models import Occupation
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, Introuvable
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.presentation import ecrire_date
from tests.fabriques import acteur_de, creer_bailleur, creer_logement, creer_reservataire, creer_utilisateur

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-51")]
LE = date(2024, 1, 1)
VIDES = {"sous_60_plafonds": "", "allocataires": "", "monoparentales": "", "emmenages_recents": "", "commune": ""}


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur, une résidence à Créteil."""
    bailleur = creer_bailleur()
    creer_logement(bailleur, programme="Les Lilas")
    return bailleur


def connecter(bailleur: Bailleur, role: Role = Role.GESTIONNAIRE) -> Client:
    """Un navigateur d'agent."""
    client = Client()
    client.force_login(creer_utilisateur(bailleur, role))
    return client


def saisir(client: Client, **champs: Any) -> Any:
    """Ce que la page envoie."""
    donnees = VIDES | {"programme": "Les Lilas", "enquete_le": LE.isoformat(), "menages": "84"} | champs
    return client.post(reverse("saisir_occupation"), donnees)


def test_une_enquete_se_saisit_se_corrige_et_se_retire(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    assert saisir(client, sous_60_plafonds="51").status_code == 302
    une = Occupation.objects.get()
    assert (une.menages, une.sous_60_plafonds, une.allocataires, une.commune_id) == (84, 51, None, None)
    corriger = reverse("corriger_occupation", args=[une.pk])
    assert 'value="51"' in client.get(corriger).content.decode()
    lue = client.get(corriger).context["form"].initial
    donnees = {nom: "" if valeur is None else valeur for nom, valeur in lue.items()}
    assert (
        client.post(corriger, donnees | {"menages": "90", "allocataires": "40", "commune": "94028"}).status_code == 302
    )
    une.refresh_from_db()
    assert (une.menages, une.sous_60_plafonds, une.allocataires, une.commune_id) == (90, 51, 40, "94028")
    retirer = reverse("retirer_occupation", args=[une.pk])
    assert dict(client.get(retirer).context["recapitulatif"])["Enquête du"] == ecrire_date(LE)
    assert client.post(retirer).status_code == 302
    assert not Occupation.objects.exists()
    notees = EntreeJournal.objects.order_by("rang").values_list("action", "apres")
    assert [action for action, _ in notees] == [
        f"{verbe}_une_occupation" for verbe in ("saisir", "corriger", "retirer")
    ]
    assert all(apres == {"programme": "Les Lilas", "enquete_le": "2024-01-01"} for _, apres in notees)


@pytest.mark.parametrize(
    ("champs", "champ", "remede"),
    [
        ({"allocataires": "85"}, "allocataires", "Plus que de ménages enquêtés (84)"),
        ({"menages": "-1"}, "menages", "supérieure ou égale à 0"),
        ({"menages": "quatre"}, "menages", "nombre entier"),
        ({"programme": "Ailleurs"}, "programme", "Sélectionnez un choix valide"),
        ({"commune": "94081"}, "commune", "Sélectionnez un choix valide"),
        ({"enquete_le": (timezone.localdate() + timedelta(days=1)).isoformat()}, "enquete_le", "pas encore eu lieu"),
    ],
)
def test_une_saisie_fautive_dit_le_champ_et_le_remede_et_rien_n_est_ecrit(
    bailleur: Bailleur, champs: dict[str, str], champ: str, remede: str
) -> None:
    reponse = saisir(connecter(bailleur), **champs)
    assert reponse.status_code == 422
    assert remede in " ".join(reponse.context["form"].errors[champ])
    assert not Occupation.objects.exists()


def test_la_meme_enquete_ne_se_saisit_pas_deux_fois(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    assert saisir(client).status_code == 302
    reponse = saisir(client, menages="85")
    assert reponse.status_code == 422
    assert "corrigez-la plutôt" in " ".join(reponse.context["form"].errors["enquete_le"])
    assert Occupation.objects.get().menages == 84


def test_une_commune_ou_la_residence_n_a_rien_est_refusee(bailleur: Bailleur) -> None:
    creer_logement(bailleur, "94081", programme="Les Roses")
    reponse = saisir(connecter(bailleur), commune="94081")
    assert reponse.status_code == 422
    assert "n'a pas de logement dans cette commune" in " ".join(reponse.context["form"].errors["commune"])


def test_la_liste_dit_ce_que_l_agent_lit_et_tait_les_effectifs(bailleur: Bailleur) -> None:
    for le, champs in ((LE, {"allocataires": 61}), (date(2022, 1, 1), {}), (date(2099, 1, 1), {})):
        Occupation.objects.create(bailleur=bailleur, programme="Les Lilas", enquete_le=le, menages=84, **champs)
    client = connecter(bailleur)
    export = client.get(reverse("occupations"), {"export": "csv"}).getvalue().decode().splitlines()[1:]
    assert [ligne.split(";")[2:5:2] for ligne in export] == [
        ["2099-01-01", "À venir"],
        ["2024-01-01", "Lue"],
        ["2022-01-01", "Remplacée"],
    ]
    assert "61" not in "".join(export)


def test_ni_un_lecteur_ni_un_autre_bailleur_ni_un_reservataire_n_y_touchent(bailleur: Bailleur) -> None:
    saisie = OccupationSaisie("Les Lilas", LE, 84)
    une = saisir_une_occupation(acteur=acteur_de(bailleur), saisie=saisie, le=LE)
    for acteur in (acteur_de(bailleur, Role.LECTEUR), acteur_de(creer_reservataire("CAF94"), Role.RESPONSABLE)):
        with pytest.raises(AccesRefuse):
            corriger_une_occupation(acteur=acteur, occupation_id=une.pk, saisie=saisie, le=LE)
    voisin = creer_bailleur("Autre")
    creer_logement(voisin, programme="Les Lilas")
    with pytest.raises(Introuvable):
        corriger_une_occupation(acteur=acteur_de(voisin), occupation_id=une.pk, saisie=saisie, le=LE)
    assert connecter(voisin).get(reverse("corriger_occupation", args=[une.pk])).status_code == 404
