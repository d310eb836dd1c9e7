"""Signer et transmettre en nombre : essayé d'abord, confirmé une fois, tout ou rien par convention (RG-14, RG-16, RG-17, RG-18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from conventions.actions import en_nombre
from conventions.actions.en_nombre import SignatureVoulue, preparer_signatures, transmettre_en_nombre
from conventions.actions.pieces import Fichier
from conventions.chargement_autorites import charger_autorites, communes_des_droits
from conventions.domaine.codes import EtatConvention
from conventions.domaine.rapprochement import rapprocher
from conventions.models import Bailleur, Convention
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.echanges.tableaux.pieces import pieces_exportees
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.series.actions.mener import TENTATIVES_AU_PLUS, avancer, reprendre_les_series
from flux_reservations.series.actions.preparer import (
    OUBLIEE_APRES,
    abandonner_serie,
    confirmer_serie,
    purger_les_oubliees,
    reessayer_serie,
)
from flux_reservations.series.models import GENRE_EN_ATTENTE, ActeDeSerie, EtatActe, Serie
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
JOUR = date(2026, 1, 5)
PDF = page_pdf(("Convention signée",))


@pytest.fixture
def bailleur() -> Bailleur:
    """Un logement à Créteil, et le préfet."""
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    creer_etat()
    return bailleur


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


def proposees(bailleur: Bailleur, *codes: str, taux: str = "10") -> list[Convention]:
    """Une convention proposée par code, son code pour numéro."""
    return [
        creer_convention(
            bailleur,
            creer_reservataire(code),
            [(taux, "", "departement:94")],
            numero=f"2026-{code}",
            etat=EtatConvention.PROPOSEE,
        )
        for code in codes
    ]


def vouloir(convention: Convention, *fichiers: bytes, **options: Any) -> SignatureVoulue:
    """Une convention cochée, ses fichiers."""
    return SignatureVoulue(
        convention.pk,
        options.get("bailleur", JOUR),
        options.get("reservataire", JOUR),
        options.get("effet"),
        tuple(Fichier(f"{convention.numero}-{rang}.pdf", octets) for rang, octets in enumerate(fichiers)),
    )


def preparer(acteur: Acteur, *voulues: SignatureVoulue, **options: Any) -> Serie:
    """La série préparée dans le Val-de-Marne."""
    return preparer_signatures(acteur=acteur, departement="94", voulues=voulues, **options)


def mener(serie: Serie) -> None:
    """Fait le travail de l'ouvrier, jusqu'au bout."""
    while avancer(serie.pk):
        pass


def etats(serie: Serie) -> list[str]:
    """L'état de chaque ligne, dans l'ordre."""
    return list(serie.actes.values_list("etat", flat=True))


# --- Rapprocher les fichiers ---


@pytest.mark.parametrize(
    ("nom", "trouvee"),
    [
        ("2024-CAF-01.pdf", 1),
        ("Convention_2024_caf_01 (signée).PDF", 1),
        ("2024-CAF-011.pdf", None),
        ("CAF-01.pdf", None),
        ("2024-CAF-01-A.pdf", 2),
        ("scan.pdf", None),
    ],
)
def test_un_fichier_va_a_la_convention_dont_il_porte_le_numero(nom: str, trouvee: int | None) -> None:
    lu = rapprocher([nom], {1: "2024-CAF-01", 2: "2024-CAF-01-A"})
    assert dict(lu.par_convention) == ({trouvee: (nom,)} if trouvee else {})
    assert lu.sans_convention == (() if trouvee else (nom,))


def test_un_fichier_qui_porte_deux_numeros_est_ambigu_et_deux_fichiers_d_un_numero_se_gardent_tous_deux() -> None:
    lu = rapprocher(["A1 et B2.pdf", "b2.pdf", "B2 bis.pdf"], {1: "A1", 2: "B2"})
    assert lu.ambigus == ("A1 et B2.pdf",)
    assert dict(lu.par_convention) == {2: ("b2.pdf", "B2 bis.pdf")}


# --- Signer en nombre ---


def changer_un_taux(convention: Convention) -> None:
    convention.droits.update(taux="12")


def changer_un_perimetre(convention: Convention) -> None:
    convention.droits.get().perimetre.set(["commune:94028"])


def changer_une_clause(convention: Convention) -> None:
    Convention.objects.filter(pk=convention.pk).update(carence_decomptee=False)


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize("changer", [changer_un_taux, changer_un_perimetre, changer_une_clause])
def test_une_convention_changee_depuis_la_preparation_n_est_pas_signee(
    bailleur: Bailleur, responsable: Acteur, changer: Callable[[Convention], None]
) -> None:
    msa, crous = proposees(bailleur, "MSA", "CROUS")
    serie = preparer(responsable, vouloir(msa, PDF), vouloir(crous, PDF))
    changer(msa)
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert etats(serie) == [EtatActe.REFUSE, EtatActe.FAIT]
    assert "ont changé depuis la préparation" in serie.actes.get(cle=msa.pk).message
    msa.refresh_from_db()
    assert (msa.etat, msa.piece_signee) == (EtatConvention.PROPOSEE, None)


@pytest.mark.regle("RG-16")
def test_des_droits_reecrits_a_l_identique_se_signent(bailleur: Bailleur, responsable: Acteur) -> None:
    msa = proposees(bailleur, "MSA")[0]
    serie = preparer(responsable, vouloir(msa, PDF))
    droit = msa.droits.get()
    territoires = list(droit.perimetre.all())
    msa.droits.all().delete()
    droit.pk = None
    droit.save()
    droit.perimetre.set(territoires)
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert etats(serie) == [EtatActe.FAIT]


@pytest.mark.regle("RG-16")
def test_preparer_ne_signe_rien_et_confirmer_signe_chacune_avec_sa_piece(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    msa, crous = proposees(bailleur, "MSA", "CROUS")
    serie = preparer(responsable, vouloir(msa, PDF), vouloir(crous, PDF, effet=date(2026, 2, 1)))
    assert etats(serie) == [EtatActe.PRET, EtatActe.PRET]
    assert set(Convention.objects.values_list("etat", flat=True)) == {EtatConvention.PROPOSEE}
    assert not avancer(serie.pk), "rien ne se fait avant la confirmation"
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert etats(serie) == [EtatActe.FAIT, EtatActe.FAIT]
    crous.refresh_from_db()
    assert (crous.etat, crous.date_signature, crous.date_effet) == ("signee", JOUR, date(2026, 2, 1))
    assert crous.piece_signee is not None
    assert crous.piece_signee.genre == "convention_signee"
    assert not Piece.objects.filter(genre=GENRE_EN_ATTENTE).exists()


@pytest.mark.regle("RG-14")
def test_l_essai_voit_le_plafond_que_les_premieres_font_atteindre(bailleur: Bailleur, responsable: Acteur) -> None:
    trois = proposees(bailleur, "A", "B", "C", taux="40")
    serie = preparer(responsable, *(vouloir(une, PDF) for une in trois))
    assert etats(serie) == [EtatActe.PRET, EtatActe.PRET, EtatActe.ECARTE]
    ecarte = serie.actes.get(etat=EtatActe.ECARTE)
    assert "Signature refusée" in ecarte.message
    assert ecarte.regle == "RG-14"


@pytest.mark.regle("RG-16")
def test_une_piece_absente_en_double_ou_fautive_ecarte_sa_seule_convention(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    sans, double, faux, bon = proposees(bailleur, "SANS", "DOUBLE", "FAUX", "BON")
    serie = preparer(
        responsable, vouloir(sans), vouloir(double, PDF, PDF), vouloir(faux, b"pas un PDF"), vouloir(bon, PDF)
    )
    assert etats(serie) == [EtatActe.ECARTE] * 3 + [EtatActe.PRET]
    messages = list(serie.actes.values_list("message", flat=True))
    assert "Aucun fichier" in messages[0]
    assert "Plusieurs fichiers" in messages[1]
    assert "n'est pas un PDF" in messages[2]
    assert Piece.objects.count() == 1
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert list(Convention.objects.signees()) == [bon]


def test_sans_piece_se_demande_et_se_dit(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa), sans_piece=True)
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert "le texte engendré, sans signatures, sera transmis" in serie.actes.get().message


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


@pytest.mark.regle("RG-16")
def test_une_date_a_venir_ecarte_la_convention(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF, reservataire=timezone.localdate() + timedelta(days=1)))
    assert "date à venir" in serie.actes.get().message
    with pytest.raises(ErreurMetier) as refus:
        confirmer_serie(acteur=responsable, serie_id=serie.pk)
    assert refus.value.code == "serie_sans_acte"


def test_confirmer_deux_fois_ne_signe_qu_une_fois(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF))
    premiere = confirmer_serie(acteur=responsable, serie_id=serie.pk)
    assert confirmer_serie(acteur=responsable, serie_id=serie.pk).confirmee_le == premiere.confirmee_le
    mener(serie)
    mener(serie)
    assert Piece.objects.filter(genre="convention_signee").count() == 1


@pytest.mark.regle("RG-16")
def test_un_ouvrier_tue_pendant_une_signature_n_ecrit_rien_et_un_autre_la_reprend(
    bailleur: Bailleur, responsable: Acteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    trois = proposees(bailleur, "A", "B", "C")
    serie = preparer(responsable, *(vouloir(une, PDF) for une in trois))
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    vraie, appels = en_nombre.signer, []

    def mourir_apres_la_deuxieme(**options: Any) -> Convention:
        convention = vraie(**options)
        appels.append(convention.pk)
        if len(appels) == 2:
            raise SystemExit("le processus meurt, l'acte écrit mais pas validé")
        return convention

    monkeypatch.setattr(en_nombre, "signer", mourir_apres_la_deuxieme)
    assert avancer(serie.pk)
    with pytest.raises(SystemExit), transaction.atomic():
        avancer(serie.pk)
    assert Convention.objects.signees().count() == 1
    assert etats(serie) == [EtatActe.FAIT, EtatActe.PRET, EtatActe.PRET]
    assert reprendre_les_series() == 1
    mener(serie)
    assert Convention.objects.signees().count() == 3
    assert Piece.objects.filter(genre="convention_signee").count() == 3


def test_un_acte_qui_tue_ses_processus_finit_refuse_sans_bloquer_les_autres(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    deux = proposees(bailleur, "A", "B")
    serie = preparer(responsable, *(vouloir(une, PDF) for une in deux))
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    serie.actes.filter(rang=1).update(tentatives=TENTATIVES_AU_PLUS)
    mener(serie)
    assert etats(serie) == [EtatActe.REFUSE, EtatActe.FAIT]
    assert f"arrêté {TENTATIVES_AU_PLUS} fois" in serie.actes.get(rang=1).message


def test_un_refus_se_reessaie_une_fois_sa_cause_corrigee(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF))
    autre = creer_convention(bailleur, creer_reservataire("GROS"), [("95", "", "departement:94")])
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert etats(serie) == [EtatActe.REFUSE]
    assert Piece.objects.filter(genre=GENRE_EN_ATTENTE).exists(), "la pièce attend le nouvel essai"
    Convention.objects.filter(pk=autre.pk).update(date_resiliation=JOUR - timedelta(days=1))
    assert reessayer_serie(acteur=responsable, serie_id=serie.pk) == 1
    mener(serie)
    assert etats(serie) == [EtatActe.FAIT]
    with pytest.raises(Conflit):
        reessayer_serie(acteur=responsable, serie_id=serie.pk)


def test_ce_qu_a_confirme_une_personne_partie_ne_se_fait_pas(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF))
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    Rattachement.objects.filter(utilisateur_id=responsable.utilisateur_id).update(clos_le=timezone.now())
    mener(serie)
    assert "n'a plus accès" in serie.actes.get().message
    assert not Convention.objects.signees().exists()


def test_abandonner_ou_oublier_une_preparation_efface_ses_pieces(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    premiere = preparer(responsable, vouloir(msa, PDF))
    seconde = preparer(responsable, vouloir(msa, PDF))
    assert list(Serie.objects.all()) == [seconde], f"{premiere.pk} est remplacée"
    abandonner_serie(acteur=responsable, serie_id=seconde.pk)
    assert not Piece.objects.exists()
    oubliee = preparer(responsable, vouloir(msa, PDF))
    assert purger_les_oubliees(timezone.now()) == 0
    assert purger_les_oubliees(timezone.now() + OUBLIEE_APRES) == 1
    assert not ActeDeSerie.objects.filter(serie_id=oubliee.pk).exists()
    assert not Piece.objects.exists()


def test_signer_en_nombre_est_a_un_responsable_de_ce_bailleur(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    with pytest.raises(AccesRefuse):
        preparer(acteur_de(bailleur), vouloir(msa, PDF))
    serie = preparer(responsable, vouloir(msa, PDF))
    with pytest.raises(AccesRefuse):
        confirmer_serie(acteur=acteur_de(bailleur), serie_id=serie.pk)
    autre = acteur_de(creer_bailleur(), Role.RESPONSABLE)
    with pytest.raises(Introuvable):
        confirmer_serie(acteur=autre, serie_id=serie.pk)
    with pytest.raises(ErreurMetier) as refus:
        preparer(autre, vouloir(msa, PDF))
    assert refus.value.code == "serie_vide"


@pytest.fixture
def ecran(client: Client, bailleur: Bailleur) -> Client:
    """Le responsable, connecté."""
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return client


def fichier(nom: str, octets: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(nom, octets, "application/pdf")


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


def test_une_piece_en_attente_ne_sort_pas_dans_l_export(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF))
    assert not pieces_exportees(bailleur).exists()
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert pieces_exportees(bailleur).get().genre == "convention_signee"


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


# --- Transmettre tout ---


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
    reponse = ecran.post(reverse("transmettre_tout", args=["94"]))
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
