"""Déplier un compte : son droit ligne à ligne, son entier, son décompte, son solde (RG-33, RG-46, RG-47)."""

from __future__ import annotations

from bilans.calcul import CalculAnnuel
from bilans.domaine.chainage import DE_L_ETAT
from bilans.domaine.comptes import CompteAnnuel
from bilans.domaine.pont import orientes_non_decomptes
from bilans.views.champ import Champ, nommer_les_comptes
from bilans.views.depliages.commun import (
    Demande,
    depliage_de_logements,
    depliage_en_tableau,
    detail_du_compte,
    dire_les_raisons,
    est_le_bailleur,
    nom_du_compte,
    trouver_compte,
)
from flux_reservations.commun.arrondis import accorder, lisible
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import (
    Lien,
    ecrire_date_courte,
    ecrire_nombre,
    ecrire_solde,
)
from flux_reservations.socle.vues import Depliage


def deplier_decompte(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements décomptés, et pourquoi chacun l'est (RG-46)."""
    compte = trouver_compte(calcul, demande)
    raisons = dire_les_raisons([compte])
    return depliage_de_logements(champ, f"{nom_du_compte(compte)} : décompte", list(raisons), "RG-46", "", raisons)


def deplier_attente(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements orientés vers le compte que le solde ne compte pas encore (RG-45)."""
    compte = trouver_compte(calcul, demande)
    attente = orientes_non_decomptes(calcul.faits, calcul.flux).get(compte.compte, [])
    return depliage_de_logements(
        champ,
        f"{nom_du_compte(compte)} : orientés, pas encore décomptés",
        attente,
        "RG-45",
        "Orientés vers ce compte, sans que le fait générateur soit atteint : le retard du moteur les compte, le solde pas encore.",
    )


def deplier_droit(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Chaque ligne : taux × C de son assiette ; un clic sur le nombre de logements montre lesquels (RG-33)."""
    compte = trouver_compte(calcul, demande)
    lignes: list[list[str]] = [
        [
            ligne.libelle,
            f"{lisible(ligne.taux)} %",
            f"{ecrire_date_courte(ligne.debut)} – {ecrire_date_courte(ligne.fin)}",
            Lien(ecrire_nombre(ligne.nombre), detail_du_compte(champ, compte, "ligne", ligne=rang)),
            ecrire_nombre(ligne.droit, 4),
        ]
        for rang, ligne in enumerate(compte.lignes)
    ]
    explication = (
        "Chaque ligne : taux × logements du flux mis en location sur son assiette pendant sa validité. "
        "L'entier se tire aux plus forts restes, l'État à l'entier inférieur."
    )
    if est_le_bailleur(compte):
        explication = "Le complément : C moins les droits théoriques de tous les comptes."
        lignes = _lignes_du_complement(calcul, champ)
    return depliage_en_tableau(
        champ,
        f"{nom_du_compte(compte)} : droit théorique",
        ecrire_nombre(compte.droit_theorique, 4),
        ("Où le droit s'exerce", "Taux", "Période", "Logements", "Droit"),
        lignes,
        "RG-19" if compte.sous_contingent == "repli" else "RG-33",
        explication,
    )


def _lignes_du_complement(calcul: CalculAnnuel, champ: Champ) -> list[list[str]]:
    """C, puis ce que chaque compte en retire."""
    flux = calcul.flux
    noms = nommer_les_comptes(compte.compte for compte in flux.comptes)
    retraits: list[list[str]] = [
        [
            f"moins le droit : {noms[compte.compte]}",
            "",
            "",
            "",
            Lien(ecrire_solde(-compte.droit_theorique, 4), detail_du_compte(champ, compte, "droit")),
        ]
        for compte in flux.comptes
    ]
    return [["Flux à répartir (C)", "100 %", "", "", ecrire_nombre(flux.assiette.flux, 4)], *retraits]


def deplier_ligne(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements qui ont ajouté leur taux à une ligne de droit (RG-33)."""
    compte, rang = trouver_compte(calcul, demande), lire_entier(demande.get("ligne", ""))
    if rang is None or rang >= len(compte.lignes):
        raise Introuvable
    ligne = compte.lignes[rang]
    explication = (
        f"{lisible(ligne.taux)} % × {accorder(ligne.nombre, 'logement')} = {lisible(ligne.droit, 4)}, du {ecrire_date_courte(ligne.debut)} "
        f"au {ecrire_date_courte(ligne.fin)}."
    )
    return depliage_de_logements(
        champ, f"{nom_du_compte(compte)}, {ligne.libelle}", ligne.liberations, ligne.regle, explication
    )


def deplier_entier(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Comment les droits entiers se tirent des droits théoriques, tous comptes ensemble : leur somme est C (RG-33)."""
    del demande
    comptes = [*calcul.flux.comptes, calcul.flux.non_reserve]
    noms = nommer_les_comptes(compte.compte for compte in comptes)
    return depliage_en_tableau(
        champ,
        "Droits entiers",
        ecrire_nombre(calcul.flux.assiette.flux),
        ("Compte", "Droit théorique", "Entier inférieur", "Reste", "Droit entier", "Ce qui l'a décidé"),
        [
            [
                noms[compte.compte],
                Lien(ecrire_nombre(compte.droit_theorique, 4), detail_du_compte(champ, compte, "droit")),
                ecrire_nombre(compte.droit_theorique.__floor__()),
                ecrire_nombre(compte.droit_theorique - compte.droit_theorique.__floor__(), 4),
                ecrire_nombre(compte.droit),
                _dire_l_arrondi(compte),
            ]
            for compte in comptes
        ],
        "RG-33",
        f"La somme des droits entiers est C = {calcul.flux.assiette.flux}. L'État à l'entier inférieur de son droit total ; dans l'État, "
        "les agents à l'entier inférieur, les prioritaires le complément ; les autres et le bailleur aux plus forts restes.",
    )


def _dire_l_arrondi(compte: CompteAnnuel) -> str:
    if compte.sous_contingent in DE_L_ETAT:
        return "entier inférieur" if compte.sous_contingent == "agents" else "complément de l'État"
    return "plus fort reste" if compte.droit > compte.droit_theorique else "entier inférieur"


def deplier_solde(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Le solde, terme à terme, et ce que le report fait du solde de N−1 (RG-47)."""
    compte = trouver_compte(calcul, demande)
    plafond = (
        f", entre −{compte.plafond_de_report} et +{compte.plafond_de_report}"
        if compte.plafond_de_report is not None
        else ""
    )
    ante = ecrire_solde(compte.solde_anterieur, 4) if compte.solde_anterieur is not None else "aucun"
    attente = len(orientes_non_decomptes(calcul.faits, calcul.flux).get(compte.compte, ()))
    provenance = f"solde de {champ.annee - 1} : {ante} ; politique : {compte.politique_de_report}{plafond}"
    lignes: list[list[str]] = [
        [
            "Droit théorique",
            Lien(ecrire_nombre(compte.droit_theorique, 4), detail_du_compte(champ, compte, "droit")),
            "RG-33",
        ],
        [
            f"+ report de {champ.annee - 1}",
            ecrire_solde(compte.report, 4),
            provenance,
        ],
        [
            "− décompte",
            Lien(ecrire_nombre(compte.decompte), detail_du_compte(champ, compte, "decompte")),
            "RG-46",
        ],
        ["= solde", ecrire_solde(compte.solde, 4), "retard s'il est positif, avance s'il est négatif"],
        [
            "solde, attente comptée",
            Lien(ecrire_solde(compte.solde - attente, 4), detail_du_compte(champ, compte, "attente")),
            f"{accorder(attente, 'orienté, pas encore décompté', 'orientés, pas encore décomptés')} : le pont vers le retard du moteur",
        ],
        [
            f"dont reporté sur {champ.annee + 1}",
            ecrire_solde(compte.solde - compte.non_reporte, 4),
            "si l'année finissait aujourd'hui",
        ],
        ["dont non reporté", ecrire_solde(compte.non_reporte, 4), "reste affiché, cumulé, pour l'État"],
    ]
    if est_le_bailleur(compte):
        lignes = lignes[:1] + lignes[2:5]
    return depliage_en_tableau(
        champ,
        f"{nom_du_compte(compte)} : solde",
        ecrire_solde(compte.solde, 4),
        ("Terme", "Logements", "D'où il vient"),
        lignes,
        "RG-47",
        f"{ecrire_nombre(compte.droit_theorique, 4)} + ({ecrire_solde(compte.report, 4)}) − {compte.decompte} = "
        f"{ecrire_solde(compte.solde, 4)}.",
    )
