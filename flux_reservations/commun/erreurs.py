"""La racine des erreurs métier : un code stable pour les machines, un message français qui dit le remède."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ErreurMetier(Exception):
    """Demande refusée par une règle.

    `code` est stable (API, tests) ; `message` se lit tel quel à l'écran : ce qui s'est passé, pourquoi, que faire. `regle` est
    le numéro de la règle qui refuse (`RG-nn`), s'il y en a une ; `champ` celui du formulaire ou de la colonne en cause.
    """

    def __init__(self, code: str, message: str, *, regle: str = "", champ: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.regle = regle
        self.champ = champ


class AccesRefuse(ErreurMetier):
    """Le rôle de l'acteur ne permet pas cet acte (403)."""

    def __init__(
        self, message: str = "Votre rôle ne permet pas cet acte ; demandez-le au responsable de votre organisme."
    ) -> None:
        super().__init__("acces_refuse", message)


class Introuvable(ErreurMetier):
    """La ligne n'existe pas, ou l'acteur n'a pas à savoir qu'elle existe (404)."""

    def __init__(self, message: str = "Introuvable, ou hors de ce que vous pouvez voir.") -> None:
        super().__init__("introuvable", message)


class Conflit(ErreurMetier):
    """L'état a changé depuis la lecture (409) : relire, puis recommencer."""

    def __init__(self, message: str, *, regle: str = "") -> None:
        super().__init__("conflit", message, regle=regle)


class SaisieRefusee(ErreurMetier):
    """Plusieurs champs d'une saisie sont refusés : `champs` donne, pour chacun, ses messages (clé vide : la saisie entière)."""

    def __init__(self, message: str, champs: Mapping[str, Sequence[str]]) -> None:
        super().__init__("saisie_refusee", message)
        self.champs = {nom: list(messages) for nom, messages in champs.items()}
