"""What a server such as gunicorn runs: `gunicorn practice.wsgi`."""

import logging
import os
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection
from gunicorn.errors import AppImportError

from practice.checks import refuse_development, refuse_unsafe, settings_of_this_server
from practice.database.server_role import refuse_endless_waiting, refuse_powerful_role
from practice.database.state import what_is_missing
from practice.database.waiting import limit_waiting
from practice.version import VERSION
from practice.web.errors import tell_sentry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
log = logging.getLogger("django.practice")


def start() -> WSGIHandler:
    """Return the application of a server that is safe.

    Raises:
        ImproperlyConfigured: it is not.
    """
    application = get_wsgi_application()
    databases: Any = settings.DATABASES
    for database in databases.values():
        limit_waiting(database)
    refuse_development()
    if settings.PRODUCTION:
        refuse_unsafe(settings_of_this_server())
        with suppress(DatabaseError):  # not there yet: /readyz looks again
            refuse_powerful_role()
            refuse_endless_waiting(connection)
        if missing := what_is_missing():
            log.warning("Not ready: %s", missing)
        connection.close()
    if settings.SENTRY_DSN:
        tell_sentry(settings.SENTRY_DSN, VERSION)
    if settings.SEND_MESSAGES_IN_SERVER:
        from practice.notifications.worker import worker  # noqa: PLC0415 - models come first

        worker.begin()
    return application


try:
    application = start()
except ImproperlyConfigured as error:
    raise AppImportError(str(error)) from error  # gunicorn says that alone, and ends
