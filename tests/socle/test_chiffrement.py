"""Le numéro unique de demande n'est jamais en clair dans la base, et tout marche comme s'il l'était (RG-70)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from importlib import import_module
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from attributions.models import Candidat, Orientation
from flux_reservations.socle.chiffrement import chiffrer, dechiffrer, verifier_les_cles
from tests.fabriques import creer_bailleur, creer_liberation, creer_logement, creer_orientation, creer_reservataire

NUMERO = "094032500000000001"


def creer_candidats(*numeros: str) -> list[Candidat]:
    """Des candidats d'une même orientation."""
    orientation = creer_orientation(
        creer_liberation(creer_logement(creer_bailleur())),
        creer_reservataire(),
        date_mise_a_disposition=date(2025, 3, 2),
    )
    return [Candidat.objects.create(orientation=orientation, numero_demande=numero) for numero in numeros]


def lire_en_base() -> list[tuple[str, str]]:
    """Ce que garde la table."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT numero_demande, empreinte_demande FROM attributions_candidat ORDER BY id")
        lignes: list[tuple[str, str]] = curseur.fetchall()
    return lignes


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_la_base_ne_garde_ni_le_numero_ni_deux_fois_le_meme_texte() -> None:
    creer_candidats(NUMERO)
    Candidat.objects.create(
        orientation=creer_orientation(
            Orientation.objects.get().liberation, creer_reservataire("OTHER", siren=""), rang=2, issue="rendu"
        ),
        numero_demande=NUMERO,
    )
    (un, empreinte_un), (deux, empreinte_deux) = lire_en_base()
    assert NUMERO not in un + deux
    assert un != deux
    assert empreinte_un == empreinte_deux
    assert NUMERO not in empreinte_un


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_le_numero_se_relit_et_se_cherche_exactement() -> None:
    candidat, _ = creer_candidats(NUMERO, "094032500000000002")
    assert Candidat.objects.get(numero_demande=NUMERO).pk == candidat.pk
    assert list(Candidat.objects.filter(numero_demande__in=[NUMERO, "X"]).values_list("numero_demande", flat=True)) == [
        NUMERO
    ]
    assert Orientation.objects.filter(candidats__numero_demande=NUMERO).count() == 1
    assert not Candidat.objects.filter(numero_demande=NUMERO[:-1]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("filtre", [{"numero_demande__startswith": "094"}, {"numero_demande": F("motif")}])
def test_une_recherche_approchee_est_refusee(filtre: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        Candidat.objects.filter(**filtre).exists()


@pytest.mark.django_db
@pytest.mark.regle("RG-49")
def test_une_demande_n_est_presentee_qu_une_fois_pour_un_logement() -> None:
    (candidat,) = creer_candidats(NUMERO)
    with pytest.raises(IntegrityError), transaction.atomic():
        Candidat.objects.create(orientation=candidat.orientation, numero_demande=NUMERO)


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_une_cle_change_sans_rien_perdre(settings: SimpleNamespace) -> None:
    creer_candidats(NUMERO, "094032500000000002")
    ancienne, neuve = (Fernet.generate_key().decode() for _ in range(2))
    settings.CLES_DE_CHIFFREMENT = [ancienne]
    candidat = Candidat.objects.create(orientation=Orientation.objects.get(), numero_demande="094032500000000003")
    Candidat.objects.exclude(pk=candidat.pk).delete()
    settings.CLES_DE_CHIFFREMENT, settings.CLE_D_EMPREINTE = [neuve, ancienne], neuve
    assert Candidat.objects.get().numero_demande == "094032500000000003"
    sortie = io.StringIO()
    call_command("rechiffrer", "--format", "json", stdout=sortie)
    assert json.loads(sortie.getvalue()) == {
        "attributions.candidat.numero_demande": 1,
        "echanges.morceauexport.octets": 0,
    }
    settings.CLES_DE_CHIFFREMENT = [neuve]
    assert Candidat.objects.get(numero_demande="094032500000000003").numero_demande == "094032500000000003"


def test_une_cle_retiree_trop_tot_le_dit(settings: SimpleNamespace) -> None:
    chiffre = chiffrer(NUMERO)
    settings.CLES_DE_CHIFFREMENT = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured, match="remettez l'ancienne clé"):
        dechiffrer(chiffre)


@pytest.mark.parametrize(("cles", "empreinte"), [(["courte"], ""), ([], "courte"), ([], "")])
def test_une_cle_mal_formee_est_refusee(cles: list[str], empreinte: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="32 octets"):
        verifier_les_cles(cles, empreinte)


def test_la_production_exige_des_cles() -> None:
    reglages = {
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": "postgresql://a",
        "REDIS_URL": "redis://a",
        "ALLOWED_HOSTS": "a",
    }
    fini = subprocess.run(
        [sys.executable, "-c", "import flux_reservations.settings.prod"],
        env=reglages | {"EMAIL_HOST": "a", "SITE_URL": "https://a"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert fini.returncode == 1
    assert "CLES_DE_CHIFFREMENT est obligatoire" in fini.stderr


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_les_numeros_d_avant_sont_chiffres_en_place_et_rendus_au_retour() -> None:
    creer_candidats(NUMERO)
    creer_candidats("purge-1")
    migration = import_module("attributions.migrations.0007_numero_de_demande_chiffre")
    schema = SimpleNamespace(connection=connection)
    migration.rendre_les_numeros(apps, schema)
    assert [numero for numero, _ in lire_en_base()] == [NUMERO, "purge-1"]
    migration.chiffrer_les_numeros(apps, schema)
    (numero, empreinte), purge = lire_en_base()
    assert NUMERO not in numero
    assert purge == ("purge-1", "purge-1")
    assert Candidat.objects.get(empreinte_demande=empreinte).numero_demande == NUMERO
