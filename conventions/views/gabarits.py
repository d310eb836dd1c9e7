"""Les gabarits de convention à l'écran : écrire, voir ce que cela donne, garder une version (RG-12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from conventions.actions.gabarits import ecrire_gabarit
from conventions.chargement_texte import charger_texte
from conventions.documents import convention_pdf
from conventions.domaine.codes import TYPOLOGIES
from conventions.domaine.gabarit import CONDITIONS, INSERTIONS, LONGUEUR_MAXIMALE, VARIABLES, verifier_gabarit
from conventions.domaine.gabarit_type import NOM, TEXTE, deplier
from conventions.models import Convention, Gabarit
from conventions.views.documents import repondre_fichier
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.formulaires import choisir_parmi
from flux_reservations.socle.requete import Requete


class ListeGabarits(ReserveeMixin):
    """Les gabarits du bailleur, leurs versions, et le texte type."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Montre les gabarits, la version courante d'abord."""
        versions = Gabarit.objects.visibles_par(request.acteur).select_related("ecrit_par").order_by("nom", "-rang")
        par_nom: dict[str, list[Gabarit]] = {}
        for version in versions:
            par_nom.setdefault(version.nom, []).append(version)
        contexte = {
            "titre": "Gabarits de convention",
            "fil": [("Conventions", reverse("conventions"))],
            "gabarits": [(nom, lignes[0], lignes[1:]) for nom, lignes in par_nom.items()],
            "nom_type": NOM,
            "peut_ecrire": request.acteur.peut(Role.GESTIONNAIRE),
        }
        return render(request, "conventions/gabarits.html", contexte)


class FormulaireGabarit(forms.Form):
    """Le nom, le texte, et la convention sur laquelle l'essayer."""

    nom = forms.CharField(label="Nom du gabarit", max_length=80)
    texte = forms.CharField(
        label="Texte",
        max_length=LONGUEUR_MAXIMALE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "true"}),
        help_text="# titre, ## article, - élément, **gras**, {{ variable }}, {% si condition %}…{% sinon %}…{% fin %}. "
        "Une ligne vide commence un paragraphe.",
    )
    convention = forms.ModelChoiceField(
        label="Essayer sur",
        queryset=Convention.objects.none(),
        required=False,
        help_text="L'aperçu se fait sur cette convention ; rien n'est gardé tant que vous n'enregistrez pas.",
    )

    def __init__(self, *args: Any, conventions: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "convention", conventions)

    def clean_texte(self) -> str:
        """Un gabarit juste, dit à sa ligne."""
        texte: str = self.cleaned_data["texte"].replace("\r\n", "\n")
        try:
            verifier_gabarit(texte)
        except ErreurMetier as erreur:
            raise forms.ValidationError(erreur.message) from erreur
        return texte


class EcrireGabarit(ReserveeMixin):
    """Écrire un gabarit, à partir du texte type ou d'une version existante."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete) -> HttpResponse:
        """Le texte de départ : `?de=` une version, sinon le texte type."""
        depart = self._depart(request)
        initial = {"nom": depart.nom if depart else "", "texte": deplier(depart.texte if depart else TEXTE)}
        return self._montrer(request, FormulaireGabarit(conventions=self._conventions(request), initial=initial))

    def post(self, request: Requete) -> HttpResponse:
        """Montre l'aperçu, ou garde la version suivante."""
        formulaire = FormulaireGabarit(request.POST, conventions=self._conventions(request))
        if not formulaire.is_valid():
            return self._montrer(request, formulaire, statut=422)
        donnees = formulaire.cleaned_data
        if "apercu" in request.POST:
            return self._montrer(request, formulaire, apercu=self._apercu(request, donnees))
        try:
            gabarit = ecrire_gabarit(
                acteur=request.acteur,
                bailleur_id=request.acteur.organisme,
                nom=donnees["nom"],
                texte=donnees["texte"],
            )
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            formulaire.add_error(erreur.champ if erreur.champ in formulaire.fields else None, erreur.message)
            return self._montrer(request, formulaire, statut=422)
        messages.success(request, f"Gabarit « {gabarit.nom} », version {gabarit.rang}, enregistré.")
        return HttpResponseRedirect(reverse("gabarits"))

    def _depart(self, request: Requete) -> Gabarit | None:
        cle = lire_entier(request.GET.get("de", ""))
        if cle is None:
            return None
        return get_object_or_404(Gabarit.objects.visibles_par(request.acteur), pk=cle)

    def _conventions(self, request: Requete) -> Any:
        return (
            Convention.objects.visibles_par(request.acteur)
            .select_related("bailleur", "reservataire__territoire", "departement", "avenant_de", "delegataire")
            .order_by("numero")
        )

    def _apercu(self, request: Requete, donnees: dict[str, Any]) -> Any:
        convention = donnees["convention"] or self._conventions(request).first()
        return charger_texte(convention, texte=donnees["texte"]) if convention else None

    def _montrer(
        self, request: Requete, formulaire: FormulaireGabarit, *, apercu: Any = None, statut: int = 200
    ) -> HttpResponse:
        contexte = {
            "titre": "Écrire un gabarit",
            "fil": [("Conventions", reverse("conventions")), ("Gabarits de convention", reverse("gabarits"))],
            "form": formulaire,
            "texte": apercu,
            "typologies": TYPOLOGIES,
            "variables": VARIABLES.items(),
            "conditions": CONDITIONS.items(),
            "insertions": INSERTIONS.items(),
        }
        return render(request, "conventions/gabarit.html", contexte, status=statut)


class ApercuGabarit(ReserveeMixin):
    """Une version de gabarit, essayée en PDF sur une convention du bailleur."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Le PDF ; `?convention=` en choisit une, sinon la première."""
        gabarit = get_object_or_404(Gabarit.objects.visibles_par(request.acteur), pk=pk)
        conventions = Convention.objects.visibles_par(request.acteur).select_related(
            "bailleur", "reservataire__territoire", "departement", "avenant_de", "delegataire"
        )
        cle = lire_entier(request.GET.get("convention", ""))
        convention = conventions.filter(pk=cle).first() if cle is not None else conventions.order_by("numero").first()
        if convention is None:
            raise Introuvable("Préparez une convention : le gabarit s'essaie sur elle.")
        return repondre_fichier(
            convention_pdf(convention, texte=gabarit.texte),
            f"apercu-{gabarit.nom}-{gabarit.rang}.pdf",
            "application/pdf",
        )
