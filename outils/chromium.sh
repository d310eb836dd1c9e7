#!/bin/sh
# Installe le Chromium de la distribution s'il n'y en a aucun.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
[ -n "${CHROMIUM:-}" ] && exit 0
if [ "$(id -u)" = 0 ]; then
  prefixe=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  prefixe=sudo
else
  printf "Chromium manque. Lancez, puis recommencez :\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium\n\n" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$prefixe apt-get update -qq
$prefixe apt-get install -y -qq --no-install-recommends chromium >/dev/null
