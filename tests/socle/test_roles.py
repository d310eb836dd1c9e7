"""Les rôles PostgreSQL, communs à toutes les bases d'une grappe, se créent même si deux bases migrent au même instant."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from flux_reservations.socle.postgresql.base import en_proprietaire
from flux_reservations.socle.roles import creer_roles

ROLE = "flux_essai_de_course"


def _creer_et_fermer(echecs: list[BaseException]) -> None:
    try:
        with en_proprietaire():
            creer_roles(connection)
    except BaseException as erreur:  # noqa: BLE001 : rapporté au fil qui attend
        echecs.append(erreur)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_un_role_cree_entre_temps_par_une_autre_base_suffit(settings: Any) -> None:
    settings.ROLE_APPLICATION = ROLE
    adresse = connection.settings_dict
    parametres = {
        "host": adresse["HOST"],
        "port": adresse["PORT"] or None,
        "user": adresse["USER"],
        "password": adresse["PASSWORD"],
    }
    echecs: list[BaseException] = []
    with psycopg.connect(dbname="postgres", **parametres) as autre_base:
        autre_base.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        fil = threading.Thread(target=_creer_et_fermer, args=(echecs,))
        fil.start()
        fil.join(0.5)
        assert fil.is_alive(), "la création attend celle de l'autre base"
        autre_base.commit()
        fil.join(10)
        autre_base.execute(f"DROP ROLE {ROLE}")
    assert not echecs
