"""Settings of the installations that harnesses hurt: production's, static files apart."""

from practice.settings import *  # noqa: F403
from practice.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # finds static files without collecting them first
WHITENOISE_USE_FINDERS = True
