"""Signer et transmettre en nombre à l'écran : ce qui se confirme, ce qui part, ce qui reste à remettre (RG-16, RG-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from conventions.actions import en_nombre
from conventions.actions.en_nombre import transmettre_en_nombre
from conventions.chargement_autorites import charger_autorites, communes_des_droits
from conventions.models import Bailleur, Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import Envoi
from flux_reservations.series.actions.mener import avancer
from flux_reservations.series.actions.preparer import (
    confirmer_serie,
)
from flux_reservations.series.models import EtatActe, Serie
from tests.fabriques import (
    acteur_de,
    creer_convention,
    creer_reservataire,
)
from tests.relecture import empreinte_portee

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

from tests.conventions.en_nombre import PDF, etats, fichier, mener, preparer, proposees, vouloir

pytestmark = pytest.mark.django_db


@pytest.mark.regle("RG-16")
def test_la_confirmation_dit_ce_qui_sera_signe_sans_piece_et_ce_qui_partira(ecran: Client, bailleur: Bailleur) -> None:
    """Un acte irréversible ne se confirme pas sur « avec sa pièce, ou pas du tout » quand il se fait sans."""
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    msa, crous = proposees(bailleur, "MSA", "CROUS")
    avec = ecran.get(reverse("serie", args=[preparer(acteur, vouloir(msa, PDF)).pk])).content.decode()
    assert "signée avec sa pièce, ou ne l'est pas du tout" in avec.replace("&#x27;", "'")
    assert "Sans pièce signée" not in avec
    serie = preparer(acteur, vouloir(msa, PDF), vouloir(crous), sans_piece=True)
    page = ecran.get(reverse("serie", args=[serie.pk])).content.decode().replace("&#x27;", "'")
    assert "pas du tout" not in page
    assert "1\u00a0convention sur 2 sans pièce signée : le texte engendré, sans signatures, sera transmis" in page
    annonces = {acte.cle: acte.parametres for acte in serie.actes.all()}
    assert annonces[msa.pk]["alertes"] == []
    assert annonces[crous.pk]["alertes"] == ["Sans pièce signée : le texte engendré, sans signatures, sera transmis."]
    assert annonces[crous.pk]["resume"].endswith("Sans pièce signée.")
    confirmer_serie(acteur=acteur, serie_id=serie.pk)
    mener(serie)
    for convention, attendu in ((crous, True), (msa, False)):
        unitaire = ecran.get(reverse("transmettre_convention", args=[convention.pk])).content.decode()
        assert ('<span class="pastille pastille-attention">Sans pièce signée</span>' in unitaire) is attendu


def test_l_ecran_rapproche_les_fichiers_dit_ce_qu_il_ignore_et_fait_confirmer(
    ecran: Client, bailleur: Bailleur
) -> None:
    msa, crous, adil = proposees(bailleur, "MSA", "CROUS", "ADIL")
    adresse = reverse("signer_en_nombre", args=["94"])
    assert "2026-MSA" in ecran.get(adresse).content.decode()
    reponse = ecran.post(
        adresse,
        {
            "signature_bailleur": "2026-01-05",
            "signature_reservataire": "2026-01-08",
            "pieces": [fichier("2026_msa signée.pdf"), fichier("inconnu.pdf"), fichier("2026-ADIL.pdf")],
            f"c{msa.pk}-choisie": "on",
            f"c{crous.pk}-choisie": "on",
            f"c{crous.pk}-piece": fichier("scan0001.pdf"),
            f"c{crous.pk}-signature_reservataire": "2026-01-12",
        },
    )
    serie = Serie.objects.get()
    assert reponse["Location"] == reverse("serie", args=[serie.pk])
    page = ecran.get(reponse["Location"]).content.decode()
    for attendu in (
        "Rien n'est encore fait",
        "inconnu.pdf",
        "2026-ADIL.pdf",
        "12\u00a0janvier\u00a02026",
        "Enregistrer les signatures",
    ):
        assert attendu in page
    assert ecran.post(reverse("serie_confirmer", args=[serie.pk])).status_code == 302
    avancer(serie.pk)
    page = ecran.get(reponse["Location"]).content.decode()
    assert "1 sur 2" in page
    assert "hx-get" in page
    mener(serie)
    fragment = ecran.get(reponse["Location"], headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reponse["Location"]
    assert "2026-MSA" in ecran.get(f"{reponse['Location']}?export=csv").getvalue().decode()
    assert set(Convention.objects.signees()) == {msa, crous}
    assert adil.pk not in Convention.objects.signees().values_list("pk", flat=True)
    assert "Finie" in ecran.get(reverse("series")).content.decode()


def test_aujourd_hui_rappelle_ce_qui_attend_ou_a_ete_refuse(ecran: Client, bailleur: Bailleur) -> None:
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(acteur, vouloir(msa, PDF))
    pages = (reverse("aujourdhui"), reverse("tableau_departement", args=["94"]))

    def lire(attendu: str) -> None:
        for page in pages:
            assert attendu in ecran.get(page).content.decode()

    lire("relire et confirmer")
    confirmer_serie(acteur=acteur, serie_id=serie.pk)
    lire("1\u00a0ligne à faire")
    creer_convention(bailleur, creer_reservataire("GROS"), [("95", "", "departement:94")])
    mener(serie)
    lire("0\u00a0ligne faite, 1\u00a0refusée")
    serie.actes.update(fini_le=timezone.now() - timedelta(days=3))
    assert "Signature de conventions" not in ecran.get(pages[0]).content.decode()


def test_deux_fichiers_de_meme_nom_ecartent_la_convention_au_lieu_d_en_perdre_un(
    ecran: Client, bailleur: Bailleur
) -> None:
    (msa,) = proposees(bailleur, "MSA")
    ecran.post(
        reverse("signer_en_nombre", args=["94"]),
        {
            "signature_bailleur": "2026-01-05",
            "signature_reservataire": "2026-01-05",
            "pieces": [fichier("2026-MSA.pdf"), fichier("2026-MSA.pdf", page_pdf(("Une autre",)))],
            f"c{msa.pk}-choisie": "on",
        },
    )
    assert "Plusieurs fichiers" in Serie.objects.get().actes.get().message


def test_l_ecran_dit_ce_qui_manque_sans_rien_preparer(ecran: Client, bailleur: Bailleur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    adresse = reverse("signer_en_nombre", args=["94"])
    dates = {"signature_bailleur": "2026-01-05", "signature_reservataire": "2026-01-05"}
    rien = ecran.post(adresse, dates)
    assert rien.status_code == 422
    assert "cochez au moins une ligne" in rien.content.decode()
    faute = ecran.post(adresse, dates | {f"c{msa.pk}-choisie": "on", f"c{msa.pk}-effet": "demain"})
    assert faute.status_code == 422
    assert "pour 2026-MSA" in faute.content.decode()
    assert not Serie.objects.exists()


def test_la_page_de_signature_se_lit_en_un_nombre_fixe_de_requetes(
    ecran: Client, bailleur: Bailleur, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def lire() -> int:
        with django_assert_max_num_queries(60) as requetes:
            ecran.get(reverse("signer_en_nombre", args=["94"]))
        return len(requetes)

    proposees(bailleur, "MSA")
    peu = lire()
    proposees(bailleur, *(f"AUTRE{rang}" for rang in range(8)), taux="1")
    assert lire() == peu


@pytest.mark.regle("RG-17")
def test_transmettre_tout_reprend_ou_il_s_est_arrete_sans_double(
    bailleur: Bailleur, responsable: Acteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("MSA", "CROUS", "ADIL"):
        creer_convention(bailleur, creer_reservataire(code))
    serie = transmettre_en_nombre(acteur=responsable, departement="94")
    vraie, appels = en_nombre.transmettre_convention, []

    def tomber(**options: Any) -> list[Envoi]:
        appels.append(1)
        envois = vraie(**options)
        if len(appels) == 2:
            raise SystemExit("le processus meurt")
        return envois

    monkeypatch.setattr(en_nombre, "transmettre_convention", tomber)
    assert avancer(serie.pk)
    with pytest.raises(SystemExit), transaction.atomic():
        avancer(serie.pk)
    assert Envoi.objects.values("objet_cle").distinct().count() == 1
    mener(serie)
    assert etats(serie) == [EtatActe.FAIT] * 3
    # Préfet et EPT, trois conventions : ni oubli, ni double.
    assert Envoi.objects.count() == 6
    assert Envoi.objects.values("objet_cle", "territoire").distinct().count() == 6
    with pytest.raises(ErreurMetier) as refus:
        transmettre_en_nombre(acteur=responsable, departement="94")
    assert refus.value.code == "rien_a_transmettre"
    with pytest.raises(AccesRefuse):
        transmettre_en_nombre(acteur=acteur_de(bailleur), departement="94")


@pytest.mark.regle("RG-17")
def test_le_compte_rendu_dit_ce_qui_reste_a_remettre_et_comment(ecran: Client, bailleur: Bailleur) -> None:
    creer_convention(bailleur, creer_reservataire("MSA"))
    acte = reverse("transmettre_tout", args=["94"])
    reponse = ecran.post(acte, empreinte_portee(ecran, acte))
    serie = Serie.objects.get()
    assert reponse["Location"] == reverse("serie", args=[serie.pk])
    mener(serie)
    page = ecran.get(reponse["Location"]).content.decode()
    assert "Déposée chez 2\u00a0autorités." in page
    assert "à remettre par une autre voie, puis à enregistrer." in page
    adresse = f"{reverse('envois_remises')}?genre=transmission"
    assert f'href="{adresse}"' in page
    restant = Envoi.objects.get(voie="recommande", etat="prevu", destinataire__isnull=True)
    assert "checked" not in ecran.get(adresse).content.decode(), "rien n'est coché d'avance : le bordereau fait foi"
    coche = ecran.get(adresse, {"genre": "transmission", "a": restant.destinataire_nom}).content.decode()
    assert coche.count("checked") == 1


def test_deja_transmise_entre_temps_elle_ne_repart_pas(bailleur: Bailleur, responsable: Acteur) -> None:
    convention = creer_convention(bailleur, creer_reservataire("MSA"))
    serie = transmettre_en_nombre(acteur=responsable, departement="94")
    en_nombre.transmettre_convention(acteur=responsable, convention_id=convention.pk)
    mener(serie)
    assert "déjà transmise" in serie.actes.get().message
    assert Envoi.objects.count() == 2


@pytest.mark.regle("RG-17")
def test_transmettre_tout_montre_de_chacune_ce_que_montre_l_acte_unitaire(
    ecran: Client, bailleur: Bailleur, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Combien d'autorités, lesquelles manquent au carnet, et ce qui part sans pièce signée ; en un nombre fixe de requêtes."""

    def lire() -> tuple[str, int]:
        with django_assert_max_num_queries(60) as requetes:
            page = ecran.get(reverse("transmettre_tout", args=["94"])).content.decode()
        return page, len(requetes)

    convention = creer_convention(bailleur, creer_reservataire("MSA"))
    page, peu = lire()
    unitaire = ecran.get(reverse("transmettre_convention", args=[convention.pk])).content.decode()
    (autorite,) = [
        une.nom for une in charger_autorites(bailleur.pk, "94", communes_des_droits(convention)) if not une.est_connu
    ]
    for attendu in (autorite, '<span class="pastille pastille-attention">Sans pièce signée</span>'):
        assert attendu in page.replace("&#x27;", "'")
        assert attendu in unitaire.replace("&#x27;", "'")
    assert "2\u00a0autorités" in page
    assert "le texte engendré, sans signatures, sera transmis" in page
    for rang in range(5):
        creer_convention(bailleur, creer_reservataire(f"AUTRE{rang}"), [("1", "", "departement:94")])
    page, nombre = lire()
    assert nombre == peu
    assert page.count("pastille-attention") == 6
