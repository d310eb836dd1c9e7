"""La pile de travail du jour d'un bailleur : ce qui attend, par étape, le plus pressé d'abord (ecrans.md, bailleur 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef

from attributions.chargement.fiche import LigneOrientation
from attributions.chargement.parcours import avec_parcours, conventions_en_cause
from attributions.domaine.codes import Issue
from attributions.domaine.parcours import Etape
from attributions.models import EtatSeance, Liberation, Orientation, Seance
from conventions.models import ReservationStock, SituationLogement
from flux_reservations.acces.portefeuilles import SecteurChoisi
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.calendrier import trente_et_un_decembre

HORIZON = timedelta(days=7)
"""Ce qui échoit dans la semaine se montre aujourd'hui."""


@dataclass(frozen=True, slots=True)
class PileDeTravail:
    """Ce qui attend : libérations à orienter, orientations par étape, séances proches."""

    le: date
    a_orienter: tuple[Liberation, ...]
    nombre_a_orienter: int
    par_etape: dict[Etape, tuple[LigneOrientation, ...]]
    seances: tuple[Seance, ...]

    @property
    def a_notifier(self) -> tuple[LigneOrientation, ...]:
        """Orientations décidées, pas encore mises à disposition."""
        return self.par_etape.get(Etape.MISE_A_DISPOSITION, ())

    @property
    def candidats_attendus(self) -> tuple[LigneOrientation, ...]:
        """Logements à disposition sans candidat, par date limite."""
        return self.par_etape.get(Etape.CANDIDATS, ())

    @property
    def candidats_presses(self) -> tuple[LigneOrientation, ...]:
        """Ceux dont le délai est passé ou échoit dans la semaine."""
        return tuple(ligne for ligne in self.candidats_attendus if ligne.limite and ligne.limite <= self.le + HORIZON)

    @property
    def a_examiner(self) -> tuple[LigneOrientation, ...]:
        """Logements dont les candidats attendent la CALEOL."""
        return self.par_etape.get(Etape.SEANCE, ())

    @property
    def offres(self) -> tuple[LigneOrientation, ...]:
        """Offres dont on attend la réponse."""
        return self.par_etape.get(Etape.OFFRE, ())

    @property
    def baux(self) -> tuple[LigneOrientation, ...]:
        """Baux à signer."""
        return self.par_etape.get(Etape.BAIL, ())

    @property
    def offres_nombre(self) -> int:
        """Nombre d'offres sans réponse."""
        return len(self.offres)


def charger_pile(acteur: Acteur, le: date, *, montrees: int = 6, secteur: SecteurChoisi | None = None) -> PileDeTravail:
    """La pile de l'acteur (d'un secteur, s'il est choisi) à cette date ; huit requêtes, quel que soit le nombre de dossiers."""
    maintenus = ReservationStock.objects.actives(le).maintenues().filter(logement=OuterRef("logement"))
    hors_champ = SituationLogement.objects.filter(logement=OuterRef("logement"), periode__contains=le).exclude(
        hors_champ=""
    )
    attente = (
        Liberation.objects.visibles_par(acteur)
        .actives()
        .filter(
            date_bail__isnull=True,
            exclusion="",
            nature="relocation",
            date_disponibilite__lte=trente_et_un_decembre(le.year),
        )
        .exclude(Exists(maintenus))
        .exclude(Exists(hors_champ))
        .exclude(orientations__issue__in=[Issue.EN_COURS, Issue.BAIL])
        .select_related("logement__commune")
        .order_by("date_disponibilite", "numero")
    )
    en_cours = (
        Orientation.objects.visibles_par(acteur).en_cours().filter(liberation__retrait="", liberation__exclusion="")
    )
    if secteur is not None:
        attente = attente.filter(secteur.filtre("logement__"))
        en_cours = en_cours.filter(secteur.filtre("liberation__logement__"))
    orientations = list(avec_parcours(en_cours))
    conventions = conventions_en_cause(orientations)
    par_etape: dict[Etape, list[LigneOrientation]] = {}
    for orientation in orientations:
        ligne = LigneOrientation.lire(orientation, conventions.get(orientation.pk), le)
        par_etape.setdefault(ligne.etape, []).append(ligne)
    return PileDeTravail(
        le=le,
        a_orienter=tuple(attente[:montrees]),
        nombre_a_orienter=attente.count(),
        par_etape={etape: tuple(sorted(lignes, key=_urgence)) for etape, lignes in par_etape.items()},
        seances=tuple(
            Seance.objects.visibles_par(acteur)
            .filter(etat=EtatSeance.PREVUE, date__lte=le + 3 * HORIZON)
            .order_by("date")[:montrees]
        ),
    )


def _urgence(ligne: LigneOrientation) -> tuple[date, str]:
    return (ligne.limite or ligne.orientation.date_orientation, ligne.orientation.liberation.numero)
