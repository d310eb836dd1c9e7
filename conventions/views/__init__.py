"""Vues des conventions et du patrimoine."""
