"""Tableau `bilans` (RG-60 à RG-63) : les bilans publiés, leurs données, leur empreinte, leur PDF et leur tableur."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db import connection

from bilans.actions.publier import arreter_les_soldes
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from conventions.models import Bailleur
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.masse import MiseDeCote
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.references import DEPARTEMENT, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.pieces import citer_piece, retrouver_pieces
from flux_reservations.echanges.valeurs import EMPREINTE, Instant
from flux_reservations.pieces.models import Contenu
from flux_reservations.territoires.models import Departement

_PIECE = Texte(300)


class ReserveBilans(MiseDeCote):
    """Bilans à écrire."""

    def __init__(self) -> None:
        super().__init__(Bilan)
        self.chaines: list[tuple[Any, ...]] = []
        self.contenus: set[str] = set()


class Bilans(TableauModele):
    """Le tableau `bilans` ; un bilan publié ne change plus, un brouillon ne s'exporte pas : il se refait."""

    nom = "bilans"
    a_l_administration = True
    modele = Bilan
    colonne_cle = "annee"
    cle_base = ("genre", "bailleur_id", "departement_id", "annee", "version")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        colonne_de(Bilan, "genre", obligatoire=True),
        colonne_de(Bilan, "annee", Entier(2000, 2200), obligatoire=True),
        colonne_de(Bilan, "version", Entier(1, 32767), obligatoire=True),
        colonne_de(Bilan, "ce_qui_change"),
        Colonne("donnees", EMPREINTE, obligatoire=True),
        Colonne("empreinte", EMPREINTE, obligatoire=True, champ="empreinte"),
        colonne_de(Bilan, "cree_le", Instant(), obligatoire=True),
        colonne_de(Bilan, "publie_le", Instant(), obligatoire=True),
        colonne_de(Bilan, "date_seance"),
        Colonne("pdf", _PIECE, obligatoire=True),
        Colonne("tableur", _PIECE, defaut=""),
    )

    def ouvrir_reserve(self) -> ReserveBilans:
        """Où mettre de côté."""
        return ReserveBilans()

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le bailleur, le département, les pièces et les données doivent exister."""
        resoudre_bailleurs(suivi, lot)
        departements = set(Departement.objects.values_list("code", flat=True))
        citations = {ligne.valeurs.get(nom) or "" for ligne in lot for nom in ("pdf", "tableur")} - {""}
        pieces = retrouver_pieces({ligne.bailleur_id for ligne in lot if ligne.bailleur_id}, citations)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            if ligne.valeurs.get("departement", "") not in departements and not ligne.fautive:
                suivi.refuser(ligne, "departement", "Département inconnu : mettez son code INSEE (94, 2A, 974).")
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            ligne.champs |= {
                "bailleur_id": ligne.bailleur_id,
                "departement_id": ligne.valeurs["departement"],
                "etat": EtatBilan.PUBLIE.value,
                "progression": 100,
                "pdf_id": self._piece(suivi, ligne, "pdf", pieces),
                "tableur_id": self._piece(suivi, ligne, "tableur", pieces),
            }
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    @staticmethod
    def _piece(suivi: Suivi, ligne: Ligne, colonne: str, pieces: Mapping[tuple[int, str], int]) -> int | None:
        citation = ligne.valeurs.get(colonne)
        if not citation or ligne.bailleur_id is None:
            return None
        trouvee = pieces.get((ligne.bailleur_id, citation))
        if trouvee is None:
            if suivi.contexte.annonces.get("pieces") or "pieces" in suivi.contexte.illisibles:
                ligne.fautive = True
            else:
                suivi.refuser(ligne, colonne, "Pièce absente : importez les fichiers pieces et contenus avec celui-ci.")
        return trouvee

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Un bilan publié est figé (RG-63) : on le retrouve identique, ou on le refuse."""
        if ancien is not None and ancien["etat"] == EtatBilan.PUBLIE:
            for nom in ("donnees", "remplace_id", "progression", "publie_par_id", "erreur"):
                complet[nom] = ancien[nom]
            if complet != ancien:
                suivi.refuser(ligne, "annee", "Ce bilan est publié : il ne change plus (RG-63). Publiez une version.")
            return
        donnees = ligne.valeurs["donnees"]
        contenu = Contenu.objects.filter(pk=donnees).first() if donnees in suivi.contexte.contenus else None
        if contenu is None:
            suivi.refuser(ligne, "donnees", "Données absentes : importez le fichier contenus avec celui-ci.")
            return
        try:
            complet["donnees"] = json.loads(bytes(contenu.octets))
        except ValueError:
            suivi.refuser(ligne, "donnees", "Ce document n'est pas fait de données de bilan.")
            return
        complet["erreur"] = ""
        suivi.reserve.contenus.add(ligne.valeurs["donnees"])
        suivi.reserve.chaines.append(ligne.cle[:4])

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit, rechaîne les versions, arrête les soldes que chaque bilan annuel a publiés (RG-47)."""
        super().ecrire(suivi)
        reserve: ReserveBilans = suivi.reserve
        for genre, bailleur, departement, annee in sorted(set(reserve.chaines)):
            publies = Bilan.objects.filter(
                genre=genre, bailleur=bailleur, departement=departement, annee=annee, etat=EtatBilan.PUBLIE
            ).order_by("version")
            precedent: Bilan | None = None
            for bilan in publies:
                Bilan.objects.filter(pk=bilan.pk).update(remplace=precedent)
                precedent = bilan
            if precedent is not None and genre == GenreBilan.ANNUEL:
                arreter_les_soldes(precedent)
        if reserve.contenus:
            # Les données sont maintenant dans le bilan : leur passage par les contenus ne laisse rien.
            with connection.cursor() as curseur:
                curseur.execute(
                    "DELETE FROM pieces_contenu c WHERE c.empreinte = ANY(%s)"
                    " AND NOT EXISTS (SELECT 1 FROM pieces_piece p WHERE p.contenu_id = c.empreinte)",
                    [sorted(reserve.contenus)],
                )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les bilans publiés."""
        requete = (
            Bilan.objects.filter(bailleur=bailleur, etat=EtatBilan.PUBLIE)
            .select_related("pdf", "tableur")
            .order_by("genre", "departement", "annee", "version")
        )
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            departement=lambda bilan: bilan.departement_id,
            donnees=lambda bilan: calculer_empreinte(bilan.donnees),
            pdf=lambda bilan: citer_piece(bilan.pdf),
            tableur=lambda bilan: citer_piece(bilan.tableur),
        )
