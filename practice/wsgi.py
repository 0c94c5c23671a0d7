"""What a server such as gunicorn runs: `gunicorn practice.wsgi`."""

import os
from contextlib import suppress

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection

from practice.checks import refuse_powerful_role, refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

application = get_wsgi_application()
if settings.PRODUCTION:
    refuse_unsafe({name: getattr(settings, name) for name in dir(settings) if name.isupper()})
    with suppress(DatabaseError):  # not there yet: /readyz looks again
        refuse_powerful_role()
    connection.close()
