"""Signer ou transmettre en nombre : chaque ligne d'une série appelle l'action de l'acte unitaire (RG-16, RG-17, RG-18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from django.db import transaction
from django.urls import reverse

from conventions.actions.cycle import signer
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.actions.transmission import conventions_a_transmettre, transmettre_convention
from conventions.chargement_brouillon import charger_fonds_de_controle, controler_brouillon
from conventions.chargement_texte import empreinte_de
from conventions.domaine.codes import EtatConvention
from conventions.domaine.controles import Niveau
from conventions.models import Convention
from conventions.models.conventions import ConventionQuerySet
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.suivi_des_envois import dire_les_envois, lien_vers_les_remises
from flux_reservations.pieces.models import Piece
from flux_reservations.series.actions.preparer import Voulu, confirmer_serie, preparer_serie
from flux_reservations.series.genres import Genre, Suite, inscrire
from flux_reservations.series.models import GENRE_EN_ATTENTE, ActeDeSerie, GenreSerie, Serie
from flux_reservations.socle.presentation import Fil, compter, ecrire_date
from flux_reservations.socle.relecture import empreinte_des_donnees, exiger_la_version_lue
from flux_reservations.territoires.models import Departement

A_SIGNER: Final = (EtatConvention.PROPOSEE, EtatConvention.BROUILLON)
SANS_PIECE = "Sans pièce signée"
"""Ce qu'on dit d'une convention signée dont le dossier n'a pas l'exemplaire signé."""
ALERTE_SANS_PIECE = f"{SANS_PIECE} : le texte engendré, sans signatures, sera transmis."


@dataclass(frozen=True, slots=True)
class SignatureVoulue:
    """Une convention cochée : ses dates, ses fichiers (au plus un), ou ce qu'on a trouvé à redire au dépôt."""

    convention: int
    signature_bailleur: date
    signature_reservataire: date
    effet: date | None = None
    fichiers: tuple[Fichier, ...] = ()
    refus: str = ""
    """Pourquoi son fichier n'a pas été lu ; vide s'il l'a été."""


def conventions_a_signer(acteur: Acteur, departement: str) -> ConventionQuerySet:
    """Les versions d'un département qui attendent d'être signées : proposées d'abord, brouillons ensuite."""
    return (
        Convention.objects.modifiables_par(acteur)
        .filter(departement_id=departement, etat__in=A_SIGNER)
        .select_related("reservataire")
        .order_by("-etat", "reservataire__nom", "numero")
    )


def preparer_signatures(
    *,
    acteur: Acteur,
    departement: str,
    voulues: Sequence[SignatureVoulue],
    sans_piece: bool = False,
    remarques: Sequence[str] = (),
) -> Serie:
    """Dépose les pièces en attente et essaie chaque signature ; rien n'est signé avant la confirmation.

    Une convention dont la pièce manque (sauf `sans_piece`), est en double ou n'est pas un PDF entier est écartée, avec sa raison.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        lisibles = conventions_a_signer(acteur, departement).prefetch_related("droits__perimetre", "droits__assiette")
        conventions = {une.pk: une for une in lisibles}
        fonds = charger_fonds_de_controle(acteur.organisme, departement)
        lignes = []
        for voulue in voulues:
            convention = conventions.get(voulue.convention)
            if convention is None:
                continue
            alertes = [un.message for un in controler_brouillon(convention, fonds) if un.niveau is Niveau.ALERTE]
            if not voulue.fichiers:
                alertes.insert(0, ALERTE_SANS_PIECE)
            lignes.append(_mettre_en_ligne(acteur, convention, voulue, alertes, sans_piece=sans_piece))
        return preparer_serie(
            acteur=acteur, genre=GenreSerie.SIGNATURE, cadre=departement, lignes=lignes, remarques=remarques
        )


def _mettre_en_ligne(
    acteur: Acteur, convention: Convention, voulue: SignatureVoulue, alertes: Sequence[str], *, sans_piece: bool
) -> Voulu:
    """La ligne d'une convention, sa pièce déposée en attente."""
    libelle = f"{convention.numero}, {convention.reservataire.nom}"
    parametres = {
        "signature_bailleur": voulue.signature_bailleur,
        "signature_reservataire": voulue.signature_reservataire,
        "effet": voulue.effet,
        "empreinte": empreinte_de(convention),
        "resume": _resumer(convention, voulue),
        "alertes": list(alertes),
    }
    try:
        piece = _deposer_en_attente(acteur, convention, voulue, sans_piece=sans_piece)
    except AccesRefuse:
        raise
    except ErreurMetier as refus:
        return Voulu(convention.pk, libelle, parametres, refus=refus)
    return Voulu(convention.pk, libelle, parametres, piece)


def _deposer_en_attente(
    acteur: Acteur, convention: Convention, voulue: SignatureVoulue, *, sans_piece: bool
) -> Piece | None:
    """La pièce qui attend la signature. Lève `ErreurMetier` si elle manque, est en double, ou n'est pas un PDF entier."""
    if voulue.refus:
        raise ErreurMetier("piece_trop_lourde", voulue.refus, regle="RG-16")
    if len(voulue.fichiers) > 1:
        noms = ", ".join(fichier.nom for fichier in voulue.fichiers)
        raise ErreurMetier(
            "pieces_en_double", f"Plusieurs fichiers lui reviennent : {noms}. N'en déposez qu'un.", regle="RG-16"
        )
    if voulue.fichiers:
        return deposer_pdf(
            acteur=acteur,
            organisme_id=convention.bailleur_id,
            genre=GENRE_EN_ATTENTE,
            fichier=voulue.fichiers[0],
        )
    if sans_piece:
        return None
    raise ErreurMetier(
        "piece_absente",
        "Aucun fichier ne lui revient : déposez sa convention signée, son numéro dans le nom, ou en face de sa ligne.",
        regle="RG-16",
    )


def _resumer(convention: Convention, voulue: SignatureVoulue) -> str:
    signature = max(voulue.signature_bailleur, voulue.signature_reservataire)
    effet = voulue.effet or convention.date_effet or signature
    piece = "" if voulue.fichiers else f" {SANS_PIECE}."
    return f"Signature du {ecrire_date(signature)}, effet le {ecrire_date(effet)}.{piece}"


class ActeDeConvention(Genre):
    """Un acte en nombre sur les conventions d'un département ; le cadre est le code du département."""

    singulier = "convention"

    def adresse(self, acte: ActeDeSerie) -> str:
        """La fiche de la convention."""
        return reverse("convention", args=[acte.cle])

    def retour(self, serie: Serie) -> str:
        """Le tableau de bord du département."""
        return reverse("tableau_departement", args=[serie.cadre])

    def fil(self, serie: Serie) -> Fil:
        """Conventions, puis le tableau de bord."""
        departement = Departement.objects.filter(pk=serie.cadre).first()
        return [("Conventions", reverse("conventions")), (str(departement or serie.cadre), self.retour(serie))]


@inscrire
class SignatureEnNombre(ActeDeConvention):
    """Signer plusieurs conventions d'un département."""

    code = GenreSerie.SIGNATURE
    fait, bouton = "signée", "Enregistrer les signatures"
    avertissement: ClassVar[str] = (
        "Une convention signée ne se modifie plus : ses droits courent à sa date d'effet, un avenant la remplacera. Un refus n'empêche "
        "pas les autres."
    )

    def avertir(self, actes: Sequence[ActeDeSerie]) -> str:
        """Dit aussi si chacune a sa pièce, ou combien seront signées sans, et ce que cela entraîne (RG-16, RG-17)."""
        sans = sum(not acte.nom_de_la_piece for acte in actes)
        if not sans:
            return f"{self.avertissement} Chaque convention est signée avec sa pièce, ou ne l'est pas du tout."
        return (
            f"{self.avertissement} {compter(sans, 'convention')} sur {len(actes)} sans pièce signée : le texte engendré, sans signatures, "
            "sera transmis aux autorités, sauf si l'exemplaire signé est ajouté avant à la fiche. Si vous l'avez, abandonnez cette "
            "préparation et déposez-le."
        )

    def executer(self, acteur: Acteur, acte: ActeDeSerie) -> str:
        """Signe la convention relue, par l'action de l'acte unitaire. Lève `Conflit` si elle a changé depuis la préparation."""
        saisies = acte.parametres
        fichier = Fichier(acte.piece.nom, bytes(acte.piece.contenu.octets)) if acte.piece else None
        convention = signer(
            acteur=acteur,
            convention_id=acte.cle,
            signature_bailleur=_lire_date(saisies["signature_bailleur"]),
            signature_reservataire=_lire_date(saisies["signature_reservataire"]),
            effet=_lire_date(saisies["effet"]) if saisies["effet"] else None,
            fichier=fichier,
            empreinte_lue=str(saisies.get("empreinte", "")),
        )
        piece = "" if fichier else f" {ALERTE_SANS_PIECE}"
        return f"Signée ; prend effet le {ecrire_date(convention.date_effet)}.{piece}"


def _lire_date(valeur: object) -> date:
    """Une date d'une ligne : déjà lue, ou relue de la base."""
    return valeur if isinstance(valeur, date) else date.fromisoformat(str(valeur))


def empreinte_a_transmettre(conventions: Iterable[Convention]) -> str:
    """SHA-256 de ce qui va partir : chaque convention, et la pièce signée qu'elle a."""
    return empreinte_des_donnees([[une.pk, une.piece_signee_id] for une in conventions])


def transmettre_en_nombre(*, acteur: Acteur, departement: str, empreinte_lue: str | None = None) -> Serie:
    """Met en série, et lance, chaque convention signée qui n'est pas transmise : la page qui l'appelle a fait confirmer.

    Lève `Conflit` si `empreinte_lue`, celle de la liste montrée, n'est plus la sienne.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    conventions = list(conventions_a_transmettre(acteur, acteur.organisme, departement).select_related("reservataire"))
    lignes = [Voulu(une.pk, f"{une.numero}, {une.reservataire.nom}") for une in conventions]
    if not lignes:
        raise ErreurMetier(
            "rien_a_transmettre", "Toutes les conventions signées du département sont déjà transmises.", regle="RG-17"
        )
    exiger_la_version_lue(empreinte_lue, empreinte_a_transmettre(conventions), regle="RG-17")
    with transaction.atomic():
        serie = preparer_serie(
            acteur=acteur, genre=GenreSerie.TRANSMISSION, cadre=departement, lignes=lignes, avec_essai=False
        )
        return confirmer_serie(acteur=acteur, serie_id=serie.pk)


@inscrire
class TransmissionEnNombre(ActeDeConvention):
    """Transmettre toutes les conventions signées d'un département."""

    code = GenreSerie.TRANSMISSION
    fait, bouton = "transmise", "Transmettre"
    avertissement = (
        "Chaque convention part au préfet et aux autorités de son périmètre (RG-17). Ce qui est parti ne repart pas."
    )

    def executer(self, acteur: Acteur, acte: ActeDeSerie) -> str:
        """Transmet une convention, par l'action de l'acte unitaire ; déjà transmise entre-temps, elle ne repart pas."""
        envois = transmettre_convention(acteur=acteur, convention_id=acte.cle)
        return f"Déposée chez {compter(len(envois), 'autorité')}."

    def suivre(self, acteur: Acteur, actes: Sequence[ActeDeSerie]) -> dict[int, Suite]:
        """Où en sont les envois de chaque convention, et le remède quand l'un n'est pas parti (une requête)."""
        return dire_les_envois(
            Envoi.objects.visibles_par(acteur).filter(genre=GenreEnvoi.TRANSMISSION),
            "conventions.convention",
            [acte.cle for acte in actes],
        )

    def lien_de_suite(self, suites: Mapping[int, Suite]) -> tuple[str, str] | None:
        """Enregistrer d'un coup les remises qui restent."""
        return lien_vers_les_remises(suites, GenreEnvoi.TRANSMISSION)
