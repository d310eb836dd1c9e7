"""Portail de l'État et des EPCI : les conventions transmises, et celles qui manquent (RG-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.urls import reverse

from conventions.models import Convention, Droit
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle import rls
from flux_reservations.socle.presentation import Pastille
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import TerritoireCommune


@dataclass(frozen=True, slots=True)
class ConventionManquante:
    """Une convention signée qui devait être transmise et ne l'a pas été : son numéro, ses parties, sa date, rien d'autre."""

    numero: str
    bailleur: str
    reservataire: str
    departement: str
    date_signature: date | None


def conventions_manquantes(acteur: Acteur) -> list[ConventionManquante]:
    """Les conventions signées du territoire que le bailleur n'a pas déposées chez l'acteur (lu en système)."""
    if not acteur.territoire or acteur.organisme_id is None:
        return []
    with rls.en_systeme():
        depots = Envoi.objects.filter(
            destinataire_id=acteur.organisme_id,
            genre=GenreEnvoi.TRANSMISSION,
            objet_type="conventions.convention",
            depose_le__isnull=False,
            objet_cle=Cast(OuterRef("pk"), CharField()),
        )
        dues = Convention.objects.signees().exclude(reservataire_id=acteur.organisme_id).filter(~Exists(depots))
        if acteur.nature is Nature.ETAT:
            dues = dues.filter(departement_id=acteur.territoire.partition(":")[2])
        else:
            communes = TerritoireCommune.objects.filter(territoire=acteur.territoire).values("commune_id")
            couvrants = TerritoireCommune.objects.filter(commune_id__in=communes).values("territoire_id")
            dues = dues.filter(
                Exists(Droit.objects.filter(convention=OuterRef("pk"), perimetre__in=couvrants)),
                bailleur__logements__commune_id__in=communes,
            ).distinct()
        return [
            ConventionManquante(
                une.numero, une.bailleur.nom, une.reservataire.nom, une.departement_id, une.date_signature
            )
            for une in dues.select_related("bailleur", "reservataire").order_by("bailleur__nom", "numero")
        ]


class ConventionsTransmises(ReserveeMixin, VueListe[Envoi]):
    """Les conventions reçues, accusées ou non ; au-dessous, celles qui manquent."""

    natures = frozenset({Nature.ETAT, Nature.COLLECTIVITE})
    titre = "Conventions transmises"
    legende = "Conventions déposées par les bailleurs (RG-17)"
    nom_export = "conventions_transmises"
    singulier = "transmission"
    gabarit = "portail/transmissions.html"
    vide_titre = "Aucune convention transmise"
    vide_texte = "Chaque convention signée sur votre territoire doit vous être transmise sans délai (RG-17)."
    colonnes: ClassVar[Any] = (
        Colonne[Envoi](
            "numero",
            "Convention",
            lambda un: getattr(un, "numero", None) or un.objet,
            tri=("numero",),
            lien=lambda un: reverse("envoi_recu", args=[un.cle]),
            entete_de_ligne=True,
        ),
        Colonne[Envoi](
            "reservataire", "Réservataire", lambda un: getattr(un, "reservataire", None), tri=("reservataire",)
        ),
        Colonne[Envoi]("emetteur", "Bailleur", lambda un: un.emetteur.nom, tri=("emetteur__nom",)),
        Colonne[Envoi](
            "departement", "Département", lambda un: un.departement_id, tri=("departement_id",), secondaire=True
        ),
        Colonne[Envoi]("depose_le", "Déposée", lambda un: un.depose_le, "instant", tri=("depose_le",)),
        Colonne[Envoi](
            "recu",
            "Accusé",
            lambda un: Pastille("Accusée", "succes") if un.recu_le else Pastille("À accuser", "attention"),
            "pastille",
        ),
    )

    def lire(self) -> QuerySet[Envoi]:
        """Les dépôts adressés à l'acteur, avec le numéro et le réservataire de la convention transmise."""
        acteur = self.request.acteur
        transmise = (
            Convention.objects.visibles_par(acteur)
            .annotate(cle=Cast("pk", CharField()))
            .filter(cle=OuterRef("objet_cle"))
        )
        return (
            Envoi.objects.visibles_par(acteur)
            .filter(genre=GenreEnvoi.TRANSMISSION, destinataire_id=acteur.organisme_id)
            .annotate(
                numero=Subquery(transmise.values("numero")[:1]),
                reservataire=Subquery(transmise.values("reservataire__nom")[:1]),
            )
            .select_related("emetteur")
        )

    def contexte(self) -> dict[str, Any]:
        """Les conventions qui manquent."""
        return {"manquantes": conventions_manquantes(self.request.acteur)}
