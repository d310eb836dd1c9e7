#!/bin/sh
# Installe ce qui manque : paquets du système, .venv, verrou. Idempotent ; la deuxième fois, il ne fait que vérifier.
# Usage : installer.sh production|essais
set -eu
cd "$(dirname "$0")/.."
verrou=${1:?"usage : installer.sh production|essais"}
python=${PYTHON:-python3}

bibliotheque() { # bibliotheque NOM_DU_FICHIER PAQUET : écrit le paquet si la bibliothèque manque
  { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q "$1" || printf '%s ' "$2"
}

manquants() {
  command -v "$python" >/dev/null 2>&1 || printf 'python3 '
  "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || [ -x .venv/bin/python ] || printf 'python3-venv '
  bibliotheque libpango-1.0.so.0 libpango-1.0-0
  bibliotheque libpangoft2-1.0.so.0 libpangoft2-1.0-0
  bibliotheque libharfbuzz-subset.so.0 libharfbuzz-subset0 # sans elle, un PDF coûte deux fois plus
}

paquets=$(manquants)
if [ -n "$paquets" ]; then
  commande="apt-get install -y --no-install-recommends $paquets"
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Il manque des paquets du système (noms de Debian) : $paquets" >&2
    exit 1
  elif [ "$(id -u)" = 0 ]; then
    prefixe=
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    prefixe=sudo
  else
    printf "Il manque des paquets du système. Lancez, puis recommencez :\n\n  sudo apt-get update && sudo %s\n\n" "$commande" >&2
    exit 1
  fi
  echo "Installation de : $paquets"
  export DEBIAN_FRONTEND=noninteractive
  $prefixe apt-get update -qq
  # shellcheck disable=SC2086 # la commande et ses paquets sont des mots
  $prefixe $commande -qq >/dev/null
fi

"$python" - <<'PYTHON'
import sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 ou plus récent est nécessaire (trouvé : %s). Donnez-en un : make PYTHON=python3.11 …" % sys.version.split()[0])
PYTHON

.venv/bin/python -c '' 2>/dev/null || { rm -rf .venv && "$python" -m venv .venv; }

installer_verrou() { # installer_verrou FICHIER
  marque=".venv/.installe-$1"
  cmp -s "$1" "$marque" && return 0
  echo "Installation des dépendances de $1…"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps -r "$1"
  cp "$1" "$marque"
}

case $verrou in
  # Le verrou des essais contient celui de production : mêmes versions, davantage de paquets.
  production) cmp -s requirements-essais.txt .venv/.installe-requirements-essais.txt || installer_verrou requirements.txt ;;
  essais) installer_verrou requirements-essais.txt ;;
  *) echo "usage : installer.sh production|essais" >&2; exit 2 ;;
esac

# Le projet est importable depuis n'importe quel dossier (Celery, gunicorn, greffon de pytest).
racine=$(pwd)
chemin=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/flux_reservations.pth
[ "$(cat "$chemin" 2>/dev/null)" = "$racine" ] || printf '%s\n' "$racine" > "$chemin"
