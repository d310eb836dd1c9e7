"""Le journal et le registre des consultations : lus par leur organisme, exportés avec leurs empreintes, chaîne vérifiée (RG-71)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from conventions.models import Bailleur
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.models import Consultation
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.socle import rls
from flux_reservations.socle.journal import journaliser, verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.postgresql.base import en_proprietaire
from tests.fabriques import acteur_de, creer_bailleur, creer_utilisateur

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-71")]


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur dont le journal a trois entrées."""
    bailleur = creer_bailleur()
    acteur = acteur_de(bailleur)
    for rang in range(3):
        journaliser(acteur=acteur, action="essayer", objet=bailleur, organisme_id=bailleur.pk, apres={"rang": rang})
    return bailleur


@pytest.fixture
def client_responsable(bailleur: Bailleur) -> Client:
    """Le navigateur de son responsable."""
    client = Client()
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return client


def test_le_responsable_lit_les_noms_que_le_journal_ne_contient_pas(client_responsable: Client) -> None:
    page = client_responsable.get(reverse("journal")).content.decode()
    assert "Claude Essai" in page
    assert not EntreeJournal.objects.filter(acteur__contains="Claude").exists()


def test_l_export_porte_les_empreintes_et_il_est_note(client_responsable: Client, bailleur: Bailleur) -> None:
    contenu = client_responsable.get(reverse("journal"), {"export": "csv"}).getvalue().decode()
    assert EntreeJournal.objects.get(organisme_id=bailleur.pk, rang=2).empreinte in contenu
    assert Consultation.objects.get().genre == GenreConsultation.JOURNAL


def test_la_chaine_se_verifie_a_l_ecran_et_une_entree_changee_se_voit(
    client_responsable: Client, bailleur: Bailleur
) -> None:
    assert "La chaîne tient" in client_responsable.get(reverse("verifier_journal")).content.decode()
    with en_proprietaire(), connection.cursor() as curseur:
        curseur.execute(
            "UPDATE socle_entree_journal SET motif = 'falsifié' WHERE organisme_id = %s AND rang = 2", [bailleur.pk]
        )
    assert verifier_chaine(bailleur.pk) == [2]
    assert "La chaîne est rompue" in client_responsable.get(reverse("verifier_journal")).content.decode()


def test_le_journal_d_un_autre_organisme_est_vide(bailleur: Bailleur) -> None:
    autre = acteur_de(creer_bailleur("Autre"), Role.RESPONSABLE)
    with rls.pour_acteur(autre):
        assert not EntreeJournal.objects.filter(organisme_id=bailleur.pk).exists()


def test_un_acte_d_un_autre_organisme_allonge_la_chaine_sans_la_lire(bailleur: Bailleur) -> None:
    autre = acteur_de(creer_bailleur("Autre"))
    with rls.pour_acteur(autre):
        journaliser(acteur=autre, action="contester", objet=bailleur, organisme_id=bailleur.pk)
        assert rls.contexte_courant().nature == "bailleur"
    assert verifier_chaine(bailleur.pk) == []
    assert EntreeJournal.objects.filter(organisme_id=bailleur.pk).count() == 4


def test_une_consultation_ne_se_note_qu_une_fois_par_jour(bailleur: Bailleur) -> None:
    acteur = acteur_de(bailleur)
    with rls.pour_acteur(acteur):
        for _ in range(2):
            noter_consultation(acteur, GenreConsultation.CANDIDATS, "attributions.orientation", 12)
    assert Consultation.objects.count() == 1
    noter_consultation(Acteur.systeme(), GenreConsultation.CANDIDATS, "attributions.orientation", 12)
    assert Consultation.objects.count() == 1
