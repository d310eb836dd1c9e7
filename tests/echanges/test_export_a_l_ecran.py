"""« Exporter tout » à l'écran : une tâche, un seul export à la fois, repris, gardé un temps borné, réservé et noté (RG-70, RG-71)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.acces.models import Consultation, Rattachement
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.export_complet import actions
from flux_reservations.echanges.export_complet.modeles import GARDE, ExportComplet, MorceauExport
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.chiffrement import chiffrer_octets
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import acteur_de, creer_bailleur, creer_logement, creer_utilisateur

pytestmark = pytest.mark.django_db
MOTIF = "Changement de logiciel"


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_logement(bailleur, identifiant="L1")
    return bailleur


@pytest.fixture
def responsable(bailleur: Bailleur) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return client


def demander(client: Client) -> ExportComplet:
    assert client.post(reverse("exporter_tout"), {"motif": MOTIF}).status_code == 302
    return ExportComplet.objects.latest("pk")


def test_demande_suivi_avis_puis_archive(responsable: Client) -> None:
    export = demander(responsable)
    page = responsable.get(reverse("exporter_tout")).content.decode()
    assert "Tableaux exportés" in page
    assert 'name="motif"' not in page
    assert actions.fabriquer(export.pk) == "pret"
    page = responsable.get(reverse("exporter_tout")).content.decode()
    assert reverse("telecharger_export", args=[export.pk]) in page
    [avis] = Envoi.objects.filter(objet="Votre export complet est prêt")
    assert reverse("exporter_tout") in avis.corps
    reponse = responsable.get(reverse("telecharger_export", args=[export.pk]))
    octets = reponse.getvalue()
    export.refresh_from_db()
    assert (len(octets), hashlib.sha256(octets).hexdigest()) == (export.taille, export.empreinte)
    with ZipFile(BytesIO(octets)) as archive:
        assert archive.testzip() is None
        assert "L1" in archive.read("patrimoine.csv").decode()
    actes = EntreeJournal.objects.filter(objet_type="echanges.exportcomplet").values_list("action", flat=True)
    assert sorted(actes) == ["exporter_tout", "telecharger_export"]
    assert {une.motif for une in Consultation.objects.all()} == {MOTIF}


def test_un_double_clic_ne_fait_qu_un_export(responsable: Client) -> None:
    assert demander(responsable).pk == demander(responsable).pk
    assert EntreeJournal.objects.filter(action="exporter_tout").count() == 1


def test_une_archive_faite_ne_se_refait_pas(responsable: Client) -> None:
    export = demander(responsable)
    actions.fabriquer(export.pk)
    assert actions.fabriquer(export.pk) is None
    assert MorceauExport.objects.count() == 1


def test_une_archive_prete_remplace_la_precedente(responsable: Client, bailleur: Bailleur) -> None:
    premier = demander(responsable)
    actions.fabriquer(premier.pk)
    voisin = creer_bailleur()
    autre = actions.demander_export(acteur=acteur_de(voisin, Role.RESPONSABLE), motif=MOTIF)
    actions.fabriquer(autre.pk)
    second = demander(responsable)
    premier.refresh_from_db()
    assert premier.etat == "pret"
    assert actions.fabriquer(second.pk) == "pret"
    premier.refresh_from_db()
    assert premier.etat == "efface"
    assert set(MorceauExport.objects.values_list("export_id", flat=True)) == {second.pk, autre.pk}


def test_l_archive_d_un_grand_parc_s_ecrit_par_morceaux(responsable: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MORCEAU", 200)
    monkeypatch.setattr("flux_reservations.echanges.exportation.MORCEAU", 100)
    export = demander(responsable)
    actions.fabriquer(export.pk)
    assert MorceauExport.objects.count() > 3
    assert not any(bytes(un.octets).startswith(b"PK") for un in MorceauExport.objects.all())
    reponse = responsable.get(reverse("telecharger_export", args=[export.pk]))
    octets = reponse.getvalue()
    assert hashlib.sha256(octets).hexdigest() == ExportComplet.objects.get().empreinte


class TestProcessusTue:
    def test_tue_au_milieu_rien_n_est_a_moitie_ecrit_et_la_reprise_le_refait(
        self, responsable: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = demander(responsable)

        def mourir(*_: Any) -> Iterator[bytes]:
            yield b"debut"
            raise SystemExit

        with monkeypatch.context() as rustine:
            rustine.setattr(actions, "archiver", mourir)
            with pytest.raises(SystemExit):
                actions.fabriquer(export.pk)
        export.refresh_from_db()
        assert (export.etat, MorceauExport.objects.count()) == ("en_cours", 0)
        assert actions.reprendre_les_exports() == 1
        export.refresh_from_db()
        assert (export.etat, export.tentatives) == ("pret", 2)

    def test_trop_de_morts_l_export_echoue_et_l_ecran_rend_la_main(self, responsable: Client) -> None:
        export = demander(responsable)
        ExportComplet.objects.update(etat="en_cours", tentatives=actions.TENTATIVES_AU_PLUS)
        MorceauExport.objects.create(export=export, rang=0, octets=chiffrer_octets(b"mort avant de conclure"))
        assert actions.fabriquer(export.pk) == "echoue"
        assert not MorceauExport.objects.exists()
        page = responsable.get(reverse("exporter_tout")).content.decode()
        assert "Échoué" in page
        assert 'name="motif"' in page


class TestAcces:
    def test_ni_gestionnaire_ni_voisin_ni_lien_devine(self, bailleur: Bailleur, responsable: Client) -> None:
        export = demander(responsable)
        actions.fabriquer(export.pk)
        adresse = reverse("telecharger_export", args=[export.pk])
        for organisme, role, statut in (
            (bailleur, Role.GESTIONNAIRE, 403),
            (creer_bailleur(), Role.RESPONSABLE, 404),
        ):
            client = Client()
            client.force_login(creer_utilisateur(organisme, role))
            assert client.get(adresse).status_code == statut
        assert Client().get(adresse).status_code == 302
        with pytest.raises(Introuvable):
            actions.ouvrir_export(acteur=acteur_de(creer_bailleur(), Role.RESPONSABLE), export_id=export.pk)

    def test_qui_n_est_plus_responsable_n_obtient_pas_l_archive(self, bailleur: Bailleur, responsable: Client) -> None:
        export = demander(responsable)
        Rattachement.objects.filter(organisme=bailleur).update(role="gestionnaire")
        assert actions.fabriquer(export.pk) == "echoue"
        assert not MorceauExport.objects.exists()
        assert responsable.get(reverse("telecharger_export", args=[export.pk])).status_code == 403

    def test_avant_et_apres_sa_garde_l_archive_ne_se_telecharge_pas(
        self, bailleur: Bailleur, responsable: Client
    ) -> None:
        export = demander(responsable)
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        with pytest.raises(ErreurMetier, match="pas prête"):
            actions.ouvrir_export(acteur=acteur, export_id=export.pk)
        actions.fabriquer(export.pk)
        assert actions.effacer_les_exports(timezone.now()) == 0
        ExportComplet.objects.update(pret_le=timezone.now() - GARDE - timedelta(seconds=1))
        assert responsable.get(reverse("telecharger_export", args=[export.pk])).status_code == 400
        assert actions.effacer_les_exports(timezone.now()) == 1
        assert not MorceauExport.objects.exists()
        export.refresh_from_db()
        assert (export.etat, export.motif) == ("efface", MOTIF)

    @pytest.mark.regle("RG-70")
    @pytest.mark.parametrize(
        ("etat", "gardes"), [("demande", 1), ("en_cours", 1), ("pret", 1), ("echoue", 0), ("efface", 0)]
    )
    def test_aucun_morceau_ne_survit_a_son_export(self, responsable: Client, etat: str, gardes: int) -> None:
        actions.fabriquer(demander(responsable).pk)
        ExportComplet.objects.update(etat=etat)
        actions.effacer_les_exports(timezone.now())
        assert MorceauExport.objects.count() == gardes


@pytest.mark.regle("RG-70")
def test_une_archive_suit_le_changement_de_cle_et_une_cle_retiree_trop_tot_se_dit_avant_le_200(
    responsable: Client, settings: Any
) -> None:
    ancienne, neuve = (Fernet.generate_key().decode() for _ in range(2))
    settings.CLES_DE_CHIFFREMENT = [ancienne]
    export = demander(responsable)
    actions.fabriquer(export.pk)
    adresse = reverse("telecharger_export", args=[export.pk])
    settings.CLES_DE_CHIFFREMENT = [neuve]
    refus = responsable.get(adresse)
    assert (refus.status_code, "ne s’ouvre plus" in refus.content.decode().replace("&#x27;", "’")) == (400, True)
    assert not EntreeJournal.objects.filter(action="telecharger_export").exists()
    settings.CLES_DE_CHIFFREMENT = [neuve, ancienne]
    call_command("rechiffrer", "--format", "json", stdout=StringIO())
    settings.CLES_DE_CHIFFREMENT = [neuve]
    reponse = responsable.get(adresse)
    octets = reponse.getvalue()
    assert hashlib.sha256(octets).hexdigest() == ExportComplet.objects.get().empreinte


@pytest.mark.django_db(transaction=True)
def test_deux_ouvriers_a_la_fois_n_en_font_qu_un(bailleur: Bailleur) -> None:
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    export = actions.demander_export(acteur=acteur, motif=MOTIF)
    faits: list[Any] = []

    def travailler() -> None:
        try:
            faits.append(actions.fabriquer(export.pk))
        finally:
            connection.close()

    fils = [threading.Thread(target=travailler) for _ in range(3)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert sorted(faits, key=str) == [None, None, "pret"]
    export.refresh_from_db()
    assert (export.tentatives, export.tableaux_faits) == (1, export.tableaux)
