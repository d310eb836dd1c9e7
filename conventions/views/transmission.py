"""Mise en conformité d'un département : état des lieux, information préalable, transmission (RG-17, RG-18, RG-25)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.actions import transmission
from conventions.actions.en_nombre import ALERTE_SANS_PIECE, SANS_PIECE
from conventions.chargement_autorites import charger_autorites, communes_des_droits
from conventions.chargement_brouillon import lire_information_prealable
from conventions.chargement_etat_des_lieux import charger_etat_des_lieux
from conventions.domaine.codes import TYPOLOGIES
from conventions.forms import ChampPdf, champ_date
from conventions.models import Bailleur, Convention
from conventions.views.elaboration import ActeConvention
from flux_reservations.acces.navigation import adresse_de
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.suivi_des_envois import servi_le
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille, compter
from flux_reservations.socle.requete import Requete
from flux_reservations.territoires.models import Departement


def lire_lieu(request: Requete, departement: str) -> tuple[Bailleur, Departement]:
    """Le bailleur de l'acteur et le département ; lève `Introuvable` sinon."""
    bailleur = Bailleur.objects.visibles_par(request.acteur).filter(pk=request.acteur.organisme_id or 0).first()
    lieu = Departement.objects.filter(pk=departement).first()
    if bailleur is None or lieu is None:
        raise Introuvable
    return bailleur, lieu


class VueEtatDesLieux(ReserveeMixin):
    """L'état des lieux du stock et l'information préalable du département."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, departement: str) -> HttpResponse:
        """Montre l'état des lieux, les envois déjà faits et ce qu'il reste à faire."""
        bailleur, lieu = lire_lieu(request, departement)
        envois = Envoi.objects.visibles_par(request.acteur).filter(
            genre=GenreEnvoi.INFORMATION_PREALABLE, departement=lieu, emetteur=bailleur
        )
        jour = timezone.localdate()
        etat = charger_etat_des_lieux(bailleur, lieu, jour)
        information = lire_information_prealable(bailleur.pk, lieu.pk, jour)
        du_lot = envois.filter(lot=information.lot) if information.lot else envois.none()
        non_remis = du_lot.exclude(pk__in=du_lot.filter(servi_le(jour)).order_by().values("pk"))
        figee = transmission.empreinte_envoyee(request.acteur, lieu.pk, information.lot)
        contexte = {
            "titre": f"État des lieux, {lieu}",
            "fil": [("Conventions", reverse("conventions"))],
            "etat": etat,
            "empreinte": figee,
            "a_change": bool(figee) and figee != etat.empreinte,
            "adresse_detail": reverse("etat_des_lieux_detail", args=[lieu.pk]),
            "adresse_import": adresse_de("deposer_import") if request.acteur.peut(Role.GESTIONNAIRE) else "",
            "adresse_a_completer": adresse_de("rpls"),
            "typologies": TYPOLOGIES,
            "departement": lieu,
            "non_remis": list(non_remis.order_by("destinataire_nom")),
            "a_remettre": non_remis.a_remettre().exists(),
            "autres_lots": envois.exclude(pk__in=du_lot.order_by().values("pk"))
            .order_by()
            .values("lot")
            .distinct()
            .count(),
            "information": information,
            "peut_envoyer": request.acteur.peut(Role.RESPONSABLE),
            "peut_remettre": request.acteur.peut(Role.GESTIONNAIRE),
        }
        return render(request, "conventions/etat_des_lieux.html", contexte)


class ActeDepartement(ReserveeMixin, VueActe):
    """Un acte du responsable sur un département."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE
    bailleur: Bailleur
    departement: Departement

    def preparer(self, **cles: Any) -> None:
        """Lit le bailleur et le département."""
        self.bailleur, self.departement = lire_lieu(self.request, cles["departement"])

    def retour(self) -> str:
        """L'état des lieux."""
        return reverse("etat_des_lieux", args=[self.departement.pk])

    def fil(self) -> Fil:
        """Conventions, puis l'état des lieux."""
        return [("Conventions", reverse("conventions")), (f"État des lieux, {self.departement}", self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le département et ses destinataires."""
        destinataires = transmission.destinataires_de_l_information(self.bailleur.pk, self.departement.pk)
        sans_courriel = [un.nom for un in destinataires if not un.courriel]
        return [
            ("Département", str(self.departement)),
            ("Destinataires", f"{len(destinataires)} : {', '.join(un.nom for un in destinataires)}"),
            ("Sans courriel, à remettre par une autre voie", ", ".join(sans_courriel) or "aucun"),
        ]


class InformerPrealablement(ActeDepartement):
    """Envoyer l'état des lieux à tous, au même instant."""

    titre = "Envoyer l'information préalable"
    bouton = "Envoyer à tous"
    ton = "danger"

    def empreinte(self) -> str:
        """Celle des données de l'état des lieux (RG-18)."""
        return charger_etat_des_lieux(self.bailleur, self.departement, timezone.localdate()).empreinte

    def avertissement(self) -> str:
        """Ce que l'envoi a d'irréversible."""
        return "Un seul envoi, une même date, une même pièce pour tous (RG-18). Il ne se reprend pas."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose le lot."""
        envois = transmission.informer_prealablement(
            acteur=self.request.acteur,
            bailleur_id=self.bailleur.pk,
            departement_id=self.departement.pk,
            empreinte_lue=self.empreinte_lue,
        )
        return f"État des lieux déposé chez {compter(len(envois), 'destinataire')} à la même date."


class FormulaireAnterieur(forms.Form):
    """Un envoi fait avant l'application."""

    le = champ_date("Envoyée le", obligatoire=True)
    piece = ChampPdf(label="État des lieux envoyé (PDF)")


class EnregistrerInformation(ActeDepartement):
    """Enregistrer une information préalable déjà envoyée."""

    titre = "Enregistrer un envoi déjà fait"
    bouton = "Enregistrer"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec la pièce."""
        return FormulaireAnterieur(donnees, self.request.FILES if donnees is not None else None)

    def avertissement(self) -> str:
        """Ce que cela prouve."""
        return "La date et la pièce que vous déposez feront foi (RG-18)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose la pièce et le registre."""
        envois = transmission.enregistrer_information_anterieure(
            acteur=self.request.acteur,
            bailleur_id=self.bailleur.pk,
            departement_id=self.departement.pk,
            le=donnees["le"],
            fichier=donnees["piece"],
        )
        return f"Envoi enregistré pour {compter(len(envois), 'destinataire')}."


def pastille_de_la_piece(convention: Convention) -> Pastille:
    """Si la convention part avec sa pièce signée, ou sans (RG-17)."""
    return Pastille("Pièce signée", "succes") if convention.piece_signee_id else Pastille(SANS_PIECE, "attention")


class Transmettre(ActeConvention):
    """Transmettre une convention signée."""

    role = Role.RESPONSABLE
    titre = "Transmettre la convention"
    bouton = "Transmettre"
    ton = "danger"

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Les autorités qui recevront."""
        autorites = charger_autorites(
            self.convention.bailleur_id, self.convention.departement_id, communes_des_droits(self.convention)
        )
        absentes = [autorite.nom for autorite in autorites if not autorite.est_connu]
        return [
            *super().recapitulatif(),
            ("Pièce", pastille_de_la_piece(self.convention)),
            ("Destinataires", ", ".join(autorite.nom for autorite in autorites)),
            ("Absentes du carnet, à remettre par une autre voie", ", ".join(absentes) or "aucune"),
        ]

    def avertissement(self) -> str:
        """Ce qui part quand la pièce signée manque."""
        if self.convention.piece_signee_id:
            return ""
        return (
            f"{ALERTE_SANS_PIECE} Si vous avez l'exemplaire signé, ajoutez-le d'abord à la fiche de la convention : ajouté ensuite, il ne "
            "remplacera pas ce qui est parti."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose le lot."""
        envois = transmission.transmettre_convention(acteur=self.request.acteur, convention_id=self.convention.pk)
        return f"Convention transmise à {compter(len(envois), 'autorité')}."
