"""Les propriétés du moteur (moteur.md § 4 et 5), sur des années quelconques."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attributions.domaine.faits_moteur import FaitsMoteur, Reglages, U, calculer_rotation
from attributions.domaine.moteur import Moteur
from attributions.domaine.rejeu import Rejeu, rejouer_les_decisions, simuler
from tests.attributions.domaine.fabrique_moteur import ANNEE, annee, annees, etat, libere, partie

pytestmark = pytest.mark.regle("RG-41")
examiner = settings(max_examples=60, deadline=None)


def _finir(faits: FaitsMoteur, lot: int = 1) -> Rejeu:
    rejeu = Rejeu(faits, lot=lot)
    rejeu.jouer()
    return rejeu


@examiner
@given(faits=annees(), lot=st.integers(1, 5))
def test_la_somme_des_retards_est_nulle_et_chaque_logement_est_recu_une_fois(faits: FaitsMoteur, lot: int) -> None:
    moteur = _finir(faits, lot).moteur
    assert sum(moteur.retards) == 0
    assert sum(moteur.recus) == moteur.liberes == len(faits.liberations)


@examiner
@given(faits=annees())
def test_la_somme_des_manques_est_nulle_dans_chaque_modalite(faits: FaitsMoteur) -> None:
    moteur = _finir(faits).moteur
    for cle in range(len(moteur.terrain.modalites)):
        assert sum(manque[cle] for manque in moteur.manques) == 0


@examiner
@given(faits=annees(stable=True), lot=st.integers(1, 5))
def test_le_choisi_est_eligible(faits: FaitsMoteur, lot: int) -> None:
    for choix in simuler(faits, lot=lot):
        assert choix.partie in {eligible.compte for eligible in choix.eligibles} | {"BAILLEUR"}


@pytest.mark.regle("RG-14")
@examiner
@given(faits=annees(decisions=False))
def test_le_plafond_de_l_etat_tient_a_la_tolerance_pres(faits: FaitsMoteur) -> None:
    rejeu = Rejeu(faits)
    moteur = rejeu.moteur
    for libere_ in faits.ordonnees():
        moteur.se_placer(libere_.entree)
        fiche = moteur.liberer(libere_)
        compte = moteur.proposer(fiche)
        moteur.attribuer(fiche, compte)
        if compte in moteur.terrain.etats:
            assert moteur.recus[compte] * U <= 3_000 * moteur.liberes + moteur.tolerance


@pytest.mark.regle("RG-37")
@examiner
@given(faits=annees(decisions=False))
def test_la_garde_hors_qpv_tient_la_part_hors_qpv(faits: FaitsMoteur) -> None:
    moteur = Moteur(faits, Reglages(garde_hors_qpv=True))
    for libere_ in faits.ordonnees():
        moteur.se_placer(libere_.entree)
        fiche = moteur.liberer(libere_)
        compte = moteur.proposer(fiche)
        moteur.attribuer(fiche, compte)
        if compte in moteur.terrain.etats and libere_.qpv:
            assert moteur.recus_en_qpv[compte] * U <= 3_000 * moteur.liberes_en_qpv - U


@examiner
@given(faits=annees(stable=True, decisions=False))
def test_le_retard_est_le_taux_fois_l_assiette_moins_le_recu(faits: FaitsMoteur) -> None:
    moteur = _finir(faits).moteur
    for indice, partie_ in enumerate(moteur.terrain.parties):
        acquis = sum(
            ligne.taux for ligne in partie_.lignes for libere_ in faits.liberations if libere_.commune in ligne.assiette
        )
        assert moteur.retards[indice] == acquis - U * moteur.recus[indice]


@examiner
@given(faits=annees(), tirage=st.randoms(use_true_random=False), lot=st.integers(1, 4))
def test_l_ordre_de_saisie_est_indifferent(faits: FaitsMoteur, tirage: object, lot: int) -> None:
    parties, liberations = list(faits.parties), list(faits.liberations)
    tirage.shuffle(parties)  # type: ignore[attr-defined]
    tirage.shuffle(liberations)  # type: ignore[attr-defined]
    melanges = replace(
        faits,
        parties=tuple(replace(partie_, lignes=tuple(reversed(partie_.lignes))) for partie_ in parties),
        liberations=tuple(liberations),
    )
    assert simuler(melanges, lot=lot) == simuler(faits, lot=lot)


@examiner
@given(faits=annees(), lot=st.integers(1, 4))
def test_renommer_les_communes_ne_change_rien(faits: FaitsMoteur, lot: int) -> None:
    nouveau = {"A": "Z", "B": "Y", "C": "X"}

    def renommer(communes: frozenset[str]) -> frozenset[str]:
        return frozenset(nouveau[commune] for commune in communes)

    renommes = replace(
        faits,
        parties=tuple(
            replace(
                partie_,
                lignes=tuple(
                    replace(ligne, assiette=renommer(ligne.assiette), perimetre=renommer(ligne.perimetre))
                    for ligne in partie_.lignes
                ),
            )
            for partie_ in faits.parties
        ),
        liberations=tuple(replace(libere_, commune=nouveau[libere_.commune]) for libere_ in faits.liberations),
        parc={(nouveau[cellule[0]], *cellule[1:]): nombre for cellule, nombre in faits.parc.items()},
        communes=renommer(faits.communes),
    )
    assert simuler(renommes, lot=lot) == simuler(faits, lot=lot)


@examiner
@given(faits=annees(), donnees=st.data())
def test_annuler_defait_exactement_attribuer(faits: FaitsMoteur, donnees: st.DataObject) -> None:
    moteur = Moteur(faits)
    fiches = [moteur.liberer(libere_) for libere_ in faits.ordonnees()]
    fiche = donnees.draw(st.sampled_from(fiches))
    compte = donnees.draw(st.integers(0, moteur.terrain.bailleur))
    avant = moteur.etat()
    moteur.attribuer(fiche, compte)
    assert moteur.etat() != avant
    moteur.annuler(fiche, compte)
    assert moteur.etat() == avant


@examiner
@given(faits=annees())
def test_le_gain_est_la_baisse_de_l_energie(faits: FaitsMoteur) -> None:
    moteur = Moteur(faits)
    for libere_ in faits.ordonnees():
        fiche = moteur.liberer(libere_)
        compte = moteur.proposer(fiche)
        avant, gain = moteur.energie(), moteur.gain(compte, fiche)
        moteur.attribuer(fiche, compte)
        assert avant - moteur.energie() == gain * U


@examiner
@given(faits=annees())
def test_l_etat_ne_depend_pas_de_l_ordre_des_faits_zones_comprises(faits: FaitsMoteur) -> None:
    """Libérer puis attribuer dans l'ordre, ou tout libérer puis tout attribuer à l'envers : le même état, H·V ÷ n compris."""
    a_l_envers = Moteur(faits)
    fiches = [(libere_, a_l_envers.liberer(libere_)) for libere_ in reversed(faits.ordonnees())]
    for libere_, fiche in fiches:
        if libere_.decision:
            a_l_envers.attribuer(fiche, a_l_envers.terrain.indice(libere_.decision.code))
    dans_l_ordre = Moteur(faits)
    for libere_ in faits.ordonnees():
        fiche = dans_l_ordre.liberer(libere_)
        if libere_.decision:
            dans_l_ordre.attribuer(fiche, dans_l_ordre.terrain.indice(libere_.decision.code))
    assert a_l_envers.etat() == dans_l_ordre.etat()


@examiner
@given(
    taux=st.lists(st.integers(1, 2_500), min_size=1, max_size=4),
    nombre=st.integers(1, 60),
    theta=st.sampled_from([0, U // 2, U, 2 * U]),
    tirage=st.randoms(use_true_random=False),
)
def test_les_bornes_tiennent_quel_que_soit_le_choix_parmi_les_finalistes(
    taux: list[int], nombre: int, theta: int, tirage: object
) -> None:
    """Éligibilités égales, sans garde : retard ≤ (1 + θ/U)(H_n − 1), avance ≤ 1 + θ/U (moteur.md § 4)."""
    parties = tuple(partie(f"P{rang}", un) for rang, un in enumerate(taux))
    faits = annee(*(libere(rang, le=date(ANNEE, 3, 1)) for rang in range(nombre)), parties=parties, plafonds=())
    moteur = Moteur(faits, Reglages(theta=theta))
    comptes = len(parties) + 1
    harmonique = sum(Fraction(1, rang) for rang in range(1, comptes + 1))
    for libere_ in faits.ordonnees():
        fiche = moteur.liberer(libere_)
        seuil = max(moteur.retards) - theta
        finalistes = [indice for indice, retard in enumerate(moteur.retards) if retard >= seuil]
        moteur.attribuer(fiche, tirage.choice(finalistes))  # type: ignore[attr-defined]
        assert Fraction(max(moteur.retards), U) <= (1 + Fraction(theta, U)) * (harmonique - 1)
        assert Fraction(-min(moteur.retards), U) <= 1 + Fraction(theta, U)


@pytest.mark.regle("RG-03")
def test_les_agents_de_l_etat_sont_servis_a_leur_part_et_jamais_au_dela() -> None:
    """25 % + 5 % sur cent logements : 30 à l'État, dont 5 agents au plus ; le cinquième attend que son retard dépasse l'autre."""
    faits = annee(*(libere(rang) for rang in range(100)), parties=(etat(2_500, 500), partie("AL", 2_000)))
    choix = simuler(faits)
    recus = [un.compte for un in choix]
    assert recus.count("ETAT94/prioritaires") + recus.count("ETAT94/agents") == 30
    assert recus.count("ETAT94/agents") in {4, 5}
    for rang in range(1, 101):
        assert recus[:rang].count("ETAT94/agents") * U <= 500 * rang


@pytest.mark.regle("RG-16")
def test_une_convention_qui_commence_en_cours_d_annee_court_et_s_exerce_de_ce_jour() -> None:
    tardive = partie("AL", 5_000)
    tardive = replace(tardive, lignes=tuple(replace(ligne, debut=date(ANNEE, 2, 11)) for ligne in tardive.lignes))
    choix = simuler(annee(*(libere(rang) for rang in range(10)), parties=(tardive,)))
    avant = [un for un in choix if un.le < date(ANNEE, 2, 11)]
    assert {un.partie for un in avant} == {"BAILLEUR"}
    assert all(len(un.eligibles) == 1 for un in avant)
    assert [un.partie for un in choix].count("AL") in {2, 3}


@pytest.mark.regle("RG-47")
def test_le_report_ouvre_le_compte_et_le_bailleur_porte_l_oppose() -> None:
    avec_report = replace(partie("AL", 0), reports={"": 3 * U})
    moteur = Moteur(annee(libere(0), parties=(avec_report,)))
    assert moteur.retards == [3 * U, -3 * U]


@pytest.mark.regle("RG-46")
def test_un_logement_rendu_est_propose_a_un_autre() -> None:
    rendu = replace(libere(0), rendus=frozenset({"ETAT94"}))
    choix = simuler(annee(rendu))[0]
    assert choix.partie != "ETAT94"
    assert "ETAT94" not in {eligible.compte for eligible in choix.eligibles}


@pytest.mark.regle("RG-22")
def test_une_premiere_location_ne_compte_que_pour_les_conventions_qui_la_mettent_dans_le_flux() -> None:
    neuf = replace(libere(0), premiere_location=True)
    dans_le_flux = partie("AL", 2_000)
    dans_le_flux = replace(
        dans_le_flux, lignes=tuple(replace(ligne, premieres_locations=True) for ligne in dans_le_flux.lignes)
    )
    moteur = Moteur(annee(neuf, parties=(dans_le_flux, partie("CAF", 1_000))))
    moteur.liberer(neuf)
    assert moteur.retards == [2_000, 0, 8_000]


def test_une_decision_reelle_est_rejouee_a_sa_place() -> None:
    libre = annee(*(libere(rang) for rang in range(4)))
    moteur = rejouer_les_decisions(libre, date(ANNEE, 6, 1))
    assert moteur.liberes == 0


@pytest.mark.parametrize(
    ("locations", "logements", "attendu"), [(0, 100, 800), (24, 100, 800), (1, 6, 556), (1, 100_000, 0), (5, 0, 800)]
)
def test_la_rotation_s_arrondit_au_plus_proche(locations: int, logements: int, attendu: int) -> None:
    """1 location en trois ans sur 6 logements : 10 000 ÷ 18 = 555,6 → 556."""
    assert calculer_rotation(locations, logements, 3) == attendu
