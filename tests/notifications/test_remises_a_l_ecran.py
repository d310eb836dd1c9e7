"""Enregistrer des remises : sans envoi à remettre, la page dit pourquoi (RG-66)."""

from __future__ import annotations

import html

import pytest
from django.test import Client

from flux_reservations.commun.acteur import Role
from tests.fabriques import creer_bailleur, creer_reservataire, creer_utilisateur

pytestmark = pytest.mark.django_db


def test_sans_envoi_a_remettre_la_page_le_dit_et_n_a_pas_de_bouton() -> None:
    client = Client()
    client.force_login(
        creer_utilisateur(creer_bailleur(), Role.GESTIONNAIRE), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = html.unescape(client.get("/envois/remises/").content.decode())
    assert "Aucun envoi n'attend d'être remis." in page
    assert "Enregistrer les remises" not in page
    assert 'name="reference"' not in page


def test_un_refus_du_au_droit_ne_renvoie_pas_vers_le_responsable() -> None:
    client = Client()
    commune = creer_reservataire("MAIRIE", "commune", "commune:94028")
    client.force_login(creer_utilisateur(commune, Role.LECTEUR), backend="django.contrib.auth.backends.ModelBackend")
    reponse = client.get("/conventions/transmises/")
    page = html.unescape(reponse.content.decode())
    assert reponse.status_code == 403
    assert "aucun rôle n'y change rien" in page
    assert "responsable" not in page
