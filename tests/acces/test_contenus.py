"""Les octets sont partagés sous leur empreinte : la connaître, ou le numéro d'une pièce, ne les donne pas (domaine.md § 6)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.models import Seance
from bilans.models import Bilan
from flux_reservations.acces.models import Organisme, Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.actions import appliquer
from flux_reservations.echanges.exportation import exporter
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle import rls
from tests.acces.monde import Monde, batir_monde
from tests.echanges.depot import deposer

pytestmark = pytest.mark.django_db
SECRET = b"%PDF-1.7 le document d'un autre"
EMPREINTE = hashlib.sha256(SECRET).hexdigest()
ENTETE = "bailleur;empreinte;nom;genre;type_mime;taille;deposee_le\n"


@pytest.fixture
def monde() -> Monde:
    """Deux bailleurs ; le premier a déposé un document que personne d'autre n'a reçu."""
    return batir_monde()


@pytest.fixture
def secrete(monde: Monde) -> Piece:
    """La pièce du premier bailleur."""
    return deposer_chez(monde.bailleur_a, SECRET)


def deposer_chez(organisme: Organisme, octets: bytes) -> Piece:
    """Dépose un document chez un organisme."""
    piece: Piece = Piece.objects.deposer(
        organisme_id=organisme.pk, genre="essai", nom="secret.pdf", type_mime="application/pdf", octets=octets
    )
    return piece


def adopter(organisme: Organisme, empreinte: str = EMPREINTE) -> Piece:
    """Ce que ferait une vue fautive : une pièce à soi sur l'empreinte d'un autre."""
    return Piece.objects.create(
        organisme_id=organisme.pk,
        genre="essai",
        nom="a.pdf",
        type_mime="application/pdf",
        taille=1,
        contenu_id=empreinte,
    )


def refuse(essai: Callable[[], object], motif: str) -> None:
    """La base refuse, et ne garde rien."""
    with pytest.raises(DatabaseError, match=motif), transaction.atomic():
        essai()


@pytest.mark.parametrize("role", ["bailleur_b", "mairie", "etat", "epci"])
def test_une_empreinte_connue_ne_s_adopte_pas(monde: Monde, secrete: Piece, role: str) -> None:
    acteur = monde.acteurs[role]
    moi = Organisme.objects.get(pk=acteur.organisme_id)
    with rls.pour_acteur(acteur):
        refuse(lambda: adopter(moi), "row-level security")
        assert not Contenu.objects.filter(pk=secrete.contenu_id).exists()


def test_ni_en_donnant_d_autres_octets_ni_en_changeant_sa_piece(monde: Monde, secrete: Piece) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]):
        mienne = deposer_chez(monde.bailleur_b, b"le mien")
        refuse(lambda: adopter(monde.bailleur_b), "row-level security")
        refuse(lambda: Piece.objects.filter(pk=mienne.pk).update(contenu_id=EMPREINTE), "colonnes gardées")
        with pytest.raises(IntegrityError, match="contenu_sous_son_empreinte"), transaction.atomic():
            Contenu.objects.bulk_create([Contenu(empreinte=EMPREINTE, octets=b"faux")], ignore_conflicts=True)
        refuse(lambda: adopter(monde.bailleur_b), "row-level security")
        assert not Contenu.objects.filter(pk=secrete.contenu_id).exists()


def test_des_octets_ne_se_rangent_pas_d_avance_sous_l_empreinte_du_document_d_un_autre(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]), pytest.raises(IntegrityError), transaction.atomic():
        Contenu.objects.create(empreinte=EMPREINTE, octets=b"faux")
    with pytest.raises(IntegrityError), transaction.atomic():
        Contenu.objects.create(empreinte=EMPREINTE, octets=b"faux")
    assert bytes(deposer_chez(monde.bailleur_a, SECRET).contenu.octets) == SECRET


def test_qui_a_les_memes_octets_les_depose_chez_lui(monde: Monde, secrete: Piece) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]):
        assert bytes(deposer_chez(monde.bailleur_b, SECRET).contenu.octets) == SECRET
    assert Contenu.objects.filter(pk=secrete.contenu_id).count() == 1


def test_une_piece_ne_se_rattrape_pas_dans_la_transaction_suivante(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]):
        with transaction.atomic():
            Contenu.objects.create(empreinte=hashlib.sha256(b"x").hexdigest(), octets=b"x")
            transaction.set_rollback(True)
        refuse(lambda: adopter(monde.bailleur_b, hashlib.sha256(b"x").hexdigest()), "row-level security")


def test_citer_la_piece_d_un_autre_ne_la_donne_pas_a_lire(monde: Monde, secrete: Piece) -> None:
    acteur = monde.acteurs["bailleur_b"]
    with rls.pour_acteur(acteur):
        refuse(
            lambda: Envoi.objects.create(
                genre="bilan",
                emetteur_id=acteur.organisme_id,
                destinataire_id=acteur.organisme_id,
                destinataire_nom="moi",
                lot=uuid.uuid4(),
                objet="moi",
                piece_id=secrete.pk,
                depose_le=timezone.now(),
                etat="envoye",
            ),
            "colonnes gardées",
        )
        seance = Seance.objects.create(bailleur=monde.bailleur_b, date=date(2026, 5, 4))
        refuse(lambda: Seance.objects.filter(pk=seance.pk).update(proces_verbal_id=secrete.pk), "colonnes gardées")
        for colonne in ("pdf_id", "tableur_id"):
            refuse(
                lambda colonne=colonne: Bilan.objects.create(
                    bailleur=monde.bailleur_b, departement_id="94", annee=2031, genre="annuel", **{colonne: secrete.pk}
                ),
                "colonnes gardées",
            )
        mienne = deposer_chez(monde.bailleur_b, b"le mien")
        assert Seance.objects.filter(pk=seance.pk).update(proces_verbal_id=mienne.pk) == 1


def test_aucune_adresse_ne_sert_un_document_a_qui_sait_son_empreinte(monde: Monde, secrete: Piece) -> None:
    client = Client()
    client.force_login(Rattachement.objects.get(utilisateur_id=monde.acteurs["bailleur_b"].utilisateur_id).utilisateur)
    for entetes in ({}, {"If-None-Match": f'"{EMPREINTE}"'}, {"If-Match": f'"{EMPREINTE}"'}):
        reponse = client.get(reverse("piece", args=[secrete.pk]), headers=entetes)
        assert reponse.status_code == 404
        assert SECRET not in reponse.content


def test_une_empreinte_citee_dans_un_import_ne_suffit_pas_meme_a_l_administration(
    tmp_path: Path, monde: Monde, secrete: Piece
) -> None:
    ligne = f"{monde.bailleur_b.siren};{EMPREINTE};vol.pdf;essai;application/pdf;1;2026-01-01T00:00:00+00:00\n"
    rapport = appliquer([deposer(tmp_path, {"pieces": ENTETE + ligne})], acteur=Acteur.systeme())
    assert [(une.colonne, une.valeur) for une in rapport.erreurs] == [("empreinte", EMPREINTE)]
    assert "contenus" in rapport.erreurs[0].message
    assert not Piece.objects.filter(organisme=monde.bailleur_b, contenu=secrete.contenu_id).exists()


def test_une_piece_reexportee_puis_reimportee_chez_son_bailleur_se_retrouve(
    tmp_path: Path, monde: Monde, secrete: Piece
) -> None:
    exporter(tmp_path / "sortie", monde.bailleur_a)
    (tmp_path / "sortie" / "contenus.csv").unlink()
    rapport = appliquer([tmp_path / "sortie" / "pieces.csv"], acteur=Acteur.systeme())
    assert not rapport.erreurs, rapport.erreurs
    assert Piece.objects.filter(contenu=secrete.contenu_id).count() == 1


def test_les_donnees_d_un_bilan_ne_s_importent_pas_sur_la_seule_foi_de_leur_empreinte(
    tmp_path: Path, monde: Monde
) -> None:
    donnees = deposer_chez(monde.bailleur_a, b'{"flux":{}}').contenu_id
    pdf = deposer_chez(monde.bailleur_b, b"%PDF-1.7 le mien")
    entete = "bailleur;departement;genre;annee;version;donnees;empreinte;cree_le;publie_le;pdf\n"
    instant = "2026-02-01T08:00:00+00:00"
    ligne = f"{monde.bailleur_b.siren};94;annuel;2030;1;{donnees};{donnees};{instant};{instant};{pdf.contenu_id} {pdf.nom}\n"
    rapport = appliquer([deposer(tmp_path, {"bilans": entete + ligne})], acteur=Acteur.systeme())
    assert [une.colonne for une in rapport.erreurs] == ["donnees"], rapport.erreurs
    assert not Bilan.objects.filter(bailleur=monde.bailleur_b, annee=2030).exists()
