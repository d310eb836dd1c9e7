"""formats.md § 2, phrase à phrase : chaque essai cite la sienne.

Ailleurs déjà : `base_temporaire` et `demo` par de vrais processus (tests/embarque), l'ordre et les retards d'`orienter`
(tests/attributions/test_commande_orienter.py), les calculs eux-mêmes (tests/cas, tests/bilans/test_commandes_du_flux.py),
le rapport d'`importer` (tests/echanges/test_commandes.py), l'aller-retour d'`exporter` (tests/echanges/test_aller_retour.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from conventions.models import Bailleur, ReservationStock
from flux_reservations.embarque.empreinte import RACINE
from tests.echanges.depot import TOUT, deposer
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)
from tests.jeu_aleatoire import JeuAleatoire

QUATRE = re.compile(r"-?\d+\.\d{4}")
DEUX = re.compile(r"\d+\.\d{2}")
ANNEE = ["--departement", "94", "--annee", "2025"]
CALCULS = ("calculer_flux", "orienter", "produire_bilan")


def executer(*arguments: str) -> Any:
    """L'objet JSON d'une commande, seul sur la sortie standard."""
    sortie, erreurs = StringIO(), StringIO()
    call_command(*arguments, "--format", "json", stdout=sortie, stderr=erreurs)
    assert erreurs.getvalue() == ""
    return json.loads(sortie.getvalue())


def echouer(*arguments: str) -> tuple[int, str, str]:
    """Code de sortie, sortie standard, sortie d'erreur d'une commande dont l'entrée est fautive."""
    sortie, erreurs = StringIO(), StringIO()
    with pytest.raises(SystemExit) as fin:
        call_command(*arguments, "--format", "json", stdout=sortie, stderr=erreurs)
    return int(fin.value.code or 0), sortie.getvalue(), erreurs.getvalue()


def ecrire_l_adresse() -> str:
    """L'adresse de la base d'essai, pour un processus à part."""
    reglage = connection.settings_dict
    return f"postgresql://{reglage['USER']}@:{reglage['PORT']}/{reglage['NAME']}?host={reglage['HOST']}"


def lancer(*arguments: str, **environnement: str) -> subprocess.CompletedProcess[str]:
    """La commande dans un vrai processus."""
    return subprocess.run(
        [sys.executable, str(RACINE / "manage.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environnement,
        cwd=RACINE,
    )


@pytest.fixture
def bailleur() -> Bailleur:
    """Un département où tout arrive : l'État, une commune, Action Logement, un stock, des libérations."""
    bailleur = creer_bailleur()
    etat = creer_etat()
    creer_convention(bailleur, etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")])
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    for rang in range(4):
        logement = creer_logement(bailleur, qpv="QN09401I" if rang == 0 else "")
        louee = creer_liberation(logement, date(2025, 3, 1 + rang), date_bail=date(2025, 4, 1))
        creer_orientation(
            louee, etat if rang < 3 else mairie, sous_contingent="agents" if rang < 3 else "", issue="bail"
        )
    creer_liberation(creer_logement(bailleur), date(2025, 6, 1), numero="Z2")
    creer_liberation(creer_logement(bailleur), date(2025, 6, 1), numero="Z1")
    creer_liberation(creer_logement(bailleur), date(2025, 5, 1), numero="Z3", exclusion="mutation")
    return bailleur


@pytest.mark.django_db(transaction=True)
class TestSorties:
    """« `--format json` écrit un seul objet JSON sur la sortie standard, rien d'autre »."""

    def test_par_de_vrais_processus(self, bailleur: Bailleur, tmp_path: Path) -> None:
        adresse = ecrire_l_adresse()
        qui = ["--bailleur", bailleur.siren]
        for arguments in (
            ["calculer_flux", *qui, *ANNEE],
            ["convertir_stock", *qui, "--departement", "94", "--date", "2025-06-30"],
            ["produire_bilan", *qui, *ANNEE, "--sortie", str(tmp_path / "bilan")],
            ["exporter", str(tmp_path / "export"), *qui],
        ):
            fini = lancer(*arguments, "--format", "json", DATABASE_URL=adresse)
            assert (fini.returncode, fini.stderr) == (0, ""), arguments
            assert isinstance(json.loads(fini.stdout), dict)
        assert sorted(un.suffix for un in (tmp_path / "bilan").iterdir()) == [".pdf", ".xlsx"]

    def test_sans_base_ni_trace(self) -> None:
        """« 1 si l'entrée est fautive (message clair sur la sortie d'erreur, jamais de trace Python) »."""
        for adresse in ("", "mysql://x/y", "postgresql://x@127.0.0.1:1/z"):
            fini = lancer("calculer_flux", "--bailleur", "940000011", *ANNEE, DATABASE_URL=adresse)
            assert (fini.returncode, fini.stdout) == (1, ""), adresse
            assert fini.stderr.startswith("Erreur : ")
            assert "Traceback" not in fini.stderr

    def test_une_commande_inconnue_est_mal_appelee(self) -> None:
        """« 2 si la commande est mal appelée »."""
        fini = lancer("calculer_le_flux", DATABASE_URL=ecrire_l_adresse())
        assert (fini.returncode, fini.stdout) == (2, "")
        assert fini.stderr.startswith("Commande inconnue : calculer_le_flux")

    def test_un_lecteur_parti_ne_fait_pas_de_trace(self, bailleur: Bailleur) -> None:
        commande = f"{sys.executable} {RACINE / 'manage.py'} calculer_flux --bailleur {bailleur.siren} {' '.join(ANNEE)} | true"
        fini = subprocess.run(
            ["sh", "-c", commande],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"DATABASE_URL": ecrire_l_adresse()},
        )
        assert "Traceback" not in fini.stderr
        assert "BrokenPipe" not in fini.stderr


@pytest.mark.django_db
class TestCodesDeSortie:
    """« 0 si tout va bien, 1 si l'entrée est fautive, 2 si la commande est mal appelée »."""

    @pytest.mark.parametrize("commande", CALCULS)
    def test_un_bailleur_ou_un_departement_inconnu_est_une_entree_fautive(
        self, bailleur: Bailleur, commande: str
    ) -> None:
        for qui, ou in (("940009993", "94"), ("x", "94"), (bailleur.siren, "00"), (bailleur.siren, "")):
            arguments = [commande, "--bailleur", qui, "--departement", ou, "--annee", "2025"]
            code, sortie, erreurs = echouer(*arguments, *(["--simuler"] if commande == "orienter" else []))
            assert (code, sortie) == (1, ""), arguments
            assert erreurs.startswith("Erreur : ")

    @pytest.mark.parametrize("commande", CALCULS)
    @pytest.mark.parametrize("annee", ["25", "2_025", "٢٠٢٥", "-2025", "deux mille", "99999", ""])
    def test_une_annee_mal_ecrite_est_un_mauvais_appel(self, commande: str, annee: str) -> None:
        with pytest.raises(CommandError):
            call_command(commande, "--bailleur", "1", "--departement", "94", f"--annee={annee}")

    @pytest.mark.parametrize("jour", ["20250101", "2025-W01-1", "2025-1-1", "31/12/2025", "2025-02-30", ""])
    def test_une_date_mal_ecrite_est_un_mauvais_appel(self, jour: str) -> None:
        """« les dates `AAAA-MM-JJ` »."""
        with pytest.raises(CommandError):
            call_command("convertir_stock", "--bailleur", "1", "--departement", "94", f"--date={jour}")
        with pytest.raises(CommandError):
            call_command("importer", "x.csv", f"--effet={jour}")

    @pytest.mark.parametrize("autres", [["--lot", "3"], ["--simuler", "--lot", "0"], ["--simuler", "--lot", "x"]])
    def test_lot_sans_simuler_ou_mal_ecrit_est_un_mauvais_appel(self, bailleur: Bailleur, autres: list[str]) -> None:
        """« `--lot` sans `--simuler` : mal appelée »."""
        with pytest.raises(CommandError):
            call_command("orienter", "--bailleur", bailleur.siren, *ANNEE, *autres)

    @pytest.mark.parametrize("commande", [*CALCULS, "convertir_stock", "importer", "exporter"])
    def test_sans_ses_options_obligatoires_une_commande_est_mal_appelee(self, commande: str) -> None:
        with pytest.raises(CommandError):
            call_command(commande)


@pytest.mark.django_db
class TestImporter:
    """« JSON : `{"fichiers": […], "avertissements": [], "erreurs": […]}` (ligne 1 = l'en-tête ; écrit aussi en cas de refus […]) »."""

    def test_l_ordre_est_trouve_tout_seul(self, tmp_path: Path) -> None:
        """« fichiers ou dossier (ordre trouvé tout seul, type lu dans le nom du fichier) »."""
        fichiers = {f"{nom}-2025.csv": contenu for nom, contenu in reversed(TOUT.items())}
        lu = executer("importer", str(deposer(tmp_path, fichiers)))
        assert [un["type"] for un in lu["fichiers"]] == list(TOUT)
        assert all(list(un) == ["fichier", "type", "lignes", "crees", "modifies", "inchanges"] for un in lu["fichiers"])
        assert (lu["avertissements"], lu["erreurs"]) == ([], [])

    def test_un_refus_ecrit_son_json_et_sort_en_1(self, tmp_path: Path) -> None:
        depot = deposer(tmp_path, TOUT | {"droits": TOUT["droits"].replace("taux", "tot")})
        code, sortie, erreurs = echouer("importer", str(depot))
        [erreur] = [une for une in json.loads(sortie)["erreurs"] if une["colonne"] == "taux"]
        assert code == 1
        assert list(erreur) == ["fichier", "ligne", "colonne", "valeur", "message"]
        assert (erreur["fichier"], erreur["ligne"]) == ("droits.csv", 1)
        assert "droits.csv, ligne 1, colonne taux" in erreurs
        assert not Bailleur.objects.exists()


@pytest.mark.django_db
class TestCalculerFlux:
    """« `calculer_flux --bailleur SIREN --departement 94 --annee 2025 [--format json]` »."""

    def test_l_objet_a_ces_cles_dans_cet_ordre_et_ces_types(self, bailleur: Bailleur) -> None:
        lu = executer("calculer_flux", "--bailleur", bailleur.siren, *ANNEE)
        assert list(lu) == [
            "bailleur", "departement", "annee", "assiette", "comptes", "non_reserve", "repli_prefet", "etat", "controles",
        ]  # fmt: skip
        assert (lu["bailleur"], lu["departement"], lu["annee"]) == (bailleur.siren, "94", 2025)
        assiette = lu["assiette"]
        assert list(assiette) == ["mises_en_location", "exclusions", "total_exclusions", "flux", "premieres_locations"]
        assert list(assiette["exclusions"]) == ["mutation", "anru", "orcod", "insalubrite", "vente"]
        entiers = [assiette[nom] for nom in assiette if nom != "exclusions"]
        assert all(type(nombre) is int for nombre in entiers + list(assiette["exclusions"].values()))
        assert list(lu["non_reserve"]) == ["droit_theorique", "droit", "decompte"]
        assert list(lu["repli_prefet"]) == ["logements_stock", "taux", "droit_theorique"]
        assert DEUX.fullmatch(lu["repli_prefet"]["taux"])
        assert QUATRE.fullmatch(lu["repli_prefet"]["droit_theorique"])
        assert all(list(un) == ["regle", "niveau", "message"] for un in lu["controles"])
        assert {un["niveau"] for un in lu["controles"]} <= {"ok", "alerte", "bloquant"}

    def test_comptes_tries_par_code_puis_convention_et_exacts(self, bailleur: Bailleur) -> None:
        """« triées par code puis convention » ; « `solde` = droit théorique + report − décompte »."""
        comptes = executer("calculer_flux", "--bailleur", bailleur.siren, *ANNEE)["comptes"]
        ordre = [(un["compte"], un["convention"]) for un in comptes]
        assert ordre == sorted(ordre)
        assert [compte for compte, _ in ordre] == ["ETAT94/agents", "ETAT94/prioritaires", "MAIRIE"]
        for un in comptes:
            assert list(un) == ["compte", "convention", "droit_theorique", "droit", "report", "decompte", "solde"]
            assert all(QUATRE.fullmatch(un[nom]) for nom in ("droit_theorique", "report", "solde"))
            assert (type(un["droit"]), type(un["decompte"])) == (int, int)
            calcule = float(un["droit_theorique"]) + float(un["report"]) - un["decompte"]
            assert float(un["solde"]) == pytest.approx(calcule)

    def test_part_de_l_etat(self, bailleur: Bailleur) -> None:
        """« Part de l'État = son décompte ÷ C, en %, arrondi au plus proche (moitié vers le haut), `null` si le dénominateur est nul »."""
        etat = executer("calculer_flux", "--bailleur", bailleur.siren, *ANNEE)["etat"]
        # Trois baux de l'État sur quatre ; deux hors QPV sur les trois du flux hors QPV ; deux hors QPV sur ses trois.
        assert etat == {
            "part_du_flux": "75.00",
            "part_du_flux_hors_qpv": "66.67",
            "part_hors_qpv_de_son_flux": "66.67",
        }
        vide = executer("calculer_flux", "--bailleur", creer_bailleur().siren, *ANNEE)["etat"]
        assert set(vide.values()) == {None}


@pytest.mark.django_db
class TestOrienter:
    """« JSON : `{"orientations": [{"liberation", "compte", "phrase", "eligibles": [{"compte", "retard"}]}]}` »."""

    @pytest.mark.parametrize("autres", [["--simuler"], ["--simuler", "--lot", "2"], []])
    def test_l_objet_et_l_ordre(self, bailleur: Bailleur, autres: list[str]) -> None:
        """« dans l'ordre (date_disponibilite, numero) » ; « par retard décroissant » ; « l'État une fois sous son seul code »."""
        lu = executer("orienter", "--bailleur", bailleur.siren, *ANNEE, *autres)
        assert list(lu) == ["orientations"]
        assert [une["liberation"] for une in lu["orientations"]] == ["Z1", "Z2"]
        for une in lu["orientations"]:
            assert list(une) == ["liberation", "compte", "phrase", "eligibles"]
            assert une["phrase"]
            retards = [float(un["retard"]) for un in une["eligibles"]]
            assert retards == sorted(retards, reverse=True)
            assert all(list(un) == ["compte", "retard"] and QUATRE.fullmatch(un["retard"]) for un in une["eligibles"])
            assert not [un for un in une["eligibles"] if un["compte"].startswith("ETAT94/")]

    def test_simuler_n_ecrit_rien(self, bailleur: Bailleur) -> None:
        """« `--simuler` n'écrit rien » : la commande refait la même chose."""
        arguments = ["orienter", "--bailleur", bailleur.siren, *ANNEE, "--simuler"]
        assert executer(*arguments) == executer(*arguments)
        assert not bailleur.liberations.filter(numero__startswith="Z", orientations__isnull=False).exists()


@pytest.mark.django_db
class TestConvertirStock:
    """« `convertir_stock --bailleur SIREN --departement 94 --date AAAA-MM-JJ [--format json]` »."""

    def test_l_objet_trie_par_code(self, bailleur: Bailleur) -> None:
        """« triés par code ; `uniques` non échus »."""
        for code in ("ZED", "ABC"):
            reservataire = creer_reservataire(code)
            for nature, fin in (("suite", None), ("suite", date(2020, 1, 1)), ("unique", None)):
                ReservationStock.objects.create(
                    logement=creer_logement(bailleur),
                    reservataire=reservataire,
                    contrepartie="financement",
                    nature=nature,
                    date_debut=date(2000, 1, 1),
                    date_fin=fin,
                )
        lu = executer("convertir_stock", "--bailleur", bailleur.siren, "--departement", "94", "--date", "2025-06-30")
        assert list(lu) == ["bailleur", "departement", "date", "logements_du_champ", "reservataires"]
        assert (lu["date"], type(lu["logements_du_champ"])) == ("2025-06-30", int)
        assert [un["reservataire"] for un in lu["reservataires"]] == ["ABC", "ZED"]
        for un in lu["reservataires"]:
            assert list(un) == [
                "reservataire", "suite_actifs", "suite_echus", "uniques", "taux_simple", "taux_pondere", "repli_prefet",
            ]  # fmt: skip
            assert (un["suite_actifs"], un["suite_echus"], un["uniques"]) == (1, 1, 1)
            assert DEUX.fullmatch(un["taux_simple"])
            assert DEUX.fullmatch(un["repli_prefet"])

    def test_un_taux_sans_denominateur_est_null(self, bailleur: Bailleur) -> None:
        """« un taux sans dénominateur est `null` » : rien ne s'est libéré dans les trois ans."""
        autre = creer_bailleur()
        logement = creer_logement(autre)
        ReservationStock.objects.create(
            logement=logement,
            reservataire=creer_reservataire("ABC"),
            contrepartie="financement",
            date_debut=date(2000, 1, 1),
        )
        lu = executer("convertir_stock", "--bailleur", autre.siren, "--departement", "94", "--date", "2025-06-30")
        assert (lu["reservataires"][0]["taux_simple"], lu["reservataires"][0]["taux_pondere"]) == ("100.00", None)


@pytest.mark.django_db
class TestProduireBilan:
    """« `{"flux": {l'objet de calculer_flux}, "lignes": [{"compte", "commune", "qpv": true, …}]}` »."""

    def test_le_flux_est_celui_de_calculer_flux_et_les_lignes_sont_triees(self) -> None:
        """« une ligne par croisement non nul, triées dans l'ordre de ces clés »."""
        bailleur = JeuAleatoire(11, logements=80, par_an=40).bailleur
        qui = ["--bailleur", bailleur.siren, *ANNEE]
        lu = executer("produire_bilan", *qui)
        assert list(lu) == ["flux", "lignes"]
        assert lu["flux"] == executer("calculer_flux", *qui)
        cles = ["compte", "commune", "qpv", "typologie", "financement", "periode_construction"]
        croisements = [tuple(une[cle] for cle in cles) for une in lu["lignes"]]
        assert len(croisements) > 5
        assert len(set(croisements)) == len(croisements)
        assert [une[:5] for une in croisements] == sorted(une[:5] for une in croisements)
        for une in lu["lignes"]:
            assert list(une) == [*cles, "proposes", "attribues"]
            assert type(une["qpv"]) is bool
            assert une["proposes"] + une["attribues"] > 0


@pytest.mark.django_db
class TestVerifierDonnees:
    """« `verifier_donnees` : dit si les comptes, les bilans publiés et les empreintes se recoupent ».

    Ce qui diverge et sort en 1 : tests/bilans/test_commandes_du_flux.py.
    """

    def test_des_donnees_saines_sortent_en_0(self, bailleur: Bailleur) -> None:
        assert executer("verifier_donnees") == {"annees": 1, "divergences": []}
