"""Publier toute une campagne : chaque ligne de la série appelle la publication unitaire (RG-60 à RG-63, RG-66)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.urls import reverse

from bilans.actions.publier import publier, verifier_publiable
from bilans.destinataires import lire_la_diffusion
from bilans.models import Bilan, Campagne
from bilans.models.bilan import GenreBilan
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.notifications.suivi_des_envois import dire_les_envois, lien_vers_les_remises
from flux_reservations.series.actions.preparer import Voulu, preparer_serie
from flux_reservations.series.genres import Genre, Suite, inscrire
from flux_reservations.series.models import ActeDeSerie, GenreSerie, Serie
from flux_reservations.socle.presentation import Fil, compter, ecrire_date, ecrire_instant


def preparer_publications(
    *, acteur: Acteur, campagne_id: int, bilans: Sequence[int], seances: Mapping[int, date | None] | None = None
) -> Serie:
    """Met en série les documents cochés d'une campagne ; rien n'est publié avant la confirmation.

    `seances` : la date de présentation de chaque document de CALEOL (RG-62). Un document que la publication refuserait est écarté, avec
    sa raison. Lève `ErreurMetier` si rien n'est coché.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    campagne = Campagne.objects.modifiables_par(acteur).filter(pk=campagne_id).first()
    if campagne is None:
        raise Introuvable
    with transaction.atomic():
        choisis = (
            Bilan.objects.modifiables_par(acteur)
            .filter(campagne=campagne, pk__in=list(bilans))
            .select_related("departement", "bailleur")
            .order_by("departement__nom", "genre")
        )
        lignes = [_mettre_en_ligne(bilan, (seances or {}).get(bilan.pk)) for bilan in choisis.iterator(chunk_size=20)]
        return preparer_serie(
            acteur=acteur, genre=GenreSerie.PUBLICATION, cadre=str(campagne.pk), lignes=lignes, avec_essai=False
        )


def _mettre_en_ligne(bilan: Bilan, seance: date | None) -> Voulu:
    """Un document : à qui il part, ce qui alerte ; écarté si la publication le refuserait."""
    libelle = f"{bilan.titre}, {bilan.departement.nom}" + (f", version {bilan.version}" if bilan.version > 1 else "")
    try:
        verifier_publiable(bilan, seance)
    except ErreurMetier as refus:
        return Voulu(bilan.pk, libelle, refus=refus)
    bloquants = [
        controle["message"]
        for controle in bilan.donnees.get("flux", {}).get("controles", [])
        if controle["niveau"] == "bloquant"
    ]
    return Voulu(
        bilan.pk,
        libelle,
        {
            "seance": seance,
            "empreinte": bilan.empreinte,
            "resume": _dire_la_diffusion(bilan, seance),
            "alertes": bloquants,
        },
    )


def _dire_la_diffusion(bilan: Bilan, seance: date | None) -> str:
    """Ce qui part, à combien, par quelle voie."""
    if bilan.genre == GenreBilan.CALEOL:
        return f"Présenté en commission le {ecrire_date(seance)} ; ne s'envoie pas."
    destinataires = lire_la_diffusion(bilan).destinataires
    sans_courriel = sum(not un.courriel for un in destinataires)
    par_une_autre_voie = f", dont {sans_courriel} par une autre voie, à saisir" if sans_courriel else ""
    return f"{compter(len(destinataires), 'destinataire')}{par_une_autre_voie}."


@inscrire
class PublicationEnNombre(Genre):
    """Publier plusieurs documents d'une campagne ; le cadre est la clé de la campagne."""

    code = GenreSerie.PUBLICATION
    singulier, fait, bouton = "document", "publié", "Publier et envoyer"
    avertissement = (
        "Une fois publié, un document ne change plus : une correction sera une nouvelle version. Les soldes qu'un bilan arrête ouvrent "
        "l'année suivante, et chaque document part aussitôt à tous ses destinataires, à la même date."
    )

    def executer(self, acteur: Acteur, acte: ActeDeSerie) -> str:
        """Publie le document relu, par l'action de l'acte unitaire ; produit de nouveau ou publié entre-temps, il est refusé."""
        seance = acte.parametres.get("seance")
        bilan = publier(
            acteur=acteur,
            bilan_id=acte.cle,
            date_seance=date.fromisoformat(str(seance)) if seance else None,
            empreinte_lue=str(acte.parametres.get("empreinte", "")),
        )
        return f"Publié le {ecrire_instant(bilan.publie_le)}."

    def suivre(self, acteur: Acteur, actes: Sequence[ActeDeSerie]) -> dict[int, Suite]:
        """Où en sont les envois de chaque document (une requête)."""
        return dire_les_envois(Envoi.objects.visibles_par(acteur), "bilans.bilan", [acte.cle for acte in actes])

    def lien_de_suite(self, suites: Mapping[int, Suite]) -> tuple[str, str] | None:
        """Enregistrer d'un coup les remises qui restent."""
        return lien_vers_les_remises(suites)

    def adresse(self, acte: ActeDeSerie) -> str:
        """La fiche du document."""
        return reverse("bilan", args=[acte.cle])

    def retour(self, serie: Serie) -> str:
        """La campagne."""
        return reverse("campagne", args=[int(serie.cadre)])

    def fil(self, serie: Serie) -> Fil:
        """Bilans, campagnes, la campagne."""
        return [
            ("Bilans", reverse("bilans")),
            ("Campagnes", reverse("campagnes")),
            ("La campagne", self.retour(serie)),
        ]
