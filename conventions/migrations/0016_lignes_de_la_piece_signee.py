"""La pièce signée se lit avec sa convention, comme les pièces ajoutées : un signataire ouvre l'acte qu'il a signé."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import lignes_autorisees

NOM = "flux_pieces_ajoutees"
LUES = (
    "((c.etat <> 'brouillon' AND (c.reservataire_id = flux_organisme() OR c.delegataire_id = flux_organisme()))"
    " OR c.id IN (SELECT flux_conventions_transmises()))"
)
AJOUTEES = (
    "SELECT p.piece_id FROM conventions_complement p JOIN conventions_convention c ON c.id = p.convention_id"
    f" WHERE p.retiree_le IS NULL AND {LUES}"
)
SIGNEES = f"SELECT c.piece_signee_id FROM conventions_convention c WHERE c.piece_signee_id IS NOT NULL AND {LUES}"


def corps(requete: str) -> str:
    """La fonction que lit la politique des pièces."""
    return f"CREATE OR REPLACE FUNCTION {lignes_autorisees(NOM, requete)};"


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [("conventions", "0015_lignes_des_pieces_ajoutees")]

    operations = [migrations.RunSQL(corps(f"{AJOUTEES} UNION {SIGNEES}"), corps(AJOUTEES))]
