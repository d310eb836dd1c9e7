"""Règles pures des conventions."""
