"""L'histoire d'un bailleur : chaque libération, de la qualification au bail, jusqu'à la date du jour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from attributions.domaine.codes import Decision, Issue, MotifPeuDeCandidats, NatureLiberation
from attributions.domaine.faits_moteur import CompteDecide, LogementLibere
from attributions.models import Candidat, EtatSeance, Inscription, Liberation, Orientation, Seance
from conventions.models import Reservataire
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.calendrier import premier_jour_ouvre
from flux_reservations.droit.delais import CANDIDATS_MINIMUM
from flux_reservations.embarque.donnees_demo.conges import Conge
from flux_reservations.embarque.donnees_demo.conventions import ConventionDemo
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.orientation import BailCompte, Choix, Comptes, Decidee
from flux_reservations.embarque.donnees_demo.parcours import Cadre, Conteur, Deroule
from flux_reservations.embarque.donnees_demo.patrimoine import LogementDemo
from flux_reservations.embarque.donnees_demo.plafonds import BailDuFlux, tenir_les_plafonds


@dataclass(slots=True)
class Cles:
    """Les identifiants réservés en base pour ce qui va être écrit."""

    liberations: Iterator[int]
    orientations: Iterator[int]


@dataclass(slots=True)
class Recit:
    """Tout ce qu'une histoire écrit en base."""

    liberations: list[Liberation] = field(default_factory=list)
    orientations: list[Orientation] = field(default_factory=list)
    candidats: list[Candidat] = field(default_factory=list)
    passages: list[tuple[date, Orientation, str]] = field(default_factory=list)
    """Séance où passe une orientation."""
    baux: list[BailDuFlux] = field(default_factory=list)
    """Libérations du flux louées, et l'orientation de leur bail."""


@dataclass(slots=True)
class Bureau:
    """Le bailleur vu de son histoire : ses comptes, ses conventions, ses séances, l'agent qui décide."""

    bailleur_id: int
    comptes: Comptes
    conventions: dict[str, ConventionDemo]
    effet: date
    reservataires: dict[str, Reservataire]
    agent: Utilisateur
    seances: list[date]
    aujourd_hui: date


class Historien:
    """Raconte, dans l'ordre des disponibilités, ce qu'il advient de chaque libération."""

    def __init__(self, hasard: Hasard, bureau: Bureau, cles: Cles) -> None:
        """Un historien par bailleur."""
        self._hasard = hasard
        self._bureau = bureau
        self._conteur = Conteur(hasard)
        self._cles = cles
        self.recit = Recit()
        self._decidees: list[tuple[Decidee, Liberation]] = []
        self._annee = 0

    def raconter(self, conges: list[Conge], premiere_annee: int) -> Recit:
        """Toutes les libérations ; un bail d'avant la première année n'est pas écrit."""
        for conge in sorted(conges, key=lambda un: (un.disponibilite, un.numero)):
            annee = max(conge.disponibilite.year, premiere_annee)
            if annee > self._annee and annee <= self._bureau.aujourd_hui.year:
                self._ouvrir(annee)
            self._raconter_une(conge, date(premiere_annee, 1, 1))
        tenir_les_plafonds(self.recit.baux, self._annee, self._bureau.aujourd_hui)
        return self.recit

    def raconter_premieres_locations(self, logements: list[LogementDemo], livraison: date) -> None:
        """Un programme neuf : ses logements, répartis en concertation, loués en quelques semaines (RG-22)."""
        hasard, bureau = self._hasard, self._bureau
        programme = logements[0].programme
        commune = next(
            (code for code, un in bureau.reservataires.items() if un.territoire_id == f"commune:{programme.lieu.code}"),
            "BAILLEUR",
        )
        parts = ["ETAT94/prioritaires"] * 25 + ["ETAT94/agents"] * 5 + ["AL"] * 24 + [commune] * 16 + ["BAILLEUR"] * 30
        for rang, logement in enumerate(hasard.melanger(logements), start=1):
            logement.ligne.date_premiere_location = livraison
            conge = Conge(logement, livraison, livraison, numero=f"N{livraison.year}-{programme.numero}-{rang:02d}")
            liberation = self._ecrire_liberation(conge, nature=NatureLiberation.PREMIERE_LOCATION)
            choix = Choix(
                parts[(rang * 37) % 100], "", "", {}, "Concertation de première mise en location du programme"
            )
            le = premier_jour_ouvre(livraison - timedelta(days=hasard.entier(16, 34)))
            deroule = self._orienter(liberation, logement, choix, le, 1, peut_echouer=False)
            liberation.date_bail = deroule.bail

    def _ouvrir(self, annee: int) -> None:
        """Ouvre les comptes de l'année avec les dossiers que le 31 décembre a trouvés sans bail."""
        veille = date(annee - 1, 12, 31)
        if self._annee:
            tenir_les_plafonds(self.recit.baux, annee - 1, self._bureau.aujourd_hui)
        baux = [
            BailCompte(decidee.libere.commune, liberation.date_bail, decidee.compte.code)
            for decidee, liberation in self._decidees
            if liberation.date_bail is not None
        ]
        en_cours = [
            (decidee, liberation)
            for decidee, liberation in self._decidees
            if liberation.date_bail is None or liberation.date_bail > veille
        ]
        self._bureau.comptes.ouvrir(annee, [decidee for decidee, _ in en_cours], baux)
        self._decidees = en_cours
        self._annee = annee

    def _raconter_une(self, conge: Conge, ouverture: date) -> None:
        hasard, jour = self._hasard, self._bureau.aujourd_hui
        logement = conge.logement
        qpv, hors_champ = logement.situation(conge.disponibilite)
        if conge.retrait or conge.exclusion or hors_champ:
            bail = None
            if not conge.retrait:
                bail = premier_jour_ouvre(conge.disponibilite + timedelta(days=hasard.vers(3, 62, 18)))
            est_a_venir = bail is not None and bail > jour
            if (bail and bail < ouverture) or (hors_champ and est_a_venir):
                return
            liberation = self._ecrire_liberation(conge)
            liberation.date_bail = None if est_a_venir else bail
            return
        if logement.stock_de:
            self._raconter_du_stock(conge, ouverture)
            return
        orientation_le = (
            hasard.apres(conge.le, 45, 100, 60) if hasard.est_vrai(130) else hasard.apres(conge.le, 12, 44, 26)
        )
        if orientation_le > jour or conge.disponibilite.year > jour.year:
            if conge.disponibilite >= ouverture:
                self._ecrire_liberation(conge)
            return
        libere = LogementLibere(
            numero=conge.numero,
            disponibilite=conge.disponibilite,
            commune=logement.commune,
            qpv=bool(qpv),
            typologie=logement.ligne.typologie,
            financement=logement.ligne.financement,
        )
        self._raconter_du_flux(conge, libere, orientation_le, ouverture)

    def _raconter_du_stock(self, conge: Conge, ouverture: date) -> None:
        """Le stock maintenu revient à son titulaire (RG-07, RG-53)."""
        le = self._hasard.apres(conge.le, 2, 12, 4)
        if le > self._bureau.aujourd_hui:
            self._ecrire_liberation(conge)
            return
        recit = Recit()
        self.recit, ecrit = recit, self.recit
        liberation = self._ecrire_liberation(conge)
        choix = Choix(conge.logement.stock_de, "", "", {}, "Stock maintenu : droit de suite du titulaire")
        deroule = self._orienter(liberation, conge.logement, choix, le, 1, peut_echouer=False)
        liberation.date_bail = deroule.bail
        self._garder(recit, ecrit, deroule.bail, ouverture)

    def _raconter_du_flux(self, conge: Conge, libere: LogementLibere, le: date, ouverture: date) -> None:
        """Une première orientation, puis les suivantes si le logement est rendu ou sans candidat."""
        bureau = self._bureau
        recit, ecrit = Recit(), self.recit
        self.recit = recit
        liberation = self._ecrire_liberation(conge)
        recente = (bureau.aujourd_hui - le).days < 130  # noqa: PLR2004 : assez récent pour se voir encore dans les retards
        choix = bureau.comptes.choisir(libere, le, recente=recente)
        deroule, rang = self._orienter(liberation, conge.logement, choix, le, 1), 1
        decide = choix
        while deroule.suite and deroule.suite_le is not None:
            rang += 1
            le = self._hasard.apres(deroule.suite_le, 0, 4, 1)
            if le > bureau.aujourd_hui:
                break
            if deroule.suite == Issue.RENDU:
                choix = decide = bureau.comptes.choisir_de_nouveau(libere, choix, le)
            else:
                choix = Choix("BAILLEUR", "", "", {}, f"Reprise pour un tour après la carence de {choix.compte}")
            deroule = self._orienter(liberation, conge.logement, choix, le, rang, peut_echouer=False)
        liberation.date_bail = deroule.bail
        if self._garder(recit, ecrit, deroule.bail, ouverture):
            if deroule.bail is not None:
                ecrit.baux.append(BailDuFlux(liberation, recit.orientations[-1]))
            compte = CompteDecide(decide.partie, decide.sous_contingent)
            self._decidees.append((Decidee(libere, compte), liberation))

    def _garder(self, recit: Recit, ecrit: Recit, bail: date | None, ouverture: date) -> bool:
        """Verse un récit au récit commun, sauf si le bail est d'avant l'ouverture."""
        self.recit = ecrit
        if bail is not None and bail < ouverture:
            return False
        ecrit.liberations += recit.liberations
        ecrit.orientations += recit.orientations
        ecrit.candidats += recit.candidats
        ecrit.passages += recit.passages
        return True

    def _ecrire_liberation(self, conge: Conge, **champs: Any) -> Liberation:
        premiere = champs.get("nature") == NatureLiberation.PREMIERE_LOCATION
        liberation = Liberation(
            pk=next(self._cles.liberations),
            bailleur_id=self._bureau.bailleur_id,
            numero=conge.numero,
            logement_id=conge.logement.ligne.pk,
            date_conge=None if premiere else conge.le,
            date_disponibilite=conge.disponibilite,
            exclusion=conge.exclusion,
            motif_exclusion=conge.motif_exclusion,
            retrait=conge.retrait,
            motif_retrait=conge.motif_retrait,
            **champs,
        )
        self.recit.liberations.append(liberation)
        return liberation

    def _orienter(
        self,
        liberation: Liberation,
        logement: LogementDemo,
        choix: Choix,
        le: date,
        rang: int,
        *,
        peut_echouer: bool = True,
    ) -> Deroule:
        """Écrit une orientation, ses candidats et sa séance."""
        bureau = self._bureau
        plan = bureau.conventions.get(choix.reservataire)
        modalites = plan.champs if plan else {}
        cadre = Cadre(
            compte=choix.compte,
            typologie=logement.ligne.typologie,
            commune=logement.commune,
            disponibilite=liberation.date_disponibilite,
            seances=bureau.seances,
            aujourd_hui=bureau.aujourd_hui,
            delai_jours=modalites.get("delai_presentation_jours", 30),
            delai_unite=modalites.get("delai_unite", "calendaires"),
            est_deleguee=modalites.get("gestion") == "deleguee",
            peut_echouer=peut_echouer and not choix.compte.startswith("ETAT94/"),
        )
        deroule = self._conteur.derouler(cadre, le)
        orientation = Orientation(
            pk=next(self._cles.orientations),
            liberation_id=liberation.pk,
            rang=rang,
            reservataire=bureau.reservataires.get(choix.reservataire),
            sous_contingent=choix.sous_contingent,
            date_orientation=le,
            motif=choix.motif,
            compte_propose=choix.propose,
            phrase=choix.phrase,
            etat_comptes=choix.etat_comptes,
            decidee_par=bureau.agent,
            decidee_le=timezone.make_aware(datetime.combine(le, time(9 + le.day % 8, (le.day * 7) % 60))),
            **deroule.champs,
        )
        self.recit.orientations.append(orientation)
        self.recit.candidats += [Candidat(orientation_id=orientation.pk, **champs) for champs in deroule.candidats]
        if deroule.seance_sans_suite is not None and deroule.seance_sans_suite < bureau.aujourd_hui:
            self.recit.passages.append((deroule.seance_sans_suite, orientation, Decision.NON_ATTRIBUTION))
        if deroule.seance is not None:
            decision = orientation.decision if orientation.date_caleol == deroule.seance else ""
            self.recit.passages.append((deroule.seance, orientation, decision))
        return deroule


def ecrire_seances(bailleur_id: int, lieu: str, jours: list[date], recit: Recit, aujourd_hui: date) -> None:
    """Écrit les séances et leur ordre du jour ; une séance passée est close, et la première de mars a reçu le bilan (RG-62)."""
    seances = {
        jour: Seance(
            bailleur_id=bailleur_id,
            date=jour,
            lieu=lieu,
            etat=EtatSeance.CLOSE if jour < aujourd_hui else EtatSeance.PREVUE,
            bilan_presente=_bilan_presente(jour, jours) if jour < aujourd_hui else None,
        )
        for jour in jours
    }
    Seance.objects.bulk_create(seances.values())
    ordres: dict[date, int] = {}
    nombres = Counter(candidat.orientation_id for candidat in recit.candidats)
    inscriptions = []
    for jour, orientation, decision in recit.passages:
        ordres[jour] = ordres.get(jour, 0) + 1
        inscriptions.append(
            Inscription(
                seance=seances[jour],
                orientation_id=orientation.pk,
                ordre=ordres[jour],
                decision=decision,
                **_motif_du_nombre(orientation, nombres[orientation.pk], jour),
            )
        )
    Inscription.objects.bulk_create(inscriptions, batch_size=2000)


def _motif_du_nombre(orientation: Orientation, nombre: int, jour: date) -> dict[str, str]:
    """Moins de trois demandes examinées : le motif, désignation du préfet pour ses prioritaires (RG-42)."""
    if jour != orientation.date_caleol or nombre >= CANDIDATS_MINIMUM.valeur(jour):
        return {}
    est_designe = orientation.sous_contingent == "prioritaires"
    return {"motif_nombre": MotifPeuDeCandidats.DESIGNATION if est_designe else MotifPeuDeCandidats.INSUFFISANCE}


def _bilan_presente(jour: date, jours: list[date]) -> int | None:
    """L'année du bilan présenté à cette séance : la première de mars reçoit celui de l'an passé."""
    return jour.year - 1 if jour == next((un for un in jours if (un.year, un.month) == (jour.year, 3)), None) else None
