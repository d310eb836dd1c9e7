"""Orienter : le lot en base, la décision, le retour en arrière, et ce qu'on en garde (RG-41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from attributions.actions.lot import reviser_le_lot
from attributions.actions.mise_a_disposition import mettre_a_disposition, rendre
from attributions.actions.orienter import orienter, suivre_les_propositions
from attributions.actions.requalifier import (
    annuler_l_orientation,
    decaler_la_disponibilite,
    exclure,
    retirer_la_liberation,
)
from attributions.models import Liberation, Orientation, Proposition
from conventions.domaine.codes import TypeReservataire
from conventions.models import Bailleur, Reservataire
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-41")]
AUJOURD_HUI = date(2025, 3, 1)


@dataclass
class Scene:
    """Dix libérations à Créteil : État 30, Action Logement 20, commune A 20 sur A (moteur.md § 6)."""

    bailleur: Bailleur
    etat: Reservataire
    al: Reservataire
    coma: Reservataire
    liberations: list[Liberation]
    agent: Acteur

    def reviser(self, le: date = AUJOURD_HUI) -> list[str]:
        """Le lot d'aujourd'hui."""
        lot = reviser_le_lot(
            acteur=self.agent, bailleur_id=self.bailleur.pk, departement="94", annee=2025, le=le, cause="essai"
        )
        return [ligne.compte for ligne in lot.lignes]

    def proposition(self, rang: int) -> str:
        """Le compte proposé pour une libération."""
        return Proposition.objects.get(liberation=self.liberations[rang]).compte


@pytest.fixture
def scene() -> Scene:
    bailleur = creer_bailleur()
    etat, al = creer_etat(), creer_reservataire("AL", TypeReservataire.ACTION_LOGEMENT, "region:11")
    coma = creer_reservataire("COMA", TypeReservataire.COMMUNE, "commune:94028")
    creer_convention(bailleur, etat, [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, al, [("20", "", "departement:94")])
    creer_convention(bailleur, coma, [("20", "", "commune:94028")])
    liberations = [
        creer_liberation(creer_logement(bailleur), date(2025, 2, 1) + timedelta(days=2 * rang), numero=f"L{rang:03d}")
        for rang in range(10)
    ]
    return Scene(bailleur, etat, al, coma, liberations, acteur_de(bailleur))


def test_le_lot_se_depose_avec_sa_phrase_et_ses_retards(scene: Scene) -> None:
    comptes = scene.reviser()
    assert len(comptes) == 10
    assert sorted(set(comptes)) == ["AL", "BAILLEUR", "COMA", "ETAT94"]
    premiere = Proposition.objects.get(liberation=scene.liberations[0])
    assert premiere.phrase.endswith(".")
    assert premiere.eligibles[0] == {"compte": "ETAT94", "retard": "0.3000"}
    assert premiere.compte_initial


def test_reviser_deux_fois_ne_change_rien(scene: Scene) -> None:
    avant = scene.reviser()
    entrees = EntreeJournal.objects.count()
    assert scene.reviser() == avant
    assert EntreeJournal.objects.count() == entrees


def test_suivre_cree_l_orientation_et_garde_la_trace(scene: Scene) -> None:
    scene.reviser()
    vu = scene.proposition(0)
    orientation = orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, vu=vu)
    assert orientation.compte.partition("/")[0] == vu
    assert orientation.decidee_par_id == scene.agent.utilisateur_id
    assert orientation.phrase
    trace = orientation.etat_comptes
    assert trace["propose"] == vu
    assert trace["propose_initial"]
    assert {un["compte"] for un in trace["retards"]} == {"ETAT94", "BAILLEUR", "AL", "COMA"}
    assert trace["version_regles"].startswith("moteur-1")
    assert not Proposition.objects.filter(liberation=scene.liberations[0]).exists()


def test_suivre_une_proposition_ne_change_aucune_des_autres(scene: Scene) -> None:
    avant = scene.reviser()
    orienter(acteur=scene.agent, liberation_id=scene.liberations[4].pk, le=AUJOURD_HUI, vu=scene.proposition(4))
    assert scene.reviser() == avant[:4] + avant[5:]


def test_choisir_un_autre_compte_demande_un_motif(scene: Scene) -> None:
    scene.reviser()
    vu = scene.proposition(0)
    autre = "COMA" if vu != "COMA" else "AL"
    with pytest.raises(ErreurMetier, match="Dites pourquoi") as erreur:
        orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, vu=vu, compte=autre)
    assert erreur.value.code == "motif_obligatoire"
    orientation = orienter(
        acteur=scene.agent,
        liberation_id=scene.liberations[0].pk,
        le=AUJOURD_HUI,
        vu=vu,
        compte=autre,
        motif="Ménage reçu",
    )
    assert (orientation.compte, orientation.compte_propose, orientation.motif) == (autre, vu, "Ménage reçu")


def test_une_derogation_fait_revoir_le_lot_et_le_dit(scene: Scene) -> None:
    scene.reviser()
    for rang in range(3):
        orienter(
            acteur=scene.agent,
            liberation_id=scene.liberations[rang].pk,
            le=AUJOURD_HUI,
            compte="COMA",
            motif="Relogement",
        )
    changees = [une for une in Proposition.objects.all() if une.changements]
    assert changees
    assert all(une.compte != une.compte_precedent for une in changees)
    assert changees[0].changements[0]["cause"].startswith("décision sur L00")
    assert "COMA" not in scene.reviser()


def test_un_compte_non_eligible_est_refuse(scene: Scene) -> None:
    creer_reservataire("CAF94")
    with pytest.raises(ErreurMetier) as erreur:
        orienter(
            acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, compte="CAF94", motif="Essai"
        )
    assert erreur.value.code == "compte_non_eligible"


def test_ce_que_l_agent_a_vu_doit_etre_encore_vrai(scene: Scene) -> None:
    scene.reviser()
    faux = "COMA" if scene.proposition(0) != "COMA" else "AL"
    with pytest.raises(Conflit, match="a changé"):
        orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, vu=faux)
    assert not Orientation.objects.exists()


def test_un_double_clic_ne_decide_qu_une_fois(scene: Scene) -> None:
    scene.reviser()
    vu = scene.proposition(0)
    orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, vu=vu)
    with pytest.raises(Conflit, match="vient d'être orientée"):
        orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, vu=vu)
    assert Orientation.objects.count() == 1


def test_tout_le_lot_se_suit_d_un_coup(scene: Scene) -> None:
    comptes = scene.reviser()
    vus = {une.liberation_id: une.compte for une in Proposition.objects.all()}
    orientations = suivre_les_propositions(acteur=scene.agent, vus=vus, le=AUJOURD_HUI)
    assert [orientation.compte.partition("/")[0] for orientation in orientations] == comptes
    assert not Proposition.objects.exists()


def test_tout_suivre_est_tout_ou_rien(scene: Scene) -> None:
    scene.reviser()
    vus = {une.liberation_id: une.compte for une in Proposition.objects.all()}
    vus[scene.liberations[9].pk] = "COMA" if vus[scene.liberations[9].pk] != "COMA" else "AL"
    with pytest.raises(Conflit):
        suivre_les_propositions(acteur=scene.agent, vus=vus, le=AUJOURD_HUI)
    assert not Orientation.objects.exists()


def test_annuler_remet_le_logement_dans_le_lot(scene: Scene) -> None:
    avant = scene.reviser()
    orientation = orienter(acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI)
    annuler_l_orientation(acteur=scene.agent, orientation_id=orientation.pk, le=AUJOURD_HUI, motif="Erreur de saisie")
    assert Proposition.objects.count() == 10
    assert sorted(scene.reviser()) == sorted(avant)


def test_une_orientation_notifiee_ne_s_annule_plus(scene: Scene) -> None:
    orientation = orienter(
        acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, compte="AL", motif="Essai"
    )
    mettre_a_disposition(acteur=scene.agent, orientation_id=orientation.pk, le=AUJOURD_HUI)
    with pytest.raises(ErreurMetier) as erreur:
        annuler_l_orientation(acteur=scene.agent, orientation_id=orientation.pk, le=AUJOURD_HUI, motif="Trop tard")
    assert erreur.value.code == "deja_notifie"


@pytest.mark.regle("RG-46")
def test_un_logement_rendu_revient_dans_le_lot_sans_celui_qui_l_a_rendu(scene: Scene) -> None:
    orientation = orienter(
        acteur=scene.agent, liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI, compte="AL", motif="Essai"
    )
    mettre_a_disposition(acteur=scene.agent, orientation_id=orientation.pk, le=AUJOURD_HUI)
    rendre(acteur=acteur_de(scene.al), orientation_id=orientation.pk, le=AUJOURD_HUI, motif="Aucun candidat")
    assert scene.proposition(0) != "AL"
    assert "Déjà rendu par" in Proposition.objects.get(liberation=scene.liberations[0]).phrase


@pytest.mark.regle("RG-31")
def test_exclure_sort_la_liberation_du_lot_et_de_l_etat(scene: Scene) -> None:
    scene.reviser()
    exclure(acteur=scene.agent, liberation_id=scene.liberations[0].pk, exclusion="mutation", le=AUJOURD_HUI)
    assert Proposition.objects.count() == 9
    with pytest.raises(ErreurMetier, match="Dites pourquoi"):
        exclure(acteur=scene.agent, liberation_id=scene.liberations[0].pk, exclusion="", le=AUJOURD_HUI)
    exclure(acteur=scene.agent, liberation_id=scene.liberations[0].pk, exclusion="", le=AUJOURD_HUI, motif="Erreur")
    assert Proposition.objects.count() == 10


@pytest.mark.regle("RG-40")
def test_retirer_une_liberation_la_sort_du_lot(scene: Scene) -> None:
    scene.reviser()
    retirer_la_liberation(acteur=scene.agent, liberation_id=scene.liberations[3].pk, retrait="gel", le=AUJOURD_HUI)
    assert Proposition.objects.count() == 9


@pytest.mark.regle("RG-40")
def test_decaler_une_disponibilite_change_sa_place(scene: Scene) -> None:
    scene.reviser()
    decaler_la_disponibilite(
        acteur=scene.agent,
        liberation_id=scene.liberations[0].pk,
        disponible_le=date(2025, 9, 1),
        le=AUJOURD_HUI,
        motif="Travaux",
    )
    assert Proposition.objects.order_by("liberation__date_disponibilite").last().liberation == scene.liberations[0]


def test_un_lecteur_ne_decide_pas(scene: Scene) -> None:
    with pytest.raises(AccesRefuse):
        orienter(acteur=acteur_de(scene.bailleur, Role.LECTEUR), liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI)


def test_la_liberation_d_un_autre_bailleur_est_introuvable(scene: Scene) -> None:
    with pytest.raises(Introuvable):
        orienter(acteur=acteur_de(creer_bailleur("Voisin")), liberation_id=scene.liberations[0].pk, le=AUJOURD_HUI)
