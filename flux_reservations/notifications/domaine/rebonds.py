"""Lire un avis de non-remise (RFC 3464) : à quel courriel il répond, et si c'est définitif (RG-66). Bibliothèque standard seule."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage, Message

_IDENTIFIANT = re.compile(r"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
LONGUEUR_DE_LA_RAISON = 300


@dataclass(frozen=True, slots=True)
class Avis:
    """Un avis : le Message-ID du courriel d'origine, l'adresse qui l'a refusé, l'état (« 5.1.1 »), ce qu'en dit le serveur."""

    message_id: str
    adresse: str
    statut: str
    est_definitif: bool
    raison: str


def lire_avis(octets: bytes) -> Avis | None:
    """L'avis que porte ce courriel ; None si ce n'en est pas un (une réponse, une publicité…), ou s'il ne dit pas de quel courriel."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    rapport = _premiere_partie(message, "message/delivery-status")
    identifiant = _identifiant_d_origine(message)
    if rapport is None or not identifiant:
        return None
    # Un bloc pour le message, puis un par destinataire : un envoi n'a qu'un destinataire.
    blocs = [bloc for bloc in rapport.get_payload() if isinstance(bloc, Message)] if rapport.is_multipart() else []
    du_destinataire = next((bloc for bloc in blocs if bloc.get("Action")), None)
    if du_destinataire is None:
        return None
    statut = str(du_destinataire.get("Status", "")).strip()
    diagnostic = str(du_destinataire.get("Diagnostic-Code", "")).partition(";")[2].strip()
    return Avis(
        message_id=identifiant,
        adresse=str(du_destinataire.get("Final-Recipient", "")).partition(";")[2].strip().lower(),
        statut=statut,
        est_definitif=str(du_destinataire["Action"]).strip().lower() == "failed",
        raison=" ".join(f"{statut} {diagnostic}".split())[:LONGUEUR_DE_LA_RAISON],
    )


def _premiere_partie(message: EmailMessage | Message, genre: str) -> Message | None:
    return next((partie for partie in message.walk() if partie.get_content_type() == genre), None)


def _identifiant_d_origine(message: EmailMessage | Message) -> str:
    """Le Message-ID du courriel joint à l'avis, entier ou réduit à ses en-têtes ; vide s'il n'y est pas."""
    entier = _premiere_partie(message, "message/rfc822")
    if entier is not None and entier.is_multipart():
        joint = entier.get_payload(0)
        return str(joint.get("Message-ID", "")).strip() if isinstance(joint, Message) else ""
    entetes = _premiere_partie(message, "text/rfc822-headers")
    texte = entetes.get_payload(decode=True) if entetes is not None else b""
    trouve = _IDENTIFIANT.search(texte.decode(errors="replace")) if isinstance(texte, bytes) else None
    return trouve[1] if trouve else ""
