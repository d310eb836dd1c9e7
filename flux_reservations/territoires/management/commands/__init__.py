"""Commandes des territoires."""
