"""Les courriels du registre : un organisme est demandé, une réponse est donnée. Un lien, et de quoi il s'agit."""

from __future__ import annotations

from dataclasses import dataclass

from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.models import GenreEnvoi


@dataclass(frozen=True, slots=True)
class MessageOrganismeDemande(Message):
    """Un bailleur demande un organisme à l'administration de la plateforme."""

    nom: str

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel : rien n'est remis."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit l'organisme."""
        return f"Organisme à ajouter au registre : {self.nom}"[:200]

    def phrases(self) -> list[str]:
        """Qui demande quoi."""
        return [
            f"{self.emetteur} demande d'ajouter « {self.nom} » au registre des réservataires.",
            "La demande et ses précisions se lisent sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageOrganismeRepondu(Message):
    """L'administration répond à qui a demandé un organisme."""

    nom: str
    suite: str

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel : rien n'est remis."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit l'organisme."""
        return f"Votre demande d'organisme : {self.nom}"[:200]

    def phrases(self) -> list[str]:
        """La suite donnée."""
        return [self.suite, "Vos demandes et vos imports sont sur cette page :"]
