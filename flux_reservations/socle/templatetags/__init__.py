"""Balises et filtres de gabarit."""
