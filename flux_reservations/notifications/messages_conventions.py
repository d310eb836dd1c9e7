"""Les messages du parcours d'une convention : relecture, commentaire, concertation, mise en demeure (RG-16, RG-20, RG-22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.models import GenreEnvoi
from flux_reservations.socle.presentation import ecrire_date


@dataclass(frozen=True, slots=True)
class MessageConventionARelire(Message):
    """Une version de convention est proposée au réservataire (RG-16)."""

    numero: str
    version: int

    @property
    def genre(self) -> GenreEnvoi:
        """Convention à relire."""
        return GenreEnvoi.CONVENTION_A_RELIRE

    def objet(self) -> str:
        """L'objet dit la version."""
        return f"Convention {self.numero} à relire, version {self.version}"[:200]

    def phrases(self) -> list[str]:
        """La proposition, et ce qu'on peut en faire."""
        return [
            f"{self.emetteur} vous propose la version {self.version} de la convention de réservation {self.numero}.",
            "Elle se lit et se commente sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageCommentaire(Message):
    """Une partie a commenté la version proposée (RG-16) ; le texte ne se lit que connecté."""

    numero: str

    @property
    def genre(self) -> GenreEnvoi:
        """Convention à relire."""
        return GenreEnvoi.CONVENTION_A_RELIRE

    def objet(self) -> str:
        """L'objet."""
        return f"Convention {self.numero} : un commentaire de {self.emetteur}"[:200]

    def phrases(self) -> list[str]:
        """Le commentaire, à lire sur la page."""
        return [
            f"{self.emetteur} a commenté la convention {self.numero}.",
            "Le fil se lit, et une réponse s'y donne, sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageConcertation(Message):
    """Une concertation s'ouvre sur un programme neuf (RG-22)."""

    programme: str
    avant_le: date

    @property
    def genre(self) -> GenreEnvoi:
        """Concertation."""
        return GenreEnvoi.CONCERTATION

    def objet(self) -> str:
        """L'objet."""
        return f"Programme neuf « {self.programme} » : concertation sur les premières mises en location"[:200]

    def phrases(self) -> list[str]:
        """L'invitation et la date limite."""
        return [
            f"{self.emetteur} vous invite à la concertation sur les premières mises en location du programme « {self.programme} ».",
            f"Votre proposition est attendue jusqu'au {ecrire_date(self.avant_le)}, sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageRepartitionArretee(Message):
    """La répartition d'un programme neuf est arrêtée (RG-22)."""

    programme: str

    @property
    def genre(self) -> GenreEnvoi:
        """Concertation."""
        return GenreEnvoi.CONCERTATION

    def objet(self) -> str:
        """L'objet."""
        return f"Programme neuf « {self.programme} » : répartition arrêtée et compte rendu"[:200]

    def phrases(self) -> list[str]:
        """La répartition et le compte rendu."""
        return [
            f"{self.emetteur} a arrêté la répartition des premières mises en location du programme « {self.programme} ».",
            "La répartition et le compte rendu de la concertation se lisent sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageMiseEnDemeure(Message):
    """Le préfet met un bailleur en demeure (RG-20)."""

    departement: str
    echeance: date | None
    """Premier jour où la convention peut être résiliée ; vide : c'est son défaut qui est reproché."""

    @property
    def genre(self) -> GenreEnvoi:
        """Manquement."""
        return GenreEnvoi.MANQUEMENT

    def objet(self) -> str:
        """L'objet."""
        return f"Mise en demeure : conventions de réservation, {self.departement}"[:200]

    def phrases(self) -> list[str]:
        """Ce qui court."""
        suite = (
            f"Sans suite au {ecrire_date(self.echeance)}, le préfet peut résilier la convention."
            if self.echeance
            else "À défaut de convention, le préfet peut fixer les droits par arrêté."
        )
        return [
            f"{self.emetteur} enregistre une mise en demeure au sujet de conventions de réservation ({self.departement}).",
            suite,
            "La mise en demeure se lit sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageSuiteDUneMiseEnDemeure(Message):
    """Une suite est donnée à une mise en demeure (RG-20)."""

    departement: str
    suite: str

    @property
    def genre(self) -> GenreEnvoi:
        """Manquement."""
        return GenreEnvoi.MANQUEMENT

    def objet(self) -> str:
        """L'objet."""
        return f"Suite d'une mise en demeure : {self.suite.lower()}, {self.departement}"[:200]

    def phrases(self) -> list[str]:
        """La suite."""
        return [
            f"Une suite est donnée à une mise en demeure ({self.departement}) : {self.suite.lower()}.",
            "Elle se lit sur cette page :",
        ]
