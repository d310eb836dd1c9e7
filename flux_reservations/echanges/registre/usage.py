"""Ce qui s'appuie déjà sur un organisme : des nombres, rien de plus ; à zéro, on peut encore le supprimer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import models

from conventions.models import Bailleur, Convention, Reservataire
from flux_reservations.acces.models import CleIdempotence, Invitation, Organisme
from flux_reservations.echanges.models import Correspondance, LectureDuJournal
from flux_reservations.socle import rls
from flux_reservations.socle.presentation import compter

SANS_POIDS: Final = (CleIdempotence, Correspondance, Invitation, LectureDuJournal)
"""Ce qui part avec l'organisme : des réglages, des repères techniques, une invitation que personne n'a acceptée."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Une sorte de données et le nombre de lignes qui citent l'organisme."""

    quoi: str
    nombre: int


def lire_usage(organisme_id: int) -> list[Usage]:
    """Ce qui cite l'organisme, par sorte et par nombre décroissant ; vide si rien n'en dépend.

    L'administration ne lit pas les dossiers (domaine.md § 6) : le compte se fait en système, il n'en sort que des nombres.
    """
    with rls.en_systeme():
        comptes = _compter(organisme_id)
    return [Usage(quoi, nombre) for quoi, nombre in sorted(comptes.items(), key=lambda un: (-un[1], un[0])) if nombre]


def dire_les_acces(code: str) -> str:
    """« 2 personnes, 1 jeton » : ce qui agit au nom d'un réservataire, invitations en attente comprises ; vide si rien."""
    with rls.en_systeme():
        un = Reservataire.objects.filter(code=code).first()
        if un is None:
            return ""
        nombres = {
            "personne": un.rattachements.filter(clos_le__isnull=True).count(),
            "invitation": un.invitations.filter(acceptee_le__isnull=True, annulee_le__isnull=True).count(),
            "jeton": un.jetons.filter(revoque_le__isnull=True).count(),
            "abonnement": un.abonnements.count(),
        }
    return ", ".join(compter(nombre, quoi) for quoi, nombre in nombres.items() if nombre)


def compter_les_conventions(organisme_id: int) -> int:
    """Le nombre de conventions dont l'organisme est partie, ou délégataire."""
    with rls.en_systeme():
        partie = (
            models.Q(bailleur=organisme_id) | models.Q(reservataire=organisme_id) | models.Q(delegataire=organisme_id)
        )
        return Convention.objects.filter(partie).count()


def supprimer_sans_reste(organisme_id: int) -> None:
    """Supprime un organisme que rien ne cite, et ce qui ne pèse pas ; à appeler dans une transaction, l'organisme verrouillé."""
    with rls.en_systeme():
        for modele in SANS_POIDS:
            champ = next(nom for un, nom in _renvois() if un is modele)
            modele._base_manager.filter(**{champ: organisme_id}).delete()
        for registre in (Bailleur, Reservataire):
            registre._base_manager.filter(pk=organisme_id).delete()
        Organisme._base_manager.filter(pk=organisme_id).delete()


def _compter(organisme_id: int) -> Counter[str]:
    """Le nombre de lignes de chaque sorte (une requête)."""
    premiere, *autres = (
        modele._base_manager.filter(**{champ: organisme_id})
        .order_by()
        .annotate(sorte=models.Value(str(modele._meta.verbose_name).capitalize()))
        .values("sorte")
        .annotate(nombre=models.Count("pk"))
        .values_list("sorte", "nombre")
        for modele, champ in _renvois()
        if modele not in SANS_POIDS
    )
    comptes: Counter[str] = Counter()
    for sorte, nombre in premiere.union(*autres, all=True):
        comptes[sorte] += nombre
    return comptes


def _renvois() -> Iterator[tuple[type[models.Model], str]]:
    """Chaque champ qui cite un organisme, un bailleur ou un réservataire : une table nouvelle est comptée sans qu'on y pense."""
    vus = set()
    for cible in (Organisme, Bailleur, Reservataire):
        for renvoi in cible._meta.get_fields(include_hidden=True):
            champ: Any = getattr(renvoi, "field", None)
            if not renvoi.auto_created or renvoi.concrete or champ is None or champ.remote_field.parent_link:
                continue
            if champ.remote_field.on_delete is models.SET_NULL or (champ.model, champ.name) in vus:
                continue
            vus.add((champ.model, champ.name))
            yield champ.model, champ.name
