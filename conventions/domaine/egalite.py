"""Égalité de traitement, « tendre vers 30 % », uniformité, garanties éteintes (RG-23, RG-24, RG-25, RG-36)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from conventions.domaine.codes import Contrepartie, DelaiUnite
from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.perimetres import recouvrements, somme_des_taux
from conventions.domaine.versions import VersionConvention
from flux_reservations.commun.arrondis import accorder, lisible
from flux_reservations.droit.conversion import echeance_d_un_droit_garanti
from flux_reservations.droit.taux import plafond_etat


@dataclass(frozen=True, slots=True)
class Divergence:
    """Une modalité qui n'est pas la même dans toutes les conventions d'un bailleur : la valeur de chacune."""

    modalite: str
    valeurs: tuple[tuple[str, str], ...]
    """(code du réservataire, valeur lisible)."""

    @property
    def resume(self) -> str:
        """« 30 jours calendaires, sauf AL : 45 jours calendaires » : la valeur la plus courante, puis les exceptions."""
        nombres = Counter(valeur for _, valeur in self.valeurs)
        courante = min(nombres, key=lambda valeur: (-nombres[valeur], valeur))
        exceptions = [f"{code} : {valeur}" for code, valeur in self.valeurs if valeur != courante]
        return f"{courante}, sauf {', '.join(exceptions)}"


def divergences(versions: Sequence[VersionConvention]) -> tuple[Divergence, ...]:
    """Ce qui diverge entre conventions en vigueur d'un bailleur dans un département (RG-25).

    Dates d'effet, délai de présentation, fait générateur, carence et report. Le report de l'État est à part par défaut (RG-47) :
    il n'est pas comparé.
    """
    lues: list[tuple[str, Sequence[VersionConvention], Callable[[VersionConvention], str]]] = [
        ("date d'effet", versions, lambda version: f"{version.premier_effet:%d/%m/%Y}"),
        ("délai de présentation", [version for version in versions if not version.modalites.est_deleguee], _delai),
        ("fait générateur", versions, lambda version: str(version.modalites.fait_generateur)),
        ("carence", versions, lambda version: "décomptée" if version.modalites.carence_decomptee else "non décomptée"),
        ("report", [version for version in versions if not version.reservataire.est_etat], _report),
    ]
    trouvees = []
    for modalite, concernees, lire in lues:
        valeurs = tuple((version.reservataire.code, lire(version)) for version in concernees)
        if len({valeur for _, valeur in valeurs}) > 1:
            trouvees.append(Divergence(modalite, valeurs))
    return tuple(trouvees)


def _delai(version: VersionConvention) -> str:
    jours, unite = version.modalites.delai_jours, DelaiUnite(version.modalites.delai_unite)
    return f"{jours} {unite.libelle.lower()}" if jours is not None else "délai par défaut"


def _report(version: VersionConvention) -> str:
    plafond = version.report_plafond
    return f"{version.politique_de_report} {plafond}" if plafond is not None else version.politique_de_report


def controler_egalite(versions: Sequence[VersionConvention]) -> list[Controle]:
    """Une alerte par modalité qui diverge (RG-25)."""
    return [
        Controle(
            "RG-25",
            Niveau.ALERTE,
            f"Égalité de traitement : {divergence.modalite} diffère entre conventions ({divergence.resume}).",
            conventions=tuple(version.identifiant for version in versions),
        )
        for divergence in divergences(versions)
    ]


def taux_par_commune(version: VersionConvention, le: date, communes: Iterable[str]) -> dict[str, Decimal]:
    """Le taux (en %) de la convention sur chacune de ces communes : des lignes de périmètres disjoints ne s'additionnent pas (RG-13)."""
    couvertes = {
        commune: somme_des_taux(un.lignes) for un in recouvrements([version], le, le) for commune in un.communes
    }
    return {commune: couvertes.get(commune, Decimal(0)) for commune in communes}


def dire_les_taux(taux: Iterable[Decimal]) -> str:
    """« 30 % », ou « de 10 à 30 % » ; vide sans commune."""
    distincts = sorted(set(taux))
    if not distincts:
        return ""
    if len(distincts) == 1:
        return f"{lisible(distincts[0])} %"
    return f"de {lisible(distincts[0])} à {lisible(distincts[-1])} %"


def controler_taux_de_l_etat(version: VersionConvention, le: date, communes: Iterable[str]) -> list[Controle]:
    """Une convention de l'État sous le taux vers lequel il doit tendre, fût-ce sur une commune, est signalée, motif compris (RG-24).

    `communes` : celles où le bailleur a des logements ; une commune que la convention ne couvre pas y compte à 0 %.
    """
    vise = plafond_etat(le) * 100
    taux = min(taux_par_commune(version, le, communes).values(), default=version.taux)
    if taux >= vise:
        return []
    motif = version.motif_sous_trente.strip() or "aucun motif saisi"
    message = f"L'État doit tendre vers {lisible(vise)} % ; sa convention en prévoit {lisible(taux)} % ({motif})."
    return [Controle("RG-24", Niveau.ALERTE, message, conventions=(version.identifiant,))]


def controler_uniformite(version: VersionConvention, le: date, communes: Iterable[str]) -> list[Controle]:
    """Communes où le taux de l'État n'est pas celui des autres (RG-36) ; une stipulation contraire l'admet.

    La stipulation est la ligne de droit elle-même, sur son périmètre ; RG-11 exige le motif de ce périmètre, que le contrôle cite.
    """
    attendues = frozenset(communes)
    par_taux: dict[str, list[str]] = {}
    couvertes: set[str] = set()
    for recouvrement in recouvrements([version], le, le):
        presentes = [commune for commune in recouvrement.communes if commune in attendues]
        if presentes:
            couvertes.update(presentes)
            par_taux.setdefault(lisible(somme_des_taux(recouvrement.lignes)), []).extend(presentes)
    if attendues - couvertes:
        par_taux.setdefault("0", []).extend(sorted(attendues - couvertes))
    if len(par_taux) <= 1:
        return []
    detail = " ; ".join(
        f"{taux} % sur {accorder(len(liste), 'commune')}" for taux, liste in sorted(par_taux.items(), reverse=True)
    )
    message = f"Le taux de l'État n'est pas le même sur chaque commune : {detail}."
    stipulation = version.motif_perimetre.strip()
    message += (
        f" La convention le stipule : {stipulation.removesuffix('.')}."
        if stipulation
        else " Dites-en la raison dans la convention (motif du périmètre), ou ramenez-le à un seul taux."
    )
    niveau = Niveau.OK if stipulation else Niveau.ALERTE
    return [Controle("RG-36", niveau, message, conventions=(version.identifiant,))]


@dataclass(frozen=True, slots=True)
class GarantieEteinte:
    """Un droit né d'un emprunt remboursé, et son dernier jour (RG-23)."""

    reservataire: str
    dernier_versement: date
    echeance: date

    def est_echue(self, le: date) -> bool:
        """Vrai si la prorogation de cinq ans est passée."""
        return le > self.echeance


def fin_d_un_droit(contrepartie: str, dernier_versement: date | None) -> date | None:
    """Dernier jour d'un droit né d'un emprunt garanti et remboursé (RG-23) ; None s'il court aussi longtemps que sa convention."""
    if contrepartie != Contrepartie.GARANTIE_EMPRUNT or dernier_versement is None:
        return None
    return echeance_d_un_droit_garanti(dernier_versement, dernier_versement)


def lire_garantie_eteinte(reservataire: str, dernier_versement: date) -> GarantieEteinte:
    """La garantie et sa prorogation : cinq ans à compter du dernier versement (RG-23, R441-6)."""
    return GarantieEteinte(
        reservataire, dernier_versement, echeance_d_un_droit_garanti(dernier_versement, dernier_versement)
    )
