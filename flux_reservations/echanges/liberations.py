"""Une libération écrite par un logiciel : déclarer, corriger, dire son bail — aux règles de l'import (formats.md § 1 et § 3, RG-40)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from attributions.actions.baux import signer_bail
from attributions.actions.hors_flux import signer_bail_hors_flux
from attributions.actions.orienter import trouver_liberation
from attributions.actions.requalifier import decaler_la_disponibilite, exclure, retirer_la_liberation
from attributions.domaine.codes import Issue
from attributions.models import Liberation
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, SaisieRefusee
from flux_reservations.echanges.actions import ecrire_des_lignes
from flux_reservations.echanges.lecture.fichiers import lignes_donnees
from flux_reservations.echanges.modele import en_texte
from flux_reservations.echanges.preuves import BAIL_RESERVE, GELEE, GELEES
from flux_reservations.echanges.tableaux.liberations import Liberations
from flux_reservations.socle.journal import journaliser

COLONNES: Final = {colonne.nom: colonne for colonne in Liberations.colonnes if colonne.nom != "bailleur"}
MOTIFS: Final[Mapping[str, tuple[str, str]]] = {
    "date_disponibilite": ("motif", "RG-40"),
    "exclusion": ("motif_exclusion", "RG-31"),
    "retrait": ("motif_retrait", "RG-40"),
}
"""Ce qui ne change d'une libération déjà orientée qu'avec un motif : le champ où il s'écrit, et la règle."""
ATTENTE: Final = "5s"
"""Au-delà, un import en cours fait refuser l'écriture : elle se rejoue."""


def declarer_liberation(*, acteur: Acteur, saisie: Mapping[str, Any]) -> Liberation:
    """Crée une libération. Lève `Conflit` si son numéro est pris, `SaisieRefusee` si l'import la refuserait."""
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None:
        raise AccesRefuse
    with _ecriture():
        if Liberation.objects.filter(bailleur=bailleur, numero=saisie["numero"]).exists():
            raise Conflit(f"La libération {saisie['numero']} existe déjà : corrigez-la à son adresse, par PATCH.")
        _ecrire(acteur, bailleur.siren, saisie)
        liberation = Liberation.objects.get(bailleur=bailleur, numero=saisie["numero"])
        _noter(acteur, liberation, "declarer_liberation", {}, {nom: valeur for nom, valeur in saisie.items() if valeur})
        if liberation.date_bail is not None:
            _noter(acteur, liberation, "signer_bail", {}, {"date_bail": liberation.date_bail})
    return liberation


def corriger_liberation(*, acteur: Acteur, liberation_id: int, saisie: Mapping[str, Any]) -> Liberation:
    """Change ce que la saisie porte, laisse le reste en place ; vide efface. Ne dit rien au journal si rien ne change.

    Sur un logement qu'une orientation occupe, l'exclusion, le retrait et la date passent par les actes de l'écran : l'orientation est
    reprise, le réservataire prévenu (RG-46). Lève `ErreurMetier` si un bail lui est donné : `dire_le_bail` conclut l'orientation ; si un
    bail signé change, quel que soit l'acteur : c'est un acte motivé du responsable, à l'écran ; si une libération déjà orientée change de
    logement ou de nature, ou, sans motif, de qualification ou de date (RG-31, RG-40). `motif` : pourquoi la date change.
    """
    motif, saisie = str(saisie.get("motif") or ""), {nom: valeur for nom, valeur in saisie.items() if nom != "motif"}
    trouver_liberation(acteur, liberation_id)
    with _ecriture():
        liberation = (
            Liberation.objects.modifiables_par(acteur)
            .select_for_update(of=("self",))
            .select_related("bailleur", "logement")
            .get(pk=liberation_id)
        )
        avant = _lire(liberation)
        voulues = {nom: valeur for nom, valeur in saisie.items() if valeur != avant[nom]}
        if "numero" in voulues:
            message = "Le numéro désigne la libération : il ne change pas. Déclarez-en une autre."
            raise SaisieRefusee(message, {"numero": [message]})
        issues = set(liberation.orientations.values_list("issue", flat=True))
        _refuser_ce_que_l_ecran_reserve(liberation, voulues, issues)
        motifs = {"motif": motif} | {nom: str(saisie.get(nom) or "") for nom in ("motif_exclusion", "motif_retrait")}
        if issues:
            _exiger_les_motifs(voulues, motifs)
        if Issue.EN_COURS in issues:
            _requalifier(acteur, liberation_id, voulues, motifs)
        imposees = {nom: avant[nom] for nom in ("numero", "logement", "date_disponibilite")}
        _ecrire(acteur, liberation.bailleur.siren, imposees | dict(saisie))
        liberation = Liberation.objects.select_related("bailleur", "logement").get(pk=liberation_id)
        apres = _lire(liberation)
        changes = [nom for nom in apres if apres[nom] != avant[nom]]
        if changes:
            anciens, nouveaux = {nom: avant[nom] for nom in changes}, {nom: apres[nom] for nom in changes}
            _noter(acteur, liberation, "corriger_liberation", anciens, nouveaux, motif)
        if "date_bail" in changes and avant["date_bail"] is None:
            _noter(acteur, liberation, "signer_bail", {}, {"date_bail": liberation.date_bail})
    return liberation


def _refuser_ce_que_l_ecran_reserve(
    liberation: Liberation, voulues: Mapping[str, Any], issues: Collection[str]
) -> None:
    """Un bail conclut l'orientation en cours ; signé, il ne se défait que par son acte motivé ; ce qui a été orienté ne se déplace pas."""
    if "date_bail" in voulues and liberation.date_bail is not None:
        raise ErreurMetier("bail_signe", BAIL_RESERVE, regle="RG-45", champ="date_bail")
    if "date_bail" in voulues and Issue.EN_COURS in issues:
        message = (
            "Une orientation occupe ce logement : dites le bail par l'action signer_bail, qui la conclut et la décompte, ou importez "
            "l'orientation avec son issue."
        )
        raise ErreurMetier("orientation_en_cours", message, regle="RG-45", champ="date_bail")
    geles = sorted(voulues.keys() & set(GELEES.values()))
    if geles and issues:
        raise ErreurMetier("liberation_orientee", GELEE, regle="RG-46", champ=geles[0])


def _exiger_les_motifs(voulues: Collection[str], motifs: Mapping[str, str]) -> None:
    """Changer la qualification ou la date d'une libération déjà orientée se motive, comme à l'écran (RG-31, RG-40)."""
    for nom, (champ, regle) in MOTIFS.items():
        if nom in voulues and not motifs[champ].strip():
            message = f"Cette libération est déjà orientée : changer {nom} demande un motif ({regle}). Dites pourquoi dans {champ}."
            raise ErreurMetier("motif_obligatoire", message, regle=regle, champ=champ)


def _requalifier(acteur: Acteur, liberation_id: int, voulues: Mapping[str, Any], motifs: Mapping[str, str]) -> None:
    """Les changements qui touchent une orientation en cours, par l'acte de chacun."""
    qui: dict[str, Any] = {"acteur": acteur, "liberation_id": liberation_id, "le": timezone.localdate()}
    if "date_disponibilite" in voulues:
        decaler_la_disponibilite(**qui, disponible_le=voulues["date_disponibilite"], motif=motifs["motif"])
    if "exclusion" in voulues:
        exclure(**qui, exclusion=voulues["exclusion"], motif=motifs["motif_exclusion"])
    if "retrait" in voulues:
        retirer_la_liberation(**qui, retrait=voulues["retrait"], motif=motifs["motif_retrait"])


def dire_le_bail(*, acteur: Acteur, liberation_id: int, le: date) -> Liberation:
    """Signe le bail : l'orientation en cours est conclue, ou c'est un bail hors du flux (RG-40, RG-45, RG-31)."""
    liberation = trouver_liberation(acteur, liberation_id)
    en_cours = liberation.orientations.filter(issue=Issue.EN_COURS).order_by("rang").last()
    if en_cours is None:
        return signer_bail_hors_flux(acteur=acteur, liberation_id=liberation_id, le=le)
    signer_bail(acteur=acteur, orientation_id=en_cours.pk, le=le)
    return Liberation.objects.get(pk=liberation_id)


def _lire(liberation: Liberation) -> dict[str, Any]:
    """Les valeurs d'une libération, par colonne du tableau."""
    valeurs = {nom: getattr(liberation, colonne.champ) for nom, colonne in COLONNES.items() if colonne.champ}
    return valeurs | {"logement": liberation.logement.identifiant}


@contextmanager
def _ecriture() -> Iterator[None]:
    """Une transaction qui n'attend pas longtemps un verrou : une demande ne reste pas derrière un long import. Lève `Conflit`."""
    try:
        with transaction.atomic():
            with connection.cursor() as curseur:
                curseur.execute("SELECT set_config('lock_timeout', %s, true)", [ATTENTE])
            yield
    except DatabaseError as erreur:
        if isinstance(erreur.__cause__, LockNotAvailable):
            raise Conflit(
                "Un import écrit en ce moment : rejouez cette demande dans une minute, avec la même clé."
            ) from erreur
        raise


def _ecrire(acteur: Acteur, siren: str, saisie: Mapping[str, Any]) -> None:
    """Une ligne, par le noyau d'import ; lève `SaisieRefusee` avec les messages de chaque colonne."""
    ligne = {nom: en_texte(COLONNES[nom], valeur) for nom, valeur in saisie.items()}
    rapport = ecrire_des_lignes(lignes_donnees(Liberations.nom, [ligne]), acteur=acteur, siren=siren)
    if rapport.est_accepte:
        return
    champs: dict[str, list[str]] = defaultdict(list)
    for anomalie in rapport.erreurs:
        champs[anomalie.colonne].append(anomalie.message)
    raise SaisieRefusee("La libération n'est pas écrite : corrigez les champs signalés.", champs)


def _noter(
    acteur: Acteur, liberation: Liberation, action: str, avant: dict[str, Any], apres: dict[str, Any], motif: str = ""
) -> None:
    journaliser(
        acteur=acteur,
        action=action,
        objet=liberation,
        organisme_id=liberation.bailleur_id,
        avant=avant,
        apres=apres,
        motif=motif.strip(),
    )
