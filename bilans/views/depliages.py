"""Tout nombre de l'écran Flux se déplie : les logements, les taux, la règle (ecrans.md, règles communes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from django.urls import reverse

from attributions.domaine.codes import COMPTE_BAILLEUR, Exclusion
from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import CalculAnnuel
from bilans.domaine.chainage import DE_L_ETAT
from bilans.domaine.comptes import CompteAnnuel
from bilans.domaine.equilibre import DIMENSIONS
from bilans.domaine.pont import orientes_non_decomptes
from bilans.domaine.qualification import LiberationQualifiee
from bilans.views.champ import Champ, nommer_les_comptes
from flux_reservations.commun.arrondis import lisible
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import Qualification
from flux_reservations.socle.presentation import (
    Lien,
    ecrire_date_courte,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)
from flux_reservations.socle.vues import Depliage

Demande = Mapping[str, str]
"""Ce que l'adresse demande : `quoi`, et `compte`, `convention`, `ligne`, `commune`, `dimension`, `modalite` selon le nombre."""


def deplier(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Ce qui compose le nombre demandé ; lève `Introuvable` s'il n'existe pas."""
    quoi = demande.get("quoi", "C")
    lecture = _LECTURES.get(quoi)
    return lecture(calcul, champ, demande) if lecture else deplier_assiette(calcul, champ, demande)


def deplier_assiette(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements de A, B, C, des premières locations ou du stock maintenu ; ceux d'une commune si l'adresse la dit."""
    quoi, commune = demande.get("quoi", "C"), demande.get("commune", "")
    assiette = calcul.flux.assiette
    flux, exclues = calcul.loues(Qualification.FLUX), calcul.loues(Qualification.EXCLUE)
    c = f"A − B = {assiette.mises_en_location} − {assiette.total_exclusions} = {assiette.flux}."
    choix: dict[str, tuple[str, list[LiberationQualifiee], str, str]] = {
        "A": ("Mises en location (A)", flux + exclues, "RG-30", "Baux signés dans l'année sur le champ du flux."),
        "B": ("Exclusions (B)", exclues, "RG-31", "Parmi A, ceux qui sont soustraits du flux."),
        "C": ("Flux (C)", flux, "RG-30", "" if commune else c),
        "C-hors-qpv": (
            "Flux hors QPV",
            [une for une in flux if not une.est_en_qpv],
            "RG-37",
            "Le QPV se lit au jour du bail.",
        ),
        "premieres": (
            "Premières mises en location",
            calcul.loues(Qualification.PREMIERE_LOCATION),
            "RG-22",
            "Compteur à part.",
        ),
        "stock": (
            "Stock maintenu",
            calcul.loues(Qualification.STOCK_MAINTENU),
            "RG-07",
            "Ces logements ne comptent pas dans A.",
        ),
    }
    for motif in Exclusion:
        du_motif = [une for une in exclues if une.faits.exclusion == motif]
        choix[f"B-{motif.value}"] = (f"Exclusions : {motif.libelle.lower()}", du_motif, "RG-31", "")
    if quoi not in choix:
        raise Introuvable
    titre, qualifiees, regle, explication = choix[quoi]
    retenues = [une.faits.identifiant for une in qualifiees if commune in {"", une.faits.commune}]
    return _depliage(champ, titre, retenues, regle, explication)


def _deplier_decompte(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    compte = _trouver_compte(calcul, demande)
    raisons = _raisons([compte])
    return _depliage(champ, f"{_nom(compte)} : décompte", list(raisons), "RG-46", "", raisons)


def _deplier_attente(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    compte = _trouver_compte(calcul, demande)
    attente = orientes_non_decomptes(calcul.faits, calcul.flux).get(compte.compte, [])
    return _depliage(
        champ,
        f"{_nom(compte)} : orientés, pas encore décomptés",
        attente,
        "RG-45",
        "Orientés vers ce compte, sans que le fait générateur soit atteint : le retard du moteur les compte, le solde pas encore.",
    )


def _deplier_droit(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Chaque ligne : taux × C de son assiette ; un clic sur le nombre de logements montre lesquels (RG-33)."""
    compte = _trouver_compte(calcul, demande)
    lignes: list[list[str]] = [
        [
            ligne.libelle,
            f"{lisible(ligne.taux)} %",
            f"{ecrire_date_courte(ligne.debut)} – {ecrire_date_courte(ligne.fin)}",
            Lien(ecrire_nombre(ligne.nombre), _detail_du_compte(champ, compte, "ligne", ligne=rang)),
            ecrire_nombre(ligne.droit, 4),
        ]
        for rang, ligne in enumerate(compte.lignes)
    ]
    explication = (
        "Chaque ligne : taux × logements du flux mis en location sur son assiette pendant sa validité. "
        "L'entier se tire aux plus forts restes, l'État à l'entier inférieur."
    )
    if _est_le_bailleur(compte):
        explication = "Le complément : C moins les droits théoriques de tous les comptes."
        lignes = _lignes_du_complement(calcul, champ)
    return _tableau(
        champ,
        f"{_nom(compte)} : droit théorique",
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
            Lien(ecrire_solde(-compte.droit_theorique, 4), _detail_du_compte(champ, compte, "droit")),
        ]
        for compte in flux.comptes
    ]
    return [["Flux à répartir (C)", "100 %", "", "", ecrire_nombre(flux.assiette.flux, 4)], *retraits]


def _deplier_ligne(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements qui ont ajouté leur taux à une ligne de droit (RG-33)."""
    compte, rang = _trouver_compte(calcul, demande), demande.get("ligne", "")
    if not (rang.isascii() and rang.isdigit() and int(rang) < len(compte.lignes)):
        raise Introuvable
    ligne = compte.lignes[int(rang)]
    explication = (
        f"{lisible(ligne.taux)} % × {ligne.nombre} logements = {lisible(ligne.droit, 4)}, du {ecrire_date_courte(ligne.debut)} "
        f"au {ecrire_date_courte(ligne.fin)}."
    )
    return _depliage(champ, f"{_nom(compte)}, {ligne.libelle}", ligne.liberations, ligne.regle, explication)


def _deplier_entier(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Comment les droits entiers se tirent des droits théoriques, tous comptes ensemble : leur somme est C (RG-33)."""
    del demande
    comptes = [*calcul.flux.comptes, calcul.flux.non_reserve]
    noms = nommer_les_comptes(compte.compte for compte in comptes)
    return _tableau(
        champ,
        "Droits entiers",
        ecrire_nombre(calcul.flux.assiette.flux),
        ("Compte", "Droit théorique", "Entier inférieur", "Reste", "Droit entier", "Ce qui l'a décidé"),
        [
            [
                noms[compte.compte],
                Lien(ecrire_nombre(compte.droit_theorique, 4), _detail_du_compte(champ, compte, "droit")),
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


def _deplier_solde(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Le solde, terme à terme, et ce que le report fait du solde de N−1 (RG-47)."""
    compte = _trouver_compte(calcul, demande)
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
            Lien(ecrire_nombre(compte.droit_theorique, 4), _detail_du_compte(champ, compte, "droit")),
            "RG-33",
        ],
        [
            f"+ report de {champ.annee - 1}",
            ecrire_solde(compte.report, 4),
            provenance,
        ],
        [
            "− décompte",
            Lien(ecrire_nombre(compte.decompte), _detail_du_compte(champ, compte, "decompte")),
            "RG-46",
        ],
        ["= solde", ecrire_solde(compte.solde, 4), "retard s'il est positif, avance s'il est négatif"],
        [
            "solde, attente comptée",
            Lien(ecrire_solde(compte.solde - attente, 4), _detail_du_compte(champ, compte, "attente")),
            f"{attente} orientés, pas encore décomptés : le pont vers le retard du moteur",
        ],
        [
            f"dont reporté sur {champ.annee + 1}",
            ecrire_solde(compte.solde - compte.non_reporte, 4),
            "si l'année finissait aujourd'hui",
        ],
        ["dont non reporté", ecrire_solde(compte.non_reporte, 4), "reste affiché, cumulé, pour l'État"],
    ]
    if _est_le_bailleur(compte):
        lignes = lignes[:1] + lignes[2:5]
    return _tableau(
        champ,
        f"{_nom(compte)} : solde",
        ecrire_solde(compte.solde, 4),
        ("Terme", "Logements", "D'où il vient"),
        lignes,
        "RG-47",
        f"{ecrire_nombre(compte.droit_theorique, 4)} + ({ecrire_solde(compte.report, 4)}) − {compte.decompte} = "
        f"{ecrire_solde(compte.solde, 4)}.",
    )


def _deplier_l_etat(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements décomptés à l'État (sans le repli) ; `ou` : en QPV ou hors QPV ; `commune` (RG-36, RG-37)."""
    commune, ou = demande.get("commune", ""), demande.get("ou", "")
    comptes = [compte for compte in calcul.flux.comptes if compte.sous_contingent in DE_L_ETAT]
    communes = {une.faits.identifiant: une.faits.commune for une in calcul.flux.liberations}
    en_qpv = {decompte.liberation: decompte.est_en_qpv for compte in comptes for decompte in compte.decomptes}
    raisons = {
        liberation: raison
        for liberation, raison in _raisons(comptes).items()
        if commune in {"", communes[liberation]} and ou in {"", "qpv" if en_qpv[liberation] else "hors-qpv"}
    }
    titre = {"qpv": "Décompte de l'État, en QPV", "hors-qpv": "Décompte de l'État, hors QPV"}.get(
        ou, "Décompte de l'État"
    )
    return _depliage(champ, titre, list(raisons), "RG-37" if ou else "RG-36", "Sans le repli du préfet.", raisons)


def _deplier_part(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Une part de l'État : son numérateur, son dénominateur, le seuil qu'on lui oppose (RG-14, RG-37)."""
    etat = calcul.flux.etat
    parts = {
        "flux": ("Part du flux", etat.decompte, etat.flux, "etat", "C", "", "RG-14"),
        "hors-qpv": (
            "Part du flux hors QPV",
            etat.decompte_hors_qpv,
            etat.flux_hors_qpv,
            "etat",
            "C-hors-qpv",
            "hors-qpv",
            "RG-37",
        ),
        "son-flux": (
            "Part hors QPV du flux de l'État",
            etat.decompte_hors_qpv,
            etat.decompte,
            "etat",
            "etat",
            "hors-qpv",
            "RG-37",
        ),
    }
    if demande.get("part", "") not in parts:
        raise Introuvable
    nom, numerateur, denominateur, du_haut, du_bas, ou, regle = parts[demande["part"]]
    part = Fraction(100 * numerateur, denominateur) if denominateur else None
    return _tableau(
        champ,
        f"État : {nom[0].lower()}{nom[1:]}",
        ecrire_taux(part),
        ("Terme", "Logements"),
        [
            ["Décomptés à l'État", Lien(ecrire_nombre(numerateur), _adresse(champ, quoi=du_haut, ou=ou))],
            ["Rapportés à", Lien(ecrire_nombre(denominateur), _adresse(champ, quoi=du_bas))],
        ],
        regle,
        f"{numerateur} ÷ {denominateur} = {ecrire_taux(part)}."
        if denominateur
        else "Aucun logement : la part n'existe pas.",
    )


def _deplier_recus(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements d'une modalité qu'un compte a reçus dans l'année (RG-48)."""
    dimension, modalite = demande.get("dimension", ""), demande.get("modalite", "")
    compte = next(
        (un for un in (*calcul.flux.comptes, calcul.flux.non_reserve) if un.compte == demande.get("compte", "")), None
    )
    if dimension not in DIMENSIONS or compte is None:
        raise Introuvable
    faits = {une.faits.identifiant: une.faits for une in calcul.flux.liberations}
    lire = DIMENSIONS[dimension]
    recus = [
        decompte.liberation
        for decompte in compte.decomptes
        if lire(faits[decompte.liberation], calcul.faits.dernier_jour) == modalite
    ]
    return _depliage(champ, f"{_nom(compte)} : reçus, {modalite or 'inconnu'}", recus, "RG-48", "", _raisons([compte]))


_LECTURES: dict[str, Callable[[CalculAnnuel, Champ, Demande], Depliage]] = {
    "droit": _deplier_droit,
    "ligne": _deplier_ligne,
    "entier": _deplier_entier,
    "decompte": _deplier_decompte,
    "attente": _deplier_attente,
    "solde": _deplier_solde,
    "etat": _deplier_l_etat,
    "part": _deplier_part,
    "recus": _deplier_recus,
}


def _nom(compte: CompteAnnuel) -> str:
    return nommer_les_comptes([compte.compte])[compte.compte]


def _est_le_bailleur(compte: CompteAnnuel) -> bool:
    return compte.reservataire is None and not compte.sous_contingent


def _trouver_compte(calcul: CalculAnnuel, demande: Demande) -> CompteAnnuel:
    nom, convention = demande.get("compte", ""), demande.get("convention", "")
    if nom == COMPTE_BAILLEUR:
        return calcul.flux.non_reserve
    for compte in calcul.flux.comptes:
        if compte.compte == nom and compte.convention == convention:
            return compte
    raise Introuvable


def _raisons(comptes: Iterable[CompteAnnuel]) -> dict[int, str]:
    return {
        decompte.liberation: PHRASES[decompte.imputation.raison] for compte in comptes for decompte in compte.decomptes
    }


def _adresse(champ: Champ, **quoi: object) -> str:
    return f"{reverse('flux_detail')}?{champ.parametres(**quoi)}"


def _detail_du_compte(champ: Champ, compte: CompteAnnuel, quoi: str, **plus: object) -> str:
    return _adresse(champ, quoi=quoi, compte=compte.compte, convention=compte.convention, **plus)


def _tableau(
    champ: Champ,
    titre: str,
    total: str,
    entetes: Iterable[str],
    lignes: list[list[str]],
    regle: str,
    explication: str,
) -> Depliage:
    return Depliage(
        titre=f"{titre}, {champ.annee}",
        total=total,
        entetes=list(entetes),
        lignes=lignes,
        regle=regle,
        au_titre_de=f"{champ.annee}-12-31",
        explication=explication,
        fil=[("Flux", f"{reverse('flux')}?{champ.parametres()}")],
    )


def _depliage(
    champ: Champ,
    titre: str,
    identifiants: Iterable[int],
    regle: str,
    explication: str,
    raisons: Mapping[int, str] | None = None,
) -> Depliage:
    """Un logement par ligne ; son numéro mène à sa fiche."""
    identifiants = list(identifiants)
    liberations = (
        Liberation.objects.visibles_par(champ.acteur)
        .filter(pk__in=identifiants)
        .select_related("logement__commune")
        .order_by("date_bail", "numero")
    )
    entetes = ["Libération", "Logement", "Commune", "Type", "Financement", "Bail"]
    lignes = [
        [
            Lien(liberation.numero, reverse("liberation", args=[liberation.pk])),
            liberation.logement.adresse or liberation.logement.identifiant,
            liberation.logement.commune.nom,
            liberation.logement.typologie,
            liberation.logement.financement or "—",
            ecrire_date_courte(liberation.date_bail),
            *([raisons.get(liberation.pk, "")] if raisons is not None else []),
        ]
        for liberation in liberations
    ]
    if raisons is not None:
        entetes.append("Décompté parce que")
    return _tableau(champ, titre, ecrire_nombre(len(identifiants)), entetes, lignes, regle, explication)
