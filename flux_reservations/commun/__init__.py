"""Ce que tout le projet partage et qui ne dépend de rien : acteur, erreurs, calendrier, arrondis."""
