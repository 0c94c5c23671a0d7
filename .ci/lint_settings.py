"""Settings with which the migrations are linted."""

from practice.settings import *  # noqa: F403
from practice.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "django_migration_linter", "planted"]
