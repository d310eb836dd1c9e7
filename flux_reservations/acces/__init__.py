"""Accès : organismes, utilisateurs, rôles, connexion."""
