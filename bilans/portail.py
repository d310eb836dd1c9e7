"""Ce que lisent les portails : droits, décompte et soldes calculés en système, dont seul ce qui regarde l'acteur est rendu (§ 6).

Le calcul d'une année lit tout le flux du bailleur ; un réservataire n'a pas à le lire. Chaque fonction part donc de ce que l'acteur
voit (ses conventions, ou celles transmises sur son territoire), calcule en système, et ne garde que ses comptes ou des totaux.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from attributions.domaine.decompte import PHRASES
from bilans.calcul import CalculAnnuel, calculer_annee, calculer_les_comptes
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import CompteAnnuel, FluxAnnuel
from bilans.domaine.pont import orientes_non_decomptes
from bilans.fiches import en_toutes_lettres, lire_fiches
from bilans.lecture import LectureDuBilan
from conventions.domaine.controles import Controle
from conventions.domaine.egalite import dire_les_taux, taux_par_commune
from conventions.models import Bailleur, Convention, Logement, Reservataire
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.commun.arrondis import pourcentage
from flux_reservations.socle import rls
from flux_reservations.territoires.models import Commune, Departement, TerritoireCommune


@dataclass(frozen=True, slots=True)
class Lieu:
    """Un bailleur dans un département."""

    bailleur: Bailleur
    departement: Departement


@dataclass(frozen=True, slots=True)
class CompteDuPortail:
    """Un compte de l'acteur chez un bailleur, dans l'année."""

    lieu: Lieu
    compte: CompteAnnuel
    attente: int
    delegue_par: str = ""
    """Le titulaire qui délègue ce compte ; vide si c'est le sien."""

    @property
    def du(self) -> int:
        """Logements dus, report compris, à l'entier le plus proche : ce à quoi la jauge compare."""
        return max(0, round(self.compte.droit + self.compte.report))

    @property
    def part(self) -> int:
        """Part de ce qui est dû déjà décomptée, en % entiers, bornée à 100 pour la jauge."""
        return self._part(self.compte.decompte)

    @property
    def part_avec_en_cours(self) -> int:
        """La même, avec les logements à disposition qui ne sont pas encore décomptés."""
        return self._part(self.compte.decompte + self.attente)

    def _part(self, logements: int) -> int:
        return min(100, logements * 100 // self.du) if self.du else 0


@dataclass(frozen=True, slots=True)
class LigneDecomptee:
    """Un logement décompté à l'acteur : ce qu'il en lit, et pourquoi il compte."""

    liberation: int
    numero: str
    commune: str
    typologie: str
    date: date
    raison: str


@dataclass(frozen=True, slots=True)
class BailleurControle:
    """Un bailleur vu de l'État ou d'un EPCI : son flux, le taux signé de l'État et son motif (RG-24), sa part, ses contrôles."""

    lieu: Lieu
    flux: int
    taux_etat: str
    motif: str
    droit_etat: int
    decompte_etat: int
    part: str | None
    part_hors_qpv: str | None
    controles: tuple[Controle, ...]


@dataclass(frozen=True, slots=True)
class LigneCommune:
    """Le flux d'un bailleur dans une commune : mises en location, et part de l'État réalisée (RG-36)."""

    bailleur: str
    commune: str
    nom: str
    flux: int
    etat: int
    part: str | None


def titulaires(acteur: Acteur, lieu: Lieu, annee: int) -> set[int]:
    """Réservataires dont l'acteur lit les comptes dans ce lieu : lui-même, et ceux qui lui délèguent là, cette année-là (RG-26)."""
    return titulaires_par_lieu(acteur, [lieu], annee)[lieu]


def titulaires_par_lieu(acteur: Acteur, lieux: Collection[Lieu], annee: int) -> dict[Lieu, set[int]]:
    """Les titulaires de chaque lieu (une requête) (RG-26)."""
    if acteur.organisme_id is None:
        return {lieu: set() for lieu in lieux}
    delegues = (
        Convention.objects.visibles_par(acteur)
        .signees()
        .filter(
            delegataire_id=acteur.organisme_id,
            bailleur_id__in={lieu.bailleur.pk for lieu in lieux},
            periode_vigueur__overlap=DateRange(date(annee, 1, 1), date(annee, 12, 31), "[]"),
        )
    )
    delegants: dict[tuple[int, str], set[int]] = {}
    for bailleur, departement, titulaire in delegues.values_list("bailleur_id", "departement_id", "reservataire_id"):
        delegants.setdefault((bailleur, departement), set()).add(titulaire)
    return {
        lieu: {acteur.organisme_id} | delegants.get((lieu.bailleur.pk, lieu.departement.pk), set()) for lieu in lieux
    }


def lieux_de_mes_droits(acteur: Acteur) -> list[Lieu]:
    """Les bailleurs et départements où l'acteur est partie (ou délégataire) à une convention signée."""
    miennes = Q(reservataire_id=acteur.organisme_id) | Q(delegataire_id=acteur.organisme_id)
    return _lieux(
        Convention.objects.visibles_par(acteur).signees().filter(miennes).values_list("bailleur_id", "departement_id")
    )


def lieux_du_territoire(acteur: Acteur) -> list[Lieu]:
    """Les bailleurs lus sur le territoire : pour l'État, tous ceux de son département ; sinon ceux qui lui ont transmis ou le lient."""
    if acteur.nature is Nature.ETAT and acteur.territoire.startswith("departement:"):
        code = acteur.territoire.partition(":")[2]
        with rls.en_systeme():
            return _lieux(
                (pk, code)
                for pk in Bailleur.objects.filter(
                    Exists(Convention.objects.signees().filter(bailleur=OuterRef("pk"), departement=code))
                ).values_list("pk", flat=True)
            )
    return _lieux(Convention.objects.visibles_par(acteur).signees().values_list("bailleur_id", "departement_id"))


def lieux_lus(acteur: Acteur) -> list[Lieu]:
    """Les bailleurs et départements dont l'acteur lit des comptes : tous les siens pour un bailleur, ceux de ses droits sinon."""
    if not acteur.est_bailleur:
        return lieux_de_mes_droits(acteur)
    # L'ordre par défaut entrerait dans le DISTINCT : un couple par logement.
    logements = Logement.objects.visibles_par(acteur).order_by().values_list("bailleur_id", "commune__departement_id")
    conventions = Convention.objects.visibles_par(acteur).order_by().values_list("bailleur_id", "departement_id")
    return _lieux([*logements.distinct(), *conventions.distinct()])


def comptes_lus(acteur: Acteur, lieux: Collection[Lieu], annee: int) -> list[Callable[[], list[CompteAnnuel]]]:
    """De quoi calculer, lieu par lieu, ce que l'acteur lit : tous les comptes de son bailleur, les siens (ou qu'on lui délègue) sinon."""
    qui = titulaires_par_lieu(acteur, lieux, annee)
    return [partial(_comptes_lus, acteur, lieu, annee, qui[lieu]) for lieu in lieux]


def _comptes_lus(acteur: Acteur, lieu: Lieu, annee: int, qui: set[int]) -> list[CompteAnnuel]:
    _, flux = _calculer_les_comptes(lieu, annee)
    if acteur.est_bailleur and acteur.organisme_id == lieu.bailleur.pk:
        return list(flux.comptes)
    return [compte for compte in flux.comptes if _regarde(acteur, qui, compte)]


def _lieux(couples: Iterable[tuple[int, str]]) -> list[Lieu]:
    uniques = set(couples)
    bailleurs = Bailleur.objects.in_bulk([bailleur for bailleur, _ in uniques])
    departements = Departement.objects.in_bulk([departement for _, departement in uniques])
    lieux = [Lieu(bailleurs[pk], departements[code]) for pk, code in uniques if pk in bailleurs]
    return sorted(lieux, key=lambda lieu: (lieu.bailleur.nom, lieu.bailleur.pk, lieu.departement.pk))


def mes_comptes(acteur: Acteur, annee: int) -> list[CompteDuPortail]:
    """Les comptes de l'acteur chez chaque bailleur dans l'année."""
    comptes = []
    par_lieu = titulaires_par_lieu(acteur, lieux_de_mes_droits(acteur), annee)
    delegants = set().union(*par_lieu.values()) - {acteur.organisme_id}
    noms = dict(Reservataire.objects.visibles_par(acteur).filter(pk__in=delegants).values_list("pk", "nom"))
    for lieu, qui in par_lieu.items():
        faits, flux = _calculer_les_comptes(lieu, annee)
        attente = orientes_non_decomptes(faits, flux)
        comptes += [
            CompteDuPortail(lieu, compte, len(attente.get(compte.compte, ())), noms.get(compte.reservataire or 0, ""))
            for compte in flux.comptes
            if _regarde(acteur, qui, compte)
        ]
    return comptes


def mes_fiches(acteur: Acteur, lieu: Lieu, annee: int, lecture: LectureDuBilan) -> list[dict[str, Any]]:
    """Dans un bilan reçu, les fiches des comptes de l'acteur : ceux de son service s'il est borné à un sous-contingent."""
    codes = Reservataire.objects.filter(pk__in=titulaires(acteur, lieu, annee)).values_list("pk", "code")
    siens = {code: pk == acteur.organisme_id for pk, code in codes}
    return [
        fiche
        | {
            "colonnes": [[en_toutes_lettres(tableau) for tableau in colonne] for colonne in fiche["colonnes"]],
            "communes": en_toutes_lettres(fiche["communes"]) if fiche["communes"] else None,
        }
        for fiche in lire_fiches(lecture)
        for code, _, sous_contingent in [fiche["code"].partition("/")]
        if code in siens and (not siens[code] or acteur.sert(sous_contingent))
    ]


def _regarde(acteur: Acteur, qui: set[int], compte: CompteAnnuel) -> bool:
    """Vrai si ce compte est de ceux de l'acteur, et de son service s'il est borné à un sous-contingent."""
    siens = compte.reservataire != acteur.organisme_id or acteur.sert(compte.sous_contingent)
    return compte.reservataire in qui and siens


def lignes_decomptees(acteur: Acteur, lieu: Lieu, annee: int, compte: str, convention: str) -> list[LigneDecomptee]:
    """Les logements décomptés sur un compte de l'acteur, datés et expliqués ; vide si le compte n'est pas à lui."""
    lus, flux = _calculer_les_comptes(lieu, annee)
    qui = titulaires(acteur, lieu, annee)
    faits = {liberation.identifiant: liberation for liberation in lus.liberations}
    noms = dict(Commune.objects.filter(pk__in={une.commune for une in faits.values()}).values_list("code", "nom"))
    return [
        LigneDecomptee(
            liberation=decompte.liberation,
            numero=faits[decompte.liberation].numero,
            commune=noms.get(faits[decompte.liberation].commune, faits[decompte.liberation].commune),
            typologie=faits[decompte.liberation].typologie,
            date=decompte.imputation.date,
            raison=PHRASES[decompte.imputation.raison],
        )
        for un in flux.comptes
        if _regarde(acteur, qui, un) and un.compte == compte and un.convention == convention
        for decompte in sorted(un.decomptes, key=lambda decompte: decompte.imputation.date)
    ]


def controles_du_territoire(acteur: Acteur, annee: int) -> list[BailleurControle]:
    """Le flux et les contrôles de chaque bailleur du territoire ; un EPCI ne lit que ceux des conventions sur les garanties."""
    lignes = []
    for lieu in lieux_du_territoire(acteur):
        calcul = _calculer(lieu, annee)
        flux = calcul.flux
        de_l_etat = [compte for compte in flux.comptes if compte.sous_contingent in {"prioritaires", "agents"}]
        le = min(calcul.faits.dernier_jour, timezone.localdate())
        convention = calcul.faits.conventions.etat(le)
        taux = taux_par_commune(convention, le, calcul.faits.communes) if convention else {}
        lus = (
            calcul.controles
            if acteur.nature is Nature.ETAT
            else tuple(un for un in calcul.controles if un.regle == "RG-14")
        )
        lignes.append(
            BailleurControle(
                lieu=lieu,
                flux=flux.assiette.flux,
                taux_etat=dire_les_taux(taux.values()),
                motif=convention.motif_sous_trente if convention else "",
                droit_etat=sum(compte.droit for compte in de_l_etat),
                decompte_etat=flux.etat.decompte,
                part=pourcentage(flux.etat.decompte, flux.etat.flux),
                part_hors_qpv=pourcentage(flux.etat.decompte_hors_qpv, flux.etat.flux_hors_qpv),
                controles=tuple(controle for controle in lus if controle.niveau != "ok"),
            )
        )
    return lignes


def communes_du_territoire(acteur: Acteur, annee: int) -> list[LigneCommune]:
    """Par bailleur et commune du territoire : le flux mis en location et la part réalisée de l'État (RG-36)."""
    miennes = set(TerritoireCommune.objects.filter(territoire=acteur.territoire).values_list("commune_id", flat=True))
    noms = dict(Commune.objects.filter(pk__in=miennes).values_list("code", "nom"))
    debut, fin = date(annee, 1, 1), date(annee, 12, 31)
    lignes = []
    for lieu in lieux_du_territoire(acteur):
        faits, flux = _calculer_les_comptes(lieu, annee)
        loues = Counter(
            une.faits.commune for une in flux.liberations if une.est_du_flux and une.est_louee_entre(debut, fin)
        )
        communes_des = {une.identifiant: une.commune for une in faits.liberations}
        etat = Counter(
            communes_des[decompte.liberation]
            for compte in flux.comptes
            if compte.sous_contingent in {"prioritaires", "agents"}
            for decompte in compte.decomptes
        )
        lignes += [
            LigneCommune(
                lieu.bailleur.nom, code, noms[code], loues[code], etat[code], pourcentage(etat[code], loues[code])
            )
            for code in sorted(loues.keys() | etat.keys())
            if code in miennes
        ]
    return lignes


def _calculer(lieu: Lieu, annee: int) -> CalculAnnuel:
    with rls.en_systeme():
        return calculer_annee(lieu.bailleur, lieu.departement.pk, annee)


def _calculer_les_comptes(lieu: Lieu, annee: int) -> tuple[FaitsFlux, FluxAnnuel]:
    with rls.en_systeme():
        return calculer_les_comptes(lieu.bailleur, lieu.departement.pk, annee)
