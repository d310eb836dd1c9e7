"""Écrire dans le journal, et vérifier sa chaîne (RG-71)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur
from flux_reservations.socle import rls
from flux_reservations.socle.models import EntreeJournal


def journaliser(
    *,
    acteur: Acteur,
    action: str,
    objet: models.Model,
    organisme_id: int | None,
    avant: Mapping[str, Any] | None = None,
    apres: Mapping[str, Any] | None = None,
    motif: str = "",
) -> EntreeJournal:
    """Ajoute une entrée à la chaîne de `organisme_id`, dans la transaction en cours.

    Un verrou consultatif par organisme met les écritures d'une même chaîne en file ; il tombe avec la transaction. L'entrée s'écrit en
    système : la chaîne d'un bailleur s'allonge aussi des actes d'un réservataire, qui ne la lit pas.
    """
    with rls.en_systeme():
        return _ajouter(acteur, action, objet, organisme_id, avant, apres, motif)


def _ajouter(
    acteur: Acteur,
    action: str,
    objet: models.Model,
    organisme_id: int | None,
    avant: Mapping[str, Any] | None,
    apres: Mapping[str, Any] | None,
    motif: str,
) -> EntreeJournal:
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(hashtext('journal'), %s)", [organisme_id or 0])
    precedente = EntreeJournal.objects.filter(organisme_id=organisme_id).order_by("-rang").first()
    entree = EntreeJournal(
        rang=precedente.rang + 1 if precedente else 1,
        organisme_id=organisme_id,
        instant=timezone.now(),
        acteur=pseudonyme_de(acteur),
        utilisateur_id=acteur.utilisateur_id,
        acteur_organisme_id=acteur.organisme_id,
        action=action,
        objet_type=objet._meta.label_lower,
        objet_cle=str(objet.pk),
        libelle=str(getattr(objet, "pseudonyme", objet))[:200],
        avant=_lisible(avant),
        apres=_lisible(apres),
        motif=motif,
        empreinte_precedente=precedente.empreinte if precedente else "",
    )
    entree.empreinte = calculer_empreinte(entree)
    entree.save(force_insert=True)
    return entree


def pseudonyme_de(acteur: Acteur) -> str:
    """« personne 12 » pour une personne : son nom est à côté, purgeable (RG-71) ; le nom du processus ou du jeton sinon."""
    return f"personne {acteur.utilisateur_id}" if acteur.utilisateur_id else acteur.nom[:200]


def calculer_empreinte(entree: EntreeJournal) -> str:
    """Empreinte SHA-256 du contenu de l'entrée et de l'empreinte précédente."""
    contenu = json.dumps(
        {
            "precedente": entree.empreinte_precedente,
            "rang": entree.rang,
            "organisme": entree.organisme_id,
            "instant": entree.instant.isoformat(),
            "acteur": entree.acteur,
            "utilisateur": entree.utilisateur_id,
            "acteur_organisme": entree.acteur_organisme_id,
            "action": entree.action,
            "objet": [entree.objet_type, entree.objet_cle, entree.libelle],
            "avant": entree.avant,
            "apres": entree.apres,
            "motif": entree.motif,
        },
        sort_keys=True,
        ensure_ascii=False,
        cls=DjangoJSONEncoder,
    )
    return hashlib.sha256(contenu.encode()).hexdigest()


def verifier_chaine(organisme_id: int | None) -> list[int]:
    """Rangs des entrées dont l'empreinte ou le chaînage est faux ; liste vide si la chaîne tient."""
    fautifs: list[int] = []
    attendue, rang = "", 0
    for entree in EntreeJournal.objects.filter(organisme_id=organisme_id).order_by("rang").iterator():
        rang += 1
        if (
            entree.rang != rang
            or entree.empreinte_precedente != attendue
            or entree.empreinte != calculer_empreinte(entree)
        ):
            fautifs.append(entree.rang)
        attendue, rang = entree.empreinte, entree.rang
    return fautifs


def _lisible(valeurs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Valeurs telles que la base les rendra : l'empreinte se recalcule à l'identique après lecture."""
    resultat: dict[str, Any] = json.loads(json.dumps(dict(valeurs or {}), cls=DjangoJSONEncoder))
    return resultat
