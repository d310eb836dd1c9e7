"""Les envois aux personnes s'oublient, les preuves restent (RG-70)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.notifications.actions.expedier import expedier
from flux_reservations.notifications.actions.purger import DESTINATAIRE_OUBLIE, purger_les_envois
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi
from tests.fabriques import acteur_de, creer_bailleur

pytestmark = pytest.mark.django_db


def envoyer(genre: GenreEnvoi, jours: int, etat: str = EtatEnvoi.ENVOYE) -> Envoi:
    """Un envoi d'il y a tant de jours."""
    il_y_a = timezone.now() - timedelta(days=jours)
    envoi = Envoi.objects.create(
        genre=genre, emetteur=creer_bailleur(), destinataire_nom="Ada Lovelace", courriel="ada@essai.example",
        objet="Objet", corps="https://secret", etat=etat, envoye_le=il_y_a, depose_le=il_y_a,
    )  # fmt: skip
    Envoi.objects.filter(pk=envoi.pk).update(cree_le=il_y_a)
    return envoi


def purger(*, essai: bool = False) -> int:
    """La purge du jour."""
    return purger_les_envois(acteur=Acteur.systeme(), le=timezone.localdate(), essai=essai)


@pytest.mark.regle("RG-70")
@pytest.mark.parametrize(
    ("genre", "jours", "oublie"),
    [
        (GenreEnvoi.INVITATION, 120, True),
        (GenreEnvoi.INVITATION, 30, False),
        (GenreEnvoi.RAPPEL, 800, True),
        (GenreEnvoi.RAPPEL, 120, False),
        (GenreEnvoi.BILAN, 4000, False),
    ],
)
def test_le_nom_d_une_personne_s_oublie_a_son_heure(genre: GenreEnvoi, jours: int, oublie: bool) -> None:
    envoi = envoyer(genre, jours)
    purger()
    envoi.refresh_from_db()
    assert (envoi.destinataire_nom == DESTINATAIRE_OUBLIE, envoi.courriel == "") == (oublie, oublie)


@pytest.mark.regle("RG-70")
def test_une_invitation_echue_jamais_partie_perd_son_lien_et_ne_part_plus() -> None:
    envoi = envoyer(GenreEnvoi.INVITATION, 9, EtatEnvoi.PREVU)
    purger()
    envoi.refresh_from_db()
    assert (envoi.corps, envoi.etat) == ("", EtatEnvoi.ECHEC)
    assert expedier().envoyes == 0


def test_un_essai_compte_sans_effacer_et_la_seconde_purge_ne_trouve_rien() -> None:
    envoyer(GenreEnvoi.INVITATION, 120)
    assert [purger(essai=True), purger(), purger()] == [1, 1, 0]


def test_la_purge_est_reservee_au_systeme() -> None:
    with pytest.raises(AccesRefuse):
        purger_les_envois(acteur=acteur_de(creer_bailleur()), le=timezone.localdate())
