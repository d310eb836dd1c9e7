"""Rapprocher le tableur du bailleur : ses colonnes, ses libellés, puis chaque écart, sa cause et son remède."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django import forms
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from attributions.domaine.codes import COMPTE_BAILLEUR
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.views.champ import Champ, lire_champ
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.causes import Cause, expliquer
from flux_reservations.echanges.reprise.entetes import LIBELLES, cle_de_colonne, lettre_de
from flux_reservations.echanges.reprise.lecture import (
    Tableur,
    cle_de_libelle,
    comptes_connus,
    lire_notre_decompte,
    lire_tableur,
    resoudre_les_libelles,
)
from flux_reservations.echanges.reprise.libelles import CompteConnu, Proposition
from flux_reservations.echanges.reprise.rapprochement import (
    Ecart,
    LigneRapprochee,
    rapprocher,
    totaliser,
)
from flux_reservations.echanges.reprise.vues import ActeDeReprise
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.presentation import Pastille, compter, type_de_ton
from flux_reservations.socle.requete import Requete

TONS: Final[dict[Ecart, type_de_ton]] = {
    Ecart.AUTRE_COMPTE: "danger",
    Ecart.LIBELLE_INCONNU: "attention",
    Ecart.DOUBLON: "attention",
    Ecart.CHEZ_LUI_SEUL: "attention",
    Ecart.CHEZ_NOUS_SEUL: "attention",
    Ecart.IDENTIQUE: "succes",
}
LIGNES_MONTREES: Final = 300
ENTETES_DE_L_EXPORT: Final = [
    "ecart", "ligne", "liberation", "logement", "libelle", "compte_du_bailleur", "compte_de_l_application", "date", "cause", "remede",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rapprochee:
    """Un rapprochement prêt à montrer : le tableur, chaque ligne et sa cause, le compte de chaque libellé."""

    tableur: Tableur
    lignes: list[LigneRapprochee]
    causes: list[Cause | None]
    libelles: dict[tuple[str, str], Proposition]

    @property
    def a_confirmer(self) -> list[tuple[str, str]]:
        """Libellés dont le compte est inconnu, ou seulement ressemblant."""
        return [libelle for libelle, une in self.libelles.items() if not une.est_sure]


def lire_piece(request: Requete, pk: int) -> Piece:
    """Un tableur que l'acteur a déposé ; lève `Introuvable` sinon."""
    pieces = Piece.objects.visibles_par(request.acteur).filter(pk=pk, genre=actions.GENRE_DU_TABLEUR)
    piece: Piece | None = pieces.select_related("contenu").first()
    if piece is None:
        raise Introuvable
    return piece


def lire_le_tableur(piece: Piece, acteur: Acteur) -> Tableur:
    """Le tableur, avec ce que la personne a déjà dit de ses colonnes."""
    return lire_tableur(piece, actions.choix_retenus(acteur, actions.COLONNES))


def resoudre(tableur: Tableur, comptes: Sequence[CompteConnu], acteur: Acteur) -> dict[tuple[str, str], Proposition]:
    """Le compte de chaque libellé du tableur, avec ce que la personne en a déjà dit."""
    return resoudre_les_libelles(tableur.libelles, comptes, actions.choix_retenus(acteur, actions.LIBELLES))


def rapprocher_le_tableur(tableur: Tableur, calcul: CalculAnnuel, acteur: Acteur) -> Rapprochee:
    """Le tableur face à notre décompte."""
    libelles = resoudre(tableur, comptes_connus(calcul), acteur)
    lues = [replace(une, compte=libelles[une.libelle, une.sous_contingent].compte) for une in tableur.lignes]
    lignes = rapprocher(lues, lire_notre_decompte(calcul))
    return Rapprochee(tableur, lignes, expliquer(lignes, calcul, acteur), libelles)


class Rapprochement(ReserveeMixin):
    """Le décompte du bailleur face au nôtre, ligne à ligne ; `?export=csv` pour tout."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """La page, ou le fichier ; d'abord les colonnes, si elles ne sont pas comprises."""
        piece, champ = lire_piece(request, pk), lire_champ(request)
        tableur = lire_le_tableur(piece, champ.acteur)
        if not tableur.entetes.suffisent:
            return HttpResponseRedirect(f"{reverse('reprise_colonnes', args=[pk])}?{champ.parametres()}")
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        une = rapprocher_le_tableur(tableur, calcul, champ.acteur)
        if request.GET.get("export") == "csv":
            lignes = (_en_cellules(ligne, cause) for ligne, cause in zip(une.lignes, une.causes, strict=True))
            return repondre_csv(f"rapprochement-{champ.annee}", ENTETES_DE_L_EXPORT, lignes)
        return render(request, "echanges/rapprochement.html", _contexte(piece, champ, une))


def _contexte(piece: Piece, champ: Champ, une: Rapprochee) -> dict[str, Any]:
    ecarts = [
        (ligne, cause, Pastille(cause.genre, TONS[ligne.ecart]))
        for ligne, cause in zip(une.lignes, une.causes, strict=True)
        if cause is not None
    ]
    genres = Counter((cause.genre, cause.remede) for _, cause, _ in ecarts)
    return {
        "titre": f"Rapprochement du décompte {champ.annee}",
        "fil": [("Reprise", f"{reverse('reprise')}?{champ.parametres()}")],
        "champ": champ,
        "piece": piece,
        "totaux": totaliser(une.lignes),
        "identiques": len(une.lignes) - len(ecarts),
        "ecarts": ecarts[:LIGNES_MONTREES],
        "nombre_ecarts": len(ecarts),
        "genres": [(genre, nombre, remede) for (genre, remede), nombre in genres.most_common()],
        "tableur": une.tableur,
        "lues": len(une.tableur.lignes),
        "libelles": [
            (libelle, sous, une.libelles[libelle, sous], nombre)
            for (libelle, sous), nombre in une.tableur.libelles.items()
        ],
        "a_confirmer": len(une.a_confirmer),
    }


def _en_cellules(ligne: LigneRapprochee, cause: Cause | None) -> list[object]:
    lui, nous = ligne.lui, ligne.nous
    return [
        cause.genre if cause else "Identique",
        lui.numero if lui else "",
        (nous.liberation if nous else "") or (lui.liberation if lui else ""),
        (nous.logement if nous else "") or (lui.logement if lui else ""),
        lui.libelle if lui else "",
        lui.compte if lui else "",
        nous.compte if nous else "",
        nous.le if nous else "",
        cause.phrase if cause else "",
        cause.remede if cause else "",
    ]


class ActeDuTableur(ActeDeReprise):
    """Un acte sur un tableur déposé."""

    piece: Piece

    def preparer(self, **cles: Any) -> None:
        """Lit le champ et le tableur."""
        super().preparer()
        self.piece = lire_piece(self.request, cles["pk"])

    def retour(self) -> str:
        """Le rapprochement."""
        return f"{reverse('reprise_rapprochement', args=[self.piece.pk])}?{self.champ.parametres()}"

    def fil(self) -> list[tuple[str, str]]:
        """L'assistant, puis le rapprochement."""
        return [("Reprise", f"{reverse('reprise')}?{self.champ.parametres()}"), ("Rapprochement", self.retour())]


class DireLesColonnes(ActeDuTableur):
    """Dire ce que chaque colonne du tableur désigne ; c'est retenu pour la fois suivante."""

    titre, bouton = "Colonnes de votre tableur", "Retenir et rapprocher"
    gabarit = "echanges/depot_reprise.html"
    tableur: Tableur

    def preparer(self, **cles: Any) -> None:
        """Lit les en-têtes."""
        super().preparer(**cles)
        self.tableur = lire_le_tableur(self.piece, self.request.acteur)

    def avertissement(self) -> str:
        """Où les en-têtes ont été trouvés, et ce qu'il faut."""
        return (
            f"En-têtes lus à la ligne {self.tableur.entetes.ligne}. Dites au moins quelle colonne est le réservataire, et laquelle "
            "désigne la libération ou le logement ; les autres ne sont pas lues."
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Un choix par colonne, avec ses premières valeurs."""
        formulaire = forms.Form(donnees)
        proposes = {rang: role.value for role, rang in self.tableur.entetes.rangs.items()}
        for rang, intitule in enumerate(self.tableur.entetes.intitules):
            exemples = [
                ligne[rang].strip() for ligne in self.tableur.apercu if rang < len(ligne) and ligne[rang].strip()
            ]
            if not intitule and not exemples:
                continue
            formulaire.fields[f"colonne_{rang}"] = forms.ChoiceField(
                label=f"{lettre_de(rang)} : {intitule or 'sans intitulé'}",
                help_text=f"Par exemple : {' ; '.join(exemples[:3])}" if exemples else "",
                choices=[("-", "Ne pas lire"), *((role.value, libelle) for role, libelle in LIBELLES.items())],
                initial=proposes.get(rang, "-"),
            )
        return formulaire

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retient."""
        choix = {
            cle_de_colonne(intitule, rang): donnees[f"colonne_{rang}"]
            for rang, intitule in enumerate(self.tableur.entetes.intitules)
            if f"colonne_{rang}" in donnees
        }
        actions.retenir_les_choix(acteur=self.request.acteur, genre=actions.COLONNES, choix=choix)
        return "Colonnes retenues, pour ce tableur et les suivants."


class DireLesLibelles(ActeDuTableur):
    """Dire à quel compte va chaque libellé du tableur ; c'est retenu pour la fois suivante."""

    titre, bouton = "Libellés de votre tableur", "Retenir et rapprocher"
    gabarit = "echanges/depot_reprise.html"
    comptes: list[CompteConnu]
    nombres: dict[tuple[str, str], int]
    libelles: dict[tuple[str, str], Proposition]

    def preparer(self, **cles: Any) -> None:
        """Lit les libellés et les comptes de l'année ; rien n'est rapproché."""
        super().preparer(**cles)
        tableur = lire_le_tableur(self.piece, self.request.acteur)
        self.nombres = tableur.libelles
        self.comptes = comptes_connus(calculer_annee(self.champ.bailleur, self.champ.departement, self.champ.annee))
        self.libelles = resoudre(tableur, self.comptes, self.request.acteur)

    def avertissement(self) -> str:
        """Ce qu'on demande."""
        return "Chaque libellé de votre tableur est mis face à un compte de l'application. Confirmez, ou corrigez ce qui est proposé."

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Un choix par libellé ; ceux à confirmer d'abord."""
        formulaire = forms.Form(donnees)
        etats = sorted({un.reservataire for un in self.comptes if un.est_etat})
        choix = [
            ("", "Aucun compte connu"),
            *((un.code, f"{un.nom} ({un.code})") for un in self.comptes),
            *((code, f"État, sans dire le sous-contingent ({code})") for code in etats),
            (COMPTE_BAILLEUR, "Le bailleur, non réservé"),
        ]
        for rang, (libelle, sous) in self._dans_l_ordre():
            proposition = self.libelles[libelle, sous]
            formulaire.fields[f"libelle_{rang}"] = forms.ChoiceField(
                label=f"{libelle}{f', {sous}' if sous else ''} ({compter(self.nombres[libelle, sous], 'ligne')})",
                help_text=""
                if proposition.est_sure
                else "À confirmer."
                if proposition.compte
                else "Aucun compte ne lui ressemble.",
                choices=choix,
                initial=proposition.compte,
                required=False,
            )
        return formulaire

    def _dans_l_ordre(self) -> list[tuple[int, tuple[str, str]]]:
        return sorted(enumerate(self.libelles), key=lambda un: (self.libelles[un[1]].est_sure, un[0]))

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retient."""
        choix = {cle_de_libelle(*libelle): donnees[f"libelle_{rang}"] for rang, libelle in self._dans_l_ordre()}
        actions.retenir_les_choix(acteur=self.request.acteur, genre=actions.LIBELLES, choix=choix)
        return "Libellés retenus, pour ce tableur et les suivants."


class RetirerLeTableur(ActeDuTableur):
    """Retirer un tableur déposé."""

    titre, bouton = "Retirer ce tableur ?", "Retirer"
    ton = "danger"
    retire = False

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le rapprochement n'a rien changé dans vos comptes : seul le fichier part. Ce que vous avez dit de ses colonnes reste."

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le fichier."""
        return [("Tableur", self.piece.nom)]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        actions.retirer_le_tableur(acteur=self.request.acteur, piece_id=self.piece.pk)
        self.retire = True
        return "Tableur retiré."

    def retour(self) -> str:
        """L'assistant une fois retiré : le rapprochement n'existe plus."""
        return f"{reverse('reprise')}?{self.champ.parametres()}" if self.retire else super().retour()
