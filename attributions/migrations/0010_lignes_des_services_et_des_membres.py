"""Un service de l'État lit son sous-contingent ; un membre de la CALEOL, sa séance et rien d'autre (domaine.md § 6)."""

from __future__ import annotations

from django.db import migrations

from flux_reservations.socle.rls import POLITIQUES, definir, lignes_autorisees, proteger, relire

ICI = "(SELECT flux_organisme())"
MOI = "(SELECT flux_utilisateur())"
DU_BAILLEUR = (
    "EXISTS (SELECT 1 FROM attributions_liberation l WHERE l.id = attributions_orientation.liberation_id"
    f" AND l.bailleur_id = {ICI})"
)
DELEGUEES = f"id IN (SELECT flux_orientations_deleguees({ICI}))"
A_MA_DISPOSITION = f"(date_mise_a_disposition IS NOT NULL AND (reservataire_id = {ICI} OR {DELEGUEES}))"
A_MON_SERVICE = (
    f"(date_mise_a_disposition IS NOT NULL AND ((reservataire_id = {ICI} AND flux_sert(sous_contingent)) OR {DELEGUEES}))"
)
_JOINTES = "FROM attributions_orientation o JOIN attributions_liberation l ON l.id = o.liberation_id"
SIENNES = f"{_JOINTES} WHERE o.reservataire_id = flux_organisme() AND o.date_mise_a_disposition IS NOT NULL"
DU_SERVICE = f"{SIENNES} AND flux_sert(o.sous_contingent)"
CONFIEES = f"{_JOINTES} WHERE o.id IN (SELECT flux_orientations_deleguees(flux_organisme()))"
EXAMINEES = f"{_JOINTES} WHERE o.id IN (SELECT flux_orientations_du_membre())"
SON_STOCK = "SELECT s.logement_id FROM conventions_reservationstock s WHERE s.reservataire_id = flux_organisme()"
SEANCES = (
    "SELECT m.seance_id FROM attributions_membreseance m JOIN attributions_seance s ON s.id = m.seance_id"
    " JOIN acces_rattachement r ON r.id = m.rattachement_id AND r.organisme_id = s.bailleur_id"
    " WHERE flux_nature() = 'caleol' AND r.utilisateur_id = flux_utilisateur() AND r.role = 'membre' AND r.clos_le IS NULL"
    " AND (now() AT TIME ZONE 'Europe/Paris')::date <= s.date + m.jours_apres"
)
RECUES = (
    "SELECT e.piece_id FROM notifications_envoi e WHERE e.piece_id IS NOT NULL AND e.depose_le IS NOT NULL"
    " AND (e.destinataire_id = flux_organisme() OR (e.departement_id = flux_departement() AND e.genre IN"
    " ('information_prealable', 'transmission', 'information_debut_annee', 'bilan')))"
)
PROCES_VERBAUX = "SELECT s.proces_verbal_id FROM attributions_seance s WHERE s.id IN (SELECT flux_seances_du_membre())"
SEANCE_DU_BAILLEUR = (
    "EXISTS (SELECT 1 FROM attributions_seance s WHERE s.id = attributions_membreseance.seance_id"
    f" AND s.bailleur_id = {ICI})"
)
SEANCE_DE_L_INSCRIPTION = (
    f"EXISTS (SELECT 1 FROM attributions_seance s WHERE s.id = attributions_inscription.seance_id AND s.bailleur_id = {ICI})"
)
A_MOI = (
    "(seance_id IN (SELECT flux_seances_du_membre())"
    f" AND rattachement_id IN (SELECT r.id FROM acces_rattachement r WHERE r.utilisateur_id = {MOI}))"
)
DU_SOLDE = (
    "EXISTS (SELECT 1 FROM conventions_convention c WHERE c.id = attributions_soldeouverture.convention_id"
    f" AND (c.bailleur_id = {ICI} OR c.reservataire_id = {ICI}{{}}))"
)


def redefinir(apres: dict[str, str], avant: dict[str, str]) -> migrations.RunSQL:
    """Change le corps de fonctions qui rendent des clés."""

    def ecrire(fonctions: dict[str, str]) -> str:
        return "".join(
            f"CREATE OR REPLACE FUNCTION {lignes_autorisees(nom, corps)};" for nom, corps in fonctions.items()
        )

    return migrations.RunSQL(ecrire(apres), ecrire(avant))


def reposer(table: str) -> migrations.RunSQL:
    """Retire les politiques d'une table, pour les reposer."""
    ordres = "".join(f"DROP POLICY lignes_{nom} ON {table};" for nom in POLITIQUES)
    return migrations.RunSQL(ordres, migrations.RunSQL.noop)


class Migration(migrations.Migration):
    """Voir `flux_reservations/socle/rls.py`."""

    dependencies = [
        ("attributions", "0009_membres_des_seances"),
        ("socle", "0004_service_de_qui_lit"),
        ("pieces", "0002_lignes_des_pieces"),
        ("conventions", "0002_lignes_des_conventions"),
    ]

    operations = [
        definir(lignes_autorisees("flux_seances_du_membre", SEANCES)),
        definir(
            lignes_autorisees(
                "flux_orientations_du_membre",
                "SELECT i.orientation_id FROM attributions_inscription i WHERE i.seance_id IN (SELECT flux_seances_du_membre())",
            )
        ),
        redefinir(
            {
                "flux_liberations_du_reservataire": (
                    f"SELECT o.liberation_id {DU_SERVICE} UNION SELECT o.liberation_id {CONFIEES}"
                    f" UNION SELECT o.liberation_id {EXAMINEES}"
                ),
                "flux_logements_du_reservataire": (
                    f"SELECT l.logement_id {DU_SERVICE} UNION SELECT l.logement_id {CONFIEES}"
                    f" UNION SELECT l.logement_id {EXAMINEES} UNION {SON_STOCK}"
                ),
                "flux_pieces_recues": f"{RECUES} UNION {PROCES_VERBAUX}",
            },
            {
                "flux_liberations_du_reservataire": f"SELECT o.liberation_id {SIENNES} UNION SELECT o.liberation_id {CONFIEES}",
                "flux_logements_du_reservataire": (
                    f"SELECT l.logement_id {SIENNES} UNION SELECT l.logement_id {CONFIEES} UNION {SON_STOCK}"
                ),
                "flux_pieces_recues": RECUES,
            },
        ),
        reposer("attributions_orientation"),
        proteger(
            "attributions_orientation",
            lecture=f"{A_MON_SERVICE} OR {DU_BAILLEUR} OR id IN (SELECT flux_orientations_du_membre())",
            ecriture=f"{A_MON_SERVICE} OR {DU_BAILLEUR}",
            ajout=DU_BAILLEUR,
            retrait=DU_BAILLEUR,
        ),
        relire(
            "attributions_seance",
            lecture=f"bailleur_id = {ICI} OR id IN (SELECT flux_seances_du_membre())",
            avant=f"bailleur_id = {ICI}",
        ),
        reposer("attributions_inscription"),
        proteger(
            "attributions_inscription",
            lecture="EXISTS (SELECT 1 FROM attributions_seance s WHERE s.id = attributions_inscription.seance_id)",
            ecriture=SEANCE_DE_L_INSCRIPTION,
        ),
        relire(
            "attributions_soldeouverture",
            lecture=DU_SOLDE.format(" AND flux_sert(sous_contingent)"),
            avant=DU_SOLDE.format(""),
        ),
        proteger("attributions_membreseance", lecture=f"{A_MOI} OR {SEANCE_DU_BAILLEUR}", ecriture=SEANCE_DU_BAILLEUR),
    ]
