"""Sessions as a calendar of one's own reads them: an iCalendar file at a secret address.

A calendar asks for it again and again, on its own, so most answers are "not modified": they are
found by what the file would say, which costs two queries, and nothing is rendered. The secret is
all there is to go by: no cookie is looked at (`practice/site/middleware.py`).
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from icalendar import vText

from clients.models import Client
from practice.accounts.access import act_as_therapist, acting_as, records_of
from practice.audit.models import Entry, Verb
from practice.diary.calendar import as_event, last_change, new_calendar
from practice.diary.models import CalendarFeed, Session, SessionQuerySet
from practice.text.spoken import UNNAMED, initials
from practice.version import VERSION

PAST = timedelta(days=92)  # so long after it a session is still in it
MOST_EVENTS = 5_000  # of more, the first: forty a week, in series of a year, are 2,600
REFRESH = timedelta(hours=1)  # how often a calendar is told to ask
HOUR = timedelta(hours=1)
MOST_AN_HOUR = 120  # requests for one address
MOST_UNKNOWN = 120  # the same for addresses that there are not, by who asks
BUSY, APPOINTMENT = "Booked", "Appointment"


@require_safe
@login_not_required
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar that asks for the sessions of an account."""
    found = CalendarFeed.at(token)
    if found is None:
        ip = get_adapter().get_client_ip(request)
        is_first, may = _count(f"unknown:{ip}", MOST_UNKNOWN)
        return _words(404, "There is no such calendar.") if may else _too_many()
    is_first, may = _count(f"feed:{found.pk}", MOST_AN_HOUR)
    if not may:
        return _too_many()
    with acting_as(found.account_id):
        if found.side == CalendarFeed.Side.DIARY:
            act_as_therapist()
        if is_first:
            _record_look(found)
        lines = _lines(found)
    etag = _etag(lines)
    answer = get_conditional_response(request, etag=etag) or HttpResponse(
        _render(lines), content_type="text/calendar; charset=utf-8"
    )
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return answer


def _count(what: str, most: int) -> tuple[bool, bool]:
    """Count a request; return whether it is the first for an hour, and whether it may be answered.

    In the shared cache, apart from the transaction of the request. Of two at the same instant one
    may not be counted; but only one is the first.
    """
    key, now = f"calendar:{what}", timezone.now().timestamp()
    if cache.add(key, (1, now), HOUR.total_seconds()):
        return True, True
    number, since = cache.get(key) or (1, now)
    left = since + HOUR.total_seconds() - now
    if number < most and left > 0:
        cache.set(key, (number + 1, since), left)
    return False, number < most


def _record_look(found: CalendarFeed) -> None:
    """Record it in every practice whose sessions it has; a calendar asks often, so once an hour."""
    account = found.account
    if found.side == CalendarFeed.Side.DIARY:
        therapist, about = account.therapist, f"account:{account.pk}"
        Entry.record(Verb.CALENDAR_READ, by=account, therapist=therapist, about=about)
        return
    for record in sorted(records_of(account), key=lambda record: record.therapist_id):
        therapist = record.therapist_id
        Entry.record(Verb.CALENDAR_READ, by=account, therapist=therapist, about=record)


def _lines(found: CalendarFeed) -> list[tuple[Session, str]]:
    """Return the sessions that stand, from three months ago on, with what their events say."""
    if found.side == CalendarFeed.Side.DIARY:
        diary = _in_reach(found.account.therapist.sessions.all()).with_people()
        return [
            (session, _of_people(session.people, found.names)) for session in diary[:MOST_EVENTS]
        ]
    records = list(records_of(found.account))
    named = {record.therapist_id for record in records if record.calendar_names_therapist}
    own = _in_reach(Session.objects.of_clients(records)).select_related("therapist")
    return [
        (session, f"{APPOINTMENT} with {session.therapist.name}")
        if session.therapist_id in named
        else (session, APPOINTMENT)
        for session in own[:MOST_EVENTS]
    ]


def _in_reach(sessions: SessionQuerySet) -> SessionQuerySet:
    """Return those of the last three months, by whole days, and those to come."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return sessions.standing().filter(starts_at__gte=today - PAST).order_by("starts_at", "pk")


def _of_people(people: Iterable[Client], names: str) -> str:
    """Return what a therapist's event says of whom it is with."""
    if names == CalendarFeed.Names.NONE:
        return BUSY
    present = [person for person in people if not person.is_erased]
    if names == CalendarFeed.Names.INITIALS:
        return ", ".join(initials(person.name) for person in present) or BUSY
    return ", ".join(_first_name(person) for person in present) or BUSY


def _first_name(person: Client) -> str:
    """Return it, or initials where a name does not tell which is the first."""
    return initials(person.name) if person.first_name == UNNAMED else person.first_name


def _etag(lines: list[tuple[Session, str]]) -> str:
    """Return a tag that changes with whatever the file says."""
    said: list[Any] = [VERSION, settings.SERVICE_NAME]
    for session, summary in lines:
        moments: list[datetime] = [session.starts_at, session.ends_at, last_change(session)]
        said.append((session.public_id, session.revision, *moments, session.place, summary))
    return f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"'


def _render(lines: list[tuple[Session, str]]) -> bytes:
    """Return the file, by RFC 5545 and 7986; what older calendars read instead stands beside it."""
    calendar = new_calendar()
    for name in ("name", "x-wr-calname"):
        calendar.add(name, vText(settings.SERVICE_NAME))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for session, summary in lines:
        calendar.add_component(as_event(session, summary))
    return calendar.to_ical()


def _too_many() -> HttpResponse:
    answer = _words(429, "Too often. Ask again in an hour.")
    answer.headers["Retry-After"] = str(int(HOUR.total_seconds()))
    return answer


def _words(status: int, text: str) -> HttpResponse:
    """Answer a machine, without a page that would look for who is signed in."""
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
