"""Suivre un envoi : remise par une autre voie, accusé de réception, relance, rebond, nouvelle adresse (RG-66)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, demander_l_expedition, deposer_lot
from flux_reservations.notifications.domaine.cycle_de_vie import verifier_transition
from flux_reservations.notifications.messages import MessageRelance
from flux_reservations.notifications.models import Envoi, EnvoiQuerySet, EtatEnvoi, GenreEnvoi, VoieEnvoi
from flux_reservations.socle.journal import journaliser


def accuser_reception(*, acteur: Acteur, envoi_id: int) -> Envoi:
    """Le destinataire dit avoir reçu ; la date et le nom sont gardés, l'envoi est clos."""
    with transaction.atomic():
        envoi = _verrouiller(Envoi.objects.accusables_par(acteur), acteur, envoi_id)
        verifier_transition(envoi.etat, EtatEnvoi.RECU)
        envoi.etat, envoi.recu_le, envoi.recu_par = EtatEnvoi.RECU, timezone.now(), acteur.nom[:200]
        envoi.save(update_fields=["etat", "recu_le", "recu_par"])
        _journaliser(acteur, envoi, "accuser_reception", {"recu_le": envoi.recu_le})
    return envoi


def enregistrer_remise(
    *, acteur: Acteur, envoi_id: int, le: date, reference: str, voie: str = VoieEnvoi.RECOMMANDE
) -> Envoi:
    """Enregistre une remise faite par une autre voie (recommandé…) : sa date et sa référence. Lève `ErreurMetier` sans référence."""
    if not reference.strip():
        raise ErreurMetier(
            "reference_obligatoire", "Donnez la référence de la remise (numéro du recommandé…).", champ="reference"
        )
    if le > timezone.localdate():
        raise ErreurMetier("date_future", "La remise est déjà faite : sa date n'est pas à venir.", champ="le")
    with transaction.atomic():
        envoi = _verrouiller(Envoi.objects.modifiables_par(acteur), acteur, envoi_id)
        verifier_transition(envoi.etat, EtatEnvoi.ENVOYE)
        envoi.etat, envoi.voie, envoi.reference_voie = EtatEnvoi.ENVOYE, voie, reference.strip()[:100]
        envoi.envoye_le = timezone.make_aware(datetime.combine(le, time(12)))
        envoi.prochain_essai_le = None
        envoi.save(update_fields=["etat", "voie", "reference_voie", "envoye_le", "prochain_essai_le"])
        _journaliser(acteur, envoi, "enregistrer_remise", {"voie": voie, "le": le, "reference": envoi.reference_voie})
    return envoi


def enregistrer_remises(*, acteur: Acteur, envois: Iterable[int], le: date, reference: str) -> int:
    """Enregistre en un acte la remise de plusieurs envois par une autre voie : une date, une référence (le bordereau de dépôt).

    Tout ou rien ; rend leur nombre. Lève `ErreurMetier` si rien n'est choisi, `Conflit` si l'un d'eux vient d'être remis.
    """
    cles = sorted(set(envois))
    if not cles:
        raise ErreurMetier("rien_a_remettre", "Cochez au moins un envoi.", champ="envois")
    with transaction.atomic():
        for cle in cles:
            enregistrer_remise(acteur=acteur, envoi_id=cle, le=le, reference=reference)
    return len(cles)


def signaler_rebond(*, acteur: Acteur, envoi_id: int, raison: str) -> Envoi:
    """Le courriel accepté est revenu : l'envoi est en échec, une autre adresse ou une autre voie est à donner."""
    with transaction.atomic():
        envoi = _verrouiller(Envoi.objects.modifiables_par(acteur), acteur, envoi_id)
        verifier_transition(envoi.etat, EtatEnvoi.ECHEC)
        envoi.etat, envoi.derniere_erreur, envoi.prochain_essai_le = EtatEnvoi.ECHEC, f"Rebond : {raison}"[:2000], None
        envoi.save(update_fields=["etat", "derniere_erreur", "prochain_essai_le"])
        _journaliser(acteur, envoi, "signaler_rebond", {}, motif=raison)
    return envoi


def reexpedier(*, acteur: Acteur, envoi_id: int, courriel: str) -> Envoi:
    """Remet en file un envoi en échec, ou jamais parti faute d'adresse, à l'adresse donnée ; le dépôt et sa date ne changent pas."""
    with transaction.atomic():
        envoi = _verrouiller(Envoi.objects.modifiables_par(acteur), acteur, envoi_id)
        if envoi.etat != EtatEnvoi.PREVU:
            verifier_transition(envoi.etat, EtatEnvoi.PREVU)
        avant = envoi.courriel
        envoi.etat, envoi.courriel, envoi.voie = EtatEnvoi.PREVU, courriel, VoieEnvoi.COURRIEL
        envoi.tentatives, envoi.prochain_essai_le = 0, None
        envoi.save(update_fields=["etat", "courriel", "voie", "tentatives", "prochain_essai_le"])
        _journaliser(acteur, envoi, "reexpedier", {"adresse_changee": avant != courriel})
        demander_l_expedition(envoi.lot)
    return envoi


def relancer(*, acteur: Acteur, envois: Iterable[int]) -> int:
    """Rappelle à leurs destinataires les envois qui attendent un accusé ; un rappel par jour au plus. Rend le nombre de rappels."""
    aujourd_hui = timezone.localdate()
    with transaction.atomic():
        attendus = list(
            Envoi.objects.modifiables_par(acteur)
            .select_for_update(of=("self",))
            .filter(pk__in=list(envois), recu_le__isnull=True, depose_le__isnull=False)
            .exclude(courriel="")
            .exclude(genre=GenreEnvoi.RAPPEL)
            .select_related("emetteur")
        )
        deja = set(
            Envoi.objects.filter(
                genre=GenreEnvoi.RAPPEL,
                objet_type="notifications.envoi",
                objet_cle__in=[str(envoi.pk) for envoi in attendus],
                depose_le__date=aujourd_hui,
            ).values_list("objet_cle", flat=True)
        )
        a_relancer = [envoi for envoi in attendus if str(envoi.pk) not in deja]
        for envoi in a_relancer:
            assert envoi.depose_le is not None  # noqa: S101 : filtré
            deposer_lot(
                acteur=acteur,
                emetteur=envoi.emetteur,
                message=MessageRelance(envoi.emetteur.nom, envoi.objet, timezone.localdate(envoi.depose_le)),
                destinataires=[
                    Destinataire(envoi.destinataire_nom, envoi.destinataire_id, envoi.courriel, envoi.territoire_id)
                ],
                objet=Objet(envoi, envoi.departement_id, envoi.annee, page=envoi.adresse_de_remise),
            )
    return len(a_relancer)


def _verrouiller(permis: EnvoiQuerySet, acteur: Acteur, envoi_id: int) -> Envoi:
    """La ligne verrouillée ; distingue ce qu'on ne voit pas (404) de ce que le rôle ne permet pas (403)."""
    envoi = permis.select_for_update(of=("self",)).filter(pk=envoi_id).first()
    if envoi is None:
        if Envoi.objects.visibles_par(acteur).filter(pk=envoi_id).exists():
            raise AccesRefuse("Cet envoi n'attend rien de vous, ou votre rôle ne permet pas cet acte.")
        raise Introuvable
    return envoi


def _journaliser(acteur: Acteur, envoi: Envoi, action: str, apres: dict[str, object], motif: str = "") -> None:
    journaliser(acteur=acteur, action=action, objet=envoi, organisme_id=envoi.emetteur_id, apres=apres, motif=motif)
