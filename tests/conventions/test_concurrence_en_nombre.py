"""La concurrence, pour de vrai : deux signatures simultanées ne dépassent pas un plafond, deux ouvriers ne font pas deux fois un acte."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connection

from conventions.actions.cycle import signer
from conventions.actions.en_nombre import SignatureVoulue, preparer_signatures
from conventions.actions.pieces import Fichier
from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.pieces.models import Piece
from flux_reservations.series.actions.mener import avancer
from flux_reservations.series.actions.preparer import confirmer_serie
from flux_reservations.series.models import EtatActe
from tests.fabriques import acteur_de, creer_bailleur, creer_convention, creer_reservataire

pytestmark = [pytest.mark.django_db(transaction=True)]
JOUR = date(2026, 1, 5)


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


def proposee(bailleur: Bailleur, code: str, taux: str) -> Convention:
    return creer_convention(
        bailleur, creer_reservataire(code), [(taux, "", "departement:94")], numero=code, etat=EtatConvention.PROPOSEE
    )


def ensemble(gestes: list[Callable[[], object]]) -> list[str]:
    """Lance les gestes au même instant, chacun dans sa connexion ; rend « fait » ou le code du refus de chacun."""
    depart = Barrier(len(gestes))

    def jouer(geste: Callable[[], object]) -> str:
        try:
            depart.wait(timeout=10)
            geste()
        except ErreurMetier as erreur:
            return erreur.code
        finally:
            connection.close()
        return "fait"

    with ThreadPoolExecutor(len(gestes)) as fils:
        return sorted(fils.map(jouer, gestes))


@pytest.mark.regle("RG-14")
def test_deux_signatures_simultanees_ne_depassent_pas_cent_pour_cent(bailleur: Bailleur, responsable: Acteur) -> None:
    conventions = [proposee(bailleur, code, "60") for code in ("A", "B")]

    def signer_l_une(convention: Convention) -> Callable[[], object]:
        return lambda: signer(
            acteur=responsable, convention_id=convention.pk, signature_bailleur=JOUR, signature_reservataire=JOUR
        )

    assert ensemble([signer_l_une(une) for une in conventions]) == ["fait", "plafond_depasse"]
    assert Convention.objects.signees().count() == 1


@pytest.mark.regle("RG-16")
def test_trois_ouvriers_et_deux_clics_signent_chaque_convention_une_fois(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    conventions = [proposee(bailleur, f"C{rang}", "1") for rang in range(6)]
    serie = preparer_signatures(
        acteur=responsable,
        departement="94",
        voulues=[
            SignatureVoulue(une.pk, JOUR, JOUR, fichiers=(Fichier(f"{une.numero}.pdf", page_pdf((une.numero,))),))
            for une in conventions
        ],
    )

    def confirmer() -> object:
        return confirmer_serie(acteur=responsable, serie_id=serie.pk)

    assert ensemble([confirmer, confirmer]) == ["fait", "fait"]

    def mener() -> None:
        while avancer(serie.pk):
            pass

    while serie.actes.filter(etat=EtatActe.PRET).exists():
        ensemble([mener, mener, mener])
    assert set(serie.actes.values_list("etat", flat=True)) == {EtatActe.FAIT}
    assert Piece.objects.filter(genre="convention_signee").count() == Convention.objects.signees().count() == 6
