"""Tableaux `carnet`, `concertations`, `parts_concertation`, `manquements` : ce qui encadre les conventions (RG-17, RG-20, RG-22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from conventions.domaine.codes import EtatConcertation, SuiteManquement
from conventions.models import (
    Bailleur,
    Concertation,
    ContactAutorite,
    Manquement,
    PartConcertation,
)
from flux_reservations.echanges.colonnes import Colonne, OuiNon, Siren, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import (
    DEPARTEMENT,
    chercher_reservataires,
    poser_communes,
    resoudre_bailleurs,
)
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.dialogue import conventions_citees, pieces_citees
from flux_reservations.echanges.tableaux.envois import codes_des_organismes, organismes_cites
from flux_reservations.echanges.tableaux.patrimoine import COMMUNE
from flux_reservations.echanges.tableaux.pieces import citer_piece
from flux_reservations.echanges.valeurs import Instant, TexteExact
from flux_reservations.territoires.models import Departement, Territoire
from flux_reservations.territoires.resolution import Resolution

_BAILLEUR = Colonne("bailleur", Siren(), obligatoire=True)


class Carnet(TableauModele):
    """Le tableau `carnet` : les contacts d'autorités que tient le bailleur pour lui."""

    nom = "carnet"
    modele = ContactAutorite
    colonne_cle = "territoire"
    cle_base = ("tenu_par_id", "territoire_id", "depuis")
    colonnes: ClassVar = (
        _BAILLEUR,
        Colonne("territoire", Texte(20), obligatoire=True),
        colonne_de(ContactAutorite, "nom", obligatoire=True),
        colonne_de(ContactAutorite, "voie", obligatoire=True),
        colonne_de(ContactAutorite, "courriel"),
        colonne_de(ContactAutorite, "adresse"),
        colonne_de(ContactAutorite, "concerne_par_la_reforme"),
        colonne_de(ContactAutorite, "depuis", obligatoire=True),
        colonne_de(ContactAutorite, "jusqu_au"),
        colonne_de(ContactAutorite, "saisi_le", Instant(), obligatoire=True),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le territoire doit exister."""
        resoudre_bailleurs(suivi, lot)
        lus = {ligne.valeurs.get("territoire") or "" for ligne in lot}
        connus = set(Territoire.objects.filter(pk__in=lus).values_list("pk", flat=True))
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            code = ligne.valeurs.get("territoire")
            if code is not None and code not in connus:
                suivi.refuser(ligne, "territoire", f"Territoire inconnu : {code}.")
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            ligne.champs |= {"tenu_par_id": ligne.bailleur_id, "territoire_id": code}
            ligne.cle = (ligne.bailleur_id, code, ligne.valeurs["depuis"])

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Un contact finit après avoir commencé ; une remise par courriel a une adresse."""
        del ancien
        if complet["jusqu_au"] is not None and complet["jusqu_au"] < complet["depuis"]:
            suivi.refuser(ligne, "jusqu_au", "Un contact ne finit pas avant d'avoir commencé.")
        if complet["voie"] == "courriel" and not complet["courriel"]:
            suivi.refuser(ligne, "courriel", "Une remise par courriel exige une adresse.")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les contacts que tient le bailleur."""
        requete = ContactAutorite.objects.filter(tenu_par_id=bailleur.pk).order_by("territoire", "depuis")
        return self.exporter_requete(
            requete, bailleur=lambda _: bailleur.siren, territoire=lambda contact: contact.territoire_id
        )


class Concertations(TableauModele):
    """Le tableau `concertations` : les programmes neufs et leur compte rendu (RG-22)."""

    nom = "concertations"
    a_l_administration = True
    modele = Concertation
    colonne_cle = "programme"
    cle_base = ("bailleur_id", "commune_id", "programme")
    colonnes: ClassVar = (
        _BAILLEUR,
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        Colonne("commune", COMMUNE, obligatoire=True, champ="commune_id"),
        colonne_de(Concertation, "programme", obligatoire=True),
        colonne_de(Concertation, "logements", obligatoire=True),
        colonne_de(Concertation, "livraison_le", obligatoire=True),
        colonne_de(Concertation, "reunion_le"),
        colonne_de(Concertation, "reponse_avant_le", obligatoire=True),
        colonne_de(Concertation, "etat", obligatoire=True),
        colonne_de(Concertation, "ouverte_le", obligatoire=True),
        colonne_de(Concertation, "arretee_le"),
        colonne_de(Concertation, "dans_le_flux_le"),
        colonne_de(Concertation, "compte_rendu", TexteExact()),
        Colonne("piece", Texte(300), defaut=""),
    )

    def __init__(self) -> None:
        self._communes: dict[str, Resolution] = {}

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Bailleur, département, commune et pièce doivent exister."""
        resoudre_bailleurs(suivi, lot)
        departements = set(Departement.objects.values_list("pk", flat=True))
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
        poser_communes(suivi, lot, self._communes)
        pieces = pieces_citees(suivi, lot)
        for ligne in lot:
            departement = ligne.valeurs.get("departement")
            if departement is not None and departement not in departements:
                suivi.refuser(ligne, "departement", "Département inconnu : mettez son code INSEE (94, 2A, 974).")
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            ligne.champs |= {
                "bailleur_id": ligne.bailleur_id,
                "departement_id": departement,
                "piece_id": pieces[ligne.numero],
            }
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Un programme a des logements ; arrêtée, la concertation est datée ; ouverte, elle ne l'est pas."""
        del ancien
        if not complet["logements"]:
            suivi.refuser(ligne, "logements", "Un programme a au moins un logement : mettez leur nombre.")
        if (complet["etat"] != EtatConcertation.OUVERTE) != (complet["arretee_le"] is not None):
            suivi.refuser(
                ligne, "arretee_le", "Une concertation arrêtée est datée, et elle seule : remplissez ou videz."
            )
        if (complet["etat"] == EtatConcertation.DANS_LE_FLUX) != (complet["dans_le_flux_le"] is not None):
            suivi.refuser(
                ligne, "dans_le_flux_le", "La date va avec l'état dans_le_flux, et lui seul : remplissez ou videz."
            )

    def annonce(self, ligne: Ligne) -> str:
        """Commune et programme : ce que citent les parts."""
        return f"{ligne.valeurs.get('commune')}\t{ligne.valeurs.get('programme')}"

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les concertations du bailleur."""
        requete = (
            Concertation.objects.filter(bailleur=bailleur).select_related("piece").order_by("commune", "programme")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            departement=lambda une: une.departement_id,
            piece=lambda une: citer_piece(une.piece),
        )


class PartsDeConcertation(TableauModele):
    """Le tableau `parts_concertation` : ce que chacun demande, ce qui est arrêté ; réservataire vide : le bailleur."""

    nom = "parts_concertation"
    a_l_administration = True
    modele = PartConcertation
    colonne_cle = "programme"
    cle_base = ("concertation_id", "reservataire_id", "sous_contingent")
    colonnes: ClassVar = (
        _BAILLEUR,
        Colonne("commune", COMMUNE, obligatoire=True),
        Colonne("programme", Texte(120), obligatoire=True),
        Colonne("reservataire", Texte(40), defaut=""),
        colonne_de(PartConcertation, "sous_contingent"),
        colonne_de(PartConcertation, "demandes"),
        colonne_de(PartConcertation, "souhait"),
        colonne_de(PartConcertation, "repondue_le", Instant()),
        colonne_de(PartConcertation, "arretes"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La concertation et le réservataire doivent exister."""
        resoudre_bailleurs(suivi, lot)
        reservataires = chercher_reservataires(suivi, lot)
        concertations = {
            tuple(cle): pk
            for pk, *cle in Concertation.objects.filter(
                bailleur__in={ligne.bailleur_id for ligne in lot} - {None}
            ).values_list("pk", "bailleur_id", "commune_id", "programme")
        }
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            valeurs = ligne.valeurs
            concertation = concertations.get((ligne.bailleur_id, valeurs["commune"], valeurs["programme"]))
            if concertation is None:
                if suivi.contexte.est_annonce("concertations", f"{valeurs['commune']}\t{valeurs['programme']}"):
                    ligne.fautive = True
                else:
                    suivi.refuser(ligne, "programme", "Concertation inconnue : importez le fichier concertations.")
                continue
            reservataire = reservataires.get(valeurs.get("reservataire") or "")
            ligne.champs |= {
                "concertation_id": concertation,
                "reservataire_id": reservataire.pk if reservataire else None,
            }
            ligne.cle = (concertation, ligne.champs["reservataire_id"], valeurs.get("sous_contingent", ""))

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Une demande est datée."""
        del ancien
        if complet["demandes"] is not None and complet["repondue_le"] is None:
            suivi.refuser(
                ligne, "repondue_le", "Une demande est datée : mettez l'instant de la réponse, ou videz demandes."
            )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les parts des concertations du bailleur."""
        requete = (
            PartConcertation.objects.filter(concertation__bailleur=bailleur)
            .select_related("concertation", "reservataire")
            .order_by("concertation__commune", "concertation__programme", "reservataire__code", "sous_contingent")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            commune=lambda part: part.concertation.commune_id,
            programme=lambda part: part.concertation.programme,
            reservataire=lambda part: part.reservataire.code if part.reservataire else "",
        )


class Manquements(TableauModele):
    """Le tableau `manquements` : les mises en demeure reçues par le bailleur, et leur suite (RG-20)."""

    nom = "manquements"
    a_l_administration = True
    modele = Manquement
    colonne_cle = "mise_en_demeure_le"
    cle_base = ("bailleur_id", "departement_id", "mise_en_demeure_le", "convention_id", "reservataire_id")
    colonnes: ClassVar = (
        _BAILLEUR,
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        Colonne("prefet", Texte(60), obligatoire=True),
        Colonne("convention", Texte(60), defaut=""),
        Colonne("reservataire", Texte(40), defaut=""),
        colonne_de(Manquement, "mise_en_demeure_le", obligatoire=True),
        colonne_de(Manquement, "motif", TexteExact(), obligatoire=True),
        colonne_de(Manquement, "reference"),
        Colonne("saisi_par_bailleur", OuiNon(), defaut=False),
        colonne_de(Manquement, "suite"),
        colonne_de(Manquement, "suite_le"),
        colonne_de(Manquement, "suite_reference"),
        colonne_de(Manquement, "suite_motif", TexteExact()),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Bailleur, préfet, convention et réservataire doivent exister."""
        resoudre_bailleurs(suivi, lot)
        conventions, reservataires = conventions_citees(suivi, lot), chercher_reservataires(suivi, lot)
        prefets = organismes_cites(lot, "prefet")
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            prefet = prefets.get(ligne.valeurs.get("prefet") or "")
            if prefet is None and not ligne.fautive:
                suivi.refuser(
                    ligne, "prefet", "Préfet inconnu : importez l'État du département (fichier reservataires)."
                )
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            reservataire = reservataires.get(ligne.valeurs.get("reservataire") or "")
            ligne.champs |= {
                "bailleur_id": ligne.bailleur_id,
                "departement_id": ligne.valeurs["departement"],
                "prefet_id": prefet,
                "saisi_par_organisme_id": ligne.bailleur_id if ligne.valeurs.get("saisi_par_bailleur") else prefet,
                "convention_id": conventions.get(ligne.numero),
                "reservataire_id": reservataire.pk if reservataire else None,
            }
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """La suite d'une mise en demeure est datée, et ne la précède pas ; une résiliation vise une convention."""
        del ancien
        suite_le = complet["suite_le"]
        if bool(complet["suite"]) != (suite_le is not None) or (suite_le and suite_le < complet["mise_en_demeure_le"]):
            suivi.refuser(
                ligne, "suite_le", "Une suite a une date, qui ne précède pas la mise en demeure : corrigez-la."
            )
        if complet["suite"] == SuiteManquement.RESILIATION and complet["convention_id"] is None:
            suivi.refuser(ligne, "convention", "Une résiliation vise une convention : mettez son numéro.")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les mises en demeure du bailleur ; les courriers sont au préfet."""
        lignes = list(
            Manquement.objects.filter(bailleur=bailleur)
            .select_related("convention", "reservataire")
            .order_by("departement", "mise_en_demeure_le", "pk")
        )
        codes = codes_des_organismes(ligne.prefet_id for ligne in lignes)
        for ligne in lignes:
            if ligne.prefet_id in codes:
                yield self.lire_champs(ligne) | {
                    "bailleur": bailleur.siren,
                    "departement": ligne.departement_id,
                    "prefet": codes[ligne.prefet_id],
                    "saisi_par_bailleur": ligne.saisi_par_organisme_id == bailleur.pk,
                    "convention": ligne.convention.numero if ligne.convention else "",
                    "reservataire": ligne.reservataire.code if ligne.reservataire else "",
                }
