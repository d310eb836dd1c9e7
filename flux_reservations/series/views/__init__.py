"""Les séries à l'écran."""
