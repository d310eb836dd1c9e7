"""Moteur PostgreSQL de Django, qui prend un rôle non propriétaire à chaque connexion."""
