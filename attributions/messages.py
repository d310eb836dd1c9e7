"""Les messages des attributions : une convocation, un récapitulatif. Ni logement ni demande : un nombre, une date, un lien (RG-66)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.models import GenreEnvoi
from flux_reservations.socle.presentation import ecrire_date


@dataclass(frozen=True, slots=True)
class MessageConvocation(Message):
    """Un membre de la CALEOL est convoqué à une séance."""

    le: date

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit la date."""
        return f"Commission d'attribution du {ecrire_date(self.le)} : l'ordre du jour"

    def phrases(self) -> list[str]:
        """La séance."""
        return [
            f"{self.emetteur} vous convoque à sa commission d'attribution du {ecrire_date(self.le)}.",
            "L'ordre du jour se lit sur cette page, une fois connecté :",
        ]


@dataclass(frozen=True, slots=True)
class MessageRecapitulatif(Message):
    """Ce qui attend un portefeuille ou une boîte partagée, le lundi : des nombres et un lien."""

    secteur: str
    lundi: date
    attentes: tuple[str, ...]

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit la semaine et le secteur."""
        return f"Semaine du {ecrire_date(self.lundi)} : ce qui attend ({self.secteur})"[:200]

    def phrases(self) -> list[str]:
        """Les nombres."""
        liste = "\n".join(f"- {attente}" for attente in self.attentes)
        return [f"Ce qui attend cette semaine, {self.secteur} :\n{liste}", "Votre pile de travail :"]
