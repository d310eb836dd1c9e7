"""Les ménages dans un document annuel : refus, publics, objectifs, déjà masqués — c'est envoyé à tous (RG-50, RG-64)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from attributions.domaine.codes import COMPTE_BAILLEUR, Decision, Public, Reponse
from attributions.domaine.publics import mesurer
from attributions.models import Candidat
from bilans.calcul import CalculAnnuel
from bilans.domaine.lignes import Attribution, Section
from bilans.domaine.publics import menages_de_l_annee
from bilans.domaine.secret import TOTAL, masquer
from flux_reservations.droit import delais

_CONTROLE_DE_MENAGES = re.compile(r"\d+ × (.*\bménage\b.*)", re.DOTALL)
_COLONNES_DE_REFUS: dict[str, str] = {
    Reponse.REFUSE: "Refus",
    Reponse.SILENCE: "Silence valant refus",
    Reponse.DESISTEMENT: "Désistement",
    Decision.NON_ATTRIBUTION: "Non-attribution",
    Decision.IRRECEVABILITE: "Irrecevabilité",
}


def taire_les_menages(controle: dict[str, str]) -> dict[str, str]:
    """Un contrôle qui compte des ménages par public ne dit plus combien : ce nombre redonnerait un effectif masqué (RG-64)."""
    compte = _CONTROLE_DE_MENAGES.match(controle["message"])
    return controle | {"message": f"Au moins un {compte[1]}"} if compte else controle


def compter_les_refus(bailleur: int, departement: str, calcul: CalculAnnuel) -> dict[tuple[str, str], int]:
    """Ménages qui ont refusé, ou que la commission n'a pas retenus, sur le flux, par compte et par raison (une requête).

    Une décision se date du jour où la commission a examiné la demande ; à défaut (import), de la séance ou de l'orientation.
    """
    periode = (calcul.faits.premier_jour, calcul.faits.dernier_jour)
    hors_du_flux = {une.faits.identifiant for une in calcul.flux.liberations if not une.est_du_flux}
    lignes = (
        Candidat.objects.alias(
            examine_le=Coalesce("date_examen", "orientation__date_caleol", "orientation__date_orientation")
        )
        .filter(
            Q(reponse__in=[Reponse.REFUSE, Reponse.SILENCE, Reponse.DESISTEMENT], date_reponse__range=periode)
            | Q(decision__in=[Decision.NON_ATTRIBUTION, Decision.IRRECEVABILITE], examine_le__range=periode),
            orientation__liberation__bailleur_id=bailleur,
            orientation__liberation__logement__commune__departement_id=departement,
        )
        .exclude(orientation__liberation_id__parmi=hors_du_flux)
        .values_list("orientation__reservataire__code", "orientation__sous_contingent", "reponse", "decision")
        .order_by()
    )
    nombres: Counter[tuple[str, str]] = Counter()
    for code, sous_contingent, reponse, decision in lignes:
        raison = reponse if reponse in _COLONNES_DE_REFUS else decision
        compte = f"{code}/{sous_contingent}" if sous_contingent else code or COMPTE_BAILLEUR
        nombres[compte, _COLONNES_DE_REFUS[raison]] += 1
    return dict(nombres)


def compter_les_publics(calcul: CalculAnnuel, attributions: Iterable[Attribution]) -> dict[tuple[str, str], int]:
    """Ménages logés sur le flux, par compte et par public."""
    libelles = {membre.value: membre.libelle for membre in Public}
    menages = menages_de_l_annee(
        calcul.faits, calcul.flux, [attribution for attribution in attributions if attribution.section is Section.FLUX]
    )
    return dict(
        Counter(
            (menage.compte, libelles.get(menage.public, "Autre") if menage.public else "Inconnu") for menage in menages
        )
    )


def croiser(effectifs: Mapping[tuple[str, str], int], le: date, *, totaux_publics: bool = False) -> dict[str, Any]:
    """Un tableau croisé de ménages, masqué (RG-64) : `cases[ligne][colonne]`, None = masqué, totaux en dernier.

    `totaux_publics` : le total d'une ligne se lit ailleurs dans le document (les attribués d'un compte). Le masquer ne protégerait
    rien : la ligne entière est alors retirée du tableau et de ses totaux.
    """
    if not effectifs:
        return {"lignes": [], "colonnes": [], "cases": []}
    lignes = sorted({ligne for ligne, _ in effectifs})
    colonnes = sorted({colonne for _, colonne in effectifs})
    plein = {(ligne, colonne): effectifs.get((ligne, colonne), 0) for ligne in lignes for colonne in colonnes}
    masque = masquer(plein, le)
    fragiles = {ligne for ligne in lignes if masque[ligne, TOTAL] is None}
    if totaux_publics and fragiles:
        return croiser(
            {case: nombre for case, nombre in effectifs.items() if case[0] not in fragiles}, le, totaux_publics=True
        )
    return {
        "lignes": [*lignes, TOTAL],
        "colonnes": [*colonnes, TOTAL],
        "cases": [[masque[ligne, colonne] for colonne in (*colonnes, TOTAL)] for ligne in (*lignes, TOTAL)],
    }


def presenter_objectifs(calcul: CalculAnnuel, attributions: Sequence[Attribution], le: date) -> list[dict[str, Any]]:
    """Les objectifs de RG-50, tenus ou non : la part exacte redonnerait des effectifs masqués, elle n'est pas dite à tous.

    Sur moins de ménages que le seuil du secret, « tenu » désignerait presque un ménage : le résultat est masqué aussi (RG-64).
    """
    seuil = delais.SEUIL_DU_SECRET.valeur(le)
    menages = menages_de_l_annee(calcul.faits, calcul.flux, attributions)
    return [
        {
            "objectif": indicateur.objectif.value,
            "compte": indicateur.compte,
            "seuil": str(indicateur.seuil * 100),
            "est_tenu": indicateur.est_tenu if indicateur.total >= seuil else None,
            "inconnus": None if 0 < indicateur.inconnus < seuil else indicateur.inconnus,
        }
        for indicateur in mesurer(menages, le)
    ]
