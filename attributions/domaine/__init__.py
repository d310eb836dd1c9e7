"""Règles pures des attributions : moteur d'orientation, décompte."""
