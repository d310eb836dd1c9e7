"""Ouvrir les comptes et le registre : les soldes d'ouverture proposés et confirmés, les envois déjà faits (RG-47, RG-66)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from attributions.actions.soldes import DECIMALES, SOLDE_MAXIMAL
from attributions.domaine.codes import OrigineSolde
from attributions.models import SoldeOuverture
from bilans.chargement_soldes import SoldesLus, charger_soldes
from bilans.domaine.comptes import CompteAnnuel
from bilans.views.champ import nommer_les_comptes
from conventions.actions.pieces import Fichier
from conventions.chargement import compter_droits_uniques
from conventions.domaine.codes import Report
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.calendrier import premier_janvier
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.vues import ActeDeReprise
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.presentation import compter, ecrire_date_courte, ecrire_solde


class PoserLesSoldes(ActeDeReprise):
    """Confirmer d'un bloc le solde d'ouverture de chaque compte : proposé s'il se calcule, à saisir sinon (RG-47)."""

    titre, bouton = "Soldes d'ouverture", "Confirmer ces soldes"
    gabarit = "echanges/depot_reprise.html"
    lus: SoldesLus
    uniques: Mapping[int, int]

    def preparer(self, **cles: Any) -> None:
        """Ce qui est saisi, ce qui se calcule, ce qu'un bilan publié arrête."""
        super().preparer()
        self.lus = charger_soldes(
            self.champ.bailleur, self.champ.departement, self.champ.annee, timezone.localdate(), avec_histoire=False
        )
        self.uniques = compter_droits_uniques(
            self.champ.bailleur.pk, self.champ.departement, premier_janvier(self.champ.annee)
        )

    def avertissement(self) -> str:
        """Le sens du nombre, et comment revenir."""
        publies = sum(_cle(compte) in self.lus.publies for compte in self.lus.comptes)
        precedente = self.champ.annee - 1
        if not self.lus.comptes:
            return (
                f"Aucun compte à ouvrir en {self.champ.annee} : aucune convention signée n'y court dans ce département. Importez ou signez "
                "d'abord vos conventions."
            )
        if not self._modifiables():
            return (
                f"Rien à saisir : le bilan {precedente} publié arrête le solde de chaque compte. Pour en corriger un, publiez une nouvelle "
                "version de ce bilan."
            )
        return (
            f"Solde de chaque compte à la fin de {precedente}, en logements : retard positif, avance négative ; vide : aucun, et un solde "
            f"effacé est retiré. Ce qui est proposé est calculé de vos données de {precedente} : vérifiez-le contre vos comptes."
            + (f" Arrêtés par un bilan publié, donc pas ici : {compter(publies, 'compte')}." if publies else "")
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Un champ par compte qui n'est pas arrêté par un bilan."""
        formulaire = forms.Form(donnees)
        noms = nommer_les_comptes(compte.compte for compte in self.lus.comptes)
        for rang, compte in self._modifiables():
            calcule = self.lus.a_reprendre.get(_cle(compte))
            saisi = compte.solde_anterieur
            initial = Decimal(saisi.numerator) / Decimal(saisi.denominator) if saisi is not None else calcule
            formulaire.fields[f"solde_{rang}"] = forms.DecimalField(
                label=f"{noms[compte.compte]}, {compte.convention}",
                help_text=" ".join(self._aider(compte, calcule)),
                max_value=SOLDE_MAXIMAL,
                min_value=-SOLDE_MAXIMAL,
                decimal_places=DECIMALES,
                required=False,
                localize=True,
                initial=initial,
            )
        return formulaire

    def _aider(self, compte: CompteAnnuel, calcule: Decimal | None) -> Iterator[str]:
        """D'où vient le nombre, ce que la convention en passe à l'année, et les droits uniques qu'elle y ajoute."""
        yield _dire_d_ou_il_vient(compte, calcule)
        yield _dire_le_report(compte)
        if uniques := self.uniques.get(compte.reservataire or 0, 0):
            yield (
                f"{compter(uniques, 'droit unique non échu', 'droits uniques non échus')} en stock : ceux que la convention reprend "
                "s'ajoutent à ce nombre, un logement chacun (RG-35)."
            )

    def est_sans_objet(self) -> bool:
        """Vrai sans aucun compte à saisir : rien à confirmer."""
        return not self._modifiables()

    def _modifiables(self) -> list[tuple[int, CompteAnnuel]]:
        return [(rang, un) for rang, un in enumerate(self.lus.comptes) if _cle(un) not in self.lus.publies]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Pose, d'un bloc."""
        soldes = {
            _cle(compte): donnees[f"solde_{rang}"] for rang, compte in self._modifiables() if f"solde_{rang}" in donnees
        }
        faits = actions.poser_les_soldes(
            acteur=self.request.acteur, bailleur_id=self.champ.bailleur.pk, annee=self.champ.annee, soldes=soldes
        )
        dits = [
            compter(nombre, singulier, pluriel)
            for nombre, singulier, pluriel in (
                (faits.poses, "solde posé", "soldes posés"),
                (faits.retires, "solde retiré", "soldes retirés"),
            )
            if nombre
        ]
        return f"À l'ouverture de {self.champ.annee} : {', '.join(dits) or 'aucun solde ne change'}."


def _cle(compte: CompteAnnuel) -> tuple[int, str]:
    return (compte.origine or 0, compte.sous_contingent)


def _dire_d_ou_il_vient(compte: CompteAnnuel, calcule: Decimal | None) -> str:
    if compte.solde_anterieur is not None:
        return "Déjà posé."
    if calcule is not None:
        return f"Proposé : {ecrire_solde(calcule, DECIMALES)}, calculé."
    return "Rien ne permet de le calculer : saisissez-le."


def _dire_le_report(compte: CompteAnnuel) -> str:
    """Ce que la politique de report de la convention fait du nombre saisi (RG-47)."""
    if compte.politique_de_report == Report.AUCUN:
        return "Cette convention ne reporte rien : le nombre est gardé et affiché, mais ne passe pas dans l'année."
    if compte.politique_de_report == Report.PLAFONNE and compte.plafond_de_report is not None:
        plafond = compter(compte.plafond_de_report, "logement")
        return f"Cette convention plafonne le report : au-delà de {plafond}, en retard comme en avance, le surplus ne passe pas."
    return "Cette convention reporte le nombre en entier."


def _nommer(solde: SoldeOuverture) -> str:
    nom = solde.convention.reservataire.nom
    return f"{nom}, {solde.get_sous_contingent_display().lower()}" if solde.sous_contingent else nom


class RetirerLesSoldes(ActeDeReprise):
    """Retirer les soldes d'ouverture posés pour l'année ; ceux d'un bilan publié restent."""

    titre, bouton = "Retirer les soldes posés ?", "Retirer ces soldes"
    ton = "danger"
    soldes: list[SoldeOuverture]

    def preparer(self, **cles: Any) -> None:
        """Les soldes saisis de l'année."""
        super().preparer()
        lignes = SoldeOuverture.objects.visibles_par(self.request.acteur).filter(
            convention__bailleur=self.champ.bailleur,
            convention__departement=self.champ.departement,
            annee=self.champ.annee,
            origine=OrigineSolde.SAISI,
        )
        self.soldes = list(
            lignes.select_related("convention__reservataire").order_by("convention__numero", "sous_contingent")
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Chaque solde."""
        return [(f"{un.convention.numero}, {_nommer(un)}", ecrire_solde(un.report, DECIMALES)) for un in self.soldes]

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Sans solde d'ouverture, le report de ces comptes vaut 0 jusqu'au bilan publié. Le journal garde les valeurs retirées."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire, d'un bloc."""
        del donnees
        actions.poser_les_soldes(
            acteur=self.request.acteur,
            bailleur_id=self.champ.bailleur.pk,
            annee=self.champ.annee,
            soldes={(un.convention_id, un.sous_contingent): None for un in self.soldes},
        )
        return f"{compter(len(self.soldes), 'solde retiré', 'soldes retirés')}."


class FormulaireEnvoi(forms.Form):
    """Un envoi obligatoire déjà fait."""

    genre = forms.ChoiceField(
        label="Envoi", choices=[(genre.value, libelle) for genre, libelle in actions.GENRES.items()]
    )
    annee = forms.IntegerField(label="Au titre de l'année", min_value=2000, max_value=2200)
    le = forms.DateField(label="Envoyé le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    piece = forms.FileField(
        label="Document envoyé (PDF)", widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"})
    )


class EnregistrerEnvoi(ActeDeReprise):
    """Enregistrer un envoi fait avant l'application."""

    titre, bouton = "Enregistrer un envoi déjà fait", "Enregistrer au registre"
    role = Role.RESPONSABLE
    formulaire = FormulaireEnvoi
    gabarit = "echanges/depot_reprise.html"

    def initial(self) -> dict[str, Any]:
        """L'année rendue."""
        return {"annee": min(self.champ.annee, timezone.localdate().year) - 1}

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Un envoi par destinataire entre au registre, à la date dite. Rien n'est envoyé ; chacun lit la pièce à son portail."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        fichier = donnees["piece"]
        if not self.champ.departement:
            raise ErreurMetier("sans_patrimoine", "Importez d'abord votre patrimoine.")
        envois = actions.enregistrer_envois_anterieurs(
            acteur=self.request.acteur,
            genre=donnees["genre"],
            departement=self.champ.departement,
            annee=donnees["annee"],
            le=donnees["le"],
            fichier=Fichier(fichier.name, fichier.read()),
        )
        return f"{compter(len(envois), 'envoi enregistré', 'envois enregistrés')} au registre."


class RetirerEnvoi(ActeDeReprise):
    """Retirer un envoi enregistré par erreur."""

    titre, bouton = "Retirer cet enregistrement ?", "Retirer du registre"
    role = Role.RESPONSABLE
    ton = "danger"
    lot: uuid.UUID

    def preparer(self, **cles: Any) -> None:
        """Le lot, s'il a été enregistré ici."""
        super().preparer()
        self.lot = cles["lot"]
        siens = Envoi.objects.visibles_par(self.request.acteur).filter(
            lot=self.lot, emetteur_id=self.request.acteur.organisme, reference_voie=actions.REFERENCE
        )
        self.envois = list(siens.order_by("destinataire_nom"))
        if not self.envois:
            raise Introuvable

    def recapitulatif(self) -> list[tuple[str, object]]:
        """L'envoi et ses destinataires."""
        premier = self.envois[0]
        return [
            ("Envoi", premier.objet),
            ("Envoyé le", ecrire_date_courte(premier.depose_le)),
            ("Destinataires", ", ".join(envoi.destinataire_nom for envoi in self.envois)),
        ]

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "L'envoi disparaît du registre et du portail de ses destinataires ; le journal garde la trace de son retrait."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        nombre = actions.retirer_les_envois_anterieurs(acteur=self.request.acteur, lot=self.lot)
        return f"Enregistrement retiré chez {compter(nombre, 'destinataire')}."
