"""L'écran des gabarits : l'aperçu n'écrit rien et échappe tout, une faute se dit à sa ligne, une version se garde (RG-12)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from conventions.models import Bailleur, Gabarit
from tests.fabriques import creer_bailleur, creer_convention, creer_reservataire, creer_utilisateur

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-12")]
TEXTE = "# Essai\n\nAvec {{ reservataire.nom }}.\n\n{{ tableau_des_droits }}\n\n{{ annexe_patrimoine }}"


@pytest.fixture
def bailleur(client: Client) -> Bailleur:
    """Un bailleur, sa convention au nom piégé, un gestionnaire connecté."""
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_reservataire("PIEGE", nom="<script>alert(1)</script>"))
    client.force_login(creer_utilisateur(bailleur))
    return bailleur


def test_l_apercu_montre_le_texte_echappe_et_n_ecrit_rien(client: Client, bailleur: Bailleur) -> None:
    del bailleur
    page = client.post(reverse("ecrire_gabarit"), {"nom": "Maison", "texte": TEXTE, "apercu": "oui"}).content.decode()
    assert "Avec &lt;script&gt;alert(1)&lt;/script&gt;." in page
    assert "<script>alert(1)" not in page
    assert "rien n'est enregistré" in page
    assert not Gabarit.objects.exists()


def test_une_faute_se_dit_a_sa_ligne(client: Client, bailleur: Bailleur) -> None:
    del bailleur
    reponse = client.post(reverse("ecrire_gabarit"), {"nom": "Maison", "texte": TEXTE + "\n{{ settings.SECRET_KEY }}"})
    assert reponse.status_code == 422
    assert "Ligne 8" in reponse.content.decode()
    assert not Gabarit.objects.exists()


def test_une_version_se_garde_s_essaie_en_pdf_et_se_reprend(client: Client, bailleur: Bailleur) -> None:
    for texte in (TEXTE, TEXTE.replace("Essai", "Second")):
        assert client.post(reverse("ecrire_gabarit"), {"nom": "Maison", "texte": texte}).status_code == 302
    courante = Gabarit.objects.get(bailleur=bailleur, rang=2)
    assert client.get(reverse("apercu_gabarit", args=[courante.pk])).content.startswith(b"%PDF-")
    assert "Maison" in client.get(reverse("gabarits")).content.decode()
    assert "# Second" in client.get(f"{reverse('ecrire_gabarit')}?de={courante.pk}").content.decode()
