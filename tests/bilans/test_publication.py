"""Du brouillon à la publication : figé, envoyé, versionné ; le PDF vérifié dans sa structure (RG-60 à RG-64)."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pikepdf
import pytest

from attributions.domaine.codes import OrigineSolde
from attributions.models import SoldeOuverture
from bilans.actions import produire as module_de_production
from bilans.actions.preparer import abandonner, preparer_bilan
from bilans.actions.produire import produire
from bilans.actions.publier import publier
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.pdf import html_du_bilan
from bilans.recoupement import verifier_bilans
from conventions.models import Bailleur, Reservataire
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi
from flux_reservations.socle.pdf import produire_pdf
from tests.fabriques import (
    CRETEIL,
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)
from tests.perf.banc_pdf import donnees_de_synthese

pytestmark = pytest.mark.django_db
FINI = date(2026, 1, 10)


class Monde:
    """Un bailleur, l'État et une CAF, quatre baux en 2025."""

    def __init__(self) -> None:
        """Crée les lignes."""
        self.bailleur: Bailleur = creer_bailleur(courriel="bailleur@essai.example")
        self.etat: Reservataire = creer_etat()
        self.caf = creer_reservataire("CAF94", courriel="caf@essai.example")
        creer_convention(
            self.bailleur, self.etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")]
        )
        self.convention = creer_convention(self.bailleur, self.caf, [("10", "", "departement:94")])
        for rang in range(4):
            self.louer(date(2025, 2 + rang, 1), self.caf if rang == 0 else None)
        self.responsable = acteur_de(self.bailleur, Role.RESPONSABLE)

    def louer(self, le: date, reservataire: Reservataire | None) -> None:
        """Un bail du flux."""
        logement = creer_logement(self.bailleur, CRETEIL)
        liberation = creer_liberation(logement, le, date_bail=le)
        creer_orientation(liberation, reservataire, date_mise_a_disposition=le if reservataire else None, issue="bail")

    def preparer(self, genre: str = GenreBilan.ANNUEL, annee: int = 2025) -> Bilan:
        """Un document produit."""
        bilan = preparer_bilan(
            acteur=self.responsable, bailleur_id=self.bailleur.pk, departement="94", annee=annee, genre=genre, le=FINI
        )
        assert produire(bilan.pk)
        bilan.refresh_from_db()
        assert bilan.etat == EtatBilan.PRET, bilan.erreur
        return bilan


@pytest.fixture
def monde(monkeypatch: pytest.MonkeyPatch) -> Monde:
    """Le petit monde ; la mise en page, qui prend une seconde, n'est faite que par les essais du PDF."""
    for mise_en_page in ("bilan_pdf", "information_pdf"):
        monkeypatch.setattr(module_de_production, mise_en_page, lambda *_, **__: b"%PDF-1.7 essai")
    return Monde()


@pytest.fixture
def monde_mis_en_page() -> Monde:
    """Le petit monde, ses PDF produits pour de vrai."""
    return Monde()


@pytest.mark.regle("RG-60")
def test_produire_donne_le_pdf_le_tableur_et_les_donnees(monde: Monde) -> None:
    bilan = monde.preparer()
    assert bilan.donnees["flux"]["assiette"]["flux"] == 4
    assert bilan.pdf is not None
    assert bilan.tableur is not None
    assert sum(section["baux"] for section in bilan.donnees["document"]["sections"]) == 4


def test_produire_deux_fois_ne_fait_rien_de_plus(monde: Monde) -> None:
    bilan = monde.preparer()
    assert not produire(bilan.pk)


@pytest.mark.regle("RG-63")
def test_publier_fige_et_depose_chez_tous_a_la_meme_date(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    envois = list(Envoi.objects.filter(objet_type="bilans.bilan", objet_cle=str(bilan.pk)))
    assert {envoi.destinataire_id for envoi in envois} >= {monde.etat.pk, monde.caf.pk}
    assert len({(envoi.depose_le, envoi.lot, envoi.piece_id) for envoi in envois}) == 1
    assert calculer_empreinte(Bilan.objects.get(pk=bilan.pk).donnees) == bilan.empreinte
    assert all(envoi.genre == GenreEnvoi.BILAN and envoi.etat == EtatEnvoi.PREVU for envoi in envois)


@pytest.mark.regle("RG-60")
def test_l_ept_concerne_recoit_meme_sans_etre_sur_la_plateforme(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    inconnus = Envoi.objects.filter(objet_cle=str(bilan.pk), destinataire__isnull=True)
    assert inconnus.filter(territoire__nature="ept", voie="recommande").exists()


@pytest.mark.regle("RG-47")
def test_publier_arrete_les_soldes_de_l_annee_suivante(monde: Monde) -> None:
    publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    solde = SoldeOuverture.objects.get(convention=monde.convention, annee=2026, origine=OrigineSolde.BILAN)
    assert solde.report == Decimal("-0.6000")  # 10 % × 4 − 1
    assert verifier_bilans() == []


@pytest.mark.regle("RG-63")
def test_un_bilan_publie_ne_se_refait_ni_ne_s_abandonne(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    with pytest.raises(Conflit):
        publier(acteur=monde.responsable, bilan_id=bilan.pk)
    with pytest.raises(Conflit):
        abandonner(acteur=monde.responsable, bilan_id=bilan.pk)


@pytest.mark.regle("RG-63")
def test_une_nouvelle_version_cite_la_precedente_et_dit_ce_qui_change(monde: Monde) -> None:
    premiere = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    monde.louer(date(2025, 9, 1), monde.caf)
    seconde = monde.preparer()
    assert (seconde.version, seconde.remplace_id) == (2, premiere.pk)
    assert "Flux à répartir (C) : 4 devient 5." in seconde.ce_qui_change.splitlines()
    assert "solde -0,6 → -1,5" in seconde.ce_qui_change
    publier(acteur=monde.responsable, bilan_id=seconde.pk)
    assert SoldeOuverture.objects.get(
        convention=monde.convention, annee=2026, origine=OrigineSolde.BILAN
    ).report == Decimal("-1.5")
    assert verifier_bilans() == []


@pytest.mark.regle("RG-63")
def test_des_donnees_alterees_ne_se_publient_pas(monde: Monde) -> None:
    bilan = monde.preparer()
    Bilan.objects.filter(pk=bilan.pk).update(donnees=bilan.donnees | {"lignes": []})
    with pytest.raises(ErreurMetier, match="changé depuis l'aperçu"):
        publier(acteur=monde.responsable, bilan_id=bilan.pk)


def test_un_gestionnaire_prepare_mais_ne_publie_pas(monde: Monde) -> None:
    bilan = monde.preparer()
    with pytest.raises(AccesRefuse):
        publier(acteur=acteur_de(monde.bailleur, Role.GESTIONNAIRE), bilan_id=bilan.pk)


@pytest.mark.regle("RG-60")
def test_une_annee_en_cours_n_a_pas_de_bilan(monde: Monde) -> None:
    with pytest.raises(ErreurMetier, match="pas finie"):
        preparer_bilan(acteur=monde.responsable, bailleur_id=monde.bailleur.pk, departement="94", annee=2026, le=FINI)


@pytest.mark.regle("RG-61")
def test_l_information_de_debut_d_annee_fige_la_prevision_et_part_a_tous(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer(GenreBilan.DEBUT_ANNEE, 2026).pk)
    assert bilan.donnees["prevision"]
    assert monde.bailleur.previsions.filter(annee=2026, publiee_le__isnull=False).exists()
    assert Envoi.objects.filter(objet_cle=str(bilan.pk), genre=GenreEnvoi.INFORMATION_DEBUT_ANNEE).exists()


@pytest.mark.regle("RG-62")
def test_la_presentation_en_caleol_porte_sa_seance_et_ne_s_envoie_pas(monde: Monde) -> None:
    bilan = monde.preparer(GenreBilan.CALEOL)
    with pytest.raises(ErreurMetier, match="date de la séance"):
        publier(acteur=monde.responsable, bilan_id=bilan.pk)
    publie = publier(acteur=monde.responsable, bilan_id=bilan.pk, date_seance=date(2026, 3, 5))
    assert publie.date_seance == date(2026, 3, 5)
    assert not Envoi.objects.exists()


def _octets(bilan: Bilan, piece: str) -> bytes:
    return bytes(getattr(bilan, piece).contenu.octets)


def test_le_pdf_est_balise_et_ne_perd_aucune_ligne(monde_mis_en_page: Monde) -> None:
    bilan = monde_mis_en_page.preparer()
    html = html_du_bilan(bilan.donnees, version=1)
    with pikepdf.open(io.BytesIO(_octets(bilan, "pdf"))) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert "Bilan 2025" in str(pdf.open_metadata()["dc:title"])
        assert "/Outlines" in pdf.Root
        balises = lire_les_balises(pdf.Root.StructTreeRoot)
    assert balises["/Caption"] == html.count("<caption>")
    assert balises["/H1"] == 1
    assert balises["/TBody/TH"] == html.count('<th scope="row"')
    assert balises["/Figure"] == balises["/Figure/Alt"]
    assert balises["/TD"] == balises["/TD/Headers"]  # Chaque case dit ses en-têtes.


def test_une_fiche_de_plus_de_communes_qu_une_page_n_en_perd_aucune() -> None:
    donnees = donnees_de_synthese(comptes=1, logements=1)
    modele = donnees["lignes"][0]
    communes = {f"{rang:05d}": f"Commune {rang}" for rang in range(90)}
    donnees["lignes"] = [modele | {"commune": code} for code in communes]
    donnees["document"]["communes"] = communes
    html = html_du_bilan(donnees, version=1)
    with pikepdf.open(io.BytesIO(produire_pdf(html))) as pdf:
        balises = lire_les_balises(pdf.Root.StructTreeRoot)
    assert balises["/TBody/TH"] == html.count('<th scope="row"')


def lire_les_balises(racine: Any) -> Counter[str]:
    """Nombre de balises de structure par genre ; `/TBody/TH` : en-têtes de lignes ; `/Figure/Alt` : figures décrites."""
    comptes: Counter[str] = Counter()
    pile = [(racine, False)]
    while pile:
        element, dans_le_corps = pile.pop()
        if isinstance(element, pikepdf.Array):
            pile.extend((enfant, dans_le_corps) for enfant in element)
        elif isinstance(element, pikepdf.Dictionary):
            genre = str(element.get("/S", ""))
            comptes[genre] += 1
            comptes["/TBody/TH"] += genre == "/TH" and dans_le_corps
            comptes["/TD/Headers"] += genre == "/TD" and "/A" in element
            comptes["/Figure/Alt"] += genre == "/Figure" and "/Alt" in element
            if "/K" in element:
                pile.append((element.K, dans_le_corps or genre in {"/TBody", "/TB"}))
    return comptes


@pytest.mark.regle("RG-60")
def test_le_tableur_porte_les_memes_nombres_que_les_donnees(monde: Monde) -> None:
    bilan = monde.preparer()
    classeur = openpyxl.load_workbook(io.BytesIO(_octets(bilan, "tableur")))
    feuille = classeur["Proposés et attribués"]
    entetes = [cellule.value for cellule in feuille[1]]
    colonne = entetes.index("attribues")
    assert sum(ligne[colonne].value for ligne in feuille.iter_rows(min_row=2)) == 4
    assert feuille.freeze_panes == "C2"
    assert classeur["Comptes"]["D2"].value == 0.4


@pytest.mark.regle("RG-64")
def test_les_petits_effectifs_de_menages_ne_figurent_ni_dans_les_donnees_ni_dans_le_pdf(monde: Monde) -> None:
    publics = monde.preparer().donnees["document"]["publics"]
    assert all(case is None or case == 0 or case >= 5 for ligne in publics["cases"] for case in ligne)


def test_le_bilan_d_un_autre_bailleur_est_introuvable(monde: Monde) -> None:
    bilan = monde.preparer()
    autre: Acteur = acteur_de(creer_bailleur(), Role.RESPONSABLE)
    with pytest.raises(ErreurMetier) as refus:
        publier(acteur=autre, bilan_id=bilan.pk)
    assert refus.value.code == "introuvable"
