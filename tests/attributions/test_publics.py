"""Les publics à l'orientation et en séance : les mêmes baux, les mêmes mesures qu'au bilan (RG-50)."""

from __future__ import annotations

from datetime import date

import pytest

from attributions.chargement.publics import dire_les_retards, mesurer_les_publics
from attributions.domaine.publics import Menage, Objectif, mesurer
from bilans.calcul import calculer_annee
from bilans.domaine.lignes import attributions_de_l_annee
from bilans.domaine.publics import menages_de_l_annee
from conventions.models import Bailleur
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-50")]
LE = date(2025, 12, 31)


def menage(public: str, *, qpv: bool = False, relogement: bool = False) -> Menage:
    return Menage("AL", "action_logement", public, qpv, relogement)


def test_un_dalo_ne_dit_rien_de_son_quartile() -> None:
    lus = {un.objectif: un for un in mesurer([menage("dalo", qpv=True), menage("dalo"), menage("agent")], LE)}
    assert (lus[Objectif.AUTRES_QUARTILES_EN_QPV].total, lus[Objectif.AUTRES_QUARTILES_EN_QPV].inconnus) == (0, 1)
    assert (lus[Objectif.PREMIER_QUARTILE_HORS_QPV].total, lus[Objectif.PREMIER_QUARTILE_HORS_QPV].inconnus) == (0, 2)


def bailleur_et_ses_baux() -> Bailleur:
    bailleur = creer_bailleur()
    etat, al = creer_etat(), creer_reservataire("AL", "action_logement", "region:11")
    ville = creer_reservataire("VILLE", "commune", "commune:94028")
    creer_convention(bailleur, etat, [("30", "prioritaires", "departement:94")], gestion="deleguee")
    creer_convention(bailleur, al, [("20", "", "departement:94")])
    creer_convention(bailleur, ville, [("20", "", "commune:94028")])
    cas = [
        (al, "", "dalo", {}), (al, "", "autre", {}), (al, "", "", {}), (ville, "", "autre", {}), (None, "", "premier_quartile", {}),
        (etat, "prioritaires", "autre", {}),  # déléguée, public non conforme : au bailleur
        (ville, "", "premier_quartile", {"qpv": "QP094001"}), (al, "", "autre", {"hors_champ": "foyer"}),
    ]  # fmt: skip
    for rang, (reservataire, sous_contingent, public, logement) in enumerate(cas, start=1):
        liberation = creer_liberation(
            creer_logement(bailleur, **logement), date(2025, 1, 5), date_bail=date(2025, 3, rang)
        )
        creer_orientation(liberation, reservataire, sous_contingent=sous_contingent, issue="bail", public=public)
    # Un relogement sans orientation, et un bail repris après une carence.
    creer_liberation(creer_logement(bailleur), date(2025, 1, 5), date_bail=date(2025, 4, 1), exclusion="anru")
    reprise = creer_liberation(creer_logement(bailleur), date(2025, 1, 5), date_bail=date(2025, 4, 2))
    creer_orientation(reprise, ville, issue="carence", date_mise_a_disposition=date(2025, 1, 6))
    return bailleur


def test_l_ecran_et_le_bilan_mesurent_les_memes_baux() -> None:
    bailleur = bailleur_et_ses_baux()
    calcul = calculer_annee(bailleur, "94", 2025)
    attributions = attributions_de_l_annee(calcul.faits, calcul.flux)
    au_bilan = mesurer(menages_de_l_annee(calcul.faits, calcul.flux, attributions), LE)
    a_l_ecran = mesurer_les_publics(bailleur.pk, LE, "94")
    assert {(un.objectif, un.compte): (un.servis, un.total, un.inconnus) for un in a_l_ecran} == {
        (un.objectif, un.compte): (un.servis, un.total, un.inconnus) for un in au_bilan
    }
    relogements = next(un for un in a_l_ecran if un.objectif is Objectif.PREMIER_QUARTILE_HORS_QPV)
    assert relogements.servis == 2


def test_un_compte_en_dessous_de_son_objectif_se_dit_a_l_orientation() -> None:
    phrases = dire_les_retards(mesurer_les_publics(bailleur_et_ses_baux().pk, LE))
    assert set(phrases) == {"VILLE", "BAILLEUR"}
    assert "(0 sur 2)" in phrases["VILLE"]
