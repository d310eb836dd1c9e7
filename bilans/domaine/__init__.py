"""Règles pures des bilans : flux annuel, lignes, prévision, équilibre."""
