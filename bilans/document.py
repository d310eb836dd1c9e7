"""Le document d'un bilan : tout ce que le PDF, le tableur et l'écran montrent, en un seul objet figé (RG-60, RG-63).

L'objet est celui de `produire_bilan` (`flux`, `lignes`), augmenté de `document`. Il n'y a plus aucune lecture de la base après lui : le
PDF et le tableur s'en refont à l'identique. Les effectifs de ménages y sont déjà masqués (RG-64) : c'est ce qui est envoyé à tous.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from attributions.domaine.codes import COMPTE_BAILLEUR, nommer_compte
from bilans.calcul import CalculAnnuel
from bilans.domaine.equilibre import equilibre_du_compte, part_realisee_par_commune
from bilans.domaine.lignes import Attribution, Section, attributions_de_l_annee
from bilans.domaine.publics import mesurer_la_mobilite
from bilans.domaine.suites import presenter_suites, suites_de_l_annee
from bilans.menages import compter_les_publics, compter_les_refus, croiser, presenter_objectifs, taire_les_menages
from bilans.regles_citees import citer_les_regles
from conventions.domaine.codes import SousContingent
from conventions.models import Bailleur, Reservataire
from flux_reservations.droit.assiette import periode_de_construction
from flux_reservations.territoires.models import Commune, Departement, Territoire

VERSION_DU_DOCUMENT = 1
_TERRITOIRE = re.compile(r"\b(?:commune|epci|ept|metropole|departement|region):[0-9AB]+\b")
LIBELLES_DE_SECTION: dict[Section, str] = {
    Section.FLUX: "Flux : relocations réparties entre les réservataires et le bailleur",
    Section.PREMIERES_LOCATIONS: "Premières locations de programmes neufs, comptées à part",
    Section.RELOGEMENTS_ET_MUTATIONS: "Relogements et mutations, soustraits du flux",
    Section.STOCK_MAINTENU: "Stock maintenu : défense, sécurité intérieure, santé",
    Section.SANS_ORIENTATION: "Baux signés sans orientation",
    Section.HORS_CHAMP: "Hors du champ : foyers, intermédiaires, fonction…",
}


def composer_document(
    calcul: CalculAnnuel, bailleur: Bailleur, departement: Departement, etabli_le: date
) -> dict[str, Any]:
    """L'objet du bilan, prêt à être figé ; quatre requêtes de plus que le calcul, quel que soit le volume."""
    attributions = attributions_de_l_annee(calcul.faits, calcul.flux)
    objet = calcul.bilan_json()
    objet["flux"]["controles"] = [taire_les_menages(controle) for controle in objet["flux"]["controles"]]
    comptes = {ligne["compte"] for ligne in objet["lignes"]} | {compte.compte for compte in calcul.flux.comptes}
    suites = list(presenter_suites(suites_de_l_annee(calcul.faits, calcul.flux, attributions)))
    comptes |= {str(ligne["compte"]) for ligne in suites}
    le = calcul.faits.dernier_jour
    refus = compter_les_refus(bailleur.pk, departement.pk, calcul)
    comptes |= {compte for compte, _ in refus}
    communes = {un.liberation.commune for un in attributions} | {ligne["commune"] for ligne in objet["lignes"]}
    objet["document"] = {
        "version": VERSION_DU_DOCUMENT,
        "bailleur": {"siren": bailleur.siren, "nom": bailleur.nom},
        "departement": {"code": departement.pk, "nom": departement.nom},
        "annee": calcul.faits.annee,
        "etabli_le": etabli_le.isoformat(),
        "noms": nommer_les_comptes(comptes, bailleur.nom),
        "communes": dict(Commune.objects.filter(pk__in=communes).values_list("pk", "nom")),
        "sections": presenter_sections(attributions),
        "hors_flux": presenter_hors_flux(attributions, le),
        "motifs": compter_les_motifs(attributions),
        "suites": suites,
        "refus": croiser(refus, le),
        "publics": croiser(compter_les_publics(calcul, attributions), le, totaux_publics=True),
        "objectifs": presenter_objectifs(calcul, attributions, le),
        "equilibre": presenter_equilibre(calcul),
        "etat_par_commune": presenter_etat_par_commune(calcul),
        "mobilite": presenter_mobilite(attributions),
        "taux": presenter_taux(calcul),
        "regles": citer_les_regles(le),
    }
    return objet


def nommer_les_comptes(comptes: Iterable[str], nom_du_bailleur: str) -> dict[str, str]:
    """Nom lisible de chaque compte (une requête)."""
    liste = sorted({*comptes, COMPTE_BAILLEUR})
    codes = {compte.partition("/")[0] for compte in liste}
    noms = dict(Reservataire.objects.filter(code__in=codes).values_list("code", "nom"))
    return {compte: nommer_compte(compte, noms, f"{nom_du_bailleur} (non réservé)") for compte in liste}


def presenter_sections(attributions: Sequence[Attribution]) -> list[dict[str, Any]]:
    """Baux par section ; leur somme est celle des baux signés de l'année (RG-60)."""
    nombres = Counter(attribution.section for attribution in attributions)
    return [
        {"section": section.value, "libelle": LIBELLES_DE_SECTION[section], "baux": nombres[section]}
        for section in Section
    ]


def presenter_hors_flux(attributions: Sequence[Attribution], le: date) -> list[dict[str, Any]]:
    """Les attributions hors du flux, par section et par axe.

    Le motif d'un relogement n'y est pas : croisé avec un axe, il décrirait un ménage (RG-64). Le stock maintenu ne se localise qu'à la
    commune (RG-73) : QPV, financement et période, qui désigneraient un programme, n'y sont pas dits (None).
    """
    nombres = Counter(
        (attribution.section.value, attribution.liberation.commune)
        + (
            (None, attribution.liberation.typologie, None, None)
            if attribution.section is Section.STOCK_MAINTENU
            else (
                attribution.est_en_qpv,
                attribution.liberation.typologie,
                attribution.liberation.financement,
                periode_de_construction(attribution.liberation.annee_construction, le),
            )
        )
        for attribution in attributions
        if attribution.section is not Section.FLUX
    )
    cles = ("section", "commune", "qpv", "typologie", "financement", "periode_construction")
    ordonnes = sorted(nombres.items(), key=lambda ligne: tuple("" if axe is None else str(axe) for axe in ligne[0]))
    return [dict(zip(cles, cle, strict=True)) | {"baux": nombre} for cle, nombre in ordonnes]


def compter_les_motifs(attributions: Iterable[Attribution]) -> dict[str, int]:
    """Baux des relogements et mutations par motif, sur le département : B, sans autre axe (RG-60, RG-64)."""
    return dict(
        Counter(
            attribution.liberation.exclusion
            for attribution in attributions
            if attribution.section is Section.RELOGEMENTS_ET_MUTATIONS
        )
    )


def presenter_equilibre(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """Les écarts de structure qui alertent, par compte (RG-48)."""
    return [
        {
            "compte": compte.compte,
            "dimension": ecart.dimension,
            "modalite": ecart.modalite,
            "recus": ecart.recus,
            "total_recus": ecart.total_recus,
            "eligibles": ecart.eligibles,
            "total_eligibles": ecart.total_eligibles,
        }
        for compte in (*calcul.flux.comptes, calcul.flux.non_reserve)
        for ecart in equilibre_du_compte(calcul.faits, calcul.flux, compte)
        if ecart.est_une_alerte
    ]


def presenter_etat_par_commune(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """La part réalisée par l'État sur chaque commune (RG-36)."""
    de_l_etat = [
        compte
        for compte in calcul.flux.comptes
        if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}
    ]
    parts = part_realisee_par_commune(calcul.flux, calcul.faits, de_l_etat)
    return [{"commune": commune, "decompte": recu, "flux": total} for commune, (recu, total) in parts.items()]


def presenter_mobilite(attributions: Sequence[Attribution]) -> dict[str, Any]:
    """Mutations servies et relogements tenus (RG-52)."""
    mobilite = mesurer_la_mobilite(attributions)
    return {"mutations": mobilite.mutations, "relogements": mobilite.relogements, "attributions": mobilite.attributions}


def presenter_taux(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """Les lignes de droit qui ont couru, compte par compte, territoires nommés : de quoi refaire chaque droit (RG-33)."""
    codes = {
        code for compte in calcul.flux.comptes for ligne in compte.lignes for code in _TERRITOIRE.findall(ligne.libelle)
    }
    territoires = dict(Territoire.objects.filter(pk__in=codes).values_list("pk", "nom"))
    return [
        {
            "compte": compte.compte,
            "convention": compte.convention,
            "libelle": _TERRITOIRE.sub(lambda trouve: territoires.get(trouve[0], trouve[0]), ligne.libelle),
            "taux": str(ligne.taux),
            "debut": ligne.debut.isoformat(),
            "fin": ligne.fin.isoformat(),
            "nombre": ligne.nombre,
            "regle": ligne.regle,
        }
        for compte in calcul.flux.comptes
        for ligne in compte.lignes
    ]
