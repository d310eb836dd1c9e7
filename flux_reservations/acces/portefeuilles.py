"""Portefeuilles : les secteurs (ou agences) d'un organisme, qui les suit, qui remplace qui pendant une absence (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Func, Value

from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.territoires.models import Commune


class SecteurQuerySet(models.QuerySet["Secteur"]):
    """Lecture des secteurs."""

    def visibles_par(self, acteur: Acteur) -> SecteurQuerySet:
        """Ceux de son organisme."""
        if acteur.est_systeme:
            return self
        return self.filter(organisme_id=acteur.organisme)

    def modifiables_par(self, acteur: Acteur) -> SecteurQuerySet:
        """Ceux de son organisme, pour un responsable."""
        if not acteur.peut(Role.RESPONSABLE):
            return self.none()
        return self.visibles_par(acteur)

    def suivis_par(self, acteur: Acteur, le: date) -> SecteurQuerySet:
        """Ceux de son portefeuille, et ceux des personnes qu'il remplace ce jour-là."""
        moi = {"utilisateur_id": acteur.utilisateur_id or 0, "organisme_id": acteur.organisme}
        miens = Portefeuille.objects.filter(**{f"rattachement__{nom}": valeur for nom, valeur in moi.items()})
        absences = Absence.objects.le(le).filter(**{f"remplacant__{nom}": valeur for nom, valeur in moi.items()})
        remplaces = Portefeuille.objects.filter(rattachement__in=absences.values("rattachement"))
        suivis = miens.values("secteur").union(remplaces.values("secteur"))
        return self.visibles_par(acteur).filter(pk__in=suivis)


class Secteur(models.Model):
    """Un secteur ou une agence : des logements qui portent son nom, ou des communes ; une boîte partagée, s'il y en a une."""

    organisme = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="secteurs")
    nom = models.CharField("nom", max_length=80)
    boite = models.EmailField("boîte partagée", blank=True)
    communes = models.ManyToManyField(Commune, verbose_name="communes", blank=True, related_name="+")

    objects = SecteurQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "secteur"
        ordering: ClassVar = ["nom"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisme", "nom"],
                name="secteur_unique",
                violation_error_message="Un secteur porte déjà ce nom.",
            ),
            models.CheckConstraint(
                condition=~models.Q(nom=""), name="secteur_nomme", violation_error_message="Un secteur a un nom."
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class Portefeuille(models.Model):
    """Un secteur suivi par une personne dans un organisme."""

    rattachement = models.ForeignKey("acces.Rattachement", on_delete=models.CASCADE, related_name="portefeuilles")
    secteur = models.ForeignKey(Secteur, on_delete=models.CASCADE, related_name="portefeuilles")

    class Meta:
        app_label = "acces"
        verbose_name = "portefeuille"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rattachement", "secteur"], name="portefeuille_unique")
        ]

    def __str__(self) -> str:
        return f"portefeuille {self.pk}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Lecture des absences."""

    def visibles_par(self, acteur: Acteur) -> AbsenceQuerySet:
        """Celles des personnes de son organisme."""
        if acteur.est_systeme:
            return self
        return self.filter(rattachement__organisme_id=acteur.organisme)

    def modifiables_par(self, acteur: Acteur) -> AbsenceQuerySet:
        """Les siennes ; toutes celles de l'organisme pour un responsable."""
        visibles = self.visibles_par(acteur)
        if acteur.peut(Role.RESPONSABLE):
            return visibles
        return visibles.filter(rattachement__utilisateur_id=acteur.utilisateur_id or 0)

    def le(self, jour: date) -> AbsenceQuerySet:
        """Celles qui courent ce jour-là, d'une personne et d'un remplaçant toujours en fonction."""
        return self.filter(
            du__lte=jour, au__gte=jour, rattachement__clos_le__isnull=True, remplacant__clos_le__isnull=True
        )


class Absence(models.Model):
    """Une personne absente du `du` au `au`, jours compris : son remplaçant voit son portefeuille, et reçoit son récapitulatif."""

    rattachement = models.ForeignKey("acces.Rattachement", on_delete=models.CASCADE, related_name="absences")
    remplacant = models.ForeignKey("acces.Rattachement", on_delete=models.CASCADE, related_name="remplacements")
    du = models.DateField("du")
    au = models.DateField("au")

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "absence"
        ordering: ClassVar = ["du", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(au__gte=models.F("du")),
                name="absence_finit_apres_son_debut",
                violation_error_message="Une absence finit le jour de son début, ou après.",
            ),
            models.CheckConstraint(
                condition=~models.Q(rattachement=models.F("remplacant")),
                name="absence_remplacee_par_un_autre",
                violation_error_message="On ne se remplace pas soi-même.",
            ),
            ExclusionConstraint(
                name="absence_une_a_la_fois",
                expressions=[
                    ("rattachement", RangeOperators.EQUAL),
                    (Func("du", "au", Value("[]"), function="DATERANGE"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cette personne a déjà une absence sur ces jours.",
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.pk}"


@dataclass(frozen=True, slots=True)
class SecteurChoisi:
    """Ce qu'une liste montre : les logements de certains secteurs, par leur nom (chez leur bailleur) ou par leur commune."""

    libelle: str
    noms: frozenset[str]
    communes: frozenset[str]

    def filtre(self, prefixe: str) -> models.Q:
        """Condition sur les logements, atteints par `prefixe` (« logement__ »)."""
        par_commune = models.Q(**{f"{prefixe}commune_id__in": self.communes})
        return par_commune | models.Q(**{f"{prefixe}secteur__in": self.noms}) if self.noms else par_commune

    def contient(self, secteur: str, commune: str) -> bool:
        """Vrai si un logement de ce secteur et de cette commune en est."""
        return secteur in self.noms or commune in self.communes


def reunir(acteur: Acteur, libelle: str, secteurs: Iterable[Secteur]) -> SecteurChoisi:
    """Plusieurs secteurs en un seul choix ; le nom d'un secteur ne désigne des logements que chez leur bailleur."""
    lus = list(secteurs)
    communes = Secteur.communes.through.objects.filter(secteur__in=[un.pk for un in lus])
    return SecteurChoisi(
        libelle,
        frozenset(un.nom for un in lus) if acteur.nature is Nature.BAILLEUR else frozenset(),
        frozenset(communes.values_list("commune_id", flat=True)),
    )


def mon_secteur(acteur: Acteur, le: date) -> SecteurChoisi | None:
    """Le portefeuille de l'acteur ce jour-là, remplacements compris ; None s'il n'en a pas."""
    suivis = list(Secteur.objects.suivis_par(acteur, le))
    return reunir(acteur, "Mon secteur", suivis) if suivis else None


def secteurs_proposes(acteur: Acteur, le: date) -> list[tuple[str, str]]:
    """Ce qu'on peut choisir dans une liste : « mon secteur » d'abord, si l'on en a un, puis chacun ; vide sans secteur."""
    tous = list(Secteur.objects.visibles_par(acteur))
    mien = [("moi", "Mon secteur")] if Secteur.objects.suivis_par(acteur, le).exists() else []
    return [*mien, *((str(un.pk), un.nom) for un in tous)]


def lire_secteur(acteur: Acteur, demande: str, le: date) -> SecteurChoisi | None:
    """Le secteur que désigne l'adresse (`moi`, ou le numéro d'un secteur de l'organisme) ; None pour tout montrer."""
    if demande == "moi":
        return mon_secteur(acteur, le)
    cle = lire_entier(demande)
    secteur = Secteur.objects.visibles_par(acteur).filter(pk=cle).first() if cle is not None else None
    return reunir(acteur, secteur.nom, [secteur]) if secteur else None
