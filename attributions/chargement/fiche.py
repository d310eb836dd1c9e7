"""La fiche d'un logement libéré : le logement, ses orientations et leur parcours, son histoire (ecrans.md, bailleur 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from attributions.chargement.occupation import charger_occupations, occupation_de
from attributions.chargement.parcours import avec_parcours, conventions_en_cause, lire_parcours
from attributions.domaine.codes import DECISIONS_FAVORABLES, Decision, Reponse
from attributions.domaine.occupation import OccupationMontree
from attributions.domaine.parcours import (
    Etape,
    ce_qui_reste,
    est_en_carence,
    est_en_retard,
    etape_de,
    jours_de_vacance,
    limite_de_presentation,
)
from attributions.models import Liberation, Orientation
from conventions.models import Convention
from flux_reservations.acces.journal import avec_noms
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.presentation import Moment, ecrire_date


@dataclass(frozen=True, slots=True)
class LigneOrientation:
    """Une orientation, la convention qui la régit, son étape et sa date limite."""

    orientation: Orientation
    convention: Convention | None
    etape: Etape
    limite: date | None
    en_retard: bool
    reste: str
    peut_etre_en_carence: bool

    @classmethod
    def lire(cls, orientation: Orientation, convention: Convention | None, le: date) -> LigneOrientation:
        """La ligne d'une orientation chargée par `avec_parcours`."""
        parcours = lire_parcours(orientation, convention)
        return cls(
            orientation=orientation,
            convention=convention,
            etape=etape_de(parcours),
            limite=limite_de_presentation(parcours),
            en_retard=est_en_retard(parcours, le),
            reste=ce_qui_reste(parcours),
            peut_etre_en_carence=est_en_carence(parcours, le),
        )


@dataclass(frozen=True, slots=True)
class FicheLiberation:
    """Tout ce que montre la fiche d'un logement libéré."""

    liberation: Liberation
    qpv: str
    hors_champ: str
    lignes: tuple[LigneOrientation, ...]
    histoire: tuple[Moment, ...]
    journal: tuple[EntreeJournal, ...]
    vacance: int
    occupation: OccupationMontree | None
    """La dernière enquête connue de la résidence (RG-51)."""

    @property
    def a_des_candidats(self) -> bool:
        """Vrai si la fiche cite une demande au moins."""
        return any(ligne.orientation.candidats.all() for ligne in self.lignes)

    @property
    def courante(self) -> LigneOrientation | None:
        """L'orientation en cours, s'il y en a une."""
        return next((ligne for ligne in self.lignes if ligne.orientation.issue == "en_cours"), None)


def charger_fiche(liberations: QuerySet[Liberation], le: date) -> FicheLiberation | None:
    """La fiche de la seule libération de la requête ; None s'il n'y en a pas. Huit requêtes au plus."""
    liberation = liberations.select_related("logement__commune__departement", "bailleur").first()
    if liberation is None:
        return None
    orientations = list(
        avec_parcours(Orientation.objects.filter(liberation=liberation)).select_related("decidee_par").order_by("rang")
    )
    conventions = conventions_en_cause(orientations)
    lignes = tuple(
        LigneOrientation.lire(orientation, conventions.get(orientation.pk), le) for orientation in orientations
    )
    situation = liberation.logement.situations.filter(periode__contains=liberation.date_disponibilite).first()
    logement = liberation.logement
    occupations = charger_occupations(liberation.bailleur_id, {logement.programme}, le)
    cles = [str(orientation.pk) for orientation in orientations]
    journal = tuple(
        avec_noms(
            EntreeJournal.objects.filter(objet_type="attributions.liberation", objet_cle=str(liberation.pk))
            | EntreeJournal.objects.filter(objet_type="attributions.orientation", objet_cle__in=cles)
        )
    )
    return FicheLiberation(
        liberation=liberation,
        qpv=situation.qpv if situation else "",
        hors_champ=situation.hors_champ if situation else "",
        lignes=lignes,
        histoire=tuple(_raconter(liberation, lignes)),
        journal=journal,
        vacance=jours_de_vacance(liberation.date_disponibilite, liberation.date_bail, le),
        occupation=occupation_de(logement, occupations),
    )


def _raconter(liberation: Liberation, lignes: tuple[LigneOrientation, ...]) -> list[Moment]:
    moments = []
    if liberation.date_conge:
        moments.append(Moment("Congé reçu", liberation.date_conge))
    moments.append(Moment("Disponible", liberation.date_disponibilite))
    if liberation.exclusion:
        moments.append(
            Moment(
                "Exclue du flux",
                None,
                detail=f"{liberation.get_exclusion_display()}. {liberation.motif_exclusion}".strip(),
            )
        )
    for ligne in lignes:
        moments += _raconter_orientation(ligne)
    if liberation.retrait:
        moments.append(Moment("Libération retirée", None, "refuse", liberation.get_retrait_display()))
    elif liberation.date_bail:
        moments.append(Moment("Bail signé", liberation.date_bail))
    elif not any(ligne.etape is Etape.BAIL for ligne in lignes):
        moments.append(Moment("Bail à signer", None, "a-venir"))
    return moments


def _raconter_orientation(ligne: LigneOrientation) -> list[Moment]:
    orientation = ligne.orientation
    auteur = orientation.decidee_par.nom_complet if orientation.decidee_par else ""
    detail = orientation.motif or orientation.phrase
    moments = [
        Moment(f"Orientée vers {orientation.nom_du_compte}", orientation.date_orientation, detail=detail, auteur=auteur)
    ]
    if orientation.date_mise_a_disposition:
        limite = f"Candidats attendus jusqu'au {ecrire_date(ligne.limite)}" if ligne.limite else ""
        moments.append(Moment("Mise à disposition", orientation.date_mise_a_disposition, detail=limite))
    if orientation.date_proposition:
        nombre = orientation.nb_candidats
        detail = "" if nombre is None else f"{nombre} candidat{'s' if nombre > 1 else ''}"
        moments.append(Moment("Candidats présentés", orientation.date_proposition, detail=detail))
    moments += _raconter_les_seances(orientation)
    if orientation.issue == "rendu":
        moments.append(Moment("Logement rendu", orientation.date_rendu, "refuse"))
    elif orientation.issue == "carence":
        moments.append(Moment("Carence : aucun candidat à l'échéance", ligne.limite, "refuse"))
    elif orientation.issue == "retire":
        moments.append(Moment("Orientation retirée", None, "refuse"))
    elif orientation.issue == "en_cours":
        attend = ligne.etape is Etape.CANDIDATS and orientation.date_proposition is None
        moments.append(Moment(ligne.reste, ligne.limite if attend else None, "en-cours"))
    return moments


def _raconter_les_seances(orientation: Orientation) -> list[Moment]:
    """Chaque passage en commission ; à défaut d'inscription (dossier importé), la seule décision de l'orientation."""
    passages = [(une.seance.date, une.decision) for une in orientation.inscriptions.all() if une.decision]
    if not passages and orientation.date_caleol:
        passages = [(orientation.date_caleol, orientation.decision)]
    libelles = dict(Decision.choix())
    moments = [
        Moment("CALEOL", le, "fait" if decision in DECISIONS_FAVORABLES else "refuse", libelles.get(decision, ""))
        for le, decision in passages
    ]
    return moments + [
        Moment(
            f"Offre au rang {candidat.rang_caleol} : {candidat.get_reponse_display().lower()}",
            candidat.date_reponse,
            "fait" if candidat.reponse == Reponse.ACCEPTE else "refuse",
        )
        for candidat in orientation.candidats.all()
        if candidat.reponse and candidat.rang_caleol
    ]
