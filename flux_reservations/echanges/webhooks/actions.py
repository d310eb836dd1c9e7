"""Gérer les abonnements, livrer les appels : essais espacés, abandon, désactivation, rejeu."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from celery.exceptions import SoftTimeLimitExceeded
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.echanges.webhooks.annonces import composer_corps
from flux_reservations.echanges.webhooks.limites import controler_le_debit, controler_le_nombre, est_perimee
from flux_reservations.echanges.webhooks.modeles import ANNONCABLES, Abonnement, Appel, EtatAppel, Evenement
from flux_reservations.echanges.webhooks.reseau import AdresseRefusee, AppelManque, appeler, viser
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.taches import envoyer_apres_validation, envoyer_la_tache

logger = logging.getLogger(__name__)
TACHE: Final = "echanges.livrer_appel"
FILE: Final = "appels"
"""La file des appels, à part : un logiciel lent ne retarde ni les envois, ni les bilans, ni les imports."""
ESSAIS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""Attente après chaque essai manqué ; au-delà, l'appel est abandonné."""
PERDU_APRES: Final = timedelta(minutes=2)
"""Un appel pris depuis plus longtemps est repris : son processus est mort."""
GARDE: Final = timedelta(days=60)
ENTRE_DEUX_ESSAIS: Final = timedelta(minutes=1)
EN_ROUTE_AU_PLUS: Final = 200
PAR_ABONNEMENT: Final = 10
"""Appels d'un même abonnement confiés à la fois : un logiciel lent ne prend pas les travailleurs de tous."""
PARTI: Final = 410
"""Statut par lequel un logiciel dit de ne plus l'appeler."""
_SUCCES = range(200, 300)


def abonner(*, acteur: Acteur, usage: str, adresse: str, evenements: Sequence[str]) -> Abonnement:
    """Abonne une adresse de l'organisme. Lève `ErreurMetier` si on ne l'appelle pas, ou si l'organisme en abonne trop."""
    if acteur.organisme_id is None or not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    permis = [code for code, _ in ANNONCABLES if code in evenements]
    if not permis or len(permis) != len(set(evenements)):
        raise ErreurMetier("evenement_inconnu", "Choisissez au moins un événement.", champ="evenements")
    _verifier_adresse(adresse)
    with transaction.atomic():
        if Abonnement.objects.filter(organisme_id=acteur.organisme_id, adresse=adresse).exists():
            raise ErreurMetier("deja_abonnee", "Cette adresse est déjà abonnée.", champ="adresse")
        abonnement = Abonnement.objects.create(
            organisme_id=acteur.organisme_id,
            usage=usage.strip(),
            adresse=adresse,
            evenements=permis,
            cree_par_id=acteur.utilisateur_id,
        )
        _journaliser(acteur, abonnement, "abonner", {"adresse": adresse, "evenements": permis})
        controler_le_nombre(abonnement.organisme_id)
        controler_le_debit(abonnement.organisme_id)
        _poser_la_verification(abonnement)
    return abonnement


def verifier_de_nouveau(*, acteur: Acteur, abonnement_id: int) -> Appel:
    """Renvoie son défi à une adresse qui n'y a pas répondu, une fois par minute au plus ; `ErreurMetier` si l'organisme en renvoie trop."""
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        if abonnement.verifie_le is not None:
            raise Conflit("Cette adresse est déjà vérifiée.")
        _refuser_un_suspendu(abonnement)
        _attendre_une_minute(abonnement, Evenement.VERIFICATION, "La vérification vient de partir")
        _journaliser(acteur, abonnement, "verifier_adresse", {"adresse": abonnement.adresse})
        controler_le_debit(abonnement.organisme_id)
        return _poser_la_verification(abonnement)


def _poser_la_verification(abonnement: Abonnement) -> Appel:
    """Un défi tiré au hasard : qui le rend prouve qu'il veut être appelé."""
    return _poser(abonnement, Evenement.VERIFICATION, {"defi": secrets.token_urlsafe(32)})


def _poser(abonnement: Abonnement, evenement: Evenement, objet: dict[str, Any]) -> Appel:
    """Un appel que l'application fait d'elle-même, livré comme les autres."""
    maintenant = timezone.now()
    appel = Appel(abonnement=abonnement, evenement=evenement, prochain_essai_le=maintenant)
    appel.corps = composer_corps(appel, maintenant, objet)
    appel.save()
    _demander(appel.pk)
    return appel


def _refuser_un_suspendu(abonnement: Abonnement) -> None:
    if abonnement.desactive_le is not None:
        raise Conflit("Cet abonnement est suspendu : reprenez-le d'abord.")


def _attendre_une_minute(abonnement: Abonnement, evenement: Evenement, quoi: str) -> None:
    recent = timezone.now() - ENTRE_DEUX_ESSAIS
    if abonnement.appels.filter(evenement=evenement, cree_le__gte=recent).exists():
        raise Conflit(f"{quoi} : attendez une minute.")


def _verifier_adresse(adresse: str) -> None:
    try:
        viser(adresse)
    except AdresseRefusee as erreur:
        raise ErreurMetier("adresse_refusee", erreur.message, champ="adresse") from erreur


def suspendre(*, acteur: Acteur, abonnement_id: int) -> Abonnement:
    """Cesse d'appeler ; les appels en attente restent, et repartent si l'abonnement reprend."""
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        if abonnement.desactive_le is not None:
            raise Conflit("Cet abonnement est déjà suspendu.")
        abonnement.desactive_le, abonnement.raison = timezone.now(), "Suspendu par une personne."
        abonnement.save(update_fields=["desactive_le", "raison"])
        _journaliser(acteur, abonnement, "suspendre_abonnement", {})
    return abonnement


def reprendre(*, acteur: Acteur, abonnement_id: int) -> Abonnement:
    """Appelle de nouveau, après une suspension ou une désactivation ; les appels abandonnés repartent.

    Après 30 jours, l'adresse est d'abord à vérifier de nouveau (`verifie_le` vide).
    """
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        if abonnement.desactive_le is None:
            raise Conflit("Cet abonnement est déjà actif.")
        _verifier_adresse(abonnement.adresse)
        if est_perimee(abonnement, timezone.now()):
            abonnement.verifie_le = None
        abonnement.desactive_le, abonnement.raison = None, ""
        abonnement.save(update_fields=["desactive_le", "raison", "verifie_le"])
        abonnement.appels.filter(etat=EtatAppel.ABANDONNE).exclude(evenement=Evenement.VERIFICATION).update(
            etat=EtatAppel.PREVU, tentatives=0, prochain_essai_le=timezone.now()
        )
        _journaliser(acteur, abonnement, "reprendre_abonnement", {})
    return abonnement


def changer_le_secret(*, acteur: Acteur, abonnement_id: int) -> Abonnement:
    """Tire un nouveau secret ; l'ancien signe encore 24 heures à côté, le temps de changer le logiciel appelé.

    Deux changements de suite : le premier secret ne signe plus rien (un secret perdu se change deux fois).
    """
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        abonnement.sel_precedent, abonnement.sel = abonnement.sel, uuid.uuid4()
        abonnement.secret_change_le = timezone.now()
        abonnement.save(update_fields=["sel", "sel_precedent", "secret_change_le"])
        _journaliser(acteur, abonnement, "changer_le_secret", {})
    return abonnement


def desabonner(*, acteur: Acteur, abonnement_id: int) -> None:
    """Supprime l'abonnement et l'histoire de ses appels."""
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        _journaliser(acteur, abonnement, "desabonner", {"adresse": abonnement.adresse})
        abonnement.delete()


def essayer_abonnement(*, acteur: Acteur, abonnement_id: int) -> Appel:
    """Pose un appel d'essai, livré comme les autres."""
    with transaction.atomic():
        abonnement = _verrouiller(acteur, abonnement_id)
        _refuser_un_suspendu(abonnement)
        if abonnement.verifie_le is None:
            raise Conflit("Cette adresse n'est pas vérifiée : faites-la vérifier d'abord.")
        _attendre_une_minute(abonnement, Evenement.ESSAI, "Un essai vient d'être fait")
        return _poser(abonnement, Evenement.ESSAI, {"message": "Essai de Flux réservations."})


def rejouer(*, acteur: Acteur, appel_id: int) -> Appel:
    """Refait un appel livré ou abandonné, sous la même clé : le logiciel appelé reconnaît un doublon."""
    with transaction.atomic():
        visible = Appel.objects.visibles_par(acteur).filter(pk=appel_id).first()
        if visible is None:
            raise Introuvable
        appel = Appel.objects.select_for_update(of=("self",)).select_related("abonnement").get(pk=visible.pk)
        _refuser_un_suspendu(appel.abonnement)
        if appel.evenement == Evenement.VERIFICATION:
            raise Conflit("Un défi ne sert qu'une fois : demandez une nouvelle vérification.")
        if appel.etat in {EtatAppel.EN_COURS, EtatAppel.PREVU}:
            raise Conflit("Cet appel est déjà en route.")
        en_route = appel.abonnement.appels.filter(etat=EtatAppel.PREVU).count()
        if en_route >= EN_ROUTE_AU_PLUS:
            raise Conflit(f"{en_route} appels sont déjà en route : laissez-les partir.")
        appel.etat, appel.tentatives, appel.prochain_essai_le = EtatAppel.PREVU, 0, timezone.now()
        appel.save(update_fields=["etat", "tentatives", "prochain_essai_le"])
        _journaliser(acteur, appel.abonnement, "rejouer_appel", {"appel": str(appel.cle)})
        _demander(appel.pk)
    return appel


def _verrouiller(acteur: Acteur, abonnement_id: int) -> Abonnement:
    trouve = Abonnement.objects.visibles_par(acteur).select_for_update(of=("self",)).filter(pk=abonnement_id).first()
    if trouve is None:
        raise Introuvable
    return trouve


def _journaliser(acteur: Acteur, abonnement: Abonnement, action: str, apres: dict[str, Any]) -> None:
    journaliser(acteur=acteur, action=action, objet=abonnement, organisme_id=abonnement.organisme_id, apres=apres)


def _demander(appel_id: int) -> None:
    """Lance la livraison une fois la transaction validée ; sans courtier, le passage périodique s'en charge."""
    envoyer_apres_validation(TACHE, appel_id, file=FILE)


def lancer(appel_id: int) -> None:
    """Confie la livraison à un travailleur."""
    envoyer_la_tache(TACHE, appel_id, file=FILE)


def appels_dus() -> list[int]:
    """Les appels dont l'heure est venue, du plus ancien au plus récent."""
    maintenant = timezone.now()
    dus = Appel.objects.dus(maintenant, maintenant - PERDU_APRES).order_by("prochain_essai_le", "pk")
    par_abonnement: Counter[int] = Counter()
    retenus = []
    for pk, abonnement in dus.values_list("pk", "abonnement_id")[:5000]:
        par_abonnement[abonnement] += 1
        if par_abonnement[abonnement] <= PAR_ABONNEMENT:
            retenus.append(pk)
    return retenus


def purger_les_appels() -> int:
    """Efface les appels finis depuis plus de 60 jours ; rend leur nombre (tâche de nuit)."""
    finis = Appel.objects.filter(etat__in=[EtatAppel.LIVRE, EtatAppel.ABANDONNE])
    return finis.filter(cree_le__lt=timezone.now() - GARDE).delete()[0]


def livrer(appel_id: int) -> EtatAppel | None:
    """Fait un essai ; rend l'état atteint, None s'il n'est pas dû ou qu'un autre processus s'en charge."""
    appel = _prendre(appel_id)
    if appel is None:
        return None
    statut: int | None = None
    erreur = ""
    try:
        statut, reponse = _envoyer(appel)
    except (AdresseRefusee, AppelManque) as manque:
        erreur = manque.message
    except SoftTimeLimitExceeded:
        erreur = "Trop lent : l'échange a dépassé le temps permis."
    else:
        erreur = "" if statut in _SUCCES else f"Le logiciel a répondu {statut}."
        if not erreur and appel.evenement == Evenement.VERIFICATION and not _rend_le_defi(appel, reponse):
            erreur = "La réponse ne rend pas le défi : renvoyez objet.defi, seul ou en JSON."
    return _conclure(appel, statut, erreur)


def _prendre(appel_id: int) -> Appel | None:
    maintenant = timezone.now()
    with transaction.atomic():
        dus = Appel.objects.dus(maintenant, maintenant - PERDU_APRES).filter(pk=appel_id)
        appel = dus.select_for_update(of=("self",), skip_locked=True).select_related("abonnement").first()
        if appel is None:
            return None
        if appel.tentatives > len(ESSAIS):  # repris d'un processus mort, une fois de trop
            _conclure(appel, None, appel.derniere_erreur or "Le processus est mort à chaque essai.")
            return None
        appel.etat, appel.pris_le = EtatAppel.EN_COURS, maintenant
        appel.tentatives += 1
        appel.save(update_fields=["etat", "pris_le", "tentatives"])
    return appel


def _rend_le_defi(appel: Appel, reponse: bytes) -> bool:
    """Vrai si la réponse porte le défi : le texte seul, ou `{"defi": "…"}`."""
    attendu = str(appel.corps["objet"]["defi"])
    texte = reponse.decode(errors="replace").strip()
    try:
        lu = json.loads(texte)
    except ValueError:
        lu = texte
    rendu = lu.get("defi") if isinstance(lu, dict) else lu
    return isinstance(rendu, str) and hmac.compare_digest(rendu.encode(), attendu.encode())


def _envoyer(appel: Appel) -> tuple[int, bytes]:
    """Signe et envoie : la signature porte l'heure de l'essai."""
    corps = json.dumps(appel.corps, ensure_ascii=False, cls=DjangoJSONEncoder).encode()
    horodatage = int(time.time())
    entetes = {
        "Content-Type": "application/json",
        "User-Agent": "Flux-reservations/1",
        "webhook-id": str(appel.cle),
        "webhook-timestamp": str(horodatage),
        "webhook-signature": appel.abonnement.signer(appel.cle, horodatage, corps),
    }
    return appeler(viser(appel.abonnement.adresse), corps, entetes)


def _conclure(appel: Appel, statut: int | None, erreur: str) -> EtatAppel:
    maintenant = timezone.now()
    appel.statut, appel.derniere_erreur, appel.pris_le = statut, erreur[:300], None
    if not erreur:
        appel.etat, appel.livre_le, appel.prochain_essai_le = EtatAppel.LIVRE, maintenant, None
        if appel.evenement == Evenement.VERIFICATION:
            Abonnement.objects.filter(pk=appel.abonnement_id, verifie_le=None).update(verifie_le=maintenant)
    elif appel.evenement == Evenement.VERIFICATION or statut == PARTI or appel.tentatives > len(ESSAIS):
        appel.etat, appel.prochain_essai_le = EtatAppel.ABANDONNE, None
    else:
        appel.etat, appel.prochain_essai_le = EtatAppel.PREVU, maintenant + ESSAIS[appel.tentatives - 1]
    appel.save()
    if appel.etat == EtatAppel.ABANDONNE and appel.evenement != Evenement.VERIFICATION:
        _desactiver_si_muet(appel, statut)
    return EtatAppel(appel.etat)


def _desactiver_si_muet(appel: Appel, statut: int | None) -> None:
    """Un logiciel parti (410), ou qui n'a rien accepté depuis que cet appel attend, n'est plus appelé."""
    accepte = Appel.objects.filter(abonnement=appel.abonnement_id, livre_le__gte=appel.cree_le).exists()
    if statut != PARTI and accepte:
        return
    raison = (
        "Le logiciel a répondu qu'il n'existe plus (410)."
        if statut == PARTI
        else f"Aucun appel accepté depuis le {timezone.localtime(appel.cree_le):%d/%m/%Y à %H:%M} : {appel.derniere_erreur}"
    )
    Abonnement.objects.actifs().filter(pk=appel.abonnement_id).update(desactive_le=timezone.now(), raison=raison[:200])
    logger.warning("abonnement=%s désactivé", appel.abonnement_id)
