"""Trouver, dans un tableur fait à la main, la ligne d'en-tête et le rôle de chaque colonne : calcul pur.

Un tableur de bailleur a des titres au-dessus de ses en-têtes, des en-têtes sur deux lignes, des cellules fusionnées et des totaux en bas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from flux_reservations.commun.tri import cle_de_tri

LIGNES_D_EN_TETE: Final = 40
"""Les en-têtes sont cherchés dans les premières lignes."""
_LETTRES: Final = 26


class Role(StrEnum):
    """Ce qu'une colonne du tableur dit."""

    LIBERATION = "liberation"
    LOGEMENT = "logement"
    COMPTE = "compte"
    SOUS_CONTINGENT = "sous_contingent"
    DATE = "date"


LIBELLES: Final[Mapping[Role, str]] = {
    Role.LIBERATION: "Numéro de libération",
    Role.LOGEMENT: "Identifiant du logement",
    Role.COMPTE: "Réservataire, ou compte décompté",
    Role.SOUS_CONTINGENT: "Sous-contingent de l'État",
    Role.DATE: "Date du bail, ou du décompte",
}
NOMS: Final[Mapping[Role, frozenset[str]]] = {
    Role.LIBERATION: frozenset(
        {
            "liberation", "numero", "numero de liberation", "n liberation", "n de liberation", "numero liberation", "no liberation",
            "ref liberation", "reference liberation", "dossier", "n dossier", "n de dossier", "numero de dossier", "conge", "n conge",
        }
    ),
    Role.LOGEMENT: frozenset(
        {
            "logement", "identifiant", "code logement", "reference", "ref logement", "ref du logement", "numero logement", "n logement",
            "n du logement", "n de logement", "reference logement", "reference du logement", "identifiant logement", "id logement", "ug",
            "code ug", "n ug", "unite de gestion", "module", "n module", "code module", "lot", "n lot", "code lot", "ref",
        }
    ),
    Role.COMPTE: frozenset(
        {
            "compte", "reservataire", "contingent", "code reservataire", "decompte a", "decompte sur", "decompte au titre de", "impute a",
            "impute sur", "imputation", "contingent d imputation", "reservataire impute", "au titre de", "filiere", "reservation",
            "titulaire", "attributaire du droit", "contingent reservataire", "reservataire contingent", "decompte",
        }
    ),
    Role.SOUS_CONTINGENT: frozenset(
        {"sous contingent", "sous contingent etat", "contingent de l etat", "public etat", "categorie etat", "sous compte"}
    ),
    Role.DATE: frozenset(
        {
            "date", "date du bail", "date bail", "bail", "signature du bail", "date signature bail", "date de signature du bail",
            "date de signature", "date d entree", "date entree", "entree dans les lieux", "date edl", "date effet bail", "bail signe le",
            "date d effet du bail", "signe le", "date de decompte", "date d imputation", "date de mise en location",
        }
    ),
}  # fmt: skip
"""En-têtes reconnus, sous leur clé de tri."""


@dataclass(frozen=True, slots=True)
class EnTetes:
    """Où sont les en-têtes : la dernière ligne qu'ils occupent, l'intitulé de chaque colonne, le rang de chaque rôle."""

    ligne: int
    intitules: tuple[str, ...]
    rangs: Mapping[Role, int] = field(default_factory=dict)

    @property
    def suffisent(self) -> bool:
        """Vrai si l'on sait à quoi se rapporte chaque ligne, et à quel compte elle va."""
        return Role.COMPTE in self.rangs and bool(self.rangs.keys() & {Role.LIBERATION, Role.LOGEMENT})


def lettre_de(rang: int) -> str:
    """Le nom d'une colonne dans un tableur : 0 → A, 26 → AA."""
    lettre = chr(ord("A") + rang % _LETTRES)
    return lettre if rang < _LETTRES else lettre_de(rang // _LETTRES - 1) + lettre


def cle_de_colonne(intitule: str, rang: int) -> str:
    """Ce qui désigne une colonne d'une fois sur l'autre : son intitulé, à défaut sa lettre."""
    return cle_de_tri(intitule)[:200] or f"colonne {lettre_de(rang).lower()}"


def trouver_les_entetes(lignes: Sequence[Sequence[str]], choisis: Mapping[str, str]) -> EnTetes:
    """Les en-têtes des premières lignes : une ligne, ou deux superposées, celle qui dit le plus de rôles ; la première à égalité.

    `choisis` : le rôle qu'une personne a donné à une colonne (`-` : aucun) ; il l'emporte sur ce que l'on reconnaît.
    """
    meilleurs, note = EnTetes(0, ()), (False, 0, False)
    for rang in range(min(len(lignes), LIGNES_D_EN_TETE)):
        for hauteur in (1, 2):
            superposees = lignes[rang : rang + hauteur]
            trouves = _lire_les_entetes(superposees, rang + hauteur, choisis)
            sont_deux = hauteur > 1 and all(map(_a_un_role, superposees))
            if (sienne := (trouves.suffisent, len(trouves.rangs), sont_deux)) > note:
                meilleurs, note = trouves, sienne
    if meilleurs.rangs:
        return meilleurs
    # Rien de reconnu : la première ligne remplie sur plusieurs colonnes est montrée comme en-tête, à la personne de dire.
    for rang, ligne in enumerate(lignes[:LIGNES_D_EN_TETE]):
        if sum(bool(cellule.strip()) for cellule in ligne) > 1:
            return EnTetes(rang + 1, tuple(cellule.strip() for cellule in ligne))
    return meilleurs


def _lire_les_entetes(lignes: Sequence[Sequence[str]], ligne: int, choisis: Mapping[str, str]) -> EnTetes:
    largeur = max(map(len, lignes))
    colonnes = [[une[rang].strip() if rang < len(une) else "" for une in lignes] for rang in range(largeur)]
    intitules = tuple(" ".join(dict.fromkeys(filter(None, colonne))) for colonne in colonnes)
    rangs: dict[Role, int] = {}
    for rang, (colonne, intitule) in enumerate(zip(colonnes, intitules, strict=True)):
        role = choisis.get(cle_de_colonne(intitule, rang))
        if role in set(Role):
            rangs[Role(role)] = rang
        elif role is None and (reconnu := _reconnaitre([intitule, *reversed(colonne)])):
            rangs.setdefault(reconnu, rang)
    return EnTetes(ligne, intitules, rangs)


def _a_un_role(ligne: Sequence[str]) -> bool:
    """Vrai si une cellule de la ligne est un en-tête connu."""
    return any(_reconnaitre([cellule]) for cellule in ligne)


def _reconnaitre(textes: Sequence[str]) -> Role | None:
    for texte in textes:
        cle = cle_de_tri(texte)
        for role, connus in NOMS.items():
            if cle in connus:
                return role
    return None
