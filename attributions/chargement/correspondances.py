"""Les correspondances avec les systèmes voisins : les colonnes que SNE, SYPLO et AL'in demandent (RG-02, RG-49).

Aucun de ces systèmes ne publie de format d'échange ouvert : les colonnes sont celles que leurs écrans de saisie demandent, dans nos mots ;
le contingent d'imputation est celui du répertoire (RG-02).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Q, QuerySet

from attributions.domaine.codes import Issue, Reponse
from attributions.models import Candidat, Orientation
from conventions.domaine.codes import TypeReservataire
from conventions.domaine.contingents import CONTINGENTS, code_contingent
from flux_reservations.commun.acteur import Acteur


class Systeme(StrEnum):
    """Un système voisin."""

    SNE = "sne"
    SYPLO = "syplo"
    ALIN = "alin"

    @property
    def libelle(self) -> str:
        """Le système, et ce qu'on y porte."""
        return {
            Systeme.SNE: "SNE : attributions et contingent d'imputation (radiation des demandes satisfaites)",
            Systeme.SYPLO: "SYPLO : propositions faites au contingent préfectoral",
            Systeme.ALIN: "AL'in : logements et candidats d'Action Logement",
        }[self]


@dataclass(frozen=True, slots=True)
class ColonneExportee:
    """Une colonne d'un système voisin."""

    entete: str
    valeur: Callable[[Candidat], object]


def _de_l_orientation(lire: Callable[[Orientation], object]) -> Callable[[Candidat], object]:
    return lambda candidat: lire(candidat.orientation)


def _type(orientation: Orientation) -> str:
    return orientation.reservataire.type if orientation.reservataire else ""


def _contingent(orientation: Orientation) -> int:
    return code_contingent(_type(orientation), orientation.sous_contingent)


_LOGEMENT = (
    ColonneExportee("SIREN du bailleur", _de_l_orientation(lambda une: une.liberation.bailleur.siren)),
    ColonneExportee(
        "Identifiant RPLS du logement", _de_l_orientation(lambda une: une.liberation.logement.identifiant_rpls)
    ),
    ColonneExportee(
        "Identifiant interne du logement", _de_l_orientation(lambda une: une.liberation.logement.identifiant)
    ),
    ColonneExportee("Commune (INSEE)", _de_l_orientation(lambda une: une.liberation.logement.commune_id)),
    ColonneExportee("Typologie", _de_l_orientation(lambda une: une.liberation.logement.typologie)),
)
_DEMANDE = ColonneExportee("Numéro unique de demande", lambda candidat: candidat.numero_demande)
COLONNES: dict[Systeme, tuple[ColonneExportee, ...]] = {
    Systeme.SNE: (
        _DEMANDE,
        *_LOGEMENT,
        ColonneExportee("Date d'attribution en CALEOL", _de_l_orientation(lambda une: une.date_caleol)),
        ColonneExportee("Date de signature du bail", _de_l_orientation(lambda une: une.liberation.date_bail)),
        ColonneExportee("Contingent d'imputation (code)", _de_l_orientation(_contingent)),
        ColonneExportee("Contingent d'imputation", _de_l_orientation(lambda une: CONTINGENTS[_contingent(une)])),
        ColonneExportee("Réservataire", _de_l_orientation(lambda une: une.reservataire.nom if une.reservataire else "")),
        ColonneExportee("Public", lambda candidat: candidat.public_lisible),
    ),
    Systeme.SYPLO: (
        _DEMANDE,
        ColonneExportee("Contingent", _de_l_orientation(lambda une: CONTINGENTS[_contingent(une)])),
        ColonneExportee("Public", lambda candidat: candidat.public_lisible),
        *_LOGEMENT,
        ColonneExportee("Mis à disposition le", _de_l_orientation(lambda une: une.date_mise_a_disposition)),
        ColonneExportee("Présentée le", lambda candidat: candidat.date_presentation),
        ColonneExportee("Examinée le", lambda candidat: candidat.date_examen),
        ColonneExportee("Décision de la CALEOL", lambda candidat: candidat.get_decision_display()),
        ColonneExportee("Rang", lambda candidat: candidat.rang_caleol),
        ColonneExportee("Proposition notifiée le", lambda candidat: candidat.date_notification),
        ColonneExportee("Réponse", lambda candidat: candidat.get_reponse_display()),
        ColonneExportee("Date de réponse", lambda candidat: candidat.date_reponse),
        ColonneExportee(
            "Relogé le",
            lambda candidat: candidat.orientation.liberation.date_bail if candidat.reponse == Reponse.ACCEPTE else None,
        ),
    ),
    Systeme.ALIN: (
        ColonneExportee("Référence de l'offre", _de_l_orientation(lambda une: une.liberation.numero)),
        *_LOGEMENT,
        ColonneExportee("Adresse", _de_l_orientation(lambda une: une.liberation.logement.adresse)),
        ColonneExportee("Surface", _de_l_orientation(lambda une: une.liberation.logement.surface)),
        ColonneExportee("Loyer", _de_l_orientation(lambda une: une.liberation.logement.loyer)),
        ColonneExportee("Financement", _de_l_orientation(lambda une: une.liberation.logement.financement)),
        ColonneExportee("Disponible le", _de_l_orientation(lambda une: une.liberation.date_disponibilite)),
        ColonneExportee("Mis à disposition le", _de_l_orientation(lambda une: une.date_mise_a_disposition)),
        _DEMANDE,
        ColonneExportee("Décision de la CALEOL", lambda candidat: candidat.get_decision_display()),
        ColonneExportee("Rang", lambda candidat: candidat.rang_caleol),
        ColonneExportee("Réponse", lambda candidat: candidat.get_reponse_display()),
        ColonneExportee("Date de signature du bail", _de_l_orientation(lambda une: une.liberation.date_bail)),
    ),
}  # fmt: skip


def lire_les_candidats(acteur: Acteur, systeme: Systeme, du: date, au: date) -> QuerySet[Candidat]:
    """Les candidats que l'acteur voit et que ce système attend sur la période (bornes incluses).

    SNE : ceux qui ont accepté, au bail signé dans la période ; SYPLO et AL'in : ceux des logements mis à disposition dans la période.
    """
    candidats = Candidat.objects.visibles_par(acteur).select_related(
        "orientation__liberation__logement", "orientation__liberation__bailleur", "orientation__reservataire"
    )
    if systeme is Systeme.SNE:
        periode = Q(
            orientation__liberation__date_bail__range=(du, au), orientation__issue=Issue.BAIL, reponse=Reponse.ACCEPTE
        )
        return candidats.filter(periode).order_by("orientation__liberation__date_bail", "pk")
    type_ = TypeReservataire.ETAT if systeme is Systeme.SYPLO else TypeReservataire.ACTION_LOGEMENT
    return candidats.filter(
        orientation__reservataire__type=type_, orientation__date_mise_a_disposition__range=(du, au)
    ).order_by("orientation__date_mise_a_disposition", "orientation_id", "pk")


def ecrire_les_lignes(systeme: Systeme, candidats: QuerySet[Candidat]) -> Iterator[list[object]]:
    """Les lignes d'un export, au fil de la lecture."""
    for candidat in candidats.iterator(chunk_size=2000):
        yield [colonne.valeur(candidat) for colonne in COLONNES[systeme]]
