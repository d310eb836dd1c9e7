"""Les versions de convention d'un import : celles du fichier par-dessus celles de la base, chaînées par `avenant_de` (RG-16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conventions.domaine.codes import EtatConvention
from conventions.models import Convention
from flux_reservations.echanges.masse import MiseDeCote, attributs_de, valeurs_par_defaut
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne

UN_JOUR = dt.timedelta(days=1)


@dataclass(slots=True)
class Version:
    """Une version de convention telle qu'elle sera : venue du fichier (`ligne`) ou seulement de la base."""

    pk: int
    valeurs: dict[str, Any]
    ancien: dict[str, Any] | None
    ligne: Ligne | None = None


@dataclass(slots=True)
class ReserveConventions:
    """Toutes les lignes du fichier, puis les versions qui en découlent."""

    lignes: list[Ligne] = field(default_factory=list)
    versions: dict[tuple[int, str], Version] = field(default_factory=dict)


def composer_versions(reserve: ReserveConventions) -> None:
    """Les versions du fichier par-dessus toutes celles des mêmes parties, et celles qu'un avenant cite."""
    bailleurs = {ligne.bailleur_id for ligne in reserve.lignes}
    attributs = attributs_de(Convention)
    for pk, *valeurs in Convention.objects.filter(bailleur__in=bailleurs).values_list("pk", *attributs):
        ancien = dict(zip(attributs, valeurs, strict=True))
        reserve.versions[ancien["bailleur_id"], ancien["numero"]] = Version(pk, dict(ancien), ancien)
    neuves = [ligne for ligne in reserve.lignes if ligne.cle not in reserve.versions]
    identifiants = MiseDeCote(Convention).reserver(len(neuves)) if neuves else []
    defauts = valeurs_par_defaut(Convention)
    for ligne, pk in zip(neuves, identifiants, strict=True):
        reserve.versions[ligne.cle] = Version(pk, dict(defauts), None)
    for ligne in reserve.lignes:
        version = reserve.versions[ligne.cle]
        version.ligne = ligne
        version.valeurs |= ligne.champs
        _deduire_etat(version.valeurs)


def chainer(suivi: Suivi, reserve: ReserveConventions) -> None:
    """Pose `avenant_de`, `origine` et la date où une version est remplacée."""
    par_pk = {version.pk: version for version in reserve.versions.values()}
    for ligne in reserve.lignes:
        numero = ligne.valeurs.get("avenant_de")
        if numero is None:
            continue
        version = reserve.versions[ligne.cle]
        precedente = reserve.versions.get((ligne.cle[0], numero)) if numero else None
        if numero and precedente is None:
            if suivi.contexte.est_annonce(suivi.tableau.nom, numero):
                ligne.fautive = True
            else:
                suivi.refuser(
                    ligne,
                    "avenant_de",
                    f"Convention inconnue : « {numero} ». Un avenant cite une version de ce bailleur.",
                )
        version.valeurs["avenant_de_id"] = precedente.pk if precedente else None
    avenants: dict[int, Version] = {}
    for version in sorted(reserve.versions.values(), key=lambda v: v.ligne is not None):
        precedente_id = version.valeurs["avenant_de_id"]
        if precedente_id is None:
            version.valeurs["origine_id"] = None
            continue
        autre = avenants.setdefault(precedente_id, version)
        if autre is not version and version.ligne is not None:
            message = f"La convention citée a déjà un avenant ({autre.valeurs['numero']}) : citez la dernière version."
            suivi.refuser(version.ligne, "avenant_de", message)
        _poser_origine(suivi, version, par_pk)
    _refuser_les_avenants_trop_tot(suivi, avenants, par_pk)
    for version in reserve.versions.values():
        suivante = avenants.get(version.pk)
        if version.ligne is None and (suivante is None or suivante.ligne is None):
            continue
        signe = suivante is not None and suivante.valeurs["etat"] == EtatConvention.SIGNEE
        version.valeurs["remplacee_le"] = suivante.valeurs["date_effet"] if suivante and signe else None


def _poser_origine(suivi: Suivi, version: Version, par_pk: dict[int, Version]) -> None:
    vues, courante = {version.pk}, version
    while (precedente_id := courante.valeurs["avenant_de_id"]) is not None:
        if precedente_id in vues:
            if version.ligne is not None:
                suivi.refuser(
                    version.ligne,
                    "avenant_de",
                    "Une convention n'est pas l'avenant d'elle-même : la chaîne tourne en rond.",
                )
            return
        vues.add(precedente_id)
        courante = par_pk[precedente_id]
    version.valeurs["origine_id"] = courante.pk
    if version.ligne is not None:
        for champ, colonne in (("reservataire_id", "reservataire"), ("departement_id", "departement")):
            if courante.valeurs[champ] != version.valeurs[champ]:
                suivi.refuser(
                    version.ligne,
                    colonne,
                    f"Un avenant garde les parties et le département de la convention ({courante.valeurs['numero']}).",
                )


def _refuser_les_avenants_trop_tot(suivi: Suivi, avenants: dict[int, Version], par_pk: dict[int, Version]) -> None:
    """Comme à l'écran : un avenant signé prend effet après la version qu'il remplace, qui sinon n'aurait jamais couru (RG-16)."""
    for precedente, avenant in avenants.items():
        avant, apres = par_pk[precedente].valeurs["date_effet"], avenant.valeurs["date_effet"]
        signe = avenant.valeurs["etat"] == EtatConvention.SIGNEE
        if avenant.ligne is not None and signe and avant and apres and apres <= avant:
            suivi.refuser(avenant.ligne, "date_effet", "L'avenant prend effet après la version qu'il remplace (RG-16).")


def periode_de_vigueur(valeurs: Mapping[str, Any]) -> tuple[dt.date, dt.date] | None:
    """Premier et dernier jour où une version court (RG-16), comme la base les calcule ; rien si elle ne court jamais."""
    if valeurs["etat"] != EtatConvention.SIGNEE or valeurs["date_effet"] is None:
        return None
    veille = valeurs["remplacee_le"] - UN_JOUR if valeurs["remplacee_le"] else None
    fin = min(filter(None, (valeurs["date_fin"], valeurs["date_resiliation"], veille)), default=dt.date.max)
    return (valeurs["date_effet"], fin) if fin >= valeurs["date_effet"] else None


def _deduire_etat(valeurs: dict[str, Any]) -> None:
    """Signée si elle a une date de signature ; l'effet est alors celui de la signature, à défaut d'autre."""
    if valeurs["date_signature"] is not None:
        valeurs["etat"] = EtatConvention.SIGNEE.value
        valeurs["date_effet"] = valeurs["date_effet"] or valeurs["date_signature"]
    elif valeurs["date_proposition"] is not None:
        valeurs["etat"] = EtatConvention.PROPOSEE.value
    elif valeurs["etat"] == EtatConvention.SIGNEE:
        valeurs["etat"] = EtatConvention.BROUILLON.value
