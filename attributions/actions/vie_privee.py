"""La vie privée des demandeurs : oublier ce qui a fait son temps, rendre à une personne ce qu'on a d'elle (RG-70)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Cast, Concat, Greatest
from django.utils import timezone

from attributions.models import Candidat
from flux_reservations.acces.consultations import compter_du_jour, noter_consultation
from flux_reservations.acces.models import GenreConsultation, Organisme
from flux_reservations.acces.vie_privee import limite_de
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.droit import conservation
from flux_reservations.socle.champs import OUBLIE, empreinte_en_base
from flux_reservations.socle.journal import journaliser


def candidats_a_oublier(le: date) -> QuerySet[Candidat]:
    """Ceux dont l'orientation est finie et dont la dernière date connue est plus ancienne que la durée."""
    derniere = Greatest(
        "orientation__date_orientation",
        "orientation__date_caleol",
        "date_reponse",
        "orientation__liberation__date_bail",
    )
    finies = Candidat.objects.exclude(orientation__issue="en_cours").exclude(empreinte_demande__startswith=OUBLIE)
    return finies.annotate(derniere=derniere).filter(derniere__lt=limite_de(conservation.CANDIDATS, le))


def purger_les_candidats(*, acteur: Acteur, le: date, essai: bool = False) -> int:
    """Efface le numéro de demande et le motif des candidats qui ont fait leur temps ; le décompte et les bilans n'en dépendent pas."""
    if not acteur.est_systeme:
        raise AccesRefuse
    cles = list(candidats_a_oublier(le).values_list("pk", flat=True))
    if not essai:
        oublie = Concat(Value(OUBLIE), Cast(F("pk"), models.CharField()))
        Candidat.objects.filter(pk__in=cles).update(
            numero_demande=oublie, empreinte_demande=oublie, motif="", nb_personnes=None
        )
    return len(cles)


def donnees_d_un_demandeur(*, acteur: Acteur, numero_demande: str, motif: str) -> list[dict[str, Any]]:
    """Tout ce que l'organisme a sur une demande, pour répondre à la personne ; le motif est obligatoire et la lecture est notée."""
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    numero = "".join(numero_demande.split()).upper()
    if not numero:
        raise ErreurMetier("numero_absent", "Saisissez le numéro unique de la demande.", champ="numero_demande")
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi vous consultez ces données.", champ="motif")
    _noter_la_recherche(acteur, numero, motif)
    trouves = list(
        Candidat.objects.visibles_par(acteur)
        .filter(numero_demande=numero)
        .select_related("orientation__liberation__logement__commune")
        .order_by("orientation__date_orientation", "pk")
    )
    return [
        {
            "libération": candidat.orientation.liberation.numero,
            "commune": candidat.orientation.liberation.logement.commune.nom,
            "public": candidat.public,
            "personnes": candidat.nb_personnes,
            "proposée le": candidat.orientation.date_proposition,
            "rang": candidat.rang_caleol,
            "décision": candidat.get_decision_display(),
            "motif": candidat.motif,
            "notifiée le": candidat.date_notification,
            "réponse": candidat.get_reponse_display(),
            "répondue le": candidat.date_reponse,
        }
        for candidat in trouves
    ]


def _noter_la_recherche(acteur: Acteur, numero: str, motif: str) -> None:
    """Une trace par demande cherchée, trouvée ou non, sous son empreinte ; au-delà d'un nombre par jour, refus et alerte (RG-71).

    L'alerte est une entrée du journal de l'organisme, que son responsable lit.
    """
    aujourd_hui = timezone.localdate()
    faites = compter_du_jour(acteur, GenreConsultation.PERSONNE)
    if faites >= conservation.RECHERCHES_PAR_JOUR.valeur(aujourd_hui):
        organisme = Organisme.objects.get(pk=acteur.organisme_id or 0)
        journaliser(
            acteur=acteur, action="recherches_nominatives_refusees", objet=organisme, organisme_id=organisme.pk,
            apres={"recherches_du_jour": faites},
        )  # fmt: skip
        raise ErreurMetier(
            "trop_de_recherches",
            f"{faites} recherches nominatives aujourd'hui : c'est le plus qu'une personne fait en un jour. Votre responsable le voit "
            "au journal ; reprenez demain, ou voyez avec lui.",
            regle="RG-71",
        )
    cle = empreinte_en_base(numero)
    noter_consultation(acteur, GenreConsultation.PERSONNE, "attributions.candidat", cle, motif)
