"""Réglages communs à tous les environnements ; tout secret vient de l'environnement."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import font_source_sans_pro
from celery.schedules import crontab
from csp.constants import NONE, SELF

from flux_reservations.settings.base_de_donnees import lire_url_postgresql


def _origine_de(adresse: str) -> list[str]:
    """L'origine d'une adresse (`https://hôte:port`), ou rien si elle est vide."""
    morceaux = urlsplit(adresse)
    return [f"{morceaux.scheme}://{morceaux.netloc}"] if morceaux.netloc else []


BASE_DIR = Path(__file__).resolve().parents[2]

DEBUG = False
DEMO = False
SECRET_KEY = os.environ.get("SECRET_KEY", "")
# Clés du numéro unique de demande (socle/chiffrement.py) : la première chiffre, toutes déchiffrent ; dérivées de SECRET_KEY sans elles.
CLES_DE_CHIFFREMENT = [cle for cle in os.environ.get("CLES_DE_CHIFFREMENT", "").split(",") if cle]
CLE_D_EMPREINTE = os.environ.get("CLE_D_EMPREINTE", "")
ALLOWED_HOSTS = [hote for hote in os.environ.get("ALLOWED_HOSTS", "").split(",") if hote]
CSRF_TRUSTED_ORIGINS = [origine for origine in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origine]
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "flux_reservations.socle",
    "flux_reservations.territoires",
    "flux_reservations.acces",
    "flux_reservations.pieces",
    "flux_reservations.notifications",
    "flux_reservations.series",
    "conventions",
    "attributions",
    "bilans",
    "flux_reservations.echanges",
    "flux_reservations.embarque",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_include_bootstrap",
    "heroicons",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
]

MIDDLEWARE = [
    "flux_reservations.socle.rls.ContexteMiddleware",
    "flux_reservations.socle.problemes.ProblemeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "flux_reservations.acces.middleware.ActeurMiddleware",
    "flux_reservations.acces.middleware.SansCacheMiddleware",
    "flux_reservations.acces.second_facteur.SecondFacteurMiddleware",
    "flux_reservations.acces.middleware.RefusMetierMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "flux_reservations.urls"
WSGI_APPLICATION = "flux_reservations.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "flux_reservations.acces.contexte.interface",
            ],
        },
    },
]

DATABASES: dict[str, Any] = {"default": lire_url_postgresql(os.environ.get("DATABASE_URL", ""))}
# Rôle PostgreSQL non propriétaire pris par toute connexion de l'application (socle/roles.py).
ROLE_APPLICATION = os.environ.get("ROLE_APPLICATION", "flux_application")
# Celui des commandes et des tâches : mêmes droits, politiques de lignes ouvertes (socle/rls.py).
ROLE_SYSTEME = os.environ.get("ROLE_SYSTEME", "flux_systeme")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "acces.Utilisateur"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Second facteur exigé de qui signe ou publie, et vérifié chez quiconque l'a activé.
SECOND_FACTEUR = True
OTP_TOTP_ISSUER = "Flux réservations"
# Fournisseur d'identité (ProConnect ou tout OIDC) : actif dès qu'un client est donné.
OIDC_RP_CLIENT_ID = os.environ.get("OIDC_RP_CLIENT_ID", "")
OIDC_ACTIF = bool(OIDC_RP_CLIENT_ID)
OIDC_RP_CLIENT_SECRET = os.environ.get("OIDC_RP_CLIENT_SECRET", "")
OIDC_EMETTEUR = os.environ.get("OIDC_EMETTEUR", "")
OIDC_OP_AUTHORIZATION_ENDPOINT = os.environ.get("OIDC_OP_AUTHORIZATION_ENDPOINT", "")
OIDC_OP_TOKEN_ENDPOINT = os.environ.get("OIDC_OP_TOKEN_ENDPOINT", "")
OIDC_OP_USER_ENDPOINT = os.environ.get("OIDC_OP_USER_ENDPOINT", "")
OIDC_OP_JWKS_ENDPOINT = os.environ.get("OIDC_OP_JWKS_ENDPOINT", "")
# L'adresse de déconnexion qu'annonce le fournisseur (`end_session_endpoint`) ; vide : on ne se déconnecte que d'ici.
OIDC_OP_END_SESSION_ENDPOINT = os.environ.get("OIDC_OP_END_SESSION_ENDPOINT", "")
# Le jeton d'identité n'est gardé, dans la session, que pour dire au fournisseur qui se déconnecte.
OIDC_STORE_ID_TOKEN = bool(OIDC_OP_END_SESSION_ENDPOINT)
OIDC_TIMEOUT = 10
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = os.environ.get("OIDC_RP_SCOPES", "openid email")
OIDC_USE_PKCE = True
OIDC_CREATE_USER = False
OIDC_NOM = os.environ.get("OIDC_NOM", "votre fournisseur d'identité")
# Vrai si le fournisseur garantit le courriel sans le dire (`email_verified` absent), comme ProConnect.
OIDC_COURRIEL_SUR = os.environ.get("OIDC_COURRIEL_SUR", "") == "1"
if OIDC_ACTIF:
    AUTHENTICATION_BACKENDS.append("flux_reservations.acces.oidc.FournisseurBackend")
LOGIN_REDIRECT_URL_FAILURE = "/connexion/"
LOGIN_URL = "connexion"
LOGIN_REDIRECT_URL = "entrer"
LOGOUT_REDIRECT_URL = "accueil"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "flux_reservations.acces.sessions.adresse_ip"
AXES_LOCKOUT_TEMPLATE = "acces/verrouille.html"

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True
# Les milliers s'écrivent par les filtres de socle/templatetags/nombres.py : une année ou une clé n'en a pas.
USE_THOUSAND_SEPARATOR = False
FORM_RENDERER = "flux_reservations.socle.formulaires.Rendu"

STATIC_URL = "static/"
# La police est servie depuis sa roue (font-source-sans-pro, licence OFL) : rien n'est recopié.
STATICFILES_DIRS: list[Any] = [BASE_DIR / "static", ("polices", Path(font_source_sans_pro.__file__).parent / "files")]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "var" / "statiques"))

REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "rattraper-les-envois": {"task": "notifications.rattraper", "schedule": 15.0},
    "reprendre-les-bilans": {"task": "bilans.reprendre", "schedule": 60.0},
    "reprendre-les-series": {"task": "series.reprendre", "schedule": 60.0},
    "purger-les-series": {"task": "series.purger", "schedule": crontab(hour=3, minute=30)},
    "reprendre-les-imports": {"task": "echanges.reprendre_les_imports", "schedule": 60.0},
    "reprendre-les-exports": {"task": "echanges.reprendre_les_exports", "schedule": 60.0},
    "annoncer-et-livrer": {"task": "echanges.annoncer", "schedule": 15.0},
    "purger-les-echanges": {"task": "echanges.purger", "schedule": crontab(hour=3, minute=45)},
    "echeances-du-jour": {"task": "attributions.constater_les_echeances", "schedule": crontab(hour=4, minute=30)},
    "purge-du-jour": {"task": "attributions.purger", "schedule": crontab(hour=3, minute=15)},
    "recapitulatif-du-lundi": {
        "task": "attributions.recapituler",
        "schedule": crontab(hour=6, minute=45, day_of_week="monday"),
    },
    "rappels-du-jour": {"task": "bilans.rappeler", "schedule": crontab(hour=7, minute=0)},
}

EMAIL_HOST = os.environ.get("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "ne-pas-repondre@flux-reservations.example")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        # Le bouton « Se déconnecter » mène chez le fournisseur d'identité : Chromium suit les redirections d'un formulaire.
        "form-action": [SELF, *_origine_de(OIDC_OP_END_SESSION_ENDPOINT)],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_HTTPONLY = True
# Une journée de travail, puis on se reconnecte ; un lien de mot de passe vaut une heure.
SESSION_COOKIE_AGE = 10 * 3600
PASSWORD_RESET_TIMEOUT = 3600
# Serveurs frontaux de confiance : l'adresse d'une personne est celle que le premier d'entre eux a vue (X-Forwarded-For).
NOMBRE_DE_FRONTAUX = int(os.environ.get("NOMBRE_DE_FRONTAUX", "0"))
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Appels automatiques vers un réseau privé ou en clair : jamais, sauf si l'exploitant l'ouvre (intranet, essai).
WEBHOOKS_ADRESSES_PRIVEES = os.environ.get("WEBHOOKS_ADRESSES_PRIVEES", "") == "1"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "flux_reservations.acces.api.AuthentificationParJeton",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["flux_reservations.acces.api.Connecte"],
    "DEFAULT_PAGINATION_CLASS": "flux_reservations.socle.api.PaginationParCurseur",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flux_reservations.socle.api.LecteurJson"],
    "DEFAULT_THROTTLE_CLASSES": ["flux_reservations.acces.api.LimiteParPorteur"],
    "DEFAULT_THROTTLE_RATES": {"porteur": os.environ.get("DEBIT_API", "600/min")},
    "NUM_PROXIES": NOMBRE_DE_FRONTAUX,
    "EXCEPTION_HANDLER": "flux_reservations.socle.api.traduire_erreur",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Flux réservations",
    "DESCRIPTION": "API de la gestion en flux des réservations de logements sociaux.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "flux_reservations.socle.openapi.decrire_les_erreurs",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ligne": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "ligne"}},
    "root": {"handlers": ["console"], "level": os.environ.get("NIVEAU_JOURNAL", "WARNING")},
    # Une ligne par page et par police de chaque PDF : rien qui aide.
    "loggers": {nom: {"level": "WARNING"} for nom in ("weasyprint", "fontTools")},
}
