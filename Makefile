# Une ligne par besoin : `make aide`.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
DOSSIER ?= var/demo
ESSAIS ?=
VENV := .venv/bin
VERROU := .venv/bin/uv pip compile --quiet --generate-hashes --universal --no-header --no-annotate --python-version 3.11

.PHONY: aide installer installer-production demo test navigateur verifier format banc verrou matrice

aide: ## ce que fait chaque cible
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 22

installer: ## installe ce qui manque (paquets du système, .venv, verrou) ; rien à faire la deuxième fois
	@PYTHON="$(PYTHON)" sh outils/installer.sh essais

installer-production:
	@PYTHON="$(PYTHON)" sh outils/installer.sh production

demo: installer-production ## toute l'application, avec des données fictives (PORT=8000 DOSSIER=var/demo)
	@exec $(VENV)/python manage.py demo --port "$(PORT)" --dossier "$(DOSSIER)"

test: installer ## tous les essais, sauf ceux du navigateur (ESSAIS="tests/droit -k taux" pour en choisir)
	@$(VENV)/python -m pytest $(if $(ESSAIS),$(ESSAIS),--ignore=tests/navigateur)

navigateur: installer ## installe Chromium et un fournisseur d'identité s'ils manquent et passe les essais du navigateur
	@sh outils/chromium.sh
	@sh outils/oidc.sh
	@$(VENV)/python -m pytest -n0 tests/navigateur

verifier: installer ## mise en forme, règles, types, couches, gabarits, dépendances, code mort, migrations, production
	@sh outils/verifier.sh

format: installer ## met en forme le code et les gabarits
	@$(VENV)/ruff check --quiet --fix . || true
	@$(VENV)/ruff format --quiet .
	@find templates -name '*.html' -exec $(VENV)/djade --target-version 5.2 {} + || true

matrice: installer ## imprime la matrice d'accès : chaque adresse, chaque profil, le nombre de cas
	@$(VENV)/python outils/matrice_acces.py

banc: installer ## mesure les temps de référence
	@sh outils/banc.sh

verrou: installer ## régénère requirements.txt (production) et requirements-essais.txt (tout)
	@$(VERROU) pyproject.toml --output-file requirements.txt
	@$(VERROU) pyproject.toml --group essais --group controles --output-file requirements-essais.txt
