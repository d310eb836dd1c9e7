"""Le document d'un bilan : tout ce que le PDF, le tableur et l'écran montrent, en un seul objet figé (RG-60, RG-63).

L'objet est celui de `produire_bilan` (`flux`, `lignes`), augmenté de `document`. Il n'y a plus aucune lecture de la base après lui : le
PDF et le tableur s'en refont à l'identique. Les effectifs de ménages y sont déjà masqués (RG-64) : c'est ce qui est envoyé à tous.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from attributions.domaine.codes import COMPTE_BAILLEUR, Decision, Exclusion, Public, Reponse, nommer_compte
from attributions.domaine.publics import mesurer
from attributions.models import Candidat
from bilans.calcul import CalculAnnuel
from bilans.domaine.equilibre import equilibre_du_compte, part_realisee_par_commune
from bilans.domaine.lignes import Attribution, Section, attributions_de_l_annee
from bilans.domaine.publics import menages_de_l_annee, mesurer_la_mobilite
from bilans.domaine.secret import TOTAL, masquer
from bilans.domaine.suites import presenter_suites, suites_de_l_annee
from conventions.domaine.codes import SousContingent
from conventions.models import Bailleur, Reservataire
from flux_reservations.droit import assiette, delais, taux
from flux_reservations.droit.assiette import periode_de_construction
from flux_reservations.droit.parametre import Parametre
from flux_reservations.socle.parmi import EstParmi
from flux_reservations.socle.presentation import ESPACE_INSECABLE, ecrire_date, ecrire_taux
from flux_reservations.territoires.models import Commune, Departement, Territoire

VERSION_DU_DOCUMENT = 1
_CONTROLE_DE_MENAGES = re.compile(r"\d+ × (.*\bménage\b.*)", re.DOTALL)
_TERRITOIRE = re.compile(r"\b(?:commune|epci|ept|metropole|departement|region):[0-9AB]+\b")
LIBELLES_DE_SECTION: dict[Section, str] = {
    Section.FLUX: "Flux : relocations réparties entre les réservataires et le bailleur",
    Section.PREMIERES_LOCATIONS: "Premières locations de programmes neufs, comptées à part",
    Section.RELOGEMENTS_ET_MUTATIONS: "Relogements et mutations, soustraits du flux",
    Section.STOCK_MAINTENU: "Stock maintenu : défense, sécurité intérieure, santé",
    Section.SANS_ORIENTATION: "Baux signés sans orientation",
    Section.HORS_CHAMP: "Hors du champ : foyers, intermédiaires, fonction…",
}
_COLONNES_DE_REFUS: dict[str, str] = {
    Reponse.REFUSE: "Refus",
    Reponse.SILENCE: "Silence valant refus",
    Reponse.DESISTEMENT: "Désistement",
    Decision.NON_ATTRIBUTION: "Non-attribution",
    Decision.IRRECEVABILITE: "Irrecevabilité",
}
PARAMETRES_CITES: tuple[Parametre[Any], ...] = (
    taux.PART_MAXIMALE_ETAT,
    taux.PART_MAXIMALE_AGENTS,
    taux.PART_MINIMALE_HORS_QPV,
    assiette.MOTIFS_D_EXCLUSION,
    delais.CANDIDATS_MINIMUM,
    delais.DELAI_DE_REPONSE,
    delais.DERNIER_JOUR_DU_BILAN,
    delais.SEUIL_DU_SECRET,
    delais.SEUIL_D_EQUILIBRE,
    assiette.DEBUTS_DE_PERIODE_DE_CONSTRUCTION,
)


def composer_document(
    calcul: CalculAnnuel, bailleur: Bailleur, departement: Departement, etabli_le: date
) -> dict[str, Any]:
    """L'objet du bilan, prêt à être figé ; quatre requêtes de plus que le calcul, quel que soit le volume."""
    attributions = attributions_de_l_annee(calcul.faits, calcul.flux)
    objet = calcul.bilan_json()
    objet["flux"]["controles"] = [taire_les_menages(controle) for controle in objet["flux"]["controles"]]
    comptes = {ligne["compte"] for ligne in objet["lignes"]} | {compte.compte for compte in calcul.flux.comptes}
    suites = list(presenter_suites(suites_de_l_annee(calcul.faits, calcul.flux, attributions)))
    comptes |= {str(ligne["compte"]) for ligne in suites}
    le = calcul.faits.dernier_jour
    refus = compter_les_refus(bailleur.pk, departement.pk, calcul)
    comptes |= {compte for compte, _ in refus}
    communes = {un.liberation.commune for un in attributions} | {ligne["commune"] for ligne in objet["lignes"]}
    objet["document"] = {
        "version": VERSION_DU_DOCUMENT,
        "bailleur": {"siren": bailleur.siren, "nom": bailleur.nom},
        "departement": {"code": departement.pk, "nom": departement.nom},
        "annee": calcul.faits.annee,
        "etabli_le": etabli_le.isoformat(),
        "noms": nommer_les_comptes(comptes, bailleur.nom),
        "communes": dict(Commune.objects.filter(pk__in=communes).values_list("pk", "nom")),
        "sections": presenter_sections(attributions),
        "hors_flux": presenter_hors_flux(attributions, le),
        "motifs": compter_les_motifs(attributions),
        "suites": suites,
        "refus": croiser(refus, le),
        "publics": croiser(compter_les_publics(calcul, attributions), le, totaux_publics=True),
        "objectifs": presenter_objectifs(calcul, attributions, le),
        "equilibre": presenter_equilibre(calcul),
        "etat_par_commune": presenter_etat_par_commune(calcul),
        "mobilite": presenter_mobilite(attributions),
        "taux": presenter_taux(calcul),
        "regles": citer_les_regles(le),
    }
    return objet


def taire_les_menages(controle: dict[str, str]) -> dict[str, str]:
    """Un contrôle qui compte des ménages par public ne dit plus combien : ce nombre redonnerait un effectif masqué (RG-64)."""
    compte = _CONTROLE_DE_MENAGES.match(controle["message"])
    return controle | {"message": f"Au moins un {compte[1]}"} if compte else controle


def nommer_les_comptes(comptes: Iterable[str], nom_du_bailleur: str) -> dict[str, str]:
    """Nom lisible de chaque compte (une requête)."""
    liste = sorted({*comptes, COMPTE_BAILLEUR})
    codes = {compte.partition("/")[0] for compte in liste}
    noms = dict(Reservataire.objects.filter(code__in=codes).values_list("code", "nom"))
    return {compte: nommer_compte(compte, noms, f"{nom_du_bailleur} (non réservé)") for compte in liste}


def presenter_sections(attributions: Sequence[Attribution]) -> list[dict[str, Any]]:
    """Baux par section ; leur somme est celle des baux signés de l'année (RG-60)."""
    nombres = Counter(attribution.section for attribution in attributions)
    return [
        {"section": section.value, "libelle": LIBELLES_DE_SECTION[section], "baux": nombres[section]}
        for section in Section
    ]


def presenter_hors_flux(attributions: Sequence[Attribution], le: date) -> list[dict[str, Any]]:
    """Les attributions hors du flux, par section et par axe.

    Le motif d'un relogement n'y est pas : croisé avec un axe, il décrirait un ménage (RG-64). Le stock maintenu ne se localise qu'à la
    commune (RG-73) : QPV, financement et période, qui désigneraient un programme, n'y sont pas dits (None).
    """
    nombres = Counter(
        (attribution.section.value, attribution.liberation.commune)
        + (
            (None, attribution.liberation.typologie, None, None)
            if attribution.section is Section.STOCK_MAINTENU
            else (
                attribution.est_en_qpv,
                attribution.liberation.typologie,
                attribution.liberation.financement,
                periode_de_construction(attribution.liberation.annee_construction, le),
            )
        )
        for attribution in attributions
        if attribution.section is not Section.FLUX
    )
    cles = ("section", "commune", "qpv", "typologie", "financement", "periode_construction")
    ordonnes = sorted(nombres.items(), key=lambda ligne: tuple("" if axe is None else str(axe) for axe in ligne[0]))
    return [dict(zip(cles, cle, strict=True)) | {"baux": nombre} for cle, nombre in ordonnes]


def compter_les_motifs(attributions: Iterable[Attribution]) -> dict[str, int]:
    """Baux des relogements et mutations par motif, sur le département : B, sans autre axe (RG-60, RG-64)."""
    return dict(
        Counter(
            attribution.liberation.exclusion
            for attribution in attributions
            if attribution.section is Section.RELOGEMENTS_ET_MUTATIONS
        )
    )


def compter_les_refus(bailleur: int, departement: str, calcul: CalculAnnuel) -> dict[tuple[str, str], int]:
    """Ménages qui ont refusé, ou que la commission n'a pas retenus, sur le flux, par compte et par raison (une requête).

    Une décision se date du jour où la commission a examiné la demande ; à défaut (import), de la séance ou de l'orientation.
    """
    periode = (calcul.faits.premier_jour, calcul.faits.dernier_jour)
    hors_du_flux = [une.faits.identifiant for une in calcul.flux.liberations if not une.est_du_flux]
    lignes = (
        Candidat.objects.alias(
            examine_le=Coalesce("date_examen", "orientation__date_caleol", "orientation__date_orientation")
        )
        .filter(
            Q(reponse__in=[Reponse.REFUSE, Reponse.SILENCE, Reponse.DESISTEMENT], date_reponse__range=periode)
            | Q(decision__in=[Decision.NON_ATTRIBUTION, Decision.IRRECEVABILITE], examine_le__range=periode),
            orientation__liberation__bailleur_id=bailleur,
            orientation__liberation__logement__commune__departement_id=departement,
        )
        .exclude(EstParmi("orientation__liberation_id", hors_du_flux))
        .values_list("orientation__reservataire__code", "orientation__sous_contingent", "reponse", "decision")
        .order_by()
    )
    nombres: Counter[tuple[str, str]] = Counter()
    for code, sous_contingent, reponse, decision in lignes:
        raison = reponse if reponse in _COLONNES_DE_REFUS else decision
        compte = f"{code}/{sous_contingent}" if sous_contingent else code or COMPTE_BAILLEUR
        nombres[compte, _COLONNES_DE_REFUS[raison]] += 1
    return dict(nombres)


def compter_les_publics(calcul: CalculAnnuel, attributions: Iterable[Attribution]) -> dict[tuple[str, str], int]:
    """Ménages logés sur le flux, par compte et par public."""
    libelles = {membre.value: membre.libelle for membre in Public}
    menages = menages_de_l_annee(
        calcul.faits, calcul.flux, [attribution for attribution in attributions if attribution.section is Section.FLUX]
    )
    return dict(
        Counter(
            (menage.compte, libelles.get(menage.public, "Autre") if menage.public else "Inconnu") for menage in menages
        )
    )


def croiser(effectifs: Mapping[tuple[str, str], int], le: date, *, totaux_publics: bool = False) -> dict[str, Any]:
    """Un tableau croisé de ménages, masqué (RG-64) : `cases[ligne][colonne]`, None = masqué, totaux en dernier.

    `totaux_publics` : le total d'une ligne se lit ailleurs dans le document (les attribués d'un compte). Le masquer ne protégerait
    rien : la ligne entière est alors retirée du tableau et de ses totaux.
    """
    if not effectifs:
        return {"lignes": [], "colonnes": [], "cases": []}
    lignes = sorted({ligne for ligne, _ in effectifs})
    colonnes = sorted({colonne for _, colonne in effectifs})
    plein = {(ligne, colonne): effectifs.get((ligne, colonne), 0) for ligne in lignes for colonne in colonnes}
    masque = masquer(plein, le)
    fragiles = {ligne for ligne in lignes if masque[ligne, TOTAL] is None}
    if totaux_publics and fragiles:
        return croiser(
            {case: nombre for case, nombre in effectifs.items() if case[0] not in fragiles}, le, totaux_publics=True
        )
    return {
        "lignes": [*lignes, TOTAL],
        "colonnes": [*colonnes, TOTAL],
        "cases": [[masque[ligne, colonne] for colonne in (*colonnes, TOTAL)] for ligne in (*lignes, TOTAL)],
    }


def presenter_objectifs(calcul: CalculAnnuel, attributions: Sequence[Attribution], le: date) -> list[dict[str, Any]]:
    """Les objectifs de RG-50, tenus ou non : la part exacte redonnerait des effectifs masqués, elle n'est pas dite à tous.

    Sur moins de ménages que le seuil du secret, « tenu » désignerait presque un ménage : le résultat est masqué aussi (RG-64).
    """
    seuil = delais.SEUIL_DU_SECRET.valeur(le)
    menages = menages_de_l_annee(calcul.faits, calcul.flux, attributions)
    return [
        {
            "objectif": indicateur.objectif.value,
            "compte": indicateur.compte,
            "seuil": str(indicateur.seuil * 100),
            "est_tenu": indicateur.est_tenu if indicateur.total >= seuil else None,
            "inconnus": None if 0 < indicateur.inconnus < seuil else indicateur.inconnus,
        }
        for indicateur in mesurer(menages, le)
    ]


def presenter_equilibre(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """Les écarts de structure qui alertent, par compte (RG-48)."""
    return [
        {
            "compte": compte.compte,
            "dimension": ecart.dimension,
            "modalite": ecart.modalite,
            "recus": ecart.recus,
            "total_recus": ecart.total_recus,
            "eligibles": ecart.eligibles,
            "total_eligibles": ecart.total_eligibles,
        }
        for compte in (*calcul.flux.comptes, calcul.flux.non_reserve)
        for ecart in equilibre_du_compte(calcul.faits, calcul.flux, compte)
        if ecart.est_une_alerte
    ]


def presenter_etat_par_commune(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """La part réalisée par l'État sur chaque commune (RG-36)."""
    de_l_etat = [
        compte
        for compte in calcul.flux.comptes
        if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}
    ]
    parts = part_realisee_par_commune(calcul.flux, calcul.faits, de_l_etat)
    return [{"commune": commune, "decompte": recu, "flux": total} for commune, (recu, total) in parts.items()]


def presenter_mobilite(attributions: Sequence[Attribution]) -> dict[str, Any]:
    """Mutations servies et relogements tenus (RG-52)."""
    mobilite = mesurer_la_mobilite(attributions)
    return {"mutations": mobilite.mutations, "relogements": mobilite.relogements, "attributions": mobilite.attributions}


def presenter_taux(calcul: CalculAnnuel) -> list[dict[str, Any]]:
    """Les lignes de droit qui ont couru, compte par compte, territoires nommés : de quoi refaire chaque droit (RG-33)."""
    codes = {
        code for compte in calcul.flux.comptes for ligne in compte.lignes for code in _TERRITOIRE.findall(ligne.libelle)
    }
    territoires = dict(Territoire.objects.filter(pk__in=codes).values_list("pk", "nom"))
    return [
        {
            "compte": compte.compte,
            "convention": compte.convention,
            "libelle": _TERRITOIRE.sub(lambda trouve: territoires.get(trouve[0], trouve[0]), ligne.libelle),
            "taux": str(ligne.taux),
            "debut": ligne.debut.isoformat(),
            "fin": ligne.fin.isoformat(),
            "nombre": ligne.nombre,
            "regle": ligne.regle,
        }
        for compte in calcul.flux.comptes
        for ligne in compte.lignes
    ]


def citer_les_regles(le: date) -> list[dict[str, str]]:
    """Les paramètres de droit lus au titre de l'année, avec leur source (RG-38)."""
    cites = []
    for parametre in PARAMETRES_CITES:
        if parametre.versions[0].depuis <= le:
            version = parametre.version(le)
            cites.append(
                {
                    "regle": parametre.regle,
                    "libelle": parametre.libelle,
                    "valeur": ecrire_valeur(version.valeur, parametre.unite),
                    "unite": parametre.unite.removesuffix(" (0 à 1)"),
                    "source": str(version.source),
                    "certitude": parametre.certitude.libelle,
                }
            )
    return cites


def ecrire_valeur(valeur: object, unite: str) -> str:
    """La valeur d'un paramètre, en toutes lettres."""
    if unite == "mois et jour" and isinstance(valeur, tuple):
        return ecrire_date(date(2001, *valeur)).rpartition(ESPACE_INSECABLE)[0]
    if isinstance(valeur, tuple | list):
        libelles = {membre.value: membre.libelle for membre in Exclusion}
        return ", ".join(str(libelles.get(element, element)) for element in valeur)
    if isinstance(valeur, Decimal) and unite.endswith("(0 à 1)"):
        return ecrire_taux(Fraction(valeur) * 100, 0)
    return str(valeur).replace(".", ",")
