"""Deux imports à la fois, pour de vrai : un bailleur n'attend que les imports du sien et ceux du registre commun."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction

from conventions.models import Bailleur, Logement
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.echanges.actions import appliquer
from flux_reservations.echanges.rapport import Rapport
from tests.echanges.depot import AUTRE, BAILLEURS, PATRIMOINE, SIREN, deposer, importer

pytestmark = pytest.mark.django_db(transaction=True)
REGISTRE = {"bailleurs": BAILLEURS.replace("Habitat", "Habitat neuf")}
Ecrire = Callable[[], Rapport]


@pytest.fixture
def gestes(tmp_path: Path) -> dict[str, Ecrire]:
    """L'import de chacun : les deux bailleurs, chez eux ; l'administration, au registre."""
    importer(tmp_path, {"bailleurs": BAILLEURS})

    def agent(siren: str) -> Acteur:
        cle = Bailleur.objects.get(siren=siren).pk
        return Acteur(nature=Nature.BAILLEUR, role=Role.GESTIONNAIRE, organisme_id=cle, nom="Agent")

    def geste(acteur: Acteur, fichiers: dict[str, str]) -> Ecrire:
        dossier = deposer(tmp_path, fichiers)
        return lambda: appliquer([dossier], acteur=acteur)

    return {
        "le bailleur": geste(agent(SIREN), {"patrimoine": PATRIMOINE}),
        "un autre": geste(agent(AUTRE), {"patrimoine": PATRIMOINE.replace(SIREN, AUTRE)}),
        "le registre": geste(Acteur.systeme(), REGISTRE),
    }


def ecrit_pendant(premier: Ecrire, second: Ecrire) -> bool:
    """Vrai si le second écrit sans attendre que le premier, qui a fini d'écrire, ait validé."""
    a_ecrit, peut_finir = Event(), Event()

    def tenir() -> Rapport:
        try:
            with transaction.atomic():
                rapport = premier()
                a_ecrit.set()
                assert peut_finir.wait(60)
                return rapport
        finally:
            a_ecrit.set()
            connection.close()

    with ThreadPoolExecutor(1) as fils:
        tenu = fils.submit(tenir)
        try:
            assert a_ecrit.wait(60)
            with transaction.atomic():
                with connection.cursor() as curseur:
                    curseur.execute("SET LOCAL lock_timeout = '300ms'")
                passe = second().applique
        except OperationalError:
            passe = False
        finally:
            peut_finir.set()
        assert tenu.result().applique
    return passe


@pytest.mark.parametrize(
    ("premier", "second", "sans_attendre"),
    [
        ("le bailleur", "un autre", True),
        ("un autre", "le bailleur", True),
        ("le bailleur", "le bailleur", False),
        ("le bailleur", "le registre", False),
        ("le registre", "le bailleur", False),
    ],
)
def test_on_n_attend_que_qui_ecrit_les_memes_lignes(
    gestes: dict[str, Ecrire], premier: str, second: str, sans_attendre: bool
) -> None:
    assert ecrit_pendant(gestes[premier], gestes[second]) is sans_attendre
    ecrits = {premier, second} if sans_attendre else {premier}
    sirens = {SIREN: "le bailleur", AUTRE: "un autre"}
    for siren, qui in sirens.items():
        assert Logement.objects.filter(bailleur__siren=siren).exists() is (qui in ecrits)
