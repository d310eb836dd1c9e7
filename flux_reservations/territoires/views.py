"""La recherche d'un territoire pendant la frappe : un fragment de formulaire."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.requete import Requete
from flux_reservations.territoires.formulaires import trouver_territoires


def chercher_territoire(request: Requete, champ: str) -> HttpResponse:
    """Les territoires que désigne ce qui est cherché, à cocher dans le champ `champ` du formulaire ouvert."""
    if not champ.isidentifier():
        raise Introuvable
    cherche = request.GET.get(f"{champ}_cherche", "").strip()
    trouves, reste = trouver_territoires(cherche) if cherche else ([], False)
    contexte = {
        "nom": champ,
        "cherche": cherche,
        "choisi": None,
        "trouves": trouves,
        "reste": reste,
        "facultatif": True,
    }
    return render(request, "composants/territoires_trouves.html", contexte)
