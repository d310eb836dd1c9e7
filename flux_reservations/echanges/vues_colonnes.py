"""Faire correspondre les colonnes à l'œil, et rendre les lignes fautives annotées (formats.md § 1)."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges import depot, fichiers_deposes
from flux_reservations.echanges.correspondances import Apercu, tableaux_proposes
from flux_reservations.echanges.lecture.fichiers import Fichier
from flux_reservations.echanges.lecture.source import FichierIllisible
from flux_reservations.echanges.models import DEPOSANTS, ImportDepose
from flux_reservations.echanges.options import IGNOREE
from flux_reservations.echanges.tableaux import REGISTRE_COMMUN, types_de_fichier
from flux_reservations.echanges.views import lire_import
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.requete import Requete


def _tableaux(request: Requete) -> list[str]:
    """Les tableaux que l'acteur importe."""
    return list(REGISTRE_COMMUN) if request.acteur.nature is Nature.PLATEFORME else tableaux_proposes()


class ColonnesImport(ReserveeMixin):
    """Chaque en-tête du fichier face à nos colonnes : la personne dit ce qu'il désigne, et c'est retenu."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """La page."""
        return self._montrer(request, lire_import(request, pk))

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Retient les choix et relance l'essai ; `type` seul change : la page revient avec ses colonnes."""
        un = lire_import(request, pk)
        debuts = _tableaux(request)
        types: dict[str, str] = {}
        colonnes: dict[str, dict[str, str]] = defaultdict(dict)
        for rang, apercu in enumerate(fichiers_deposes.lire_les_apercus(un)):
            type_ = request.POST.get(f"type-{rang}", apercu.type)
            if type_ not in debuts:
                continue
            types[apercu.nom] = type_
            if type_ == apercu.type:
                colonnes[type_] |= self._lire_choix(request, rang, apercu)
        try:
            depot.choisir_colonnes(acteur=request.acteur, import_id=un.pk, types=types, colonnes=colonnes)
        except ErreurMetier as erreur:
            messages.error(request, erreur.message)
            return self._montrer(request, un, 422)
        messages.success(request, "Choix retenus pour la fois suivante : nouvel essai en cours.")
        return HttpResponseRedirect(reverse("import", args=[un.pk]))

    @staticmethod
    def _lire_choix(request: Requete, rang: int, apercu: Apercu) -> dict[str, str]:
        """Ce que chaque en-tête désigne, s'il ne le dit pas de lui-même."""
        choix: dict[str, str] = {}
        for numero, colonne in enumerate(apercu.colonnes):
            choisie = request.POST.get(f"colonne-{rang}-{numero}", "")
            if choisie in {*apercu.attendues, IGNOREE} and choisie != colonne.cle:
                choix[colonne.cle] = choisie
        return choix

    def _montrer(self, request: Requete, un: ImportDepose, statut: int = 200) -> HttpResponse:
        contexte = {
            "titre": "Faire correspondre les colonnes",
            "fil": [("Imports", reverse("imports")), (str(un).capitalize(), reverse("import", args=[un.pk]))],
            "un": un,
            "apercus": fichiers_deposes.lire_les_apercus(un),
            "types": _tableaux(request),
            "ignoree": IGNOREE,
        }
        return render(request, "echanges/colonnes.html", contexte, status=statut)


class LignesFautives(ReserveeMixin):
    """Les lignes d'un fichier qui ont une erreur, telles quelles, avec une colonne qui dit laquelle : à corriger et redéposer."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Un CSV ; `?fichier=` dit lequel (le premier fautif sinon)."""
        un = lire_import(request, pk)
        erreurs: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for une in un.rapport.get("erreurs", []):
            if une["ligne"]:
                colonne = f"{une['colonne']} : " if une["colonne"] else ""
                erreurs[une["fichier"]][une["ligne"]].append(f"{colonne}{une['message']}")
        nom = request.GET.get("fichier") or next(iter(erreurs), "")
        if nom not in erreurs:
            raise Introuvable
        lignes = list(_relire(un, nom, erreurs[nom]))
        return repondre_csv(f"a-corriger-{Path(nom).stem}", lignes[0], iter(lignes[1:]))


def _relire(un: ImportDepose, nom: str, erreurs: dict[int, list[str]]) -> Iterator[list[str]]:
    """L'en-tête, puis chaque ligne fautive et ses erreurs."""
    with tempfile.TemporaryDirectory(prefix="import-") as dossier:
        chemins = {chemin.name: chemin for chemin in fichiers_deposes.deposer_sur_disque(un, Path(dossier))}
        if nom not in chemins:
            raise Introuvable
        connues: Any = frozenset().union(*(colonnes for _, colonnes in types_de_fichier()))
        source = Fichier(chemins[nom], nom, "", connues).ouvrir()
        entete_lu, derniere = False, max(erreurs)
        try:
            for numero, cellules in enumerate(source.lignes, start=1):
                if not entete_lu and any(cellule.strip() for cellule in cellules):
                    entete_lu = True
                    yield [*map(str, cellules), "a_corriger"]
                elif numero in erreurs:
                    yield [*map(str, cellules), " ; ".join(erreurs[numero])]
                if numero > derniere:
                    return
        except FichierIllisible as erreur:
            yield [f"{erreur.message}"]
        finally:
            source.fermer()
