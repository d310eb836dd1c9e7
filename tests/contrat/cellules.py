"""Ce que chaque colonne du contrat accepte, ce qu'elle devient, ce qu'elle refuse : la matière de `test_colonnes_des_fichiers.py`.

Une cellule acceptée est donnée avec ce que l'export en rend : lire puis écrire, en une seule affirmation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flux_reservations.echanges.colonnes import siren_est_valide
from tests.echanges.depot import SIREN

SIRENS: Final = [siren for siren in map(str, range(950_000_000, 950_000_400)) if siren_est_valide(siren)]
LONG: Final = "x"


@dataclass(frozen=True)
class Cellules:
    """Une colonne : `bonnes` (cellule lue → cellule exportée), `fautives`, ce que vaut la cellule `vide` ; `avec` : cellules voisines."""

    bonnes: Mapping[str, str]
    fautives: tuple[str, ...] = ()
    vide: str = ""
    avec: Mapping[str, str] = field(default_factory=dict)


def codes(valeurs: Iterable[str], *fautives: str, vide: str = "", **avec: str) -> Cellules:
    """Une liste fermée de codes, sans égard à la casse."""
    connus = list(valeurs)
    return Cellules({code: code for code in connus} | {connus[0].swapcase(): connus[0]}, fautives, vide, avec)


def dates(**avec: str) -> Cellules:
    """Une date, sous ses deux formes."""
    bonnes = {"2024-03-05": "2024-03-05", "05/03/2024": "2024-03-05", "5/3/2024": "2024-03-05"}
    fautives = ("31/02/2024", "2024", "05-03-2024", "0000-01-01", "9999-12-31", "2024-03-05 10:00", "bientôt")
    return Cellules(bonnes, fautives, avec=avec)


def textes(*bonnes: str, longueur: int = 0) -> Cellules:
    """Un texte libre, d'une longueur bornée si la colonne l'est."""
    return Cellules({texte: texte for texte in bonnes}, (LONG * (longueur + 1),) if longueur else ())


def decimales(*fautives: str, **avec: str) -> Cellules:
    """Une décimale positive à deux chiffres, point ou virgule."""
    return Cellules({"12": "12", "12,5": "12.5", "12.50": "12.5"}, ("douze", "1e1", "12,345", *fautives), avec=avec)


def entiers(*fautives: str, **avec: str) -> Cellules:
    """Un entier positif."""
    return Cellules({"3": "3", "03": "3", "3,0": "3"}, ("trois", "3,5", "-1", "9" * 30, *fautives), avec=avec)


OUI_NON: Final = {"oui": "oui", "non": "non", "OUI": "oui"}
TAUX: Final = Cellules(
    {"20": "20", "20,5": "20.5", "33.33": "33.33", "0": "0", "100": "100"}, ("100,01", "-1", "33,333", "vingt")
)
COURRIEL: Final = Cellules({"a.b@ville.fr": "a.b@ville.fr"}, ("pas-un-courriel", "a@b", "a b@ville.fr"))
TERRITOIRES: Final = {"departement:94": "departement:94", "commune:94081 commune:94028": "commune:94028 commune:94081"}
DEROGATION: Final = {"derogation_debut": "2024-01-01", "derogation_fin": "2024-12-31"}
ETAT: Final = {"convention": "E{i}"}
AVENANT: Final = {"reservataire": "AL", "date_signature": "2024-01-01", "date_effet": "2024-06-01"}
CONTREPARTIES: Final = (
    "contingent_prefectoral",
    "garantie_emprunt",
    "apport_terrain",
    "financement",
    "logements_identifies",
)
DECISIONS: Final = ("attribution", "rang", "condition", "non_attribution", "irrecevabilite")
TYPES: Final = (
    "etat", "action_logement", "commune", "epci", "ept", "metropole", "ville_paris", "departement", "region", "employeur", "organisme",
    "defense", "securite_interieure", "sante",
)  # fmt: skip
FINANCEMENTS: Final = ("PLAI", "PLUS", "PLS", "HBM", "HLMO", "PLA", "PLATS", "ILM", "ILN", "PLI", "AUTRE")

BASES: Final[Mapping[str, Callable[[int], dict[str, str]]]] = {
    "bailleurs": lambda i: {"siren": SIRENS[i], "nom": "Un bailleur"},
    "reservataires": lambda i: {"code": f"N{i}", "nom": "Un réservataire", "type": "employeur"},
    "patrimoine": lambda i: {"bailleur": SIREN, "identifiant": f"N{i}", "commune": "94028", "typologie": "T3"},
    "reservations_stock": lambda i: {"logement": f"P{i}", "reservataire": "AL", "contrepartie": "financement"},
    "conventions": lambda i: {"numero": f"N{i}", "bailleur": SIREN, "reservataire": f"R{i}", "departement": "94"},
    "droits": lambda i: {
        "convention": f"K{i}",
        "contrepartie": "financement",
        "taux": "5",
        "perimetre": "departement:94",
    },
    "soldes_ouverture": lambda i: {"convention": f"K{i}", "annee": "2025", "report": "1"},
    "liberations": lambda i: {"numero": f"N{i}", "logement": f"P{i}", "date_disponibilite": "2025-01-10"},
    "orientations": lambda i: {"liberation": f"X{i}", "rang": "1", "compte": "AL", "date_orientation": "2025-01-05"},
    "candidats": lambda i: {"liberation": "B1", "rang": "1", "numero_demande": f"0941250000000{i:05}"},
}
"""La ligne de rang i d'un tableau : ses seules colonnes obligatoires."""
CLES: Final = {
    "bailleurs": "siren", "reservataires": "code", "patrimoine": "identifiant", "reservations_stock": "logement", "conventions": "numero",
    "droits": "convention", "soldes_ouverture": "convention", "liberations": "numero", "orientations": "liberation",
    "candidats": "numero_demande",
}  # fmt: skip
"""La colonne qui suffit à retrouver une de ces lignes dans l'export."""

CELLULES: Final[Mapping[str, Mapping[str, Cellules]]] = {
    "bailleurs": {
        "siren": Cellules({"940 000 037": "940000037"}, ("94000003", "940000038", "94000003A", "9400000370")),
        "nom": textes("Rivebelle Habitat", "Œuvre de l'Été"),
        "statut": codes(("oph", "esh", "coop", "sem", "moi"), "sa"),
        "courriel": COURRIEL,
    },
    "reservataires": {
        "code": Cellules({"COM94011": "COM94011", "007": "007", "é-1": "é-1"}, ("BAILLEUR", "A/B", LONG * 41)),
        "nom": textes("Ville de Créteil"),
        "type": codes(TYPES, "mairie", vide="employeur"),
        "siren": Cellules({"219400280": "219400280"}, ("2194", "21940028A")),
        "territoire": Cellules(
            {
                code: code
                for code in (
                    "region:11",
                    "departement:94",
                    "epci:200054781",
                    "ept:200058006",
                    "metropole:200046977",
                    "commune:94011",
                )
            },
            ("94", "commune:99999", "ville:94011"),
        ),
        "courriel": COURRIEL,
    },
    "patrimoine": {
        "bailleur": Cellules({}, ("940000037", "94")),
        "identifiant": Cellules({"007": "007", "A 1/2": "A 1/2", "-4": "'-4"}, (LONG * 61,)),
        "identifiant_rpls": textes("0123456789", longueur=10),
        "programme": textes("Les Lilas", longueur=120),
        "adresse": textes("1 rue de l'Été", longueur=250),
        "code_postal": Cellules({"01500": "01500"}, ("1500", "94-000", "\u0663\u0664\u0665\u0666\u0667")),
        "commune": Cellules({"94028": "94028", "2a004": "2A004", "97411": "97411"}, ("99999", "Créteil", "940281")),
        "qpv": Cellules(
            {"QN09401I": "QN09401I", "qp094001": "QP094001", "QPV": "QPV"}, ("oui", "1", "3", "non", "QN09401IXXX")
        ),
        "typologie": codes(("T1", "T2", "T3", "T4", "T5", "T6"), "T7", "3", "T0", vide="T3"),
        "surface": Cellules({"45": "45", "45,5": "45.5", "1 234,25": "1234.25"}, ("0", "-3", "12 m²", "12,345")),
        "financement": codes(FINANCEMENTS, "PLUZ"),
        "annee_construction": Cellules({"1967": "1967"}, ("67", "1967,5", "3000", "vers 1967")),
        "date_premiere_location": dates(),
        "loyer": decimales("-1"),
        "charges": decimales("-1"),
        "etage": Cellules({"RDC": "RDC", "03": "03", "-1": "'-1"}, (LONG * 11,)),
        "ascenseur": Cellules(OUI_NON, ("peut-être",)),
        "pmr": Cellules(OUI_NON, ("peut-être",)),
        "dpe": Cellules({"A": "A", "g": "G"}, ("H", "AA")),
        "annexes": textes("cave, parking", longueur=200),
        "secteur": textes("Nord", longueur=80),
        "hors_champ": codes(("foyer", "intermediaire", "libre", "fonction", "association", "gele"), "vacant"),
    },
    "reservations_stock": {
        "logement": Cellules({}, ("INCONNU",)),
        "reservataire": Cellules({"COMA": "COMA"}, ("INCONNU",)),
        "contrepartie": codes(CONTREPARTIES, "don", vide="financement"),
        "nature": codes(("suite", "unique"), "double", vide="suite"),
        "date_debut": dates(),
        "date_fin": dates(),
    },
    "conventions": {
        "numero": Cellules({"2024-007": "2024-007", "0012": "0012"}, (LONG * 61,)),
        "bailleur": Cellules({}, ("940000037", "94")),
        "reservataire": Cellules({"COMA": "COMA"}, ("INCONNU",)),
        "departement": Cellules({"75": "75", "2a": "2A", "974": "974"}, ("999", "Val-de-Marne", "96")),
        "date_signature": dates(),
        "date_effet": dates(),
        "date_fin": dates(),
        "gestion": codes(("directe", "deleguee"), "partagee", vide="directe"),
        "delai_presentation_jours": entiers(),
        "delai_unite": codes(("calendaires", "ouvres"), "semaines", vide="calendaires"),
        "carence_decomptee": Cellules(OUI_NON, ("parfois",), vide="oui"),
        "fait_generateur": codes(("mise_a_disposition", "proposition", "attribution", "bail"), "conge", vide="bail"),
        "report": codes(("total", "aucun"), "partiel"),
        "report_plafond": entiers(report="plafonne"),
        "nb_candidats": entiers(),
        "delegataire": Cellules({"BAILLEUR": "BAILLEUR", "COMA": "COMA"}, ("INCONNU",)),
        "motif_perimetre": textes("Dépôt de bus"),
        "premieres_locations": codes(("a_part", "dans_le_flux"), "jamais", vide="a_part"),
        "part_hors_qpv_min": TAUX,
        "garde_hors_qpv": Cellules(OUI_NON, ("parfois",), vide="non"),
        "derogation_taux": Cellules(TAUX.bonnes, TAUX.fautives, avec=DEROGATION),
        "derogation_taux_agents": Cellules(TAUX.bonnes, TAUX.fautives, avec=DEROGATION),
        "derogation_motif": textes("Sécurité publique"),
        "derogation_arrete": textes("2024-12", longueur=120),
        "derogation_debut": dates(),
        "derogation_fin": dates(),
        "avenant_de": Cellules({"C-AL": "C-AL"}, ("INCONNUE",), avec=AVENANT),
        "date_resiliation": dates(),
        "motif_fin": textes("Commun accord"),
    },
    "droits": {
        "convention": Cellules({}, ("INCONNUE",)),
        "contrepartie": codes(CONTREPARTIES, "don", vide="financement"),
        "sous_contingent": codes(("prioritaires", "agents"), "repli", "jeunes", convention="E{i}"),
        "taux": TAUX,
        "perimetre": Cellules(TERRITOIRES, ("94", "commune:99999", "programme:Lilas")),
        "assiette": Cellules(TERRITOIRES, ("94", "commune:99999")),
        "montant_garanti": decimales("-1"),
    },
    "soldes_ouverture": {
        "convention": Cellules({}, ("INCONNUE",)),
        "sous_contingent": codes(("prioritaires", "agents"), "repli", convention="E{i}"),
        "annee": Cellules({"2026": "2026"}, ("26", "deux mille", "1999", "2026,5")),
        "report": Cellules({"-12,3456": "-12.3456", "+3": "3", "0": "0", "1.5": "1.5"}, ("1,23456", "trois", "9" * 30)),
    },
    "liberations": {
        "numero": Cellules({"0007": "0007"}, (LONG * 61,)),
        "logement": Cellules({}, ("INCONNU",)),
        "date_conge": dates(),
        "date_disponibilite": dates(),
        "nature": codes(("relocation", "premiere_location"), "neuf", vide="relocation"),
        "exclusion": codes(("mutation", "anru", "orcod", "insalubrite", "vente"), "demolition"),
        "retrait": codes(("conge_annule", "gel", "vente"), "annule"),
        "date_bail": dates(),
    },
    "orientations": {
        "liberation": Cellules({}, ("INCONNUE",)),
        "rang": Cellules({"2": "2", "1": "1"}, ("0", "-1", "un", "1,5")),
        "compte": Cellules(
            {code: code for code in ("COMA", "ETAT94/prioritaires", "ETAT94/agents", "ETAT94/repli", "BAILLEUR")},
            ("INCONNU", "ETAT94", "ETAT94/jeunes", "AL/agents", "bailleur"),
        ),
        "date_orientation": dates(),
        "motif": textes("Demande du maire"),
        "date_mise_a_disposition": dates(),
        "date_proposition": dates(),
        "nb_candidats": entiers(),
        "date_caleol": dates(),
        "decision": codes(DECISIONS, "refus"),
        "date_rendu": dates(),
        "issue": codes(("en_cours", "bail", "carence", "rendu", "retire"), "perdu", vide="en_cours"),
        "public": textes("dalo", longueur=40),
    },
    "candidats": {
        "liberation": Cellules({}, ("INCONNUE",)),
        "rang": Cellules({}, ("0", "2", "un")),
        "numero_demande": Cellules({"094125000000099999": "094125000000099999"}, (LONG * 41,)),
        "public": textes("dalo", longueur=40),
        "rang_caleol": entiers(),
        "decision": codes(DECISIONS, "refus"),
        "motif": textes("Ressources"),
        "date_notification": dates(),
        "date_reponse": dates(),
        "reponse": codes(("accepte", "refuse", "silence", "desistement"), "peut-être"),
    },
}
