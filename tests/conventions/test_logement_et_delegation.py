"""Ce que la base tient d'un logement (RG-05), et la délégation entre collectivités (RG-26)."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from bilans.calcul import calculer_annee
from conventions.models import Convention, Logement
from flux_reservations.commun.acteur import Acteur, Nature, Role
from tests.fabriques import (
    CRETEIL,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db


@pytest.mark.regle("RG-05")
@pytest.mark.parametrize("champs", [{"typologie": "T7"}, {"financement": "PRET"}, {"surface": -1}, {"dpe": "H"}])
def test_la_base_refuse_un_logement_mal_decrit(champs: dict[str, object]) -> None:
    logement = creer_logement(creer_bailleur())
    with pytest.raises(IntegrityError), transaction.atomic():
        Logement.objects.filter(pk=logement.pk).update(**champs)


@pytest.mark.regle("RG-05")
def test_un_identifiant_ne_designe_qu_un_logement_du_bailleur() -> None:
    logement = creer_logement(creer_bailleur(), identifiant="N1")
    double = Logement(bailleur=logement.bailleur, identifiant="N1", commune_id=CRETEIL, typologie="T2")
    with pytest.raises(ValidationError, match="désigne déjà un logement"):
        double.validate_constraints()


@pytest.mark.regle("RG-26")
def test_le_delegataire_voit_la_convention_et_le_compte_du_titulaire_est_decompte() -> None:
    bailleur = creer_bailleur()
    departement = creer_reservataire("CD94", "departement", "departement:94")
    commune = creer_reservataire("COMA", "commune", f"commune:{CRETEIL}")
    creer_convention(
        bailleur,
        departement,
        [("20", "", "departement:94")],
        contrepartie="garantie_emprunt",
        delegataire_id=commune.pk,
    )
    delegataire = Acteur(Nature.COLLECTIVITE, Role.GESTIONNAIRE, commune.pk)
    assert Convention.objects.visibles_par(delegataire).count() == 1
    louee = creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, 6, 1))
    creer_orientation(louee, departement, issue="bail")
    assert [(un.compte, un.decompte) for un in calculer_annee(bailleur, "94", 2025).flux.comptes] == [("CD94", 1)]
