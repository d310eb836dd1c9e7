"""Où en sont les envois de plusieurs objets, en une phrase chacun, avec le remède quand l'un n'est pas parti (RG-66)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from flux_reservations.notifications.models import EnvoiQuerySet, EtatEnvoi, VoieEnvoi
from flux_reservations.series.genres import Suite
from flux_reservations.socle.presentation import compter

FAITS = (EtatEnvoi.ENVOYE, EtatEnvoi.REPRIS, EtatEnvoi.RECU)


def servi_le(le: date) -> Q:
    """Condition : ce destinataire était servi ce jour-là au plus tard (RG-18, RG-66).

    Sur la plateforme, le dépôt est l'acte, que le courriel qui l'annonce parte ou non ; sans courriel, il faut la remise saisie ou
    l'accusé (RG-18). Hors de la plateforme, le courriel accepté ou la remise saisie ; en file, incertain ou en échec, il n'a rien.
    """
    depose = Q(destinataire__isnull=False, depose_le__date__lte=le) & ~Q(voie=VoieEnvoi.RECOMMANDE)
    sans_date = Q(envoye_le__isnull=True, recu_le__isnull=True, depose_le__date__lte=le)
    return depose | (Q(etat__in=FAITS) & (Q(envoye_le__date__lte=le) | Q(recu_le__date__lte=le) | sans_date))


def dire_les_envois(envois: EnvoiQuerySet, objet_type: str, cles: Sequence[int]) -> dict[int, Suite]:
    """Par objet, ses envois : faits, en file, en échec ou à remettre, et ce qu'il faut faire (une requête)."""
    en_echec = Q(etat=EtatEnvoi.ECHEC)
    lignes = (
        envois.filter(objet_type=objet_type, objet_cle__in=[str(cle) for cle in cles])
        .order_by()
        .values("objet_cle")
        .annotate(
            total=Count("pk"),
            faits=Count("pk", filter=Q(etat__in=FAITS)),
            echecs=Count("pk", filter=en_echec & Q(prochain_essai_le__isnull=True)),
            reessayes=Count("pk", filter=en_echec & Q(prochain_essai_le__isnull=False)),
            a_remettre=Count("pk", filter=Q(etat=EtatEnvoi.PREVU, voie=VoieEnvoi.RECOMMANDE)),
        )
    )
    return {int(ligne["objet_cle"]): _dire(ligne) for ligne in lignes}


def _dire(ligne: Mapping[str, Any]) -> Suite:
    comptes = {nom: int(ligne[nom]) for nom in ("total", "faits", "echecs", "reessayes", "a_remettre")}
    en_file = comptes["total"] - sum(comptes[nom] for nom in ("faits", "echecs", "reessayes", "a_remettre"))
    morceaux = [
        (comptes["faits"], compter(comptes["faits"], "envoi fait", "envois faits")),
        (en_file, compter(en_file, "courriel en file", "courriels en file")),
        (comptes["reessayes"], f"{compter(comptes['reessayes'], 'courriel')} en échec, un nouvel essai est prévu"),
        (
            comptes["echecs"],
            f"{compter(comptes['echecs'], 'courriel')} en échec : corrigez l'adresse au registre des envois",
        ),
        (
            comptes["a_remettre"],
            f"{compter(comptes['a_remettre'], 'envoi')} à remettre par une autre voie, puis à enregistrer",
        ),
    ]
    return Suite(
        f"{' ; '.join(texte for nombre, texte in morceaux if nombre)}.",
        reste_a_remettre=any(comptes[nom] for nom in ("echecs", "reessayes", "a_remettre")),
    )


def lien_vers_les_remises(suites: Mapping[int, Suite], genre: str = "") -> tuple[str, str] | None:
    """Le lien qui enregistre d'un coup ce qui reste à remettre, s'il en reste."""
    if not any(suite.reste_a_remettre for suite in suites.values()):
        return None
    return (
        "Enregistrer les remises faites par une autre voie…",
        f"{reverse('envois_remises')}{f'?genre={genre}' if genre else ''}",
    )
