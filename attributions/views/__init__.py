"""Vues des attributions."""
