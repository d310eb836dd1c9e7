"""Les formulaires des attributions : ce que l'on saisit, jamais ce que l'on décide (les actions décident)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from attributions.actions.commission import DecisionCandidat, PeuDeCandidats
from attributions.domaine.codes import Decision, Exclusion, MotifPeuDeCandidats, Public, Reponse, Retrait
from attributions.domaine.lecture_candidats import lire_une_liste
from attributions.models import Candidat, EtatSeance, Seance
from flux_reservations.commun.acteur import Acteur
from flux_reservations.socle.formulaires import choisir_parmi

TAILLE_D_UNE_LISTE = 100_000
AVERTISSEMENT_TEXTE_LIBRE = "N'écrivez ni nom, ni santé, ni origine, ni violences subies (RG-72)."


class ChampDate(forms.DateField):
    """Une date, saisie par le sélecteur du navigateur."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class ChampMotif(forms.CharField):
    """Un motif en texte libre, avec l'avertissement de RG-72."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Motif")
        options.setdefault("help_text", AVERTISSEMENT_TEXTE_LIBRE)
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), **options)


class FormulaireDate(forms.Form):
    """Un acte daté ; aujourd'hui par défaut."""

    le = ChampDate(label="Date", initial=timezone.localdate)


class FormulaireMotif(forms.Form):
    """Un acte qui ne demande que son motif."""

    motif = ChampMotif()


class FormulaireCorrectionMiseADisposition(forms.Form):
    """La date exacte de la mise à disposition, ou son annulation, et pourquoi."""

    le = ChampDate(label="Date exacte", required=False, help_text="Vide : le logement n'a pas été mis à disposition.")
    motif = ChampMotif()


class FormulaireDateMotif(FormulaireDate):
    """Un acte daté et motivé."""

    motif = ChampMotif()


class FormulaireProlongation(forms.Form):
    """La nouvelle date limite de présentation, et pourquoi."""

    jusqu_au = ChampDate(label="Nouvelle date limite (incluse)")
    motif = ChampMotif()


class FormulaireDemande(forms.Form):
    """Une demande proposée au portail, datée du jour ; aucun nom : le numéro unique suffit (RG-49)."""

    numero_demande = forms.CharField(
        label="Numéro unique de la demande",
        max_length=40,
        help_text="18 chiffres ou lettres, sans le nom du demandeur.",
    )
    public = forms.ChoiceField(label="Public", choices=[("", "Non renseigné"), *Public.choix()], required=False)
    nb_personnes = forms.IntegerField(label="Personnes du ménage", min_value=1, max_value=20, required=False)


class FormulaireCandidat(FormulaireDemande):
    """Une demande que le bailleur saisit, à la date où il l'a reçue."""

    le = ChampDate(label="Présenté le", initial=timezone.localdate)


class ZoneDeListe(forms.Widget):
    """Une zone où l'on colle des lignes de données : ce n'est pas un texte libre, ses chiffres ne sont pas à relire (RG-72)."""

    template_name = "django/forms/widgets/textarea.html"


class FormulaireListeDeCandidats(forms.Form):
    """Des demandes collées ou déposées, datées du jour : une par ligne, tout ou rien."""

    liste = forms.CharField(
        label="Demandes, une par ligne",
        required=False,
        widget=ZoneDeListe(attrs={"rows": 6, "cols": 40, "spellcheck": "false"}),
        help_text="numero_demande;public;nb_personnes — le public et les personnes sont facultatifs.",
    )
    fichier = forms.FileField(label="Ou un fichier CSV", required=False)

    def clean(self) -> dict[str, Any]:
        """L'un ou l'autre, lu en entier ; chaque ligne fautive est dite."""
        donnees: dict[str, Any] = super().clean() or {}
        fichier, texte = donnees.get("fichier"), str(donnees.get("liste") or "")
        if bool(fichier) == bool(texte.strip()):
            self.add_error("liste", "Collez des demandes, ou déposez un fichier : l'un des deux.")
            return donnees
        if fichier:
            texte = self._lire_le_fichier(fichier)
        lue = lire_une_liste(texte)
        for erreur in lue.erreurs:
            self.add_error("fichier" if fichier else "liste", erreur)
        donnees["candidats"] = lue.candidats
        return donnees

    @staticmethod
    def _lire_le_fichier(fichier: Any) -> str:
        octets: bytes = fichier.read(TAILLE_D_UNE_LISTE + 1)
        if len(octets) > TAILLE_D_UNE_LISTE or b"\0" in octets:
            return ""
        try:
            return octets.decode("utf-8-sig")
        except UnicodeDecodeError:
            return octets.decode("cp1252", errors="replace")


class FormulaireReponse(forms.Form):
    """La réponse du demandeur à une offre (RG-44)."""

    reponse = forms.ChoiceField(
        label="Réponse",
        choices=[choix for choix in Reponse.choix() if choix[0] != Reponse.SILENCE],
        widget=forms.RadioSelect,
    )
    le = ChampDate(label="Reçue le", initial=timezone.localdate)
    motif = ChampMotif(required=False, label="Motif du refus")


class FormulaireCorrectionBail(forms.Form):
    """Corriger la date d'un bail, ou l'annuler."""

    annuler = forms.BooleanField(label="Annuler ce bail : il n'a pas été signé", required=False)
    le = ChampDate(label="Date exacte du bail", required=False)
    motif = ChampMotif()

    def clean(self) -> dict[str, Any]:
        """Une date, ou une annulation : pas les deux, pas aucune."""
        donnees: dict[str, Any] = super().clean() or {}
        if bool(donnees.get("annuler")) == bool(donnees.get("le")):
            self.add_error("le", "Donnez la date exacte, ou cochez l'annulation : l'un des deux.")
        return donnees


class FormulaireSeance(forms.Form):
    """Une séance à prévoir."""

    le = ChampDate(label="Date de la séance")
    lieu = forms.CharField(label="Lieu", max_length=120, required=False)


class FormulaireInscription(forms.Form):
    """La séance où passera un logement."""

    seance = forms.ModelChoiceField(label="Séance", queryset=Seance.objects.none(), empty_label=None)

    def __init__(self, *args: Any, acteur: Acteur, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(
            self, "seance", Seance.objects.visibles_par(acteur).filter(etat=EtatSeance.PREVUE).order_by("date")
        )


class FormulaireCloture(forms.Form):
    """La clôture d'une séance ; le bilan annuel qu'on y a présenté, s'il y en a un (RG-62)."""

    bilan_presente = forms.IntegerField(
        label="Bilan annuel présenté (année)",
        min_value=2020,
        max_value=2100,
        required=False,
        help_text="Vide si aucun bilan n'a été présenté.",
    )


class FormulaireDecisions(forms.Form):
    """Les décisions de la commission sur chaque candidat d'un logement (RG-43)."""

    def __init__(self, *args: Any, candidats: list[Candidat], **options: Any) -> None:
        super().__init__(*args, **options)
        self.candidats = candidats
        for candidat in candidats:
            nom = candidat.numero_demande
            self.fields[f"decision_{candidat.pk}"] = forms.ChoiceField(
                label=f"Décision pour {nom}",
                choices=[("", "Non examiné"), *Decision.choix()],
                required=False,
                initial=candidat.decision,
            )
            self.fields[f"rang_{candidat.pk}"] = forms.IntegerField(
                label=f"Rang de {nom}", min_value=1, max_value=20, required=False, initial=candidat.rang_caleol
            )
            self.fields[f"motif_{candidat.pk}"] = forms.CharField(
                label=f"Motif pour {nom}", max_length=200, required=False, initial=candidat.motif
            )
        self.fields["motif_nombre"] = forms.ChoiceField(
            label="Moins de demandes examinées que le minimum : pourquoi ?",
            choices=[("", "Le minimum est atteint"), *MotifPeuDeCandidats.choix()],
            required=False,
        )
        self.fields["precision_nombre"] = forms.CharField(
            label="Précision", max_length=200, required=False, help_text=AVERTISSEMENT_TEXTE_LIBRE
        )

    def par_candidat(self) -> list[tuple[Candidat, list[forms.BoundField]]]:
        """Chaque candidat et ses trois champs, pour la mise en page."""
        return [
            (candidat, [self[f"{nom}_{candidat.pk}"] for nom in ("decision", "rang", "motif")])
            for candidat in self.candidats
        ]

    def peu_de_candidats(self) -> PeuDeCandidats:
        """Pourquoi moins de trois demandes, si c'est le cas."""
        return PeuDeCandidats(self.cleaned_data["motif_nombre"], self.cleaned_data["precision_nombre"])

    def decisions(self) -> dict[int, DecisionCandidat]:
        """Les décisions saisies, par candidat ; les non examinés sont laissés."""
        donnees = self.cleaned_data
        return {
            candidat.pk: DecisionCandidat(
                decision=donnees[f"decision_{candidat.pk}"],
                rang=donnees[f"rang_{candidat.pk}"],
                motif=donnees[f"motif_{candidat.pk}"],
            )
            for candidat in self.candidats
            if donnees[f"decision_{candidat.pk}"]
        }


class FormulaireExclusion(forms.Form):
    """Pourquoi une libération sort du flux, ou y revient (RG-31)."""

    exclusion = forms.ChoiceField(
        label="Motif d'exclusion",
        choices=Exclusion.choix(),
        widget=forms.RadioSelect,
        help_text="Le relogement du locataire d'un logement vendu prime sur la mutation : choisissez « vente » (RG-31).",
    )
    motif = ChampMotif(label="Précision", required=False)


class FormulaireRetrait(forms.Form):
    """Pourquoi une libération n'a plus lieu (RG-40)."""

    retrait = forms.ChoiceField(label="La libération n'a plus lieu", choices=Retrait.choix(), widget=forms.RadioSelect)
    motif = ChampMotif(label="Précision", required=False)
