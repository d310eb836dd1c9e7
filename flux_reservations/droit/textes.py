"""Les sources du droit : chaque paramètre et chaque règle cite l'une d'elles. Aucun texte n'est recopié."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Source:
    """Un texte, une note ou une pratique : `article` se lit à l'écran, `depuis` est son entrée en vigueur si elle est connue."""

    article: str
    titre: str
    depuis: date | None = None

    def __str__(self) -> str:
        return f"{self.article}, {self.titre}" if self.article else self.titre


_CCH = "code de la construction et de l'habitation"

L_441_1 = Source("L441-1", _CCH)
R_441_3 = Source("R441-3", _CCH)
R_441_5 = Source("R441-5", _CCH)
R_441_5_ANTERIEUR = Source("R441-5, rédaction antérieure au 22/02/2020", _CCH + " (réservations en stock)")
R_441_5_1 = Source("R441-5-1", _CCH)
R_441_5_2 = Source("R441-5-2", _CCH)
R_441_5_3 = Source("R441-5-3", _CCH)
R_441_5_4 = Source("R441-5-4", _CCH)
R_441_10 = Source("R441-10", _CCH)
R_441_6 = Source("R441-6", _CCH)
DECRET_2020_145 = Source("décret 2020-145 du 20/02/2020", "gestion en flux des réservations", date(2020, 2, 22))
LOI_ELAN = Source("loi 2018-1021 du 23/11/2018, art. 114", "loi ELAN", date(2018, 11, 25))
LOI_3DS = Source("loi 2022-217 du 21/02/2022", "loi 3DS", date(2022, 2, 23))
INSTRUCTION_2022 = Source("instruction du 28/03/2022", "cotation de la demande et gestion en flux", date(2022, 3, 28))
ARRETE_RPLS = Source(
    "arrêté du 05/01/2010", "répertoire des logements locatifs des bailleurs sociaux", date(2010, 1, 5)
)
ARRETE_2011 = Source("arrêté du 10/03/2011", "réservations au profit des agents de l'État", date(2011, 3, 10))
NOTE_MINISTERE = Source("note du ministère", "La gestion en flux des réservations de logements")
FAQ_DRIHL = Source("foire aux questions DRIHL/AORIF", "la gestion en flux en Île-de-France")
CODE_PROCEDURE_CIVILE_642 = Source("art. 642", "code de procédure civile")
RGPD = Source("règlement (UE) 2016/679", "protection des données personnelles", date(2018, 5, 25))
CHOIX_DU_PROJET = Source("", "choix de gestion du projet (README)")
PRATIQUE = Source("", "pratique constante, paramètre de convention")
