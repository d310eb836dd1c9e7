"""Le second chemin : A, B, C, droits, reports, décompte et repli recalculés en SQL, sans le domaine Python (contrôle croisé).

Il ne partage avec le premier que les tables et le calendrier des jours fériés. Une seule requête par (bailleur, département, année),
chaque sous-table calculée une fois ; c'est aussi, dans `make banc`, la mesure de référence « écrite à la main ».
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from conventions.domaine.codes import STOCK_MAINTENU
from flux_reservations.commun.calendrier import jours_feries
from flux_reservations.droit.conversion import ECHEANCE_DES_CONVENTIONS, PROROGATION_DES_GARANTIES, debut_du_repli
from flux_reservations.droit.delais import DELAI_DE_PRESENTATION

REQUETE = """
WITH communes AS MATERIALIZED (SELECT code FROM territoires_commune WHERE departement_id = %(departement)s),
versions AS MATERIALIZED (
  SELECT c.*, COALESCE(c.origine_id, c.id) AS chaine, lower(c.periode_vigueur) AS debut,
         COALESCE(upper(c.periode_vigueur) - 1, 'infinity'::date) AS fin, r.type
  FROM conventions_convention c JOIN conventions_reservataire r ON r.organisme_ptr_id = c.reservataire_id
  WHERE c.bailleur_id = %(bailleur)s AND c.departement_id = %(departement)s AND c.etat = 'signee'
    AND NOT isempty(c.periode_vigueur)),
lignes AS MATERIALIZED (
  SELECT d.id, d.taux, v.chaine, v.premieres_locations, v.debut, LEAST(v.fin, CASE
      WHEN d.contrepartie = 'garantie_emprunt'
      THEN (d.dernier_versement + make_interval(years => %(prorogation)s))::date END) AS fin,
    CASE WHEN v.type = 'etat' THEN COALESCE(NULLIF(d.sous_contingent, ''), 'prioritaires') ELSE '' END AS sous
  FROM conventions_droit d JOIN versions v ON v.id = d.convention_id),
couvre AS MATERIALIZED (
  SELECT DISTINCT z.droit_id, tc.commune_id FROM (
    SELECT droit_id, territoire_id FROM conventions_droit_assiette UNION ALL
    SELECT p.droit_id, p.territoire_id FROM conventions_droit_perimetre p
    WHERE NOT EXISTS (SELECT 1 FROM conventions_droit_assiette a WHERE a.droit_id = p.droit_id)) z
  JOIN lignes d ON d.id = z.droit_id
  JOIN territoires_territoirecommune tc ON tc.territoire_id = z.territoire_id
  WHERE tc.commune_id = ANY(ARRAY(SELECT code FROM communes))),
maintenus AS MATERIALIZED (
  SELECT rs.logement_id, COALESCE(rs.date_debut, '-infinity') AS du, COALESCE(rs.date_fin, 'infinity') AS au
  FROM conventions_reservationstock rs JOIN conventions_reservataire r ON r.organisme_ptr_id = rs.reservataire_id
  JOIN conventions_logement g ON g.id = rs.logement_id
  WHERE g.bailleur_id = %(bailleur)s AND rs.nature = 'suite' AND r.type = ANY(%(maintenus)s)),
lues AS MATERIALIZED (
  SELECT l.id, l.logement_id, l.date_bail, l.date_disponibilite, l.nature, l.exclusion, g.commune_id,
         COALESCE(l.date_bail, l.date_disponibilite) AS jour
  FROM attributions_liberation l JOIN conventions_logement g ON g.id = l.logement_id
  WHERE l.bailleur_id = %(bailleur)s AND l.retrait = '' AND g.commune_id = ANY(ARRAY(SELECT code FROM communes))
    AND (l.date_bail BETWEEN %(debut)s AND %(fin)s OR EXISTS (
      SELECT 1 FROM attributions_orientation o WHERE o.liberation_id = l.id
        AND LEAST(o.date_orientation, o.date_mise_a_disposition, o.date_proposition, o.date_caleol) <= %(fin)s
        AND GREATEST(o.date_orientation, o.date_mise_a_disposition, o.date_limite_prolongee, o.date_proposition, o.date_caleol)
            >= %(debut)s - (SELECT 2 * GREATEST(%(delai)s, max(delai_presentation_jours)) + 15 FROM versions)))),
situees AS (
  SELECT l.*, s.hors_champ FROM lues l
  LEFT JOIN LATERAL (
    SELECT hors_champ FROM conventions_situationlogement s WHERE s.logement_id = l.logement_id
    ORDER BY s.periode @> l.jour DESC, COALESCE(lower(s.periode), '-infinity') <= l.jour DESC,
             CASE WHEN lower(s.periode) <= l.jour THEN lower(s.periode) END DESC NULLS LAST, lower(s.periode) LIMIT 1) s ON true),
qualifiees AS MATERIALIZED (
  SELECT l.*, CASE
      WHEN hors_champ <> '' THEN 'hors_champ'
      WHEN EXISTS (SELECT 1 FROM maintenus m WHERE m.logement_id = l.logement_id AND l.date_disponibilite BETWEEN m.du AND m.au)
      THEN 'maintenu'
      WHEN nature = 'premiere_location' AND NOT EXISTS (
        SELECT 1 FROM lignes d JOIN couvre k ON k.droit_id = d.id
        WHERE d.premieres_locations = 'dans_le_flux' AND l.jour BETWEEN d.debut AND d.fin AND k.commune_id = l.commune_id) THEN 'premiere'
      WHEN exclusion <> '' THEN exclusion ELSE 'flux' END AS categorie
  FROM situees l),
loues AS MATERIALIZED (
  SELECT commune_id, date_bail, nature = 'premiere_location' AS est_neuf, count(*) AS nombre
  FROM qualifiees WHERE categorie = 'flux' AND date_bail BETWEEN %(debut)s AND %(fin)s GROUP BY 1, 2, 3),
droits AS (
  SELECT d.chaine, d.sous, sum(d.taux * q.nombre) / 100 AS droit
  FROM lignes d JOIN couvre k ON k.droit_id = d.id JOIN loues q ON q.commune_id = k.commune_id
  WHERE q.date_bail BETWEEN d.debut AND d.fin AND (NOT q.est_neuf OR d.premieres_locations = 'dans_le_flux')
  GROUP BY 1, 2),
orientees AS (
  SELECT q.id AS liberation, q.date_bail, q.nature, o.*, r.type, v.chaine, v.premieres_locations,
         COALESCE(v.gestion, 'directe') AS gestion, COALESCE(v.fait_generateur, 'bail') AS fait,
         COALESCE(v.carence_decomptee, true) AS carence_comptee, v.delai_presentation_jours AS delai,
         COALESCE(v.delai_unite, 'calendaires') AS unite,
         COALESCE(o.date_mise_a_disposition, o.date_orientation) AS depart,
         q.date_bail IS NOT NULL AND o.issue IN ('bail', 'en_cours') AND row_number() OVER (
           PARTITION BY q.id ORDER BY o.issue = 'bail' DESC, o.issue = 'en_cours' DESC, o.rang DESC) = 1 AS produit
  FROM qualifiees q JOIN attributions_orientation o ON o.liberation_id = q.id
  LEFT JOIN conventions_reservataire r ON r.organisme_ptr_id = o.reservataire_id
  LEFT JOIN LATERAL (
    SELECT * FROM versions v WHERE v.reservataire_id = o.reservataire_id
    ORDER BY v.debut <= o.date_orientation DESC, CASE WHEN v.debut <= o.date_orientation THEN v.debut END DESC, v.debut LIMIT 1
  ) v ON true
  WHERE q.categorie = 'flux'),
limites AS (
  SELECT *, CASE
      WHEN date_limite_prolongee IS NOT NULL THEN date_limite_prolongee
      WHEN issue <> 'carence' THEN NULL
      WHEN delai IS NULL THEN depart + %(delai)s
      WHEN unite = 'calendaires' THEN depart + delai
      WHEN delai = 0 THEN depart
      ELSE (SELECT j::date FROM generate_series(depart + 1, depart + 2 * delai + 15, interval '1 day') j
            WHERE extract(isodow FROM j) < 6 AND j::date <> ALL(%(feries)s) ORDER BY j OFFSET delai - 1 LIMIT 1) END AS limite,
    CASE fait WHEN 'mise_a_disposition' THEN date_mise_a_disposition WHEN 'proposition' THEN date_proposition
      WHEN 'attribution' THEN CASE WHEN decision IN ('attribution', 'rang', 'condition') THEN date_caleol END
      ELSE CASE WHEN produit THEN date_bail END END AS atteint
  FROM orientees),
imputees AS (
  SELECT *, reservataire_id IS NULL OR (produit AND gestion = 'deleguee' AND public <> '' AND (
      (sous_contingent IN ('prioritaires', 'repli') AND public NOT IN ('dalo', 'prioritaire'))
      OR (sous_contingent = 'agents' AND public <> 'agent'))) AS au_bailleur
  FROM limites),
datees AS (
  SELECT *, CASE
      WHEN au_bailleur THEN CASE WHEN produit THEN date_bail END
      WHEN issue = 'carence' THEN CASE WHEN gestion = 'directe' AND carence_comptee THEN
        CASE WHEN atteint <= limite THEN atteint ELSE limite END END
      WHEN issue IN ('rendu', 'retire') THEN NULL
      ELSE COALESCE(atteint, CASE WHEN produit THEN date_bail END) END AS le
  FROM imputees),
premieres AS MATERIALIZED (
  SELECT DISTINCT ON (liberation) liberation, le, nature, premieres_locations,
         CASE WHEN au_bailleur THEN NULL ELSE reservataire_id END AS reservataire,
         CASE WHEN au_bailleur THEN NULL ELSE chaine END AS chaine,
         CASE WHEN au_bailleur THEN '' WHEN type = 'etat' THEN COALESCE(NULLIF(sous_contingent, ''), 'prioritaires') ELSE '' END AS sous
  FROM datees WHERE le IS NOT NULL ORDER BY liberation, rang),
reprises AS (
  SELECT q.id FROM qualifiees q
  JOIN attributions_orientation o ON o.liberation_id = q.id
  WHERE q.categorie = 'flux' AND q.date_bail BETWEEN %(debut)s AND %(fin)s
    AND NOT EXISTS (SELECT 1 FROM premieres p WHERE p.liberation = q.id)
  GROUP BY q.id
  HAVING NOT bool_or(o.issue IN ('bail', 'en_cours')) AND (array_agg(o.issue ORDER BY o.rang DESC))[1] = 'carence'),
decomptes AS (
  SELECT CASE WHEN sous = 'repli' THEN NULL ELSE chaine END AS chaine,
         CASE WHEN sous = 'repli' THEN NULL ELSE reservataire END AS reservataire,
         sous, count(*) AS nombre
  FROM premieres
  WHERE le BETWEEN %(debut)s AND %(fin)s
    AND (nature <> 'premiere_location' OR reservataire IS NULL OR COALESCE(premieres_locations, 'a_part') = 'dans_le_flux')
  GROUP BY 1, 2, 3
  UNION ALL SELECT NULL, NULL, '', count(*) FROM reprises HAVING count(*) > 0),
soldes AS (
  SELECT COALESCE(c.origine_id, c.id) AS chaine, s.sous_contingent AS sous,
         (array_agg(s.report ORDER BY s.origine = 'bilan' DESC))[1] AS solde
  FROM attributions_soldeouverture s JOIN conventions_convention c ON c.id = s.convention_id
  WHERE c.bailleur_id = %(bailleur)s AND c.departement_id = %(departement)s AND s.annee = %(annee)s
  GROUP BY 1, 2),
reports AS (
  SELECT s.chaine, s.sous, CASE
      WHEN reference.report = 'aucun' OR (reference.report = '' AND reference.type = 'etat') THEN 0
      WHEN reference.report = 'plafonne' AND reference.report_plafond IS NOT NULL
      THEN GREATEST(-reference.report_plafond, LEAST(reference.report_plafond, s.solde))
      ELSE s.solde END AS report
  FROM soldes s JOIN LATERAL (
    SELECT v.report, v.report_plafond, v.type FROM versions v WHERE v.chaine = s.chaine
    ORDER BY v.debut <= %(debut)s DESC, CASE WHEN v.debut <= %(debut)s THEN v.debut END DESC, v.debut LIMIT 1) reference ON true),
hors_champ AS MATERIALIZED (
  SELECT s.logement_id FROM conventions_situationlogement s
  WHERE s.hors_champ <> '' AND s.periode @> %(debut)s),
patrimoine AS MATERIALIZED (
  SELECT g.commune_id, count(*) AS logements FROM conventions_logement g
  WHERE g.bailleur_id = %(bailleur)s AND g.commune_id = ANY(ARRAY(SELECT code FROM communes))
    AND NOT EXISTS (SELECT 1 FROM hors_champ h WHERE h.logement_id = g.id)
    AND NOT EXISTS (SELECT 1 FROM maintenus m WHERE m.logement_id = g.id AND %(debut)s BETWEEN m.du AND m.au)
  GROUP BY 1),
suites AS MATERIALIZED (
  SELECT rs.reservataire_id AS id, g.commune_id, count(*) AS droits
  FROM conventions_reservationstock rs JOIN conventions_logement g ON g.id = rs.logement_id
  WHERE g.bailleur_id = %(bailleur)s AND g.commune_id = ANY(ARRAY(SELECT code FROM communes)) AND rs.nature = 'suite'
    AND %(debut)s BETWEEN COALESCE(rs.date_debut, '-infinity') AND COALESCE(rs.date_fin, 'infinity')
    AND NOT EXISTS (SELECT 1 FROM hors_champ h WHERE h.logement_id = g.id)
    AND NOT EXISTS (SELECT 1 FROM maintenus m WHERE m.logement_id = g.id AND %(debut)s BETWEEN m.du AND m.au)
  GROUP BY 1, 2),
detenteurs AS (
  SELECT r.organisme_ptr_id AS id, o.territoire_id,
         COALESCE((SELECT min(v.debut) FROM versions v WHERE v.reservataire_id = r.organisme_ptr_id), 'infinity'::date) AS effet
  FROM conventions_reservataire r JOIN acces_organisme o ON o.id = r.organisme_ptr_id
  WHERE r.type <> 'etat' AND r.type <> ALL(%(maintenus)s) AND r.organisme_ptr_id IN (SELECT id FROM suites)
    AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.reservataire_id = r.organisme_ptr_id AND v.date_signature <= %(echeance)s)),
zones AS MATERIALIZED (
  SELECT d.id, c.code FROM detenteurs d CROSS JOIN communes c
  WHERE d.territoire_id IS NULL OR EXISTS (
    SELECT 1 FROM territoires_territoirecommune tc WHERE tc.territoire_id = d.territoire_id AND tc.commune_id = c.code)),
replis AS (
  SELECT d.id, GREATEST(%(debut)s, %(debut_repli)s) AS du, LEAST(%(fin)s, d.effet - 1) AS au,
    (SELECT sum(s.droits) FROM suites s JOIN zones z ON z.code = s.commune_id AND z.id = d.id WHERE s.id = d.id) AS droits,
    (SELECT sum(p.logements) FROM patrimoine p JOIN zones z ON z.code = p.commune_id AND z.id = d.id) AS logements
  FROM detenteurs d),
repli AS (
  SELECT COALESCE(sum(droits), 0) AS droits, COALESCE(sum(
    round(100.0 * droits / NULLIF(logements, 0), 2) * (
      SELECT COALESCE(sum(q.nombre), 0) FROM loues q JOIN zones z ON z.code = q.commune_id AND z.id = r.id
      WHERE q.date_bail BETWEEN r.du AND r.au AND (NOT q.est_neuf OR EXISTS (
        SELECT 1 FROM versions v WHERE v.type = 'etat' AND q.date_bail BETWEEN v.debut AND v.fin
          AND v.premieres_locations = 'dans_le_flux')))) / 100, 0) AS droit
  FROM replis r WHERE du <= au AND droits > 0)
SELECT 'categorie', NULL::bigint, NULL::bigint, categorie, count(*)::numeric FROM qualifiees
  WHERE date_bail BETWEEN %(debut)s AND %(fin)s GROUP BY categorie
UNION ALL SELECT 'droit', chaine, NULL, sous, droit FROM droits
UNION ALL SELECT 'decompte', chaine, reservataire, sous, nombre FROM decomptes
UNION ALL SELECT 'report', chaine, NULL, sous, report FROM reports
UNION ALL SELECT 'repli', NULL, NULL, 'droits', droits FROM repli
UNION ALL SELECT 'repli', NULL, NULL, 'droit', droit FROM repli
"""


@dataclass(frozen=True, slots=True)
class FluxEnSql:
    """Ce que le second chemin a trouvé. Clés des comptes : (origine de la chaîne, sous-contingent) ; décomptes par réservataire aussi."""

    categories: Mapping[str, int]
    droits: Mapping[tuple[int, str], Decimal]
    decomptes: Mapping[tuple[int | None, int | None, str], int]
    reports: Mapping[tuple[int, str], Decimal]
    droits_de_repli: int
    droit_de_repli: Decimal

    @property
    def flux(self) -> int:
        """C."""
        return self.categories.get("flux", 0)


def calculer_en_sql(bailleur: int, departement: str, annee: int) -> FluxEnSql:
    """Recalcule l'année en SQL (une requête)."""
    debut = date(annee, 1, 1)
    parametres: dict[str, Any] = {
        "bailleur": bailleur,
        "departement": departement,
        "annee": annee,
        "debut": debut,
        "fin": date(annee, 12, 31),
        "maintenus": [type_.value for type_ in STOCK_MAINTENU],
        "delai": DELAI_DE_PRESENTATION.valeur(debut),
        "feries": sorted({jour for un in range(annee - 5, annee + 2) for jour in jours_feries(un)}),
        "echeance": ECHEANCE_DES_CONVENTIONS.versions[-1].valeur,
        "debut_repli": debut_du_repli(),
        "prorogation": PROROGATION_DES_GARANTIES.valeur(debut),
    }
    trouve: dict[str, dict[Any, Any]] = {"categorie": {}, "droit": {}, "decompte": {}, "report": {}, "repli": {}}
    for quoi, chaine, reservataire, sous, nombre in _lire(parametres):
        cle: Any = (chaine, reservataire, sous) if quoi == "decompte" else (chaine, sous) if chaine else sous
        trouve[quoi][cle] = trouve[quoi].get(cle, Decimal(0)) + nombre
    return FluxEnSql(
        categories={categorie: int(nombre) for categorie, nombre in trouve["categorie"].items()},
        droits=trouve["droit"],
        decomptes={cle: int(nombre) for cle, nombre in trouve["decompte"].items()},
        reports=trouve["report"],
        droits_de_repli=int(trouve["repli"]["droits"]),
        droit_de_repli=trouve["repli"]["droit"],
    )


def _lire(parametres: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as curseur:
        # Compiler cette requête prend dix fois le temps de l'exécuter ; les sous-tables n'ayant pas de statistiques, le planificateur
        # les croit minuscules et les parcourrait en boucles imbriquées.
        curseur.execute("SET LOCAL jit = off; SET LOCAL enable_nestloop = off")
        curseur.execute(REQUETE, parametres)
        return list(curseur.fetchall())
