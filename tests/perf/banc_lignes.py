"""Banc des lignes du bilan : 12 000 logements, 1 200 libérations par an, face à la meilleure requête SQL écrite à la main (issue 10).

`manage.py base_temporaire -- python tests/perf/banc_lignes.py`, base vide. Les deux chemins partent des tables et rendent les mêmes
lignes (vérifié, à l'unité) : proposés et attribués par compte, commune, QPV, typologie, financement et période (RG-60). Au plus 2 fois.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")

LOGEMENTS, PAR_AN, ANNEE, TOURS, PLAFOND = 12_000, 1_200, 2025, 9, 2.0
REQUETE = """
WITH versions AS MATERIALIZED (
  SELECT c.id, c.reservataire_id, c.gestion, c.premieres_locations, lower(c.periode_vigueur) AS debut,
         COALESCE(upper(c.periode_vigueur) - 1, 'infinity'::date) AS fin
  FROM conventions_convention c
  WHERE c.bailleur_id = %(bailleur)s AND c.departement_id = %(departement)s AND c.etat = 'signee' AND NOT isempty(c.periode_vigueur)),
couvre AS MATERIALIZED (
  SELECT DISTINCT d.convention_id, tc.commune_id FROM conventions_droit d JOIN versions v ON v.id = d.convention_id
  JOIN LATERAL (
    SELECT territoire_id FROM conventions_droit_assiette a WHERE a.droit_id = d.id UNION ALL
    SELECT p.territoire_id FROM conventions_droit_perimetre p
    WHERE p.droit_id = d.id AND NOT EXISTS (SELECT 1 FROM conventions_droit_assiette a WHERE a.droit_id = d.id)) z ON true
  JOIN territoires_territoirecommune tc ON tc.territoire_id = z.territoire_id
  WHERE v.premieres_locations = 'dans_le_flux'),
maintenus AS MATERIALIZED (
  SELECT rs.logement_id, COALESCE(rs.date_debut, '-infinity') AS du, COALESCE(rs.date_fin, 'infinity') AS au
  FROM conventions_reservationstock rs JOIN conventions_reservataire r ON r.organisme_ptr_id = rs.reservataire_id
  WHERE rs.nature = 'suite' AND r.type = ANY(%(maintenus)s)),
lues AS MATERIALIZED (
  SELECT l.id, l.logement_id, l.date_bail, l.date_disponibilite, l.nature, g.commune_id, g.typologie, g.financement,
         COALESCE(l.date_bail, l.date_disponibilite) AS jour,
         CASE WHEN g.annee_construction IS NULL THEN '' ELSE
           (%(periodes)s::text[])[width_bucket(g.annee_construction, %(debuts)s::int[]) + 1] END AS construction
  FROM attributions_liberation l JOIN conventions_logement g ON g.id = l.logement_id
  JOIN territoires_commune c ON c.code = g.commune_id AND c.departement_id = %(departement)s
  WHERE l.bailleur_id = %(bailleur)s AND l.retrait = '' AND l.exclusion = '' AND (
    l.date_bail BETWEEN %(debut)s AND %(fin)s OR EXISTS (
      SELECT 1 FROM attributions_orientation o WHERE o.liberation_id = l.id
        AND (o.date_mise_a_disposition BETWEEN %(debut)s AND %(fin)s OR o.date_orientation BETWEEN %(debut)s AND %(fin)s)))),
flux AS MATERIALIZED (
  SELECT l.* FROM lues l
  LEFT JOIN LATERAL (
    SELECT hors_champ FROM conventions_situationlogement s WHERE s.logement_id = l.logement_id
    ORDER BY s.periode @> l.jour DESC, COALESCE(lower(s.periode), '-infinity') <= l.jour DESC,
             CASE WHEN lower(s.periode) <= l.jour THEN lower(s.periode) END DESC NULLS LAST, lower(s.periode) LIMIT 1) s ON true
  WHERE COALESCE(s.hors_champ, '') = ''
    AND NOT EXISTS (SELECT 1 FROM maintenus m WHERE m.logement_id = l.logement_id AND l.date_disponibilite BETWEEN m.du AND m.au)
    AND (l.nature <> 'premiere_location' OR EXISTS (
      SELECT 1 FROM versions v JOIN couvre k ON k.convention_id = v.id
      WHERE l.jour BETWEEN v.debut AND v.fin AND k.commune_id = l.commune_id))),
orientees AS MATERIALIZED (
  SELECT f.id, f.date_bail, o.rang, o.issue, o.public, o.sous_contingent, o.reservataire_id IS NULL AS au_bailleur,
         COALESCE(v.gestion, 'directe') = 'deleguee' AS deleguee, o.date_orientation, o.date_mise_a_disposition,
         CASE WHEN o.reservataire_id IS NULL THEN 'BAILLEUR' WHEN r.type = 'etat'
           THEN g.code || '/' || COALESCE(NULLIF(o.sous_contingent, ''), 'prioritaires') ELSE g.code END AS compte,
         row_number() OVER (PARTITION BY f.id ORDER BY o.issue = 'bail' DESC, o.issue = 'en_cours' DESC, o.rang DESC) AS ordre,
         row_number() OVER (PARTITION BY f.id ORDER BY o.rang DESC) AS depuis_la_fin
  FROM flux f JOIN attributions_orientation o ON o.liberation_id = f.id
  LEFT JOIN conventions_reservataire r ON r.organisme_ptr_id = o.reservataire_id
  LEFT JOIN conventions_reservataire g ON g.organisme_ptr_id = o.reservataire_id
  LEFT JOIN LATERAL (
    SELECT gestion FROM versions v WHERE v.reservataire_id = o.reservataire_id
    ORDER BY v.debut <= o.date_orientation DESC, CASE WHEN v.debut <= o.date_orientation THEN v.debut END DESC, v.debut LIMIT 1
  ) v ON true),
propositions AS (
  SELECT DISTINCT ON (id, compte) id, compte,
         CASE WHEN au_bailleur OR deleguee THEN date_orientation ELSE date_mise_a_disposition END AS le
  FROM orientees
  WHERE CASE WHEN au_bailleur OR deleguee THEN date_orientation ELSE date_mise_a_disposition END BETWEEN %(debut)s AND %(fin)s
    AND NOT (issue = 'retire' AND (au_bailleur OR deleguee))
  ORDER BY id, compte, rang),
baux AS (
  SELECT id, date_bail AS le, CASE WHEN issue IN ('bail', 'en_cours') AND NOT (deleguee AND public <> '' AND (
      (sous_contingent IN ('prioritaires', 'repli') AND public NOT IN ('dalo', 'prioritaire'))
      OR (sous_contingent = 'agents' AND public <> 'agent'))) THEN compte ELSE 'BAILLEUR' END AS compte
  FROM orientees o
  WHERE date_bail BETWEEN %(debut)s AND %(fin)s AND ordre = 1 AND (issue IN ('bail', 'en_cours') OR EXISTS (
    SELECT 1 FROM orientees d WHERE d.id = o.id AND d.depuis_la_fin = 1 AND d.issue = 'carence'))),
faits AS (SELECT id, compte, le, 1 AS propose, 0 AS attribue FROM propositions UNION ALL SELECT id, compte, le, 0, 1 FROM baux)
SELECT x.compte, f.commune_id, COALESCE(s.qpv, '') <> '', f.typologie, f.financement, f.construction, sum(x.propose), sum(x.attribue)
FROM faits x JOIN flux f ON f.id = x.id
LEFT JOIN LATERAL (
  SELECT qpv FROM conventions_situationlogement s WHERE s.logement_id = f.logement_id
  ORDER BY s.periode @> x.le DESC, COALESCE(lower(s.periode), '-infinity') <= x.le DESC,
           CASE WHEN lower(s.periode) <= x.le THEN lower(s.periode) END DESC NULLS LAST, lower(s.periode) LIMIT 1) s ON true
GROUP BY 1, 2, 3, 4, 5, 6
"""


def parametres(bailleur: int) -> dict[str, Any]:
    """Ce que la requête lit."""
    from conventions.domaine.codes import STOCK_MAINTENU
    from flux_reservations.droit.assiette import DEBUTS_DE_PERIODE_DE_CONSTRUCTION, periode_de_construction

    fin = date(ANNEE, 12, 31)
    debuts = DEBUTS_DE_PERIODE_DE_CONSTRUCTION.valeur(fin)
    return {
        "bailleur": bailleur,
        "departement": "94",
        "debut": date(ANNEE, 1, 1),
        "fin": fin,
        "maintenus": [type_.value for type_ in STOCK_MAINTENU],
        "debuts": list(debuts),
        "periodes": [periode_de_construction(annee, fin) for annee in (debuts[0] - 1, *debuts)],
    }


def lire_en_sql(bailleur: int) -> list[tuple[Any, ...]]:
    """Les lignes, en une requête ; sans compilation à la volée, qui coûterait plus qu'elle ne rend."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("SET LOCAL jit = off")
        curseur.execute(REQUETE, parametres(bailleur))
        return sorted(curseur.fetchall())


def calculer_les_lignes(bailleur: Any) -> list[tuple[Any, ...]]:
    """Les lignes, des tables à elles, par le domaine : chargement, qualification, croisement ; ni droits, ni stock, ni reports."""
    from bilans.chargement import charger_liberations
    from bilans.domaine.faits import FaitsFlux
    from bilans.domaine.lignes import calculer_lignes
    from bilans.domaine.qualification import qualifier_les_liberations
    from conventions.chargement import charger_conventions, charger_reservataires, etat_du_departement

    chargees = charger_conventions(bailleur.pk, "94")
    liberations = charger_liberations(bailleur.pk, "94", ANNEE, chargees.conventions)
    parties = {version.reservataire.identifiant for version in chargees.conventions.versions}
    parties |= {
        orientation.reservataire
        for liberation in liberations
        for orientation in liberation.orientations
        if orientation.reservataire is not None
    }
    reservataires = charger_reservataires(parties, chargees.zones, "94")
    etat = etat_du_departement(chargees.conventions, reservataires)
    faits = FaitsFlux(bailleur.siren, "94", ANNEE, chargees.conventions, liberations, reservataires, etat)
    return [
        (*ligne.croisement, ligne.proposes, ligne.attribues)
        for ligne in calculer_lignes(faits, qualifier_les_liberations(faits))
    ]


def mesurer(*travaux: Callable[[], object]) -> list[float]:
    """Meilleur temps de chacun, en ms, à tour de rôle : une machine partagée ne fausse pas le rapport."""
    from tests.perf.banc_pdf import chronometrer

    return [duree * 1000 for duree in chronometrer(*travaux, tours=TOURS, mur=True)]


def main() -> int:
    """Crée le jeu, vérifie l'égalité, mesure ; 0 si le rapport tient."""
    django.setup()
    from django.db import connection

    from bilans.calcul import calculer_annee
    from conventions.models import Bailleur
    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.jeu_aleatoire import JeuAleatoire

    if Bailleur.objects.exists():
        sys.exit("Le banc veut une base vide : manage.py base_temporaire -- python tests/perf/banc_lignes.py")
    bailleur = JeuAleatoire(1, logements=LOGEMENTS, par_an=PAR_AN).bailleur
    with en_proprietaire(connection), connection.cursor() as curseur:
        curseur.execute("ANALYZE")
    en_sql, calculees = lire_en_sql(bailleur.pk), calculer_les_lignes(bailleur)
    if en_sql != calculees:
        ecarts = sorted(set(en_sql) ^ set(calculees))
        sys.stdout.write(f"Les deux chemins diffèrent sur {len(ecarts)} lignes, dont {ecarts[:6]}\n")
        return 1
    entier = calculer_annee(bailleur, "94", ANNEE)
    if [(*ligne.croisement, ligne.proposes, ligne.attribues) for ligne in entier.lignes()] != en_sql:
        sys.stdout.write("Le calcul complet ne rend pas les mêmes lignes.\n")
        return 1
    sql, lignes, pur, complet = mesurer(
        lambda: lire_en_sql(bailleur.pk),
        lambda: calculer_les_lignes(bailleur),
        entier.lignes,
        lambda: calculer_annee(bailleur, "94", ANNEE).lignes(),
    )
    sys.stdout.write(
        f"{LOGEMENTS} logements, {PAR_AN} libérations par an : {len(en_sql)} lignes, les mêmes par les trois chemins.\n"
        f"Requête SQL écrite à la main : {sql:.0f} ms. Des tables aux lignes, par le domaine : {lignes:.0f} ms, "
        f"{lignes / sql:.2f} fois (au plus {PLAFOND:.0f}). Lignes seules, l'année déjà chargée : {pur:.0f} ms, {pur / sql:.2f} fois. "
        f"L'année entière (droits, décompte, soldes, contrôles, repli) et ses lignes : {complet:.0f} ms.\n"
    )
    return 0 if lignes <= PLAFOND * sql else 1


if __name__ == "__main__":
    sys.exit(main())
