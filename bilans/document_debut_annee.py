"""L'information de début d'année : ce qui sera soustrait du flux, à quoi, et ce qui l'a été l'an passé (RG-61)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from bilans.calcul import calculer_annee
from bilans.chargement_prevision import PrevisionLue, charger_prevision
from bilans.document import compter_les_motifs
from bilans.domaine.lignes import Section, attributions_de_l_annee
from bilans.models import Prevision
from bilans.regles_citees import citer_les_regles
from conventions.models import Bailleur
from flux_reservations.territoires.models import Commune, Departement


def composer_information(bailleur: Bailleur, departement: Departement, annee: int, etabli_le: date) -> dict[str, Any]:
    """L'objet de l'information : la prévision de l'année (celle du bailleur si elle est saisie), et les relogements de l'an passé."""
    lue = charger_prevision(bailleur.pk, departement.pk, annee)
    prevision = presenter_prevision(lue)
    precedente = calculer_annee(bailleur, departement.pk, annee - 1)
    attributions = attributions_de_l_annee(precedente.faits, precedente.flux)
    relogements = Counter(
        (attribution.liberation.commune, attribution.liberation.typologie)
        for attribution in attributions
        if attribution.section is Section.RELOGEMENTS_ET_MUTATIONS
    )
    communes = {ligne["commune"] for ligne in prevision} | {commune for commune, _ in relogements}
    return {
        "document": {
            "bailleur": {"siren": bailleur.siren, "nom": bailleur.nom},
            "departement": {"code": departement.pk, "nom": departement.nom},
            "annee": annee,
            "etabli_le": etabli_le.isoformat(),
            "communes": dict(Commune.objects.filter(pk__in=communes).values_list("pk", "nom")),
            "regles": citer_les_regles(date(annee, 1, 1)),
        },
        "prevision": prevision,
        "prevision_source": "" if lue.est_saisie else lue.calculee.source,
        "exclusions_inconnues": lue.exclusions_inconnues,
        "exclusions_dites_nulles": lue.exclusions_dites_nulles,
        "annonce_precedente": annoncer(bailleur.pk, departement.pk, annee - 1),
        "assiette_precedente": precedente.flux_json()["assiette"],
        "relogements": [
            {"commune": commune, "typologie": typologie, "baux": nombre}
            for (commune, typologie), nombre in sorted(relogements.items())
        ],
        "motifs": compter_les_motifs(attributions),
    }


def annoncer(bailleur: int, departement: str, annee: int) -> dict[str, int]:
    """Le volume d'exclusions annoncé pour cette année, par motif, s'il a été publié : il se suit (RG-31) ; vide sinon."""
    total: Counter[str] = Counter()
    publiees = Prevision.objects.filter(
        bailleur_id=bailleur, departement_id=departement, annee=annee, publiee_le__isnull=False
    )
    for exclusions in publiees.values_list("exclusions", flat=True):
        total.update({motif: int(nombre) for motif, nombre in exclusions.items()})
    return dict(total)


def presenter_prevision(lue: PrevisionLue) -> list[dict[str, Any]]:
    """A et B prévus par commune : ceux du bailleur s'il les a saisis, sinon ceux que l'on calcule (RG-32)."""
    return [
        {"commune": une.commune, "mises_en_location": une.mises_en_location, "exclusions": dict(une.exclusions)}
        for une in lue.communes
    ]
