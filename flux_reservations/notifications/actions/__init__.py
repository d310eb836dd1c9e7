"""Actions des envois : déposer, expédier, suivre (RG-66)."""
