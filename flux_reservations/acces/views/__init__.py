"""Vues d'accès : connexion, organisme actif, apparence, pages publiques."""
