"""Banc du PDF : le débit du moule face à WeasyPrint nu, sur le même HTML et le même nombre de cœurs (issue 10 : au moins 0,9 fois).

`manage.py base_temporaire -- python tests/perf/banc_pdf.py` : le document est celui d'un bilan engendré (8 comptes, 300 logements).
Les deux font la même chose (mêmes feuilles, mêmes polices, PDF/UA-1) ; WeasyPrint nu relit tout à chaque document. Un processus par
cœur, comme les ouvriers de production, tous en même temps ; chacun compte son temps processeur, les débits s'additionnent.
"""

from __future__ import annotations

import gc
import io
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")
COMPTES, LOGEMENTS, TOURS = 8, 300, 5


def donnees_de_synthese(comptes: int = COMPTES, logements: int = LOGEMENTS) -> dict[str, Any]:
    """Les données figées d'un bilan plausible, sans base."""
    hasard = random.Random(94)  # noqa: S311 : un jeu d'essai, pas un secret
    codes = [f"R{rang:02d}" for rang in range(comptes)]
    communes = {f"940{rang:02d}": f"Commune {rang}" for rang in range(22)}
    lignes: dict[tuple[Any, ...], int] = {}
    for _ in range(logements):
        cle = (
            hasard.choice(codes),
            hasard.choice(list(communes)),
            hasard.random() < 0.3,
            hasard.choice(["T1", "T2", "T3", "T4", "T5"]),
            hasard.choice(["PLAI", "PLUS", "PLS", "HLMO"]),
            hasard.choice(["avant 1949", "1949-1974", "1975-1981", "depuis 2013"]),
        )
        lignes[cle] = lignes.get(cle, 0) + 1
    cles = ("compte", "commune", "qpv", "typologie", "financement", "periode_construction")
    compte = {
        "convention": "C",
        "droit_theorique": "35.0000",
        "droit": 35,
        "report": "0.0000",
        "decompte": 34,
        "solde": "1.0000",
    }
    suite = {"orientes": 40, "mis_a_disposition": 38, "rendus": 2, "carences": 1, "baux": 35}
    jours = ("jours_du_conge_au_bail", "jours_de_la_disponibilite_au_bail", "jours_de_la_mise_a_disposition_au_bail")
    return {
        "flux": {
            "assiette": {
                "mises_en_location": 900,
                "exclusions": {"mutation": 200},
                "total_exclusions": 200,
                "flux": 700,
                "premieres_locations": 0,
            },
            "comptes": [{"compte": code} | compte for code in codes],
            "non_reserve": {"droit_theorique": "0.0000", "droit": 0, "decompte": 20},
            "etat": {"part_du_flux": "30.00", "part_du_flux_hors_qpv": "30.00", "part_hors_qpv_de_son_flux": "70.00"},
            "controles": [{"regle": "RG-14", "niveau": "ok", "message": "Les taux tiennent dans les plafonds."}],
        },
        "lignes": [
            dict(zip(cles, cle, strict=True)) | {"proposes": n, "attribues": n} for cle, n in sorted(lignes.items())
        ],
        "document": {
            "bailleur": {"siren": "900000009", "nom": "Habitat du banc"},
            "departement": {"code": "94", "nom": "Val-de-Marne"},
            "annee": 2025,
            "etabli_le": "2026-01-10",
            "noms": {code: f"Réservataire {code}" for code in codes},
            "communes": communes,
            "sections": [{"section": "flux", "libelle": "Flux", "baux": logements}],
            "hors_flux": [],
            "motifs": {},
            "suites": [{"compte": code} | suite | dict.fromkeys(jours, "181/2") for code in codes],
            "refus": {"lignes": [], "colonnes": [], "cases": []},
            "publics": {"lignes": [], "colonnes": [], "cases": []},
            "objectifs": [],
            "equilibre": [],
            "etat_par_commune": [{"commune": commune, "decompte": 9, "flux": 31} for commune in communes],
            "mobilite": {"mutations": 200, "relogements": {}, "attributions": 900},
            "taux": [],
            "regles": [],
        },
    }


def chronometrer(*travaux: Callable[[], object], tours: int = TOURS, mur: bool = False) -> list[float]:
    """Meilleur temps de chacun, en secondes, à tour de rôle : une machine partagée ne fausse pas le rapport.

    Temps du processeur, ou de la pendule (`mur`) quand le travail se fait ailleurs, dans la base.
    """
    lire = time.perf_counter if mur else time.process_time
    durees: list[list[float]] = [[] for _ in travaux]
    for _ in range(tours + 1):
        for travail, mesures in zip(travaux, durees, strict=True):
            gc.collect()  # Sinon chacun paie le ménage du précédent.
            debut = lire()
            travail()
            mesures.append(lire() - debut)
    return [min(mesures[1:]) for mesures in durees]


@dataclass(frozen=True)
class Mesure:
    """Ce qu'un processus a mesuré : pages d'un document, secondes de processeur de chaque chemin."""

    pages: int
    nu: float
    moule: float
    html: float


def mesurer_un_coeur(_: int) -> Mesure:
    """Les trois chemins, dans un processus à lui."""
    django.setup()
    import pikepdf
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from bilans.pdf import html_du_bilan
    from flux_reservations.socle.pdf import FEUILLE_COMMUNE, SCHEMA, ChargeurFerme, lire_statique, produire_pdf

    donnees = donnees_de_synthese()
    html = html_du_bilan(donnees, version=1)
    feuille = lire_statique(FEUILLE_COMMUNE).decode()

    def nu() -> bytes:
        polices = FontConfiguration()
        css = CSS(string=feuille, base_url=SCHEMA, url_fetcher=ChargeurFerme(), font_config=polices)
        octets: bytes = HTML(string=html, base_url=SCHEMA, url_fetcher=ChargeurFerme()).write_pdf(
            stylesheets=[css], font_config=polices, pdf_variant="pdf/ua-1"
        )
        return octets

    with pikepdf.open(io.BytesIO(produire_pdf(html))) as pdf:
        pages = len(pdf.pages)
    temps = chronometrer(nu, lambda: produire_pdf(html), lambda: html_du_bilan(donnees, version=1))
    return Mesure(pages, *temps)


def main() -> int:
    """Mesure sur chaque cœur, écrit, rend 0 si le rapport tient."""
    coeurs = os.cpu_count() or 1
    with ProcessPoolExecutor(coeurs, mp_context=get_context("spawn")) as processus:
        mesures = list(processus.map(mesurer_un_coeur, range(coeurs)))
    debit_nu = sum(mesure.pages / mesure.nu for mesure in mesures)
    debit_moule = sum(mesure.pages / mesure.moule for mesure in mesures)
    debit_complet = sum(mesure.pages / (mesure.moule + mesure.html) for mesure in mesures)
    rapport = debit_complet / debit_nu
    sys.stdout.write(
        f"{coeurs} cœurs, documents de {mesures[0].pages} pages. WeasyPrint nu : {debit_nu:.1f} pages/s ; le moule : {debit_moule:.1f} "
        f"pages/s ; avec la fabrique du HTML ({mesures[0].html * 1000:.0f} ms) : {debit_complet:.1f} pages/s, "
        f"{rapport:.2f} fois WeasyPrint nu.\n"
    )
    return 0 if rapport >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
