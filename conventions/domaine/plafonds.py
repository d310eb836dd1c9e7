"""Les plafonds des taux signés, à chaque date et sur chaque commune (RG-14, RG-15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from conventions.domaine.codes import Contrepartie, SousContingent
from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.perimetres import LigneEnVigueur, Recouvrement, recouvrements, somme_des_taux, zone_courue
from conventions.domaine.versions import VersionConvention
from flux_reservations.commun.arrondis import accorder, lisible
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.droit import taux as taux_de_droit
from flux_reservations.droit.taux import Derogation

Filtre = Callable[[LigneEnVigueur], bool]
Noms = Mapping[str, str]
"""Nom de chaque commune, par code."""
SANS_NOMS: Noms = {}
COMMUNES_CITEES = 3
"""Nombre de communes nommées dans un message ; les autres sont comptées."""


@dataclass(frozen=True, slots=True)
class _Plafond:
    """Un plafond à vérifier : quelles lignes, jusqu'où, et ce que vaut un dépassement."""

    nom: str
    niveau: Niveau
    concerne: Filtre
    part: Callable[[date, Derogation], Fraction]


def _est_de_l_etat(en_vigueur: LigneEnVigueur) -> bool:
    return en_vigueur.version.reservataire.est_etat


def _est_aux_agents(en_vigueur: LigneEnVigueur) -> bool:
    return _est_de_l_etat(en_vigueur) and en_vigueur.ligne.sous_contingent == SousContingent.AGENTS


def est_une_garantie_de_collectivite(en_vigueur: LigneEnVigueur) -> bool:
    """Vrai pour une garantie d'emprunt d'une collectivité ; terrain et financement s'y ajoutent sans compter (RG-14)."""
    return (
        en_vigueur.ligne.contrepartie == Contrepartie.GARANTIE_EMPRUNT
        and en_vigueur.version.reservataire.est_collectivite
    )


_PLAFONDS = (
    _Plafond("part de l'État", Niveau.BLOQUANT, _est_de_l_etat, taux_de_droit.plafond_etat),
    _Plafond("part des agents de l'État", Niveau.BLOQUANT, _est_aux_agents, taux_de_droit.plafond_agents),
    _Plafond(
        "somme des taux",
        Niveau.BLOQUANT,
        lambda _: True,
        lambda le, _: Fraction(taux_de_droit.PART_MAXIMALE_TOTALE.valeur(le)),
    ),
    _Plafond(
        "garanties d'emprunt des collectivités",
        Niveau.ALERTE,
        est_une_garantie_de_collectivite,
        lambda le, _: Fraction(taux_de_droit.PART_MAXIMALE_GARANTIES.valeur(le)),
    ),
)


def _dates_de_derogation(versions: Iterable[VersionConvention]) -> set[date]:
    """Jours où une dérogation commence ou cesse : un plafond change ce jour-là."""
    jours = set()
    for version in versions:
        derogation = version.derogation
        if derogation.est_demandee and derogation.debut and derogation.fin:
            fin = min(derogation.fin, taux_de_droit.dernier_jour_derogation(derogation.debut))
            jours |= {derogation.debut, fin + UN_JOUR}
    return jours


def _nommer(communes: Sequence[str], noms: Noms) -> str:
    """« Créteil, Villejuif et 45 autres » ; le code à défaut du nom."""
    cites = ", ".join(noms.get(commune, commune) for commune in communes[:COMMUNES_CITEES])
    autres = len(communes) - COMMUNES_CITEES
    return f"{cites} et {accorder(autres, 'autre')}" if autres > 0 else cites


def _controler(recouvrement: Recouvrement, plafond: _Plafond, derogation: Derogation, noms: Noms) -> Controle | None:
    """Un dépassement de ce plafond dans cette situation, s'il y en a un."""
    lignes = [en_vigueur for en_vigueur in recouvrement.lignes if plafond.concerne(en_vigueur)]
    somme = somme_des_taux(lignes)
    permis = plafond.part(recouvrement.debut, derogation) * 100
    if somme <= permis:
        return None
    return Controle(
        "RG-14",
        plafond.niveau,
        f"{plafond.nom[0].upper()}{plafond.nom[1:]} : {lisible(somme)} % pour {lisible(permis)} % au plus, "
        f"du {recouvrement.debut:%d/%m/%Y} au {recouvrement.fin:%d/%m/%Y} ({_nommer(recouvrement.communes, noms)}).",
        conventions=tuple(sorted({en_vigueur.version.identifiant for en_vigueur in lignes})),
    )


def controler_plafonds(
    versions: Sequence[VersionConvention], debut: date, fin: date, noms: Noms = SANS_NOMS
) -> list[Controle]:
    """Dépassements des plafonds par les taux signés, de `debut` à `fin` inclus (RG-14) ; un par plafond et par période.

    Les taux s'additionnent là où les droits s'exercent ; s'ils dépassent 100 % seulement là où ils courent, c'est une alerte :
    le reste du bailleur y devient négatif. Le repli n'entre pas dans ces sommes.
    """
    coupures = _dates_de_derogation(versions)
    trouves: dict[tuple[str, date], Controle] = {}
    for recouvrement in recouvrements(versions, debut, fin, coupures=coupures):
        derogation = _derogation_du(recouvrement.lignes)
        for plafond in _PLAFONDS:
            controle = _controler(recouvrement, plafond, derogation, noms)
            if controle:
                trouves.setdefault((plafond.nom, recouvrement.debut), controle)
    controles = list(trouves.values())
    if not any(controle.niveau is Niveau.BLOQUANT and "Somme" in controle.message for controle in controles):
        controles += _controler_le_reste(versions, debut, fin, noms)
    return controles + _derogations_irregulieres(versions)


def place_restante(versions: Sequence[VersionConvention], reservataire: int, zone: frozenset[str], le: date) -> Decimal:
    """Ce qu'une convention de plus peut prendre (en %) sans que la somme des taux dépasse 100 % sur aucune commune de sa zone (RG-14).

    Les conventions de ce réservataire ne comptent pas : la nouvelle les remplace. Négatif : la place manque déjà.
    """
    autres = [version for version in versions if version.reservataire.identifiant != reservataire]
    prises = [
        somme_des_taux(un.lignes)
        for un in recouvrements(autres, le, le)
        if any(commune in zone for commune in un.communes)
    ]
    return 100 * taux_de_droit.PART_MAXIMALE_TOTALE.valeur(le) - max(prises, default=Decimal(0))


def _derogation_du(lignes: Iterable[LigneEnVigueur]) -> Derogation:
    """La dérogation inscrite dans la convention de l'État de la situation, vide sinon."""
    for en_vigueur in lignes:
        if en_vigueur.version.reservataire.est_etat and en_vigueur.version.derogation.est_demandee:
            return en_vigueur.version.derogation
    return Derogation()


def _controler_le_reste(versions: Sequence[VersionConvention], debut: date, fin: date, noms: Noms) -> list[Controle]:
    """Droits qui courent à plus de 100 % sur une commune : le reste du bailleur y est négatif."""
    for recouvrement in recouvrements(versions, debut, fin, zone_courue):
        somme = somme_des_taux(recouvrement.lignes)
        if somme > 100 * taux_de_droit.PART_MAXIMALE_TOTALE.valeur(recouvrement.debut):
            message = (
                f"Les droits courent à {lisible(somme)} % ({_nommer(recouvrement.communes, noms)}) : "
                "le reste du bailleur y est négatif."
            )
            return [Controle("RG-14", Niveau.ALERTE, message)]
    return []


def _derogations_irregulieres(versions: Sequence[VersionConvention]) -> list[Controle]:
    """Dérogations auxquelles il manque un motif, un arrêté, des dates, ou qui durent plus d'un an."""
    return [
        Controle(
            "RG-14",
            Niveau.ALERTE,
            f"Dérogation de la convention {version.numero} : il manque {', '.join(defauts)}.",
            conventions=(version.identifiant,),
        )
        for version in versions
        if (defauts := version.derogation.defauts)
    ]


def controler_partage_des_garanties(
    versions: Sequence[VersionConvention], debut: date, fin: date, noms: Noms = SANS_NOMS
) -> list[Controle]:
    """Garants d'un même territoire qui dépassent leur part des 20 %, au prorata des montants garantis (RG-15).

    Ne se vérifie que là où plusieurs garants se partagent une commune et que tous leurs montants sont connus.
    """
    controles: dict[int, Controle] = {}
    for recouvrement in recouvrements(versions, debut, fin):
        garanties = [en_vigueur for en_vigueur in recouvrement.lignes if est_une_garantie_de_collectivite(en_vigueur)]
        montants: dict[int, Decimal] = {}
        taux: dict[int, Decimal] = {}
        for en_vigueur in garanties:
            if en_vigueur.ligne.montant_garanti is None:
                break
            garant = en_vigueur.version.reservataire.identifiant
            montants[garant] = montants.get(garant, Decimal(0)) + en_vigueur.ligne.montant_garanti
            taux[garant] = taux.get(garant, Decimal(0)) + en_vigueur.ligne.taux
        else:
            if len(montants) > 1:
                controles |= _comparer_au_partage(recouvrement, garanties, montants, taux, noms) | controles
    return list(controles.values())


def arrondir_au_centieme_superieur(part: Fraction) -> Fraction:
    """La part en %, à deux décimales : un taux n'en a pas plus, et trois garants égaux prennent 6,67, 6,67 et 6,66."""
    return Fraction((part * 100).__ceil__(), 100)


def _comparer_au_partage(
    recouvrement: Recouvrement,
    garanties: Iterable[LigneEnVigueur],
    montants: dict[int, Decimal],
    taux: dict[int, Decimal],
    noms: Noms,
) -> dict[int, Controle]:
    """Une alerte par garant dont le taux dépasse sa part."""
    parts = taux_de_droit.partager_garanties(montants, recouvrement.debut)
    controles: dict[int, Controle] = {}
    for en_vigueur in garanties:
        garant = en_vigueur.version.reservataire
        part = parts[garant.identifiant] * 100
        if taux[garant.identifiant] > arrondir_au_centieme_superieur(part):
            controles[garant.identifiant] = Controle(
                "RG-15",
                Niveau.ALERTE,
                f"{garant.code} : garanties à {lisible(taux[garant.identifiant])} % pour une part de "
                f"{lisible(part)} % au prorata des montants garantis ({_nommer(recouvrement.communes, noms)}).",
                conventions=(en_vigueur.version.identifiant,),
            )
    return controles
