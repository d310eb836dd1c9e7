"""Une pièce s'ajoute après la signature : sans rien remplacer, lue de qui lit la convention, jamais effacée (RG-12, RG-16, RG-17)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.actions.complements import ajouter_une_piece, retirer_une_piece
from conventions.actions.pieces import Fichier
from conventions.actions.transmission import transmettre_convention
from conventions.models import Complement, Convention
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-16")]
SIGNEE, ANNEXE = page_pdf(("Convention signée",)), page_pdf(("Annexe 2",))
LE = date(2026, 3, 2)


@pytest.fixture
def convention() -> Convention:
    """Une convention signée, avec sa pièce, entre un bailleur et la MSA ; l'État du département existe."""
    bailleur = creer_bailleur()
    creer_etat()
    signee = Piece.objects.deposer(
        organisme_id=bailleur.pk,
        genre="convention_signee",
        nom="signee.pdf",
        type_mime="application/pdf",
        octets=SIGNEE,
    )
    return creer_convention(bailleur, creer_reservataire("MSA"), piece_signee=signee)


@pytest.fixture
def responsable(convention: Convention) -> Acteur:
    """Le responsable du bailleur."""
    return acteur_de(convention.bailleur, Role.RESPONSABLE)


def ajouter(acteur: Acteur, convention: Convention, octets: bytes = ANNEXE, nature: str = "annexe") -> Complement:
    return ajouter_une_piece(
        acteur=acteur,
        convention_id=convention.pk,
        nature=nature,
        objet="Annexe 2, résidences",
        fichier=Fichier("annexe.pdf", octets),
    )


def connecter(organisme: Organisme, role: Role = Role.RESPONSABLE) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(organisme, role))
    return client


def test_elle_s_ajoute_sans_toucher_a_la_piece_signee_et_se_journalise(
    convention: Convention, responsable: Acteur
) -> None:
    signee = convention.piece_signee_id
    complement = ajouter(responsable, convention)
    convention.refresh_from_db()
    assert (convention.piece_signee_id, convention.complements.get()) == (signee, complement)
    assert (complement.rang, complement.deposee_par_id) == (1, responsable.utilisateur_id)
    assert complement.deposee_le.date() == timezone.now().date()
    entree = EntreeJournal.objects.get(action="ajouter_une_piece")
    assert (entree.apres["piece"], entree.apres["piece_signee"]) == (complement.piece.contenu_id, False)
    assert verifier_chaine(convention.bailleur_id) == []


def test_le_meme_document_ne_s_ajoute_pas_deux_fois(convention: Convention, responsable: Acteur) -> None:
    ajouter(responsable, convention)
    for octets in (ANNEXE, SIGNEE):
        with pytest.raises(Conflit, match="déjà au dossier"):
            ajouter(responsable, convention, octets)
    assert convention.complements.count() == 1
    assert Piece.objects.count() == 2


def test_une_convention_non_signee_n_en_recoit_pas(convention: Convention, responsable: Acteur) -> None:
    proposee = creer_convention(convention.bailleur, creer_reservataire("CROUS"), etat="proposee")
    with pytest.raises(ErreurMetier) as refus:
        ajouter(responsable, proposee)
    assert (refus.value.code, Complement.objects.count()) == ("convention_non_signee", 0)


def test_seul_un_responsable_du_bailleur_en_depose_et_en_retire(convention: Convention, responsable: Acteur) -> None:
    complement = ajouter(responsable, convention)
    for acteur, refus in (
        (acteur_de(convention.bailleur), AccesRefuse),
        (acteur_de(convention.reservataire, Role.RESPONSABLE), AccesRefuse),
        (acteur_de(creer_bailleur(), Role.RESPONSABLE), Introuvable),
    ):
        with pytest.raises(refus):
            ajouter(acteur, convention, page_pdf(("Autre",)))
        with pytest.raises(refus):
            retirer_une_piece(acteur=acteur, complement_id=complement.pk, motif="Erreur", le=LE)
    assert Complement.objects.get().retiree_le is None


@pytest.mark.regle("RG-17")
def test_l_exemplaire_d_une_convention_signee_sans_piece_est_ce_qui_part(convention: Convention) -> None:
    """Pas encore transmise : c'est sa pièce signée, elle part à la place du texte sans signatures, et personne ne la retire."""
    responsable = acteur_de(convention.bailleur, Role.RESPONSABLE)
    Convention.objects.filter(pk=convention.pk).update(piece_signee=None)
    exemplaire = ajouter(responsable, convention, nature="exemplaire")
    convention.refresh_from_db()
    assert convention.piece_signee_id == exemplaire.piece_id
    envois = transmettre_convention(acteur=responsable, convention_id=convention.pk)
    assert {envoi.piece_id for envoi in envois} == {exemplaire.piece_id}
    with pytest.raises(ErreurMetier, match="ne se retire pas"):
        retirer_une_piece(acteur=responsable, complement_id=exemplaire.pk, motif="Erreur", le=LE)


@pytest.mark.regle("RG-17")
def test_apres_la_transmission_il_s_ajoute_sans_remplacer_ce_qui_est_parti(convention: Convention) -> None:
    responsable = acteur_de(convention.bailleur, Role.RESPONSABLE)
    Convention.objects.filter(pk=convention.pk).update(piece_signee=None)
    envois = transmettre_convention(acteur=responsable, convention_id=convention.pk)
    exemplaire = ajouter(responsable, convention, nature="exemplaire")
    convention.refresh_from_db()
    assert convention.piece_signee_id is None
    assert exemplaire.piece_id not in {envoi.piece_id for envoi in envois}


def test_apres_une_reprise_aux_rangs_troues_elle_prend_le_rang_suivant(
    convention: Convention, responsable: Acteur
) -> None:
    Complement.objects.create(convention=convention, rang=4, nature="annexe", objet="x", piece=convention.piece_signee)
    assert ajouter(responsable, convention).rang == 5


class TestEcran:
    """Le dépôt à l'écran : ce qu'il refuse, qui le lit, ce qu'un retrait laisse."""

    def adresse(self, nom: str, convention: Convention, *rang: int) -> str:
        return reverse(nom, args=[convention.pk, *rang])

    def deposer(self, client: Client, convention: Convention, octets: bytes, **saisie: str) -> Any:
        donnees: dict[str, Any] = {"nature": "annexe", "objet": "Annexe 2", "confirme": "on"} | saisie
        donnees["piece"] = SimpleUploadedFile("annexe.pdf", octets, "application/pdf")
        return client.post(self.adresse("ajouter_piece", convention), donnees)

    def test_deposee_elle_se_lit_depuis_la_fiche(self, convention: Convention) -> None:
        client = connecter(convention.bailleur)
        page = client.get(self.adresse("ajouter_piece", convention)).content.decode()
        assert "elle ne leur est pas envoyée" in page
        assert self.deposer(client, convention, ANNEXE).status_code == 302
        fiche = client.get(reverse("convention", args=[convention.pk])).content.decode()
        assert self.adresse("piece_ajoutee", convention, 1) in fiche
        assert "signee.pdf" in fiche
        lue = client.get(self.adresse("piece_ajoutee", convention, 1))
        assert (lue["Content-Type"], lue.getvalue()) == ("application/pdf", ANNEXE)

    def test_la_page_dit_si_l_exemplaire_deviendra_la_piece_signee(self, convention: Convention) -> None:
        client, adresse = connecter(convention.bailleur), self.adresse("ajouter_piece", convention)
        assert "deviendra sa pièce signée" not in client.get(adresse).content.decode()
        Convention.objects.filter(pk=convention.pk).update(piece_signee=None)
        assert "deviendra sa pièce signée" in client.get(adresse).content.decode()
        transmettre_convention(acteur=acteur_de(convention.bailleur, Role.RESPONSABLE), convention_id=convention.pk)
        assert "deviendra sa pièce signée" not in client.get(adresse).content.decode()

    @pytest.mark.parametrize(
        ("octets", "saisie", "message"),
        [
            (b"PK\x03\x04 tableur", {}, "PDF"),
            (ANNEXE[: len(ANNEXE) // 2], {}, "incomplet ou abîmé"),
            (b"%PDF-1.7\n" + bytes(21 * 1024 * 1024), {}, "20 Mo"),
            (ANNEXE, {"confirme": ""}, "obligatoire"),
            (ANNEXE, {"objet": ""}, "obligatoire"),
            (ANNEXE, {"nature": "roman"}, "roman"),
        ],
    )
    def test_un_refus_dit_pourquoi_et_n_ecrit_rien(
        self, convention: Convention, octets: bytes, saisie: dict[str, str], message: str
    ) -> None:
        reponse = self.deposer(connecter(convention.bailleur), convention, octets, **saisie)
        assert reponse.status_code == 422
        assert message in reponse.content.decode()
        assert not Complement.objects.exists()
        assert Piece.objects.count() == 1

    def test_ceux_qui_lisent_la_convention_la_lisent_et_personne_d_autre(self, convention: Convention) -> None:
        responsable = acteur_de(convention.bailleur, Role.RESPONSABLE)
        ajouter(responsable, convention)
        adresse = self.adresse("piece_ajoutee", convention, 1)
        etat = connecter(Organisme.objects.get(nature="etat"))
        assert etat.get(adresse).status_code == 404, "pas encore transmise"
        transmettre_convention(acteur=responsable, convention_id=convention.pk)
        for lecteur in (etat, connecter(convention.reservataire, Role.LECTEUR)):
            assert lecteur.get(adresse).getvalue() == ANNEXE
            fiche = lecteur.get(reverse("convention", args=[convention.pk])).content.decode()
            assert adresse in fiche
            assert "Ajouter une pièce" not in fiche
        for etranger in (creer_bailleur(), creer_reservataire("CROUS")):
            assert connecter(etranger).get(adresse).status_code == 404

    def test_le_signataire_ouvre_l_acte_signe_et_l_autorite_une_fois_servie(self, convention: Convention) -> None:
        adresse = self.adresse("piece_signee", convention)
        msa, etat = connecter(convention.reservataire, Role.LECTEUR), connecter(Organisme.objects.get(nature="etat"))
        assert adresse in msa.get(reverse("convention", args=[convention.pk])).content.decode()
        assert msa.get(adresse).getvalue() == SIGNEE
        assert etat.get(adresse).status_code == 404, "pas encore transmise"
        transmettre_convention(acteur=acteur_de(convention.bailleur, Role.RESPONSABLE), convention_id=convention.pk)
        assert etat.get(adresse).getvalue() == SIGNEE
        for etranger in (creer_bailleur(), creer_reservataire("CROUS")):
            assert connecter(etranger).get(adresse).status_code == 404
        Convention.objects.filter(pk=convention.pk).update(piece_signee=None)
        assert msa.get(adresse).status_code == 404, "sans pièce, rien à ouvrir"

    def test_retiree_la_ligne_et_son_motif_restent_a_tous_le_document_au_bailleur(self, convention: Convention) -> None:
        ajouter(acteur_de(convention.bailleur, Role.RESPONSABLE), convention)
        client, msa = connecter(convention.bailleur), connecter(convention.reservataire)
        retrait = self.adresse("retirer_piece", convention, 1)
        assert client.post(retrait, {"motif": ""}).status_code == 422
        assert client.post(retrait, {"motif": "Mauvais fichier"}).status_code == 302
        assert client.post(retrait, {"motif": "Encore"}).status_code == 409
        adresse = self.adresse("piece_ajoutee", convention, 1)
        assert (client.get(adresse).status_code, msa.get(adresse).status_code) == (200, 404)
        fiche = msa.get(reverse("convention", args=[convention.pk])).content.decode()
        assert "Mauvais fichier" in fiche
        assert adresse not in fiche
        entree = EntreeJournal.objects.get(action="retirer_une_piece")
        assert (entree.motif, entree.avant["rang"]) == ("Mauvais fichier", 1)
        assert Piece.objects.filter(contenu=Complement.objects.get().piece.contenu_id).exists()

    def test_la_piece_signee_ne_se_retire_pas_a_l_ecran(self, convention: Convention) -> None:
        Convention.objects.filter(pk=convention.pk).update(piece_signee=None)
        ajouter(acteur_de(convention.bailleur, Role.RESPONSABLE), convention, nature="exemplaire")
        client = connecter(convention.bailleur)
        retrait = self.adresse("retirer_piece", convention, 1)
        assert retrait not in client.get(reverse("convention", args=[convention.pk])).content.decode()
        assert client.post(retrait, {"motif": "Erreur"}).status_code == 422


class TestBase:
    """PostgreSQL le tient aussi : on n'ajoute que chez soi, on ne récrit ni n'efface, une pièce retirée ne se rouvre pas."""

    def refuser(self, acteur: Acteur, **champs: Any) -> None:
        with rls.pour_acteur(acteur), pytest.raises(DatabaseError), transaction.atomic():
            Complement.objects.create(nature="annexe", objet="x", rang=9, **champs)

    def test_elle_ne_se_recrit_ni_ne_s_efface(self, convention: Convention, responsable: Acteur) -> None:
        complement = ajouter(responsable, convention)
        miens = Complement.objects.filter(pk=complement.pk)
        with rls.pour_acteur(responsable):
            for champs in ({"objet": "Autre"}, {"piece_id": convention.piece_signee_id}, {"rang": 4}):
                with pytest.raises(DatabaseError, match="colonnes gardées"), transaction.atomic():
                    miens.update(**champs)
            miens.delete()
            assert miens.exists()
            assert miens.update(retiree_le=LE, motif_retrait="Erreur") == 1
            with pytest.raises(DatabaseError, match="colonnes gardées"), transaction.atomic():
                miens.update(retiree_le=None, motif_retrait="")

    def test_elle_ne_s_ajoute_que_chez_soi_a_une_convention_signee_et_de_ses_pieces(
        self, convention: Convention, responsable: Acteur
    ) -> None:
        autre = creer_bailleur()
        a_elle = Piece.objects.deposer(
            organisme_id=autre.pk, genre="essai", nom="a.pdf", type_mime="application/pdf", octets=b"%PDF- a"
        )
        proposee = creer_convention(convention.bailleur, creer_reservataire("CROUS"), etat="proposee")
        self.refuser(acteur_de(autre, Role.RESPONSABLE), convention=convention, piece=a_elle)
        self.refuser(acteur_de(convention.reservataire), convention=convention, piece=a_elle)
        self.refuser(responsable, convention=convention, piece=a_elle)
        self.refuser(responsable, convention=proposee, piece_id=convention.piece_signee_id)
        assert not Complement.objects.exists()
