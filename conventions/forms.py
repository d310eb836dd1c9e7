"""Les formulaires des conventions : ce qui se saisit ; les actions et le domaine décident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from conventions.actions.pieces import Fichier
from conventions.domaine.codes import (
    Contrepartie,
    DelaiUnite,
    FaitGenerateur,
    Gestion,
    NaturePiece,
    PremieresLocations,
    Report,
    SousContingent,
)
from conventions.domaine.pieces import MESSAGE_TAILLE, TAILLE_MAXIMALE, verifier_pdf
from conventions.domaine.saisie import LigneSaisie
from conventions.models import Convention, Gabarit, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.formulaires import choisir_parmi, proposer
from flux_reservations.territoires.models import Departement, Territoire


def champ_date(libelle: str, *, obligatoire: bool = False, aide: str = "", initial: Any = None) -> forms.DateField:
    """Une date, saisie par le sélecteur du navigateur."""
    return forms.DateField(
        label=libelle,
        required=obligatoire,
        help_text=aide,
        initial=initial,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class FormulaireBrouillon(forms.Form):
    """Avec qui, où, et d'après quel modèle."""

    reservataire = forms.ModelChoiceField(label="Réservataire", queryset=Reservataire.objects.none())
    departement = forms.ModelChoiceField(label="Département", queryset=Departement.objects.none())
    modele = forms.ModelChoiceField(
        label="Reprendre les modalités de",
        queryset=Convention.objects.none(),
        required=False,
        help_text="Même gestion, mêmes délais, même report : l'égalité de traitement (RG-25) en sort plus simple.",
    )
    preremplir = forms.BooleanField(
        label="Préremplir les droits",
        required=False,
        initial=True,
        help_text="Le taux que donne la conversion du stock (RG-35) ; pour l'État, le maximum légal.",
    )
    numero = forms.CharField(
        label="Numéro", max_length=60, required=False, help_text="Vide : un numéro libre est tiré."
    )

    def __init__(self, *args: Any, acteur: Acteur, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "reservataire", Reservataire.objects.visibles_par(acteur).order_by("nom"))
        departements = Departement.objects.filter(
            pk__in=Convention.objects.visibles_par(acteur).values("departement_id")
        ) | Departement.objects.filter(communes__in=_communes_du_patrimoine(acteur))
        choisir_parmi(self, "departement", departements.distinct())
        choisir_parmi(self, "modele", Convention.objects.visibles_par(acteur).order_by("numero"))


def _communes_du_patrimoine(acteur: Acteur) -> Any:
    from conventions.models import Logement  # noqa: PLC0415 : le seul formulaire qui lit le patrimoine

    return Logement.objects.visibles_par(acteur).values("commune_id").distinct()


CHAMPS_DE_L_ETAT = (
    "part_hors_qpv_min",
    "garde_hors_qpv",
    "derogation_taux",
    "derogation_taux_agents",
    "derogation_motif",
    "derogation_arrete",
    "derogation_debut",
    "derogation_fin",
)
"""Stipulations qui n'ont de sens que pour l'État (RG-14, RG-37)."""


class FormulaireModalites(forms.Form):
    """Ce que dit une convention (RG-12), d'un brouillon."""

    date_effet = champ_date("Prend effet le", aide="Vide : à la signature.")
    date_fin = champ_date("Terme (inclus)", aide="Vide : sans terme.")
    gestion = forms.ChoiceField(
        label="Gestion",
        choices=Gestion.choix(),
        widget=forms.RadioSelect,
        help_text="Déléguée : le bailleur choisit parmi les publics du réservataire et rend compte ; pas de délai de présentation (RG-21).",
    )
    delegataire = forms.ModelChoiceField(label="Délégataire", queryset=Organisme.objects.none(), required=False)
    delai_presentation_jours = forms.IntegerField(
        label="Délai de présentation (jours)", min_value=1, max_value=365, required=False
    )
    delai_unite = forms.ChoiceField(label="Jours comptés", choices=DelaiUnite.choix())
    nb_candidats = forms.IntegerField(label="Candidats attendus", min_value=1, max_value=20, required=False)
    carence_decomptee = forms.BooleanField(
        label="Sans candidat dans le délai, le logement est décompté", required=False
    )
    fait_generateur = forms.ChoiceField(label="Décompté à la date de", choices=FaitGenerateur.choix())
    report = forms.ChoiceField(
        label="Report du solde",
        choices=Report.choix(),
        required=False,
        help_text="Par défaut : total, et aucun pour l'État (RG-47).",
    )
    report_plafond = forms.IntegerField(label="Plafond du report (logements)", min_value=0, required=False)
    premieres_locations = forms.ChoiceField(label="Premières mises en location", choices=PremieresLocations.choix())
    motif_perimetre = forms.CharField(
        label="Motif d'un périmètre particulier",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lieu de travail, horaires, accès aux transports (RG-11). Pour l'État, dit aussi pourquoi son taux change d'une commune "
        "à l'autre (RG-36).",
    )

    part_hors_qpv_min = forms.DecimalField(
        label="Part hors QPV minimale (%)",
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        localize=True,
        help_text="Vide : la part légale s'applique (RG-37).",
    )
    garde_hors_qpv = forms.BooleanField(label="Le moteur tient la part hors QPV", required=False)
    derogation_taux = forms.DecimalField(
        label="Dérogation préfectorale : part de l'État (%)",
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        localize=True,
    )
    derogation_taux_agents = forms.DecimalField(
        label="Dérogation préfectorale : part des agents (%)",
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        localize=True,
    )
    derogation_motif = forms.CharField(
        label="Motif de la dérogation",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Sécurité publique, besoins économiques (RG-14).",
    )
    derogation_arrete = forms.CharField(label="Arrêté", max_length=120, required=False)
    derogation_debut = champ_date("Dérogation : début")
    derogation_fin = champ_date("Dérogation : fin (incluse)", aide="Un an au plus.")
    gabarit = forms.ModelChoiceField(
        label="Gabarit du texte",
        queryset=Gabarit.objects.none(),
        required=False,
        empty_label="Texte type",
        help_text="Un brouillon suit la dernière version de son gabarit.",
    )

    def __init__(self, *args: Any, acteur: Acteur, est_etat: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "delegataire", Organisme.objects.visibles_par(acteur).order_by("nom"))
        choisir_parmi(self, "gabarit", Gabarit.objects.visibles_par(acteur).dernieres_versions().order_by("nom"))
        if not est_etat:
            for nom in CHAMPS_DE_L_ETAT:
                del self.fields[nom]

    def clean(self) -> dict[str, Any]:
        """Un terme après l'effet ; un plafond suppose un report plafonné, et inversement ; une dérogation est datée."""
        donnees: dict[str, Any] = super().clean() or {}
        effet, fin = donnees.get("date_effet"), donnees.get("date_fin")
        if effet and fin and fin < effet:
            self.add_error("date_fin", "Le terme ne précède pas la date d'effet.")
        demandee = donnees.get("derogation_taux") is not None or donnees.get("derogation_taux_agents") is not None
        if demandee and not (donnees.get("derogation_debut") and donnees.get("derogation_fin")):
            self.add_error("derogation_debut", "Une dérogation a un début et une fin, un an au plus (RG-14).")
        if (donnees.get("report") == Report.PLAFONNE) is not (donnees.get("report_plafond") is not None):
            self.add_error("report_plafond", "Un report plafonné a un plafond, et lui seul.")
        return donnees

    def changements(self) -> dict[str, Any]:
        """Les modalités saisies, aux noms du modèle."""
        donnees = dict(self.cleaned_data)
        delegataire, gabarit = donnees.pop("delegataire"), donnees.pop("gabarit")
        return donnees | {
            "delegataire_id": delegataire.pk if delegataire else None,
            "gabarit_id": gabarit.pk if gabarit else None,
        }


class FormulaireDroit(forms.Form):
    """Une ligne de droit ; une ligne vide est ignorée."""

    contrepartie = forms.ChoiceField(label="Contrepartie", choices=[("", "—"), *Contrepartie.choix()], required=False)
    sous_contingent = forms.ChoiceField(
        label="Sous-contingent (État)",
        choices=[
            ("", "—"),
            (SousContingent.PRIORITAIRES.value, "Prioritaires"),
            (SousContingent.AGENTS.value, "Agents"),
        ],
        required=False,
    )
    taux = forms.DecimalField(
        label="Taux (%)", min_value=0, max_value=100, decimal_places=2, required=False, localize=True
    )
    perimetre = forms.MultipleChoiceField(label="S'exerce sur", required=False)
    assiette = forms.MultipleChoiceField(label="Court sur (vide : le même territoire)", required=False)
    montant_garanti = forms.DecimalField(
        label="Montant garanti (€)", min_value=0, max_digits=14, decimal_places=2, required=False, localize=True
    )

    def __init__(self, *args: Any, territoires: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        for nom in ("perimetre", "assiette"):
            proposer(self, nom, territoires)
            self.fields[nom].widget.attrs["size"] = 7

    def clean(self) -> dict[str, Any]:
        """Une ligne commencée est complète."""
        donnees: dict[str, Any] = super().clean() or {}
        if self.est_commencee(donnees):
            for nom, message in (
                ("contrepartie", "Choisissez une contrepartie."),
                ("perimetre", "Dites où le droit s'exerce."),
            ):
                if not donnees.get(nom):
                    self.add_error(nom, message)
            if donnees.get("taux") is None and "taux" not in self.errors:
                self.add_error("taux", "Donnez un taux, de 0 à 100 %.")
        return donnees

    @staticmethod
    def est_commencee(donnees: Mapping[str, Any]) -> bool:
        """Vrai si un champ au moins est rempli."""
        return any(valeur not in (None, "", []) for valeur in donnees.values())

    def ligne(self) -> LigneSaisie:
        """La ligne saisie."""
        donnees = self.cleaned_data
        return LigneSaisie(
            contrepartie=donnees["contrepartie"],
            taux=donnees["taux"],
            perimetre=tuple(donnees["perimetre"]),
            sous_contingent=donnees["sous_contingent"],
            assiette=tuple(donnees["assiette"]),
            montant_garanti=donnees["montant_garanti"],
        )


_ORDRE_DES_NATURES = ("departement", "ept", "epci", "metropole", "region", "commune")


def territoires_du_departement(departement: str) -> list[tuple[str, Any]]:
    """Choix de territoires qui touchent un département, groupés par nature, du plus courant au plus fin."""
    groupes: dict[str, list[tuple[str, str]]] = {}
    lignes = Territoire.objects.filter(communes__departement_id=departement).distinct().order_by("nom")
    for territoire in sorted(lignes, key=lambda un: _ORDRE_DES_NATURES.index(un.nature)):
        groupes.setdefault(territoire.get_nature_display().capitalize(), []).append((territoire.pk, territoire.nom))
    return list(groupes.items())


class FormulaireProposition(forms.Form):
    """La date à laquelle la convention est proposée."""

    le = champ_date("Proposée le", obligatoire=True, initial=timezone.localdate)


class FormulaireMotif(forms.Form):
    """Un motif obligatoire."""

    motif = forms.CharField(label="Motif", widget=forms.Textarea(attrs={"rows": 3}))


class ChampPdf(forms.FileField):
    """Un PDF : sa taille, puis ses octets ; rend un `Fichier` prêt à déposer, ou rien s'il est facultatif."""

    widget = forms.ClearableFileInput(attrs={"accept": "application/pdf,.pdf"})

    def __init__(self, *, label: str, required: bool = True, help_text: str = "PDF, 20 Mo au plus.") -> None:
        super().__init__(label=label, required=required, help_text=help_text, max_length=200)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Lit le fichier ; un fichier trop lourd n'est pas lu."""
        fichier = super().clean(data, initial)
        if not fichier:
            return None
        if fichier.size > TAILLE_MAXIMALE:
            raise forms.ValidationError(MESSAGE_TAILLE)
        octets = fichier.read()
        try:
            verifier_pdf(octets)
        except ErreurMetier as erreur:
            raise forms.ValidationError(erreur.message) from erreur
        return Fichier(fichier.name, octets)


class FormulaireSignature(forms.Form):
    """Les deux signatures, la date d'effet, la pièce signée."""

    signature_bailleur = champ_date("Signée par le bailleur le", obligatoire=True, initial=timezone.localdate)
    signature_reservataire = champ_date("Signée par le réservataire le", obligatoire=True, initial=timezone.localdate)
    effet = champ_date("Prend effet le", aide="Vide : à la dernière des deux signatures.")
    piece = ChampPdf(label="Convention signée (PDF)", required=False)


class FormulaireComplement(forms.Form):
    """Une pièce ajoutée après la signature."""

    nature = forms.ChoiceField(label="Ce que c'est", choices=NaturePiece.choix(), widget=forms.RadioSelect)
    objet = forms.CharField(
        label="En quelques mots", max_length=200, help_text="Par exemple : « Annexe 2, liste des résidences »."
    )
    piece = ChampPdf(label="Document (PDF)")
    confirme = forms.BooleanField(label="J'ai relu ce document : ceux qui lisent la convention peuvent le lire.")


class FormulaireRetrait(forms.Form):
    """Pourquoi une pièce est retirée : tous le liront."""

    motif = forms.CharField(label="Motif", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class FormulaireResiliation(FormulaireMotif):
    """Le dernier jour en vigueur, et pourquoi."""

    le = champ_date("Dernier jour en vigueur", obligatoire=True)
