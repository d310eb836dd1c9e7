"""Déposer le tableur du bailleur ; enregistrer des envois obligatoires faits avant l'application (RG-17, RG-60, RG-61)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from attributions.actions.soldes import saisir_solde
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.actions.transmission import destinataires_de_l_information
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.echanges.correspondances import retenir
from flux_reservations.echanges.models import Correspondance
from flux_reservations.echanges.reprise.entetes import Role as RoleDeColonne
from flux_reservations.echanges.reprise.lecture import Tableur, lire_tableur
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi, VoieEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Departement

GENRE_DU_TABLEUR: Final = "reprise"
COLONNES: Final = "reprise"
LIBELLES: Final = "reprise_comptes"
"""Sous quels noms les choix de la personne sont retenus (`Correspondance`)."""
GENRES: Final = {
    GenreEnvoi.BILAN: "Bilan annuel de l'année précédente (RG-60)",
    GenreEnvoi.INFORMATION_DEBUT_ANNEE: "Information de début d'année (RG-61)",
}
REFERENCE: Final = "fait avant l'application"
DEUX_COLONNES: Final = 2
TAILLE_DU_TABLEUR: Final = 20 * 1024 * 1024
"""Octets d'un tableur de reprise, lu dans la requête : cinquante mille lignes y tiennent."""


def deposer_le_decompte(*, acteur: Acteur, nom: str, octets: bytes) -> Piece:
    """Garde le tableur du bailleur, s'il se lit : ses colonnes se disent ensuite. Lève `ErreurMetier` avec le remède sinon."""
    bailleur = _bailleur(acteur, Role.GESTIONNAIRE)
    refuser_un_tableur_trop_gros(len(octets))
    with transaction.atomic():
        piece: Piece = Piece.objects.deposer(
            organisme_id=bailleur.pk,
            genre=GENRE_DU_TABLEUR,
            nom=nom[:200],
            type_mime="application/octet-stream",
            octets=octets,
            utilisateur_id=acteur.utilisateur_id,
        )
        tableur = lire_tableur(piece, choix_retenus(acteur, COLONNES))
        _refuser_l_absurde(tableur)
    return piece


def refuser_un_tableur_trop_gros(taille: int) -> None:
    """Lève `ErreurMetier` si un tableur de `taille` octets est trop gros pour se lire à l'écran."""
    if taille > TAILLE_DU_TABLEUR:
        message = "Le tableur dépasse 20 Mo : ne gardez que l'année et les colonnes du décompte."
        raise ErreurMetier("tableur_trop_gros", message, champ="tableur")


def _refuser_l_absurde(tableur: Tableur) -> None:
    """Une seule colonne n'est pas un décompte : mieux vaut le dire que de demander laquelle est laquelle."""
    if sum(bool(intitule) for intitule in tableur.entetes.intitules) < DEUX_COLONNES:
        message = "Il faut au moins deux colonnes : une libération ou un logement, et le compte décompté."
        raise ErreurMetier("colonnes_absentes", message, champ="tableur")


def retirer_le_tableur(*, acteur: Acteur, piece_id: int) -> None:
    """Retire un tableur déposé, rien d'autre n'en dépend ; son contenu part à la purge de nuit."""
    _bailleur(acteur, Role.GESTIONNAIRE)
    with transaction.atomic():
        piece = Piece.objects.modifiables_par(acteur).filter(pk=piece_id, genre=GENRE_DU_TABLEUR).first()
        if piece is None:
            raise Introuvable
        journaliser(
            acteur=acteur,
            action="retirer_le_tableur",
            objet=piece,
            organisme_id=piece.organisme_id,
            avant={"nom": piece.nom},
        )
        piece.delete()


def choix_retenus(acteur: Acteur, genre: str) -> dict[str, str]:
    """Ce que la personne a déjà dit des colonnes (`COLONNES`) ou des libellés (`LIBELLES`) de ses tableurs."""
    lignes = Correspondance.objects.visibles_par(acteur).filter(tableau=genre)
    return dict(lignes.values_list("entete", "colonne"))


def retenir_les_choix(*, acteur: Acteur, genre: str, choix: Mapping[str, str]) -> None:
    """Retient le rôle de chaque colonne, ou le compte de chaque libellé, pour ce tableur et les suivants ; vide : oublié."""
    bailleur = _bailleur(acteur, Role.GESTIONNAIRE)
    if genre == COLONNES:
        dits = [role for role in choix.values() if role in set(RoleDeColonne)]
        if len(dits) > len(set(dits)):
            raise ErreurMetier("role_repete", "Deux colonnes ont le même rôle : gardez-en une.")
        if RoleDeColonne.COMPTE not in dits or not {RoleDeColonne.LIBERATION, RoleDeColonne.LOGEMENT} & set(dits):
            message = (
                "Dites au moins quelle colonne est le réservataire, et laquelle désigne la libération ou le logement."
            )
            raise ErreurMetier("roles_absents", message)
    with transaction.atomic():
        oublies = [cle for cle, valeur in choix.items() if not valeur]
        Correspondance.objects.visibles_par(acteur).filter(tableau=genre, entete__in=oublies).delete()
        retenir(bailleur.pk, {genre: {cle: valeur for cle, valeur in choix.items() if valeur}})
        journaliser(
            acteur=acteur,
            action="retenir_les_choix_de_reprise",
            objet=bailleur,
            organisme_id=bailleur.pk,
            apres={genre: dict(choix)},
        )


@dataclass(frozen=True, slots=True)
class SoldesPoses:
    """Ce qu'une confirmation a changé : soldes posés ou corrigés, soldes retirés."""

    poses: int
    retires: int


def poser_les_soldes(
    *, acteur: Acteur, bailleur_id: int, annee: int, soldes: Mapping[tuple[int, str], Decimal | None]
) -> SoldesPoses:
    """Pose d'un bloc les soldes d'ouverture confirmés (première version, sous-contingent) ; None : aucun. Rend ce qui change (RG-47)."""
    with transaction.atomic():
        changes = [
            report
            for (convention, sous_contingent), report in soldes.items()
            if saisir_solde(
                acteur=acteur,
                bailleur_id=bailleur_id,
                convention_id=convention,
                sous_contingent=sous_contingent,
                annee=annee,
                report=report,
            )
        ]
    return SoldesPoses(sum(report is not None for report in changes), sum(report is None for report in changes))


def retirer_les_envois_anterieurs(*, acteur: Acteur, lot: uuid.UUID) -> int:
    """Retire un envoi enregistré par erreur comme fait avant l'application ; rend le nombre de destinataires.

    Réservé au responsable. Lève `Conflit` si un destinataire en a accusé réception : le registre est alors la preuve de chacun (RG-66).
    """
    bailleur = _bailleur(acteur, Role.RESPONSABLE)
    with transaction.atomic():
        envois = list(
            Envoi.objects.modifiables_par(acteur)
            .filter(lot=lot, emetteur_id=bailleur.pk, reference_voie=REFERENCE)
            .select_for_update(of=("self",))
        )
        if not envois:
            raise Introuvable
        if any(envoi.recu_le for envoi in envois):
            raise Conflit("Un destinataire en a accusé réception : cet envoi ne se retire plus.", regle="RG-66")
        journaliser(
            acteur=acteur,
            action="retirer_envois_anterieurs",
            objet=envois[0],
            organisme_id=bailleur.pk,
            avant={
                "lot": lot,
                "genre": envois[0].genre,
                "destinataires": len(envois),
                "depose_le": envois[0].depose_le,
            },
        )
        Envoi.objects.modifiables_par(acteur).filter(pk__in=[envoi.pk for envoi in envois]).delete()
    return len(envois)


def enregistrer_envois_anterieurs(
    *, acteur: Acteur, genre: str, departement: str, annee: int, le: date, fichier: Fichier
) -> list[Envoi]:
    """Enregistre un envoi obligatoire fait avant l'application, à tous ses destinataires : rien ne repart, la pièce fait foi.

    Réservé au responsable. Lève `ErreurMetier` si la date est à venir, si l'envoi est déjà au registre ou si la pièce n'est pas un PDF.
    """
    bailleur = _bailleur(acteur, Role.RESPONSABLE)
    if genre not in GENRES:
        raise ErreurMetier("genre_inconnu", "Choisissez un envoi de la liste.", champ="genre")
    if le > timezone.localdate():
        raise ErreurMetier("date_future", "Un envoi déjà fait a une date passée.", champ="le")
    with transaction.atomic():
        lieu = Departement.objects.filter(pk=departement).first()
        if lieu is None:
            raise ErreurMetier("departement_inconnu", "Choisissez un département.", champ="departement")
        deja = Envoi.objects.filter(emetteur_id=bailleur.pk, genre=genre, departement=lieu, annee=annee)
        if deja.exists():
            raise ErreurMetier("deja_au_registre", "Cet envoi est déjà au registre.", champ="annee")
        destinataires = destinataires_de_l_information(bailleur.pk, lieu.pk)
        if not destinataires:
            raise ErreurMetier(
                "sans_destinataire", "Il n'y a personne à qui envoyer : importez vos conventions d'abord."
            )
        piece = deposer_pdf(acteur=acteur, organisme_id=bailleur.pk, genre="envoi_anterieur", fichier=fichier)
        lot, instant = uuid.uuid4(), timezone.make_aware(datetime.combine(le, time(12)))
        envois = Envoi.objects.bulk_create(
            Envoi(
                lot=lot,
                genre=genre,
                emetteur_id=bailleur.pk,
                destinataire_id=un.organisme_id,
                destinataire_nom=un.nom,
                departement=lieu,
                territoire_id=un.territoire,
                annee=annee,
                piece=piece,
                voie=VoieEnvoi.RECOMMANDE,
                objet=f"{GENRES[GenreEnvoi(genre)].partition(' (')[0]} {annee}, {lieu.nom}"[:200],
                etat=EtatEnvoi.ENVOYE,
                depose_le=instant,
                envoye_le=instant,
                reference_voie=REFERENCE,
            )
            for un in destinataires
        )
        apres = {
            "lot": lot,
            "genre": genre,
            "destinataires": len(envois),
            "depose_le": instant,
            "piece": piece.contenu_id,
        }
        journaliser(
            acteur=acteur,
            action="enregistrer_envois_anterieurs",
            objet=envois[0],
            organisme_id=bailleur.pk,
            apres=apres,
        )
    return envois


def _bailleur(acteur: Acteur, role: Role) -> Bailleur:
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None or not acteur.peut(role):
        raise AccesRefuse
    return bailleur
