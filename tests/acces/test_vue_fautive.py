"""Une vue volontairement fautive (elle oublie `visibles_par`) est arrêtée par PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.urls import include, path

from attributions.models import Candidat, Liberation
from bilans.models import Bilan
from conventions.models import Convention, Logement
from flux_reservations.acces.models import Utilisateur
from tests.acces.monde import Monde, batir_monde

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def compter_tout(request: HttpRequest) -> HttpResponse:
    """Lit tout, sans filtre : la faute."""
    del request
    modeles = (Logement, Liberation, Candidat, Convention, Bilan)
    return JsonResponse({modele.__name__: sorted(modele.objects.values_list("pk", flat=True)) for modele in modeles})


def lire_une(request: HttpRequest, pk: int) -> HttpResponse:
    """Lit une libération par son identifiant, sans filtre."""
    del request
    try:
        return HttpResponse(Liberation.objects.get(pk=pk).numero)
    except Liberation.DoesNotExist as erreur:
        raise Http404 from erreur


def exporter(request: HttpRequest) -> StreamingHttpResponse:
    """Envoie toutes les conventions au fil de l'eau."""
    del request

    def morceaux() -> Iterator[str]:
        for numero in Convention.objects.order_by("pk").values_list("numero", flat=True).iterator(chunk_size=1):
            yield f"{numero}\n"

    return StreamingHttpResponse(morceaux())


def voler(request: HttpRequest, pk: int) -> HttpResponse:
    """Crée un logement chez un autre bailleur."""
    del request
    with transaction.atomic():
        Logement.objects.create(bailleur_id=pk, identifiant="VOL", commune_id="94028", typologie="T2")
    return HttpResponse("fait")


urlpatterns = [
    path("tout/", compter_tout),
    path("une/<int:pk>/", lire_une),
    path("export/", exporter),
    path("voler/<int:pk>/", voler),
    path("", include("flux_reservations.urls")),
]


@pytest.fixture
def monde() -> Monde:
    """Deux bailleurs et ce qui les entoure."""
    return batir_monde()


def connecter(monde: Monde, role: str) -> Client:
    """Un navigateur connecté dans ce rôle."""
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=monde.acteurs[role].utilisateur_id))
    return client


def test_une_vue_qui_lit_tout_ne_rend_que_ce_qui_regarde_la_personne(monde: Monde) -> None:
    rendu = json.loads(connecter(monde, "bailleur_b").get("/tout/").content)
    assert set(rendu["Liberation"]) == set(monde.bailleur_b.liberations.values_list("pk", flat=True))
    assert rendu["Bilan"] == [monde.bilan_b.pk]
    assert len(rendu["Candidat"]) == 1  # le sien, et aucun des deux du bailleur A
    rendu = json.loads(connecter(monde, "caf").get("/tout/").content)
    assert rendu["Liberation"] == [monde.orientation_caf.liberation_id]
    assert len(rendu["Candidat"]) == 1
    assert rendu["Convention"] == []


def test_un_identifiant_devine_ne_mene_a_rien(monde: Monde) -> None:
    assert connecter(monde, "bailleur_b").get(f"/une/{monde.liberation_a.pk}/").status_code == 404
    assert connecter(monde, "bailleur_a").get(f"/une/{monde.liberation_a.pk}/").status_code == 200


def test_un_export_au_fil_de_l_eau_lit_avec_les_droits_de_la_personne(monde: Monde) -> None:
    contenu = connecter(monde, "etat").get("/export/").getvalue().decode()
    assert set(contenu.split()) == {monde.convention_etat.numero, monde.convention_mairie.numero}
    assert connecter(monde, "etat_voisin").get("/export/").getvalue() == b""


def test_une_ecriture_chez_un_autre_est_refusee(monde: Monde) -> None:
    assert connecter(monde, "bailleur_b").get(f"/voler/{monde.bailleur_a.pk}/").status_code == 403
    assert not Logement.objects.filter(identifiant="VOL").exists()
