"""Django's settings, all from the node's configuration file and the environment; nothing else reads these."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import dj_database_url

from renkei.node import config

NODE: Final = (
    config.load(Path(os.environ["RENKEI_NODE"])) if os.environ.get("RENKEI_NODE") else config.unset()
)
PRODUCTION: Final = NODE.environment == "production"

# --- secrets: from the environment; outside production a random key for the life of the process -------------
SECRET_KEY = os.environ.get("RENKEI_SECRET_KEY") or (os.urandom(32).hex() if not PRODUCTION else "")
KEY_PASSPHRASE = os.environ.get("RENKEI_KEY_PASSPHRASE", "").encode()  # of the private keys at rest
TOKEN_PIN = os.environ.get("RENKEI_TOKEN_PIN", "")  # of the token, where one holds keys

# --- the application ----------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = list(NODE.console.hosts)
ROOT_URLCONF = "renkei.node.urls"
WSGI_APPLICATION = "renkei.node.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "renkei.node.audit",
    "renkei.node.accounts",
    "renkei.node.records",
    "renkei.node.deliveries",
    "renkei.node.cycle",
    "renkei.node.matching_run",
    "renkei.node.candidates",
    "renkei.node.cases",
    "renkei.node.corrections",
    "renkei.node.incidents",
    "renkei.node.operations",
    "renkei.node.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "renkei.node.console.headers.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "renkei.node.console.pages.frame",
            ],
        },
    }
]
FORM_RENDERER = "renkei.node.console.forms.Renderer"
AUTH_USER_MODEL = "accounts.Officer"
AUTHENTICATION_BACKENDS = [
    "renkei.node.accounts.backends.LocalAccounts",
    *(["renkei.node.accounts.backends.DirectoryAccounts"] if NODE.oidc.client_id else []),
]
OIDC_RP_CLIENT_ID = NODE.oidc.client_id
OIDC_RP_CLIENT_SECRET = os.environ.get("RENKEI_OIDC_CLIENT_SECRET", "")
OIDC_OP_AUTHORIZATION_ENDPOINT = NODE.oidc.authorization_endpoint
OIDC_OP_TOKEN_ENDPOINT = NODE.oidc.token_endpoint
OIDC_OP_USER_ENDPOINT = NODE.oidc.user_endpoint
OIDC_OP_JWKS_ENDPOINT = NODE.oidc.jwks_endpoint
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile"
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
LOGGING_CONFIG = None  # `renkei.node.logs` takes all of it; Django's own would print addresses
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- the database -------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(NODE.database, conn_max_age=60, conn_health_checks=True))
}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    name = DATABASES["default"]["NAME"]
    if name != ":memory:" and not Path(name).is_absolute():
        DATABASES["default"]["NAME"] = str(NODE.directory / name)
    DATABASES["default"]["OPTIONS"] = {
        # Writers wait instead of failing in the middle; claiming a step relies on that.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
    }

# --- language and time --------------------------------------------------------------------------------------
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

# --- sessions and what browsers are told --------------------------------------------------------------------
SESSION_COOKIE_AGE = int(timedelta(minutes=60).total_seconds())
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Browsers keep cookies by host name and ignore the port: nodes on one host need cookie names of their own.
# `__Host-` holds a cookie to this host, over https and for every path; browsers refuse it without Secure.
_COOKIE = f"{'__Host-' if PRODUCTION else ''}renkei-{NODE.party}"
SESSION_COOKIE_NAME = f"{_COOKIE}-session"
CSRF_COOKIE_NAME = f"{_COOKIE}-csrf"
LANGUAGE_COOKIE_NAME = f"{_COOKIE}-language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # else in a cookie `messages`
# After signing in at the directory the browser returns from another site, and must keep its session.
SESSION_COOKIE_SAMESITE = "Lax" if NODE.oidc.client_id else "Strict"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "renkei.node.console.access.token_refused"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if PRODUCTION else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # the package's own files: nothing has to be collected
WHITENOISE_MAX_AGE = int(timedelta(days=1).total_seconds())
LOGIN_URL = "enter"
LOGIN_REDIRECT_URL = "today"
LOGIN_REDIRECT_URL_FAILURE = "/enter/"  # of the directory's; relative names are not resolved there
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
