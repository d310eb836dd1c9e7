"""Tout nombre de l'écran Flux se déplie : les logements, les taux, la règle (ecrans.md, règles communes)."""
