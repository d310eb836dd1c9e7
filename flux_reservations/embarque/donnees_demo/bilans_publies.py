"""Ce que les bailleurs ont déjà rendu : l'information de début d'année, et le bilan de l'an passé pour le petit (RG-60, RG-61).

Le bilan du grand bailleur reste à produire : c'est le parcours qu'on essaie dans la démonstration, et quarante pages de PDF qu'on
n'attend pas au démarrage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

from django.utils import timezone

from bilans.actions.publier import publier
from bilans.calcul import calculer_annee
from bilans.document import composer_document
from bilans.document_debut_annee import composer_information
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.pdf import bilan_pdf, nom_du_fichier
from bilans.pdf_debut_annee import information_pdf, information_xlsx
from bilans.tableur import bilan_xlsx
from conventions.models import Bailleur
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.notifications.models import Envoi, EtatEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.tableur import TYPE_XLSX
from flux_reservations.territoires.models import Departement

DEPARTEMENT: Final = "94"
DEJA_PUBLIES: Final = {"RB": (GenreBilan.DEBUT_ANNEE,), "TM": (GenreBilan.DEBUT_ANNEE, GenreBilan.ANNUEL)}
JOURS_DE_PUBLICATION: Final = {GenreBilan.DEBUT_ANNEE: (1, 29), GenreBilan.ANNUEL: (2, 20)}


def publier_les_bilans(bailleur: Bailleur, aujourd_hui: date, genres: Sequence[GenreBilan]) -> int:
    """Publie l'information de l'année ou le bilan de l'an passé, à leur date ; rend combien de documents."""
    responsable = (
        Rattachement.objects.actifs()
        .select_related("organisme", "utilisateur")
        .get(organisme=bailleur.pk, role=Role.RESPONSABLE.value)
    )
    departement = Departement.objects.get(pk=DEPARTEMENT)
    nombre = 0
    for genre in genres:
        annee = aujourd_hui.year - (genre == GenreBilan.ANNUEL)
        le = date(aujourd_hui.year, *JOURS_DE_PUBLICATION[genre])
        if le > aujourd_hui:
            continue
        bilan = _preparer(bailleur, departement, genre, annee, le)
        publier(acteur=responsable.acteur(), bilan_id=bilan.pk)
        _dater(bilan, le)
        nombre += 1
    return nombre


def _preparer(bailleur: Bailleur, departement: Departement, genre: GenreBilan, annee: int, le: date) -> Bilan:
    """Un document prêt à publier, établi ce jour-là."""
    donnees: dict[str, Any]
    if genre == GenreBilan.DEBUT_ANNEE:
        donnees = composer_information(bailleur, departement, annee, le)
        nom, pdf, tableur = "information", information_pdf(donnees, version=1), information_xlsx(donnees)
    else:
        donnees = composer_document(calculer_annee(bailleur, departement.pk, annee), bailleur, departement, le)
        nom, pdf, tableur = "bilan", bilan_pdf(donnees, version=1, ce_qui_change=""), bilan_xlsx(donnees)
    return Bilan.objects.create(
        genre=genre,
        bailleur=bailleur,
        departement=departement,
        annee=annee,
        etat=EtatBilan.PRET,
        progression=100,
        donnees=donnees,
        empreinte=calculer_empreinte(donnees),
        pdf=_deposer(
            bailleur, nom, nom_du_fichier(bailleur.siren, departement.pk, annee, "pdf", nom), "application/pdf", pdf
        ),
        tableur=_deposer(
            bailleur, nom, nom_du_fichier(bailleur.siren, departement.pk, annee, "xlsx", nom), TYPE_XLSX, tableur
        ),
    )


def _deposer(bailleur: Bailleur, genre: str, nom: str, type_mime: str, octets: bytes) -> Piece:
    piece: Piece = Piece.objects.deposer(
        organisme_id=bailleur.pk, genre=genre, nom=nom, type_mime=type_mime, octets=octets
    )
    return piece


def _dater(bilan: Bilan, le: date) -> None:
    """Ramène la publication et ses envois à leur jour ; les plus lents n'ont pas encore accusé réception."""
    instant = timezone.make_aware(datetime.combine(le, time(16, 5)))
    Bilan.objects.filter(pk=bilan.pk).update(cree_le=instant, publie_le=instant)
    envois = Envoi.objects.filter(objet_type="bilans.bilan", objet_cle=str(bilan.pk))
    envois.update(depose_le=instant, envoye_le=instant, etat=EtatEnvoi.ENVOYE)
    recus = [envoi.pk for rang, envoi in enumerate(envois.order_by("pk")) if rang % 4]
    Envoi.objects.filter(pk__in=recus).update(etat=EtatEnvoi.RECU, recu_le=instant, recu_par="Service du logement")
