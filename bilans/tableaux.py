"""Des données figées d'un bilan aux tableaux qu'on lit : l'écran et le PDF montrent les mêmes, le tableur porte les mêmes nombres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from attributions.domaine.codes import Exclusion
from bilans.domaine.equilibre import ecart_en_points
from bilans.domaine.secret import TOTAL
from flux_reservations.commun.arrondis import chaine_arrondie
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.droit import assiette
from flux_reservations.socle.presentation import INCONNU, Quantite, dire_solde, ecrire_nombre, ecrire_solde, ecrire_taux

AXES: dict[str, str] = {
    "commune": "commune",
    "qpv": "quartier prioritaire (QPV)",
    "typologie": "typologie",
    "financement": "financement",
    "periode_construction": "période de construction",
}
COLONNES_D_UNE_FICHE = (("qpv", "typologie"), ("financement", "periode_construction"), ("commune",))
"""Axes d'une fiche, colonne par colonne : la commune, la plus longue, a la sienne."""
MASQUE = "s."
"""Ce qui s'écrit à la place d'un effectif de ménages couvert par le secret (RG-64)."""


@dataclass(frozen=True, slots=True)
class Case:
    """Une case écrite : son texte, son alignement, sa valeur exacte pour la barre ou le tableur."""

    texte: str
    classe: str = "nombre"


@dataclass(frozen=True, slots=True)
class Rang:
    """Une ligne : son en-tête, ses cases, et au besoin la part (0 à 1) que dessine une barre."""

    entete: str
    cases: tuple[Case, ...]
    part: Fraction | None = None
    est_total: bool = False

    @property
    def pourcent(self) -> str:
        """Longueur de la barre, en % avec un point décimal (une mesure CSS)."""
        return chaine_arrondie(min(Fraction(1), self.part or Fraction(0)) * 100, 1)


@dataclass(frozen=True, slots=True)
class Tableau:
    """Un tableau prêt à lire : légende, en-têtes (le premier est celui des lignes), lignes, note."""

    legende: str
    entetes: tuple[str, ...]
    rangs: tuple[Rang, ...]
    note: str = ""
    barre: str = ""
    """En-tête de la colonne de barres ; vide s'il n'y en a pas."""

    @property
    def en_tete_de_ligne(self) -> str:
        """L'en-tête de la première colonne."""
        return self.entetes[0]

    @property
    def autres_entetes(self) -> list[tuple[str, str]]:
        """Les autres en-têtes, chacun aligné comme sa colonne."""
        classes = [case.classe.split()[0] if case.classe else "" for case in self.rangs[0].cases] if self.rangs else []
        return [(entete, classes[rang] if rang < len(classes) else "") for rang, entete in enumerate(self.entetes[1:])]


def intituler(texte: str) -> str:
    """Majuscule au premier mot, sans toucher aux sigles."""
    return texte[:1].upper() + texte[1:]


def nombre(valeur: Quantite | None) -> Case:
    """Une case de nombre entier."""
    return Case(ecrire_nombre(valeur))


def part(partie: int, tout: int) -> Case:
    """Une case de pourcentage, à une décimale."""
    return Case(ecrire_taux(Fraction(100 * partie, tout), 1) if tout else INCONNU)


def lire_modalite(axe: str, valeur: Any, communes: Mapping[str, str]) -> str:
    """Une modalité en toutes lettres."""
    if axe == "qpv":
        return "En QPV" if valeur in {True, "en QPV"} else "Hors QPV"
    if axe == "commune":
        return communes.get(str(valeur), str(valeur))
    return str(valeur) or "Non renseigné"


def cle_de_modalite(axe: str, valeur: Any, communes: Mapping[str, str]) -> tuple[int, str]:
    """Ordre de lecture : périodes dans le temps, communes par nom, le reste par code, l'inconnu en dernier."""
    texte = lire_modalite(axe, valeur, communes)
    if axe == "periode_construction":
        debuts = assiette.DEBUTS_DE_PERIODE_DE_CONSTRUCTION.versions[-1].valeur
        chiffres = "".join(caractere for caractere in texte[:12] if caractere.isdigit())[:4]
        annee = int(chiffres) if chiffres else 9999
        return (annee - 1 if annee == debuts[0] and texte.startswith("avant") else annee, texte)
    return (1 if not valeur and axe != "qpv" else 0, cle_de_tri(texte))


@dataclass(slots=True)
class Compteurs:
    """Proposés et attribués par modalité."""

    proposes: Counter[Any] = field(default_factory=Counter)
    attribues: Counter[Any] = field(default_factory=Counter)

    def ajouter(self, modalite: Any, ligne: Mapping[str, Any]) -> None:
        """Compte une ligne du bilan."""
        self.proposes[modalite] += ligne["proposes"]
        self.attribues[modalite] += ligne["attribues"]

    @property
    def modalites(self) -> set[Any]:
        """Modalités qui ont au moins un logement."""
        return {
            modalite
            for modalite in {*self.proposes, *self.attribues}
            if self.proposes[modalite] or self.attribues[modalite]
        }


class LectureDuBilan:
    """Les tableaux d'un bilan, faits de ses seules données figées."""

    def __init__(self, donnees: Mapping[str, Any]) -> None:
        """`donnees` : l'objet de `composer_document`."""
        self.donnees = donnees
        self.document: Mapping[str, Any] = donnees["document"]
        self.flux: Mapping[str, Any] = donnees["flux"]
        self.lignes: Sequence[Mapping[str, Any]] = donnees["lignes"]
        self.noms: Mapping[str, str] = self.document["noms"]
        self.communes: Mapping[str, str] = self.document["communes"]

    def nom(self, compte: str) -> str:
        """Nom d'un compte."""
        return self.noms.get(compte, compte)

    @property
    def chiffres(self) -> list[tuple[str, str]]:
        """Les chiffres clés : (valeur, libellé)."""
        a = self.flux["assiette"]
        baux = sum(section["baux"] for section in self.document["sections"])
        return [
            (ecrire_nombre(a["mises_en_location"]), "mises en location dans le champ (A)"),
            (ecrire_nombre(a["total_exclusions"]), "soustraites du flux (B)"),
            (ecrire_nombre(a["flux"]), "logements du flux à répartir (C)"),
            (ecrire_nombre(baux), "baux signés dans l'année, toutes sections"),
            (ecrire_taux(_fraction(self.flux["etat"]["part_du_flux"]), 1), "du flux décompté à l'État"),
            (
                ecrire_taux(_fraction(self.flux["etat"]["part_du_flux_hors_qpv"]), 1),
                "du flux hors QPV décompté à l'État",
            ),
            (ecrire_nombre(sum(ligne["proposes"] for ligne in self.lignes)), "logements proposés"),
            (ecrire_nombre(sum(ligne["attribues"] for ligne in self.lignes)), "logements attribués sur le flux"),
        ]

    def assiette(self) -> Tableau:
        """A, B par motif, C."""
        a = self.flux["assiette"]
        libelles = {motif.value: motif.libelle for motif in Exclusion}
        rangs = [Rang("A. Mises en location dans le champ du flux", (nombre(a["mises_en_location"]),))]
        rangs += [
            Rang(f"B. {libelles.get(code, code)}", (nombre(-combien if combien else 0),))
            for code, combien in a["exclusions"].items()
        ]
        rangs.append(Rang("C. Flux à répartir (A − B)", (nombre(a["flux"]),), est_total=True))
        note = f"Premières locations de programmes neufs, comptées à part de A : {ecrire_nombre(a['premieres_locations'])}."
        return Tableau("Assiette de l'année", ("Composante", "Logements"), tuple(rangs), note)

    def comptes(self) -> Tableau:
        """Droits, report, décompte, solde de chaque compte."""
        rangs = [
            Rang(
                self.nom(compte["compte"]),
                (
                    Case(compte["convention"] or INCONNU, ""),
                    Case(ecrire_nombre(_fraction(compte["droit_theorique"]), 2)),
                    nombre(compte["droit"]),
                    Case(ecrire_solde(_fraction(compte["report"]), 2)),
                    nombre(compte["decompte"]),
                    Case(ecrire_solde(_fraction(compte["solde"]), 2)),
                ),
            )
            for compte in self.flux["comptes"]
        ]
        reste = self.flux["non_reserve"]
        vide = Case("")
        rangs.append(
            Rang(
                "Bailleur (non réservé)",
                (
                    Case("", ""),
                    Case(ecrire_nombre(_fraction(reste["droit_theorique"]), 2)),
                    nombre(reste["droit"]),
                    vide,
                    nombre(reste["decompte"]),
                    vide,
                ),
            )
        )
        decompte = sum(compte["decompte"] for compte in self.flux["comptes"]) + reste["decompte"]
        rangs.append(
            Rang(
                "Ensemble",
                (Case("", ""), vide, nombre(self.flux["assiette"]["flux"]), vide, nombre(decompte), vide),
                est_total=True,
            )
        )
        return Tableau(
            "Droits, décompte et solde par compte",
            ("Compte", "Convention", "Droit théorique", "Droit", "Report", "Décompte", "Solde"),
            tuple(rangs),
            "Solde = droit théorique + report − décompte. Positif : le réservataire est en retard ; négatif : il est en avance.",
        )

    def soldes(self) -> list[dict[str, Any]]:
        """Une barre par compte, à la même échelle, centrée sur zéro."""
        soldes = [
            (self.nom(compte["compte"]), _fraction(compte["solde"]) or Fraction(0)) for compte in self.flux["comptes"]
        ]
        maximum = max([abs(solde) for _, solde in soldes] + [Fraction(1)])
        return [
            {
                "nom": nom,
                "texte": dire_solde(solde),
                "couleur": "#b0560a" if solde > 0 else "#2b7a8f",
                "depart": str(500 if solde > 0 else 500 - int(-solde * 480 / maximum)),
                "longueur": str(int(abs(solde) * 480 / maximum)),
            }
            for nom, solde in soldes
        ]

    def sections(self) -> Tableau:
        """Toutes les attributions de l'année."""
        sections = self.document["sections"]
        total = sum(section["baux"] for section in sections)
        rangs = [
            Rang(
                section["libelle"],
                (nombre(section["baux"]), part(section["baux"], total)),
                Fraction(section["baux"], total or 1),
            )
            for section in sections
        ]
        rangs.append(Rang("Baux signés dans l'année", (nombre(total), part(total, total)), est_total=True))
        return Tableau(
            "Toutes les attributions de l'année", ("Section", "Baux", "Part"), tuple(rangs), barre="Répartition"
        )

    def par_compte(self) -> Tableau:
        """Proposés et attribués par réservataire."""
        compteurs = Compteurs()
        for ligne in self.lignes:
            compteurs.ajouter(ligne["compte"], ligne)
        return self._tableau(
            compteurs,
            sorted(compteurs.modalites),
            self.nom,
            "Logements proposés et attribués par réservataire",
            "Réservataire",
        )

    def par_axe(self, axe: str, compte: str | None = None) -> Tableau:
        """Proposés et attribués par modalité d'un axe, en tout ou pour un compte."""
        compteurs = Compteurs()
        for ligne in self.lignes:
            if compte is None or ligne["compte"] == compte:
                compteurs.ajouter(ligne[axe], ligne)
        modalites = sorted(compteurs.modalites, key=lambda valeur: cle_de_modalite(axe, valeur, self.communes))
        legende = f"Par {AXES[axe]}" if compte else f"Logements proposés et attribués par {AXES[axe]}"
        return self._tableau(
            compteurs,
            modalites,
            lambda valeur: lire_modalite(axe, valeur, self.communes),
            legende,
            intituler(AXES[axe]),
            court=bool(compte),
        )

    def _tableau(
        self,
        compteurs: Compteurs,
        modalites: Iterable[Any],
        nommer: Any,
        legende: str,
        entete: str,
        *,
        court: bool = False,
    ) -> Tableau:
        proposes, attribues = sum(compteurs.proposes.values()), sum(compteurs.attribues.values())
        rangs = [
            Rang(
                nommer(modalite),
                (
                    nombre(compteurs.proposes[modalite]),
                    nombre(compteurs.attribues[modalite]),
                    *(() if court else (part(compteurs.attribues[modalite], attribues),)),
                ),
                Fraction(compteurs.attribues[modalite], attribues or 1),
            )
            for modalite in modalites
        ]
        fin = () if court else (part(attribues, attribues),)
        rangs.append(Rang("Ensemble", (nombre(proposes), nombre(attribues), *fin), est_total=True))
        entetes = (
            (entete, "Proposés", "Attribués") if court else (entete, "Proposés", "Attribués", "Part des attribués")
        )
        return Tableau(legende, entetes, tuple(rangs), barre="" if court else "Répartition")

    def croise(self, axe: str, mesure: str) -> Tableau:
        """Réservataires en lignes, modalités d'un axe en colonnes ; `mesure` : `proposes` ou `attribues`."""
        cases: Counter[tuple[str, Any]] = Counter()
        for ligne in self.lignes:
            cases[ligne["compte"], ligne[axe]] += ligne[mesure]
        comptes = sorted({compte for compte, _ in cases})
        modalites = sorted(
            {valeur for _, valeur in cases}, key=lambda valeur: cle_de_modalite(axe, valeur, self.communes)
        )
        rangs = [
            Rang(
                self.nom(compte),
                (
                    *(nombre(cases[compte, valeur]) for valeur in modalites),
                    nombre(sum(cases[compte, valeur] for valeur in modalites)),
                ),
            )
            for compte in comptes
        ]
        totaux = [sum(cases[compte, valeur] for compte in comptes) for valeur in modalites]
        rangs.append(Rang("Ensemble", (*(nombre(total) for total in totaux), nombre(sum(totaux))), est_total=True))
        mot = "attribués" if mesure == "attribues" else "proposés"
        return Tableau(
            f"Logements {mot}, par réservataire et par {AXES[axe]}",
            ("Réservataire", *(lire_modalite(axe, valeur, self.communes) for valeur in modalites), "Ensemble"),
            tuple(rangs),
        )

    def suites(self) -> Tableau:
        """Orientés, rendus, carences, baux, par compte."""
        cles = ("orientes", "mis_a_disposition", "rendus", "carences", "baux")
        lignes = self.document["suites"]
        rangs = [Rang(self.nom(ligne["compte"]), tuple(nombre(ligne[cle]) for cle in cles)) for ligne in lignes]
        rangs.append(
            Rang("Ensemble", tuple(nombre(sum(ligne[cle] for ligne in lignes)) for cle in cles), est_total=True)
        )
        return Tableau(
            "Ce que sont devenus les logements du flux",
            ("Compte", "Orientés", "Mis à disposition", "Rendus", "Carences", "Baux"),
            tuple(rangs),
            "Un logement rendu ou en carence est orienté de nouveau : il est compté à chaque compte qui l'a reçu.",
        )

    def delais(self) -> Tableau:
        """Délais moyens, en jours, par compte."""
        cles = ("jours_du_conge_au_bail", "jours_de_la_disponibilite_au_bail", "jours_de_la_mise_a_disposition_au_bail")
        rangs = tuple(
            Rang(
                self.nom(ligne["compte"]),
                (nombre(ligne["baux"]), *(Case(ecrire_nombre(_fraction(ligne[cle]), 1)) for cle in cles)),
            )
            for ligne in self.document["suites"]
            if ligne["baux"]
        )
        return Tableau(
            "Délais moyens jusqu'au bail, en jours",
            ("Compte", "Baux", "Depuis le congé", "Depuis la disponibilité", "Depuis la mise à disposition"),
            rangs,
        )

    def menages(self, cle: str, legende: str) -> Tableau | None:
        """Un tableau de ménages, masqué (RG-64) ; None s'il est vide."""
        croise = self.document[cle]
        if not croise["lignes"]:
            return None
        rangs = tuple(
            Rang(
                "Ensemble" if ligne == TOTAL else self.nom(ligne),
                tuple(Case(MASQUE, "nombre masque") if case is None else nombre(case) for case in cases),
                est_total=ligne == TOTAL,
            )
            for ligne, cases in zip(croise["lignes"], croise["cases"], strict=True)
        )
        return Tableau(legende, ("Compte", *croise["colonnes"]), rangs)

    def equilibre(self) -> Tableau | None:
        """Les écarts de structure qui alertent ; None s'il n'y en a pas."""
        if not self.document["equilibre"]:
            return None
        rangs = tuple(
            Rang(
                self.nom(ecart["compte"]),
                (
                    Case(
                        f"{intituler(AXES[ecart['dimension']])} : {lire_modalite(ecart['dimension'], ecart['modalite'], self.communes)}",
                        "",
                    ),
                    Case(f"{ecrire_nombre(ecart['recus'])} sur {ecrire_nombre(ecart['total_recus'])}"),
                    part(ecart["eligibles"], ecart["total_eligibles"]),
                    Case(
                        ecrire_solde(
                            ecart_en_points(
                                ecart["recus"], ecart["total_recus"], ecart["eligibles"], ecart["total_eligibles"]
                            )
                        )
                    ),
                ),
            )
            for ecart in self.document["equilibre"]
        )
        return Tableau(
            "Écarts entre ce qu'un compte reçoit et le flux où il est éligible",
            ("Compte", "Modalité", "Reçus", "Part dans le flux", "Écart (points)"),
            rangs,
        )

    def etat_par_commune(self) -> Tableau:
        """La part de l'État sur chaque commune (RG-36)."""
        lignes = sorted(
            self.document["etat_par_commune"], key=lambda ligne: cle_de_tri(self.communes.get(ligne["commune"], ""))
        )
        rangs = [
            Rang(
                self.communes.get(ligne["commune"], ligne["commune"]),
                (nombre(ligne["flux"]), nombre(ligne["decompte"]), part(ligne["decompte"], ligne["flux"])),
                Fraction(ligne["decompte"], ligne["flux"]) if ligne["flux"] else None,
            )
            for ligne in lignes
        ]
        flux, decompte = sum(ligne["flux"] for ligne in lignes), sum(ligne["decompte"] for ligne in lignes)
        rangs.append(Rang("Ensemble", (nombre(flux), nombre(decompte), part(decompte, flux)), est_total=True))
        return Tableau(
            "Part du flux décomptée à l'État, par commune",
            ("Commune", "Flux", "État", "Part"),
            tuple(rangs),
            barre="Part de l'État",
        )

    def hors_flux(self, section: str, axe: str) -> Tableau:
        """Les baux d'une section hors du flux, par axe (ou par motif d'exclusion)."""
        compteur: Counter[Any] = Counter()
        for ligne in self.document["hors_flux"]:
            if ligne["section"] == section:
                compteur[ligne[axe]] += ligne["baux"]
        libelles = {motif.value: motif.libelle for motif in Exclusion}
        if axe == "exclusion":
            ordonnes = sorted(compteur, key=lambda motif: libelles.get(motif, motif))
            nommer: Any = lambda motif: libelles.get(motif, "Sans motif")  # noqa: E731 : deux lectures possibles d'une modalité
        else:
            ordonnes = sorted(compteur, key=lambda valeur: cle_de_modalite(axe, valeur, self.communes))
            nommer = lambda valeur: lire_modalite(axe, valeur, self.communes)  # noqa: E731 : même raison
        total = sum(compteur.values())
        rangs = [Rang(nommer(valeur), (nombre(compteur[valeur]),)) for valeur in ordonnes]
        rangs.append(Rang("Ensemble", (nombre(total),), est_total=True))
        mot = "motif" if axe == "exclusion" else AXES[axe]
        return Tableau(f"Par {mot}", (intituler(mot), "Baux"), tuple(rangs))

    def fiches(self) -> list[dict[str, Any]]:
        """Une fiche par compte : ses nombres, ses tableaux par axe, ses lignes de droit."""
        comptes = {compte["compte"]: compte for compte in self.flux["comptes"]}
        suites = {ligne["compte"]: ligne for ligne in self.document["suites"]}
        fiches = []
        for code in sorted({ligne["compte"] for ligne in self.lignes} | comptes.keys()):
            siennes = [ligne for ligne in self.lignes if ligne["compte"] == code]
            compte = comptes.get(code)
            entete = [
                (ecrire_nombre(sum(ligne["proposes"] for ligne in siennes)), "proposés"),
                (ecrire_nombre(sum(ligne["attribues"] for ligne in siennes)), "attribués"),
            ]
            if compte:
                entete += [
                    (ecrire_nombre(_fraction(compte["droit_theorique"]), 2), "droit théorique"),
                    (ecrire_nombre(compte["decompte"]), "décomptés"),
                    (ecrire_solde(_fraction(compte["solde"]), 2), "solde"),
                ]
            elif code in suites:
                entete += [
                    (ecrire_nombre(suites[code]["orientes"]), "orientés"),
                    (ecrire_nombre(suites[code]["baux"]), "baux"),
                ]
            fiches.append(
                {
                    "code": code,
                    "nom": self.nom(code),
                    "entete": entete,
                    "colonnes": [[self.par_axe(axe, code) for axe in axes] for axes in COLONNES_D_UNE_FICHE]
                    if siennes
                    else [],
                    "droits": [
                        droit | {"taux": ecrire_taux(_fraction(droit["taux"]))}
                        for droit in self.document["taux"]
                        if droit["compte"] == code
                    ],
                    "solde_dit": dire_solde(_fraction(compte["solde"]) or 0) if compte else "",
                }
            )
        return fiches


def _fraction(texte: str | None) -> Fraction | None:
    """Un nombre exact écrit en chaîne ; None reste inconnu."""
    return None if texte is None else Fraction(texte)
