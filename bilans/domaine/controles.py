"""Les contrôles légaux du flux d'une année : plafonds, partage, uniformité, hors QPV, décompte (RG-14 à RG-46)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from attributions.domaine.decompte import Raison, est_rendue_apres_le_delai
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import CompteAnnuel, FluxAnnuel
from bilans.domaine.qualification import LectureDesConventions, LiberationQualifiee
from conventions.domaine.codes import SousContingent
from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.egalite import (
    controler_egalite,
    controler_taux_de_l_etat,
    controler_uniformite,
    taux_par_commune,
)
from conventions.domaine.plafonds import controler_partage_des_garanties, controler_plafonds
from conventions.domaine.versions import VersionConvention
from flux_reservations.commun.arrondis import accorder, lisible
from flux_reservations.droit.delais import CANDIDATS_MINIMUM
from flux_reservations.droit.taux import PART_MINIMALE_HORS_QPV, plafond_agents, plafond_etat

_ORDRE = {Niveau.BLOQUANT: 0, Niveau.ALERTE: 1, Niveau.OK: 2}


def controler_flux(faits: FaitsFlux, flux: FluxAnnuel) -> tuple[Controle, ...]:
    """Tous les contrôles de l'année, triés par règle puis par gravité ; RG-14 y est toujours, au besoin « ok »."""
    versions = faits.conventions.entre(faits.premier_jour, faits.dernier_jour)
    controles = [
        *controler_plafonds(versions, faits.premier_jour, faits.dernier_jour, faits.noms_des_communes),
        *_depassements_constates(faits, flux),
        *controler_partage_des_garanties(versions, faits.premier_jour, faits.dernier_jour, faits.noms_des_communes),
        *_conventions(faits),
        *_part_hors_qpv(faits, flux),
        *_repli(flux),
        *_reste_du_bailleur(flux),
        *_liberations(faits, flux),
    ]
    if not any(controle.regle == "RG-14" for controle in controles):
        controles.append(
            Controle(
                "RG-14", Niveau.OK, "Les taux signés tiennent dans les plafonds, à chaque date et sur chaque commune."
            )
        )
    return tuple(sorted(controles, key=lambda controle: (controle.regle, _ORDRE[controle.niveau], controle.message)))


def _convention_de_l_etat(faits: FaitsFlux) -> VersionConvention | None:
    """La dernière convention de l'État qui court dans l'année."""
    versions = [
        un for un in faits.conventions.entre(faits.premier_jour, faits.dernier_jour) if un.reservataire.est_etat
    ]
    return versions[-1] if versions else None


def _depassements_constates(faits: FaitsFlux, flux: FluxAnnuel) -> Iterator[Controle]:
    """L'État, ou ses agents, a reçu plus que sa part maximale du flux (RG-14, décompte).

    Ce qui est permis dans l'année est la somme, sur les logements du flux, du plafond du jour de leur bail, dérogation de ce jour comprise.
    """
    agents = [compte for compte in flux.comptes if compte.sous_contingent == SousContingent.AGENTS]
    baux = Counter(
        un.faits.date_bail
        for un in flux.liberations
        if un.est_du_flux and un.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    )
    derogations = {le: etat.derogation if (etat := faits.conventions.etat(le)) else None for le in baux if le}
    for nom, recus, plafond, comptes in (
        ("l'État", flux.etat.decompte, plafond_etat, _de_l_etat(flux)),
        ("les agents de l'État", sum(compte.decompte for compte in agents), plafond_agents, agents),
    ):
        permis = sum((nombre * plafond(le, derogations[le]) for le, nombre in baux.items() if le), Fraction(0))
        if recus and recus > permis:
            yield Controle(
                "RG-14",
                Niveau.ALERTE,
                f"Dépassement constaté : {accorder(recus, 'logement décompté', 'logements décomptés')} pour {nom}, pour {lisible(permis)} "
                f"permis sur {accorder(flux.assiette.flux, 'logement')} du flux.",
                liberations=_imputees(comptes),
            )


def _de_l_etat(flux: FluxAnnuel) -> list[CompteAnnuel]:
    return [
        compte
        for compte in flux.comptes
        if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}
    ]


def _imputees(comptes: Iterable[CompteAnnuel]) -> tuple[int, ...]:
    return tuple(decompte.liberation for compte in comptes for decompte in compte.decomptes)


def _conventions(faits: FaitsFlux) -> list[Controle]:
    """Tendre vers 30 %, uniformité et égalité de traitement, au dernier jour où des conventions courent (RG-24, RG-25, RG-36)."""
    controles: list[Controle] = []
    en_vigueur = faits.conventions.en_vigueur(faits.dernier_jour) or faits.conventions.en_vigueur(faits.premier_jour)
    controles += controler_egalite(en_vigueur)
    version = _convention_de_l_etat(faits)
    if version:
        le = max(version.debut, faits.premier_jour)
        controles += controler_taux_de_l_etat(version, le, faits.communes)
        controles += controler_uniformite(version, le, faits.communes)
    return controles


def _part_hors_qpv(faits: FaitsFlux, flux: FluxAnnuel) -> Iterator[Controle]:
    """La part du flux hors QPV qui revient à l'État, à un logement près ; la convention peut stipuler un autre seuil (RG-37)."""
    version = _convention_de_l_etat(faits)
    if version is None or faits.dernier_jour < PART_MINIMALE_HORS_QPV.versions[0].depuis:
        return
    stipule = version.part_hors_qpv_min
    seuil = Fraction(PART_MINIMALE_HORS_QPV.valeur(faits.dernier_jour)) if stipule is None else Fraction(stipule) / 100
    atteignable = _part_atteignable(faits, flux, version)
    if seuil * 100 > atteignable:
        yield Controle(
            "RG-37",
            Niveau.ALERTE,
            f"Les taux de l'État ne permettent pas d'atteindre {lisible(seuil * 100)} % du flux hors QPV (au mieux "
            f"{lisible(atteignable)} %) : une stipulation contraire est à inscrire dans la convention.",
            conventions=(version.identifiant,),
        )
    if flux.etat.flux_hors_qpv and flux.etat.decompte_hors_qpv + 1 < seuil * flux.etat.flux_hors_qpv:
        part = lisible(Fraction(100 * flux.etat.decompte_hors_qpv, flux.etat.flux_hors_qpv))
        yield Controle(
            "RG-37",
            Niveau.ALERTE,
            f"Hors QPV, l'État a reçu {part} % du flux ({accorder(flux.etat.decompte_hors_qpv, 'logement')} sur "
            f"{flux.etat.flux_hors_qpv}), pour {lisible(seuil * 100)} % au moins.",
            liberations=_imputees(_de_l_etat(flux)),
        )


def _part_atteignable(faits: FaitsFlux, flux: FluxAnnuel, version: VersionConvention) -> Fraction:
    """Part (en %) du flux hors QPV que les taux de la convention donnent à l'État, commune par commune ; sans flux, leur maximum."""
    taux = taux_par_commune(version, max(version.debut, faits.premier_jour), faits.communes)
    hors_qpv = Counter(
        un.faits.commune
        for un in flux.liberations
        if un.est_du_flux and not un.est_en_qpv and un.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    )
    if not hors_qpv:
        return Fraction(max(taux.values(), default=version.taux))
    somme = sum((nombre * Fraction(taux.get(commune, 0)) for commune, nombre in hors_qpv.items()), Fraction(0))
    return somme / sum(hors_qpv.values())


def _repli(flux: FluxAnnuel) -> Iterator[Controle]:
    """Des droits non convertis vont au préfet (RG-19)."""
    for repli in flux.replis:
        yield Controle(
            "RG-19",
            Niveau.ALERTE,
            f"{repli.reservataire.code} n'avait pas signé de convention en flux à l'échéance : au préfet, "
            f"{accorder(repli.droits, 'droit')} en stock ({lisible(repli.taux)} %) du {repli.debut:%d/%m/%Y} au {repli.fin:%d/%m/%Y}.",
        )


def _reste_du_bailleur(flux: FluxAnnuel) -> Iterator[Controle]:
    """Les droits, repli compris, dépassent le flux (RG-14)."""
    reste = flux.non_reserve.droit_theorique
    if reste < 0:
        message = f"Les droits dépassent le flux : il reste {lisible(reste, 4)} logement au bailleur, repli compris."
        yield Controle("RG-14", Niveau.ALERTE, message)


def _liberations(faits: FaitsFlux, flux: FluxAnnuel) -> Iterator[Controle]:
    """Ce que les libérations signalent : baux sans orientation, publics non conformes, rendus tardifs, trop peu de candidats."""
    louees = [
        qualifiee for qualifiee in flux.liberations if qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    ]
    du_flux = [qualifiee for qualifiee in louees if qualifiee.est_du_flux]
    yield from _signaler(
        "RG-46", "bail signé sans orientation : décompté à personne", [un for un in du_flux if un.est_sans_orientation]
    )
    yield from _signaler(
        "RG-46",
        "bail en gestion déléguée à un ménage d'un autre public que celui du compte : décompté au bailleur",
        [un for un in du_flux if un.imputation and un.imputation.raison is Raison.PUBLIC_NON_CONFORME],
    )
    lecture = LectureDesConventions(faits.conventions, faits.etat.identifiant if faits.etat else None)
    yield from _signaler(
        "RG-46",
        "logement rendu après la date limite sans candidat présenté : à requalifier en carence",
        [un for un in flux.liberations if un.est_du_flux and _est_rendue_trop_tard(un, lecture, faits)],
    )
    yield from _signaler(
        "RG-22",
        "première location du flux orientée vers un compte dont la convention les tient à part : décomptée à personne",
        [
            un
            for un in du_flux
            if un.est_premiere_location and un.orientation_du_bail is not None and un.imputation is None
        ],
    )
    yield from _signaler(
        "RG-42",
        "bail signé avec moins de demandes examinées que le minimum, sans motif",
        [un for un in du_flux if _manque_de_candidats(un, lecture, faits)],
    )


def _est_rendue_trop_tard(qualifiee: LiberationQualifiee, lecture: LectureDesConventions, faits: FaitsFlux) -> bool:
    return any(
        orientation.date_rendu is not None
        and faits.premier_jour <= orientation.date_rendu <= faits.dernier_jour
        and orientation.reservataire is not None
        and est_rendue_apres_le_delai(orientation, lecture.modalites(orientation))
        for orientation in qualifiee.faits.orientations
    )


def _manque_de_candidats(qualifiee: LiberationQualifiee, lecture: LectureDesConventions, faits: FaitsFlux) -> bool:
    """Vrai si moins de trois demandes ont été examinées sans que rien ne l'excuse (RG-42).

    Excusent : un motif dit en séance (insuffisance, logement très social adapté…), et la désignation d'un prioritaire par le préfet,
    propre à la gestion directe de son contingent.
    """
    orientation = qualifiee.orientation_du_bail
    if orientation is None or orientation.nb_candidats is None or qualifiee.faits.date_bail is None:
        return False
    if orientation.identifiant in faits.nombres_motives:
        return False
    if orientation.sous_contingent == SousContingent.PRIORITAIRES and not lecture.modalites(orientation).est_deleguee:
        return False
    return orientation.nb_candidats < CANDIDATS_MINIMUM.valeur(qualifiee.faits.date_bail)


def _signaler(regle: str, quoi: str, qualifiees: list[LiberationQualifiee]) -> Iterator[Controle]:
    if qualifiees:
        yield Controle(
            regle,
            Niveau.ALERTE,
            f"{len(qualifiees)} × {quoi}.",
            liberations=tuple(qualifiee.faits.identifiant for qualifiee in qualifiees),
        )
