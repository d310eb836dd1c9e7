"""Règles pures des envois : cycle de vie, recul entre deux essais."""
