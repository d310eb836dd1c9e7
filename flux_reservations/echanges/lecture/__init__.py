"""Lire un fichier : le trouver, l'ouvrir, en tirer des lignes de cellules en texte."""
