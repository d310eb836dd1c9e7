"""Bilans : ce qu'on rend, figé et prouvé."""
