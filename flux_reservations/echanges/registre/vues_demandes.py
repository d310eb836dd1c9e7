"""Les organismes demandés : un bailleur demande, l'administration crée, reconnaît ou refuse."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.urls import reverse

from conventions.models import Reservataire
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.models import DemandeOrganisme
from flux_reservations.echanges.registre.actions import demandes
from flux_reservations.echanges.registre.formulaires import FormulaireDemande
from flux_reservations.echanges.registre.modeles import SuiteDemandeOrganisme
from flux_reservations.echanges.registre.vues import PLATEFORME
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille, type_de_ton
from flux_reservations.socle.vues import Colonne, VueListe

TONS: dict[str, type_de_ton] = {
    SuiteDemandeOrganisme.ATTENTE.value: "attention",
    SuiteDemandeOrganisme.CREE.value: "succes",
    SuiteDemandeOrganisme.EXISTE.value: "succes",
    SuiteDemandeOrganisme.REFUSEE.value: "danger",
}


def suite_de(une: DemandeOrganisme) -> Pastille:
    """La suite d'une demande."""
    return Pastille(une.get_suite_display(), TONS[une.suite])


class DemanderOrganisme(ReserveeMixin, VueActe):
    """Demander un organisme qui manque au registre ; `?code=` : celui qu'un import n'a pas trouvé."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Demander un organisme"
    bouton = "Envoyer la demande"
    formulaire = FormulaireDemande

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def initial(self) -> dict[str, Any]:
        """Le code que l'import n'a pas trouvé."""
        code = self.request.GET.get("code", "")[:60]
        return {"precision": f"Il a le code {code} dans nos fichiers."} if code else {}

    def avertissement(self) -> str:
        """À qui cela va."""
        return (
            "Le registre des réservataires est commun : l'administration de la plateforme y ajoute l'organisme, "
            "et vous avertit par courriel du code à mettre dans vos fichiers."
        )

    def fil(self) -> Fil:
        """Imports."""
        return [("Imports", reverse("imports"))]

    def retour(self) -> str:
        """Les imports, où se lit la réponse."""
        return reverse("imports")

    def executer(self, donnees: dict[str, Any]) -> str:
        """Envoie."""
        demandes.demander_organisme(acteur=self.request.acteur, demande=demandes.OrganismeDemande(**donnees))
        return "Demande envoyée à l'administration de la plateforme : sa réponse se lira ici, et vous sera écrite."


class FiltreDemandes(django_filters.FilterSet):
    """Filtres des demandes."""

    q = django_filters.CharFilter(
        label="Rechercher", field_name="nom", lookup_expr="icontains", widget=forms.SearchInput
    )
    suite = django_filters.ChoiceFilter(label="Suite", choices=SuiteDemandeOrganisme.choices, empty_label="Toutes")

    class Meta:
        model = DemandeOrganisme
        fields: ClassVar[list[str]] = []


class OrganismesDemandes(ReserveeMixin, VueListe[DemandeOrganisme]):
    """Les organismes que demandent les bailleurs."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    titre = "Organismes demandés"
    legende = "Organismes demandés par les bailleurs, les demandes en attente d'abord"
    nom_export = "organismes-demandes"
    singulier = "demande"
    classe_filtre = FiltreDemandes
    tri_par_defaut = "suite"
    vide_titre = "Aucune demande"
    vide_texte = "Un bailleur demande ici l'organisme qui manque au registre, depuis son écran d'import."
    colonnes = (
        Colonne[DemandeOrganisme](
            "nom",
            "Organisme",
            lambda une: une.nom,
            tri=("nom",),
            lien=lambda une: reverse("organisme_demande", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne[DemandeOrganisme]("type", "Type", lambda une: une.get_type_display(), tri=("type",)),
        Colonne[DemandeOrganisme](
            "territoire", "Territoire", lambda une: str(une.territoire) if une.territoire else "", secondaire=True
        ),
        Colonne[DemandeOrganisme](
            "demandeur", "Demandé par", lambda une: une.demandeur.nom, tri=("demandeur__nom",), secondaire=True
        ),
        Colonne[DemandeOrganisme](
            "le", "Le", lambda une: une.demandee_le, "date", tri=("demandee_le",), secondaire=True
        ),
        Colonne[DemandeOrganisme]("suite", "Suite", suite_de, "pastille", tri=("suite", "demandee_le")),
    )

    def lire(self) -> QuerySet[DemandeOrganisme]:
        """Toutes."""
        return DemandeOrganisme.objects.visibles_par(self.request.acteur).select_related("territoire", "demandeur")

    def fil(self) -> Fil:
        """Le registre."""
        return [("Organismes", reverse("organismes"))]


class FormulaireReponse(forms.Form):
    """Répondre sans créer : l'organisme est déjà au registre, ou la demande est refusée. `demande` se lit dans le gabarit."""

    suite = forms.ChoiceField(
        label="Réponse",
        choices=[
            ("existe", "Il est déjà au registre : j'en donne le code"),
            ("refusee", "Je refuse : j'en donne le motif"),
        ],
        widget=forms.RadioSelect,
    )
    texte = forms.CharField(
        label="Le code, ou le motif",
        max_length=500,
        help_text="Le bailleur reçoit le code à mettre dans ses fichiers, ou lit votre motif.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, demande: DemandeOrganisme, **kwargs: Any) -> None:
        self.demande = demande
        super().__init__(*args, **kwargs)


class OrganismeDemandeVue(ReserveeMixin, VueActe):
    """Une demande : la créer d'un clic, ou y répondre autrement."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    titre = "Organisme demandé"
    bouton = "Répondre sans créer"
    gabarit = "echanges/registre/demande.html"
    demande: DemandeOrganisme

    def preparer(self, **cles: Any) -> None:
        """La demande."""
        toutes = DemandeOrganisme.objects.visibles_par(self.request.acteur)
        une = (
            toutes.filter(pk=cles["pk"]).select_related("territoire", "demandeur", "demandee_par", "organisme").first()
        )
        if une is None:
            raise Introuvable
        self.demande = une

    def fil(self) -> Fil:
        """Les demandes."""
        return [("Organismes", reverse("organismes")), ("Organismes demandés", reverse("organismes_demandes"))]

    def retour(self) -> str:
        """Les demandes."""
        return reverse("organismes_demandes")

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui est demandé."""
        une = self.demande
        lignes: list[tuple[str, object]] = [
            ("Nom", une.nom),
            ("Type", une.get_type_display()),
            ("SIREN", une.siren),
            ("Territoire", une.territoire or ""),
            ("Courriel", une.courriel),
            ("Précision", une.precision),
            ("Demandé par", f"{une.demandeur.nom}{f' ({une.demandee_par})' if une.demandee_par else ''}"),
            ("Suite", une.get_suite_display() if une.repondue_le else ""),
            ("Réponse", une.reponse),
        ]
        return [(libelle, valeur) for libelle, valeur in lignes if valeur]

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Celui de la demande."""
        return FormulaireReponse(donnees, demande=self.demande)

    def executer(self, donnees: dict[str, Any]) -> str:
        """Refuse, ou reconnaît l'organisme du registre."""
        texte = donnees["texte"].strip()
        if donnees["suite"] == SuiteDemandeOrganisme.REFUSEE:
            demandes.refuser_la_demande(acteur=self.request.acteur, demande_id=self.demande.pk, motif=texte)
            return "Demande refusée : le bailleur lira votre motif."
        trouve = Reservataire.objects.visibles_par(self.request.acteur).filter(code=texte).first()
        if trouve is None:
            raise ErreurMetier(
                "code_inconnu", "Aucun réservataire n'a ce code : lisez-le dans la liste des organismes.", champ="texte"
            )
        demandes.repondre_par_un_organisme(
            acteur=self.request.acteur, demande_id=self.demande.pk, organisme=trouve, est_nouveau=False
        )
        return "Le bailleur est averti du code à utiliser."
