"""Les actes du registre commun."""
