"""Les territoires du référentiel national : qui couvre quelle commune (RG-04).

« Couvre » se lit dans une seule table, `TerritoireCommune` : un territoire couvre une commune si la ligne existe. Les communes à
arrondissements (75056, 69123, 13055) se couvrent elles-mêmes et couvrent leurs arrondissements.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.tri import cle_de_tri


class Region(models.Model):
    """Une région (ou une collectivité d'outre-mer, qui tient lieu de région)."""

    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=100)

    class Meta:
        verbose_name = "région"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.nom


class Departement(models.Model):
    """Un département : l'échelle des conventions, des assiettes et des plafonds (RG-10, RG-14)."""

    code = models.CharField("code INSEE", max_length=3, primary_key=True)
    nom = models.CharField("nom", max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, related_name="departements", verbose_name="région")

    class Meta:
        verbose_name = "département"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return f"{self.nom} ({self.code})"


class CommuneQuerySet(models.QuerySet["Commune"]):
    """Lecture des communes : donnée publique, la même pour tous."""

    def visibles_par(self, acteur: Acteur) -> CommuneQuerySet:
        """Le référentiel est public : tout acteur le lit."""
        del acteur
        return self

    def du_territoire(self, *territoires: Territoire | str) -> CommuneQuerySet:
        """Communes couvertes par l'un au moins des territoires (instances ou codes : `departement:94`)."""
        return self.filter(
            models.Exists(
                TerritoireCommune.objects.filter(
                    commune=models.OuterRef("pk"), territoire__in=[_code_de(territoire) for territoire in territoires]
                )
            )
        )

    def du_departement(self, departement: Departement | str) -> CommuneQuerySet:
        """Communes d'un département, arrondissements compris."""
        return self.filter(departement=departement)

    def rechercher(self, texte: str) -> CommuneQuerySet:
        """Communes dont le code commence par `texte`, ou dont le nom le contient, sans accents ni casse."""
        cle = cle_de_tri(texte)
        if not cle:
            return self.none()
        return self.filter(models.Q(code__istartswith=texte.strip()) | models.Q(cle_tri__contains=cle)).order_by(
            models.Case(models.When(cle_tri__startswith=cle, then=0), default=1), "cle_tri", "code"
        )


class Commune(models.Model):
    """Une commune actuelle, ou un arrondissement de Paris, Lyon ou Marseille (RG-04)."""

    code = models.CharField("code INSEE", max_length=5, primary_key=True)
    nom = models.CharField("nom", max_length=100)
    departement = models.ForeignKey(Departement, models.PROTECT, related_name="communes", verbose_name="département")
    population = models.PositiveIntegerField("population municipale", null=True, blank=True)
    commune_chapeau = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="arrondissements",
        verbose_name="commune dont c'est un arrondissement",
        help_text="75056 pour Paris 1er (75101) ; vide pour une commune ordinaire.",
    )
    cle_tri = models.CharField("clé de tri", max_length=100, editable=False)

    objects = CommuneQuerySet.as_manager()

    class Meta:
        verbose_name = "commune"
        ordering: ClassVar = ["cle_tri", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[0-9][0-9AB][0-9]{3}$"),
                name="commune_code_insee",
                violation_error_message="Un code de commune a cinq caractères : 94011, 2A004, 97105.",
            ),
            models.CheckConstraint(
                condition=models.Q(commune_chapeau__isnull=True) | ~models.Q(commune_chapeau=models.F("code")),
                name="commune_chapeau_autre",
                violation_error_message="Une commune n'est pas son propre arrondissement.",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["cle_tri", "code"], name="commune_tri")]

    def __str__(self) -> str:
        return f"{self.nom} ({self.code})"


class AncienneCommune(models.Model):
    """Un code qui n'est plus celui d'une commune (fusion, changement de département) et celui qui le remplace."""

    code = models.CharField("ancien code INSEE", max_length=5, primary_key=True)
    nom = models.CharField("ancien nom", max_length=100, blank=True, help_text="Vide s'il n'est pas connu.")
    commune = models.ForeignKey(
        Commune, models.PROTECT, related_name="anciennes_communes", verbose_name="commune actuelle"
    )

    class Meta:
        verbose_name = "ancienne commune"
        verbose_name_plural = "anciennes communes"
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return f"{self.nom or 'ancien code'} ({self.code})"


class NatureTerritoire(models.TextChoices):
    """Ce qu'est un territoire : la première moitié de son code."""

    COMMUNE = "commune", "commune"
    EPCI = "epci", "intercommunalité (EPCI)"
    EPT = "ept", "établissement public territorial"
    METROPOLE = "metropole", "métropole"
    DEPARTEMENT = "departement", "département"
    REGION = "region", "région"


SIGLES = {
    NatureTerritoire.EPCI: "EPCI",
    NatureTerritoire.EPT: "EPT",
    NatureTerritoire.METROPOLE: "métropole",
    NatureTerritoire.REGION: "région",
}
"""Ce qui suit le nom d'un territoire dont le code ne dit rien à personne ; une commune et un département ont leur code INSEE."""


class TerritoireQuerySet(models.QuerySet["Territoire"]):
    """Lecture des territoires : donnée publique, la même pour tous."""

    def visibles_par(self, acteur: Acteur) -> TerritoireQuerySet:
        """Le référentiel est public : tout acteur le lit."""
        del acteur
        return self

    def couvrant(self, commune: Commune | str) -> TerritoireQuerySet:
        """Territoires qui couvrent la commune (instance ou code INSEE)."""
        code = commune if isinstance(commune, str) else commune.code
        return self.filter(
            models.Exists(TerritoireCommune.objects.filter(territoire=models.OuterRef("pk"), commune=code))
        )

    def touchant_le_departement(self, departement: Departement | str) -> TerritoireQuerySet:
        """Territoires qui couvrent au moins une commune du département (un EPCI à cheval compris)."""
        return self.filter(
            models.Exists(
                TerritoireCommune.objects.filter(territoire=models.OuterRef("pk"), commune__departement=departement)
            )
        )

    def de_nature(self, *natures: NatureTerritoire) -> TerritoireQuerySet:
        """Territoires d'une des natures données."""
        return self.filter(nature__in=natures)

    def rechercher(self, texte: str) -> TerritoireQuerySet:
        """Territoires dont le nom contient `texte`, sans accents ni casse, ou que désigne leur code (94, `epci:SIREN`) ou leur SIREN."""
        cle = cle_de_tri(texte)
        if not cle:
            return self.none()
        debut = texte.strip()
        return self.filter(
            models.Q(code__startswith=debut)
            | models.Q(code__endswith=f":{debut.upper()}")
            | models.Q(siren__startswith=debut)
            | models.Q(cle_tri__contains=cle)
        ).order_by(models.Case(models.When(cle_tri__startswith=cle, then=0), default=1), "cle_tri", "code")


class Territoire(models.Model):
    """Un territoire où un droit s'exerce ou court : `region:11`, `departement:94`, `epci:SIREN`, `commune:94011`… (RG-11)."""

    code = models.CharField("code", max_length=20, primary_key=True)
    nature = models.CharField("nature", max_length=12, choices=NatureTerritoire)
    nom = models.CharField("nom", max_length=150)
    departement = models.ForeignKey(
        Departement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="territoires",
        verbose_name="département",
        help_text="Vide si le territoire est à cheval sur plusieurs départements.",
    )
    siren = models.CharField("SIREN", max_length=9, blank=True)
    cle_tri = models.CharField("clé de tri", max_length=150, editable=False)
    communes: models.ManyToManyField[Commune, TerritoireCommune] = models.ManyToManyField(
        Commune, through="TerritoireCommune", related_name="territoires", verbose_name="communes couvertes"
    )

    objects = TerritoireQuerySet.as_manager()

    class Meta:
        verbose_name = "territoire"
        ordering: ClassVar = ["cle_tri", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(nature__in=NatureTerritoire.values),
                name="territoire_nature",
                violation_error_message="Nature de territoire inconnue.",
            ),
            models.CheckConstraint(
                condition=models.Q(code__startswith=models.functions.Concat(models.F("nature"), models.Value(":"))),
                name="territoire_code_dit_sa_nature",
                violation_error_message="Le code d'un territoire commence par sa nature (departement:94).",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["nature", "cle_tri"], name="territoire_tri"),
            models.Index(fields=["siren"], name="territoire_siren", condition=~models.Q(siren="")),
        ]

    def __str__(self) -> str:
        """Le nom en toutes lettres : « Val-de-Marne (94) », « Créteil (94028) », « Île-de-France (région) »."""
        return f"{self.nom} ({SIGLES.get(NatureTerritoire(self.nature)) or self.code.partition(':')[2]})"


class TerritoireCommune(models.Model):
    """« Couvre » : ce territoire couvre cette commune. Une ligne par couple, indexée dans les deux sens."""

    pk = models.CompositePrimaryKey("territoire_id", "commune_id")
    territoire = models.ForeignKey(Territoire, models.CASCADE, related_name="+", db_index=False)
    commune = models.ForeignKey(Commune, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        verbose_name = "commune d'un territoire"
        verbose_name_plural = "communes des territoires"
        indexes: ClassVar = [models.Index(fields=["commune", "territoire"], name="territoire_commune_inverse")]

    def __str__(self) -> str:
        return f"{self.territoire_id} couvre {self.commune_id}"


def _code_de(territoire: Territoire | str) -> str:
    """Code d'un territoire donné en instance ou en code."""
    return territoire if isinstance(territoire, str) else territoire.code
