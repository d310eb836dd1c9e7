"""Un agent de bailleur importe pour son organisme, et seulement pour lui (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attributions.models import Candidat, Occupation, Orientation
from bilans.models import Bilan
from conventions.models import Bailleur, Logement, Reservataire
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from flux_reservations.socle.models import EntreeJournal
from tests.echanges.depot import (
    AUTRE,
    BAILLEURS,
    CANDIDATS,
    CONVENTIONS,
    DROITS,
    LIBERATIONS,
    ORIENTATIONS,
    PATRIMOINE,
    RESERVATAIRES,
    SIREN,
    TOUT,
    deposer,
    importer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Acteur]:
    """Un gestionnaire du bailleur, sous les politiques de lignes d'une requête de lui."""
    importer(tmp_path, {"bailleurs": BAILLEURS, "reservataires": RESERVATAIRES})
    bailleur = Bailleur.objects.get(siren=SIREN)
    acteur = Acteur(nature=Nature.BAILLEUR, role=Role.GESTIONNAIRE, organisme_id=bailleur.pk, nom="Agent")
    with rls.pour_acteur(acteur):
        yield acteur


@pytest.fixture
def responsable(tmp_path: Path, agent: Acteur) -> Acteur:
    """Le responsable du même bailleur, qui vient d'importer tout ce qui est à lui."""
    acteur = agent.avec_role(Role.RESPONSABLE)
    fichiers = {nom: contenu for nom, contenu in TOUT.items() if nom != "bailleurs"}
    assert appliquer([deposer(tmp_path, fichiers)], acteur=acteur).est_accepte
    return acteur


def test_un_agent_importe_ce_qui_est_a_son_organisme(tmp_path: Path, agent: Acteur) -> None:
    fichiers = {nom: contenu for nom, contenu in TOUT.items() if nom != "bailleurs"}
    rapport = appliquer([deposer(tmp_path, fichiers)], acteur=agent.avec_role(Role.RESPONSABLE))
    assert rapport.erreurs == []
    actions = set(EntreeJournal.objects.values_list("action", flat=True))
    assert {"importer_convention", "importer_droits", "importer"} <= actions
    assert Logement.objects.count() == 3
    modifies = PATRIMOINE.replace("T1;QN09401I", "T2;")
    assert appliquer([deposer(tmp_path, {"patrimoine": modifies})], acteur=agent).fichiers[0].modifies == 1


def test_un_agent_n_importe_pas_pour_un_autre_bailleur(tmp_path: Path, agent: Acteur) -> None:
    rapport = essayer([deposer(tmp_path, {"patrimoine": PATRIMOINE.replace(SIREN, AUTRE)})], acteur=agent)
    assert {erreur.colonne for erreur in rapport.erreurs} == {"bailleur"}
    with pytest.raises(AccesRefuse):
        essayer([deposer(tmp_path, {"patrimoine": PATRIMOINE})], acteur=agent, siren=AUTRE)


@pytest.mark.regle("RG-51")
def test_un_agent_importe_l_occupation_de_ses_residences_et_aucune_autre(tmp_path: Path, agent: Acteur) -> None:
    fichier = f"bailleur;programme;enquete_le;menages\n{SIREN};Les Lilas;2024-01-01;84\n"
    assert appliquer([deposer(tmp_path, {"occupations": fichier})], acteur=agent).fichiers[0].crees == 1
    assert Occupation.objects.get().menages == 84
    rapport = essayer([deposer(tmp_path, {"occupations": fichier.replace(SIREN, AUTRE)})], acteur=agent)
    assert [erreur.colonne for erreur in rapport.erreurs] == ["bailleur"]


@pytest.mark.contrat("registre_commun")
def test_un_agent_n_etend_ni_ne_corrige_le_registre_commun(tmp_path: Path, agent: Acteur) -> None:
    faux = RESERVATAIRES + "FAUX;Préfecture;etat;departement:94\n"
    for contenu in (faux, RESERVATAIRES.replace("Créteil", "Autre nom")):
        rapport = essayer([deposer(tmp_path, {"reservataires": contenu})], acteur=agent)
        assert [erreur.colonne for erreur in rapport.erreurs] == ["code"]
    assert essayer([deposer(tmp_path, {"reservataires": RESERVATAIRES})], acteur=agent).est_accepte
    assert not Reservataire.objects.filter(code="FAUX").exists()


def test_un_agent_ne_change_pas_la_fiche_d_un_autre_bailleur(tmp_path: Path, agent: Acteur) -> None:
    rapport = essayer([deposer(tmp_path, {"bailleurs": BAILLEURS})], acteur=agent)
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(3, "siren")]


def test_un_lecteur_n_importe_pas(tmp_path: Path, agent: Acteur) -> None:
    lecteur = agent.avec_role(Role.LECTEUR)
    with pytest.raises(AccesRefuse):
        appliquer([deposer(tmp_path, {"droits": DROITS, "conventions": CONVENTIONS})], acteur=lecteur)


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize(
    "change",
    [
        ("2023-05-15;2023-06-01;;", "2023-05-15;2023-06-02;;"),
        ("94;2023-05-15;", "94;;"),
        ("2023-06-01;;\nC-AL", "2023-06-01;2025-01-01;\nC-AL"),
    ],
)
def test_un_gestionnaire_ne_touche_pas_par_fichier_a_une_convention_signee(
    tmp_path: Path, agent: Acteur, responsable: Acteur, change: tuple[str, str]
) -> None:
    rapport = essayer([deposer(tmp_path, {"conventions": CONVENTIONS.replace(*change, 1)})], acteur=agent)
    assert "réservé à un responsable" in rapport.erreurs[0].message
    assert essayer([deposer(tmp_path, {"conventions": CONVENTIONS, "droits": DROITS})], acteur=agent).est_accepte


@pytest.mark.regle("RG-14")
def test_un_gestionnaire_ne_signe_ni_ne_change_un_taux_signe_par_fichier(tmp_path: Path, agent: Acteur) -> None:
    signee = essayer([deposer(tmp_path, {"conventions": CONVENTIONS})], acteur=agent)
    assert {erreur.colonne for erreur in signee.erreurs} == {"date_signature"}
    brouillon = CONVENTIONS.replace("2023-05-15", "")
    assert essayer([deposer(tmp_path, {"conventions": brouillon, "droits": DROITS})], acteur=agent).est_accepte
    fichiers = {"conventions": CONVENTIONS, "droits": DROITS}
    assert appliquer([deposer(tmp_path, fichiers)], acteur=agent.avec_role(Role.RESPONSABLE)).est_accepte
    rapport = essayer([deposer(tmp_path, {"droits": DROITS.replace(";20;commune", ";90;commune")})], acteur=agent)
    assert [(erreur.valeur, erreur.colonne) for erreur in rapport.erreurs] == [("C-COMA", "convention")]


@pytest.mark.regle("RG-41")
def test_un_agent_ne_recrit_ni_une_decision_ni_sa_trace(tmp_path: Path, agent: Acteur, responsable: Acteur) -> None:
    change = ORIENTATIONS.replace("2025-02-01;en_cours", "2025-02-02;en_cours")
    assert essayer([deposer(tmp_path, {"orientations": change})], acteur=responsable).est_accepte
    trace = "liberation;rang;compte;date_orientation;phrase\nB2;1;AL;2025-02-01;inventée\n"
    assert "RG-41" in essayer([deposer(tmp_path, {"orientations": trace})], acteur=responsable).erreurs[0].message
    with rls.en_systeme():
        Orientation.objects.update(decidee_le=timezone.now())
        Candidat.objects.update(decision="attribution")
    assert "RG-41" in essayer([deposer(tmp_path, {"orientations": change})], acteur=responsable).erreurs[0].message
    candidats = CANDIDATS.replace("dalo", "agent")
    assert "RG-43" in essayer([deposer(tmp_path, {"candidats": candidats})], acteur=responsable).erreurs[0].message
    assert essayer([deposer(tmp_path, {"orientations": ORIENTATIONS})], acteur=responsable).est_accepte


@pytest.mark.regle("RG-63")
def test_un_agent_ne_change_pas_par_fichier_une_annee_publiee(
    tmp_path: Path, agent: Acteur, responsable: Acteur
) -> None:
    change = LIBERATIONS.replace("2025-02-01", "2025-03-01")
    with rls.en_systeme():
        bailleur = Bailleur.objects.get(siren=SIREN)
        piece = Piece.objects.deposer(
            organisme_id=bailleur.pk, genre="bilan", nom="b.pdf", type_mime="application/pdf", octets=b"x"
        )
        Bilan.objects.create(
            bailleur=bailleur, departement_id="94", annee=2025, etat="publie", publie_le=timezone.now(), empreinte="0" * 64, pdf=piece
        )  # fmt: skip
    assert (
        "2025 est publié"
        in essayer([deposer(tmp_path, {"liberations": change})], acteur=responsable).erreurs[0].message
    )
    assert essayer([deposer(tmp_path, {"liberations": LIBERATIONS})], acteur=responsable).est_accepte
    seances = f"bailleur;date;lieu;etat\n{SIREN};2025-01-20;Siège;close\n"
    assert appliquer([deposer(tmp_path, {"seances": seances})], acteur=responsable).est_accepte
    rouverte = seances.replace("close", "prevue")
    assert "close" in essayer([deposer(tmp_path, {"seances": rouverte})], acteur=responsable).erreurs[0].message


@pytest.mark.regle("RG-31")
def test_un_agent_ne_requalifie_pas_sans_motif_une_liberation_orientee(tmp_path: Path, agent: Acteur) -> None:
    """À l'écran, requalifier demande un motif et reprend l'orientation : le fichier ne contourne ni l'un ni l'autre."""
    fichiers = {nom: contenu for nom, contenu in TOUT.items() if nom != "bailleurs"}
    responsable = agent.avec_role(Role.RESPONSABLE)
    neuve = {"liberations": LIBERATIONS + "B3;L3;;2025-03-10;\n"}
    assert appliquer([deposer(tmp_path, fichiers | neuve)], acteur=responsable).est_accepte
    entete = "numero;logement;date_disponibilite;exclusion;motif_exclusion\n"
    libre = deposer(tmp_path, {"liberations": f"{entete}B3;L3;2025-03-10;anru;\n"})
    assert appliquer([libre], acteur=agent).fichiers[0].modifies == 1
    orientee = "B2;L2;2025-02-10;mutation;"
    (erreur,) = essayer([deposer(tmp_path, {"liberations": f"{entete}{orientee}\n"})], acteur=agent).erreurs
    assert (erreur.colonne, "RG-31" in erreur.message) == ("motif_exclusion", True)
    motivee = deposer(tmp_path, {"liberations": f"{entete}{orientee}Erreur de saisie\n"})
    assert essayer([motivee], acteur=agent).fichiers[0].modifies == 1
    with rls.en_systeme():
        Orientation.objects.filter(issue="en_cours").update(decidee_le=timezone.now())
    decidee = deposer(tmp_path, {"liberations": f"{entete}B2;L2;2025-02-10;mutation;Erreur de saisie\n"})
    (erreur,) = essayer([decidee], acteur=agent).erreurs
    assert "à l'écran" in erreur.message


def test_les_orientations_d_un_lot_de_liberations_se_lisent_ensemble(
    tmp_path: Path, agent: Acteur, responsable: Acteur
) -> None:
    lignes = ("B1;L1;2025-01-10;anru;premiere_location", "B2;L2;2025-02-10;mutation;premiere_location")
    requetes = []
    for nombre in (1, 2):
        contenu = "\n".join(("numero;logement;date_disponibilite;exclusion;nature", *lignes[:nombre], ""))
        with CaptureQueriesContext(connection) as vues:
            refuses = essayer([deposer(tmp_path, {"liberations": contenu})], acteur=agent).erreurs
        assert [erreur.colonne for erreur in refuses] == ["nature", "motif_exclusion"] * nombre
        requetes.append(sum("attributions_orientation" in une["sql"] for une in vues))
    assert requetes == [1, 1]


@pytest.mark.regle("RG-45")
def test_un_gestionnaire_ne_defait_pas_un_bail_par_fichier(tmp_path: Path, agent: Acteur, responsable: Acteur) -> None:
    """À l'écran, corriger un bail est au responsable, avec un motif ; le système et le responsable importent encore."""
    changements = {
        "date_bail": LIBERATIONS.replace("2025-02-01", ""),
        "logement": LIBERATIONS.replace("B1;L1", "B1;L3"),
        "nature": "numero;logement;date_disponibilite;nature\nB2;L2;2025-02-10;premiere_location\n",
    }
    for colonne, contenu in changements.items():
        depose = deposer(tmp_path, {"liberations": contenu})
        assert [erreur.colonne for erreur in essayer([depose], acteur=agent).erreurs] == [colonne]
        assert essayer([depose], acteur=responsable).est_accepte
        with rls.en_systeme():
            assert essayer([depose], acteur=Acteur.systeme()).est_accepte
    identique = appliquer([deposer(tmp_path, {"liberations": LIBERATIONS})], acteur=agent)
    assert (identique.fichiers[0].inchanges, identique.erreurs) == (2, [])
    loue = LIBERATIONS.replace("2025-02-10;", "2025-02-10;2025-03-01")
    assert appliquer([deposer(tmp_path, {"liberations": loue})], acteur=agent).fichiers[0].modifies == 1


ISSUES = "liberation;rang;compte;date_orientation;date_caleol;decision;issue\n"


def _orienter_par_fichier(dossier: Path, acteur: Acteur, ligne: str) -> list[tuple[str, str]]:
    """Importe une orientation de B2 ; les refus, par colonne."""
    rapport = appliquer([deposer(dossier, {"orientations": f"{ISSUES}B2;1;{ligne}\n"})], acteur=acteur)
    return [(erreur.colonne, erreur.message) for erreur in rapport.erreurs]


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("issue", ["bail", "carence"])
def test_un_gestionnaire_pose_une_issue_par_fichier_et_ne_la_defait_pas(
    tmp_path: Path, agent: Acteur, responsable: Acteur, issue: str
) -> None:
    """À l'écran, défaire un bail ou une carence demande un motif : le fichier d'un gestionnaire ne l'évite pas, même pour une reprise."""
    posee = f"AL;2025-02-01;;;{issue}"
    assert _orienter_par_fichier(tmp_path, agent, posee) == []
    assert _orienter_par_fichier(tmp_path, agent, posee) == [], "identique, rien ne change"
    for autre in ("", "en_cours", "rendu", "retire"):
        (refus,) = _orienter_par_fichier(tmp_path, agent, f"AL;2025-02-01;;;{autre}")
        assert (refus[0], "avec un motif, ou demandez cet import à un responsable" in refus[1]) == ("issue", True)
    (refus,) = _orienter_par_fichier(tmp_path, agent, f"COMA;2025-02-01;;;{issue}")
    assert refus[0] == "compte"
    orientation = Orientation.objects.get(liberation__numero="B2")
    assert (orientation.issue, orientation.compte) == (issue, "AL")
    assert _orienter_par_fichier(tmp_path, responsable, "AL;2025-02-01;;;en_cours") == []


@pytest.mark.regle("RG-46")
def test_un_logement_rendu_ou_repris_sans_decision_se_corrige_par_fichier(
    tmp_path: Path, agent: Acteur, responsable: Acteur
) -> None:
    """Rien n'y est décompté, et l'écran laisse un gestionnaire annuler un rendu ; une décision prise, elle, tient."""
    for issue in ("rendu", "en_cours", "retire", "en_cours", "rendu", "carence"):
        assert _orienter_par_fichier(tmp_path, agent, f"AL;2025-02-01;;;{issue}") == []


@pytest.mark.regle("RG-43")
def test_un_gestionnaire_n_efface_pas_par_fichier_une_decision_de_la_commission(
    tmp_path: Path, agent: Acteur, responsable: Acteur
) -> None:
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-02-20;attribution;en_cours") == []
    for ligne, colonne in (("2025-02-20;;en_cours", "decision"), (";attribution;en_cours", "date_caleol")):
        (refus,) = _orienter_par_fichier(tmp_path, agent, f"AL;2025-02-01;{ligne}")
        assert (refus[0], "RG-43" in refus[1]) == (colonne, True)
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-02-20;rang;rendu") == []
    (refus,) = _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-02-20;rang;en_cours")
    assert refus[0] == "issue"
    assert _orienter_par_fichier(tmp_path, responsable, "AL;2025-02-01;;;en_cours") == []


@pytest.mark.regle("RG-43")
@pytest.mark.parametrize("decision", ["non_attribution", "irrecevabilite"])
def test_un_gestionnaire_ne_retourne_pas_par_fichier_une_decision_favorable(
    tmp_path: Path, agent: Acteur, responsable: Acteur, decision: str
) -> None:
    """Retournée, elle n'est pas effacée mais ne compte plus (RG-45) : c'est la défaire ; une séance suivante, elle, redécide."""
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-02-20;condition;en_cours") == []
    for jour in ("2025-02-20", "2025-02-19"):
        (refus,) = _orienter_par_fichier(tmp_path, agent, f"AL;2025-02-01;{jour};{decision};en_cours")
        assert (refus[0], "RG-43" in refus[1]) == ("decision", True)
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-02-20;attribution;en_cours") == []
    assert _orienter_par_fichier(tmp_path, agent, f"AL;2025-02-01;2025-03-20;{decision};en_cours") == []
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;2025-04-17;attribution;en_cours") == []
    assert _orienter_par_fichier(tmp_path, responsable, f"AL;2025-02-01;2025-04-17;{decision};en_cours") == []


@pytest.mark.regle("RG-62")
def test_une_seance_qui_a_un_ordre_du_jour_ne_se_clot_pas_par_fichier(
    tmp_path: Path, agent: Acteur, responsable: Acteur
) -> None:
    """Close par fichier, elle le serait sans procès-verbal, décisions manquantes comprises, et pour toujours."""
    seances = f"bailleur;date;lieu;etat\n{SIREN};2025-02-20;Siège;prevue\n{SIREN};2024-02-20;Siège;prevue\n"
    inscriptions = f"bailleur;date;lieu;liberation;rang;ordre\n{SIREN};2025-02-20;Siège;B2;1;1\n"
    prevues = deposer(tmp_path, {"seances": seances, "inscriptions": inscriptions})
    assert appliquer([prevues], acteur=agent).erreurs == []
    for acteur in (agent, responsable):
        (refus,) = essayer([deposer(tmp_path, {"seances": seances.replace("prevue", "close")})], acteur=acteur).erreurs
        assert (refus.ligne, refus.colonne, "à l'écran" in refus.message) == (2, "etat", True)
    ancienne = seances.replace("2024-02-20;Siège;prevue", "2024-02-20;Siège;close")
    assert appliquer([deposer(tmp_path, {"seances": ancienne})], acteur=agent).fichiers[0].modifies == 1


@pytest.mark.regle("RG-46")
@pytest.mark.parametrize("colonne", ["date_orientation", "date_mise_a_disposition", "date_limite_prolongee"])
def test_un_gestionnaire_ne_repousse_pas_par_fichier_le_delai_d_une_carence(
    tmp_path: Path, agent: Acteur, responsable: Acteur, colonne: str
) -> None:
    """Sa date limite repoussée, une carence n'est plus décomptée : c'est la défaire sans le dire."""
    assert _orienter_par_fichier(tmp_path, agent, "AL;2025-02-01;;;carence") == []
    colonnes = dict.fromkeys(("date_orientation", "date_mise_a_disposition", "date_limite_prolongee"), "")
    dates = colonnes | {"date_orientation": "2025-02-01"} | {colonne: "2031-02-01"}
    contenu = f"liberation;rang;compte;{';'.join(dates)};issue\nB2;1;AL;{';'.join(dates.values())};carence\n"
    repoussee = deposer(tmp_path, {"orientations": contenu})
    (refus,) = appliquer([repoussee], acteur=agent).erreurs
    assert (refus.colonne, "RG-46" in refus.message) == (colonne, True)
    assert appliquer([repoussee], acteur=responsable).est_accepte
