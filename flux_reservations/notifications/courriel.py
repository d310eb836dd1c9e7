"""Le courriel : le message d'un envoi, et le moteur de la démonstration qui le garde en base."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from flux_reservations.commun.lignes import replier
from flux_reservations.notifications.models import Courriel, Envoi


class CourrielEnBase(BaseEmailBackend):
    """Garde les courriels en base au lieu de les envoyer : la démonstration les montre à l'écran, rien ne sort de la machine."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Enregistre chaque message ; rend leur nombre."""
        for message in email_messages:
            Courriel.objects.create(
                message_id=message.extra_headers.get("Message-ID", ""),
                expediteur=message.from_email[:200],
                destinataires=", ".join(message.recipients()),
                objet=str(message.subject)[:200],
                corps=str(message.body),
            )
        return len(email_messages)


def domaine_d_expedition() -> str:
    """Le domaine de l'adresse d'expédition : celui des Message-ID."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "flux-reservations.example"


def message_id_de(envoi: Envoi) -> str:
    """Le Message-ID d'un envoi, connu dès le dépôt : le même à chaque essai, pour qu'un doublon se reconnaisse (RG-66)."""
    return f"<{envoi.cle}@{domaine_d_expedition()}>"


def composer(envoi: Envoi) -> EmailMessage:
    """Le courriel d'un envoi : un texte et un lien, jamais d'adresse de logement ni de numéro de demande."""
    return EmailMessage(
        subject=replier(envoi.objet),
        body=envoi.corps,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[envoi.courriel],
        headers={"Message-ID": envoi.message_id, "Auto-Submitted": "auto-generated"},
    )
