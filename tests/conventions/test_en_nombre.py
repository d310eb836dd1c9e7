"""Signer en nombre : essayé d'abord, confirmé une fois, tout ou rien par convention (RG-14, RG-16, RG-18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.utils import timezone

from conventions.actions import en_nombre
from conventions.domaine.codes import EtatConvention
from conventions.domaine.rapprochement import rapprocher
from conventions.models import Bailleur, Convention
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.echanges.tableaux.pieces import pieces_exportees
from flux_reservations.pieces.models import Piece
from flux_reservations.series.actions.mener import TENTATIVES_AU_PLUS, avancer, reprendre_les_series
from flux_reservations.series.actions.preparer import (
    OUBLIEE_APRES,
    abandonner_serie,
    confirmer_serie,
    purger_les_oubliees,
    purger_les_terminees,
    reessayer_serie,
)
from flux_reservations.series.models import GENRE_EN_ATTENTE, ActeDeSerie, EtatActe, Serie
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_reservataire,
)

if TYPE_CHECKING:
    pass

from tests.conventions.en_nombre import JOUR, PDF, etats, mener, preparer, proposees, vouloir

pytestmark = pytest.mark.django_db


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
    message = serie.actes.get(cle=msa.pk).message
    assert "a changé depuis que vous l'avez lu" in message
    assert "préparez-la de nouveau" in message, "réessayer comparerait à la même lecture : le remède est ailleurs"
    assert reessayer_serie(acteur=responsable, serie_id=serie.pk) == 1
    mener(serie)
    assert serie.actes.get(cle=msa.pk).message == message
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


@pytest.mark.regle("RG-70")
def test_une_serie_finie_depuis_un_an_s_efface_et_ses_preuves_restent(bailleur: Bailleur, responsable: Acteur) -> None:
    msa, caf = proposees(bailleur, "MSA", "CAF")
    serie = preparer(responsable, vouloir(msa, PDF), vouloir(caf, PDF))
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    Serie.objects.update(confirmee_le=datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert purger_les_terminees(date(2030, 1, 1)) == 0, "il reste des actes à faire"
    mener(serie)
    serie.actes.update(fini_le=datetime(2026, 2, 10, 12, tzinfo=UTC))
    journal = EntreeJournal.objects.count()
    assert purger_les_terminees(date(2027, 2, 10)) == 0, "le dernier acte n'a pas plus d'un an"
    assert purger_les_terminees(date(2027, 2, 11)) == 1
    assert not Serie.objects.exists()
    assert Convention.objects.signees().filter(piece_signee__isnull=False).count() == len([msa, caf])
    assert EntreeJournal.objects.count() == journal


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


def test_une_piece_en_attente_ne_sort_pas_dans_l_export(bailleur: Bailleur, responsable: Acteur) -> None:
    (msa,) = proposees(bailleur, "MSA")
    serie = preparer(responsable, vouloir(msa, PDF))
    assert not pieces_exportees(bailleur).exists()
    confirmer_serie(acteur=responsable, serie_id=serie.pk)
    mener(serie)
    assert pieces_exportees(bailleur).get().genre == "convention_signee"
