"""Settings of the ready-made service. Everything that differs between installations comes from the environment.

WINDSOCK_DATA      directory of the database file and the secret key (default ~/.local/share/windsock)
DATABASE_URL       postgres://… ; default: a SQLite file in WINDSOCK_DATA
REDIS_URL          redis://… : Channels' layer between processes and machines; default: in memory
SECRET_KEY         default: made once and kept in WINDSOCK_DATA
ALLOWED_HOSTS      comma-separated; default: this machine only
WINDSOCK_HTTPS     1: cookies only over TLS, HSTS (behind a proxy that terminates TLS)
SCRIPT_NAME        path below which a proxy serves it, such as /delays
TRUSTED_PROXY      1: believe X-Forwarded-Proto of the proxy in front
PUBLIC_READ, ALLOWED_ORIGINS, and SOURCE_RANKS as JSON: see windsock.conf
airports.csv       a file in WINDSOCK_DATA with airports of your own; airlines.csv the same for carriers
feeds.toml         a file in WINDSOCK_DATA with the feeds to take in: see docs/reference/feeds.md
WINDSOCK_<KEY>     any other key of settings.WINDSOCK, such as WINDSOCK_MAX_CONNECTIONS_PER_USER
DEBUG              1: Django's error pages. Never on a network
"""

import os
from importlib.util import find_spec
from typing import Any

import django
import environ

from windsock.cli.data import data_directory, private_file, secret_key
from windsock.conf import switch
from windsock.errors import ConfigError
from windsock.service.environment import feeds_file, own_table, value, windsock_settings
from windsock.service.prefix import prefix_of

env = environ.Env()
DATA = data_directory()

DEBUG = switch("DEBUG", os.environ)
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(DATA)
ALLOWED_HOSTS: list[str] = list(
    value("ALLOWED_HOSTS", os.environ, ("localhost", "127.0.0.1", "[::1]", ".localhost"))
)
# Below it are pages, static files, sockets, cookies and every redirect.
PREFIX = prefix_of(env.str("SCRIPT_NAME", default=""))
FORCE_SCRIPT_NAME = PREFIX or None
TRUSTED_ORIGINS: list[str] = list(value("ALLOWED_ORIGINS", os.environ, ()))
CSRF_TRUSTED_ORIGINS = [origin for origin in TRUSTED_ORIGINS if "://" in origin]

INSTALLED_APPS = [
    "servestatic.runserver_nostatic",
    "windsock",
    "ninja",  # its bundled API browser, so that the docs page needs no CDN
    "channels",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

if django.VERSION >= (6, 0):
    _CSP_MIDDLEWARE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
else:
    _CSP_MIDDLEWARE = "csp.middleware.CSPMiddleware"
    INSTALLED_APPS.append("csp")

MIDDLEWARE = [
    # The first: a file needs none of the headers of pages, which for thirty small files add up to 10 kB.
    "windsock.service.static_files.HashedFiles",
    "django.middleware.security.SecurityMiddleware",
    _CSP_MIDDLEWARE,
    # Before it nothing reads the body; after it pages are plain.
    "windsock.service.compressed_pages.CompressedPages",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "windsock.service.urls"
ASGI_APPLICATION = "windsock.service.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{(DATA / 'windsock.sqlite3').as_posix()}")
}
for _database in DATABASES.values():
    # Under ASGI each request may run in another thread: kept connections would pile up.
    _database.setdefault("CONN_MAX_AGE", 0)
    if _database["ENGINE"].endswith("sqlite3"):
        private_file(_database["NAME"])
        _database.setdefault("OPTIONS", {}).update(
            # IMMEDIATE: a transaction that reads first and writes later would fail at once with "database is locked".
            # FULL: with NORMAL a power loss could take back an acknowledged report and hand out its position again.
            transaction_mode="IMMEDIATE",
            timeout=20,
            init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        )

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Channels: the handshake and the doorbell --------------------------------------------------------------

REDIS_URL: str = env.str("REDIS_URL", default="")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    _scheme = REDIS_URL.partition("://")[0] if "://" in REDIS_URL else "none"
    raise ConfigError(
        f"REDIS_URL has the scheme {_scheme!r}; redis://, rediss:// (TLS) or unix:// is needed. For sentinels set "
        "CHANNEL_LAYERS and CACHES in settings of your own."
    )
if REDIS_URL and find_spec("channels_redis") is None:
    raise ConfigError(
        "REDIS_URL is set, but the package channels-redis is not installed. "
        "Install it with: python -m pip install 'windsock[redis]'"
    )
# A connection that is half-open (a firewall forgot it) never answers: it is given up after this, and another is made.
# More than the five seconds for which the layer lets Redis wait for a message.
REDIS_SECONDS = 8
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # Capacity counts per process, and what exceeds it is dropped without a word.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": REDIS_SECONDS}],
            "capacity": 10_000,
            "expiry": 60,
        },
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
}

# The limiter of failed tokens counts here. Per process without Redis: N workers allow N times as many tries.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Counting a wrong token must not keep its sender waiting for ever where Redis stands still.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}
}

# --- Windsock -------------------------------------------------------------------------------------------------

WINDSOCK: dict[str, Any] = {
    "PUBLIC_READ": switch("PUBLIC_READ", os.environ),
    "ALLOWED_ORIGINS": TRUSTED_ORIGINS,
    "SOURCE_RANKS": value("SOURCE_RANKS", os.environ, {}),
    "FEEDS": feeds_file(DATA / "feeds.toml"),
    "AIRPORTS": own_table(DATA / "airports.csv"),
    "AIRLINES": own_table(DATA / "airlines.csv"),
    # Beside the database, not in it: a database put back from a backup must not bring its own witness.
    "SEEN_FILE": str(DATA / "journal-seen"),
    **windsock_settings(os.environ),
}

# --- Accounts -------------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTHENTICATION_BACKENDS = [
    "windsock.access.backends.LimitedBackend",
    "django.contrib.auth.backends.ModelBackend",  # vouches for sessions that a one-time link began
]
LOGIN_URL = "windsock:sign-in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "windsock:home"

# --- Language and time: Django's own default is Chicago ----------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Static files: found in the packages themselves, no collectstatic needed -------------------------------

STATIC_URL = f"{PREFIX}/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "windsock.service.static_files.HashedStorage"},
}
# What is left to ServeStatic: parts of files, and files that change while one works on them (DEBUG).
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_MAX_AGE = 0 if DEBUG else 60

# --- Security headers -----------------------------------------------------------------------------------------

HTTPS = switch("WINDSOCK_HTTPS", os.environ)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{PREFIX}/"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "windsock.hosting.csrf_failure"
X_FRAME_OPTIONS = "DENY"
if switch("TRUSTED_PROXY", os.environ):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

_CSP: dict[str, list[str]] = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],  # covers ws: and wss: of the same host
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
if django.VERSION >= (6, 0):
    SECURE_CSP = _CSP
else:
    CONTENT_SECURITY_POLICY = {"DIRECTIVES": _CSP}

# One body with reports is read by our own bounded reader (windsock.api.bodies); this bounds everything else.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- Logs -----------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "filters": {"brief": {"()": "windsock.service.logs.WithoutTraceback"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "brief": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["brief"]},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # A foreign Host, a cookie that is not ours: anybody can send them, as often as they like. A line each.
        "django.security": {"handlers": ["brief"], "level": "WARNING", "propagate": False},
        # A wrong token or an unknown flight is the asker's affair, not ours.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
    },
}
