"""Imports à l'écran : déposer, lire l'essai ligne à ligne, appliquer ou abandonner (ecrans.md, bailleur 7)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges import depot
from flux_reservations.echanges.formulaires import FormulaireDepot, FormulaireRegistre
from flux_reservations.echanges.models import DEPOSANTS, EN_TRAVAIL, EtatImport, ImportDepose
from flux_reservations.echanges.registre.lisible import nommer_les_territoires, organismes_inconnus
from flux_reservations.echanges.registre.modeles import DemandeOrganisme
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.presentation import Fil, Pastille, compter
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

TONS = {
    EtatImport.ESSAYE: "accent",
    EtatImport.APPLIQUE: "succes",
    EtatImport.REFUSE: "danger",
    EtatImport.ANNULE: "neutre",
    EtatImport.DEFAIT: "neutre",
}

HORS_CHAMP = {
    "gele": "gelés (MODE 3, vides)",
    "association": "loués à une association (MODE 4)",
    "fonction": "de fonction, ou occupés sans bail d'habitation (MODE 5)",
}

VIDE_DU_REGISTRE = (
    "Déposez les fichiers bailleurs et reservataires du registre commun. "
    "Vous lirez ce qui change avant d'écrire quoi que ce soit."
)
DEMANDES_MONTREES = 20


def etat_import(un: ImportDepose) -> Pastille:
    """L'état d'un import."""
    return Pastille(un.get_etat_display(), TONS.get(EtatImport(un.etat), "information"))  # type: ignore[arg-type]  # tons connus


def compter_les_fichiers(un: ImportDepose) -> int:
    """Les fichiers d'un import : ceux que dit son rapport, car ils s'effacent une fois écrits ; sinon ceux qui attendent l'essai."""
    return len(un.rapport.get("fichiers", [])) or getattr(un, "nombre", 0)


class Imports(ReserveeMixin, VueListe[ImportDepose]):
    """L'historique des imports du bailleur, ou de ceux du registre commun."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE
    titre = "Imports"
    legende = "Imports, du plus récent au plus ancien"
    nom_export = "imports"
    gabarit = "echanges/imports.html"
    tri_par_defaut = "-depose"
    singulier = "import"
    vide_titre = "Aucun import"
    vide_texte = (
        "Déposez vos fichiers : patrimoine (le vôtre ou celui du RPLS), conventions, droits, libérations… "
        "Rien n'est écrit avant votre accord."
    )
    colonnes = (
        Colonne[ImportDepose](
            "depose",
            "Déposé",
            lambda un: un.depose_le,
            "instant",
            tri=("depose_le",),
            lien=lambda un: reverse("import", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[ImportDepose]("par", "Par", lambda un: un.deposant),
        Colonne[ImportDepose]("fichiers", "Fichiers", compter_les_fichiers, "nombre"),
        Colonne[ImportDepose]("changements", "Changements", lambda un: un.rapport.get("changements_en_tout"), "nombre"),
        Colonne[ImportDepose]("fiches", "Contingents et baux", lambda un: un.rapport.get("fiches"), "nombre"),
        Colonne[ImportDepose]("etat", "État", etat_import, "pastille"),
    )

    def lire(self) -> QuerySet[ImportDepose]:
        """Ceux de l'organisme."""
        lignes = ImportDepose.objects.visibles_par(self.request.acteur)
        return lignes.select_related("depose_par", "jeton").annotate(nombre=Count("pieces"))

    def contexte(self) -> dict[str, Any]:
        """L'export complet est au responsable d'un bailleur ; l'administration n'importe que le registre."""
        acteur = self.request.acteur
        if acteur.nature is Nature.PLATEFORME:
            return {"titre": "Imports du registre", "du_registre": True, "vide_texte": VIDE_DU_REGISTRE}
        return {
            "du_registre": False,
            "peut_exporter": acteur.peut(Role.RESPONSABLE),
            "demandes": DemandeOrganisme.objects.visibles_par(acteur).select_related("organisme", "demandee_par")[
                :DEMANDES_MONTREES
            ],
        }


class DeposerImport(ReserveeMixin, VueActe):
    """Déposer des fichiers : ils sont essayés, rien n'est écrit."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE
    titre = "Importer des fichiers"
    bouton = "Déposer et essayer"
    gabarit = "echanges/deposer.html"
    depose: ImportDepose | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec les fichiers."""
        classe = FormulaireRegistre if self.request.acteur.nature is Nature.PLATEFORME else FormulaireDepot
        return classe(donnees, self.request.FILES if donnees is not None else None)

    def retour(self) -> str:
        """La prévisualisation, une fois déposé."""
        return reverse("import", args=[self.depose.pk]) if self.depose else reverse("imports")

    def fil(self) -> Fil:
        """Imports."""
        return [("Imports", reverse("imports"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose."""
        fichiers = depot.lire_les_recus(donnees["fichiers"])
        self.depose = depot.deposer_import(acteur=self.request.acteur, fichiers=fichiers, effet=donnees.get("effet"))
        return f"{compter(len(fichiers), 'fichier déposé', 'fichiers déposés')} : essai à blanc en cours."


def lire_import(request: Requete, pk: int) -> ImportDepose:
    """Un import que l'acteur voit ; lève `Introuvable` sinon."""
    un = (
        ImportDepose.objects.visibles_par(request.acteur)
        .select_related("depose_par", "jeton", "organisme", "demande_par", "demande_par_jeton")
        .filter(pk=pk)
        .first()
    )
    if un is None:
        raise Introuvable
    return un


class VueImport(ReserveeMixin):
    """La prévisualisation d'un import : ce qu'il ferait, ligne à ligne, et ce qui s'y oppose."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """La page ; `?erreurs=csv` : les lignes fautives annotées."""
        un = lire_import(request, pk)
        rapport = un.rapport
        if request.GET.get("erreurs") == "csv":
            entetes = ["fichier", "ligne", "colonne", "valeur", "message"]
            erreurs = rapport.get("erreurs", [])
            return repondre_csv(f"erreurs-import-{pk}", entetes, ([une[nom] for nom in entetes] for une in erreurs))
        contexte = {
            "titre": f"Import du {un.depose_le:%d/%m/%Y}",
            "fil": [("Imports", reverse("imports"))],
            "un": un,
            "empreinte": depot.empreinte_de_l_essai(un),
            "etat": etat_import(un),
            "en_travail": un.etat in EN_TRAVAIL,
            "lignes_en_tout": max(un.lignes_en_tout, un.lignes_lues),
            "fautifs": list(dict.fromkeys(une["fichier"] for une in rapport.get("erreurs", []) if une["ligne"])),
            "organismes_inconnus": organismes_inconnus(rapport) if request.acteur.est_bailleur else [],
            "a_confirmer": [(HORS_CHAMP[motif], nombre) for motif, nombre in rapport.get("a_confirmer", {}).items()],
            "rapport": rapport,
            "changements": nommer_les_territoires(rapport.get("changements", [])),
            "pieces": un.pieces.all(),
        }
        if request.htmx and not request.htmx.boosted:
            reponse = render(request, "echanges/avancement.html", contexte)
            if un.etat not in EN_TRAVAIL:
                reponse["HX-Refresh"] = "true"
            return reponse
        return render(request, "echanges/import.html", contexte)


class AppliquerImport(ReserveeMixin, VueActe):
    """Écrire un import essayé."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE
    titre = "Appliquer l'import"
    bouton = "Écrire dans la base"
    ton = "danger"
    un: ImportDepose

    def preparer(self, **cles: Any) -> None:
        """Lit l'import."""
        self.un = lire_import(self.request, cles["pk"])

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Ce que MODE (RPLS) met hors du champ se confirme, motif par motif."""
        formulaire = super().creer_formulaire(donnees)
        for motif, nombre in self.un.rapport.get("a_confirmer", {}).items():
            formulaire.fields[motif] = forms.ChoiceField(
                label=f"{compter(nombre, 'logement')} {HORS_CHAMP[motif]}",
                choices=[("hors", "Mettre hors du champ du flux (RG-06)"), ("dans", "Laisser dans le champ")],
                widget=forms.RadioSelect,
            )
        return formulaire

    def empreinte(self) -> str:
        """Celle de l'essai : on n'écrit que ce qu'on a relu."""
        return depot.empreinte_de_l_essai(self.un)

    def retour(self) -> str:
        """L'import."""
        return reverse("import", args=[self.un.pk])

    def fil(self) -> Fil:
        """Imports, puis celui-ci."""
        return [("Imports", reverse("imports")), (str(self.un).capitalize(), self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce que chaque fichier change."""
        return [
            (
                fichier["fichier"],
                ", ".join(
                    [
                        compter(fichier["crees"], "ligne créée", "lignes créées"),
                        compter(fichier["modifies"], "modifiée", "modifiées"),
                        compter(fichier["inchanges"], "inchangée", "inchangées"),
                    ]
                ),
            )
            for fichier in self.un.rapport.get("fichiers", [])
        ]

    def avertissement(self) -> str:
        """Tout ou rien."""
        suite = (
            "pour toute la plateforme" if not self.un.siren else "pour le flux, les orientations et les bilans à venir"
        )
        return f"Tout est écrit, ou rien. Les changements valent {suite}."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Demande l'écriture."""
        choix: dict[str, list[str]] = {"hors": [], "dans": []}
        for motif, choisi in donnees.items():
            choix[choisi].append(motif)
        depot.demander_application(
            acteur=self.request.acteur,
            import_id=self.un.pk,
            modes_confirmes=choix["hors"],
            modes_ignores=choix["dans"],
            empreinte_lue=self.empreinte_lue,
        )
        return "Écriture demandée : vous pouvez quitter la page."


class DefaireImport(ReserveeMixin, VueActe):
    """Défaire un import appliqué dont rien ne dépend encore."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE
    titre = "Défaire l'import"
    bouton = "Tout remettre comme avant"
    ton = "danger"
    un: ImportDepose

    def preparer(self, **cles: Any) -> None:
        """Lit l'import."""
        self.un = lire_import(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui sera défait."""
        return [
            (
                fichier["fichier"],
                compter(fichier["crees"] + fichier["modifies"], "ligne à remettre", "lignes à remettre"),
            )
            for fichier in self.un.rapport.get("fichiers", [])
        ]

    def avertissement(self) -> str:
        """Tout ou rien."""
        return (
            "Ce que l'import a créé est retiré, ce qu'il a modifié reprend ses valeurs d'avant. Si quelque chose en dépend déjà "
            "(une orientation, un bilan publié, un import plus récent), rien n'est défait et l'écran dit quoi."
        )

    def retour(self) -> str:
        """L'import."""
        return reverse("import", args=[self.un.pk])

    def fil(self) -> Fil:
        """Imports, puis celui-ci."""
        return [("Imports", reverse("imports")), (str(self.un).capitalize(), self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Demande le retour."""
        del donnees
        depot.demander_retour(acteur=self.request.acteur, import_id=self.un.pk)
        return "Retour en arrière demandé : vous pouvez quitter la page."


class AbandonnerImport(ReserveeMixin):
    """Abandonner un import qui n'a rien écrit."""

    natures = DEPOSANTS
    role = Role.GESTIONNAIRE
    http_method_names = ["post"]  # noqa: RUF012 : attribut d'instance chez Django

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Abandonne."""
        depot.abandonner(acteur=request.acteur, import_id=pk)
        messages.success(request, "Import abandonné : rien n'a été écrit.")
        return HttpResponseRedirect(reverse("imports"))
