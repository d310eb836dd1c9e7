# Image de production : dépendances construites à part, statiques ramassés, utilisateur sans droits.
FROM python:3.11-slim-bookworm AS dependances
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt /tmp/
RUN /venv/bin/pip install --require-hashes --no-deps --requirement /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /application --shell /usr/sbin/nologin application \
    && install --directory --owner application /echeancier
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=flux_reservations.settings.prod STATIC_ROOT=/statiques
WORKDIR /application
COPY --from=dependances /venv /venv
COPY . .
# Le ramassage n'ouvre aucune connexion : ces valeurs ne servent qu'à lire les réglages, et ne restent pas dans l'image.
RUN SECRET_KEY=construction DATABASE_URL=postgresql://construction@localhost/construction REDIS_URL=redis://localhost \
    CLES_DE_CHIFFREMENT=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= CLE_D_EMPREINTE=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    ALLOWED_HOSTS=localhost EMAIL_HOST=localhost SITE_URL=https://localhost \
    python manage.py collectstatic --noinput --verbosity 0
USER application
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "outils/sante.py"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--worker-tmp-dir", "/dev/shm", \
     "--no-control-socket", "--access-logfile", "-", "--logger-class", "flux_reservations.socle.journal_http.JournalSansSecret", "flux_reservations.wsgi"]
