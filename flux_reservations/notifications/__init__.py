"""Envois : file durable en base, registre de preuve (RG-66)."""
