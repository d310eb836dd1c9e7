"""Le second chemin : A, B, C, droits, reports, décompte et repli recalculés en SQL, sans le domaine Python (contrôle croisé).

Il ne partage avec le premier que les tables et le calendrier des jours fériés. Cinq requêtes par (bailleur, département, année) ;
c'est aussi, dans `make banc`, la mesure de référence « écrite à la main ».
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
from flux_reservations.droit.conversion import ECHEANCE_DES_CONVENTIONS, debut_du_repli
from flux_reservations.droit.delais import DELAI_DE_PRESENTATION

_TETE = """
WITH communes AS (SELECT code FROM territoires_commune WHERE departement_id = %(departement)s),
versions AS (
  SELECT c.*, COALESCE(c.origine_id, c.id) AS chaine, lower(c.periode_vigueur) AS debut,
         COALESCE(upper(c.periode_vigueur) - 1, 'infinity'::date) AS fin, r.type
  FROM conventions_convention c JOIN conventions_reservataire r ON r.organisme_ptr_id = c.reservataire_id
  WHERE c.bailleur_id = %(bailleur)s AND c.departement_id = %(departement)s AND c.etat = 'signee'
    AND NOT isempty(c.periode_vigueur)),
couvre AS MATERIALIZED (
  SELECT z.droit_id, tc.commune_id FROM (
    SELECT droit_id, territoire_id FROM conventions_droit_assiette UNION ALL
    SELECT p.droit_id, p.territoire_id FROM conventions_droit_perimetre p
    WHERE NOT EXISTS (SELECT 1 FROM conventions_droit_assiette a WHERE a.droit_id = p.droit_id)) z
  JOIN conventions_droit d ON d.id = z.droit_id JOIN versions v ON v.id = d.convention_id
  JOIN territoires_territoirecommune tc ON tc.territoire_id = z.territoire_id
  WHERE tc.commune_id = ANY(ARRAY(SELECT code FROM communes))
  GROUP BY z.droit_id, tc.commune_id),
liberations AS (
  SELECT l.id, l.date_bail, l.date_disponibilite, l.nature, l.exclusion, g.commune_id, s.qpv, s.hors_champ,
         EXISTS (SELECT 1 FROM conventions_reservationstock rs JOIN conventions_reservataire r ON r.organisme_ptr_id = rs.reservataire_id
                 WHERE rs.logement_id = g.id AND rs.nature = 'suite' AND r.type = ANY(%(maintenus)s)
                   AND l.date_disponibilite >= COALESCE(rs.date_debut, '-infinity')
                   AND l.date_disponibilite <= COALESCE(rs.date_fin, 'infinity')) AS maintenu
  FROM attributions_liberation l
  JOIN conventions_logement g ON g.id = l.logement_id
  LEFT JOIN LATERAL (
    SELECT qpv, hors_champ FROM conventions_situationlogement s WHERE s.logement_id = g.id
    ORDER BY s.periode @> COALESCE(l.date_bail, l.date_disponibilite) DESC,
             COALESCE(lower(s.periode), '-infinity') <= COALESCE(l.date_bail, l.date_disponibilite) DESC,
             CASE WHEN lower(s.periode) <= COALESCE(l.date_bail, l.date_disponibilite) THEN lower(s.periode) END DESC NULLS LAST,
             lower(s.periode) LIMIT 1) s ON true
  WHERE l.bailleur_id = %(bailleur)s AND l.retrait = '' AND g.commune_id = ANY(ARRAY(SELECT code FROM communes))
    AND (l.date_bail BETWEEN %(debut)s AND %(fin)s OR EXISTS (
      SELECT 1 FROM attributions_orientation o WHERE o.liberation_id = l.id
        AND LEAST(o.date_orientation, o.date_mise_a_disposition, o.date_proposition, o.date_caleol) <= %(fin)s
        AND GREATEST(o.date_orientation, o.date_mise_a_disposition, o.date_limite_prolongee, o.date_proposition, o.date_caleol)
            >= %(debut)s - (SELECT 2 * GREATEST(%(delai)s, max(delai_presentation_jours)) + 15 FROM versions)))),
qualifiees AS MATERIALIZED (
  SELECT l.*, CASE
      WHEN COALESCE(hors_champ, '') <> '' THEN 'hors_champ'
      WHEN maintenu THEN 'maintenu'
      WHEN nature = 'premiere_location' AND NOT EXISTS (
        SELECT 1 FROM versions v JOIN conventions_droit d ON d.convention_id = v.id
        WHERE v.premieres_locations = 'dans_le_flux' AND COALESCE(l.date_bail, l.date_disponibilite) BETWEEN v.debut AND v.fin
          AND EXISTS (SELECT 1 FROM couvre k WHERE k.droit_id = d.id AND k.commune_id = l.commune_id)) THEN 'premiere'
      WHEN exclusion <> '' THEN exclusion ELSE 'flux' END AS categorie
  FROM liberations l)
"""

ASSIETTE = (
    _TETE
    + """
SELECT categorie, count(*) FROM qualifiees WHERE date_bail BETWEEN %(debut)s AND %(fin)s GROUP BY categorie
"""
)

DROITS = (
    _TETE
    + """
SELECT v.chaine, v.type, CASE WHEN v.type = 'etat' THEN COALESCE(NULLIF(d.sous_contingent, ''), 'prioritaires') ELSE '' END AS sous,
       sum(d.taux) / 100
FROM versions v JOIN conventions_droit d ON d.convention_id = v.id JOIN couvre k ON k.droit_id = d.id
JOIN qualifiees q ON q.commune_id = k.commune_id
WHERE q.categorie = 'flux' AND q.date_bail BETWEEN GREATEST(v.debut, %(debut)s) AND LEAST(v.fin, %(fin)s)
  AND (q.nature <> 'premiere_location' OR v.premieres_locations = 'dans_le_flux')
GROUP BY 1, 2, 3
"""
)

DECOMPTE = (
    _TETE  # noqa: S608 : des constantes ; les valeurs sont des paramètres liés
    + """,
orientees AS (
  SELECT q.id AS liberation, q.date_bail, q.nature, o.*, r.type, v.chaine, v.premieres_locations,
         COALESCE(v.gestion, 'directe') AS gestion, COALESCE(v.fait_generateur, 'bail') AS fait,
         COALESCE(v.carence_decomptee, true) AS carence_comptee, v.delai_presentation_jours AS delai,
         COALESCE(v.delai_unite, 'calendaires') AS unite,
         COALESCE(o.date_mise_a_disposition, o.date_orientation) AS depart,
         o.id = (SELECT p.id FROM attributions_orientation p WHERE p.liberation_id = q.id AND p.issue IN ('bail', 'en_cours')
                 ORDER BY p.issue = 'bail' DESC, p.rang DESC LIMIT 1) AND q.date_bail IS NOT NULL AS produit
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
premieres AS (
  SELECT DISTINCT ON (liberation) liberation, le, nature, premieres_locations, type,
         CASE WHEN au_bailleur THEN NULL ELSE reservataire_id END AS reservataire,
         CASE WHEN au_bailleur THEN NULL ELSE chaine END AS chaine,
         CASE WHEN au_bailleur THEN '' WHEN type = 'etat' THEN COALESCE(NULLIF(sous_contingent, ''), 'prioritaires') ELSE '' END AS sous
  FROM datees WHERE le IS NOT NULL ORDER BY liberation, rang),
reprises AS (
  SELECT q.id AS liberation, q.date_bail AS le FROM qualifiees q
  WHERE q.categorie = 'flux' AND q.date_bail IS NOT NULL AND q.id NOT IN (SELECT liberation FROM premieres)
    AND NOT EXISTS (SELECT 1 FROM attributions_orientation o WHERE o.liberation_id = q.id AND o.issue IN ('bail', 'en_cours'))
    AND (SELECT o.issue FROM attributions_orientation o WHERE o.liberation_id = q.id ORDER BY o.rang DESC LIMIT 1) = 'carence')
SELECT CASE WHEN sous = 'repli' THEN NULL ELSE chaine END, CASE WHEN sous = 'repli' THEN NULL ELSE reservataire END, sous, count(*)
FROM premieres
WHERE le BETWEEN %(debut)s AND %(fin)s
  AND (nature <> 'premiere_location' OR reservataire IS NULL OR COALESCE(premieres_locations, 'a_part') = 'dans_le_flux')
GROUP BY 1, 2, 3
UNION ALL
SELECT NULL, NULL, '', count(*) FROM reprises WHERE le BETWEEN %(debut)s AND %(fin)s HAVING count(*) > 0
"""
)

REPORTS = """
SELECT COALESCE(c.origine_id, c.id), s.sous_contingent,
       (array_agg(s.report ORDER BY s.origine = 'bilan' DESC))[1], reference.report, reference.report_plafond, reference.type
FROM attributions_soldeouverture s JOIN conventions_convention c ON c.id = s.convention_id
JOIN LATERAL (
  SELECT v.report, v.report_plafond, r.type FROM conventions_convention v
  JOIN conventions_reservataire r ON r.organisme_ptr_id = v.reservataire_id
  WHERE COALESCE(v.origine_id, v.id) = COALESCE(c.origine_id, c.id) AND v.etat = 'signee' AND NOT isempty(v.periode_vigueur)
  ORDER BY lower(v.periode_vigueur) <= %(debut)s DESC,
           CASE WHEN lower(v.periode_vigueur) <= %(debut)s THEN lower(v.periode_vigueur) END DESC, lower(v.periode_vigueur)
  LIMIT 1) reference ON true
WHERE c.bailleur_id = %(bailleur)s AND c.departement_id = %(departement)s AND s.annee = %(annee)s
GROUP BY 1, 2, 4, 5, 6
"""

REPLI = (
    _TETE  # noqa: S608 : des constantes ; les valeurs sont des paramètres liés
    + """,
patrimoine AS (
  SELECT g.id, g.commune_id FROM conventions_logement g
  WHERE g.bailleur_id = %(bailleur)s AND g.commune_id = ANY(ARRAY(SELECT code FROM communes))
    AND NOT EXISTS (SELECT 1 FROM conventions_situationlogement s
                    WHERE s.logement_id = g.id AND s.periode @> %(debut)s AND s.hors_champ <> '')
    AND NOT EXISTS (SELECT 1 FROM conventions_reservationstock rs JOIN conventions_reservataire r ON r.organisme_ptr_id = rs.reservataire_id
                    WHERE rs.logement_id = g.id AND rs.nature = 'suite' AND r.type = ANY(%(maintenus)s)
                      AND %(debut)s BETWEEN COALESCE(rs.date_debut, '-infinity') AND COALESCE(rs.date_fin, 'infinity'))),
detenteurs AS (
  SELECT r.organisme_ptr_id AS id, o.territoire_id,
         COALESCE((SELECT min(v.debut) FROM versions v WHERE v.reservataire_id = r.organisme_ptr_id), 'infinity'::date) AS effet
  FROM conventions_reservataire r JOIN acces_organisme o ON o.id = r.organisme_ptr_id
  WHERE r.type <> 'etat' AND r.type <> ALL(%(maintenus)s)
    AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.reservataire_id = r.organisme_ptr_id AND v.date_signature <= %(echeance)s)
    AND EXISTS (SELECT 1 FROM conventions_reservationstock rs JOIN patrimoine p ON p.id = rs.logement_id
                WHERE rs.reservataire_id = r.organisme_ptr_id)),
zones AS (
  SELECT d.id, c.code FROM detenteurs d CROSS JOIN communes c
  WHERE d.territoire_id IS NULL OR EXISTS (
    SELECT 1 FROM territoires_territoirecommune tc WHERE tc.territoire_id = d.territoire_id AND tc.commune_id = c.code)),
replis AS (
  SELECT d.id, GREATEST(%(debut)s, %(debut_repli)s) AS du, LEAST(%(fin)s, d.effet - 1) AS au,
    (SELECT count(*) FROM conventions_reservationstock rs JOIN patrimoine p ON p.id = rs.logement_id
     JOIN zones z ON z.code = p.commune_id AND z.id = d.id
     WHERE rs.reservataire_id = d.id AND rs.nature = 'suite'
       AND %(debut)s BETWEEN COALESCE(rs.date_debut, '-infinity') AND COALESCE(rs.date_fin, 'infinity')) AS droits,
    (SELECT count(*) FROM patrimoine p JOIN zones z ON z.code = p.commune_id AND z.id = d.id) AS logements
  FROM detenteurs d)
SELECT COALESCE(sum(droits), 0), COALESCE(sum(
    round(100.0 * droits / NULLIF(logements, 0), 2) * (
      SELECT count(*) FROM qualifiees q JOIN zones z ON z.code = q.commune_id AND z.id = r.id
      WHERE q.categorie = 'flux' AND q.date_bail BETWEEN r.du AND r.au AND (q.nature <> 'premiere_location' OR EXISTS (
        SELECT 1 FROM versions v WHERE v.type = 'etat' AND q.date_bail BETWEEN v.debut AND v.fin
          AND v.premieres_locations = 'dans_le_flux')))) / 100, 0)
FROM replis r WHERE du <= au AND droits > 0
"""
)


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
    """Recalcule l'année en SQL (cinq requêtes)."""
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
    }
    droits: dict[tuple[int, str], Decimal] = {}
    for chaine, _, sous_contingent, droit in _lire(DROITS, parametres):
        droits[chaine, sous_contingent] = droit
    ((droits_de_repli, droit_de_repli),) = _lire(REPLI, parametres)
    return FluxEnSql(
        categories=dict(_lire(ASSIETTE, parametres)),
        droits=droits,
        decomptes=_sommer(_lire(DECOMPTE, parametres)),
        reports={(chaine, sous): _reporter(*reste) for chaine, sous, *reste in _lire(REPORTS, parametres)},
        droits_de_repli=int(droits_de_repli),
        droit_de_repli=droit_de_repli,
    )


def _lire(requete: str, parametres: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as curseur:
        # Compiler ces requêtes prend dix fois le temps de les exécuter.
        curseur.execute("SET LOCAL jit = off")
        curseur.execute(requete, parametres)
        return list(curseur.fetchall())


def _sommer(lignes: list[tuple[Any, ...]]) -> dict[tuple[int | None, int | None, str], int]:
    decomptes: dict[tuple[int | None, int | None, str], int] = {}
    for chaine, reservataire, sous_contingent, nombre in lignes:
        cle = (chaine, reservataire, sous_contingent)
        decomptes[cle] = decomptes.get(cle, 0) + nombre
    return decomptes


def _reporter(solde: Decimal, politique: str, plafond: int | None, type_: str) -> Decimal:
    """La politique de report, redite ici : le second chemin ne doit rien au premier (RG-47)."""
    if politique == "aucun" or (not politique and type_ == "etat"):
        return Decimal(0)
    if politique == "plafonne" and plafond is not None:
        return max(Decimal(-plafond), min(Decimal(plafond), solde))
    return solde
