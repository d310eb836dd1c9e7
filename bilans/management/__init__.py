"""Commandes des bilans."""
