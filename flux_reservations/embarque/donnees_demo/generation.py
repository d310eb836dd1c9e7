"""Engendrer toute la démonstration, dans une transaction : tout est là, ou rien."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from django.db import connection, transaction

from attributions.actions.lot import reviser_le_lot
from attributions.domaine.faits_moteur import U
from attributions.models import Candidat, Liberation, Orientation
from conventions.models import Bailleur, Logement, Reservataire, ReservationStock, SituationLogement
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.conversion import ECHEANCE_DES_CONVENTIONS, taux_de_repli
from flux_reservations.embarque.donnees_demo.abonnements import ecrire_un_abonnement
from flux_reservations.embarque.donnees_demo.besoins import ecrire_besoins
from flux_reservations.embarque.donnees_demo.bilans_publies import DEJA_PUBLIES, publier_les_bilans
from flux_reservations.embarque.donnees_demo.conges import engendrer_conges
from flux_reservations.embarque.donnees_demo.conventions import (
    EFFET,
    LigneEnVigueur,
    conventions_de,
    ecrire_conventions,
    lignes_en_vigueur,
)
from flux_reservations.embarque.donnees_demo.demandes import ecrire_demandes
from flux_reservations.embarque.donnees_demo.dialogues import ecrire_dialogues
from flux_reservations.embarque.donnees_demo.ecriture import ecrire, reserver, reserver_au_fil
from flux_reservations.embarque.donnees_demo.envois import ecrire_envois
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.histoire import Bureau, Cles, Historien, Recit, ecrire_seances
from flux_reservations.embarque.donnees_demo.membres import convoquer_la_commission
from flux_reservations.embarque.donnees_demo.occupations import ecrire_occupations
from flux_reservations.embarque.donnees_demo.organismes import (
    BAILLEURS,
    BailleurDemo,
    creer_bailleurs,
    creer_plateforme,
    creer_reservataires,
)
from flux_reservations.embarque.donnees_demo.orientation import REPLI, Comptes
from flux_reservations.embarque.donnees_demo.parcours import calendrier_des_seances
from flux_reservations.embarque.donnees_demo.patrimoine import LogementDemo, engendrer_logements, situations_des
from flux_reservations.embarque.donnees_demo.portefeuilles import confier_les_agences
from flux_reservations.embarque.donnees_demo.programmes import Batisseur
from flux_reservations.embarque.donnees_demo.repertoire import importer_le_repertoire, refuser_un_import
from flux_reservations.embarque.donnees_demo.soldes import REPRISES, ecrire_soldes
from flux_reservations.embarque.donnees_demo.stock import PARTS, engendrer_stock
from flux_reservations.embarque.donnees_demo.utilisateurs import creer_utilisateurs
from flux_reservations.territoires.models import Commune, TerritoireCommune

GRAINE: Final = 94
ANNEES_D_HISTOIRE: Final = 3
PREMIER_JOUR_POSSIBLE: Final = date(2025, 3, 1)
"""Avant, les trois années d'histoire précéderaient de trop les conventions de 2023."""
_MARGE: Final = timedelta(days=75)
_SEANCES: Final = {"RB": ("Siège, Créteil", 3, 1), "TM": ("Siège, Joinville-le-Pont", 1, 2)}
"""Lieu, jour de la semaine (0 = lundi), semaines entre deux séances."""


@dataclass(frozen=True, slots=True)
class Engendre:
    """Combien de lignes ont été écrites ; `deja_la` : rien n'a été fait."""

    deja_la: bool
    nombres: dict[str, int]


def est_deja_engendree() -> bool:
    """Vrai si les bailleurs de la démonstration sont là."""
    return Bailleur.objects.filter(siren__in=[bailleur.siren for bailleur in BAILLEURS]).exists()


def engendrer(aujourd_hui: date, graine: int = GRAINE) -> Engendre:
    """Écrit toute la démonstration ; ne refait rien si elle est là. Lève `ErreurMetier` pour un jour trop ancien."""
    if aujourd_hui < PREMIER_JOUR_POSSIBLE:
        raise ErreurMetier(
            "jour_trop_ancien", f"La démonstration commence le {PREMIER_JOUR_POSSIBLE:%d/%m/%Y} au plus tôt."
        )
    with transaction.atomic():
        if est_deja_engendree():
            return Engendre(deja_la=True, nombres={})
        reservataires = creer_reservataires()
        bailleurs = dict(zip((un.prefixe for un in BAILLEURS), creer_bailleurs(), strict=True))
        agents = creer_utilisateurs(bailleurs, reservataires, creer_plateforme())
        nombres: Counter[str] = Counter(reservataires=len(reservataires), bailleurs=len(bailleurs))
        for plan in BAILLEURS:
            maison = _Maison(plan, bailleurs[plan.prefixe], reservataires, agents[plan.prefixe], aujourd_hui, graine)
            nombres.update(maison.engendrer())
        convoquer_la_commission(bailleurs["RB"], aujourd_hui)
        confier_les_agences(bailleurs["RB"], aujourd_hui)
        ecrire_besoins(reservataires, aujourd_hui)
        ecrire_demandes(bailleurs["RB"], reservataires, aujourd_hui)
        ecrire_dialogues(bailleurs, reservataires, aujourd_hui)
        nombres["appels_automatiques"] = ecrire_un_abonnement(bailleurs["RB"], aujourd_hui)
        with connection.cursor() as curseur:
            curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return Engendre(deja_la=False, nombres=dict(nombres))


class _Maison:
    """Tout ce qui est d'un bailleur."""

    def __init__(
        self,
        plan: BailleurDemo,
        bailleur: Bailleur,
        reservataires: dict[str, Reservataire],
        agent: Utilisateur,
        aujourd_hui: date,
        graine: int,
    ) -> None:
        self.plan, self.bailleur, self.reservataires = plan, bailleur, reservataires
        self.agent, self.aujourd_hui = agent, aujourd_hui
        self.hasard = Hasard(f"{graine} {plan.prefixe}")
        self.premiere_annee = aujourd_hui.year - ANNEES_D_HISTOIRE

    def engendrer(self) -> dict[str, int]:
        """Patrimoine, stock, conventions, histoire ; rend combien de lignes."""
        programmes = Batisseur(self.hasard, self.plan.parc).batir(self.aujourd_hui.year)
        cles = reserver(Logement, sum(programme.nombre for programme in programmes))
        logements = engendrer_logements(self.hasard, self.bailleur, programmes, cles, self.aujourd_hui)
        stock = engendrer_stock(self.hasard, self.plan.prefixe, logements, self.reservataires)
        conventions = ecrire_conventions(self.bailleur, self.plan.prefixe, self.reservataires, self.aujourd_hui)
        recit = self._raconter(logements, self._lignes(logements, stock))
        ecrire(Logement, [logement.ligne for logement in logements])
        occupations = ecrire_occupations(
            self.bailleur,
            [logement.ligne for logement in logements],
            self.aujourd_hui,
            f"{self.plan.prefixe} occupation",
        )
        ecrire(SituationLogement, list(situations_des(logements)))
        ecrire(ReservationStock, stock)
        ecrire(Liberation, recit.liberations)
        ecrire(Orientation, recit.orientations)
        ecrire(Candidat, recit.candidats)
        declares = 0
        if self.plan.prefixe == "RB":
            declares = importer_le_repertoire(
                self.bailleur, self.agent, logements, stock, recit.liberations, self.aujourd_hui
            )
            refuser_un_import(self.bailleur, self.agent, logements[0].ligne.identifiant, self.aujourd_hui.year)
        lieu, _, _ = _SEANCES[self.plan.prefixe]
        ecrire_seances(self.bailleur.pk, lieu, self._seances(), recit, self.aujourd_hui)
        soldes = ecrire_soldes(
            self.bailleur,
            self.plan.prefixe,
            self.premiere_annee,
            EFFET[self.plan.prefixe],
            self.aujourd_hui,
            self.hasard,
        )
        bilans = publier_les_bilans(self.bailleur, self.aujourd_hui, DEJA_PUBLIES[self.plan.prefixe])
        reviser_le_lot(
            acteur=Acteur.systeme("démonstration"),
            bailleur_id=self.bailleur.pk,
            departement="94",
            annee=self.aujourd_hui.year,
            le=self.aujourd_hui,
            cause="lot du matin",
        )
        envois = ecrire_envois(self.bailleur, self.plan.prefixe, conventions.values(), self.agent)
        return {
            "soldes": soldes,
            "envois": envois,
            "bilans": bilans,
            "logements": len(logements),
            "declares_au_rpls": declares,
            "occupations": occupations,
            "reservations_stock": len(stock),
            "conventions": len(conventions),
            "liberations": len(recit.liberations),
            "orientations": len(recit.orientations),
            "candidats": len(recit.candidats),
        }

    def _seances(self) -> list[date]:
        _, jour, semaines = _SEANCES[self.plan.prefixe]
        return calendrier_des_seances(
            date(self.premiere_annee - 1, 10, 1), self.aujourd_hui + timedelta(days=45), jour, semaines
        )

    def _raconter(self, logements: list[LogementDemo], lignes: list[LigneEnVigueur]) -> Recit:
        noms_de_communes = dict(Commune.objects.du_departement("94").values_list("code", "nom"))
        comptes = Comptes(
            lignes=lignes,
            noms={code: un.nom for code, un in self.reservataires.items()} | {REPLI: "Repli du préfet"},
            noms_de_communes=noms_de_communes,
            nom_du_bailleur=self.bailleur.nom,
            parc=_parc(logements, date(self.aujourd_hui.year, 1, 1)),
            hasard=self.hasard,
            reports={code: {"": nombre * U} for code, nombre in REPRISES[self.plan.prefixe].items()},
        )
        conventions = {un.reservataire: un for un in reversed(conventions_de(self.plan.prefixe, self.aujourd_hui))}
        bureau = Bureau(
            bailleur_id=self.bailleur.pk,
            comptes=comptes,
            conventions=conventions,
            effet=EFFET[self.plan.prefixe],
            reservataires=self.reservataires,
            agent=self.agent,
            seances=self._seances(),
            aujourd_hui=self.aujourd_hui,
        )
        debut = date(self.premiere_annee, 1, 1) - _MARGE
        conges = engendrer_conges(self.hasard, logements, debut, self.aujourd_hui)
        historien = Historien(self.hasard, bureau, Cles(reserver_au_fil(Liberation), reserver_au_fil(Orientation)))
        recit = historien.raconter(conges, self.premiere_annee)
        for neufs in _programmes_neufs(logements):
            annee = neufs[0].programme.annee
            livraison = date(annee, 6, 16)
            if annee == self.aujourd_hui.year:
                livraison = max(date(annee, 1, 6), self.aujourd_hui - timedelta(days=34))
            historien.raconter_premieres_locations(neufs, livraison)
        return recit

    def _lignes(self, logements: list[LogementDemo], stock: list[ReservationStock]) -> list[LigneEnVigueur]:
        """Les droits des conventions, et le repli des droits que personne n'a convertis (RG-19)."""
        lignes = lignes_en_vigueur(self.plan.prefixe, self.aujourd_hui)
        dans_le_flux = [un for un in logements if not un.stock_de and not un.programme.hors_champ]
        zones = {
            code: frozenset(
                TerritoireCommune.objects.filter(
                    territoire=self.reservataires[code].territoire, commune__departement="94"
                ).values_list("commune_id", flat=True)
            )
            for code in (part.reservataire for part in PARTS[self.plan.prefixe] if not part.est_converti)
        }
        for code, zone in zones.items():
            droits = sum(1 for un in stock if un.reservataire.code == code)
            logements_de_la_zone = sum(1 for un in dans_le_flux if un.commune in zone)
            taux: Fraction = taux_de_repli(droits, logements_de_la_zone, date(2024, 1, 1))
            debut = ECHEANCE_DES_CONVENTIONS.versions[-1].valeur + UN_JOUR
            lignes.append(LigneEnVigueur("ETAT94", "repli", int(taux * 100), zone, zone, debut, None))
        return lignes


def _parc(logements: list[LogementDemo], le: date) -> dict[tuple[str, bool, str, str], int]:
    """Logements du champ et du flux, par modalité : ce que le moteur appelle le parc."""
    parc: Counter[tuple[str, bool, str, str]] = Counter()
    for logement in logements:
        qpv, hors_champ = logement.situation(le)
        if not hors_champ and not logement.stock_de:
            parc[logement.commune, bool(qpv), logement.ligne.typologie, logement.ligne.financement] += 1
    return dict(parc)


def _programmes_neufs(logements: list[LogementDemo]) -> list[list[LogementDemo]]:
    """Les logements de chaque programme neuf, le plus ancien d'abord."""
    par_programme: dict[int, list[LogementDemo]] = {}
    for logement in logements:
        if logement.programme.est_neuf:
            par_programme.setdefault(logement.programme.numero, []).append(logement)
    return sorted(par_programme.values(), key=lambda neufs: neufs[0].programme.annee)
