"""Migrations des territoires."""
