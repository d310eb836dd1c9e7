"""Les documents des attributions, en PDF accessible : fiche d'un logement, ordre du jour et procès-verbal d'une séance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string

from attributions.models import Candidat, Inscription, Orientation, Seance
from conventions.models import Convention
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.relecture import empreinte_des_donnees


def fiche_du_logement(orientation: Orientation, convention: Convention | None, limite: date | None) -> bytes:
    """La fiche remise au réservataire : le logement, le délai, ce qu'il peut faire (RG-46)."""
    liberation = orientation.liberation
    le = orientation.date_mise_a_disposition or orientation.date_orientation
    situation = liberation.logement.situations.filter(periode__contains=liberation.date_disponibilite).first()
    contexte = {
        "orientation": orientation,
        "liberation": liberation,
        "logement": liberation.logement,
        "convention": convention,
        "limite": limite,
        "le": le,
        "qpv": situation.qpv if situation else "",
    }
    return produire_pdf(render_to_string("attributions/pdf/fiche.html", contexte))


@dataclass(frozen=True, slots=True)
class Passage:
    """Un logement à l'ordre du jour : l'inscription, et les candidats que la séance examine ou a examinés."""

    inscription: Inscription
    candidats: tuple[Candidat, ...]

    @property
    def publics(self) -> str:
        """« 2 DALO, 1 autre » : les publics des candidats, des plus nombreux aux moins nombreux."""
        comptes = Counter(candidat.public_lisible or "non renseigné" for candidat in self.candidats)
        return ", ".join(f"{nombre} {public}" for public, nombre in comptes.most_common())


def lire_les_passages(seance: Seance) -> list[Passage]:
    """L'ordre du jour d'une séance, avec ses candidats : un nombre fixe de requêtes."""
    inscriptions = (
        seance.inscriptions.select_related("orientation__liberation__logement__commune", "orientation__reservataire")
        .prefetch_related("orientation__candidats")
        .order_by("ordre")
    )
    return [
        Passage(
            une,
            tuple(
                candidat
                for candidat in une.orientation.candidats.all()
                if candidat.date_examen == seance.date or (not candidat.decision and not une.decision)
            ),
        )
        for une in inscriptions
    ]


def empreinte_de_la_seance(seance: Seance, passages: Iterable[Passage]) -> str:
    """SHA-256 de ce que la clôture fige : le lieu, l'ordre du jour, les candidats, les décisions et leurs motifs (RG-43, RG-62)."""
    return empreinte_des_donnees(
        [
            [seance.date, seance.lieu],
            *(
                [
                    [une.pk, une.orientation_id, une.ordre, une.decision, une.motif_nombre, une.precision_nombre],
                    *(
                        [un.pk, un.public, un.nb_personnes, un.decision, un.motif, un.rang_caleol, un.date_examen]
                        for un in sorted(passage.candidats, key=lambda candidat: candidat.pk)
                    ),
                ]
                for passage in passages
                for une in (passage.inscription,)
            ),
        ]
    )


def ordre_du_jour(seance: Seance) -> bytes:
    """L'ordre du jour, avec les numéros de demande : un document de travail, jamais gardé."""
    return _document(seance, "attributions/pdf/ordre_du_jour.html", est_nominatif=True)


def proces_verbal(seance: Seance, *, est_nominatif: bool = False) -> bytes:
    """Le procès-verbal. Celui qu'on garde cite les candidats par leur référence : leur numéro, purgeable, n'y est pas (RG-70)."""
    return _document(seance, "attributions/pdf/proces_verbal.html", est_nominatif=est_nominatif)


def _document(seance: Seance, gabarit: str, *, est_nominatif: bool) -> bytes:
    contexte = {"seance": seance, "passages": lire_les_passages(seance), "est_nominatif": est_nominatif}
    return produire_pdf(render_to_string(gabarit, contexte))
