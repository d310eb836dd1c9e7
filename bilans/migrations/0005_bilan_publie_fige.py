"""Un bilan publié ne change plus, même par erreur : la base le refuse ; son tableur se lit par qui lit le bilan (RG-63)."""

from __future__ import annotations

from django.db import migrations

FIGER = """
CREATE FUNCTION flux_bilan_fige() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('flux.nature', true) = 'proprietaire' THEN  -- une migration
    RETURN COALESCE(NEW, OLD);
  END IF;
  IF TG_OP = 'DELETE' OR NEW.etat <> 'publie' OR (NEW.genre, NEW.bailleur_id, NEW.departement_id, NEW.annee, NEW.version)
      IS DISTINCT FROM (OLD.genre, OLD.bailleur_id, OLD.departement_id, OLD.annee, OLD.version)
      OR (NEW.empreinte, NEW.pdf_id, NEW.tableur_id, NEW.ce_qui_change)
      IS DISTINCT FROM (OLD.empreinte, OLD.pdf_id, OLD.tableur_id, OLD.ce_qui_change)
      OR (OLD.remplace_id IS NOT NULL AND NEW.remplace_id IS DISTINCT FROM OLD.remplace_id)
      OR NEW.donnees IS DISTINCT FROM OLD.donnees THEN
    RAISE EXCEPTION 'Un bilan publié ne change plus (RG-63).' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER bilan_publie_fige BEFORE UPDATE OR DELETE ON bilans_bilan
  FOR EACH ROW WHEN (OLD.etat = 'publie') EXECUTE FUNCTION flux_bilan_fige();
"""
LIBERER = "DROP TRIGGER bilan_publie_fige ON bilans_bilan; DROP FUNCTION flux_bilan_fige();"

_PIECES = """
CREATE OR REPLACE FUNCTION flux_pieces_recues() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
 SET search_path = public, pg_temp AS $$
SELECT e.piece_id FROM notifications_envoi e WHERE e.piece_id IS NOT NULL AND e.depose_le IS NOT NULL
 AND (e.destinataire_id = flux_organisme() OR (e.departement_id = flux_departement() AND e.genre IN
 ('information_prealable', 'transmission', 'information_debut_annee', 'bilan')))
"""
_TABLEURS = """
UNION ALL
SELECT b.tableur_id FROM bilans_bilan b WHERE b.etat = 'publie' AND b.tableur_id IS NOT NULL
 AND (b.departement_id = flux_departement() OR b.id IN (SELECT flux_bilans_recus()))
"""


class Migration(migrations.Migration):
    """Un déclencheur, et le tableur d'un bilan reçu."""

    dependencies = [("bilans", "0004_abonnements_au_calendrier"), ("pieces", "0002_lignes_des_pieces")]

    operations = [
        migrations.RunSQL(FIGER, LIBERER),
        migrations.RunSQL(f"{_PIECES}{_TABLEURS}$$;", f"{_PIECES}$$;"),
    ]
