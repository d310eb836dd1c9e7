"""Attributions : de la libération au bail."""
