"""Django's own settings, as `startproject` writes them, over the product's tables.

The one change is a connection that stays open. It connects as the owner of the tables: no row-level
security, no identity told. What is measured here is what a plain Django application would cost.
"""

import os
from pathlib import Path

import dj_database_url

from practice.settings import *  # noqa: F403
from practice.settings import INSTALLED_APPS

WITHOUT_MIDDLEWARE = {"allauth.account": "benchmarks.server.apps.TablesOfAccounts"}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.messages",
    *(WITHOUT_MIDDLEWARE.get(app, app) for app in INSTALLED_APPS),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.server.stock_urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).with_name("templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=None)}
DATABASE_ROUTERS: list[str] = []
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # with Django's own table
SESSION_COOKIE_NAME = "sessionid"
CSRF_COOKIE_NAME = "csrftoken"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
