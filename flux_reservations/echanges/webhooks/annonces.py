"""Du journal aux appels : chaque entrée qui annonce quelque chose donne un appel par abonné qui a le droit de la lire.

Le journal est la file : il est écrit dans la transaction de l'acte, ses rangs sont sans trou par bailleur et posés sous verrou. Rien ne se
perd si un processus meurt, et aucune action n'a à connaître les abonnés.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from attributions.api import LiberationSerialiseur
from attributions.models import Liberation, Orientation
from bilans.models import Bilan
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, Evenement, LectureDuJournal
from flux_reservations.socle import rls
from flux_reservations.socle.models import EntreeJournal

ENTREES_PAR_LECTURE: Final = 500
RETENUE: Final = timedelta(days=30)
"""Un abonnement suspendu depuis moins longtemps garde ses appels : ils partent à la reprise."""
_LIBERATION, _ORIENTATION, _BILAN = "attributions.liberation", "attributions.orientation", "bilans.bilan"
ANNONCES: Final[dict[tuple[str, str], Evenement]] = {
    ("orienter", _ORIENTATION): Evenement.ORIENTEE,
    ("orienter_autrement", _ORIENTATION): Evenement.ORIENTEE,
    ("mettre_a_disposition", _ORIENTATION): Evenement.MISE_A_DISPOSITION,
    ("signer_bail", _LIBERATION): Evenement.BAIL,
    ("publier_bilan", _BILAN): Evenement.BILAN,
}
"""Ce que le journal note (action, type d'objet), et l'événement que cela annonce."""


def annoncer() -> int:
    """Lit la suite du journal de chaque bailleur et pose les appels dus ; rend leur nombre. À relancer souvent."""
    retenus = Abonnement.objects.retenus(timezone.now() - RETENUE)
    abonnements = list(retenus.select_related("organisme").order_by("pk"))
    nombre = 0
    if not abonnements:
        return 0
    for bailleur_id in Bailleur.objects.order_by("pk").values_list("pk", flat=True):
        nombre += _lire_le_journal(bailleur_id, abonnements)
    return nombre


def _lire_le_journal(bailleur_id: int, abonnements: Sequence[Abonnement]) -> int:
    """Un bailleur : ses nouvelles entrées, leurs appels, puis le rang atteint, en une transaction."""
    with transaction.atomic():
        lecture = LectureDuJournal.objects.select_for_update(skip_locked=True).filter(pk=bailleur_id).first()
        journal = EntreeJournal.objects.filter(organisme_id=bailleur_id)
        if lecture is None:
            if LectureDuJournal.objects.filter(pk=bailleur_id).exists():
                return 0  # un autre processus le lit
            debut = journal.filter(instant__lt=_depuis(abonnements)).order_by("-rang").first()
            LectureDuJournal.objects.bulk_create(
                [LectureDuJournal(bailleur_id=bailleur_id, rang=debut.rang if debut else 0)], ignore_conflicts=True
            )
            lecture = LectureDuJournal.objects.select_for_update().get(pk=bailleur_id)
        entrees = list(journal.filter(rang__gt=lecture.rang).order_by("rang")[:ENTREES_PAR_LECTURE])
        if not entrees:
            return 0
        appels = [
            appel
            for entree in entrees
            if (evenement := ANNONCES.get((entree.action, entree.objet_type)))
            for abonnement in abonnements
            if evenement in abonnement.evenements
            and abonnement.verifie_le is not None
            and entree.instant >= abonnement.verifie_le
            if (appel := _composer(abonnement, evenement, entree))
        ]
        Appel.objects.bulk_create(appels, ignore_conflicts=True)
        lecture.rang = entrees[-1].rang
        lecture.save(update_fields=["rang"])
    return len(appels)


def _depuis(abonnements: Sequence[Abonnement]) -> Any:
    """Rien d'antérieur à la plus ancienne adresse vérifiée n'est à annoncer."""
    return min((un.verifie_le for un in abonnements if un.verifie_le is not None), default=timezone.now())


def _composer(abonnement: Abonnement, evenement: Evenement, entree: EntreeJournal) -> Appel | None:
    """L'appel, composé comme l'abonné lirait l'objet ; rien s'il ne le voit pas."""
    objet = lire_l_objet(abonnement.acteur(), entree.objet_type, int(entree.objet_cle))
    if objet is None:
        return None
    appel = Appel(abonnement=abonnement, evenement=evenement, entree=entree.pk, prochain_essai_le=timezone.now())
    appel.corps = composer_corps(appel, entree.instant, objet)
    return appel


def lire_l_objet(acteur: Acteur, objet_type: str, cle: int) -> dict[str, Any] | None:
    """L'objet annoncé, comme l'acteur le lirait ; None s'il ne le voit pas."""
    with rls.pour_acteur(acteur):
        return _LECTURES[objet_type](acteur, cle)


def composer_corps(appel: Appel, instant: Any, objet: dict[str, Any]) -> dict[str, Any]:
    """Le corps d'un appel : ce qui est arrivé, quand, et l'objet aux noms de l'API ; aucune donnée d'un demandeur."""
    return {"id": str(appel.cle), "evenement": appel.evenement, "le": instant.isoformat(), "objet": objet}


def _lire_orientation(acteur: Acteur, cle: int) -> dict[str, Any] | None:
    liberation = Orientation.objects.visibles_par(acteur).filter(pk=cle).values_list("liberation", flat=True).first()
    return _lire_liberation(acteur, liberation) if liberation else None


def _lire_liberation(acteur: Acteur, cle: int) -> dict[str, Any] | None:
    une = Liberation.objects.visibles_par(acteur).select_related("bailleur", "logement").filter(pk=cle).first()
    if une is None:
        return None
    # L'API rend les orientations que l'acteur voit, sous ce nom.
    visibles = Orientation.objects.visibles_par(acteur).filter(liberation=une).select_related("reservataire")
    une.visibles = list(visibles.order_by("rang"))  # type: ignore[attr-defined]  # attribut du préchargement de l'API
    objet = dict(LiberationSerialiseur(une).data) | {"ressource": _adresse("liberations", cle)}
    # Le public d'un ménage est une donnée d'un demandeur : il se lit à la ressource, par qui en a le droit (RG-70).
    objet["orientations"] = [{nom: une[nom] for nom in une if nom != "public"} for une in objet["orientations"]]
    return objet


def _lire_bilan(acteur: Acteur, cle: int) -> dict[str, Any] | None:
    un = Bilan.objects.visibles_par(acteur).select_related("bailleur").filter(pk=cle).first()
    if un is None:
        return None
    return {
        "id": un.pk,
        "genre": un.genre,
        "bailleur": un.bailleur.siren,
        "departement": un.departement_id,
        "annee": un.annee,
        "version": un.version,
        "empreinte": un.empreinte,
        "publie_le": un.publie_le.isoformat() if un.publie_le else None,
        "ressource": _adresse("bilans", cle),
    }


_LECTURES: Final[dict[str, Callable[[Acteur, int], dict[str, Any] | None]]] = {
    _ORIENTATION: _lire_orientation,
    _LIBERATION: _lire_liberation,
    _BILAN: _lire_bilan,
}


def _adresse(ressource: str, cle: int) -> str:
    return f"{settings.SITE_URL.rstrip('/')}/api/v1/{ressource}/{cle}/"
