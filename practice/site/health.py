"""For whoever watches over the service: is it alive, is it ready, whom to tell of a weakness."""

import logging
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.database.server_role import refuse_powerful_role
from practice.database.state import RUN_MIGRATE, what_is_missing

TEXT = "text/plain; charset=utf-8"
log = logging.getLogger("django.practice")


@require_safe
@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type=TEXT)


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers, its tables are of this version, and its policies bind this server.

    Why it is not ready stands in the log; here only what gives nothing away.
    """
    missing = what_is_missing()
    if not missing and settings.PRODUCTION:
        try:
            refuse_powerful_role()
        except (Error, ImproperlyConfigured) as error:
            missing = str(error).partition("\n")[0]
    if not missing:
        return HttpResponse("ok\n", content_type=TEXT)
    log.warning("Not ready: %s", missing)
    said = f"not ready: {missing}\n" if missing == RUN_MIGRATE else "not ready\n"
    return HttpResponse(said, content_type=TEXT, status=503)


@require_safe
@login_not_required
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness (RFC 9116), if whoever runs the service has said so."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + timedelta(days=180)
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {expires:%Y-%m-%dT00:00:00Z}"]
    return HttpResponse("\n".join([*lines, "Preferred-Languages: en", ""]), content_type=TEXT)
