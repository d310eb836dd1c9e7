"""Les lieux de la démonstration : communes réelles du Val-de-Marne, quartiers prioritaires, rues et noms de résidences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEPARTEMENT: Final = "94"


@dataclass(frozen=True, slots=True)
class Lieu:
    """Une commune : code INSEE, nom, code postal, quartiers prioritaires (numéro d'ordre, nom) et rues qui y existent."""

    code: str
    nom: str
    code_postal: str
    quartiers: tuple[tuple[int, str], ...] = ()
    rues: tuple[str, ...] = ()


LIEUX: Final[dict[str, Lieu]] = {
    lieu.code: lieu
    for lieu in (
        Lieu(
            "94028",
            "Créteil",
            "94000",
            ((18, "Mont-Mesly"), (19, "Bleuets-Bordières")),
            (
                "rue Juliette-Savar",
                "avenue du Général-de-Gaulle",
                "rue de Mesly",
                "boulevard Kennedy",
                "rue des Bleuets",
                "avenue du Maréchal-Lyautey",
            ),
        ),
        Lieu(
            "94081",
            "Vitry-sur-Seine",
            "94400",
            ((4, "Centre-ville - Défresne - Vilmorin"), (5, "Commune de Paris - 8 Mai 1945"), (6, "Balzac")),
            (
                "avenue Youri-Gagarine",
                "rue Balzac",
                "avenue Rouget-de-Lisle",
                "rue Édouard-Til",
                "boulevard de Stalingrad",
                "rue Camille-Groult",
            ),
        ),
        Lieu(
            "94041",
            "Ivry-sur-Seine",
            "94200",
            ((2, "Gagarine"), (3, "Pierre et Marie Curie")),
            (
                "rue Saint-Just",
                "avenue Spinoza",
                "rue Marat",
                "boulevard Paul-Vaillant-Couturier",
                "rue Gagarine",
                "promenade Supervielle",
            ),
        ),
        Lieu(
            "94017",
            "Champigny-sur-Marne",
            "94500",
            ((26, "Bois-l'Abbé"), (27, "Les Mordacs")),
            (
                "rue de Bernau",
                "avenue Boileau",
                "rue du Monument",
                "rue de Musselburgh",
                "boulevard de Stalingrad",
                "avenue de la République",
            ),
        ),
        Lieu(
            "94076",
            "Villejuif",
            "94800",
            ((9, "Lebon - Lamartine - Hautes Bruyères"), (10, "Lozaits - Grimau")),
            (
                "rue Lamartine",
                "avenue de Paris",
                "rue Édouard-Vaillant",
                "boulevard Maxime-Gorki",
                "rue de la Commune",
                "rue Ambroise-Croizat",
            ),
        ),
        Lieu(
            "94022",
            "Choisy-le-Roi",
            "94600",
            ((13, "Les Navigateurs"),),
            (
                "rue du Docteur-Roux",
                "avenue d'Alfortville",
                "rue Christophe-Colomb",
                "avenue Anatole-France",
                "rue Jean-Jaurès",
            ),
        ),
        Lieu(
            "94033",
            "Fontenay-sous-Bois",
            "94120",
            ((24, "Les Larris"),),
            (
                "avenue de la République",
                "rue Jean-Macé",
                "rue des Larris",
                "rue du Commandant-Jean-Duhail",
                "avenue du Maréchal-Joffre",
            ),
        ),
        Lieu(
            "94002",
            "Alfortville",
            "94140",
            ((17, "Grand Ensemble"), (16, "Chantereine")),
            ("rue Étienne-Dolet", "rue Véron", "quai Blanqui", "rue Paul-Vaillant-Couturier", "allée du 8-Mai-1945"),
        ),
        Lieu(
            "94054",
            "Orly",
            "94310",
            ((11, "Quartier Est"),),
            ("avenue de la Victoire", "rue du Docteur-Calmette", "rue Charles-Tillon", "avenue Adrien-Raynal"),
        ),
        Lieu(
            "94078",
            "Villeneuve-Saint-Georges",
            "94190",
            ((32, "Quartier Nord"), (33, "Plateau")),
            ("avenue de Choisy", "rue de Paris", "avenue Kennedy", "rue Henri-Dunant"),
        ),
        Lieu(
            "94074",
            "Valenton",
            "94460",
            ((31, "Polognes"),),
            ("rue Gabriel-Péri", "avenue Guy-Môquet", "rue Salvador-Allende"),
        ),
        Lieu(
            "94011",
            "Bonneuil-sur-Marne",
            "94380",
            ((20, "Cité Fabien"),),
            ("avenue du Colonel-Fabien", "rue Estienne-d'Orves", "avenue de Verdun"),
        ),
        Lieu(
            "94038",
            "L'Haÿ-les-Roses",
            "94240",
            ((8, "Vallée aux Renards"),),
            ("rue de Chevilly", "avenue du Général-Leclerc", "rue Paul-Hochart"),
        ),
        Lieu(
            "94037",
            "Gentilly",
            "94250",
            ((1, "Chaperon Vert"),),
            ("avenue Raspail", "rue du Val-de-Marne", "rue Charles-Frérot"),
        ),
        Lieu(
            "94003",
            "Arcueil",
            "94110",
            ((7, "Cité Paul Vaillant-Couturier"),),
            ("avenue Laplace", "rue Émile-Raspail", "avenue Vladimir-Ilitch-Lénine"),
        ),
        Lieu(
            "94044",
            "Limeil-Brévannes",
            "94450",
            ((30, "Saint-Martin"),),
            ("rue Henri-Barbusse", "avenue d'Alsace-Lorraine", "rue Pasteur"),
        ),
        Lieu(
            "94004",
            "Boissy-Saint-Léger",
            "94470",
            ((29, "La Haie Griselle"),),
            ("boulevard de la Gare", "rue de Sucy", "boulevard Léon-Révillon"),
        ),
        Lieu(
            "94071",
            "Sucy-en-Brie",
            "94370",
            ((28, "Cité Verte - Fosse Rouge"),),
            ("rue du Clos-de-Pacy", "avenue Winston-Churchill", "rue de la Cité-Verte"),
        ),
        Lieu(
            "94046",
            "Maisons-Alfort",
            "94700",
            (),
            ("avenue du Général-Leclerc", "rue Victor-Hugo", "avenue Gambetta", "rue de Mesly"),
        ),
        Lieu("94073", "Thiais", "94320", (), ("avenue René-Panhard", "rue du Pavé-de-Grignon", "avenue de Versailles")),
        Lieu("94016", "Cachan", "94230", (), ("avenue Carnot", "rue de la Citadelle", "avenue Cousin-de-Méricourt")),
        Lieu(
            "94043",
            "Le Kremlin-Bicêtre",
            "94270",
            (),
            ("avenue de Fontainebleau", "rue du Général-Leclerc", "avenue Eugène-Thomas"),
        ),
        Lieu(
            "94034",
            "Fresnes",
            "94260",
            (),
            ("avenue de la Division-Leclerc", "rue Maurice-Ténine", "boulevard Pasteur"),
        ),
        Lieu(
            "94068",
            "Saint-Maur-des-Fossés",
            "94100",
            (),
            ("avenue Foch", "rue du Pont-de-Créteil", "boulevard de Champigny", "rue de la Varenne"),
        ),
        Lieu(
            "94052",
            "Nogent-sur-Marne",
            "94130",
            (),
            ("boulevard de Strasbourg", "Grande Rue Charles-de-Gaulle", "rue Hoche"),
        ),
        Lieu("94042", "Joinville-le-Pont", "94340", (), ("avenue Galliéni", "rue de Paris", "quai de la Marne")),
    )
}
"""Communes où les bailleurs de la démonstration ont des logements."""

RESIDENCES: Final = (
    "Les Tilleuls",
    "Les Acacias",
    "Les Érables",
    "Les Marronniers",
    "Le Clos Fleuri",
    "Les Peupliers",
    "La Roseraie",
    "Le Verger",
    "Les Glycines",
    "Les Charmes",
    "Les Cèdres",
    "Le Moulin",
    "Les Bords de Marne",
    "Le Parc",
    "Les Lilas",
    "La Pépinière",
    "Les Jardins",
    "Le Belvédère",
    "Les Terrasses",
    "La Fontaine",
    "Les Alouettes",
    "Les Hirondelles",
    "Le Panorama",
    "Les Coteaux",
    "Paul-Éluard",
    "Louise-Michel",
    "Jean-Moulin",
    "Pablo-Neruda",
    "Gérard-Philipe",
    "Marcel-Paul",
    "Olympe-de-Gouges",
    "Joséphine-Baker",
    "Camille-Claudel",
    "Georges-Brassens",
    "Jacques-Prévert",
    "Simone-Veil",
    "Germaine-Tillion",
    "Aimé-Césaire",
    "Rosa-Parks",
    "Elsa-Triolet",
    "Henri-Wallon",
    "Marie-Curie",
    "Robert-Desnos",
    "Les Vignes",
    "Le Mail",
    "La Ferme",
    "Les Sources",
    "L'Orangerie",
)
"""Noms de résidences, répartis au hasard des communes."""


def code_qpv(numero: int, *, ancien: bool) -> str:
    """Code d'un quartier prioritaire de la démonstration : géographie de 2014 (`QP094…`), ou celle en vigueur depuis 2024."""
    return f"QP0940{numero:02d}" if ancien else f"QN094{numero:02d}M"
