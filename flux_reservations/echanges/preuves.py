"""Ce qu'un agent ne récrit pas par fichier : une décision, un bail, une séance close, un gabarit, la trace du moteur, une année publiée.

À l'écran, ces changements passent par une action motivée et journalisée ; l'import d'un agent ne les contourne pas (RG-41, RG-63).
L'administration, par la commande, reprend tout : c'est ainsi qu'un export revient dans une base vide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from attributions.domaine.codes import DECISIONS_FAVORABLES, Issue
from attributions.models import Orientation, Seance
from bilans.models import Bilan
from flux_reservations.commun.acteur import Role
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne

QUALIFICATIONS: Final = ("exclusion", "retrait")
BAIL_RESERVE: Final = (
    "Un bail est signé : sa date se corrige ou s'annule à l'écran, par un responsable et avec un motif (RG-45)."
)
RESERVE_A_L_ADMINISTRATION: Final = (
    "Ce tableau porte des preuves (pièces, bilans publiés, registre des envois) ou ce qu'un autre a dit ou décidé (préfet, "
    "réservataires) : seule l'administration l'importe, "
    "par la commande importer."
)
GELEES: Final[Mapping[str, str]] = {"logement_id": "logement", "nature": "nature"}
"""Ce qu'une libération orientée ne change plus, et sa colonne : l'orientation a été décidée pour ce logement-là."""
GELEE: Final = (
    "Cette libération a déjà été orientée : son logement et sa nature ne changent plus. Retirez-la, puis déclarez-en une autre, "
    "ou demandez cet import à un responsable (RG-46)."
)
ISSUE_RESERVEE: Final = (
    "Cette orientation est finie ({issue}) : son issue, son compte et le délai d'une carence ne changent plus par fichier. Corrigez-la à "
    "l'écran, avec un motif, ou demandez cet import à un responsable (RG-45, RG-46)."
)
CHAMPS_TENUS: Final[Mapping[str, str]] = {"issue": "issue", "reservataire_id": "compte", "sous_contingent": "compte"}
"""Ce qu'une orientation finie ne change plus, et sa colonne."""
DELAI_DE_LA_CARENCE: Final = {
    nom: nom for nom in ("date_orientation", "date_mise_a_disposition", "date_limite_prolongee")
}
"""Les dates d'où se compte la date limite : repoussée, une carence n'est plus décomptée (RG-46)."""
CLOTURE_RESERVEE: Final = (
    "Cette séance a un ordre du jour : elle se clôt à l'écran, où ses décisions sont vérifiées et son procès-verbal produit et gardé "
    "(RG-62)."
)
DECISION_RESERVEE: Final = (
    "La commission a décidé : sa décision et sa date s'annulent à l'écran, par un responsable et avec un motif (RG-43)."
)
TRACES_DU_MOTEUR: Final = ("etat_comptes", "phrase", "compte_propose", "decidee_le")
DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "liberations": ("date_bail",),
    "orientations": ("date_orientation", "date_mise_a_disposition", "date_proposition", "date_caleol", "date_rendu"),
}
"""Dates qui placent une ligne dans une année."""


def refuser_a_un_agent(suivi: Suivi) -> bool:
    """Vrai, et le dit, si l'acteur ne peut pas importer une preuve : on ne fabrique pas la sienne."""
    if suivi.contexte.acteur.est_systeme:
        return False
    if not suivi.compte.erreurs:
        suivi.refuser(None, "", RESERVE_A_L_ADMINISTRATION)
    return True


def proteger_les_preuves(
    suivi: Suivi, ligne: Ligne, complet: Mapping[str, Any], ancien: Mapping[str, Any] | None
) -> None:
    """Refuse la ligne si un agent y récrit une preuve."""
    if suivi.contexte.acteur.est_systeme or complet == ancien:
        return
    nom = suivi.tableau.nom
    if nom == "orientations":
        for colonne in TRACES_DU_MOTEUR:
            if complet[colonne] and complet[colonne] != (ancien or {}).get(colonne):
                suivi.refuser(
                    ligne, colonne, "Ce que le moteur a proposé ne s'écrit pas par fichier (RG-41).", valeur=""
                )
                return
        if ancien is not None and _refuser_de_defaire_une_issue(suivi, ligne, complet, ancien):
            return
    if nom == "gabarits" and ancien is not None:
        suivi.refuser(ligne, "rang", "Une version de gabarit ne se récrit pas : donnez le rang suivant (RG-16).")
        return
    if nom == "previsions" and complet["publiee_le"] != (ancien or {}).get("publiee_le"):
        suivi.refuser(ligne, "publiee_le", "Une prévision se publie avec son bilan, jamais par fichier (RG-32).")
        return
    if nom == "seances" and complet["etat"] == "close" and _place_de(complet) in _seances_a_clore(suivi):
        suivi.refuser(ligne, "etat", CLOTURE_RESERVEE)
        return
    raison = _dire_ce_qui_est_fige(suivi, nom, complet, ancien)
    if raison:
        suivi.refuser(ligne, suivi.tableau.colonne_cle, f"{raison} Corrigez-la à l'écran, avec un motif.", valeur="")


class OrientationsDuLot:
    """L'issue de chaque orientation des libérations d'un lot, et quand elle a été décidée ; lues ensemble, si une ligne les demande."""

    def __init__(self, liberations: Iterable[int]) -> None:
        self._liberations = list(liberations)

    def de(self, cle: tuple[Any, ...]) -> Sequence[tuple[str, datetime | None]]:
        """Celles d'une libération, par sa clé (bailleur, numéro)."""
        return self._par_cle.get(cle, ())

    @cached_property
    def _par_cle(self) -> dict[tuple[Any, ...], list[tuple[str, datetime | None]]]:
        par_cle: dict[tuple[Any, ...], list[tuple[str, datetime | None]]] = defaultdict(list)
        lignes = Orientation.objects.filter(liberation_id__parmi=self._liberations).values_list(
            "liberation__bailleur_id", "liberation__numero", "issue", "decidee_le"
        )
        for bailleur, numero, issue, decidee_le in lignes:
            par_cle[bailleur, numero].append((issue, decidee_le))
        return par_cle


def proteger_la_liberation(
    suivi: Suivi,
    ligne: Ligne,
    complet: Mapping[str, Any],
    ancien: Mapping[str, Any] | None,
    orientations: OrientationsDuLot,
) -> None:
    """Refuse la ligne si un agent y récrit une preuve, requalifie sans motif ou, sans être responsable, défait un bail (RG-31, RG-45)."""
    acteur = suivi.contexte.acteur
    if acteur.est_systeme or complet == ancien:
        return
    if ancien is not None:
        if not acteur.peut(Role.RESPONSABLE):
            _refuser_de_defaire(suivi, ligne, complet, ancien, orientations)
        if _refuser_une_requalification(suivi, ligne, complet, ancien, orientations):
            return
    proteger_les_preuves(suivi, ligne, complet, ancien)


def _refuser_de_defaire(
    suivi: Suivi, ligne: Ligne, complet: Mapping[str, Any], ancien: Mapping[str, Any], orientations: OrientationsDuLot
) -> None:
    """Refuse la ligne si elle défait un bail ou déplace une libération déjà orientée (RG-45, RG-46).

    À l'écran, corriger un bail est un acte du responsable, motivé, qui rouvre l'orientation : l'import d'un gestionnaire ou d'un jeton
    laisserait l'orientation aboutie et le décompte tomberait sans raison.
    """
    if ancien["date_bail"] is not None and complet["date_bail"] != ancien["date_bail"]:
        suivi.refuser(ligne, "date_bail", BAIL_RESERVE)
    changees = [colonne for champ, colonne in GELEES.items() if complet[champ] != ancien[champ]]
    if changees and orientations.de(ligne.cle):
        for colonne in changees:
            suivi.refuser(ligne, colonne, GELEE)


def _refuser_de_defaire_une_issue(
    suivi: Suivi, ligne: Ligne, complet: Mapping[str, Any], ancien: Mapping[str, Any]
) -> bool:
    """Vrai, et le dit, si la ligne, sans être d'un responsable, défait une issue ou une décision (RG-43, RG-45, RG-46).

    À l'écran, annuler un bail ou une décision de la commission est un acte motivé du responsable. Restent à qui importe : poser l'issue
    d'une orientation en cours, et corriger celle d'un logement rendu ou repris sans décision, qui n'est décompté à personne.
    """
    if suivi.contexte.acteur.peut(Role.RESPONSABLE):
        return False
    colonne = _colonne_de_la_decision_defaite(complet, ancien)
    if colonne:
        suivi.refuser(ligne, colonne, DECISION_RESERVEE, valeur=str(complet[colonne] or ""))
        return True
    for champ, colonne in champs_tenus(ancien).items():
        if complet[champ] != ancien[champ]:
            suivi.refuser(ligne, colonne, ISSUE_RESERVEE.format(issue=Issue(ancien["issue"]).libelle.lower()))
            return True
    return False


def champs_tenus(orientation: Mapping[str, Any]) -> Mapping[str, str]:
    """Ce qu'une orientation finie ne change plus sans responsable, et sa colonne : un bail, une carence, ou ce que la commission a jugé."""
    issue = Issue(orientation["issue"])
    if issue is Issue.CARENCE:
        return {**CHAMPS_TENUS, **DELAI_DE_LA_CARENCE}
    est_finie = issue is Issue.BAIL or (issue is not Issue.EN_COURS and bool(orientation["decision"]))
    return CHAMPS_TENUS if est_finie else {}


def _colonne_de_la_decision_defaite(complet: Mapping[str, Any], ancien: Mapping[str, Any]) -> str:
    """La colonne qui efface la décision de la commission, ou qui la retourne : défavorable, elle ne compte plus (RG-45). Vide : aucune.

    Une séance plus récente redécide : ce n'est pas défaire.
    """
    for colonne in ("decision", "date_caleol"):
        if ancien[colonne] and not complet[colonne]:
            return colonne
    if ancien["decision"] not in DECISIONS_FAVORABLES or complet["decision"] in DECISIONS_FAVORABLES:
        return ""
    avant = ancien["date_caleol"]
    return "decision" if avant is None or complet["date_caleol"] <= avant else ""


def _refuser_une_requalification(
    suivi: Suivi, ligne: Ligne, complet: Mapping[str, Any], ancien: Mapping[str, Any], orientations: OrientationsDuLot
) -> bool:
    """Vrai, et le dit, si la ligne requalifie sans motif une libération orientée, ou en reprend l'orientation (RG-31)."""
    changees = [champ for champ in QUALIFICATIONS if complet[champ] != ancien[champ]]
    if not changees:
        return False
    les_siennes = orientations.de(ligne.cle)
    if any(issue == Issue.EN_COURS and decidee_le for issue, decidee_le in les_siennes):
        message = (
            "Ce logement est orienté dans l'application : requalifiez-le à l'écran, qui reprend l'orientation (RG-31)."
        )
        suivi.refuser(ligne, changees[0], message)
        return True
    for champ in changees:
        motif = f"motif_{champ}"
        if les_siennes and not (suivi.a(motif) and complet[motif]):
            message = f"Changer {champ} d'une libération déjà orientée demande un motif (RG-31) : remplissez {motif}."
            suivi.refuser(ligne, motif, message)
            return True
    return False


def _dire_ce_qui_est_fige(suivi: Suivi, nom: str, complet: Mapping[str, Any], ancien: Mapping[str, Any] | None) -> str:
    if nom == "seances" and ancien is not None and ancien["etat"] == "close":
        return "Cette séance est close : elle ne change plus (RG-62)."
    if nom == "inscriptions" and complet["seance_id"] in _seances_closes(suivi):
        return "Cette séance est close : son ordre du jour ne change plus (RG-62)."
    if nom == "candidats" and ancien is not None:
        if ancien["decision"]:
            return "La commission a décidé de cette demande (RG-43)."
        if ancien["date_presentation"] and complet["date_presentation"] != ancien["date_presentation"]:
            return "La date où cette demande a été présentée est enregistrée (RG-42, RG-46)."
    if nom == "orientations" and ancien is not None and ancien["decidee_le"] is not None:
        return "Cette orientation a été décidée dans l'application (RG-41)."
    dates = [ligne[champ] for champ in DATES.get(nom, ()) for ligne in (complet, ancien or {}) if ligne.get(champ)]
    publiees = _annees_publiees(suivi) if dates else frozenset()
    touchees = sorted({date.year for date in dates} & publiees)
    return f"Le bilan de {touchees[0]} est publié (RG-63)." if touchees else ""


def _annees_publiees(suivi: Suivi) -> frozenset[int]:
    """Années dont un bilan annuel est publié, pour les bailleurs de l'import ; lues une fois par fichier."""
    if suivi.annees_publiees is None:
        publies = Bilan.objects.filter(
            bailleur__in=suivi.contexte.bailleurs_cherches(), genre="annuel", etat="publie"
        ).values_list("annee", flat=True)
        suivi.annees_publiees = frozenset(publies)
    return suivi.annees_publiees


def _place_de(seance: Mapping[str, Any]) -> tuple[Any, ...]:
    return seance["bailleur_id"], seance["date"], seance["lieu"]


def _seances_a_clore(suivi: Suivi) -> frozenset[tuple[Any, ...]]:
    """Celles qu'il reste à clore et où un logement est inscrit ; lues une fois par fichier."""
    if suivi.seances_a_clore is None:
        a_clore = Seance.objects.filter(
            bailleur__in=suivi.contexte.bailleurs_cherches(), etat="prevue", inscriptions__isnull=False
        )
        suivi.seances_a_clore = frozenset(a_clore.values_list("bailleur_id", "date", "lieu"))
    return suivi.seances_a_clore


def _seances_closes(suivi: Suivi) -> frozenset[int]:
    if suivi.seances_closes is None:
        closes = Seance.objects.filter(bailleur__in=suivi.contexte.bailleurs_cherches(), etat="close")
        suivi.seances_closes = frozenset(closes.values_list("pk", flat=True))
    return suivi.seances_closes
