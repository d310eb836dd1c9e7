"""Les organismes : deux bailleurs fictifs, l'État, les collectivités réelles du département, les autres réservataires inventés."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conventions.domaine.codes import Statut
from conventions.domaine.codes import TypeReservataire as Type
from conventions.models import Bailleur, Reservataire, nature_du_type
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Nature
from flux_reservations.embarque.donnees_demo.programmes import Parc

NOM_PLATEFORME: Final = "Administration de la plateforme"


@dataclass(frozen=True, slots=True)
class BailleurDemo:
    """Un bailleur de la démonstration et son parc."""

    nom: str
    siren: str
    statut: str
    domaine: str
    prefixe: str
    parc: Parc


def siren_fictif(racine: str) -> str:
    """Un SIREN de huit chiffres donnés et sa clé de Luhn ; « 00… » n'est attribué à personne."""
    somme = sum(sum(divmod(int(chiffre) * (2 if rang % 2 else 1), 10)) for rang, chiffre in enumerate(racine))
    return f"{racine}{-somme % 10}"


RIVEBELLE: Final = BailleurDemo(
    nom="Rivebelle Habitat",
    siren=siren_fictif("00094120"),
    statut=Statut.OPH,
    domaine="rivebelle.example",
    prefixe="RB",
    parc=Parc(
        nombre=12_000,
        communes={
            "94028": 175,
            "94081": 160,
            "94041": 105,
            "94017": 110,
            "94076": 85,
            "94022": 70,
            "94033": 55,
            "94002": 55,
            "94054": 40,
            "94078": 40,
            "94074": 25,
            "94011": 25,
            "94038": 30,
            "94037": 20,
            "94003": 20,
            "94044": 20,
            "94004": 15,
            "94071": 20,
            "94046": 20,
            "94073": 25,
            "94016": 15,
            "94043": 20,
            "94034": 15,
        },
        agences=(
            (
                "Agence Créteil - Marne",
                frozenset({"94028", "94002", "94011", "94046", "94017", "94033", "94044", "94004", "94071"}),
            ),
            ("Agence Seine - Vitry", frozenset({"94081", "94022", "94054", "94078", "94074", "94073"})),
            (
                "Agence Bièvre - Ivry",
                frozenset({"94041", "94076", "94038", "94037", "94003", "94016", "94043", "94034"}),
            ),
        ),
        neufs=(("94081", 46, 0), ("94041", 38, 2)),
        foyers=(("94076", 118), ("94022", 84)),
        intermediaires=(("94033", 42),),
    ),
)
TOITS: Final = BailleurDemo(
    nom="Les Toits de la Marne",
    siren=siren_fictif("00094080"),
    statut=Statut.COOP,
    domaine="toits-marne.example",
    prefixe="TM",
    parc=Parc(
        nombre=800,
        communes={"94017": 34, "94068": 24, "94042": 14, "94052": 12, "94033": 16},
        agences=(("Siège", frozenset()),),
        foyers=(("94042", 24),),
    ),
)
BAILLEURS: Final = (RIVEBELLE, TOITS)

RESERVATAIRES: Final[tuple[tuple[str, str, Type, str | None], ...]] = (
    ("ETAT94", "État — DRIHL, unité départementale du Val-de-Marne", Type.ETAT, "departement:94"),
    ("AL", "Action Logement Services", Type.ACTION_LOGEMENT, None),
    ("CD94", "Département du Val-de-Marne", Type.DEPARTEMENT, "departement:94"),
    ("REGION-IDF", "Région Île-de-France", Type.REGION, "region:11"),
    ("EPT10", "Paris Est Marne et Bois", Type.EPT, "ept:200057941"),
    ("EPT11", "Grand Paris Sud Est Avenir", Type.EPT, "ept:200058006"),
    ("EPT12", "Grand-Orly Seine Bièvre", Type.EPT, "ept:200058014"),
    ("CRETEIL", "Ville de Créteil", Type.COMMUNE, "commune:94028"),
    ("VITRY", "Ville de Vitry-sur-Seine", Type.COMMUNE, "commune:94081"),
    ("IVRY", "Ville d'Ivry-sur-Seine", Type.COMMUNE, "commune:94041"),
    ("CHAMPIGNY", "Ville de Champigny-sur-Marne", Type.COMMUNE, "commune:94017"),
    ("VILLEJUIF", "Ville de Villejuif", Type.COMMUNE, "commune:94076"),
    ("CHOISY", "Ville de Choisy-le-Roi", Type.COMMUNE, "commune:94022"),
    ("FONTENAY", "Ville de Fontenay-sous-Bois", Type.COMMUNE, "commune:94033"),
    ("ALFORTVILLE", "Ville d'Alfortville", Type.COMMUNE, "commune:94002"),
    ("BONNEUIL", "Ville de Bonneuil-sur-Marne", Type.COMMUNE, "commune:94011"),
    ("SAINT-MAUR", "Ville de Saint-Maur-des-Fossés", Type.COMMUNE, "commune:94068"),
    ("CAF94", "Caisse d'allocations familiales du Val-de-Marne", Type.ORGANISME, "departement:94"),
    ("MUTUELLE", "Mutuelle des Métiers d'Île-de-France", Type.ORGANISME, "departement:94"),
    ("LIGNES-SE", "Lignes du Sud-Est — dépôt de Thiais", Type.EMPLOYEUR, "departement:94"),
    ("IMPRIMEURS", "Comité du logement des imprimeurs", Type.EMPLOYEUR, "departement:94"),
    ("ARMEES", "Ministère des armées — bureau du logement", Type.DEFENSE, "departement:94"),
    ("POLICE", "Ministère de l'intérieur — service du logement", Type.SECURITE_INTERIEURE, "departement:94"),
    ("GH-EST", "Groupe hospitalier Est Val-de-Marne", Type.SANTE, "departement:94"),
)
"""Code, nom, type, territoire (RG-02). Les collectivités et leurs territoires sont réels, les sociétés sont inventées."""


def creer_bailleurs() -> list[Bailleur]:
    """Les deux bailleurs."""
    return [
        Bailleur.objects.create(
            nature=Nature.BAILLEUR.value,
            nom=bailleur.nom,
            siren=bailleur.siren,
            statut=bailleur.statut,
            courriel=f"attributions@{bailleur.domaine}",
            territoire_id="departement:94",
        )
        for bailleur in BAILLEURS
    ]


def creer_reservataires() -> dict[str, Reservataire]:
    """Les réservataires, par code ; les imprimeurs n'ont pas de courriel : un envoi leur va par une autre voie."""
    sans_courriel = {"IMPRIMEURS"}
    return {
        code: Reservataire.objects.create(
            nature=nature_du_type(type_).value,
            code=code,
            nom=nom,
            type=type_,
            courriel="" if code in sans_courriel else f"logement@{code.lower()}.example",
            territoire_id=territoire,
        )
        for code, nom, type_, territoire in RESERVATAIRES
    }


def creer_plateforme() -> Organisme:
    """L'organisme qui administre la plateforme."""
    return Organisme.objects.create(
        nature=Nature.PLATEFORME.value, nom=NOM_PLATEFORME, courriel="plateforme@flux-reservations.example"
    )
