"""Reprendre en cours d'année : rapprocher le décompte du bailleur du nôtre, poser les soldes et les envois déjà faits."""
