"""Tableaux `gabarits`, `versions_proposees`, `complements`, `commentaires` : le texte d'une convention, ses pièces, son fil (RG-12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from conventions.models import (
    Bailleur,
    Commentaire,
    Complement,
    Convention,
    Gabarit,
    VersionProposee,
)
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import (
    chercher,
    resoudre_bailleurs,
)
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.envois import codes_des_organismes, organismes_cites
from flux_reservations.echanges.tableaux.pieces import citer_piece, retrouver_pieces
from flux_reservations.echanges.valeurs import Instant, TexteExact

_BAILLEUR = Colonne("bailleur", Siren(), obligatoire=True)
_CONVENTION = Colonne("convention", Texte(60), obligatoire=True)


def conventions_citees(suivi: Suivi, lot: list[Ligne]) -> dict[int, int]:
    """Clé de la convention de chaque ligne qui en cite une."""
    citent = [ligne for ligne in lot if ligne.valeurs.get("convention")]
    trouvees = chercher(
        suivi,
        citent,
        "convention",
        Convention.objects.all(),
        attribut="numero",
        tableau="conventions",
        article="Convention",
    )
    return {numero: reste[0] for numero, reste in trouvees.items()}


def pieces_citees(suivi: Suivi, lot: Iterable[Ligne], colonne: str = "piece") -> dict[int, int | None]:
    """Clé de la pièce de chaque ligne ; une pièce absente est une erreur."""
    lot = list(lot)
    bailleurs = {ligne.bailleur_id for ligne in lot if ligne.bailleur_id}
    connues = retrouver_pieces(bailleurs, {ligne.valeurs.get(colonne) or "" for ligne in lot} - {""})
    trouvees: dict[int, int | None] = {}
    for ligne in lot:
        citation = ligne.valeurs.get(colonne)
        trouvees[ligne.numero] = connues.get((ligne.bailleur_id or 0, citation)) if citation else None
        if citation and trouvees[ligne.numero] is None and not ligne.fautive:
            suivi.refuser(ligne, colonne, "Pièce absente : importez les fichiers pieces et contenus avec celui-ci.")
    return trouvees


def nommer_gabarit(gabarit: Gabarit | None) -> str:
    """Ce qui désigne une version de gabarit."""
    return f"{gabarit.nom} / {gabarit.rang}" if gabarit else ""


class Gabarits(TableauModele):
    """Le tableau `gabarits` : chaque version, telle qu'elle a été écrite."""

    nom = "gabarits"
    modele = Gabarit
    colonne_cle = "nom"
    cle_base = ("bailleur_id", "nom", "rang")
    colonnes: ClassVar = (
        _BAILLEUR,
        colonne_de(Gabarit, "nom", obligatoire=True),
        colonne_de(Gabarit, "rang", obligatoire=True),
        colonne_de(Gabarit, "texte", TexteExact(), obligatoire=True),
        colonne_de(Gabarit, "ecrit_le", Instant(), obligatoire=True),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le bailleur, le nom et la version."""
        resoudre_bailleurs(suivi, lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if not ligne.fautive and ligne.bailleur_id is not None:
                ligne.champs["bailleur_id"] = ligne.bailleur_id
                ligne.cle = (ligne.bailleur_id, ligne.valeurs["nom"], ligne.valeurs["rang"])

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les versions du bailleur."""
        requete = Gabarit.objects.filter(bailleur=bailleur).order_by("nom", "rang")
        return self.exporter_requete(requete, bailleur=lambda _: bailleur.siren)


class VersionsProposees(TableauModele):
    """Le tableau `versions_proposees` : ce que le réservataire a lu, et le gabarit d'où vient le texte."""

    nom = "versions_proposees"
    a_l_administration = True
    modele = VersionProposee
    colonne_cle = "convention"
    cle_base = ("convention_id", "rang")
    colonnes: ClassVar = (
        _BAILLEUR,
        _CONVENTION,
        colonne_de(VersionProposee, "rang", obligatoire=True),
        colonne_de(VersionProposee, "proposee_le", obligatoire=True),
        Colonne("piece", Texte(300), obligatoire=True),
        Colonne("gabarit", Texte(100), defaut=""),
    )

    def __init__(self) -> None:
        self._textes: dict[int, int] = {}

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La convention, la pièce et le gabarit doivent exister."""
        resoudre_bailleurs(suivi, lot)
        conventions, pieces = conventions_citees(suivi, lot), pieces_citees(suivi, lot)
        gabarits = {
            (gabarit.bailleur_id, nommer_gabarit(gabarit)): gabarit.pk
            for gabarit in Gabarit.objects.filter(bailleur__in={ligne.bailleur_id for ligne in lot} - {None})
        }
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            convention = conventions.get(ligne.numero)
            if ligne.fautive or convention is None:
                continue
            ligne.champs |= {"convention_id": convention, "piece_id": pieces[ligne.numero]}
            ligne.cle = (convention, ligne.valeurs["rang"])
            nom = ligne.valeurs.get("gabarit")
            gabarit = gabarits.get((ligne.bailleur_id or 0, nom)) if nom else None
            if gabarit is not None:
                self._textes[convention] = gabarit
            elif nom and not suivi.contexte.annonces:
                suivi.refuser(ligne, "gabarit", "Gabarit inconnu : importez le fichier gabarits.")

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit les versions, puis rend son gabarit à chaque convention."""
        super().ecrire(suivi)
        for convention, gabarit in self._textes.items():
            Convention.objects.filter(pk=convention).update(gabarit=gabarit)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les versions proposées par le bailleur."""
        requete = (
            VersionProposee.objects.filter(convention__bailleur=bailleur)
            .select_related("convention__gabarit", "piece")
            .order_by("convention__numero", "rang")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            convention=lambda version: version.convention.numero,
            piece=lambda version: citer_piece(version.piece),
            gabarit=lambda version: nommer_gabarit(version.convention.gabarit),
        )


class Complements(TableauModele):
    """Le tableau `complements` : les pièces ajoutées après la signature, retirées comprises (RG-12, RG-16)."""

    nom = "complements"
    a_l_administration = True
    modele = Complement
    colonne_cle = "convention"
    cle_base = ("convention_id", "rang")
    colonnes: ClassVar = (
        _BAILLEUR,
        _CONVENTION,
        colonne_de(Complement, "rang", obligatoire=True),
        colonne_de(Complement, "nature", obligatoire=True),
        colonne_de(Complement, "objet", obligatoire=True),
        Colonne("piece", Texte(300), obligatoire=True),
        colonne_de(Complement, "deposee_le", Instant(), obligatoire=True),
        colonne_de(Complement, "retiree_le"),
        colonne_de(Complement, "motif_retrait"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La convention et la pièce doivent exister."""
        resoudre_bailleurs(suivi, lot)
        conventions, pieces = conventions_citees(suivi, lot), pieces_citees(suivi, lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            convention = conventions.get(ligne.numero)
            if ligne.fautive or convention is None:
                continue
            ligne.champs |= {"convention_id": convention, "piece_id": pieces[ligne.numero]}
            ligne.cle = (convention, ligne.valeurs["rang"])

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Retirée, à une date et avec un motif, ou ni l'un ni l'autre."""
        del ancien
        if (complet["retiree_le"] is None) is bool(complet["motif_retrait"]):
            suivi.refuser(
                ligne, "retiree_le", "Une pièce retirée l'est à une date et avec un motif : donnez les deux, ou aucun."
            )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes celles des conventions du bailleur."""
        requete = (
            Complement.objects.filter(convention__bailleur=bailleur)
            .select_related("convention", "piece")
            .order_by("convention__numero", "rang")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            convention=lambda complement: complement.convention.numero,
            piece=lambda complement: citer_piece(complement.piece),
        )


class Commentaires(TableauModele):
    """Le tableau `commentaires` : le fil des parties, qui ne se récrit pas."""

    nom = "commentaires"
    a_l_administration = True
    modele = Commentaire
    colonne_cle = "convention"
    cle_base = ("convention_id", "organisme_id", "ecrit_le")
    colonnes: ClassVar = (
        _BAILLEUR,
        _CONVENTION,
        colonne_de(Commentaire, "rang", obligatoire=True),
        Colonne("organisme", Texte(60), obligatoire=True),
        colonne_de(Commentaire, "texte", obligatoire=True),
        colonne_de(Commentaire, "ecrit_le", Instant(), obligatoire=True),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La convention et l'auteur doivent exister."""
        resoudre_bailleurs(suivi, lot)
        conventions, auteurs = conventions_citees(suivi, lot), organismes_cites(lot, "organisme")
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            auteur = auteurs.get(ligne.valeurs.get("organisme") or "")
            convention = conventions.get(ligne.numero)
            if auteur is None and not ligne.fautive:
                suivi.refuser(ligne, "organisme", "Organisme inconnu : importez-le d'abord.")
            if ligne.fautive or convention is None:
                continue
            ligne.champs |= {"convention_id": convention, "organisme_id": auteur}
            ligne.cle = (convention, auteur, ligne.valeurs["ecrit_le"])

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Le fil de chaque convention du bailleur."""
        lignes = list(
            Commentaire.objects.filter(convention__bailleur=bailleur)
            .select_related("convention")
            .order_by("convention__numero", "ecrit_le", "pk")
        )
        codes = codes_des_organismes(ligne.organisme_id for ligne in lignes)
        for ligne in lignes:
            if ligne.organisme_id in codes:
                yield self.lire_champs(ligne) | {
                    "bailleur": bailleur.siren,
                    "convention": ligne.convention.numero,
                    "organisme": codes[ligne.organisme_id],
                }
