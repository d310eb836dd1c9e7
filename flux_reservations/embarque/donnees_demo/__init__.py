"""Données de la démonstration : un département réel, deux bailleurs fictifs, trois années d'histoire et l'année en cours.

Tout est engendré d'une graine et d'une date du jour : les mêmes donnent les mêmes données. Les communes, les établissements publics
territoriaux et les noms de quartiers sont réels ; les bailleurs, les personnes, les demandes et les chiffres sont inventés.
"""
