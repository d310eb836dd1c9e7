"""Le récapitulatif du lundi : à chaque portefeuille, à chaque boîte partagée, ce qui l'attend ; des nombres, rien d'autre (RG-66)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from attributions.chargement.pile import charger_pile
from attributions.messages import MessageRecapitulatif
from attributions.models import Orientation
from flux_reservations.acces.models import Absence, Organisme, Rattachement, Secteur
from flux_reservations.acces.portefeuilles import SecteurChoisi, mon_secteur, reunir
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle.presentation import compter


@dataclass(frozen=True, slots=True)
class Lecteur:
    """Qui reçoit un récapitulatif : au nom de qui il lit, quels logements, à quelle adresse."""

    acteur: Acteur
    organisme: Organisme
    secteur: SecteurChoisi
    nom: str
    courriel: str


def envoyer_les_recapitulatifs(le: date) -> int:
    """Envoie ceux de la semaine de `le` ; relancée dans la semaine, n'envoie rien de plus. Rend leur nombre."""
    lundi = le - timedelta(days=le.weekday())
    nombre = 0
    for lecteur in _lecteurs(le):
        attentes = compter_les_attentes(lecteur.acteur, lecteur.secteur, le)
        if attentes and _envoyer(lecteur, attentes, lundi):
            nombre += 1
    return nombre


def compter_les_attentes(acteur: Acteur, secteur: SecteurChoisi, le: date) -> tuple[str, ...]:
    """« 3 logements à orienter »… : ce qui attend dans ce secteur ; vide si rien n'attend."""
    if acteur.nature is Nature.BAILLEUR:
        pile = charger_pile(acteur, le, secteur=secteur)
        nombres = [
            (pile.nombre_a_orienter, "logement à orienter", "logements à orienter"),
            (len(pile.a_notifier), "logement à mettre à disposition", "logements à mettre à disposition"),
            (len(pile.candidats_presses), "délai de présentation qui échoit", "délais de présentation qui échoient"),
            (len(pile.a_examiner), "logement à inscrire en commission", "logements à inscrire en commission"),
            (len(pile.offres), "offre sans réponse", "offres sans réponse"),
            (len(pile.baux), "bail à signer", "baux à signer"),
        ]
    else:
        attendus = Orientation.objects.visibles_par(acteur).en_cours().filter(secteur.filtre("liberation__logement__"))
        nombres = [
            (
                attendus.filter(date_proposition__isnull=True).count(),
                "logement sans candidat",
                "logements sans candidat",
            ),
            (attendus.filter(date_proposition__isnull=False).count(), "logement en cours", "logements en cours"),
        ]
    return tuple(compter(nombre, un, plusieurs) for nombre, un, plusieurs in nombres if nombre)


def _lecteurs(le: date) -> Iterator[Lecteur]:
    """Les personnes qui suivent un secteur ce jour-là et le demandent, puis les boîtes partagées."""
    absents = set(Absence.objects.le(le).values_list("rattachement_id", flat=True))
    agents = Rattachement.objects.actifs().filter(recapitulatif=True, portefeuilles__isnull=False)
    remplacants = Rattachement.objects.actifs().filter(recapitulatif=True, remplacements__in=Absence.objects.le(le))
    for rattachement in (agents | remplacants).distinct().select_related("organisme", "utilisateur").order_by("pk"):
        acteur = rattachement.acteur()
        secteur = mon_secteur(acteur, le)
        if secteur is not None and rattachement.pk not in absents:
            personne = rattachement.utilisateur
            yield Lecteur(acteur, rattachement.organisme, secteur, personne.nom_complet, personne.courriel)
    for un in Secteur.objects.exclude(boite="").select_related("organisme").order_by("pk"):
        acteur = Acteur(
            Nature(un.organisme.nature),
            Role.LECTEUR,
            organisme_id=un.organisme_id,
            territoire=un.organisme.territoire_id or "",
        )
        yield Lecteur(acteur, un.organisme, reunir(acteur, un.nom, [un]), un.nom, un.boite)


def _envoyer(lecteur: Lecteur, attentes: tuple[str, ...], lundi: date) -> bool:
    message = MessageRecapitulatif(lecteur.organisme.nom, lecteur.secteur.libelle, lundi, attentes)
    if Envoi.objects.filter(
        emetteur_id=lecteur.acteur.organisme,
        genre=GenreEnvoi.RAPPEL,
        courriel=lecteur.courriel,
        objet=message.objet_d_une_ligne(),
    ).exists():
        return False
    page = "aujourdhui" if lecteur.acteur.nature is Nature.BAILLEUR else "logements_a_pourvoir"
    deposer_lot(
        acteur=Acteur.systeme("récapitulatif"),
        emetteur=lecteur.organisme,
        message=message,
        destinataires=[Destinataire(lecteur.nom, None, lecteur.courriel)],
        objet=Objet(annee=lundi.year, page=f"{reverse(page)}?secteur=moi"),
    )
    return True
