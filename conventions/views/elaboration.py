"""Élaborer une convention, étape par étape, puis la proposer, la signer, la remplacer ou la résilier (ecrans.md, bailleur 5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.forms import formset_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from conventions.actions import brouillons, cycle
from conventions.chargement_brouillon import controler_brouillon
from conventions.domaine.codes import EtatConvention
from conventions.forms import (
    FormulaireBrouillon,
    FormulaireDroit,
    FormulaireModalites,
    FormulaireMotif,
    FormulaireProposition,
    FormulaireResiliation,
    FormulaireSignature,
    territoires_du_departement,
)
from conventions.models import Convention, Droit
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.presentation import Etape, Fil, ecrire_date, ecrire_taux
from flux_reservations.socle.requete import Requete

LIGNES_VIDES = 2
"""Lignes de droit offertes en plus de celles qui existent."""


def lire_convention(request: Requete, pk: int) -> Convention:
    """Une convention que l'acteur voit ; lève `Introuvable` sinon."""
    convention = (
        Convention.objects.visibles_par(request.acteur)
        .select_related("bailleur", "reservataire", "departement", "avenant_de")
        .filter(pk=pk)
        .first()
    )
    if convention is None:
        raise Introuvable
    return convention


def etapes_de(convention: Convention, courante: str) -> list[Etape]:
    """Le parcours d'élaboration : modalités, droits, contrôles, proposition, signature."""
    a_des_droits = convention.droits.exists()
    return [
        Etape(
            "Modalités",
            faite=courante != "modalites",
            courante=courante == "modalites",
            adresse=reverse("modalites", args=[convention.pk]),
        ),
        Etape(
            "Droits",
            faite=a_des_droits and courante != "droits",
            courante=courante == "droits",
            adresse=reverse("droits", args=[convention.pk]),
        ),
        Etape(
            "Contrôles",
            faite=False,
            courante=courante == "controles",
            adresse=reverse("controler_convention", args=[convention.pk]),
        ),
        Etape("Proposition", faite=convention.etat != EtatConvention.BROUILLON, courante=courante == "proposition"),
        Etape("Signature", faite=convention.etat == EtatConvention.SIGNEE, courante=courante == "signature"),
    ]


class CreerConvention(ReserveeMixin, VueActe):
    """Ouvrir un brouillon."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Préparer une convention"
    bouton = "Créer le brouillon"
    creee: Convention | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Réservataires, départements et modèles de l'acteur."""
        return FormulaireBrouillon(donnees, acteur=self.request.acteur)

    def retour(self) -> str:
        """Les modalités du brouillon créé ; sinon la liste."""
        return reverse("modalites", args=[self.creee.pk]) if self.creee else reverse("conventions")

    def fil(self) -> Fil:
        """Conventions."""
        return [("Conventions", reverse("conventions"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée le brouillon."""
        self.creee = brouillons.creer_brouillon(
            acteur=self.request.acteur,
            bailleur_id=self.request.acteur.organisme_id or 0,
            reservataire_id=donnees["reservataire"].pk,
            departement_id=donnees["departement"].pk,
            numero=donnees["numero"],
            modele_id=donnees["modele"].pk if donnees["modele"] else None,
        )
        return f"Brouillon {self.creee.numero} créé."


class ActeConvention(ReserveeMixin, VueActe):
    """Un acte du bailleur sur une convention."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    convention: Convention

    def preparer(self, **cles: Any) -> None:
        """Lit la convention dans ce que l'acteur voit."""
        self.convention = lire_convention(self.request, cles["pk"])

    def retour(self) -> str:
        """La fiche de la convention."""
        return reverse("convention", args=[self.convention.pk])

    def fil(self) -> Fil:
        """Conventions, puis la fiche."""
        return [
            ("Conventions", reverse("conventions")),
            (f"Convention {self.convention.numero}", reverse("convention", args=[self.convention.pk])),
        ]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Les parties, l'effet, les droits."""
        convention = self.convention
        droits = convention.droits.all()
        return [
            ("Réservataire", convention.reservataire.nom),
            ("Département", str(convention.departement)),
            ("Droits", " + ".join(ecrire_taux(droit.taux) for droit in droits) or "aucun"),
            ("Effet", ecrire_date(convention.date_effet) if convention.date_effet else "à la signature"),
        ]


class ModifierModalites(ActeConvention):
    """Première étape : gestion, délais, décompte, report."""

    titre = "Modalités"
    bouton = "Enregistrer et passer aux droits"
    gabarit = "conventions/etape.html"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les modalités du brouillon."""
        champs = [nom for nom in FormulaireModalites.base_fields if nom != "delegataire"]
        initial = {nom: getattr(self.convention, nom) for nom in champs} | {
            "delegataire": self.convention.delegataire_id
        }
        return FormulaireModalites(donnees, acteur=self.request.acteur, initial=initial)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le réservataire."""
        return [("Réservataire", self.convention.reservataire.nom)]

    def retour(self) -> str:
        """L'étape suivante, une fois enregistré ; la fiche sinon."""
        return reverse("droits" if self.request.method == "POST" else "convention", args=[self.convention.pk])

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        formulaire = self.creer_formulaire(self.request.POST)
        formulaire.is_valid()
        assert isinstance(formulaire, FormulaireModalites)  # noqa: S101 : créé deux lignes plus haut
        brouillons.modifier_modalites(
            acteur=self.request.acteur, convention_id=self.convention.pk, changements=formulaire.changements()
        )
        return "Modalités enregistrées."


class ModifierDroits(ReserveeMixin):
    """Deuxième étape : les lignes de droit."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre les lignes et deux lignes vides."""
        convention = lire_convention(request, pk)
        return self._montrer(request, convention, self._lignes(convention))

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Remplace les lignes, ou dit pourquoi elles sont impossibles."""
        convention = lire_convention(request, pk)
        lignes = self._lignes(convention, request.POST)
        if not lignes.is_valid():
            return self._montrer(request, convention, lignes, statut=422)
        saisies = [ligne.ligne() for ligne in lignes if FormulaireDroit.est_commencee(ligne.cleaned_data)]
        try:
            brouillons.remplacer_droits(acteur=request.acteur, convention_id=pk, lignes=saisies)
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            messages.error(request, f"{erreur.message} ({erreur.regle})" if erreur.regle else erreur.message)
            return self._montrer(request, convention, lignes, statut=422)
        messages.success(request, "Droits enregistrés.")
        return HttpResponseRedirect(reverse("controler_convention", args=[pk]))

    def _lignes(self, convention: Convention, donnees: Any = None) -> Any:
        choix = territoires_du_departement(convention.departement_id)
        fabrique = formset_factory(FormulaireDroit, extra=LIGNES_VIDES)
        droits = convention.droits.prefetch_related("perimetre", "assiette")
        return fabrique(
            donnees, initial=[_initial(droit) for droit in droits], form_kwargs={"territoires": choix}, prefix="droit"
        )

    def _montrer(self, request: Requete, convention: Convention, lignes: Any, statut: int = 200) -> HttpResponse:
        contexte = {
            "titre": "Droits",
            "fil": [
                ("Conventions", reverse("conventions")),
                (f"Convention {convention.numero}", reverse("convention", args=[convention.pk])),
            ],
            "convention": convention,
            "lignes": lignes,
            "etapes": etapes_de(convention, "droits"),
        }
        return render(request, "conventions/droits.html", contexte, status=statut)


def _initial(droit: Droit) -> dict[str, Any]:
    return {
        "contrepartie": droit.contrepartie,
        "sous_contingent": droit.sous_contingent,
        "taux": droit.taux,
        "perimetre": [territoire.pk for territoire in droit.perimetre.all()],
        "assiette": [territoire.pk for territoire in droit.assiette.all()],
        "montant_garanti": droit.montant_garanti,
    }


class ControlerConvention(ReserveeMixin):
    """Troisième étape : ce que la signature vérifiera, dit d'avance (RG-14, RG-15, RG-18)."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre les contrôles."""
        convention = lire_convention(request, pk)
        contexte = {
            "titre": "Contrôles",
            "fil": [
                ("Conventions", reverse("conventions")),
                (f"Convention {convention.numero}", reverse("convention", args=[pk])),
            ],
            "convention": convention,
            "controles": controler_brouillon(convention),
            "etapes": etapes_de(convention, "controles"),
            "peut_agir": Convention.objects.modifiables_par(request.acteur).filter(pk=pk).exists(),
        }
        return render(request, "conventions/controles.html", contexte)


class Proposer(ActeConvention):
    """Soumettre la convention au réservataire."""

    titre = "Proposer au réservataire"
    bouton = "Proposer"
    formulaire = FormulaireProposition

    def executer(self, donnees: dict[str, Any]) -> str:
        """Propose."""
        cycle.proposer(acteur=self.request.acteur, convention_id=self.convention.pk, le=donnees["le"])
        return f"Convention proposée à {self.convention.reservataire.nom}, qui la voit dans son portail."


class Reprendre(ActeConvention):
    """Reprendre en brouillon."""

    titre = "Reprendre en brouillon"
    bouton = "Reprendre"
    formulaire = FormulaireMotif

    def executer(self, donnees: dict[str, Any]) -> str:
        """Reprend."""
        cycle.reprendre(acteur=self.request.acteur, convention_id=self.convention.pk, motif=donnees["motif"])
        return "La convention est de nouveau un brouillon : le réservataire ne la voit plus."


class Signer(ActeConvention):
    """Enregistrer les deux signatures."""

    role = Role.RESPONSABLE
    titre = "Signer"
    bouton = "Enregistrer les signatures"
    formulaire = FormulaireSignature
    gabarit = "conventions/signer.html"
    ton = "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec la pièce."""
        return FormulaireSignature(donnees, self.request.FILES if donnees is not None else None)

    def avertissement(self) -> str:
        """Ce que la signature a d'irréversible."""
        return (
            "Une convention signée ne se modifie plus : ses droits courent à sa date d'effet. Un avenant la remplacera."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose la pièce et signe, dans une même transaction."""
        with transaction.atomic():
            fichier = donnees["piece"]
            piece = None
            if fichier is not None:
                piece = Piece.objects.deposer(
                    organisme_id=self.convention.bailleur_id,
                    genre="convention_signee",
                    nom=fichier.name[:200],
                    type_mime="application/pdf",
                    octets=fichier.read(),
                    utilisateur_id=self.request.acteur.utilisateur_id,
                )
            cycle.signer(
                acteur=self.request.acteur,
                convention_id=self.convention.pk,
                signature_bailleur=donnees["signature_bailleur"],
                signature_reservataire=donnees["signature_reservataire"],
                effet=donnees["effet"],
                piece=piece,
            )
        return "Convention signée. Transmettez-la sans délai au préfet et aux autorités concernées (RG-17)."


class Resilier(ActeConvention):
    """Mettre fin à une convention."""

    role = Role.RESPONSABLE
    titre = "Résilier"
    bouton = "Résilier la convention"
    formulaire = FormulaireResiliation
    ton = "danger"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Résilie."""
        cycle.resilier(acteur=self.request.acteur, convention_id=self.convention.pk, **donnees)
        return f"Convention résiliée : dernier jour en vigueur le {ecrire_date(donnees['le'])}."


class PreparerAvenant(ActeConvention):
    """Ouvrir la version suivante."""

    titre = "Préparer un avenant"
    bouton = "Préparer l'avenant"
    formulaire = SansSaisie
    avenant: Convention | None = None

    def avertissement(self) -> str:
        """Ce qui continue."""
        return "L'avenant reprend modalités et droits. Le compte, le report et le retard continuent (RG-16)."

    def retour(self) -> str:
        """Les modalités de l'avenant créé."""
        return reverse("modalites", args=[self.avenant.pk]) if self.avenant else super().retour()

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre l'avenant."""
        self.avenant = brouillons.preparer_avenant(acteur=self.request.acteur, convention_id=self.convention.pk)
        return f"Avenant {self.avenant.numero} en brouillon."


class SupprimerBrouillon(ActeConvention):
    """Supprimer un brouillon."""

    titre = "Supprimer ce brouillon"
    bouton = "Supprimer"
    ton = "danger"

    def retour(self) -> str:
        """La liste, une fois supprimé."""
        return reverse("conventions") if self.request.method == "POST" else super().retour()

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        brouillons.supprimer_brouillon(acteur=self.request.acteur, convention_id=self.convention.pk)
        return "Brouillon supprimé."
