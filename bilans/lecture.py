"""Des données figées d'un bilan aux tableaux qu'on lit : l'écran et le PDF montrent les mêmes, le tableur porte les mêmes nombres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attributions.domaine.codes import Exclusion
from bilans.domaine.equilibre import ecart_en_points
from bilans.domaine.secret import TOTAL
from bilans.tableaux import (
    AXES,
    AXES_COURTS,
    MASQUE,
    Case,
    Compteurs,
    Rang,
    Tableau,
    cle_de_modalite,
    fraction,
    intituler,
    lire_modalite,
    nombre,
    part,
)
from flux_reservations.commun.tri import cle_de_tri
from flux_reservations.socle.presentation import INCONNU, dire_solde, ecrire_nombre, ecrire_solde, ecrire_taux


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
            (ecrire_taux(fraction(self.flux["etat"]["part_du_flux"]), 1), "du flux décompté à l'État"),
            (
                ecrire_taux(fraction(self.flux["etat"]["part_du_flux_hors_qpv"]), 1),
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
                    Case(ecrire_nombre(fraction(compte["droit_theorique"]), 2)),
                    nombre(compte["droit"]),
                    Case(ecrire_solde(fraction(compte["report"]), 2)),
                    nombre(compte["decompte"]),
                    Case(ecrire_solde(fraction(compte["solde"]), 2)),
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
                    Case(ecrire_nombre(fraction(reste["droit_theorique"]), 2)),
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

    def soldes(self) -> list[tuple[Rang, dict[str, str] | None]]:
        """Le même tableau sans les conventions, chaque compte avec sa barre ; toutes à la même échelle, centrées sur zéro."""
        soldes = [fraction(compte["solde"]) or Fraction(0) for compte in self.flux["comptes"]]
        maximum = max([*(abs(solde) for solde in soldes), Fraction(1)])
        barres = [
            {
                "texte": dire_solde(solde),
                "couleur": "#b0560a" if solde > 0 else "#2b7a8f",
                "depart": str(500 if solde > 0 else 500 - int(-solde * 480 / maximum)),
                "longueur": str(int(abs(solde) * 480 / maximum)),
            }
            for solde in soldes
        ]
        rangs = [Rang(rang.entete, rang.cases[1:], est_total=rang.est_total) for rang in self.comptes().rangs]
        return list(zip(rangs, [*barres, *[None] * (len(rangs) - len(barres))], strict=True))

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
        legende = f"Par {AXES_COURTS[axe]}" if compte else f"Logements proposés et attribués par {AXES[axe]}"
        return self._tableau(
            compteurs,
            modalites,
            lambda valeur: lire_modalite(axe, valeur, self.communes),
            legende,
            intituler(AXES_COURTS[axe] if compte else AXES[axe]),
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
        entetes = (entete, "Prop.", "Attr.") if court else (entete, "Proposés", "Attribués", "Part des attribués")
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
        """Orientés, rendus, carences, baux, et délais moyens jusqu'au bail, par compte."""
        cles = ("orientes", "mis_a_disposition", "rendus", "carences", "baux")
        jours = (
            "jours_du_conge_au_bail",
            "jours_de_la_disponibilite_au_bail",
            "jours_de_la_mise_a_disposition_au_bail",
        )
        lignes = self.document["suites"]
        rangs = [
            Rang(
                self.nom(ligne["compte"]),
                (
                    *(nombre(ligne[cle]) for cle in cles),
                    *(Case(ecrire_nombre(fraction(ligne[cle]), 0)) for cle in jours),
                ),
            )
            for ligne in lignes
        ]
        totaux = [nombre(sum(ligne[cle] for ligne in lignes)) for cle in cles]
        rangs.append(Rang("Ensemble", (*totaux, *[Case("")] * len(jours)), est_total=True))
        return Tableau(
            "Ce que sont devenus les logements du flux, et délais moyens jusqu'au bail, en jours",
            (
                "Compte", "Orientés", "Mis à disposition", "Rendus", "Carences", "Baux",
                "Jours du congé", "de la disponibilité", "de la mise à disposition",
            ),
            tuple(rangs),
            "Un logement rendu ou en carence est orienté de nouveau : il est compté à chaque compte qui l'a reçu.",
        )  # fmt: skip

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
