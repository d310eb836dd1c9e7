"""Importer et exporter : les fichiers du contrat (formats.md § 1)."""
