"""Banc du moteur : écarts au droit et qualité, à côté des méthodes voisines et du meilleur hors ligne, sur des graines non vues.

`python -m tests.perf.banc_moteur [--complet] [--reglage] [--nombre N]` : pur, sans base. Par défaut deux tirages par ordre ;
`--complet` : vingt, et un budget hors ligne cinq fois plus long ; `--reglage` : sur les graines de réglage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from attributions.domaine.faits_moteur import FaitsMoteur
from attributions.domaine.mesures import Mesures, mesurer
from attributions.domaine.rejeu import simuler
from tests.perf.instances import GRAINES_DE_MESURE, GRAINES_DE_REGLAGE, Ordre, engendrer
from tests.perf.methodes_voisines import (
    Attribution,
    hors_ligne,
    plus_grand_deficit,
    stock,
    tour_de_role,
)

ESSAIS_HORS_LIGNE = 300_000
Methode = Callable[[FaitsMoteur, int], Attribution]


def _moteur(lot: int) -> Methode:
    def methode(faits: FaitsMoteur, graine: int) -> Attribution:
        del graine
        return {choix.numero: choix.partie for choix in simuler(faits, lot=lot)}

    return methode


METHODES: dict[str, Methode] = {
    "tour de rôle pondéré": lambda faits, graine: tour_de_role(faits),
    "gestion en stock": stock,
    "plus grand déficit": lambda faits, graine: plus_grand_deficit(faits),
    "un par un": _moteur(1),
    "délai glissant de 10": _moteur(10),
    "délai glissant de 20": _moteur(20),
}


@dataclass(frozen=True, slots=True)
class Essai:
    """Une méthode sur une instance."""

    ordre: Ordre
    mesures: Mesures
    rapport: float
    microsecondes: float


def ecrire(ligne: str = "") -> None:
    """Une ligne du tableau."""
    sys.stdout.write(f"{ligne}\n")
    sys.stdout.flush()


def _nombre(valeur: Fraction | float) -> str:
    return f"{float(valeur):.1f}".replace(".", ",")


def essayer(faits: FaitsMoteur, graine: int, ordre: Ordre, essais: int) -> dict[str, Essai]:
    """Toutes les méthodes sur une instance ; `rapport` = Σ écarts ÷ meilleur trouvé hors ligne."""
    obtenus: dict[str, tuple[Attribution, float]] = {}
    for nom, methode in METHODES.items():
        debut = time.process_time()
        attribution = methode(faits, graine)
        obtenus[nom] = attribution, (time.process_time() - debut) * 1e6 / len(faits.liberations)
    debut = time.process_time()
    optimum = hors_ligne(faits, obtenus["délai glissant de 20"][0], essais=essais, graine=graine)
    duree = (time.process_time() - debut) * 1e6 / len(faits.liberations)
    obtenus["meilleur hors ligne"] = optimum, duree
    mesures = {nom: mesurer(faits, attribution) for nom, (attribution, _) in obtenus.items()}
    reference = mesures["meilleur hors ligne"].somme_des_ecarts
    return {
        nom: Essai(ordre, mesures[nom], float(mesures[nom].somme_des_ecarts / reference), obtenus[nom][1])
        for nom in obtenus
    }


def resumer(essais: dict[str, list[Essai]], titre: str) -> None:
    """Une ligne par méthode : moyennes, et le pire pour l'écart au droit."""
    ecrire(f"\n{titre}")
    ecrire(
        f"{'méthode':<22} {'écart au droit':>15} {'de zone':>8} {'État/commune':>13} {'typologies':>11} {'communes':>9} "
        f"{'Σ écarts':>9} {'÷ hors ligne':>13} {'µs/décision':>12}"
    )
    for nom, liste in essais.items():
        if not liste:
            continue
        nombre = len(liste)

        def moyenne(valeurs: list[Fraction] | list[float], nombre: int = nombre) -> str:
            return _nombre(sum(float(valeur) for valeur in valeurs) / nombre)

        droit = f"{moyenne([un.mesures.ecart_au_droit for un in liste])} ; {_nombre(max(un.mesures.ecart_au_droit for un in liste))}"
        rapport = f"{sum(un.rapport for un in liste) / nombre:.2f}".replace(".", ",")
        ecrire(
            f"{nom:<22} {droit:>15} {moyenne([un.mesures.ecart_de_zone for un in liste]):>8} "
            f"{moyenne([un.mesures.etat_par_commune for un in liste]):>13} "
            f"{moyenne([un.mesures.typologies for un in liste]) + ' %':>11} "
            f"{moyenne([un.mesures.communes for un in liste]) + ' %':>9} "
            f"{moyenne([un.mesures.somme_des_ecarts for un in liste]):>9} {rapport:>13} "
            f"{moyenne([un.microsecondes for un in liste]):>12}"
        )


def chronometrer() -> None:
    """Les temps de référence : 1 ms un par un, 5 ms en lot de 20, 3 s pour 3 000."""
    ecrire("\nTemps de calcul (repères : 1 ms un par un, 5 ms en lot de 20, 3 s pour rejouer 3 000 libérations)")
    for nombre, lot in ((300, 1), (1_000, 1), (3_000, 1), (1_000, 20), (3_000, 20)):
        faits = engendrer(GRAINES_DE_MESURE[0], nombre=nombre)
        debut = time.process_time()
        simuler(faits, lot=lot)
        duree = time.process_time() - debut
        ecrire(
            f"  {nombre:>5} libérations, lot de {lot:>2} : {_nombre(duree * 1000)} ms, {_nombre(duree * 1e6 / nombre)} µs par décision"
        )


def main() -> None:
    """Mesure et écrit les tableaux."""
    analyseur = argparse.ArgumentParser(description=__doc__)
    analyseur.add_argument("--complet", action="store_true")
    analyseur.add_argument("--reglage", action="store_true")
    analyseur.add_argument("--nombre", type=int, default=1_000)
    options = analyseur.parse_args()
    graines = (GRAINES_DE_REGLAGE if options.reglage else GRAINES_DE_MESURE)[: 20 if options.complet else 2]
    essais = ESSAIS_HORS_LIGNE * (5 if options.complet else 1)
    ecrire(
        f"{options.nombre} libérations, 40 communes, 21 comptes ; {len(graines)} tirages × {len(Ordre)} ordres, graines "
        f"{'de réglage' if options.reglage else 'de mesure'} ; hors ligne : recuit de {essais} essais"
    )
    tous: dict[str, list[Essai]] = {}
    for ordre in Ordre:
        for graine in graines:
            for nom, essai in essayer(
                engendrer(graine, nombre=options.nombre, ordre=ordre), graine, ordre, essais
            ).items():
                tous.setdefault(nom, []).append(essai)
        resumer({nom: [un for un in liste if un.ordre is ordre] for nom, liste in tous.items()}, f"Ordre : {ordre}")
    resumer(
        {nom: [un for un in liste if un.ordre is not Ordre.COMMUNE] for nom, liste in tous.items()},
        "Tous les ordres, hors « par commune »",
    )
    chronometrer()


if __name__ == "__main__":
    main()
