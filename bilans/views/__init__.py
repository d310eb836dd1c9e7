"""Vues des bilans."""
