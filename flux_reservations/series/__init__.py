"""Les séries : le même acte sur plusieurs lignes, essayé, confirmé une fois, exécuté ligne par ligne, raconté."""
