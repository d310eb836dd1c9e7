"""Un rapport d'import gardé ne cite personne, quel que soit le fichier où un numéro de demande s'est égaré (RG-70)."""

from __future__ import annotations

from pathlib import Path

import pytest

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.rapport import Rapport
from flux_reservations.echanges.rapport_garde import masquer, presenter_rapport
from flux_reservations.socle import rls
from tests.echanges.depot import SIREN, TOUT, deposer, importer, prevoir

NUMERO = "094125000000000001"
EGARES = {
    "dans une cellule": {"liberations": f"numero;logement;date_disponibilite\nB9;{NUMERO};2025-01-01\n"},
    "dans un message": {"droits": f"convention;contrepartie;taux;perimetre\nC-AL;financement;5;{NUMERO}\n"},
    "en en-tête": {"bailleurs": f"siren;nom;{NUMERO}\n{SIREN};Habitat;x\n"},
    "dans un changement": {"orientations": f"liberation;rang;compte;date_orientation;motif\nB2;1;AL;2025-02-01;{NUMERO}\n"},
    "dans une clé": {"patrimoine": f"bailleur;identifiant;commune;typologie\n{SIREN};{NUMERO};94028;T1\n"},
    "tronqué, chez les candidats": {"candidats": "liberation;rang;numero_demande\nB1;1;09412 5\n"},
    "sans chiffres, chez les candidats": {"candidats": f"liberation;rang;numero_demande\nB1;1;{'ABC DEF ' * 6}\n"},
    "ajouté": {"candidats": "liberation;rang;numero_demande\nB1;1;094125000000000002\n"},
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
@pytest.mark.parametrize("ou", EGARES)
def test_un_numero_egare_n_est_pas_garde(tmp_path: Path, ou: str) -> None:
    assert importer(tmp_path, TOUT).est_accepte
    rapport = prevoir(tmp_path, EGARES[ou])
    assert rapport.erreurs or rapport.avertissements or rapport.changements
    garde = str(presenter_rapport(rapport))
    for morceau in (NUMERO, "094125000000000002", "09412 5", "ABC DEF"):
        assert morceau not in garde
    assert "•••" in garde


@pytest.mark.regle("RG-70")
@pytest.mark.parametrize(
    "texte",
    ["094 125 0000 0000 0001", "094125.000.000.000.001", "02A125000000000001", "«094125000000000001»", "0941250000000000012"],
)  # fmt: skip
def test_un_numero_se_reconnait_espace_ou_mal_recopie(texte: str) -> None:
    assert not any(signe.isdigit() for signe in masquer(texte))


@pytest.mark.parametrize(
    "texte",
    ["Bailleur inconnu : 940000037.", "94000003700017", "0123456789", "2025-01-10", "C-AL-2025-001", "12 rue de la Paix 94000", "QN09401I"],
)  # fmt: skip
def test_ce_qui_n_est_pas_un_numero_reste_lisible(texte: str) -> None:
    assert masquer(texte) == texte


def test_le_rapport_garde_a_la_forme_du_contrat() -> None:
    rapport = Rapport()
    rapport.refuser("bailleurs.csv", "Faux.", ligne=2, colonne="siren", valeur="123")
    assert presenter_rapport(rapport)["erreurs"] == rapport.en_json()["erreurs"]


@pytest.mark.django_db
@pytest.mark.regle("RG-42")
def test_une_date_de_presentation_enregistree_ne_change_pas_par_fichier(tmp_path: Path) -> None:
    """À l'écran, elle se corrige avec un motif et une trace : elle peut faire le décompte. Inconnue, elle se complète."""
    entete = "liberation;rang;numero_demande;date_presentation\n"
    assert importer(tmp_path, TOUT).est_accepte
    bailleur = Bailleur.objects.get(siren=SIREN)
    agent = Acteur(nature=Nature.BAILLEUR, role=Role.RESPONSABLE, organisme_id=bailleur.pk, nom="Agent")
    with rls.pour_acteur(agent):
        complete = deposer(tmp_path, {"candidats": f"{entete}B1;1;{NUMERO};2025-01-10\n"})
        assert appliquer([complete], acteur=agent).fichiers[0].modifies == 1
        assert essayer([complete], acteur=agent).fichiers[0].inchanges == 1
        for autre in ("2025-01-11", ""):
            change = deposer(tmp_path, {"candidats": f"{entete}B1;1;{NUMERO};{autre}\n"})
            (erreur,) = essayer([change], acteur=agent).erreurs
            assert "date" in erreur.message
            assert "Corrigez-la à l'écran, avec un motif" in erreur.message
    assert importer(tmp_path, {"candidats": f"{entete}B1;1;{NUMERO};2025-01-11\n"}).fichiers[0].modifies == 1
