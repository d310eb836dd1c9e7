"""Un calendrier au format iCalendar (RFC 5545) : des journées entières, des identifiants stables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LARGEUR = 75
"""Octets au plus par ligne (RFC 5545, 3.1)."""


@dataclass(frozen=True, slots=True)
class Evenement:
    """Une journée : sa date, son titre, son lien."""

    le: date
    titre: str
    adresse: str = ""


def ecrire_calendrier(nom: str, evenements: Iterable[Evenement], domaine: str, a_l_instant: datetime) -> str:
    """Le fichier complet, lignes pliées et terminées par CRLF ; `a_l_instant` est en UTC."""
    instant = a_l_instant.strftime("%Y%m%dT%H%M%SZ")
    lignes = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Flux réservations//Échéancier//FR", "CALSCALE:GREGORIAN"]
    lignes.append(f"X-WR-CALNAME:{echapper(nom)}")
    for evenement in evenements:
        cle = hashlib.sha256(f"{evenement.le}|{evenement.titre}".encode()).hexdigest()[:32]
        lignes += [
            "BEGIN:VEVENT",
            f"UID:{cle}@{domaine}",
            f"DTSTAMP:{instant}",
            f"DTSTART;VALUE=DATE:{evenement.le:%Y%m%d}",
            f"DTEND;VALUE=DATE:{evenement.le + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{echapper(evenement.titre)}",
            *([f"URL:{evenement.adresse}"] if evenement.adresse else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lignes.append("END:VCALENDAR")
    return "".join(f"{plier(ligne)}\r\n" for ligne in lignes)


def echapper(texte: str) -> str:
    """Un texte tel que le format l'exige."""
    return texte.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def plier(ligne: str) -> str:
    """Coupe une ligne de plus de 75 octets, sans couper un caractère."""
    morceaux, courant, taille = [], "", 0
    for caractere in ligne:
        poids = len(caractere.encode())
        if taille + poids > LARGEUR:
            morceaux.append(courant)
            courant, taille = " ", 1
        courant += caractere
        taille += poids
    return "\r\n".join([*morceaux, courant])
