"""Une empreinte est gardée, citée, envoyée : la même donnée a la même d'une version du logiciel à l'autre (RG-18, RG-63)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from conventions.chargement_contingents import DeclarationRpls, LigneContingent, LigneTitulaire
from conventions.chargement_etat_des_lieux import EtatDesLieux, LigneEtatDesLieux, PartEtatDesLieux
from conventions.models import Bailleur
from flux_reservations.commun.empreinte import calculer_empreinte, canoniser
from flux_reservations.socle import journal
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.relecture import empreinte_des_donnees
from flux_reservations.territoires.models import Departement

DONNEES = {"é": [1, 2.5, None, True, "½ « a »"], "a": {"z": "", "b": "1/3"}, "A": []}


@pytest.mark.regle("RG-63")
def test_l_empreinte_des_donnees_d_un_bilan_ne_change_pas() -> None:
    assert canoniser(DONNEES) == '{"A":[],"a":{"b":"1/3","z":""},"é":[1,2.5,null,true,"½ « a »"]}'.encode()
    assert calculer_empreinte(DONNEES) == "44536387e30d99b9e5f4dcd3a270e46fd9c644e41233c4c973d19d87c4acb8bb"
    assert calculer_empreinte(dict(reversed(DONNEES.items()))) == calculer_empreinte(DONNEES)


@pytest.mark.regle("RG-18")
def test_l_empreinte_d_un_etat_des_lieux_envoye_ne_change_pas() -> None:
    ligne = LigneEtatDesLieux("Créteil", "94028", "Les Lilas", (0, 1, 2, 0, 0, 0))
    etat = EtatDesLieux(
        Bailleur(siren="552100554", nom="Val Habitat"),
        Departement(pk="94", nom="Val-de-Marne"),
        date(2026, 11, 25),
        (PartEtatDesLieux(7, "AL", "Action Logement", "Action Logement", False, (ligne,)),),
        DeclarationRpls(
            (2026,),
            (LigneContingent(7, (1, 0, 0, 0, 0, 0), {"autre": 1}),),
            (LigneTitulaire(7, "AL", "Action Logement", 3, 2, 1, 0),),
        ),
    )
    assert etat.en_json().decode() == (
        '{"bailleur":"552100554","departement":"94","parts":[{"lignes":[{"code_commune":"94028","commune":"Créteil",'
        '"par_typologie":[0,1,2,0,0,0],"residence":"Les Lilas"}],"nom":"Action Logement","reservataire":"AL"}],'
        '"rpls":{"contingents":[{"code":7,"par_situation":{"autre":1},"par_typologie":[1,0,0,0,0,0]}],"millesimes":[2026],'
        '"titulaires":[{"code":"AL","confirmes":2,"droits":3,"inconnus":0,"nom":"Action Logement","non_reserves":1}]},'
        '"typologies":["T1","T2","T3","T4","T5","T6"]}'
    )
    assert etat.empreinte == "c161136571a4ab3ef6e859f4d2e122d8f492df6b14ac83202c2598bc6acd7b9d"


@pytest.mark.regle("RG-71")
def test_l_empreinte_d_une_entree_du_journal_ne_change_pas() -> None:
    entree = EntreeJournal(
        rang=2,
        organisme_id=3,
        instant=datetime(2026, 11, 25, 10, 30, tzinfo=UTC),
        acteur="personne 12",
        utilisateur_id=12,
        acteur_organisme_id=3,
        action="signer_convention",
        objet_type="conventions.convention",
        objet_cle="5",
        libelle="C-1, Créteil",
        avant={},
        apres={"date": "2026-11-25"},
        motif="à l'essai",
        empreinte_precedente="0" * 64,
    )
    assert journal.calculer_empreinte(entree) == "4f0740d6d1c58ecd56122e7671d59a909e613b9933c1652667c5ea0c61fe06d8"


@pytest.mark.regle("RG-16")
def test_l_empreinte_de_ce_qu_une_serie_preparee_a_lu_ne_change_pas() -> None:
    lu = {"clauses": {"date_effet": date(2026, 1, 1), "numero": "C-1 é", "taux": None}, "droits": [], "gabarit": 3}
    assert empreinte_des_donnees(lu) == "c03f07a5d1330e65f0b3e80fd4e326998096ba227a1ff2af51a5e66cdcbc23e2"
