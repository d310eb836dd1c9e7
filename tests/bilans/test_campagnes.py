"""Une campagne : tout produire à la suite, interrompre, reprendre, sans rien refaire ni bloquer (RG-60)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from bilans import tasks
from bilans.actions import produire as module_de_production
from bilans.actions.campagnes import (
    PLACES,
    VERROU_DE_PLACE,
    avancer_la_campagne,
    interrompre_campagne,
    ouvrir_campagne,
    relancer_les_campagnes,
    reprendre_campagne,
)
from bilans.actions.produire import TENTATIVES_AU_PLUS, VERROU_DE_PRODUCTION, produire
from bilans.models import Bilan, Campagne
from bilans.models.bilan import EtatBilan, GenreBilan
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from tests.bilans.test_publication import FINI, Monde, monde
from tests.fabriques import acteur_de, creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db
__all__ = ["monde"]
DEUX = (GenreBilan.ANNUEL, GenreBilan.CALEOL)


def ouvrir(monde: Monde, genres: tuple[str, ...] = DEUX, le: date = FINI) -> Campagne:
    """Une campagne 2025 dans le Val-de-Marne."""
    return ouvrir_campagne(
        acteur=monde.responsable,
        bailleur_id=monde.bailleur.pk,
        annee=2025,
        departements=["94"],
        genres=genres,
        le=le,
    )


def test_une_campagne_produit_ses_documents_un_par_un(monde: Monde) -> None:
    campagne = ouvrir(monde)
    assert avancer_la_campagne(campagne.pk)
    assert campagne.bilans.filter(etat=EtatBilan.PRET).count() == 1
    assert avancer_la_campagne(campagne.pk)
    assert not avancer_la_campagne(campagne.pk)
    assert set(campagne.bilans.values_list("genre", "etat")) == {(genre, EtatBilan.PRET) for genre in DEUX}


@pytest.mark.regle("RG-61")
def test_l_information_d_une_campagne_porte_sur_l_annee_suivante(monde: Monde) -> None:
    campagne = ouvrir(monde, (GenreBilan.DEBUT_ANNEE,))
    assert campagne.bilans.get().annee == 2026


def test_une_campagne_ne_refait_pas_ce_qui_est_pret_ou_publie(monde: Monde) -> None:
    monde.preparer()
    assert ouvrir(monde).bilans.get().genre == GenreBilan.CALEOL
    with pytest.raises(ErreurMetier, match="rien à produire"):
        ouvrir(monde)


def test_une_annee_en_cours_n_a_pas_de_campagne(monde: Monde) -> None:
    with pytest.raises(ErreurMetier, match="pas finie"):
        ouvrir(monde, le=date(2025, 12, 31))


def test_interrompue_elle_n_entame_plus_rien_puis_repart_ou_elle_en_etait(monde: Monde) -> None:
    campagne = ouvrir(monde)
    assert avancer_la_campagne(campagne.pk)
    interrompre_campagne(acteur=monde.responsable, campagne_id=campagne.pk)
    assert not avancer_la_campagne(campagne.pk)
    assert relancer_les_campagnes() == 0
    reprendre_campagne(acteur=monde.responsable, campagne_id=campagne.pk)
    assert relancer_les_campagnes() == 1
    assert avancer_la_campagne(campagne.pk)
    assert campagne.bilans.filter(etat=EtatBilan.PRET).count() == 2


def test_interrompre_ou_reprendre_deux_fois_est_refuse(monde: Monde) -> None:
    campagne = ouvrir(monde)
    with pytest.raises(Conflit):
        reprendre_campagne(acteur=monde.responsable, campagne_id=campagne.pk)
    interrompre_campagne(acteur=monde.responsable, campagne_id=campagne.pk)
    with pytest.raises(Conflit):
        interrompre_campagne(acteur=monde.responsable, campagne_id=campagne.pk)


def test_un_lecteur_n_ouvre_ni_n_interrompt_et_un_autre_bailleur_ne_voit_rien(monde: Monde) -> None:
    campagne = ouvrir(monde)
    lecteur = monde.responsable.avec_role(Role.LECTEUR)
    with pytest.raises(AccesRefuse):
        interrompre_campagne(acteur=lecteur, campagne_id=campagne.pk)
    with pytest.raises(AccesRefuse):
        ouvrir_campagne(
            acteur=lecteur, bailleur_id=monde.bailleur.pk, annee=2025, departements=["94"], genres=DEUX, le=FINI
        )
    with pytest.raises(Introuvable):
        interrompre_campagne(acteur=acteur_de(creer_bailleur()), campagne_id=campagne.pk)


def verrouiller_ailleurs(espace: int, cle: int) -> Any:
    """Prend un verrou consultatif depuis une autre connexion, comme le ferait un autre ouvrier ; rend la connexion à fermer."""
    autre = connections.create_connection("default")
    with autre.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_lock(%s, %s)", [espace, cle])
    return autre


def test_ce_qu_un_ouvrier_produit_un_autre_ne_le_produit_pas(monde: Monde) -> None:
    campagne = ouvrir(monde, (GenreBilan.ANNUEL,))
    autre = verrouiller_ailleurs(VERROU_DE_PRODUCTION, campagne.bilans.get().pk)
    try:
        assert not avancer_la_campagne(campagne.pk)
    finally:
        autre.close()
    assert avancer_la_campagne(campagne.pk)


def test_sans_place_libre_la_campagne_attend(monde: Monde) -> None:
    campagne = ouvrir(monde, (GenreBilan.ANNUEL,))
    autres = [verrouiller_ailleurs(VERROU_DE_PLACE, place) for place in range(PLACES)]
    try:
        assert not avancer_la_campagne(campagne.pk)
    finally:
        for autre in autres:
            autre.close()


def test_un_document_qui_tue_ses_processus_finit_en_echec(monde: Monde) -> None:
    bilan = ouvrir(monde, (GenreBilan.ANNUEL,)).bilans.get()
    Bilan.objects.filter(pk=bilan.pk).update(tentatives=TENTATIVES_AU_PLUS)
    assert produire(bilan.pk)
    bilan.refresh_from_db()
    assert bilan.etat == EtatBilan.ECHEC
    assert f"arrêtée {TENTATIVES_AU_PLUS} fois" in bilan.erreur


def test_un_brouillon_abandonne_pendant_sa_production_ne_reparait_pas(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    bilan = ouvrir(monde, (GenreBilan.ANNUEL,)).bilans.get()

    def abandonner_en_route(*_: object, **__: object) -> bytes:
        Bilan.objects.filter(pk=bilan.pk).delete()
        return b"%PDF-1.7 essai"

    monkeypatch.setattr(module_de_production, "bilan_pdf", abandonner_en_route)
    assert produire(bilan.pk)
    assert not Bilan.objects.filter(pk=bilan.pk).exists()


def test_la_reprise_produit_ce_qui_n_est_d_aucune_campagne(monde: Monde) -> None:
    bilan = ouvrir(monde, (GenreBilan.ANNUEL,)).bilans.get()
    Bilan.objects.filter(pk=bilan.pk).update(campagne=None)
    tasks.reprendre()
    bilan.refresh_from_db()
    assert bilan.etat == EtatBilan.PRET


@pytest.fixture
def responsable(monde: Monde) -> Client:
    """Le responsable du bailleur, connecté."""
    client = Client()
    client.force_login(creer_utilisateur(monde.bailleur, Role.RESPONSABLE))
    return client


def test_l_ecran_ouvre_montre_l_avancement_interrompt_et_reprend(responsable: Client, monde: Monde) -> None:
    reponse = responsable.post(
        reverse("campagne_ouvrir"), {"annee": "2025", "genres": ["annuel", "caleol"], "departements": ["94"]}
    )
    campagne = Campagne.objects.get()
    assert reponse["Location"] == reverse("campagne", args=[campagne.pk])
    avancer_la_campagne(campagne.pk)
    page = responsable.get(reponse["Location"]).content.decode()
    assert "1 sur 2" in page
    assert "hx-get" in page
    assert responsable.post(reverse("campagne_interrompre", args=[campagne.pk])).status_code == 302
    fragment = responsable.get(reponse["Location"], headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reponse["Location"]
    assert "Reprendre" in responsable.get(reponse["Location"]).content.decode()
    assert responsable.post(reverse("campagne_reprendre", args=[campagne.pk])).status_code == 302
    assert "En cours" in responsable.get(reverse("campagnes")).content.decode()


def test_l_ecran_refuse_une_campagne_sans_document(responsable: Client) -> None:
    reponse = responsable.post(reverse("campagne_ouvrir"), {"annee": "2025", "departements": ["94"]})
    assert reponse.status_code == 422


def test_les_connexions_ne_gardent_aucun_verrou(monde: Monde) -> None:
    campagne = ouvrir(monde, (GenreBilan.ANNUEL,))
    avancer_la_campagne(campagne.pk)
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = ANY(%s::int[])",
            [[VERROU_DE_PLACE, VERROU_DE_PRODUCTION]],
        )
        assert curseur.fetchone()[0] == 0
