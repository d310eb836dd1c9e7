"""La page publique « Intégration » : `docs/integration.md`, celle-là même dont les essais exécutent les exemples."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from django.views import View
from markdown_it import MarkdownIt

from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.socle.requete import Requete


@lru_cache(maxsize=1)
def lire_documentation() -> tuple[SafeString, tuple[tuple[str, str], ...]]:
    """Le document en HTML, sans son titre, et son sommaire : (ancre, titre) de chaque partie."""
    texte = (settings.BASE_DIR / "docs" / "integration.md").read_text(encoding="utf-8")
    lecteur = MarkdownIt("commonmark", {"html": False}).enable("table")
    jetons = lecteur.parse(texte.partition("\n")[2])
    sommaire = []
    for rang, jeton in enumerate(jetons):
        if jeton.type == "heading_open":
            titre = jetons[rang + 1].content.replace("`", "")
            ancre = re.sub(r"[^a-z0-9]+", "-", cle_de_tri(titre)).strip("-")
            jeton.attrSet("id", ancre)
            if jeton.tag == "h2":
                sommaire.append((ancre, titre))
        elif jeton.type == "th_open":
            jeton.attrSet("scope", "col")
        elif jeton.type == "table_open":
            jeton.attrSet("class", "tableau")
    html: Any = lecteur.renderer.render(jetons, lecteur.options, {})
    return mark_safe(html), tuple(sommaire)  # noqa: S308 : notre document, HTML brut refusé


@method_decorator(login_not_required, name="dispatch")
class Integration(View):
    """La documentation d'intégration."""

    def get(self, request: Requete) -> HttpResponse:
        """La page."""
        document, sommaire = lire_documentation()
        contexte = {"titre": "Intégration", "document": document, "sommaire": sommaire}
        return render(request, "echanges/integration.html", contexte)
