"""Tableaux `envois` (RG-66) et `demandes` (RG-74) : le registre de preuve du bailleur, et ce qu'on lui a contesté."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, Final

from conventions.models import Bailleur, Reservataire
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.objets import designer, retrouver
from flux_reservations.echanges.references import DEPARTEMENT, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.pieces import citer_piece, retrouver_pieces
from flux_reservations.echanges.valeurs import Cle, Instant, TexteExact
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi
from flux_reservations.territoires.models import Departement, Territoire

NON_EXPORTES: Final = (GenreEnvoi.INVITATION.value, GenreEnvoi.RAPPEL.value)
"""Courriels aux personnes du bailleur : ils ne prouvent rien et portent des adresses de personnes."""
PARTIS: Final = frozenset({EtatEnvoi.ENVOYE.value, EtatEnvoi.RECU.value, EtatEnvoi.REPRIS.value})
PAS_ENCORE_PARTI: Final = "Importé avant d'être parti : relancez-le depuis le registre des envois."
_LOT_EXPORT: Final = 1000


def organismes_cites(lot: Iterable[Ligne], colonne: str) -> dict[str, int]:
    """Clé de chaque organisme cité : un réservataire par son code, un bailleur par son SIREN."""
    cites = {ligne.valeurs.get(colonne) or "" for ligne in lot} - {""}
    trouves = dict(Bailleur.objects.filter(siren__in=cites).values_list("siren", "pk"))
    return trouves | dict(Reservataire.objects.filter(code__in=cites).values_list("code", "pk"))


def codes_des_organismes(cles: Iterable[int | None]) -> dict[int, str]:
    """Ce qui désigne chaque organisme dans les fichiers."""
    voulus = {cle for cle in cles if cle is not None}
    codes = dict(Bailleur.objects.filter(pk__in=voulus).values_list("pk", "siren"))
    return codes | dict(Reservataire.objects.filter(pk__in=voulus).values_list("pk", "code"))


def objets_cites(lot: Iterable[Ligne]) -> dict[tuple[int, str, str], str]:
    """Clé de chaque (bailleur, sorte, désignation) citée par un lot."""
    cites: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for ligne in lot:
        if ligne.bailleur_id and ligne.valeurs.get("objet_type"):
            cites[ligne.bailleur_id].add((ligne.valeurs["objet_type"], ligne.valeurs.get("objet_cle") or ""))
    return {
        (bailleur, *objet): cle
        for bailleur, objets in cites.items()
        for objet, cle in retrouver(bailleur, objets).items()
    }


class PorteUnObjet(TableauModele):
    """Un tableau dont chaque ligne porte un objet d'une autre table, et cite un organisme."""

    colonne_organisme: ClassVar[str]

    def lire_references(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Donne à chaque ligne son organisme et la clé de son objet ; l'inconnu est dit."""
        resoudre_bailleurs(suivi, lot)
        organismes, objets = organismes_cites(lot, self.colonne_organisme), objets_cites(lot)
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            code = ligne.valeurs.get(self.colonne_organisme)
            if code and code not in organismes:
                suivi.refuser(ligne, self.colonne_organisme, f"Organisme inconnu : « {code} ». Importez-le d'abord.")
            type_, designation = ligne.valeurs.get("objet_type") or "", ligne.valeurs.get("objet_cle") or ""
            cle = objets.get((ligne.bailleur_id or 0, type_, designation), "")
            if designation and not cle and not ligne.fautive:
                if not suivi.contexte.annonces and not suivi.contexte.illisibles:
                    suivi.refuser(ligne, "objet_cle", f"Objet inconnu ({type_}) : importez-le d'abord.")
                ligne.fautive = True
            ligne.champs |= {
                f"{self.colonne_organisme}_id": organismes.get(code or ""),
                "objet_type": type_,
                "objet_cle": cle,
            }


class Envois(PorteUnObjet):
    """Le tableau `envois` ; ce qui n'est pas parti s'importe en échec, à relancer : importer n'écrit à personne."""

    nom = "envois"
    a_l_administration = True
    modele = Envoi
    colonne_cle = "cle"
    colonne_organisme = "destinataire"
    cle_base = ("cle",)
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("cle", Cle(), obligatoire=True, champ="cle"),
        Colonne("lot", Cle(), obligatoire=True, champ="lot"),
        colonne_de(Envoi, "genre", obligatoire=True),
        Colonne("objet_type", Texte(80), defaut=""),
        Colonne("objet_cle", Texte(200), defaut=""),
        Colonne("destinataire", Texte(60), defaut=""),
        colonne_de(Envoi, "destinataire_nom", obligatoire=True),
        colonne_de(Envoi, "service"),
        colonne_de(Envoi, "courriel"),
        Colonne("departement", DEPARTEMENT),
        Colonne("territoire", Texte(40), defaut=""),
        colonne_de(Envoi, "annee", Entier(2000, 2200)),
        Colonne("piece", Texte(300), defaut=""),
        colonne_de(Envoi, "voie", obligatoire=True),
        colonne_de(Envoi, "objet", obligatoire=True),
        colonne_de(Envoi, "corps", TexteExact()),
        colonne_de(Envoi, "etat", obligatoire=True),
        colonne_de(Envoi, "message_id"),
        colonne_de(Envoi, "tentatives", Entier()),
        colonne_de(Envoi, "derniere_erreur"),
        colonne_de(Envoi, "cree_le", Instant(), obligatoire=True),
        *(colonne_de(Envoi, nom, Instant()) for nom in ("depose_le", "envoye_le", "incertain_le", "recu_le")),
        colonne_de(Envoi, "recu_par"),
        colonne_de(Envoi, "reference_voie"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """L'émetteur est le bailleur ; destinataire, objet, pièce et territoire doivent exister."""
        self.lire_references(suivi, lot)
        bailleurs = {ligne.bailleur_id for ligne in lot if ligne.bailleur_id}
        pieces = retrouver_pieces(bailleurs, {ligne.valeurs.get("piece") or "" for ligne in lot} - {""})
        lus = {ligne.valeurs.get("territoire") or "" for ligne in lot}
        lieux = {*Departement.objects.values_list("code", flat=True)}
        lieux |= {*Territoire.objects.filter(code__in=lus).values_list("code", flat=True)}
        for ligne in lot:
            for colonne in ("departement", "territoire"):
                code = ligne.valeurs.get(colonne) or None
                if code is not None and code not in lieux:
                    suivi.refuser(ligne, colonne, f"Territoire inconnu : {code}.")
                ligne.champs[f"{colonne}_id"] = code
            citation = ligne.valeurs.get("piece")
            piece = pieces.get((ligne.bailleur_id or 0, citation)) if citation else None
            if citation and piece is None and not ligne.fautive:
                suivi.refuser(ligne, "piece", "Pièce absente : importez les fichiers pieces et contenus avec celui-ci.")
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            ligne.champs |= {"emetteur_id": ligne.bailleur_id, "piece_id": piece}
            ligne.cle = (ligne.valeurs["cle"],)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Une preuve ne se récrit pas ; ce qui n'est pas parti attend une personne."""
        if ancien is not None:
            if complet != ancien:
                suivi.refuser(ligne, "cle", "Cet envoi est déjà au registre : une preuve ne se récrit pas (RG-66).")
        elif complet["etat"] not in PARTIS:
            suivi.remarquer(ligne, "etat", "Envoi pas encore parti", PAS_ENCORE_PARTI)
            complet |= {"etat": EtatEnvoi.ECHEC.value, "derniere_erreur": PAS_ENCORE_PARTI}

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Le registre des envois du bailleur, du plus ancien au plus récent."""
        requete = (
            Envoi.objects.filter(emetteur_id=bailleur.pk)
            .exclude(genre__in=NON_EXPORTES)
            .select_related("piece")
            .order_by("cree_le", "cle")
            .iterator(chunk_size=_LOT_EXPORT)
        )
        while lot := list(islice(requete, _LOT_EXPORT)):
            noms = designer((envoi.objet_type, envoi.objet_cle) for envoi in lot)
            codes = codes_des_organismes(envoi.destinataire_id for envoi in lot)
            for envoi in lot:
                yield self.lire_champs(envoi) | {
                    "bailleur": bailleur.siren,
                    "objet_type": envoi.objet_type,
                    "objet_cle": noms.get((envoi.objet_type, envoi.objet_cle), ""),
                    "destinataire": codes.get(envoi.destinataire_id or 0, ""),
                    "departement": envoi.departement_id,
                    "territoire": envoi.territoire_id or "",
                    "piece": citer_piece(envoi.piece),
                }


class Demandes(PorteUnObjet):
    """Le tableau `demandes` : contestations et précisions adressées au bailleur, et leurs réponses."""

    nom = "demandes"
    a_l_administration = True
    modele = Demande
    colonne_cle = "objet_cle"
    colonne_organisme = "emetteur"
    cle_base = ("emetteur_id", "genre", "objet_type", "objet_cle", "faite_le")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("emetteur", Texte(60), obligatoire=True),
        colonne_de(Demande, "genre", obligatoire=True),
        Colonne("objet_type", Texte(80), obligatoire=True),
        Colonne("objet_cle", Texte(200), obligatoire=True),
        colonne_de(Demande, "sujet", obligatoire=True),
        colonne_de(Demande, "service"),
        colonne_de(Demande, "texte", obligatoire=True),
        colonne_de(Demande, "faite_le", Instant(), obligatoire=True),
        colonne_de(Demande, "suite"),
        colonne_de(Demande, "reponse"),
        colonne_de(Demande, "repondue_le", Instant()),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le destinataire est le bailleur ; l'émetteur et l'objet doivent exister."""
        self.lire_references(suivi, lot)
        for ligne in lot:
            if not ligne.fautive and ligne.bailleur_id is not None:
                ligne.champs["destinataire_id"] = ligne.bailleur_id
                ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Une réponse a une suite, un texte et une date ; sans suite, elle n'a pas de date."""
        del ancien
        if complet["suite"] and not complet["reponse"]:
            suivi.refuser(ligne, "reponse", "Une réponse a un texte : remplissez la cellule, ou videz suite.")
        elif bool(complet["suite"]) != (complet["repondue_le"] is not None):
            suivi.refuser(ligne, "repondue_le", "Une réponse a une suite et une date : remplissez les deux, ou aucune.")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les demandes reçues par le bailleur."""
        demandes = list(Demande.objects.filter(destinataire_id=bailleur.pk).order_by("faite_le", "pk"))
        noms = designer((demande.objet_type, demande.objet_cle) for demande in demandes)
        codes = codes_des_organismes(demande.emetteur_id for demande in demandes)
        for demande in demandes:
            designation = noms.get((demande.objet_type, demande.objet_cle))
            if designation and demande.emetteur_id in codes:
                yield self.lire_champs(demande) | {
                    "bailleur": bailleur.siren,
                    "emetteur": codes[demande.emetteur_id],
                    "objet_type": demande.objet_type,
                    "objet_cle": designation,
                }
