"""« Exports : tout ce qu'on voit » (issue 11) : chaque écran qui montre un tableau l'exporte, ou dit pourquoi il ne le fait pas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.socle.tables_vues import lire_les_tables
from tests.acces.matrice import LIGNES, Ligne
from tests.acces.test_matrice import Terrain, terrain
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

__all__ = ["terrain"]  # la fixture de la matrice
PROFILS = ("a_responsable", "mairie", "etat", "epci", "plateforme", "caleol")
EXPORT = re.compile(r'href="[^"]*export=(csv|xlsx)[^"]*"')
SANS_EXPORT = {
    "accueil": "la page publique",
    "mon_compte": "les connexions de la personne : la page « Connexions » les exporte",
    "integration": "la documentation",
    "convention": "une fiche : le texte et le PDF sont la convention, la liste s'exporte",
    "taux_convention": "le dépliage du taux d'une convention : la liste s'exporte",
    "organisme": "une fiche du registre, la liste s'exporte",
    "concertation": "une fiche, la liste s'exporte",
    "liberation": "une fiche, la liste s'exporte",
    "logement_a_pourvoir": "une fiche, la liste s'exporte",
    "patrimoine_detail": "le dépliage d'un nombre du patrimoine, qui s'exporte filtré",
    "baux_rpls": "le dépliage d'un nombre du RPLS",
    "flux_detail": "le dépliage d'un nombre du flux : le bilan en donne le tableur",
    "detail_controle": "le dépliage d'un contrôle : la page des contrôles s'exporte",
    "delais": "une liste, exportée dès qu'elle a une ligne ; le tableau de tête en est le résumé",
    "aujourdhui": "le résumé du jour : chaque carte mène à sa liste, qui s'exporte",
    "bilan": "le PDF et le tableur (XLSX) du bilan",
    "bilan_recu": "le PDF et le tableur (XLSX) du bilan",
    "signer_en_nombre": "un formulaire à cocher : la liste des conventions s'exporte",
    "transmettre_tout": "une confirmation : la liste des conventions s'exporte, et le compte rendu de la série aussi",
    "campagne_publier": "un formulaire à cocher : la campagne s'exporte",
    "serie": "l'essai d'une série : son compte rendu s'exporte quand elle est menée",
    "gabarits": "des textes, chacun rendu en PDF ; ils sont dans « Exporter tout »",
    "mes_seances": "ce que voit un membre de la CALEOL : ses séances, rien à emporter (domaine.md § 6)",
    "ma_seance": "de même",
    "webhook": "une fiche : les livraisons s'exportent",
    "exporter_tout": "les archives elles-mêmes",
}
"""Écrans à tableaux qui n'ont pas d'export, et pourquoi."""


def pages_a_tableau(terrain: Terrain, ligne: Ligne) -> Iterator[tuple[str, str]]:
    """Ce que l'écran montre à chaque profil qui l'ouvre, s'il y a un tableau."""
    for profil in PROFILS:
        if ligne.attendus[profil] == 200:
            adresse = reverse(ligne.nom, args=ligne.cles(terrain.monde) if ligne.cles else None)
            reponse = terrain.clients[profil].get(adresse)
            if "html" in reponse.get("Content-Type", "") and not reponse.streaming:
                page = reponse.content.decode()
                if "<table" in page:
                    yield profil, page


@pytest.mark.django_db
def test_chaque_ecran_qui_montre_un_tableau_l_exporte(terrain: Terrain) -> None:
    manquent, excuses_inutiles = set(), set(SANS_EXPORT)
    for ligne in LIGNES:
        if ligne.post or ligne.nom.startswith("api"):
            continue
        pages = list(pages_a_tableau(terrain, ligne))
        sans = [profil for profil, page in pages if not EXPORT.search(page)]
        if sans and ligne.nom not in SANS_EXPORT:
            manquent.add((ligne.nom, *sans))
        if sans:
            excuses_inutiles.discard(ligne.nom)
    assert not manquent, "Écrans à tableaux sans export (socle/tables_vues.py, ou une raison ici)"
    assert not excuses_inutiles


@pytest.fixture
def bailleur_plein() -> tuple[Any, Client]:
    """Un bailleur dont deux libérations attendent, dans deux départements, et son navigateur."""
    bailleur = creer_bailleur()
    creer_convention(
        bailleur, creer_reservataire("AL", "action_logement", "region:11"), [("100", "", "departement:94")]
    )
    for rang in range(2):
        creer_liberation(creer_logement(bailleur, "94028"), timezone.localdate(), numero=f"L{rang}")
    louee = creer_liberation(
        creer_logement(bailleur), date(timezone.localdate().year, 1, 5), date_bail=timezone.localdate()
    )
    creer_orientation(louee, None, issue="bail")
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur_de(bailleur, Role.RESPONSABLE).utilisateur_id))
    return bailleur, client


def lire_csv(client: Client, adresse: str) -> list[list[str]]:
    reponse = client.get(adresse)
    assert reponse["Content-Type"].startswith("text/csv"), reponse.content[:200]
    octets = reponse.getvalue()
    return list(csv.reader(StringIO(octets.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.django_db
class TestContenu:
    def test_a_orienter_exporte_le_lot_et_ses_raisons(self, bailleur_plein: tuple[Any, Client]) -> None:
        _, client = bailleur_plein
        entetes, *lignes = lire_csv(client, f"{reverse('a_orienter')}?export=csv")
        assert entetes[:2] == ["liberation", "logement"]
        assert [(ligne[0], ligne[6], bool(ligne[7])) for ligne in lignes] == [("L0", "AL", True), ("L1", "AL", True)]

    def test_le_flux_exporte_ses_comptes_en_nombres(self, bailleur_plein: tuple[Any, Client]) -> None:
        _, client = bailleur_plein
        reponse = client.get(f"{reverse('flux')}?export=xlsx")
        classeur = openpyxl.load_workbook(BytesIO(reponse.getvalue()))
        valeurs = [valeur for feuille in classeur for ligne in feuille.iter_rows(values_only=True) for valeur in ligne]
        assert any(isinstance(valeur, int | float) for valeur in valeurs)
        assert any(isinstance(valeur, str) and "AL" in valeur for valeur in valeurs)

    def test_les_filtres_valent_pour_l_export(self, bailleur_plein: tuple[Any, Client]) -> None:
        _, client = bailleur_plein
        annee = timezone.localdate().year
        page = client.get(f"{reverse('flux')}?annee={annee - 1}").content.decode()
        assert f"annee={annee - 1}&amp;export=csv" in page
        avant, maintenant = (lire_csv(client, f"{reverse('flux')}?annee={an}&export=csv") for an in (annee - 1, annee))
        assert avant != maintenant

    def test_un_autre_profil_n_exporte_pas_plus_qu_il_ne_voit(self, bailleur_plein: tuple[Any, Client]) -> None:
        client = Client()
        client.force_login(Utilisateur.objects.get(pk=acteur_de(creer_reservataire()).utilisateur_id))
        assert client.get(f"{reverse('flux')}?export=csv").status_code == 403
        assert client.get(f"{reverse('a_orienter')}?export=csv").status_code == 403


def test_une_table_se_lit_comme_on_la_voit() -> None:
    page = (
        "<table><caption><span>Comptes</span></caption>"
        '<thead><tr><th>Compte</th><th class="nombre">Solde</th><th>Suite</th></tr></thead>'
        '<tbody><tr><th scope="row">AL<br>x</th><td class="nombre">−1\u202f234,5</td><td><a href="#">Voir</a></td></tr>'
        '<tr><th>=B<span class="visually-hidden"> caché</span></th><td class="nombre">—</td>'
        "<td><form><button>Faire</button></form></td></tr>"
        "</tbody></table><table><tbody></tbody></table>"
    )
    [table] = lire_les_tables(page)
    assert (table.legende, table.entetes) == ("Comptes", ["Compte", "Solde"])
    assert [[str(cellule) for cellule in ligne] for ligne in table.lignes] == [["AL x", "-1234.5"], ["=B", "None"]]
