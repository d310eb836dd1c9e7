"""PostgreSQL et Valkey livrés en roues, base temporaire, greffon de pytest et démonstration."""
