"""Banc d'une campagne : 300 documents annuels, l'ouvrier tué (-9) plusieurs fois, une interruption, une reprise ; on compte (RG-60).

`manage.py base_temporaire -- python tests/perf/banc_campagne.py [départements]`. De vrais processus : Valkey, un ouvrier Celery à deux
têtes. Le bailleur a un logement loué dans chaque département ; trois documents par département. Attendu : tous prêts, chacun produit
une fois jusqu'au bout, rien d'entamé pendant l'interruption, ce qui est fait jamais refait.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import django

RACINE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(RACINE))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")
DEPARTEMENTS = 100
MORTS = 6
PATIENCE = 3_000.0
ANNEE = 2025


def creer_le_bailleur(nombre: int) -> tuple[Any, list[str]]:
    """Un bailleur et un logement reloué par département ; rend les départements."""
    from flux_reservations.territoires.models import Commune
    from tests.fabriques import creer_bailleur, creer_liberation, creer_logement, creer_orientation

    bailleur = creer_bailleur("Habitat de France")
    premieres: dict[str, str] = {}
    for commune, departement in Commune.objects.order_by("pk").values_list("pk", "departement_id"):
        premieres.setdefault(departement, commune)
    choisis = sorted(premieres)[:nombre]
    for departement in choisis:
        liberation = creer_liberation(
            creer_logement(bailleur, premieres[departement]), date(ANNEE, 3, 1), date_bail=date(ANNEE, 4, 1)
        )
        creer_orientation(liberation, None, issue="bail")
    return bailleur, choisis


def suivre(campagne: Any, ouvrier: Any) -> dict[str, float]:
    """Tue l'ouvrier à intervalles de documents faits, interrompt à mi-course, reprend, attend la fin."""
    from celery import current_app

    from bilans.actions.campagnes import interrompre_campagne, reprendre_campagne
    from bilans.models.bilan import EtatBilan
    from flux_reservations.commun.acteur import Acteur

    acteur, total, debut = Acteur.systeme("banc"), campagne.bilans.count(), time.monotonic()
    morts, entames_pendant_l_arret, arret_fait = 0, 0, False

    def faits() -> int:
        nombre: int = campagne.bilans.filter(etat=EtatBilan.PRET).count()
        return nombre

    while time.monotonic() - debut < PATIENCE and campagne.bilans.filter(etat=EtatBilan.EN_PRODUCTION).exists():
        if morts < MORTS and faits() >= (morts + 1) * total // (MORTS + 2):
            ouvrier.tuer()
            ouvrier.lancer()
            morts += 1
        if not arret_fait and faits() >= total // 2:
            interrompre_campagne(acteur=acteur, campagne_id=campagne.pk)
            time.sleep(15)  # Ce qui est en cours se finit.
            avant = sum(campagne.bilans.values_list("tentatives", flat=True))
            time.sleep(10)
            entames_pendant_l_arret = sum(campagne.bilans.values_list("tentatives", flat=True)) - avant
            reprendre_campagne(acteur=acteur, campagne_id=campagne.pk)
            arret_fait = True
        current_app.send_task("bilans.reprendre")
        time.sleep(2)
    return {
        "total": time.monotonic() - debut,
        "morts": morts,
        "entames": entames_pendant_l_arret,
        "interrompue": float(arret_fait),
    }


def compter(campagne: Any, mesures: dict[str, float]) -> int:
    """Confronte les documents, leurs pièces et le journal."""
    from bilans.models.bilan import EtatBilan
    from flux_reservations.pieces.models import Piece
    from flux_reservations.socle.journal import verifier_chaine
    from flux_reservations.socle.models import EntreeJournal

    documents = list(campagne.bilans.all())
    prets = [document for document in documents if document.etat == EtatBilan.PRET and document.pdf_id]
    finis = EntreeJournal.objects.filter(action="produire_bilan").count()
    commencees = sum(document.tentatives for document in documents)
    rompues = verifier_chaine(campagne.bailleur_id)
    pieces = Piece.objects.count()
    sys.stdout.write(
        f"{len(documents)} documents ; tous traités en {mesures['total']:.0f} s ({len(documents) / mesures['total'] * 60:.0f} par minute), "
        f"l'ouvrier tué {mesures['morts']:.0f} fois.\n"
        f"Prêts : {len(prets)}. Productions commencées : {commencees}, finies : {finis} (une par document), pièces : {pieces}.\n"
        f"Interrompue puis reprise : {'oui' if mesures['interrompue'] else 'non'} ; entamés pendant l'arrêt : {mesures['entames']:.0f}. "
        f"Journal rompu : {len(rompues)} entrée(s).\n"
    )
    juste = len(prets) == len(documents) == finis and pieces == 2 * finis and not mesures["entames"] and not rompues
    return 0 if juste and mesures["interrompue"] and mesures["morts"] else 1


def main(nombre: int) -> int:
    """Le banc."""
    with tempfile.TemporaryDirectory(prefix="banc-campagne-") as dossier:
        from flux_reservations.embarque.valkey import Valkey

        valkey = Valkey(Path(dossier))
        valkey.demarrer()
        os.environ["REDIS_URL"] = valkey.url
        django.setup()
        from bilans.actions.campagnes import ouvrir_campagne
        from bilans.models.bilan import GenreBilan
        from flux_reservations.commun.acteur import Acteur
        from tests.perf.banc_envois import Enfant

        bailleur, departements = creer_le_bailleur(nombre)
        commande = [sys.executable, "-m", "celery", "-A", "flux_reservations", "worker", "-c", "2", "-l", "ERROR"]
        ouvrier = Enfant(commande, dict(os.environ), Path(dossier) / "ouvrier.pid")
        try:
            campagne = ouvrir_campagne(
                acteur=Acteur.systeme("banc"),
                bailleur_id=bailleur.pk,
                annee=ANNEE,
                departements=departements,
                genres=GenreBilan.values,
            )
            return compter(campagne, suivre(campagne, ouvrier))
        finally:
            ouvrier.tuer()
            valkey.arreter()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEPARTEMENTS))
