"""Le référentiel livré : ce qui couvre quoi (RG-04)."""

from __future__ import annotations

import pytest

from flux_reservations.territoires.models import AncienneCommune, Commune, Territoire
from flux_reservations.territoires.referentiel import lire_referentiel, siren_d_usage

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-04")]

GRAND_PARIS, LYON, AIX_MARSEILLE = "200054781", "200046977", "200054807"


def codes(territoire: str) -> set[str]:
    return set(Commune.objects.du_territoire(territoire).values_list("code", flat=True))


def test_le_referentiel_est_complet() -> None:
    assert Commune.objects.filter(commune_chapeau=None).count() == 34969
    assert Commune.objects.exclude(commune_chapeau=None).count() == 45
    assert Territoire.objects.filter(nature="epci").count() == 1255
    assert Territoire.objects.filter(nature="ept").count() == 11
    assert AncienneCommune.objects.count() > 4000


@pytest.mark.parametrize(("commune", "arrondissements"), [("75056", 20), ("69123", 9), ("13055", 16)])
def test_une_commune_a_arrondissements_les_couvre_et_se_couvre(commune: str, arrondissements: int) -> None:
    couvertes = codes(f"commune:{commune}")
    assert commune in couvertes
    assert len(couvertes) == arrondissements + 1


def test_une_commune_ordinaire_ne_couvre_qu_elle() -> None:
    assert codes("commune:94011") == {"94011"}


def test_un_arrondissement_ne_couvre_pas_sa_commune() -> None:
    assert codes("commune:75101") == {"75101"}


def test_un_departement_couvre_ses_communes_et_ses_arrondissements() -> None:
    assert len(codes("departement:94")) == 47
    assert {"75056", "75120"} <= codes("departement:75")


def test_une_region_couvre_tous_ses_departements() -> None:
    assert {"94011", "75101", "77001"} <= codes("region:11")
    assert "69123" not in codes("region:11")


def test_une_metropole_est_aussi_un_epci_et_couvre_les_arrondissements() -> None:
    for siren in (GRAND_PARIS, LYON, AIX_MARSEILLE):
        assert codes(f"metropole:{siren}") == codes(f"epci:{siren}")
    assert "75101" in codes(f"metropole:{GRAND_PARIS}")
    assert "69381" in codes(f"metropole:{LYON}")


def test_un_ept_couvre_ses_communes() -> None:
    assert "94011" in codes("ept:200058006")


def test_un_territoire_a_cheval_n_a_pas_de_departement() -> None:
    assert Territoire.objects.get(code=f"metropole:{GRAND_PARIS}").departement_id is None
    assert Territoire.objects.get(code="commune:94011").departement_id == "94"


def test_les_territoires_d_une_commune_se_retrouvent() -> None:
    couvrants = set(Territoire.objects.couvrant("94011").values_list("code", flat=True))
    assert {"commune:94011", "departement:94", "region:11", f"metropole:{GRAND_PARIS}", "ept:200058006"} <= couvrants


def test_un_departement_est_touche_par_un_epci_a_cheval() -> None:
    touchants = Territoire.objects.touchant_le_departement("94").values_list("code", flat=True)
    assert f"metropole:{GRAND_PARIS}" in touchants
    assert "departement:93" not in touchants


def test_la_recherche_ignore_accents_casse_et_ponctuation() -> None:
    assert "94038" in Commune.objects.rechercher("l'hay les roses").values_list("code", flat=True)
    assert Commune.objects.rechercher("CRETEIL").values_list("code", flat=True)[0] == "94028"
    assert Territoire.objects.rechercher("grand-orly")[0].code == "ept:200058014"
    assert not Commune.objects.rechercher("  ").exists()


def test_le_tri_place_les_accents_a_leur_lettre() -> None:
    noms = list(Commune.objects.du_departement("91").values_list("nom", flat=True))
    assert noms.index("Épinay-sur-Orge") < noms.index("Étampes") < noms.index("Fleury-Mérogis")


def test_les_communes_d_outre_mer_et_de_corse_ont_leur_departement() -> None:
    assert Commune.objects.get(code="97105").departement_id == "971"
    assert Commune.objects.get(code="2A004").departement_id == "2A"


@pytest.mark.parametrize(("code", "siren"), [("94011", "219400116"), ("2A004", ""), ("97105", "")])
def test_le_siren_d_usage_d_une_commune_se_calcule(code: str, siren: str) -> None:
    assert siren_d_usage(code) == siren


def test_le_siren_d_une_commune_est_lu_ou_calcule() -> None:
    sirens = {ligne[0]: ligne[4] for ligne in lire_referentiel().territoires}
    assert sirens["commune:94011"] == "219400116"
    assert sirens["commune:93066"] == "929939411"
    assert sirens["commune:75101"] == ""
