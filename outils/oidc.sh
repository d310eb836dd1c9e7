#!/bin/sh
# Installe le fournisseur d'identité des essais (`oidc-provider`, au verrou), et Node s'il n'y en a aucun. Idempotent.
set -eu
cd "$(dirname "$0")/../tests/navigateur/fournisseur"
cmp -s package-lock.json node_modules/.installe && exit 0
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  # Un Node venu d'ailleurs que de la distribution apporte son npm : on n'ajoute que ce qui manque. Celui de la distribution lit
  # les autorités de certification du système, qu'elle ne fait que recommander.
  paquets=ca-certificates
  command -v node >/dev/null 2>&1 || paquets="$paquets nodejs"
  command -v npm >/dev/null 2>&1 || paquets="$paquets npm"
  if [ "$(id -u)" = 0 ]; then
    prefixe=
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    prefixe=sudo
  else
    printf "Node manque. Lancez, puis recommencez :\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n" "$paquets" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  $prefixe apt-get update -qq
  # shellcheck disable=SC2086 # ses paquets sont des mots
  $prefixe apt-get install -y -qq --no-install-recommends $paquets >/dev/null
fi
npm ci --loglevel=error --ignore-scripts --no-audit --no-fund
cp package-lock.json node_modules/.installe
