"""Who is signed in, for how long (30 minutes without use, 12 hours in all), and by what.

A session keeps two moments, in seconds since 1970: when it began and when it was last used. The
second is written at most once in a thirtieth of the idle limit, that is once a minute, so that not
every look at a page writes: a session may end up to a minute early, never late.
"""

from collections.abc import Callable
from math import ceil
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from practice.accounts.access import AccountRequest, therapist_of
from practice.accounts.models import User
from practice.text.spoken import LEEWAY
from practice.web import drafts
from practice.web.responses import banner, see_other

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
BEGAN, SEEN = "began", "seen"
NO_USE = {"time_left", "save_draft"}
EVERYTHING_KEPT = '"cache", "storage"'


class EmailBackend(AuthenticationBackend):
    """allauth's sign-in by e-mail; an account comes with all that a request asks of it at once."""

    def get_user(self, user_id: int) -> User | None:
        """Return who is signed in, with their therapist and whether they have a second factor."""
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
        users = User.objects.select_related("therapist").annotate(had_second_factor=Exists(factors))
        user = users.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


def begin(request: HttpRequest, user: User, **_: Any) -> None:
    """Start the clock when somebody signs in; the answer to that is the first use."""
    drafts.discard_of_others(request, user.pk)
    request.session[BEGAN] = timezone.now().timestamp()
    request.session.pop(SEEN, None)


def begin_anew(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """Start the clock again when somebody signed in shows again who they are."""
    if reauthenticated:
        request.session[BEGAN] = timezone.now().timestamp()


user_logged_in.connect(begin, dispatch_uid="limits")
authentication_step_completed.connect(begin_anew, dispatch_uid="limits")


def seconds_left(session: SessionBase) -> tuple[int, bool]:
    """Return how many seconds a session has left, and whether use can make it more.

    None, if the clock has been set back since: how long it has lived cannot be known.
    """
    now = timezone.now().timestamp()
    began = session.get(BEGAN, now)
    seen = session.get(SEEN, began)
    if max(began, seen) - now > LEEWAY.total_seconds():
        return 0, True
    idle = min(seen - now, 0) + settings.IDLE_LIMIT.total_seconds()
    in_all = min(began - now, 0) + settings.SESSION_LIMIT.total_seconds()
    return ceil(min(idle, in_all)), idle < in_all


def extend(session: SessionBase) -> None:
    """Note that a session is in use."""
    session[SEEN] = timezone.now().timestamp()
    session.setdefault(BEGAN, session[SEEN])


def session_limits(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """End sessions that have had their time, and note the use of the others.

    Who is signed out by this goes on as a visitor: `LoginRequiredMiddleware` sends them to sign in
    and back. What a page asks by itself (`NO_USE`) does not count as use, whatever comes of it. Nor
    does a request that failed: of a sign-in nothing is true then, and the database may be away.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        has_ended = request.user.is_authenticated and end_if_due(request)
        response = get_response(request)
        if has_ended:
            response.headers["Clear-Site-Data"] = EVERYTHING_KEPT
        if response.status_code < 500 and is_use(request):
            note_use(request)
        return response

    return middleware


def is_use(request: HttpRequest) -> bool:
    """Whether somebody signed in has done something."""
    page = request.resolver_match
    return request.user.is_authenticated and not (page and page.url_name in NO_USE)


def end_if_due(request: HttpRequest) -> bool:
    """Sign out, with a word about why, if the session has had its time."""
    left, was_idle = seconds_left(request.session)
    if left > 0:
        return False
    logout(request)
    if was_idle:
        minutes = round(settings.IDLE_LIMIT.total_seconds() / 60)
        banner(request, "signed_out_unused", minutes=minutes)
    else:
        hours = round(settings.SESSION_LIMIT.total_seconds() / 3600)
        banner(request, "signed_out_after_all", hours=hours)
    return True


def note_use(request: HttpRequest) -> None:
    """Extend a session and list it among the account's devices, unless that has just been done."""
    age = timezone.now().timestamp() - request.session.get(SEEN, 0)
    if age >= settings.IDLE_LIMIT.total_seconds() / 30:
        extend(request.session)
        UserSession.objects.create_from_request(request)


def for_page(session: SessionBase) -> dict[str, int]:
    """Return what `static/stay.js` begins with, in seconds; the same for all pages of a session."""
    idle, warning = settings.IDLE_LIMIT.total_seconds(), settings.IDLE_WARNING.total_seconds()
    ends = session.get(BEGAN, timezone.now().timestamp()) + settings.SESSION_LIMIT.total_seconds()
    return {"idle": round(idle - idle / 30), "warning": round(warning), "ends": round(ends)}


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


class DraftMiddleware:
    """Save a form whose POST leads to where one signs in, confirms it or adds a second factor.

    Whoever has done that finds the form as it was, and presses the button again. One that has
    reached its view has been used.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST":
            return response
        leads_to = response.headers.get("Location") or response.headers.get("HX-Redirect", "")
        if leads_to.startswith((resolve_url(settings.LOGIN_URL), reverse("mfa_index"))):
            drafts.save(request, elsewhere=_name_of(request) == "save_draft")
            # What allauth has stored of it, unencrypted, to do by itself after the password.
            request.session.pop(STATE_SESSION_KEY, None)
        elif hasattr(request, "has_draft") and response.status_code < 500:
            drafts.discard(request)
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.method == "POST" and drafts.DRAFTS in request.session:
            request.has_draft = True  # type: ignore[attr-defined]


@require_POST
def save_draft(request: AccountRequest) -> HttpResponse:
    """Save the form of a page that `static/stay.js` is about to leave.

    Its session has ended, as a rule; then `DraftMiddleware` saves it before this is reached.
    """
    drafts.save(request, elsewhere=True)
    return HttpResponse(status=204)


# All that a therapist who still has to add a second factor can open.
OPEN_WITHOUT = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "sign_out",
    "time_left",
    "save_draft",
    "help",
    "finishing_work",
    "accessibility",
    "privacy",
    "livez",
    "readyz",
    "security_txt",
}


def has_second_factor(user: User) -> bool:
    """Whether an account has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def second_factor_for_therapists(get_response: Callable) -> Callable[..., HttpResponse]:
    """Lead a therapist without a second factor to where one is added, and nowhere else.

    Looked up at each request, with the account: a factor that is removed counts no more at once.
    """

    def middleware(request: AccountRequest) -> HttpResponse:
        if (
            not settings.SECOND_FACTOR_FOR_THERAPISTS
            or not therapist_of(request.user)
            or _name_of(request) in OPEN_WITHOUT
            or request.user.had_second_factor  # type: ignore[attr-defined]  # get_user's
        ):
            return get_response(request)
        banner(request, "second_factor_needed")
        place = reverse("mfa_index")
        return HttpResponseClientRedirect(place) if request.htmx else see_other(place)

    return middleware


def _name_of(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None
