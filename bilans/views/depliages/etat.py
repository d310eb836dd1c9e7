"""Déplier les parts : celles de l'État (RG-36, RG-37) et la structure reçue par un compte (RG-48)."""

from __future__ import annotations

from fractions import Fraction

from bilans.calcul import CalculAnnuel
from bilans.domaine.chainage import DE_L_ETAT
from bilans.domaine.equilibre import DIMENSIONS
from bilans.views.champ import Champ
from bilans.views.depliages.commun import (
    Demande,
    adresse_du_detail,
    depliage_de_logements,
    depliage_en_tableau,
    dire_les_raisons,
    nom_du_compte,
)
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import (
    Lien,
    ecrire_nombre,
    ecrire_taux,
)
from flux_reservations.socle.vues import Depliage


def deplier_l_etat(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements décomptés à l'État (sans le repli) ; `ou` : en QPV ou hors QPV ; `commune` (RG-36, RG-37)."""
    commune, ou = demande.get("commune", ""), demande.get("ou", "")
    comptes = [compte for compte in calcul.flux.comptes if compte.sous_contingent in DE_L_ETAT]
    communes = {une.faits.identifiant: une.faits.commune for une in calcul.flux.liberations}
    en_qpv = {decompte.liberation: decompte.est_en_qpv for compte in comptes for decompte in compte.decomptes}
    raisons = {
        liberation: raison
        for liberation, raison in dire_les_raisons(comptes).items()
        if commune in {"", communes[liberation]} and ou in {"", "qpv" if en_qpv[liberation] else "hors-qpv"}
    }
    titre = {"qpv": "Décompte de l'État, en QPV", "hors-qpv": "Décompte de l'État, hors QPV"}.get(
        ou, "Décompte de l'État"
    )
    return depliage_de_logements(
        champ, titre, list(raisons), "RG-37" if ou else "RG-36", "Sans le repli du préfet.", raisons
    )


def deplier_part(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
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
    return depliage_en_tableau(
        champ,
        f"État : {nom[0].lower()}{nom[1:]}",
        ecrire_taux(part),
        ("Terme", "Logements"),
        [
            ["Décomptés à l'État", Lien(ecrire_nombre(numerateur), adresse_du_detail(champ, quoi=du_haut, ou=ou))],
            ["Rapportés à", Lien(ecrire_nombre(denominateur), adresse_du_detail(champ, quoi=du_bas))],
        ],
        regle,
        f"{numerateur} ÷ {denominateur} = {ecrire_taux(part)}."
        if denominateur
        else "Aucun logement : la part n'existe pas.",
    )


def deplier_recus(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
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
    return depliage_de_logements(
        champ,
        f"{nom_du_compte(compte)} : reçus, {modalite or 'inconnu'}",
        recus,
        "RG-48",
        "",
        dire_les_raisons([compte]),
    )
