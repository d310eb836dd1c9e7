"""`verifier_donnees` : les comptes, les bilans publiés et les empreintes se recoupent-ils (formats.md § 2)."""

from __future__ import annotations

from typing import Any

from bilans.recoupement import annees_a_verifier, verifier_annee, verifier_bilans, verifier_journaux, verifier_pieces
from flux_reservations.commun.arrondis import accorder
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.commande import CommandeMetier


class Command(CommandeMetier):
    """Recalcule tout par un second chemin et compare ; sortie 1 à la première divergence."""

    help = "Recalcule chaque année par un second chemin (SQL), et vérifie bilans publiés, pièces et journal."

    def executer(self, **options: Any) -> dict[str, Any]:
        """Ce qui a été vérifié ; lève `ErreurMetier` si quelque chose ne se recoupe pas."""
        annees = annees_a_verifier()
        divergences = [
            divergence
            for bailleur, departement, annee in annees
            for divergence in verifier_annee(bailleur, departement, annee)
        ]
        divergences += [*verifier_bilans(), *verifier_pieces(), *verifier_journaux()]
        if divergences:
            lignes = [f"{un.objet} — {un.mesure} : {un.attendu} ≠ {un.trouve}" for un in divergences]
            raise ErreurMetier("donnees_divergentes", "Des données ne se recoupent pas :\n" + "\n".join(lignes))
        return {"annees": len(annees), "divergences": []}

    def presenter(self, resultat: Any) -> None:
        """Une phrase."""
        self.stdout.write(
            f"Tout se recoupe : {accorder(resultat['annees'], 'année recalculée', 'années recalculées')} par deux chemins, bilans publiés, "
            "pièces et journal intacts."
        )
