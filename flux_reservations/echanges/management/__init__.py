"""Commandes des échanges."""
