"""Les clauses de l'État à l'écran : dérogation datée, motif d'un taux moindre, stipulation hors QPV (RG-14, RG-24, RG-37)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from conventions.actions.clauses import CLAUSES, est_signee, modifier_clauses, motiver_un_taux_moindre
from conventions.forms import champ_date
from conventions.models import Convention
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.arrondis import lisible
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.taux import DUREE_MAXIMALE_DEROGATION, PART_MAXIMALE_ETAT, PART_MINIMALE_HORS_QPV
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import ecrire_taux


def _taux(libelle: str, aide: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=libelle, help_text=aide, min_value=0, max_value=100, decimal_places=2, required=False, localize=True
    )


class FormulaireMotif(forms.Form):
    """Pourquoi l'État n'est pas au taux vers lequel il doit tendre."""

    GROUPES: ClassVar[tuple[tuple[str, str, tuple[str, ...]], ...]] = ()
    """Titre, règle et champs de chaque groupe ; aucun : les champs se suivent."""

    @property
    def groupes(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Les groupes, leurs champs prêts à écrire."""
        return [(titre, regle, [self[nom] for nom in noms]) for titre, regle, noms in self.GROUPES]

    motif_sous_trente = forms.CharField(
        label="Motif d'un taux de l'État inférieur au maximum",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="L'État doit tendre vers le taux maximal (RG-24) ; la préfecture lit ce motif.",
    )


class FormulaireClauses(FormulaireMotif):
    """Toutes les clauses d'un brouillon."""

    part_hors_qpv_min = _taux(
        "Part hors QPV minimale que stipule la convention (%)", "Vide : la part légale s'applique (RG-37)."
    )
    garde_hors_qpv = forms.BooleanField(label="Le moteur tient la part hors QPV", required=False)
    derogation_taux = _taux(
        "Taux de l'État que la dérogation permet (%)", "Vide : pas de dérogation. Sinon, motif, arrêté et dates."
    )
    derogation_taux_agents = _taux("Taux des agents qu'elle permet (%)")
    derogation_motif = forms.CharField(
        label="Motif de la dérogation", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    derogation_arrete = forms.CharField(label="Arrêté préfectoral", required=False, max_length=120)
    derogation_debut = champ_date("La dérogation commence le")
    derogation_fin = champ_date(
        "Elle cesse le (inclus)", aide="Dans la durée maximale dite en tête de page, de date à date."
    )
    GROUPES: ClassVar[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
        ("Dérogation préfectorale", "RG-14", CLAUSES[:6]),
        ("Hors des quartiers prioritaires", "RG-37", ("part_hors_qpv_min", "garde_hors_qpv")),
        ("Taux de l'État", "RG-24", ("motif_sous_trente",)),
    )


class ClausesDeLEtat(ReserveeMixin, VueActe):
    """Les clauses d'un brouillon de l'État ; une fois signé, le motif seul."""

    natures, role = frozenset({Nature.BAILLEUR}), Role.GESTIONNAIRE
    titre, bouton = "Clauses de la convention de l'État", "Enregistrer"
    gabarit = "conventions/clauses.html"

    def preparer(self, **cles: Any) -> None:
        """La convention, si c'est celle de l'État."""
        visibles = Convention.objects.visibles_par(self.request.acteur).select_related("reservataire")
        self.convention = get_object_or_404(visibles, pk=cles["pk"])
        if not self.convention.reservataire.est_etat:
            raise Introuvable

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Tout pour un brouillon ; le motif seul pour une version signée."""
        formulaire = FormulaireMotif if est_signee(self.convention) else FormulaireClauses
        return formulaire(donnees, initial={nom: getattr(self.convention, nom) for nom in CLAUSES})

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La convention et ses droits, et ce que le droit demande à sa date d'effet (aujourd'hui si elle n'en a pas encore)."""
        le = self.convention.date_effet or timezone.localdate()
        hors_qpv = PART_MINIMALE_HORS_QPV.valeur(max(le, PART_MINIMALE_HORS_QPV.versions[0].depuis))
        droits = self.convention.droits.order_by("pk").values_list("taux", flat=True)
        return [
            ("Convention", self.convention.numero),
            ("Droits", " + ".join(ecrire_taux(taux) for taux in droits) or "aucun"),
            ("Taux vers lequel l'État doit tendre", f"{lisible(PART_MAXIMALE_ETAT.valeur(le) * 100)} %"),
            ("Part légale hors QPV", f"{lisible(hors_qpv * 100)} %"),
            ("Durée maximale d'une dérogation", f"{DUREE_MAXIMALE_DEROGATION.valeur(le)} an"),
        ]

    def avertissement(self) -> str:
        """Signée, elle ne se change que par un avenant."""
        if not est_signee(self.convention):
            return ""
        return "Cette convention est signée : seul ce motif se change. Pour une dérogation ou une stipulation, préparez un avenant."

    def retour(self) -> str:
        """La fiche de la convention."""
        return reverse("convention", args=[self.convention.pk])

    def fil(self) -> list[tuple[str, str]]:
        """La fiche."""
        return [("Conventions", reverse("conventions")), (f"Convention {self.convention.numero}", self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Écrit les clauses, ou le motif seul."""
        if est_signee(self.convention):
            motiver_un_taux_moindre(
                acteur=self.request.acteur, convention_id=self.convention.pk, motif=donnees["motif_sous_trente"]
            )
            return "Le motif est enregistré."
        modifier_clauses(acteur=self.request.acteur, convention_id=self.convention.pk, clauses=donnees)
        return "Les clauses de l'État sont enregistrées."
