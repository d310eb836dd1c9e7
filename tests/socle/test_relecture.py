"""Deux agents, un document : un acte irréversible ne fige que ce qui a été lu (RG-16, RG-18, RG-62, RG-63)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from attributions.models import Candidat, Inscription, Orientation, Seance
from bilans.models import Bilan
from conventions.chargement_texte import gabarit_courant
from conventions.models import Bailleur, Convention, Gabarit, ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.series.models import Serie
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.relecture import exiger_la_version_lue
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db
EMPREINTE = "0" * 64


@dataclass(frozen=True)
class Cas:
    """Un acte : sa page, la page qu'on lit avant, sa saisie, ce qu'un collègue change entre-temps, ce qui dit qu'il est fait."""

    adresse: str
    page_lue: str
    saisie: dict[str, str]
    changer: Callable[[], object]
    est_fait: Callable[[], bool]


def _convention(bailleur: Bailleur, etat: str) -> Convention:
    return creer_convention(bailleur, creer_reservataire("MSA"), etat=etat)


def cas_signer(bailleur: Bailleur) -> Cas:
    """Signer une convention proposée : un collègue en change le taux."""
    convention = _convention(bailleur, "proposee")
    return Cas(
        reverse("signer_convention", args=[convention.pk]),
        reverse("convention", args=[convention.pk]),
        {"signature_bailleur": "2026-01-05", "signature_reservataire": "2026-01-08"},
        lambda: convention.droits.update(taux="12"),
        lambda: Convention.objects.filter(pk=convention.pk, etat="signee").exists(),
    )


def cas_proposer(bailleur: Bailleur) -> Cas:
    """Proposer un brouillon : un collègue en change une clause."""
    convention = _convention(bailleur, "brouillon")
    return Cas(
        reverse("proposer_convention", args=[convention.pk]),
        reverse("controler_convention", args=[convention.pk]),
        {"le": "2026-01-05"},
        lambda: Convention.objects.filter(pk=convention.pk).update(carence_decomptee=False),
        lambda: Convention.objects.filter(pk=convention.pk, etat="proposee").exists(),
    )


def cas_informer(bailleur: Bailleur) -> Cas:
    """Envoyer l'état des lieux : un collègue importe un droit en stock."""
    caf = creer_reservataire("CAF94", courriel="caf@essai.example")
    creer_convention(bailleur, caf)
    logement = creer_logement(bailleur)
    return Cas(
        reverse("informer_prealablement", args=["94"]),
        reverse("etat_des_lieux", args=["94"]),
        {},
        lambda: ReservationStock.objects.create(
            logement=logement, reservataire=caf, contrepartie="logements_identifies"
        ),
        Envoi.objects.exists,
    )


def cas_clore(bailleur: Bailleur) -> Cas:
    """Clore une séance : un collègue y inscrit un logement et en décide."""
    seance = Seance.objects.create(bailleur=bailleur, date=date(2026, 3, 12), lieu="Siège")
    caf = creer_reservataire("CAF94")
    creer_convention(bailleur, caf)
    orientation = creer_orientation(creer_liberation(creer_logement(bailleur), date(2026, 3, 2)), caf)
    return Cas(
        reverse("clore_seance", args=[seance.pk]),
        reverse("seance", args=[seance.pk]),
        {},
        lambda: Inscription.objects.create(
            seance=seance, orientation=orientation, ordre=1, decision="non_attribution", motif_nombre="insuffisance"
        ),
        lambda: Seance.objects.filter(pk=seance.pk, etat="close").exists(),
    )


def cas_clore_apres_un_candidat_corrige(bailleur: Bailleur) -> Cas:
    """Clore une séance : un collègue corrige le public d'une demande, que le procès-verbal cite."""
    cas = cas_clore(bailleur)
    cas.changer()
    candidat = Candidat.objects.create(
        orientation=Orientation.objects.get(),
        numero_demande="094012345678901234",
        decision="non_attribution",
        date_examen=date(2026, 3, 12),
    )
    return replace(cas, changer=lambda: Candidat.objects.filter(pk=candidat.pk).update(public="dalo"))


def cas_proposer_tout(bailleur: Bailleur) -> Cas:
    """Proposer tous les brouillons d'un département : un collègue en change un taux."""
    convention = _convention(bailleur, "brouillon")
    return Cas(
        reverse("proposer_tout", args=["94"]),
        reverse("tableau_departement", args=["94"]),
        {"le": "2026-01-05"},
        lambda: convention.droits.update(taux="12"),
        lambda: Convention.objects.filter(pk=convention.pk, etat="proposee").exists(),
    )


def cas_transmettre_tout(bailleur: Bailleur) -> Cas:
    """Transmettre ce qui est signé : un collègue vient d'en signer une sans sa pièce, que la page ne montrait pas."""
    creer_convention(bailleur, creer_reservataire("MSA"))
    return Cas(
        reverse("transmettre_tout", args=["94"]),
        reverse("tableau_departement", args=["94"]),
        {},
        lambda: creer_convention(bailleur, creer_reservataire("CROUS")),
        Serie.objects.exists,
    )


CAS = [cas_signer, cas_proposer, cas_informer, cas_clore, cas_clore_apres_un_candidat_corrige]
EN_NOMBRE = [cas_proposer_tout, cas_transmettre_tout]
"""Leur page montre la liste : on y lit avant de confirmer, aucune fiche n'en porte l'empreinte."""


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


@pytest.fixture
def agent(bailleur: Bailleur) -> Client:
    """La responsable qui lit, puis agit ; un collègue, lui, change le document entre les deux."""
    client = Client()
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return client


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("creer", [*CAS, *EN_NOMBRE])
def test_ce_qui_a_change_depuis_la_lecture_ne_se_fige_pas(
    agent: Client, bailleur: Bailleur, creer: Callable[[Bailleur], Cas]
) -> None:
    cas = creer(bailleur)
    lue = empreinte_portee(agent, cas.adresse)
    cas.changer()
    avant = (Piece.objects.count(), Envoi.objects.count(), EntreeJournal.objects.count())
    reponse = agent.post(cas.adresse, cas.saisie | lue)
    texte = html.unescape(reponse.content.decode())
    assert reponse.status_code == 409
    assert "a changé depuis que vous l'avez lu : rien n'est enregistré. Relisez-le, puis recommencez" in texte
    assert not cas.est_fait()
    assert (Piece.objects.count(), Envoi.objects.count(), EntreeJournal.objects.count()) == avant
    assert "empreinte_lue" not in texte, "reposter la même page ne doit pas suffire : il faut relire"
    relue = empreinte_portee(agent, cas.adresse)
    assert relue != lue
    assert agent.post(cas.adresse, cas.saisie | relue).status_code == 302
    assert cas.est_fait()


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("creer", [*CAS, *EN_NOMBRE])
def test_agir_sans_dire_ce_qu_on_a_lu_est_refuse(
    agent: Client, bailleur: Bailleur, creer: Callable[[Bailleur], Cas]
) -> None:
    cas = creer(bailleur)
    assert agent.post(cas.adresse, cas.saisie).status_code == 409
    assert agent.post(cas.adresse, cas.saisie | {"empreinte_lue": EMPREINTE}).status_code == 409
    assert not cas.est_fait()


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("creer", CAS)
def test_la_page_lue_porte_l_empreinte_jusqu_a_la_confirmation(
    agent: Client, bailleur: Bailleur, creer: Callable[[Bailleur], Cas]
) -> None:
    """Ce qu'on a lu est la fiche, pas la page de confirmation : changé entre les deux, on est renvoyé à la relecture."""
    cas = creer(bailleur)
    page = agent.get(cas.page_lue).content.decode()
    lien = re.search(rf'href="({re.escape(cas.adresse)}\?lue=[0-9a-f]{{64}})"', page)
    assert lien, "la page lue ne porte pas son empreinte"
    assert "<form" in agent.get(lien[1]).content.decode().partition("<main")[2]
    cas.changer()
    perimee = agent.get(lien[1]).content.decode()
    assert "a changé depuis que vous l'avez lu" in perimee
    assert 'name="empreinte_lue"' not in perimee


@pytest.mark.regle("RG-16")
def test_un_brouillon_signe_garde_le_texte_qu_on_a_lu(agent: Client, bailleur: Bailleur) -> None:
    """Signé sans avoir été proposé, il se lisait par la dernière version du gabarit : c'est elle qui fait foi, pas celle d'avant."""
    ancien, nouveau = (
        Gabarit.objects.create(bailleur=bailleur, nom="Usuel", rang=rang, texte="Texte.") for rang in (1, 2)
    )
    convention = creer_convention(bailleur, creer_reservataire("MSA"), etat="brouillon", gabarit=ancien)
    assert gabarit_courant(convention) == nouveau
    adresse = reverse("signer_convention", args=[convention.pk])
    saisie = {"signature_bailleur": "2026-01-05", "signature_reservataire": "2026-01-08"}
    assert agent.post(adresse, saisie | empreinte_portee(agent, adresse)).status_code == 302
    convention.refresh_from_db()
    assert (convention.etat, gabarit_courant(convention)) == ("signee", nouveau)


@pytest.mark.regle("RG-63")
def test_un_bilan_refait_depuis_la_lecture_ne_se_publie_pas(agent: Client, bailleur: Bailleur) -> None:
    bilan = Bilan.objects.create(
        bailleur=bailleur,
        departement_id="94",
        annee=2025,
        genre="caleol",
        etat="pret",
        version=1,
        donnees={"flux": {}},
        empreinte=calculer_empreinte({"flux": {}}),
        pdf=Piece.objects.deposer(
            organisme_id=bailleur.pk, genre="bilan", nom="b.pdf", type_mime="application/pdf", octets=b"%PDF-"
        ),
    )
    adresse = reverse("bilan_publier", args=[bilan.pk])
    saisie = {"confirme": "on", "date_seance": "2026-03-05"} | empreinte_portee(agent, adresse)
    Bilan.objects.filter(pk=bilan.pk).update(donnees={"flux": 1}, empreinte=calculer_empreinte({"flux": 1}))
    assert agent.post(adresse, saisie).status_code == 409
    assert Bilan.objects.get(pk=bilan.pk).etat == "pret"
    assert agent.post(adresse, saisie | empreinte_portee(agent, adresse)).status_code == 302
    assert Bilan.objects.get(pk=bilan.pk).etat == "publie"


def test_qui_n_a_rien_lu_n_est_pas_compare() -> None:
    exiger_la_version_lue(None, EMPREINTE)
    exiger_la_version_lue(EMPREINTE, EMPREINTE)
