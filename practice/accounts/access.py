"""Who asks, for how long they are signed in and by what, and what they may open.

Every request of somebody signed in runs all of it, so it is in one module, longer than others.

Everything a page shows is reached from `request.therapist` or `request.clients`, so that what
belongs to somebody else cannot be named. PostgreSQL is told who asks, too, for one transaction,
before anything is read: the policies of `row_security.sql` read it, and where nobody is told of, no
row is seen. SQLite has no row-level security; there that does nothing.

A session ends after 30 minutes without use, and 12 hours in all. It keeps two moments, in seconds
since 1970: when it began and when it was last used. The second is written at most once in a
thirtieth of the idle limit, that is once a minute, so that not every look at a page writes: a
session may end up to a minute early, never late.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from math import ceil
from typing import Any, Self

from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import base36_to_int
from django_htmx.http import HttpResponseClientRedirect
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from practice.accounts.models import BrowserSession, Therapist, User
from practice.database.compiled import CompiledQuery, Given
from practice.text.spoken import LEEWAY
from practice.web.logging import REQUEST_ID
from practice.web.requests import PageRequest
from practice.web.responses import banner, see_other

View = Callable[..., HttpResponse]

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
BEGAN, SEEN = "began", "seen"
BEGUN = "account_login"  # where allauth keeps a sign-in that waits for its second step
NO_USE = {"time_left", "save_draft", "archive_progress"}
EVERYTHING_KEPT = '"cache", "storage"'
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
    "metrics",
    "security_txt",
}

# Local to the transaction: the next borrower of a pooled connection must not inherit it.
ACCOUNT = """SELECT set_config('stillwater.account', %s, true),
    set_config('stillwater.therapist', '', true), set_config('stillwater.invitation', '', true)"""
WHO = """SELECT set_config('stillwater.account', %s, true),
    set_config('stillwater.therapist', %s, true)"""
WHO_IT_IS = """SELECT coalesce(current_setting('stillwater.account', true), ''),
    coalesce(current_setting('stillwater.therapist', true), '')"""
# The database looks up which therapist the account is: nobody is another by mistake.
THERAPIST = """SELECT set_config('stillwater.therapist', coalesce((
    SELECT id::text FROM accounts_therapist
    WHERE user_id = nullif(current_setting('stillwater.account', true), '')::bigint
), ''), true)"""
CLIENT = "SELECT set_config('stillwater.therapist', '', true)"
INVITATION = "SELECT set_config('stillwater.invitation', %s, true)"


class AccountRequest(PageRequest):
    """A request of somebody who is signed in."""

    user: User


class TherapistRequest(AccountRequest):
    """A request of a signed-in therapist."""

    therapist: Therapist


class ClientRequest(AccountRequest):
    """A request of somebody who is signed in as a client; `clients` are their own records."""

    clients: QuerySet[Any]  # of the model Client, which stands above accounts


def therapist_of(user: AbstractBaseUser | AnonymousUser | None) -> Therapist | None:
    """Return the therapist an account belongs to, if it does."""
    return getattr(user, "therapist", None)


class Role(TextChoices):
    """In which part somebody acted."""

    THERAPIST = "therapist"
    CLIENT = "client"
    VISITOR = "visitor"  # not signed in
    OPERATOR = "operator"  # a command on the server

    @classmethod
    def of(cls, by: User | None, therapist_id: int | None) -> Self:
        """Return the part an account has in a practice, or in the installation (None)."""
        if by is None:
            return cls.VISITOR if REQUEST_ID.get() else cls.OPERATOR
        own = therapist_of(by)
        is_theirs = own and therapist_id in (None, own.pk)
        return cls.THERAPIST if is_theirs else cls.CLIENT


# By which a session is read, with all that a request asks of its account. It is asked at each
# request, so it is one query, and ready: having Django make it anew takes three times as long.
SESSION_AND_ACCOUNT = """
    SELECT session.session_data, account.*,
        own.id AS own_id, own.user_id AS own_user_id, own.public_id AS own_public_id,
        own.name AS own_name, own.slug AS own_slug, own.tidy_up_weeks AS own_tidy_up_weeks,
        EXISTS (SELECT 1 FROM mfa_authenticator WHERE user_id = account.id
                AND type IN ('totp', 'webauthn')) AS had_second_factor,
        (SELECT count(*) FROM (SELECT 1 FROM diary_unread
                               WHERE therapist_id = own.id LIMIT 100) AS few) AS unread
    FROM accounts_browsersession session
    LEFT JOIN accounts_user account ON account.id = session.account_id
    LEFT JOIN accounts_therapist own ON own.user_id = account.id
    WHERE session.session_key = %s AND session.expire_date > %s
"""
# The account of the session that this thread has read last, until it is asked for.
_account: ContextVar[User | None] = ContextVar("account", default=None)


class SessionStore(DatabaseStore):
    """Keeps sessions as Django does, with their account beside them; both are read at once."""

    model = BrowserSession
    _written: bytes | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Return the row of a session with this content."""
        row: BrowserSession = super().create_model_instance(data)  # type: ignore[assignment]
        row.account_id = account_of(data)
        return row

    def load(self) -> dict[str, Any]:
        """Return the content of a session, and have its account ready for `read_account`."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = User.objects.raw(SESSION_AND_ACCOUNT, [self.session_key, now])
        account: Any = next(iter(found), None)
        _account.set(account)
        if account is None:
            self._session_key = None
            return {}
        names = [field.attname for field in Therapist._meta.concrete_fields]
        values = [account.__dict__.pop(f"own_{name}") for name in names]
        User._meta.get_field("therapist").set_cached_value(account, None)  # type: ignore
        if values[0]:
            Therapist.from_db(account._state.db, names, values).user = account
        return self.decode(account.session_data)

    def save(self, must_create: bool = False) -> None:
        """Write a session, by one statement if it is there; not again what has just been written.

        So a request may save it in its transaction, and Django, later, finds nothing left to do.

        Raises:
            UpdateError: it has been ended meanwhile.
        """
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        data = dict(self.items())
        content = self.serializer().dumps(data)
        if content == self._written:
            return
        row = self.create_model_instance(data)
        columns = ("session_data", "expire_date", "account_id")
        present = BrowserSession.objects.filter(pk=row.pk)
        if not present.update(**{name: getattr(row, name) for name in columns}):
            raise UpdateError
        self._written = content


def read_account(pk: int) -> User | None:
    """Return an account, once, if it has just been read with its session; else None."""
    account = _account.get()
    _account.set(None)
    return account if account and account.pk == pk else None


def account_of(data: dict[str, Any]) -> int | None:
    """Return which account a session is signed in to or has begun to sign in to, if any."""
    if SESSION_KEY in data:
        return int(data[SESSION_KEY])
    begun = data.get(BEGUN, {}).get("user_pk")
    return base36_to_int(begun) if begun else None


class EmailBackend(AuthenticationBackend):
    """allauth's sign-in by e-mail; an account comes with all that a request asks of it at once."""

    def get_user(self, user_id: int) -> User | None:
        """Return who is signed in, with their therapist and whether they have a second factor."""
        user = read_account(user_id) or self._look_up(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def _look_up(self, user_id: int) -> User | None:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
        users = User.objects.select_related("therapist").annotate(had_second_factor=Exists(factors))
        return users.filter(pk=user_id).first()


def for_therapists(view: View) -> View:
    """Let therapists in and set `request.therapist`; anybody else is refused."""

    @wraps(view)
    def checked(request: TherapistRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        therapist = therapist_of(request.user)
        if therapist is None:
            raise PermissionDenied
        request.therapist = therapist
        act_as_therapist()
        return view(request, *args, **kwargs)

    return checked


def records_of(user: User) -> QuerySet[Any]:
    """Return the records of whoever signs in with an account: their own, or those of a family.

    They have been read, by a compiled query: every page of a client begins with them.
    """
    clients: Any = user.clients
    own = clients.select_related("therapist", "merged_into").order_by("pk")
    own._result_cache = RECORDS.instances(account=user.pk)
    for record in own:
        record.account = clients.instance
    return own


def _records(given: Given) -> QuerySet[Any]:
    clients: Any = User.clients.rel.related_model  # the model Client, which stands above accounts
    own = clients.objects.filter(account__pk=given("account"))
    return own.select_related("therapist", "merged_into").order_by("pk")


RECORDS = CompiledQuery(_records)


def for_clients(view: View) -> View:
    """Let clients in, whose records are `request.clients`; a mere therapist is refused."""

    @wraps(view)
    def checked(request: ClientRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if therapist_of(request.user) and not request.clients:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


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


def second_factor_for_therapists(get_response: Callable) -> Callable[..., HttpResponse]:
    """Lead a therapist without a second factor to where one is added, and nowhere else.

    Looked up at each request, with the account: a factor that is removed counts no more at once.
    """

    def middleware(request: AccountRequest) -> HttpResponse:
        if (
            not settings.SECOND_FACTOR_FOR_THERAPISTS
            or not therapist_of(request.user)
            or request.user.had_second_factor  # type: ignore[attr-defined]  # get_user's
            or route_name(request) in OPEN_WITHOUT
        ):
            return get_response(request)
        banner(request, "second_factor_needed")
        place = reverse("mfa_index")
        return HttpResponseClientRedirect(place) if request.htmx else see_other(place)

    return middleware


def route_name(request: HttpRequest) -> str | None:
    """Return what `urls.py` calls the address that is asked for; None, if there is none such."""
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


@contextmanager
def transaction_of(account_id: int | None) -> Iterator[bool]:
    """A transaction in which the database knows which account asks; None is a visitor.

    Yields whether there is one.
    """
    if connection.vendor != "postgresql":
        yield False
        return
    with transaction.atomic(savepoint=False):  # the outermost there is
        _tell(ACCOUNT, str(account_id or ""))
        yield True


def act_as_therapist() -> None:
    """Be the therapist that the account is, and nobody's client, until the transaction ends."""
    if _is_told():
        _tell(THERAPIST)


@contextmanager
def as_therapist(therapist: Therapist) -> Iterator[None]:
    """A transaction in which the database knows that this therapist asks."""
    with transaction_of(therapist.user_id):
        act_as_therapist()
        yield


def act_as_client() -> None:
    """Be a client again, and no therapist, until the transaction ends."""
    if _is_told():
        _tell(CLIENT)


def hold_invitation(fingerprint: str) -> None:
    """Hold the link of an invitation, too, until the transaction ends."""
    if _is_told():
        _tell(INVITATION, fingerprint)


@contextmanager
def acting_as(account_id: int) -> Iterator[None]:
    """Let whoever has just shown that an account is theirs do what its owner may, as a client.

    The rest of the transaction goes on as whoever it was before.
    """
    if not _is_told():
        yield
        return
    former = _tell(WHO_IT_IS).fetchone() or ("", "")
    _tell(WHO, str(account_id), "")
    try:
        yield
    finally:
        # After an error the transaction is over, and with it what it was told.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _tell(WHO, *former)


def _is_told() -> bool:
    return connection.vendor == "postgresql" and connection.in_atomic_block


def _tell(statement: str, *values: str) -> Cursor:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection.connection.execute(statement, values)
