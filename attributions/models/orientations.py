"""Les orientations (RG-41), les propositions du lot (moteur.md § 3), les candidats (RG-42 à RG-44, RG-49)."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from attributions.domaine.codes import Decision, Issue, OrigineSolde, Public, Reponse, code_compte, nommer_compte
from attributions.models.delegations import a_disposition_de
from attributions.models.liberations import Liberation
from conventions.domaine.codes import SousContingent
from conventions.models import Convention, Reservataire
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.socle.champs import ChampChiffre, ChampEmpreinte


class CompteMixin(models.Model):
    """Un compte désigné par (réservataire, sous-contingent) ; sans réservataire, celui du bailleur (RG-03)."""

    reservataire = models.ForeignKey(
        Reservataire,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name="réservataire",
    )
    sous_contingent = models.CharField("sous-contingent", max_length=12, choices=SousContingent.choix(), blank=True)

    class Meta:
        abstract = True

    @property
    def compte(self) -> str:
        """Code public du compte."""
        return code_compte(self.reservataire.code if self.reservataire else "", self.sous_contingent)

    @property
    def nom_du_compte(self) -> str:
        """Nom lisible du compte, pour les écrans."""
        qui = self.reservataire
        return nommer_compte(self.compte, {qui.code: qui.nom_court} if qui else {})


class OrientationQuerySet(models.QuerySet["Orientation"]):
    """Lecture des orientations."""

    def visibles_par(self, acteur: Acteur) -> OrientationQuerySet:
        """Le bailleur ; le réservataire dès la mise à disposition, pour son compte ou celui dont il est délégataire (RG-26)."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(liberation__bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(pk__in=a_disposition_de(acteur))
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> OrientationQuerySet:
        """Celles de son bailleur, pour qui oriente."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(liberation__bailleur_id=acteur.organisme)
        return self.none()

    def presentables_par(self, acteur: Acteur) -> OrientationQuerySet:
        """Celles où l'acteur peut présenter des candidats ou rendre le logement : bailleur, ou titulaire du compte (RG-21)."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur)

    def en_cours(self) -> OrientationQuerySet:
        """Celles qui n'ont pas encore d'issue."""
        return self.filter(issue=Issue.EN_COURS)


class Orientation(CompteMixin):
    """Le choix d'un compte pour une libération, et ce qui s'ensuit (RG-41 à RG-46).

    `rang` : 1 puis 2… après un rendu, une carence ou un retrait. `etat_comptes` garde les retards au moment de la
    décision, la proposition du moteur et la version des règles ; vide pour une orientation importée.
    """

    liberation = models.ForeignKey(Liberation, on_delete=models.CASCADE, related_name="orientations")
    rang = models.PositiveSmallIntegerField("rang", default=1)
    date_orientation = models.DateField("orientée le")
    motif = models.TextField("motif", blank=True)
    compte_propose = models.CharField("compte proposé par le moteur", max_length=60, blank=True)
    phrase = models.TextField("phrase du moteur", blank=True)
    etat_comptes = models.JSONField(
        "état des comptes à la décision", default=dict, blank=True, encoder=DjangoJSONEncoder
    )
    decidee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decidee_le = models.DateTimeField("décidée le", null=True, blank=True)
    date_mise_a_disposition = models.DateField("mise à disposition le", null=True, blank=True)
    date_limite_prolongee = models.DateField("date limite prolongée au", null=True, blank=True)
    date_proposition = models.DateField("candidats proposés le", null=True, blank=True)
    nb_candidats = models.PositiveSmallIntegerField("nombre de candidats", null=True, blank=True)
    date_caleol = models.DateField("CALEOL du", null=True, blank=True)
    decision = models.CharField("décision", max_length=16, choices=Decision.choix(), blank=True)
    date_rendu = models.DateField("rendu le", null=True, blank=True)
    issue = models.CharField("issue", max_length=10, choices=Issue.choix(), default=Issue.EN_COURS)
    public = models.CharField("public du ménage logé", max_length=40, blank=True)

    objects = OrientationQuerySet.as_manager()

    class Meta:
        verbose_name = "orientation"
        ordering: ClassVar = ["liberation_id", "rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["liberation", "rang"],
                name="orientation_rang_unique",
                violation_error_message="Cette libération a déjà une orientation de ce rang.",
            ),
            models.UniqueConstraint(
                fields=["liberation"],
                condition=models.Q(issue__in=["en_cours", "bail"]),
                name="orientation_une_en_cours",
                violation_error_message="Une libération n'a qu'une orientation en cours ou aboutie à la fois.",
            ),
            models.CheckConstraint(
                condition=models.Q(reservataire__isnull=False) | models.Q(sous_contingent=""),
                name="orientation_bailleur_sans_sous_contingent",
            ),
            models.CheckConstraint(condition=models.Q(rang__gte=1), name="orientation_rang_positif"),
            models.CheckConstraint(condition=models.Q(issue__in=list(Issue)), name="orientation_issue_connue"),
            models.CheckConstraint(
                condition=models.Q(decision__in=["", *Decision]), name="orientation_decision_connue"
            ),
        ]
        indexes: ClassVar = [
            # Il porte de quoi répondre sans lire la table : les politiques de lignes s'en servent à chaque lecture d'un réservataire.
            models.Index(
                fields=["reservataire", "date_mise_a_disposition"],
                include=["liberation", "sous_contingent"],
                name="orientation_du_portail",
            )
        ]

    def __str__(self) -> str:
        return f"{self.liberation} rang {self.rang} → {self.compte}"


class PropositionQuerySet(models.QuerySet["Proposition"]):
    """Lecture du lot."""

    def visibles_par(self, acteur: Acteur) -> PropositionQuerySet:
        """Le bailleur seul : une proposition n'est pas une décision."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(liberation__bailleur_id=acteur.organisme)
        return self.none()


class Proposition(CompteMixin):
    """La proposition du moteur pour une libération qui attend : une ligne du lot (moteur.md § 3).

    `compte_initial` et `compte_precedent` disent ce qui a changé depuis l'arrivée et depuis la dernière révision ;
    `changements` les garde tous (le, de, a, cause), dans l'ordre. L'État y est sous son seul code : son
    sous-contingent se décide avec le logement.
    """

    liberation = models.OneToOneField(Liberation, on_delete=models.CASCADE, related_name="proposition")
    phrase = models.TextField("phrase")
    eligibles = models.JSONField("comptes éligibles et retards", default=list, encoder=DjangoJSONEncoder)
    compte_initial = models.CharField("compte proposé à l'arrivée", max_length=60)
    compte_precedent = models.CharField("compte proposé avant le dernier changement", max_length=60, blank=True)
    changements = models.JSONField("changements de proposition", default=list, blank=True, encoder=DjangoJSONEncoder)
    proposee_le = models.DateTimeField("proposée le", auto_now_add=True)
    changee_le = models.DateTimeField("changée le", null=True, blank=True)
    revisee_le = models.DateTimeField("revue le")
    version_regles = models.CharField("version des règles", max_length=40)

    objects = PropositionQuerySet.as_manager()

    class Meta:
        verbose_name = "proposition"
        ordering: ClassVar = ["liberation__date_disponibilite", "liberation__numero"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(reservataire__isnull=False) | models.Q(sous_contingent=""),
                name="proposition_bailleur_sans_sous_contingent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.liberation} → {self.compte}"


class CandidatQuerySet(models.QuerySet["Candidat"]):
    """Lecture des candidats."""

    def visibles_par(self, acteur: Acteur) -> CandidatQuerySet:
        """Le bailleur ; le réservataire pour les siens, jamais ceux d'un autre (domaine.md § 6)."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(orientation__liberation__bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(orientation_id__in=a_disposition_de(acteur))
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> CandidatQuerySet:
        """Ceux qu'il voit, pour un gestionnaire ou un responsable."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur)


class Candidat(models.Model):
    """Une demande proposée pour un logement (RG-42, RG-49) ; aucune autre donnée nominative que le numéro unique.

    Le numéro est gardé chiffré (RG-70) ; l'unicité et la recherche exacte passent par son empreinte.
    """

    orientation = models.ForeignKey(Orientation, on_delete=models.CASCADE, related_name="candidats")
    numero_demande = ChampChiffre("numéro unique de demande", max_length=40, empreinte="empreinte_demande")
    empreinte_demande = ChampEmpreinte("empreinte du numéro de demande", source="numero_demande", db_index=True)
    public = models.CharField("public", max_length=40, blank=True)
    nb_personnes = models.PositiveSmallIntegerField("personnes du ménage", null=True, blank=True)
    date_presentation = models.DateField("présentée le", null=True, blank=True)
    date_examen = models.DateField("examinée en CALEOL le", null=True, blank=True)
    rang_caleol = models.PositiveSmallIntegerField("rang en CALEOL", null=True, blank=True)
    decision = models.CharField("décision", max_length=16, choices=Decision.choix(), blank=True)
    motif = models.TextField("motif", blank=True)
    date_notification = models.DateField("offre notifiée le", null=True, blank=True)
    date_reponse = models.DateField("réponse le", null=True, blank=True)
    reponse = models.CharField("réponse", max_length=12, choices=Reponse.choix(), blank=True)

    objects = CandidatQuerySet.as_manager()

    class Meta:
        verbose_name = "candidat"
        ordering: ClassVar = ["orientation_id", "rang_caleol", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["orientation", "empreinte_demande"],
                name="candidat_unique",
                violation_error_message="Cette demande est déjà proposée pour ce logement.",
            ),
            models.CheckConstraint(condition=models.Q(decision__in=["", *Decision]), name="candidat_decision_connue"),
            models.CheckConstraint(condition=models.Q(reponse__in=["", *Reponse]), name="candidat_reponse_connue"),
        ]

    def __str__(self) -> str:
        return f"candidat {self.pk}"

    @property
    def public_lisible(self) -> str:
        """Le public en toutes lettres ; un code inconnu (import) est laissé tel quel."""
        return dict(Public.choix()).get(self.public, self.public)


class SoldeQuerySet(models.QuerySet["SoldeOuverture"]):
    """Lecture des soldes reportés."""

    def visibles_par(self, acteur: Acteur) -> SoldeQuerySet:
        """Les parties de la convention."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(convention__bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            siens = self.filter(convention__reservataire_id=acteur.organisme)
            return siens.filter(sous_contingent__in=acteur.sous_contingents) if acteur.service else siens
        return self.none()


class SoldeOuverture(models.Model):
    """Solde de la fin de N−1 repris à l'ouverture de l'année N (RG-47) : saisi, ou arrêté par un bilan publié.

    `convention` est la première version de la chaîne. La politique de report de la convention s'applique au calcul.
    Un solde arrêté par un bilan l'emporte sur un solde saisi.
    """

    convention = models.ForeignKey(Convention, on_delete=models.PROTECT, related_name="soldes")
    sous_contingent = models.CharField("sous-contingent", max_length=12, choices=SousContingent.choix(), blank=True)
    annee = models.PositiveSmallIntegerField("année qui s'ouvre")
    report = models.DecimalField("solde de la fin de N−1 (logements)", max_digits=12, decimal_places=4)
    origine = models.CharField("origine", max_length=6, choices=OrigineSolde.choix(), default=OrigineSolde.SAISI)

    objects = SoldeQuerySet.as_manager()

    class Meta:
        verbose_name = "solde d'ouverture"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["convention", "sous_contingent", "annee", "origine"],
                name="solde_unique",
                violation_error_message="Ce compte a déjà un solde d'ouverture pour cette année.",
            ),
            models.CheckConstraint(condition=models.Q(origine__in=list(OrigineSolde)), name="solde_origine_connue"),
        ]

    def __str__(self) -> str:
        return f"{self.convention} {self.annee} : {self.report}"
