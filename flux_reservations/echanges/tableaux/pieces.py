"""Tableaux `contenus` et `pieces` : les documents du bailleur, octet pour octet sous leur empreinte (RG-63, RG-66)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from django.db import connection

from attributions.models import Seance
from bilans.models import Bilan
from conventions.models import Bailleur, Convention
from flux_reservations.commun.empreinte import canoniser
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.objets import designer, retrouver
from flux_reservations.echanges.preuves import refuser_a_un_agent
from flux_reservations.echanges.references import resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne, Tableau
from flux_reservations.echanges.valeurs import EMPREINTE, Instant, Octets
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.series.models import GENRE_EN_ATTENTE

MORCEAU: Final = 22_500
"""Octets par cellule : 30 000 caractères, ce qu'une cellule de tableur peut tenir."""
GENRE_DES_IMPORTS: Final = "import"
"""Les fichiers déposés à l'import ne s'exportent pas : ce qu'ils portaient est dans les autres tableaux."""
PORTEURS: Final[Mapping[str, tuple[Any, str]]] = {
    "conventions.convention": (Convention, "piece_signee"),
    "attributions.seance": (Seance, "proces_verbal"),
}
"""Objets qui tiennent une pièce, et par quel champ ; un bilan et un envoi citent la leur dans leur propre tableau."""


def pieces_exportees(bailleur: Bailleur) -> Any:
    """Pièces du bailleur, sans les fichiers d'import ni celles qu'attend une série pas encore menée : elles ne prouvent rien."""
    return Piece.objects.filter(organisme_id=bailleur.pk).exclude(genre__in=[GENRE_DES_IMPORTS, GENRE_EN_ATTENTE])


class Contenus(Tableau):
    """Le tableau `contenus` : des octets en morceaux, vérifiés par leur empreinte."""

    nom = "contenus"
    a_l_administration = True
    colonne_cle = "empreinte"
    taille_lot = 200
    colonnes: ClassVar = (
        Colonne("empreinte", EMPREINTE, obligatoire=True),
        Colonne("morceau", Entier(1, 100_000), obligatoire=True),
        Colonne("octets", Octets(), defaut=b""),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est l'empreinte et le rang du morceau."""
        del suivi
        for ligne in lot:
            if not ligne.fautive:
                ligne.cle = (ligne.valeurs["empreinte"], ligne.valeurs["morceau"])

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Met les morceaux de côté en base : un document entier n'est jamais en mémoire."""
        if refuser_a_un_agent(suivi):
            return
        with connection.cursor() as curseur:
            if suivi.reserve is None:
                curseur.execute(
                    "CREATE TEMPORARY TABLE contenus_lus (ligne int, empreinte text, morceau int, octets bytea) ON COMMIT DROP"
                )
                suivi.reserve = True
            self.resoudre(suivi, lot)
            with curseur.copy("COPY contenus_lus FROM STDIN") as copie:
                for ligne in lot:
                    if ligne.cle and suivi.retenir_cle(ligne):
                        copie.write_row((ligne.numero, *ligne.cle, ligne.valeurs.get("octets", b"")))

    def conclure(self, suivi: Suivi) -> None:
        """Un document incomplet ou altéré se voit à son empreinte."""
        if suivi.reserve is None:
            return
        with connection.cursor() as curseur:
            curseur.execute(
                "SELECT min(ligne), empreinte, max(morceau) = count(*) FROM contenus_lus GROUP BY empreinte"
                " HAVING max(morceau) <> count(*) OR encode(sha256(string_agg(octets, ''::bytea ORDER BY morceau)), 'hex') <> empreinte"
            )
            for ligne, empreinte, complet in sorted(curseur.fetchall()):
                message = (
                    "Les octets ne répondent pas à leur empreinte : le fichier a été altéré, exportez-le de nouveau."
                    if complet
                    else "Il manque un morceau de ce document : exportez le fichier de nouveau."
                )
                suivi.refuser(ligne, "empreinte", message, valeur=empreinte)

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit ce que la base n'a pas ; les données d'un bilan déjà publié y sont, dans le bilan."""
        with connection.cursor() as curseur:
            curseur.execute("SELECT DISTINCT empreinte FROM contenus_lus")
            suivi.contexte.contenus |= {empreinte for (empreinte,) in curseur.fetchall()}
            curseur.execute(
                "DELETE FROM contenus_lus l USING (SELECT empreinte FROM pieces_contenu UNION SELECT empreinte FROM bilans_bilan) e"
                " WHERE e.empreinte = l.empreinte"
            )
            suivi.compte.inchanges = curseur.rowcount
            suivi.compte.crees = suivi.compte.lignes - suivi.compte.inchanges
            curseur.execute(
                "INSERT INTO pieces_contenu (empreinte, octets)"
                " SELECT empreinte, string_agg(octets, ''::bytea ORDER BY morceau) FROM contenus_lus GROUP BY empreinte"
            )
            curseur.execute("DROP TABLE contenus_lus")

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les octets de chaque pièce, puis les données de chaque bilan publié."""
        pieces = pieces_exportees(bailleur).values("contenu")
        for contenu in Contenu.objects.filter(pk__in=pieces).order_by("pk").iterator(chunk_size=5):
            yield from _decouper(contenu.pk, bytes(contenu.octets))
        bilans = Bilan.objects.filter(bailleur=bailleur, etat="publie").order_by("pk")
        for donnees in bilans.values_list("donnees", flat=True).iterator(chunk_size=5):
            octets = canoniser(donnees)
            yield from _decouper(hashlib.sha256(octets).hexdigest(), octets)


def _decouper(empreinte: str, octets: bytes) -> Iterator[dict[str, Any]]:
    for rang, debut in enumerate(range(0, max(len(octets), 1), MORCEAU), start=1):
        yield {"empreinte": empreinte, "morceau": rang, "octets": octets[debut : debut + MORCEAU]}


class Pieces(TableauModele):
    """Le tableau `pieces` ; `porteur` dit la convention signée ou la séance dont c'est la pièce."""

    nom = "pieces"
    a_l_administration = True
    modele = Piece
    colonne_cle = "empreinte"
    cle_base = ("organisme_id", "contenu_id", "nom")
    colonnes: ClassVar = (
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("empreinte", EMPREINTE, obligatoire=True, champ="contenu_id"),
        colonne_de(Piece, "nom", obligatoire=True),
        colonne_de(Piece, "genre", obligatoire=True),
        colonne_de(Piece, "type_mime", obligatoire=True),
        colonne_de(Piece, "taille", Entier(0, 2**53), obligatoire=True),
        colonne_de(Piece, "deposee_le", Instant(), obligatoire=True),
        Colonne("porteur_type", Texte(80), defaut=""),
        Colonne("porteur", Texte(200), defaut=""),
    )

    def __init__(self) -> None:
        self._portees: list[tuple[str, int, tuple[Any, ...]]] = []

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le bailleur et le porteur doivent exister ; les octets, être donnés par cet import ou déjà être au bailleur."""
        resoudre_bailleurs(suivi, lot)
        empreintes = {ligne.valeurs.get("empreinte", "") for ligne in lot}
        siennes = set(Piece.objects.filter(contenu__in=empreintes).values_list("organisme_id", "contenu_id").distinct())
        donnees = suivi.contexte.contenus & empreintes
        cites: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for ligne in lot:
            if ligne.bailleur_id and ligne.valeurs.get("porteur_type"):
                cites[ligne.bailleur_id].add((ligne.valeurs["porteur_type"], ligne.valeurs.get("porteur", "")))
        porteurs = {bailleur: retrouver(bailleur, objets) for bailleur, objets in cites.items()}
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            empreinte = ligne.valeurs.get("empreinte")
            if ligne.fautive or ligne.bailleur_id is None:
                continue
            if empreinte not in donnees and (ligne.bailleur_id, empreinte) not in siennes:
                if suivi.contexte.est_annonce("contenus", str(empreinte)):
                    ligne.fautive = True
                else:
                    suivi.refuser(ligne, "empreinte", "Document absent : importez le fichier contenus avec celui-ci.")
                continue
            ligne.champs["organisme_id"] = ligne.bailleur_id
            ligne.cle = (ligne.bailleur_id, empreinte, ligne.valeurs["nom"])
            self._porter(suivi, ligne, porteurs.get(ligne.bailleur_id, {}))

    def _porter(self, suivi: Suivi, ligne: Ligne, porteurs: Mapping[tuple[str, str], str]) -> None:
        type_ = ligne.valeurs.get("porteur_type")
        if not type_:
            return
        cle = porteurs.get((type_, ligne.valeurs.get("porteur", "")))
        if type_ not in PORTEURS or cle is None:
            suivi.refuser(ligne, "porteur", "Objet inconnu : importez-le avec ses pièces, ou videz les deux cellules.")
        else:
            self._portees.append((type_, int(cle), ligne.cle))

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit les pièces, puis les rend à leurs porteurs."""
        super().ecrire(suivi)
        trouvees = self.lire_existants({cle for _, _, cle in self._portees})
        for type_, porteur, cle in self._portees:
            modele, champ = PORTEURS[type_]
            modele.objects.filter(pk=porteur).update(**{f"{champ}_id": trouvees[cle][0]})

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les pièces du bailleur, une fois chacune."""
        porteurs: dict[int, tuple[str, str]] = {}
        for type_, (modele, champ) in PORTEURS.items():
            lignes = modele.objects.filter(bailleur=bailleur, **{f"{champ}__isnull": False})
            porteurs |= {piece: (type_, str(pk)) for pk, piece in lignes.values_list("pk", f"{champ}_id")}
        noms = designer(porteurs.values())
        vues: set[tuple[str, str]] = set()
        for piece in sorted(pieces_exportees(bailleur), key=lambda une: (une.deposee_le, une.pk)):
            porteur = porteurs.get(piece.pk)
            if (piece.contenu_id, piece.nom) in vues and porteur is None:
                continue
            vues.add((piece.contenu_id, piece.nom))
            yield self.lire_champs(piece) | {
                "bailleur": bailleur.siren,
                "porteur_type": porteur[0] if porteur else "",
                "porteur": noms.get(porteur, "") if porteur else "",
            }


def citer_piece(piece: Piece | None) -> str:
    """Référence d'une pièce dans un autre tableau : son empreinte, puis son nom."""
    return f"{piece.contenu_id} {piece.nom}" if piece else ""


def retrouver_pieces(bailleurs: set[int], citations: set[str]) -> dict[tuple[int, str], int]:
    """Clé de chaque (bailleur, référence)."""
    empreintes = {citation.partition(" ")[0] for citation in citations}
    lignes = Piece.objects.filter(organisme__in=bailleurs, contenu__in=empreintes).order_by("-deposee_le", "-pk")
    return {
        (organisme, f"{empreinte} {nom}"): pk
        for pk, organisme, empreinte, nom in lignes.values_list("pk", "organisme_id", "contenu_id", "nom")
    }
