"""Actions des séries : préparer, confirmer, mener à bien, réessayer, abandonner."""
