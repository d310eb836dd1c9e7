"""Un bailleur tiré au sort, reproductible : conventions, avenants, stock, libérations et orientations de toutes sortes."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange

from attributions.domaine.codes import Decision, Exclusion, Issue
from attributions.models import Liberation, Orientation, SoldeOuverture
from conventions.domaine.codes import Contrepartie, FaitGenerateur, Financement, TypeReservataire, Typologie
from conventions.models import Bailleur, Convention, Droit, Logement, Reservataire, ReservationStock, SituationLogement
from tests.fabriques import creer_bailleur, creer_convention, creer_reservataire

COMMUNES = ("94028", "94081", "94041", "94011", "94055", "94071", "94002", "94017")
UN_JOUR = timedelta(days=1)


class JeuAleatoire:
    """Crée tout en nombre ; `graine` rend le tirage reproductible."""

    def __init__(
        self, graine: int, *, logements: int, par_an: int, annees: tuple[int, ...] = (2023, 2024, 2025)
    ) -> None:
        """`logements` du patrimoine, `par_an` libérations par année."""
        self.hasard = random.Random(graine)  # noqa: S311 : un tirage d'essai
        self.graine = graine
        self.annees = annees
        self.bailleur: Bailleur = creer_bailleur()
        self.logements = self._creer_logements(logements)
        self.reservataires = self._creer_reservataires()
        self._creer_conventions()
        self._creer_stock(max(4, logements // 60))
        self._creer_liberations(par_an)

    def _jour(self, annee: int) -> date:
        return date(annee, 1, 1) + timedelta(days=self.hasard.randrange(365))

    def _creer_logements(self, nombre: int) -> list[Logement]:
        tirer = self.hasard.choice
        logements = Logement.objects.bulk_create(
            Logement(
                bailleur=self.bailleur,
                identifiant=f"J{self.graine}-{rang:06d}",
                commune_id=tirer(COMMUNES),
                typologie=tirer(list(Typologie)),
                financement=tirer(["", *Financement]),
                annee_construction=tirer([None, *range(1930, 2022)]),
            )
            for rang in range(nombre)
        )
        situations = []
        for logement in logements:
            qpv = tirer(["", "", "", "QN09401I"])
            if self.hasard.random() < 0.9:
                situations.append(SituationLogement(logement=logement, periode=DateRange(None, None), qpv=qpv))
                continue
            bascule = self._jour(tirer(self.annees))
            hors_champ = tirer(["", "gele", "foyer"])
            situations.append(SituationLogement(logement=logement, periode=DateRange(None, bascule), qpv=qpv))
            situations.append(
                SituationLogement(
                    logement=logement,
                    periode=DateRange(bascule, None),
                    qpv="" if qpv else "QN09402M",
                    hors_champ=hors_champ,
                )
            )
        SituationLogement.objects.bulk_create(situations)
        return logements

    def _creer_reservataires(self) -> dict[str, Reservataire]:
        types = [
            ("ETAT", TypeReservataire.ETAT, "departement:94"), ("AL", TypeReservataire.ACTION_LOGEMENT, "region:11"),
            ("CD", TypeReservataire.DEPARTEMENT, "departement:94"), ("CAF", TypeReservataire.ORGANISME, None),
            ("EMP", TypeReservataire.EMPLOYEUR, None), ("HOP", TypeReservataire.SANTE, None),
            *((f"COM{rang}", TypeReservataire.COMMUNE, f"commune:{commune}") for rang, commune in enumerate(COMMUNES)),
        ]  # fmt: skip
        return {nom: creer_reservataire(f"{nom}-J{self.graine}", type_, zone) for nom, type_, zone in types}

    def _creer_conventions(self) -> None:
        tirer = self.hasard.choice
        for nom, reservataire in self.reservataires.items():
            if nom == "HOP" or (nom in {"CAF", "EMP"} and self.hasard.random() < 0.4):
                continue
            zone = f"commune:{COMMUNES[int(nom[3:])]}" if nom.startswith("COM") else "departement:94"
            etat = nom == "ETAT"
            droits = (("25", "prioritaires", zone), ("5", "agents", zone)) if etat else ((self._taux(), "", zone),)
            modalites = {
                "gestion": tirer(["directe", "directe", "deleguee"]),
                "delai_presentation_jours": tirer([None, 15, 30, 45]),
                "delai_unite": tirer(["calendaires", "ouvres"]),
                "carence_decomptee": self.hasard.random() < 0.8,
                "fait_generateur": tirer(list(FaitGenerateur)),
                "report": tirer(["", "total", "aucun"]),
                "premieres_locations": tirer(["a_part", "a_part", "dans_le_flux"]),
            }
            effet = self._jour(tirer((2022, 2023, 2024)))
            convention = creer_convention(
                self.bailleur, reservataire, droits, effet=effet, numero=f"{nom}-J{self.graine}", **modalites
            )
            Convention.objects.filter(pk=convention.pk).update(origine=convention)
            if nom.startswith("COM"):
                versement = tirer([None, date(2018, 12, 31), date(2019, 2, 28), date(2020, 2, 29), date(2020, 8, 14)])
                convention.droits.update(contrepartie=Contrepartie.GARANTIE_EMPRUNT, dernier_versement=versement)
            if nom == "EMP":
                Droit.objects.get(convention=convention).perimetre.set([f"commune:{COMMUNES[0]}"])
                Droit.objects.get(convention=convention).assiette.set(["departement:94"])
            if self.hasard.random() < 0.4:
                self._creer_avenant(convention, zone, modalites, etat=etat)
            for annee in self.annees[1:]:
                if self.hasard.random() < 0.5:
                    solde = Decimal(self.hasard.randrange(-40_000, 40_000)) / 10_000
                    SoldeOuverture.objects.create(
                        convention=convention, sous_contingent="agents" if etat else "", annee=annee, report=solde
                    )

    def _taux(self) -> str:
        return f"{self.hasard.randrange(1, 700) / 100:.2f}"

    def _creer_avenant(self, convention: Convention, zone: str, modalites: dict[str, object], *, etat: bool) -> None:
        assert convention.date_effet is not None
        effet = convention.date_effet + timedelta(days=self.hasard.randrange(30, 600))
        Convention.objects.filter(pk=convention.pk).update(remplacee_le=effet)
        droits = (("24", "prioritaires", zone), ("4.50", "agents", zone)) if etat else ((self._taux(), "", zone),)
        creer_convention(
            self.bailleur, convention.reservataire, droits, effet=effet, numero=f"{convention.numero}-A1",
            origine=convention, avenant_de=convention, **modalites,
        )  # fmt: skip

    def _creer_stock(self, nombre: int) -> None:
        lignes = {}
        for logement in self.hasard.sample(self.logements, min(nombre, len(self.logements))):
            nom = self.hasard.choice(["CAF", "EMP", "HOP", "COM0", "COM1", "AL"])
            lignes[logement.pk, nom] = ReservationStock(
                logement=logement,
                reservataire=self.reservataires[nom],
                contrepartie="financement",
                nature=self.hasard.choice(["suite", "suite", "unique"]),
                date_debut=self.hasard.choice([None, date(1990, 1, 1), date(2024, 3, 1)]),
                date_fin=self.hasard.choice([None, None, date(2024, 6, 30), date(2030, 1, 1)]),
            )
        ReservationStock.objects.bulk_create(lignes.values())

    def _creer_liberations(self, par_an: int) -> None:
        tirer = self.hasard.choice
        liberations = []
        for annee in self.annees:
            for _ in range(par_an):
                disponible = self._jour(annee)
                bail = disponible + timedelta(days=self.hasard.randrange(120)) if self.hasard.random() < 0.85 else None
                liberations.append(
                    Liberation(
                        bailleur=self.bailleur,
                        numero=f"J{self.graine}-{len(liberations):06d}",
                        logement=tirer(self.logements),
                        date_disponibilite=disponible,
                        date_bail=bail,
                        nature="premiere_location" if self.hasard.random() < 0.05 else "relocation",
                        exclusion=tirer(list(Exclusion)) if self.hasard.random() < 0.25 else "",
                        retrait="gel" if bail is None and self.hasard.random() < 0.2 else "",
                    )
                )
        Liberation.objects.bulk_create(liberations)
        Orientation.objects.bulk_create(
            orientation
            for liberation in liberations
            if self.hasard.random() < 0.9
            for orientation in self._orienter(liberation)
        )

    def _orienter(self, liberation: Liberation) -> list[Orientation]:
        """Une à trois orientations, les premières abandonnées ; la dernière en cours, en bail ou en carence."""
        nombre = self.hasard.choice([1, 1, 1, 2, 3])
        return [self._orientation(liberation, rang, est_derniere=rang == nombre) for rang in range(1, nombre + 1)]

    def _orientation(self, liberation: Liberation, rang: int, *, est_derniere: bool) -> Orientation:
        tirer = self.hasard.choice
        nom = tirer(["", "", "ETAT", "ETAT", *self.reservataires])
        orientee = liberation.date_disponibilite + timedelta(days=self.hasard.randrange(-10, 40) + 10 * rang)
        sous_contingent = tirer(["prioritaires", "agents", "repli", "prioritaires"]) if nom == "ETAT" else ""
        finies = [Issue.RENDU, Issue.CARENCE, Issue.RETIRE]
        conclusion = Issue.BAIL if liberation.date_bail else Issue.EN_COURS
        return Orientation(
            liberation=liberation,
            rang=rang,
            reservataire=self.reservataires[nom] if nom else None,
            sous_contingent=sous_contingent,
            date_orientation=orientee,
            date_mise_a_disposition=tirer([None, orientee, orientee + UN_JOUR]) if nom else None,
            date_limite_prolongee=tirer([None] * 9 + [orientee + 60 * UN_JOUR]),
            date_proposition=tirer([None, orientee + 12 * UN_JOUR]),
            date_caleol=tirer([None, orientee + 20 * UN_JOUR]),
            decision=tirer(["", *Decision]),
            issue=tirer([conclusion, conclusion, Issue.EN_COURS, Issue.CARENCE]) if est_derniere else tirer(finies),
            public=tirer(["", "", "dalo", "prioritaire", "agent", "autre"]),
        )
