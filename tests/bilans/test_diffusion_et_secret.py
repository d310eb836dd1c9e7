"""À qui le bilan part, et ce qu'il ne dit pas à tous (RG-60, RG-61, RG-64, RG-73)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from attributions.models import Candidat
from bilans.calcul import calculer_annee
from bilans.destinataires import lire_la_diffusion
from bilans.menages import compter_les_refus, taire_les_menages
from bilans.models.bilan import GenreBilan
from conventions.models import ContactAutorite, Reservataire, ReservationStock
from tests.bilans.test_publication import Monde, monde
from tests.fabriques import (
    CRETEIL,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db
__all__ = ["monde"]


def noms(monde: Monde, genre: str = GenreBilan.ANNUEL) -> set[int | None]:
    """Les organismes qui recevront le document."""
    return {un.organisme_id for un in lire_la_diffusion(monde.preparer(genre)).destinataires}


@pytest.mark.regle("RG-60")
def test_un_brouillon_de_convention_ou_un_stock_echu_ne_font_pas_un_destinataire(monde: Monde) -> None:
    brouillon, echu, actif = (creer_reservataire() for _ in range(3))
    creer_convention(monde.bailleur, brouillon, etat="brouillon", date_signature=None)
    for reservataire, fin in ((echu, date(2019, 12, 31)), (actif, date(2025, 6, 30))):
        ReservationStock.objects.create(
            logement=creer_logement(monde.bailleur, CRETEIL),
            reservataire=reservataire,
            nature="suite",
            contrepartie="financement",
            date_fin=fin,
        )
    recoivent = noms(monde)
    assert actif.pk in recoivent
    assert not {brouillon.pk, echu.pk} & recoivent


@pytest.mark.regle("RG-60")
@pytest.mark.parametrize(("concerne", "recoit"), [(True, True), (False, False), (None, True)])
def test_une_intercommunalite_recoit_selon_le_carnet_et_faute_de_contact_recoit(
    monde: Monde, concerne: bool | None, recoit: bool
) -> None:
    bilan = monde.preparer()
    ept = next(
        un.territoire for un in lire_la_diffusion(bilan).destinataires if (un.territoire or "").startswith("ept:")
    )
    if concerne is not None:
        ContactAutorite.objects.create(
            territoire_id=ept, tenu_par=monde.bailleur, nom="Service habitat", voie="recommande",
            concerne_par_la_reforme=concerne, depuis=date(2020, 1, 1),
        )  # fmt: skip
    diffusion = lire_la_diffusion(bilan)
    assert (ept in {un.territoire for un in diffusion.destinataires}) is recoit
    assert (len(diffusion.non_concernees), len(diffusion.a_verifier)) == (int(not recoit), int(concerne is None))


@pytest.mark.regle("RG-64")
def test_un_controle_qui_compte_des_menages_ne_dit_pas_combien() -> None:
    tu = taire_les_menages({"regle": "RG-46", "niveau": "alerte", "message": "3 × bail à un ménage d'un autre public."})
    assert tu["message"] == "Au moins un bail à un ménage d'un autre public."
    dit = {"regle": "RG-42", "niveau": "alerte", "message": "8 × bail signé avec moins de demandes examinées."}
    assert taire_les_menages(dit) == dit


def louer(monde: Monde, **champs: Any) -> None:
    """Un bail de 2025 hors du flux ordinaire."""
    logement = creer_logement(monde.bailleur, CRETEIL)
    stock: Reservataire | None = champs.pop("stock", None)
    if stock is not None:
        ReservationStock.objects.create(
            logement=logement, reservataire=stock, nature="suite", contrepartie="financement"
        )
    creer_liberation(logement, date(2025, 5, 1), date_bail=date(2025, 6, 1), **champs)


@pytest.mark.regle("RG-64")
def test_le_motif_d_un_relogement_ne_se_croise_avec_aucun_axe(monde: Monde) -> None:
    louer(monde, exclusion="insalubrite")
    document = monde.preparer().donnees["document"]
    assert document["motifs"] == {"insalubrite": 1}
    assert "insalubrite" not in json.dumps(document["hors_flux"])
    information = monde.preparer(GenreBilan.DEBUT_ANNEE, 2026).donnees
    assert information["motifs"] == {"insalubrite": 1}
    assert "insalubrite" not in json.dumps(information["relogements"])


@pytest.mark.regle("RG-73")
def test_le_stock_maintenu_n_est_localise_qu_a_la_commune(monde: Monde) -> None:
    louer(monde, stock=creer_reservataire("DEFENSE", "defense"))
    (ligne,) = monde.preparer().donnees["document"]["hors_flux"]
    assert ligne["section"] == "stock_maintenu"
    assert (ligne["commune"], ligne["qpv"], ligne["financement"], ligne["periode_construction"]) == (
        CRETEIL,
        None,
        None,
        None,
    )


@pytest.mark.regle("RG-64")
def test_un_objectif_sur_moins_de_cinq_menages_n_est_pas_dit(monde: Monde) -> None:
    objectifs = monde.preparer().donnees["document"]["objectifs"]
    assert all(objectif["est_tenu"] is None for objectif in objectifs)


def candidat_refuse(monde: Monde, examen: date | None, *, hors_du_flux: bool = False) -> None:
    """Une demande que la commission n'a pas retenue, sur un logement orienté vers la CAF en 2025."""
    liberation = creer_liberation(
        creer_logement(monde.bailleur, CRETEIL), date(2025, 11, 1),
        nature="premiere_location" if hors_du_flux else "relocation",
    )  # fmt: skip
    orientation = creer_orientation(liberation, monde.caf, date_orientation=date(2025, 11, 2), date_caleol=None)
    Candidat.objects.create(
        orientation=orientation, numero_demande="094032500000000009", decision="non_attribution", date_examen=examen
    )


@pytest.mark.regle("RG-60")
def test_une_non_attribution_se_date_du_jour_de_son_examen(monde: Monde) -> None:
    def refus(annee: int) -> int:
        return sum(compter_les_refus(monde.bailleur.pk, "94", calculer_annee(monde.bailleur, "94", annee)).values())

    candidat_refuse(monde, date(2025, 12, 20))
    candidat_refuse(monde, date(2026, 1, 8))
    candidat_refuse(monde, None)
    candidat_refuse(monde, date(2025, 12, 20), hors_du_flux=True)
    assert (refus(2025), refus(2026)) == (2, 1)


def proposes(monde: Monde) -> int:
    """Logements proposés en 2025, tous comptes."""
    return sum(ligne.proposes for ligne in calculer_annee(monde.bailleur, "94", 2025).lignes())


@pytest.mark.regle("RG-60")
def test_une_orientation_annulee_avant_toute_mise_a_disposition_n_a_rien_propose(monde: Monde) -> None:
    avant = proposes(monde)
    liberation = creer_liberation(creer_logement(monde.bailleur, CRETEIL), date(2025, 5, 1))
    creer_orientation(liberation, None, date_orientation=date(2025, 5, 2), issue="retire", rang=1)
    assert proposes(monde) == avant
