"""Socle Django du projet."""
