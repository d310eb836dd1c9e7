"""Publier toute une campagne : les mêmes gardes que l'acte unitaire, une confirmation, ni oubli ni double (RG-60 à RG-63, RG-66)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from attributions.models import SoldeOuverture
from bilans.actions import en_nombre
from bilans.actions.campagnes import avancer_la_campagne, ouvrir_campagne
from bilans.actions.en_nombre import preparer_publications
from bilans.actions.publier import publier
from bilans.models import Bilan, Campagne
from bilans.models.bilan import EtatBilan, GenreBilan
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.series.actions.mener import avancer, reprendre_les_series
from flux_reservations.series.actions.preparer import confirmer_serie
from flux_reservations.series.models import EtatActe, Serie
from tests.bilans.test_publication import FINI, Monde, monde
from tests.fabriques import acteur_de, creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db
__all__ = ["monde"]
TROIS = (GenreBilan.ANNUEL, GenreBilan.DEBUT_ANNEE, GenreBilan.CALEOL)


@pytest.fixture
def campagne(monde: Monde) -> Campagne:
    """Les trois documents de 2025, produits."""
    campagne = ouvrir_campagne(
        acteur=monde.responsable,
        bailleur_id=monde.bailleur.pk,
        annee=2025,
        departements=["94"],
        genres=TROIS,
        le=FINI,
    )
    while avancer_la_campagne(campagne.pk):
        pass
    return campagne


def cles(campagne: Campagne, *genres: str) -> list[int]:
    """Les documents de la campagne, de ces genres ou tous."""
    return list(campagne.bilans.filter(genre__in=genres or TROIS).order_by("genre").values_list("pk", flat=True))


def mener(serie: Serie) -> None:
    """Fait le travail de l'ouvrier, jusqu'au bout."""
    while avancer(serie.pk):
        pass


@pytest.mark.regle("RG-63")
@pytest.mark.regle("RG-62")
def test_une_campagne_se_publie_en_un_acte_confirme(monde: Monde, campagne: Campagne) -> None:
    caleol = cles(campagne, GenreBilan.CALEOL)[0]
    serie = preparer_publications(
        acteur=monde.responsable,
        campagne_id=campagne.pk,
        bilans=cles(campagne),
        seances={caleol: date(2026, 2, 3)},
    )
    assert not Envoi.objects.exists()
    confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)
    confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)
    mener(serie)
    assert set(campagne.bilans.values_list("etat", flat=True)) == {EtatBilan.PUBLIE}
    assert Bilan.objects.get(pk=caleol).date_seance == date(2026, 2, 3)
    assert SoldeOuverture.objects.filter(annee=2026).exists()
    envois = Envoi.objects.order_by().values_list("genre", "lot").distinct()
    assert sorted(genre for genre, _ in envois) == ["bilan", "information_debut_annee"]


@pytest.mark.regle("RG-63")
def test_un_ouvrier_tue_pendant_une_publication_n_envoie_rien_puis_finit_sans_doublon(
    monde: Monde, campagne: Campagne, monkeypatch: pytest.MonkeyPatch
) -> None:
    serie = preparer_publications(
        acteur=monde.responsable,
        campagne_id=campagne.pk,
        bilans=cles(campagne, GenreBilan.ANNUEL, GenreBilan.DEBUT_ANNEE),
    )
    confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)

    def mourir(**options: Any) -> Bilan:
        publier(**options)
        raise SystemExit("le processus meurt, la publication écrite mais pas validée")

    monkeypatch.setattr(en_nombre, "publier", mourir)
    with pytest.raises(SystemExit), transaction.atomic():
        avancer(serie.pk)
    assert not Envoi.objects.exists()
    assert not Bilan.objects.filter(etat=EtatBilan.PUBLIE).exists()
    monkeypatch.undo()
    assert reprendre_les_series() == 1
    mener(serie)
    assert list(serie.actes.values_list("etat", flat=True)) == [EtatActe.FAIT] * 2
    assert Envoi.objects.values("lot").distinct().count() == 2


@pytest.mark.regle("RG-62")
def test_ce_que_la_publication_refuserait_est_ecarte_avec_sa_raison(monde: Monde, campagne: Campagne) -> None:
    annuel, caleol, debut = cles(campagne)
    publier(acteur=monde.responsable, bilan_id=debut)
    Bilan.objects.filter(pk=annuel).update(empreinte="0" * 64)
    serie = preparer_publications(acteur=monde.responsable, campagne_id=campagne.pk, bilans=[annuel, caleol, debut])
    raisons = dict(serie.actes.values_list("cle", "message"))
    assert "refaites le brouillon" in raisons[annuel]
    assert raisons[caleol] == "Donnez la date de la séance."
    assert "publié ne change plus" in raisons[debut]
    with pytest.raises(ErreurMetier) as refus:
        confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)
    assert refus.value.code == "serie_sans_acte"


def test_publie_entre_temps_un_document_ne_l_est_pas_deux_fois(monde: Monde, campagne: Campagne) -> None:
    annuel = cles(campagne, GenreBilan.ANNUEL)[0]
    serie = preparer_publications(acteur=monde.responsable, campagne_id=campagne.pk, bilans=[annuel])
    confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)
    publier(acteur=monde.responsable, bilan_id=annuel)
    mener(serie)
    assert serie.actes.get().etat == EtatActe.REFUSE
    assert Envoi.objects.values("lot").distinct().count() == 1


@pytest.mark.regle("RG-63")
def test_un_document_produit_de_nouveau_depuis_la_preparation_n_est_pas_publie(
    monde: Monde, campagne: Campagne
) -> None:
    annuel, debut = cles(campagne, GenreBilan.ANNUEL, GenreBilan.DEBUT_ANNEE)
    serie = preparer_publications(acteur=monde.responsable, campagne_id=campagne.pk, bilans=[annuel, debut])
    refait = Bilan.objects.get(pk=annuel)
    refait.donnees["logements_du_champ"] = -1
    refait.empreinte = calculer_empreinte(refait.donnees)
    refait.save()
    confirmer_serie(acteur=monde.responsable, serie_id=serie.pk)
    mener(serie)
    raisons = {acte.cle: (acte.etat, acte.message) for acte in serie.actes.all()}
    assert raisons[annuel][0] == EtatActe.REFUSE
    assert "a changé depuis que vous l'avez lu" in raisons[annuel][1]
    assert "préparez-la de nouveau" in raisons[annuel][1]
    assert raisons[debut][0] == EtatActe.FAIT
    refait.refresh_from_db()
    assert refait.etat == EtatBilan.PRET
    assert not Envoi.objects.filter(objet_type="bilans.bilan", objet_cle=str(annuel)).exists()


def test_publier_une_campagne_est_a_un_responsable_de_ce_bailleur(monde: Monde, campagne: Campagne) -> None:
    with pytest.raises(AccesRefuse):
        preparer_publications(acteur=acteur_de(monde.bailleur), campagne_id=campagne.pk, bilans=cles(campagne))
    with pytest.raises(Introuvable):
        preparer_publications(
            acteur=acteur_de(creer_bailleur(), Role.RESPONSABLE), campagne_id=campagne.pk, bilans=cles(campagne)
        )


def test_l_ecran_montre_chaque_document_coche_les_publiables_et_dit_pourquoi_les_autres_restent(
    client: Client, monde: Monde, campagne: Campagne
) -> None:
    client.force_login(creer_utilisateur(monde.bailleur, Role.RESPONSABLE))
    annuel, caleol, debut = cles(campagne)
    Bilan.objects.filter(pk=debut).update(etat=EtatBilan.ECHEC, erreur="Il manque le patrimoine.")
    bilan = Bilan.objects.get(pk=annuel)
    bilan.donnees["flux"]["controles"].append(
        {"regle": "RG-14", "niveau": "bloquant", "message": "L'État dépasse 30 %."}
    )
    Bilan.objects.filter(pk=annuel).update(
        donnees=bilan.donnees, ce_qui_change="Remplace la version 1.\nC : 4 devient 5."
    )
    adresse = reverse("campagne_publier", args=[campagne.pk])
    page = client.get(adresse).content.decode()
    for attendu in ("Il manque le patrimoine.", "L&#x27;État dépasse 30 %.", "C : 4 devient 5.", "Première version"):
        assert attendu in page
    assert f'value="{annuel}" checked' not in page, "un contrôle bloquant ne se coche pas d'avance"
    assert f'value="{debut}"' not in page
    assert client.post(adresse).status_code == 422
    assert client.post(adresse, {"document": ["9" * 5000, "٣"]}).status_code == 422
    reponse = client.post(adresse, {"document": [caleol], f"seance-{caleol}": "2026-02-03"})
    serie = Serie.objects.get()
    assert reponse["Location"] == reverse("serie", args=[serie.pk])
    recapitulatif = client.get(reponse["Location"]).content.decode()
    assert "Présenté en commission le 3\u00a0février\u00a02026" in recapitulatif
    client.post(reverse("serie_confirmer", args=[serie.pk]))
    mener(serie)
    assert "Déjà publié" in client.get(adresse).content.decode()
    assert "Publier la campagne" in client.get(reverse("campagne", args=[campagne.pk])).content.decode()


def test_la_page_se_lit_en_un_nombre_fixe_de_requetes(
    client: Client, monde: Monde, campagne: Campagne, django_assert_max_num_queries: Any
) -> None:
    client.force_login(creer_utilisateur(monde.bailleur, Role.RESPONSABLE))

    def lire() -> int:
        with django_assert_max_num_queries(40) as requetes:
            client.get(reverse("campagne_publier", args=[campagne.pk]))
        return len(requetes)

    peu = lire()
    for departement in ("75", "92", "93"):
        Bilan.objects.create(bailleur=monde.bailleur, departement_id=departement, annee=2025, campagne=campagne)
    assert lire() == peu
