#!/bin/sh
# Chaque banc de tests/perf, dans une base temporaire.
set -eu
cd "$(dirname "$0")/.."
for banc in tests/perf/banc_*.py; do
  printf '\n== %s\n' "$banc"
  .venv/bin/python manage.py base_temporaire -- .venv/bin/python "$banc"
done
