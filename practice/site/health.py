"""For whoever watches over the service: is it alive, is it ready, whom to tell of a weakness."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.checks import refuse_powerful_role

TEXT = "text/plain; charset=utf-8"


@require_safe
@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type=TEXT)


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers, its tables are of this version, and its policies bind this server."""
    try:
        executor = MigrationExecutor(connection)
        is_ready = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        if settings.PRODUCTION:
            refuse_powerful_role()
    except (Error, ImproperlyConfigured):  # a lost connection is no DatabaseError
        is_ready = False
    words = "ok\n" if is_ready else "not ready\n"
    return HttpResponse(words, content_type=TEXT, status=200 if is_ready else 503)


@require_safe
@login_not_required
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness (RFC 9116), if whoever runs the service has said so."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = timezone.now() + timedelta(days=180)
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {expires:%Y-%m-%dT00:00:00Z}"]
    return HttpResponse("\n".join([*lines, "Preferred-Languages: en", ""]), content_type=TEXT)
