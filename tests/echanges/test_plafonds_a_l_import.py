"""À l'import, une convention déjà signée est reprise ; ce qui dépasse un plafond se dit, sans refuser (RG-14, RG-15)."""

from __future__ import annotations

from pathlib import Path

import pytest

from conventions.models import Convention
from tests.echanges.depot import BAILLEURS, PATRIMOINE, SIREN, importer, prevoir

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-14")]
CONVENTIONS = f"numero;bailleur;reservataire;departement;date_signature\nC-ETAT;{SIREN};ETAT94;94;2023-06-01\n"


def fichiers(taux: str) -> dict[str, str]:
    reservataires = "code;nom;type;territoire\nETAT94;État;etat;departement:94\n"
    droits = "convention;contrepartie;sous_contingent;taux;perimetre\nC-ETAT;contingent_prefectoral;prioritaires;{};departement:94\n"
    return {
        "bailleurs": BAILLEURS, "reservataires": reservataires, "patrimoine": PATRIMOINE, "conventions": CONVENTIONS,
        "droits": droits.format(taux),
    }  # fmt: skip


@pytest.mark.contrat("existant")
def test_un_depassement_importe_est_accepte_et_dit(tmp_path: Path) -> None:
    rapport = importer(tmp_path, fichiers("35"))
    assert rapport.est_accepte
    assert Convention.objects.count() == 1
    (avertissement,) = [un for un in rapport.avertissements if "RG-14" in un.message]
    assert avertissement.fichier.startswith("droits")
    assert "Part de l'État : 35 % pour 30 % au plus" in avertissement.message
    assert avertissement.message.endswith("(RG-14, bloquant)")


def test_l_essai_le_dit_aussi_sans_rien_ecrire(tmp_path: Path) -> None:
    rapport = prevoir(tmp_path, fichiers("35"))
    assert any("RG-14" in un.message for un in rapport.avertissements)
    assert not Convention.objects.exists()


def test_dans_les_plafonds_rien_n_est_dit_et_un_reimport_ne_recalcule_rien(tmp_path: Path) -> None:
    assert not any("RG-14" in un.message for un in importer(tmp_path, fichiers("30")).avertissements)
    importer(tmp_path, fichiers("35"))
    assert not any("RG-14" in un.message for un in importer(tmp_path, fichiers("35")).avertissements)
