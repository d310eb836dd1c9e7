"""Composants de gabarit : une balise par composant, avec son exemple dans `templates/composants/README.md`.

Les balises à corps se ferment par `{% fin_… %}`. Aucune ne produit de style ni de script en ligne (CSP stricte) :
les longueurs des graphiques sont des attributs SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import count
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from heroicons.templatetags.heroicons import heroicon_mini, heroicon_outline

from flux_reservations.socle import presentation
from flux_reservations.socle.presentation import BarreRetard, Etape, Moment, Onglet, Quantite

register = template.Library()

_NUMEROS = count(1)
DEMI_LARGEUR = 1000
"""Demi-largeur d'une barre centrée, en unités SVG : assez fine pour qu'un dixième de logement se voie."""


@register.simple_tag
def icone(nom: str, taille: int = 20, libelle: str = "", classe: str = "") -> SafeString:
    """Dessine une icône heroicons. Sans `libelle`, elle est décorative et cachée aux lecteurs d'écran."""
    dessiner = heroicon_mini if taille <= 20 else heroicon_outline  # noqa: PLR2004 : heroicons dessine « mini » pour 20 pixels
    dessin = SafeString(dessiner(nom, size=taille, **{"class": f"icone {classe}".strip(), "focusable": "false"}))
    return dessin + format_html('<span class="visually-hidden">{}</span>', libelle) if libelle else dessin


@register.simple_tag
def pastille(etat: presentation.Pastille | str, ton: str = "neutre") -> SafeString:
    """Écrit un état. Accepte une `Pastille`, ou un texte et son ton."""
    if isinstance(etat, presentation.Pastille):
        ton = etat.ton
    return format_html('<span class="pastille pastille-{}">{}</span>', ton, etat)


@register.simple_tag
def compter(valeur: Quantite, singulier: str, pluriel: str = "") -> str:
    """`{% compter n "logement" %}` → 2 logements."""
    return presentation.compter(valeur, singulier, pluriel)


@register.simple_block_tag(end_name="fin_tableau")
def tableau(content: str, legende: str, note: str = "", cle: str = "", *, cartes: bool = False) -> SafeString:
    """Encadre `<thead>`, `<tbody>` et `<tfoot>` écrits à la main dans un tableau dense, défilable au clavier.

    `cartes` : sur un petit écran, chaque ligne devient une carte, ses cellules précédées de leur `data-libelle`. Lignes et cellules
    disent alors leur rôle (`row`, `rowheader`, `cell`…), que la mise en page ferait perdre.
    """
    return render_to_string(
        "composants/tableau.html",
        {
            "contenu": content,
            "legende": legende,
            "note": note,
            "cle": f"tableau-{cle or slugify(legende)}",
            "cartes": cartes,
        },
    )


@register.simple_block_tag(end_name="fin_vide")
def vide(content: str, titre: str, icone: str = "inbox", niveau: int = 2) -> SafeString:
    """Dit qu'il n'y a rien, pourquoi, et quoi faire (le corps)."""
    return render_to_string(
        "composants/vide.html", {"contenu": content, "titre": titre, "icone": icone, "niveau": niveau}
    )


@register.simple_block_tag(end_name="fin_avis")
def avis(content: str, ton: str = "information", titre: str = "") -> SafeString:
    """Encadre un avis, un contrôle ou une alerte dans la page (les messages passagers passent par `messages`)."""
    return render_to_string("composants/avis.html", {"contenu": content, "ton": ton, "titre": titre})


@register.simple_block_tag(end_name="fin_carte")
def carte(content: str, titre: str = "", niveau: int = 2) -> SafeString:
    """Groupe quelques informations sous un titre."""
    return render_to_string("composants/carte.html", {"contenu": content, "titre": titre, "niveau": niveau})


@register.simple_block_tag(end_name="fin_deplier")
def deplier(  # noqa: PLR0917 : une balise de gabarit dit tout ce qu'elle montre
    content: str,
    valeur: object,
    libelle: str,
    unite: str = "",
    regle: str = "",
    au_titre_de: object = "",
    adresse: str = "",
    ouvert: bool = False,
) -> SafeString:
    """Montre un nombre qui se déplie : ce qui le compose (le corps, ou `adresse` lue à l'ouverture), et sa règle."""
    return render_to_string(
        "composants/deplier.html",
        {
            "contenu": content if content.strip() else "",
            "valeur": presentation.ecrire_nombre(valeur) if isinstance(valeur, int) else valeur,
            "libelle": libelle,
            "unite": unite if any(signe.isdigit() for signe in str(valeur)) else "",
            "regle": regle,
            "au_titre_de": au_titre_de,
            "adresse": adresse,
            "ouvert": ouvert,
        },
    )


@register.inclusion_tag("composants/barre_retard.html")
def barre_retard(solde: Quantite, maximum: Quantite, libelle: str = "") -> dict[str, Any]:
    """Dessine un solde en barre centrée sur zéro, retard à droite ; `maximum` est l'échelle des barres voisines."""
    echelle = max(Fraction(maximum), abs(Fraction(solde)), Fraction(1))
    longueur = int(abs(Fraction(solde)) * DEMI_LARGEUR / echelle)
    en_retard = solde >= 0
    texte = presentation.dire_solde(solde)
    return {
        "solde": solde,
        "depart": str(DEMI_LARGEUR if en_retard else DEMI_LARGEUR - longueur),
        "longueur": str(longueur),
        "centre": str(DEMI_LARGEUR),
        "largeur": str(2 * DEMI_LARGEUR),
        "sens": "retard" if en_retard else "avance",
        "texte": f"{libelle} : {texte}" if libelle else texte,
    }


@register.inclusion_tag("composants/barres_retard.html")
def barres_retard(barres: Sequence[BarreRetard], legende: str) -> dict[str, Any]:
    """Met en tableau les soldes de plusieurs comptes, à la même échelle, chacun avec sa barre et son nombre."""
    maximum = max((abs(Fraction(barre.solde)) for barre in barres), default=Fraction(1))
    return {"barres": barres, "maximum": maximum, "legende": legende, "cle": f"tableau-{slugify(legende)}"}


@register.inclusion_tag("composants/jauge.html")
def jauge(
    valeur: Quantite,
    maximum: Quantite,
    libelle: str,
    unite: str = "",
    seuil: Quantite | None = None,
    decimales: int = 0,
    *,
    visible: bool = True,
) -> dict[str, Any]:
    """Dessine une part d'un tout (droits servis, taux face à un plafond).

    `seuil` est marqué d'un trait ; au-delà la barre change de ton. `visible=False` tait le nombre déjà écrit à côté.
    """
    echelle = max(Fraction(maximum), Fraction(valeur), Fraction(seuil or 0), Fraction(1, 1000))
    limite = maximum if seuil is None else seuil
    return {
        "rempli": str(int(max(Fraction(valeur), Fraction(0)) * 2 * DEMI_LARGEUR / echelle)),
        "largeur": str(2 * DEMI_LARGEUR),
        "repere": "" if seuil is None else str(int(Fraction(seuil) * 2 * DEMI_LARGEUR / echelle)),
        "depasse": valeur > limite,
        "ecrit": presentation.ecrire_nombre(valeur, decimales),
        "sur": presentation.ecrire_nombre(maximum, decimales),
        "libelle": libelle,
        "unite": unite,
        "visible": visible,
        "texte_seuil": "" if seuil is None else presentation.ecrire_nombre(seuil, decimales),
    }


@register.inclusion_tag("composants/chronologie.html")
def chronologie(moments: Sequence[Moment], libelle: str = "Chronologie") -> dict[str, Any]:
    """Raconte une histoire datée : ce qui est fait, en cours, à venir ou refusé."""
    return {"moments": moments, "libelle": libelle}


@register.inclusion_tag("composants/etapes.html")
def etapes(suite: Sequence[Etape], libelle: str = "Étapes") -> dict[str, Any]:
    """Situe l'agent dans un parcours en étapes."""
    return {"etapes": suite, "libelle": libelle}


@register.inclusion_tag("composants/onglets.html")
def onglets(suite: Sequence[Onglet], libelle: str) -> dict[str, Any]:
    """Des onglets qui sont des liens : chaque onglet a son adresse."""
    return {"onglets": suite, "libelle": libelle}


@register.inclusion_tag("composants/progression.html")
def progression(titre: str, fait: int, total: int, adresse: str = "", detail: str = "") -> dict[str, Any]:
    """Montre l'avancement d'un travail long ; `adresse` rend ce même composant, relu toutes les deux secondes."""
    return {
        "titre": titre,
        "fait": fait,
        "total": total,
        "adresse": adresse if fait < total else "",
        "detail": detail,
        "cle": f"progression-{slugify(titre)}",
    }


@register.inclusion_tag("composants/exports_de_page.html", takes_context=True)
def exports_de_page(context: Context) -> dict[str, str]:
    """Les deux exports d'une page exportable (`socle/tables_vues.py`), avec ses filtres."""
    parametres = context["request"].GET.copy()
    adresses = {}
    for genre in ("csv", "xlsx"):
        parametres["export"] = genre
        adresses[genre] = f"?{parametres.urlencode()}"
    return adresses


@register.inclusion_tag("composants/champ.html")
def champ(champ: BoundField) -> dict[str, Any]:
    """Écrit un champ de formulaire : intitulé, aide, erreurs liées (`aria-describedby`)."""
    return {"field": champ}


@register.inclusion_tag("composants/resume_erreurs.html")
def resume_erreurs(formulaire: BaseForm) -> dict[str, Any]:
    """Résume en tête les erreurs d'un formulaire, chacune en lien vers son champ."""
    fautifs = [champ for champ in formulaire if champ.errors and not champ.is_hidden]
    caches = [erreur for champ in formulaire.hidden_fields() for erreur in champ.errors]
    return {"fautifs": fautifs, "generales": [*formulaire.non_field_errors(), *caches]}


@register.inclusion_tag("composants/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], singulier: str = "ligne", pluriel: str = "") -> dict[str, Any]:
    """Dit combien il y a de lignes, lesquelles on voit, et mène aux autres pages en gardant filtres et tri."""
    return {
        "request": context["request"],
        "page": page,
        "numeros": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "total": presentation.compter(page.paginator.count, singulier, pluriel),
        "points": page.paginator.ELLIPSIS,
    }


@register.simple_tag
def regle(numero: str, jour: object = "") -> SafeString:
    """Cite une règle en lien vers la page Règles : `{% regle "RG-30" %}`."""
    adresse = adresse_regle(str(numero), jour)
    return format_html('<a class="regle-citee" href="{}">{}</a>', adresse, numero) if adresse else SafeString(numero)


@register.inclusion_tag("composants/aide_regle.html")
def aide_regle(numero: str, explication: str = "", mot: str = "") -> dict[str, Any]:
    """Explique sur place ce qu'on ne comprend pas et mène à la règle ; `mot` donne au bouton un libellé visible."""
    from flux_reservations.socle.textes_regles import resumer_regle  # noqa: PLC0415 : lit le droit seulement si on s'en sert

    return {
        "numero": numero,
        "explication": explication or resumer_regle(numero),
        "mot": mot,
        "adresse": adresse_regle(numero),
        "cle": f"aide-{numero.lower()}-{next(_NUMEROS)}",
    }


def adresse_regle(numero: str, jour: object = "") -> str:
    """Adresse de la règle dans la page publique ; vide si la page n'existe pas dans ce montage."""
    try:
        page = reverse("regles_au", args=[str(jour)]) if jour else reverse("regles")
    except NoReverseMatch:
        return ""
    return f"{page}#{numero}"
