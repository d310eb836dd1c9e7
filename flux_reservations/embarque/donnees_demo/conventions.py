"""Les conventions de réservation des deux bailleurs : signées en 2023, un avenant, une échue, une proposée, un brouillon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from conventions.domaine.codes import Contrepartie, DelaiUnite, EtatConvention, FaitGenerateur, Gestion, Report
from conventions.models import Bailleur, Convention, Droit, Reservataire
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.territoires.models import Territoire, TerritoireCommune

DEPARTEMENT: Final = "departement:94"
EFFET: Final = {"RB": date(2023, 4, 1), "TM": date(2023, 7, 1)}
"""Jour où les conventions de chaque bailleur ont pris effet : le même pour toutes (RG-25)."""

PREFECTORAL, GARANTIE, FINANCEMENT = (
    Contrepartie.CONTINGENT_PREFECTORAL,
    Contrepartie.GARANTIE_EMPRUNT,
    Contrepartie.FINANCEMENT,
)
TERRAIN, IDENTIFIES = Contrepartie.APPORT_TERRAIN, Contrepartie.LOGEMENTS_IDENTIFIES


@dataclass(frozen=True, slots=True)
class LigneDemo:
    """Une ligne de droit : taux en %, contrepartie, sous-contingent, où elle s'exerce, où elle court (vide : au même endroit)."""

    taux: str
    contrepartie: str
    perimetre: tuple[str, ...] = (DEPARTEMENT,)
    sous_contingent: str = ""
    assiette: tuple[str, ...] = ()
    montant: int | None = None
    dernier_versement: date | None = None


@dataclass(slots=True)
class ConventionDemo:
    """Une version à écrire ; `champs` : ce qui diffère du défaut. `avenant` : la version qui la remplace."""

    reservataire: str
    lignes: tuple[LigneDemo, ...]
    champs: dict[str, Any] = field(default_factory=dict)
    avenant: ConventionDemo | None = None


@dataclass(frozen=True, slots=True)
class LigneEnVigueur:
    """Une ligne de droit vue de l'histoire : taux en points de base, communes où elle s'exerce et où elle court, jours inclus."""

    reservataire: str
    sous_contingent: str
    taux: int
    perimetre: frozenset[str]
    assiette: frozenset[str]
    debut: date
    fin: date | None

    def court(self, le: date) -> bool:
        """Vrai si la ligne est en vigueur ce jour-là."""
        return self.debut <= le and (self.fin is None or le <= self.fin)


def _etat(prioritaires: str, agents: str, **champs: Any) -> ConventionDemo:
    lignes = (
        LigneDemo(prioritaires, PREFECTORAL, sous_contingent="prioritaires"),
        LigneDemo(agents, PREFECTORAL, sous_contingent="agents"),
    )
    return ConventionDemo("ETAT94", lignes, champs)


def _commune(
    code: str, insee: str, taux: str, montant: int | None, *autres: LigneDemo, **champs: Any
) -> ConventionDemo:
    lignes = (LigneDemo(taux, GARANTIE, (f"commune:{insee}",), montant=montant), *autres)
    return ConventionDemo(code, lignes, champs)


def conventions_de(prefixe: str, aujourd_hui: date) -> list[ConventionDemo]:
    """Les conventions d'un bailleur, telles qu'elles sont à cette date."""
    return _du_grand(aujourd_hui) if prefixe == "RB" else _du_petit()


def _du_grand(aujourd_hui: date) -> list[ConventionDemo]:
    annee = aujourd_hui.year
    depot = ("commune:94073", "commune:94022", "commune:94054", "commune:94081", "commune:94074")
    return [
        _etat("25.00", "5.00", part_hors_qpv_min=Decimal("28.00")),
        ConventionDemo(
            "AL",
            (LigneDemo("22.00", FINANCEMENT),),
            avenant=ConventionDemo(
                "AL",
                (LigneDemo("24.00", FINANCEMENT),),
                {"date_effet": date(annee - 1, 1, 1), "date_signature": date(annee - 2, 12, 3)},
            ),
        ),
        ConventionDemo("CD94", (LigneDemo("3.00", FINANCEMENT),), {"fait_generateur": FaitGenerateur.ATTRIBUTION}),
        ConventionDemo("REGION-IDF", (LigneDemo("2.00", FINANCEMENT),), {"date_fin": date(annee - 1, 12, 31)}),
        ConventionDemo(
            "REGION-IDF",
            (LigneDemo("2.50", FINANCEMENT),),
            {
                "etat": EtatConvention.PROPOSEE,
                "date_proposition": aujourd_hui - timedelta(days=26),
                "date_effet": date(annee + 1, 1, 1),
            },
        ),
        ConventionDemo("CAF94", (LigneDemo("2.40", IDENTIFIES),), {"date_fin": date(annee, 12, 31)}),
        ConventionDemo("MUTUELLE", (LigneDemo("1.20", IDENTIFIES),), {"report": Report.PLAFONNE, "report_plafond": 2}),
        ConventionDemo(
            "LIGNES-SE",
            (LigneDemo("1.50", IDENTIFIES, depot, assiette=(DEPARTEMENT,)),),
            {
                "delai_presentation_jours": 20,
                "motif_perimetre": "Dépôt de bus de Thiais : prises de service à 4 h 30, avant les premiers transports en commun.",
            },
        ),
        ConventionDemo("EPT11", (LigneDemo("4.00", GARANTIE, ("ept:200058006",), montant=18_400_000),)),
        ConventionDemo("EPT12", (LigneDemo("5.00", GARANTIE, ("ept:200058014",), montant=26_500_000),)),
        _commune("CRETEIL", "94028", "10.00", 46_000_000, LigneDemo("2.00", TERRAIN, ("commune:94028",))),
        _commune("VITRY", "94081", "16.00", None),
        _commune("IVRY", "94041", "12.00", 63_600_000),
        _commune("CHAMPIGNY", "94017", "15.00", 38_000_000),
        _commune("VILLEJUIF", "94076", "10.00", 53_000_000, delai_presentation_jours=20, delai_unite=DelaiUnite.OUVRES),
        _commune("CHOISY", "94022", "11.00", 58_300_000, gestion=Gestion.DELEGUEE),
        _commune("FONTENAY", "94033", "14.00", 22_000_000),
        # L'emprunt garanti par Alfortville est remboursé ; le garant n'en est pas encore informé (RG-23).
        ConventionDemo(
            "ALFORTVILLE",
            (
                LigneDemo(
                    "9.00",
                    GARANTIE,
                    ("commune:94002",),
                    montant=41_400_000,
                    dernier_versement=date(annee - 1, 6, 30),
                ),
            ),
        ),
        _commune(
            "BONNEUIL", "94011", "13.00", 9_200_000, etat=EtatConvention.BROUILLON, date_effet=date(annee + 1, 1, 1)
        ),
    ]


def _du_petit() -> list[ConventionDemo]:
    return [
        _etat("25.00", "5.00", gestion=Gestion.DELEGUEE),
        ConventionDemo("AL", (LigneDemo("20.00", FINANCEMENT),)),
        ConventionDemo("CD94", (LigneDemo("2.00", FINANCEMENT),)),
        ConventionDemo("EPT10", (LigneDemo("4.00", GARANTIE, ("ept:200057941",), montant=3_000_000),)),
        _commune("CHAMPIGNY", "94017", "12.00", 9_000_000),
        _commune("SAINT-MAUR", "94068", "10.00", 7_500_000),
    ]


def ecrire_conventions(
    bailleur: Bailleur, prefixe: str, reservataires: dict[str, Reservataire], aujourd_hui: date
) -> dict[tuple[str, int], Convention]:
    """Écrit les conventions ; rend chaque version par (code du réservataire, rang dans l'ordre d'écriture)."""
    ecrites: dict[tuple[str, int], Convention] = {}
    rangs: dict[str, int] = {}
    for plan in conventions_de(prefixe, aujourd_hui):
        numero = f"{prefixe}-2023-{plan.reservataire}"
        if plan.reservataire in rangs or "etat" in plan.champs:
            numero = f"{prefixe}-{aujourd_hui.year}-{plan.reservataire}"
        rang = rangs.get(plan.reservataire, 0)
        premiere = _ecrire(bailleur, prefixe, numero, reservataires[plan.reservataire], plan, len(ecrites), aujourd_hui)
        ecrites[plan.reservataire, rang] = premiere
        if plan.avenant:
            rang += 1
            effet = plan.avenant.champs["date_effet"]
            Convention.objects.filter(pk=premiere.pk).update(remplacee_le=effet)
            plan.avenant.champs |= {"avenant_de": premiere, "origine": premiere}
            ecrites[plan.reservataire, rang] = _ecrire(
                bailleur,
                prefixe,
                f"{numero}-A1",
                reservataires[plan.reservataire],
                plan.avenant,
                len(ecrites),
                aujourd_hui,
            )
        rangs[plan.reservataire] = rang + 1
    return ecrites


def _ecrire(
    bailleur: Bailleur,
    prefixe: str,
    numero: str,
    reservataire: Reservataire,
    plan: ConventionDemo,
    rang: int,
    aujourd_hui: date,
) -> Convention:
    champs: dict[str, Any] = {"etat": EtatConvention.SIGNEE} | plan.champs
    if champs["etat"] == EtatConvention.SIGNEE:
        effet = EFFET[prefixe]
        signature = effet - timedelta(days=17 + 3 * (rang % 9))
        champs = {
            "date_effet": effet,
            "date_signature": signature,
            "date_fin": date(aujourd_hui.year + 2, 12, 31),
        } | champs
        champs |= {
            "date_proposition": champs["date_signature"] - timedelta(days=40),
            "date_signature_bailleur": champs["date_signature"] - timedelta(days=6),
            "date_signature_reservataire": champs["date_signature"],
        }
    convention = Convention.objects.create(
        bailleur=bailleur,
        reservataire=reservataire,
        departement_id="94",
        numero=numero,
        **({"nb_candidats": 3, "delai_presentation_jours": 30} | champs),
    )
    for ligne in plan.lignes:
        droit = Droit.objects.create(
            convention=convention,
            contrepartie=ligne.contrepartie,
            sous_contingent=ligne.sous_contingent,
            taux=Decimal(ligne.taux),
            montant_garanti=ligne.montant,
            dernier_versement=ligne.dernier_versement,
        )
        droit.perimetre.set(Territoire.objects.filter(pk__in=ligne.perimetre))
        droit.assiette.set(Territoire.objects.filter(pk__in=ligne.assiette))
    return convention


def lignes_en_vigueur(prefixe: str, aujourd_hui: date) -> list[LigneEnVigueur]:
    """Les lignes de droit des versions signées d'un bailleur, avec leurs communes du département."""
    communes = _communes_des_territoires()
    lignes: list[LigneEnVigueur] = []
    for plan in conventions_de(prefixe, aujourd_hui):
        if plan.champs.get("etat", EtatConvention.SIGNEE) != EtatConvention.SIGNEE:
            continue
        fin = plan.champs.get("date_fin")
        if plan.avenant:
            effet = plan.avenant.champs["date_effet"]
            lignes += _lire(plan, EFFET[prefixe], effet - UN_JOUR, communes)
            lignes += _lire(plan.avenant, effet, None, communes)
        else:
            lignes += _lire(plan, EFFET[prefixe], fin, communes)
    return lignes


def _lire(
    plan: ConventionDemo, debut: date, fin: date | None, communes: dict[str, frozenset[str]]
) -> Iterator[LigneEnVigueur]:
    for ligne in plan.lignes:
        perimetre = frozenset().union(*(communes[code] for code in ligne.perimetre))
        assiette = frozenset().union(*(communes[code] for code in ligne.assiette)) if ligne.assiette else perimetre
        yield LigneEnVigueur(
            plan.reservataire, ligne.sous_contingent, int(Decimal(ligne.taux) * 100), perimetre, assiette, debut, fin
        )


def _communes_des_territoires() -> dict[str, frozenset[str]]:
    """Communes du département par territoire."""
    par_territoire: dict[str, set[str]] = {}
    couples = TerritoireCommune.objects.filter(commune__departement="94").values_list("territoire_id", "commune_id")
    for territoire, commune in couples:
        par_territoire.setdefault(territoire, set()).add(commune)
    return {territoire: frozenset(communes) for territoire, communes in par_territoire.items()}
