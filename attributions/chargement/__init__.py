"""Des lignes aux dataclasses du domaine, en un nombre fixe de requêtes."""
