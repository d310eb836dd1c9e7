"""Les besoins exprimés par les réservataires : saisis au portail, lus à l'orientation, ignorés du moteur (RG-51)."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from attributions.actions.besoins import BesoinSaisi, exprimer_un_besoin, modifier_un_besoin, retirer_un_besoin
from attributions.models import Besoin
from conventions.domaine.codes import Contrepartie
from conventions.models import ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle import rls
from tests.attributions.dossier import Dossier
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-51")]
LE = date(2026, 3, 2)
FIN = date(2026, 12, 31)


def test_un_besoin_est_lu_des_bailleurs_qu_il_vise_seulement(dossier: Dossier) -> None:
    saisi = BesoinSaisi(12, FIN, typologie="T4", pmr=True, bailleur_id=dossier.liberation.bailleur_id)
    exprimer_un_besoin(acteur=dossier.caf, saisi=saisi, le=LE)
    assert Besoin.objects.visibles_par(dossier.agent).count() == 1
    assert Besoin.objects.visibles_par(acteur_de(creer_bailleur())).count() == 0


def test_un_besoin_sans_bailleur_n_est_lu_que_des_bailleurs_lies(dossier: Dossier) -> None:
    exprimer_un_besoin(acteur=dossier.caf, saisi=BesoinSaisi(3, FIN), le=LE)
    etranger = creer_bailleur()
    du_stock = creer_bailleur()
    ReservationStock.objects.create(
        logement=creer_logement(du_stock), reservataire=dossier.reservataire, contrepartie=Contrepartie.GARANTIE_EMPRUNT
    )
    creer_convention(etranger, dossier.reservataire, etat="brouillon")
    attendus = {dossier.liberation.bailleur: 1, du_stock: 1, etranger: 0}
    for bailleur, nombre in attendus.items():
        acteur = acteur_de(bailleur)
        assert Besoin.objects.visibles_par(acteur).count() == nombre
        with rls.pour_acteur(acteur):  # la politique de lignes dit la même chose, sans le QuerySet
            assert Besoin.objects.count() == nombre


def test_un_besoin_deja_echu_dit_quoi_corriger(dossier: Dossier) -> None:
    with pytest.raises(ErreurMetier, match="jusqu'où le besoin vaut") as refus:
        exprimer_un_besoin(acteur=dossier.caf, saisi=BesoinSaisi(3, date(2026, 3, 1)), le=LE)
    assert refus.value.champ == "valable_jusqu_au"


def test_seul_le_reservataire_change_ou_retire_son_besoin(dossier: Dossier) -> None:
    besoin = exprimer_un_besoin(acteur=dossier.caf, saisi=BesoinSaisi(3, FIN), le=LE)
    with pytest.raises(AccesRefuse):
        retirer_un_besoin(acteur=dossier.agent, besoin_id=besoin.pk)
    with pytest.raises(Introuvable):
        retirer_un_besoin(acteur=acteur_de(creer_reservataire("MSA")), besoin_id=besoin.pk)
    with pytest.raises(AccesRefuse):
        exprimer_un_besoin(acteur=dossier.caf.avec_role(Role.LECTEUR), saisi=BesoinSaisi(3, FIN), le=LE)
    modifier_un_besoin(acteur=dossier.caf, besoin_id=besoin.pk, saisi=BesoinSaisi(2, FIN, typologie="T2"), le=LE)
    assert Besoin.objects.get().nb_menages == 2
    retirer_un_besoin(acteur=dossier.caf, besoin_id=besoin.pk)
    assert not Besoin.objects.exists()


def test_le_portail_saisit_un_besoin_et_le_bailleur_le_lit(dossier: Dossier) -> None:
    portail, bailleur = Client(), Client()
    moteur = "django.contrib.auth.backends.ModelBackend"
    portail.force_login(creer_utilisateur(dossier.reservataire), backend=moteur)
    bailleur.force_login(creer_utilisateur(dossier.liberation.bailleur), backend=moteur)
    refus = portail.post(
        "/besoins/exprimer/", {"nb_menages": "4", "commune": "00000", "valable_jusqu_au": "2099-12-31"}
    )
    assert refus.status_code == 422
    assert "code INSEE" in refus.content.decode()
    portail.post(
        "/besoins/exprimer/",
        {
            "nb_menages": "4",
            "typologie": "T3",
            "commune": "94028",
            "valable_jusqu_au": "2099-12-31",
            "precision": "Près du RER",
        },
    )
    assert "Retirer" in portail.get("/besoins/").content.decode()
    assert "Créteil" in bailleur.get("/besoins/").content.decode()
