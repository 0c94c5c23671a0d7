"""Signing in begins a session; what its pages ask of it by themselves (`static/stay.js`)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from practice.accounts.access import BEGAN, SEEN, AccountRequest, extend, seconds_left
from practice.accounts.models import User
from practice.web import drafts


def begin(request: HttpRequest, user: User, **_: Any) -> None:
    """Start the clock when somebody signs in; the answer to that is the first use."""
    drafts.discard_of_others(request, user.pk)
    request.session[BEGAN] = timezone.now().timestamp()
    request.session.pop(SEEN, None)


def begin_anew(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """Start the clock again when somebody signed in shows again who they are."""
    if reauthenticated:
        request.session[BEGAN] = timezone.now().timestamp()


@require_http_methods(["GET", "HEAD", "POST"])
def time_left(request: AccountRequest) -> HttpResponse:
    """Tell `static/stay.js` how many seconds are left: GET only looks, POST stays signed in.

    When few are left, the dialog that says so comes along.
    """
    if request.method == "POST":
        extend(request.session)
    left, can_grow = seconds_left(request.session)
    ends_soon = left <= settings.IDLE_WARNING.total_seconds()
    context = {"can_grow": can_grow}
    dialog = render_to_string("accounts/_stay.html", context, request) if ends_soon else ""
    return JsonResponse({"left": left, "dialog": dialog})


@require_POST
def save_draft(request: AccountRequest) -> HttpResponse:
    """Save the form of a page that `static/stay.js` is about to leave.

    Its session has ended, as a rule; then `DraftMiddleware` saves it before this is reached.
    """
    drafts.save(request, elsewhere=True)
    return HttpResponse(status=204)
