"""Réglages par environnement : base, dev, demo, test, prod."""
