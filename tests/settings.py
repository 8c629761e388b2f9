"""A plain host project with Windsock installed: what a Django developer has after the README's quick start.

The SQLite database is a file, so that threads and processes meet as in production, and it is set up as the
documentation asks for. A database `postgresql` is there when a PostgreSQL can be started here.
"""

import os
import sys

from tests import services

SECRET_KEY = "only for tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "tests.urls"
ASGI_APPLICATION = "tests.group_app.application"
STATIC_URL = "/static/"
SERVESTATIC_USE_STATIC_ROOT = False
MEDIA_URL = "/media/"
LOGIN_URL = "/sign-in/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; nothing here is secret

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "windsock",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
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

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# Only a test run has a folder; tools that merely read these settings (mypy, makemigrations) get a database in memory.
_in_test_run = "pytest" in sys.modules or services.RUN_FOLDER in os.environ
_sqlite = str(services.run_folder() / "default.sqlite3") if _in_test_run else ":memory:"

if not _in_test_run:
    SILENCED_SYSTEM_CHECKS = ["windsock.W001"]  # "the database is in memory": here that is meant

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _sqlite,
        "TEST": {"NAME": _sqlite},
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
        },
    },
}
if _in_test_run and services.postgresql_missing() is None:
    DATABASES["postgresql"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "windsock",
        "USER": services.PG_USER,
        "HOST": "127.0.0.1",
        "PORT": str(services.postgresql_port()),
        "TEST": {"NAME": "test_windsock", "DEPENDENCIES": []},
    }

WINDSOCK: dict[str, object] = {}
