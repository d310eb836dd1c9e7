"""Vues des envois : registre de l'émetteur, remise au destinataire, courriels de la démonstration."""
