"""Un vrai serveur SMTP local pour les essais de la file d'envois."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class BoiteAuxLettres:
    """Reçoit les courriels et les garde ; `refus` est ce que répond le serveur à la place, par adresse."""

    recus: list[Envelope] = field(default_factory=list)
    refus: dict[str, str] = field(default_factory=dict)
    rompre: int = 0
    """Nombre de courriels acceptés dont la liaison se rompt avant la réponse."""

    async def handle_RCPT(  # noqa: N802 : nom d'aiosmtpd
        self, serveur: SMTP, session: Session, enveloppe: Envelope, adresse: str, options: list[str]
    ) -> str:
        """Refuse ou note un destinataire."""
        del serveur, session, options
        if adresse in self.refus:
            return self.refus[adresse]
        enveloppe.rcpt_tos.append(adresse)
        return "250 OK"

    async def handle_DATA(self, serveur: SMTP, session: Session, enveloppe: Envelope) -> str:  # noqa: N802 : nom d'aiosmtpd
        """Garde un courriel ; rompt la liaison avant de répondre si l'essai le demande."""
        del session
        self.recus.append(enveloppe)
        if self.rompre:
            self.rompre -= 1
            serveur.transport.abort()
        return "250 OK"

    def messages(self) -> list[str]:
        """Les textes reçus."""
        return [(enveloppe.content or b"").decode() for enveloppe in self.recus]  # type: ignore[union-attr]  # octets

    def identifiants(self) -> list[str]:
        """Les Message-ID reçus, dans l'ordre."""
        return [
            ligne.partition(":")[2].strip()
            for texte in self.messages()
            for ligne in texte.splitlines()
            if ligne.lower().startswith("message-id:")
        ]


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port: int = prise.getsockname()[1]
        return port


@pytest.fixture
def boite(settings: Any) -> Iterator[BoiteAuxLettres]:
    """Le serveur, démarré, et désigné par les réglages."""
    boite = BoiteAuxLettres()
    controleur = Controller(boite, hostname="127.0.0.1", port=_port_libre())
    controleur.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controleur.port
    yield boite
    controleur.stop()
