"""Appels automatiques (webhooks) : dire à un logiciel ce qui vient d'arriver, signé, sans rien perdre (formats.md § 3)."""
