#!/bin/sh
# Tous les contrôles, l'un après l'autre ; dit lesquels échouent, et sort avec 1 s'il y en a.
set -u
cd "$(dirname "$0")/.."
PATH="$(pwd)/.venv/bin:$PATH"
export PATH
echecs=

controler() { # controler NOM COMMANDE…
  nom=$1
  shift
  if sortie=$("$@" 2>&1); then
    printf '  bon      %s\n' "$nom"
  else
    printf '%s\n  ÉCHEC    %s\n' "$sortie" "$nom"
    echecs="$echecs $nom"
  fi
}

de_production() { # de_production COMMANDE… : avec des secrets d'un jour, comme une vraie production
  cle=$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')
  SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(64))') CLES_DE_CHIFFREMENT=$cle CLE_D_EMPREINTE=$cle \
    DATABASE_URL=postgresql://a:b@127.0.0.1/c \
    REDIS_URL=redis://127.0.0.1/0 ALLOWED_HOSTS=flux.example EMAIL_HOST=127.0.0.1 SITE_URL=https://flux.example \
    DJANGO_SETTINGS_MODULE=flux_reservations.settings.prod "$@"
}

controler mise-en-forme ruff format --check .
controler regles ruff check .
controler couches lint-imports
controler gabarits-djade sh -c 'find templates -name "*.html" -exec djade --check --target-version 5.2 {} +'
controler gabarits-djlint djlint --quiet --lint templates
controler dependances deptry .
controler code-mort vulture
controler migrations python manage.py base_temporaire -- python manage.py makemigrations --check --dry-run
controler production de_production python manage.py check --deploy --fail-level WARNING
controler types mypy
[ -z "$echecs" ] || { printf 'Contrôles en échec :%s\n' "$echecs"; exit 1; }
