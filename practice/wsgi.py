"""What a server such as gunicorn runs: `gunicorn practice.wsgi`."""

import os
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection

from practice.checks import (
    refuse_endless_waiting,
    refuse_powerful_role,
    refuse_unsafe,
    settings_of_this_server,
)
from practice.database.waiting import limit_waiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

application = get_wsgi_application()
databases: Any = settings.DATABASES
for database in databases.values():
    limit_waiting(database)
if settings.PRODUCTION:
    refuse_unsafe(settings_of_this_server())
    with suppress(DatabaseError):  # not there yet: /readyz looks again
        refuse_powerful_role()
        refuse_endless_waiting()
    connection.close()
