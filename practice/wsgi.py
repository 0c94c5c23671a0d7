"""What a server such as gunicorn runs: `gunicorn practice.wsgi`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from practice.safety import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

application = get_wsgi_application()
if settings.PRODUCTION:
    refuse_unsafe({name: getattr(settings, name) for name in dir(settings) if name.isupper()})
