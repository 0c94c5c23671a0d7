"""A client books a session: pick a time, check it, book it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import for_clients
from practice.booking.free import A_WEEK, Day, by_day, free_times, is_free, week_of
from practice.booking.models import opening_rules, rules_of
from practice.diary.models import Session
from practice.diary.shown_to_clients import Card, cards
from practice.text.spoken_times import instants, monday
from practice.web.responses import banner, see_other
from relationships.models import Relationship

YEARS = range(1900, 9000)  # beyond them the arithmetic of dates ends


@dataclass(frozen=True)
class Slot:
    """A free time, and the parts of its address: the reader's day and time of day."""

    starts_at: datetime
    day: str
    time: str
    is_second: bool

    @classmethod
    def at(cls, start: datetime) -> "Slot":
        local = timezone.localtime(start)
        return cls(start, local.date().isoformat(), f"{local:%H%M}", bool(local.fold))


def _mine(request: HttpRequest, public_id: str) -> tuple[Relationship, Card]:
    """Return the reader's own relationship and its card; else it does not exist."""
    card = next((c for c in cards(request.clients) if c.public_id == public_id), None)
    if card is None or not card.can_book:
        raise Http404
    ties = Relationship.objects.select_related("therapist").defer("end_reason", "end_note")
    return get_object_or_404(ties, public_id=public_id), card


@require_safe
@for_clients
def book(request: HttpRequest, relationship_id: str) -> HttpResponse:
    """Show a week of free times, the first that has any unless another is asked for."""
    asked = _day(request.GET["week"]) if "week" in request.GET else None
    tie, card = _mine(request, relationship_id)
    return _free_times(request, tie, card, asked)


def _free_times(
    request: HttpRequest, tie: Relationship, card: Card, asked: date | None, **trouble: object
) -> HttpResponse:
    slots = [Slot.at(start) for start in free_times(tie.therapist, timezone.now())]
    days = by_day((slot.starts_at, slot) for slot in slots)
    weeks = sorted({monday(day) for day in days})
    week = monday(asked) if asked else (weeks or [monday(timezone.localdate())])[0]
    free_days = [Day(day, days[day]) for day in week_of(week) if day in days]
    facts = {
        "card": card,
        "zone_of_therapist": tie.therapist.time_zone,
        "minutes": rules_of(tie.therapist).session_minutes,
        "week": week_of(week),
        "days": free_days,
        "earlier": (week - A_WEEK).isoformat() if weeks and week > weeks[0] else None,
        "later": (week + A_WEEK).isoformat() if weeks and week < weeks[-1] else None,
        "next_free": next((s for s in slots if not free_days and s.day > week.isoformat()), None),
        "any_free": bool(slots),
        "zone_at": free_days[0].lines[0].starts_at if free_days else timezone.now(),
        **trouble,
    }
    return render(request, "booking/book.html", facts, status=409 if trouble else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def check(request: HttpRequest, relationship_id: str, day: str, time: str) -> HttpResponse:
    """Show what would be booked, and book it; the relationship stays as it is.

    Source: `docs/domain.md` 2.9.
    """
    tie, card = _mine(request, relationship_id)
    start = _instant(day, time, second=request.GET.get("second") == "1")
    if request.method != "POST" and not is_free(tie.therapist, start, timezone.now()):
        return _no_longer_free(request, tie, card, start)
    length = opening_rules(tie.therapist).length
    if request.method == "POST":
        return _book(request, tie, card, start, length)
    facts = {
        "card": card,
        "starts_at": start,
        "ends_at": start + length,
        "zone_of_therapist": tie.therapist.time_zone,
        "slot": Slot.at(start),
        "key": uuid4(),
    }
    return render(request, "booking/check.html", facts)


def _book(request: HttpRequest, tie: Relationship, card: Card, start: datetime, length):
    try:
        session = Session.book(
            tie,
            starts_at=start,
            length=length,
            by=request.user,
            key=_key(request.POST.get("key", "")),
            allowed=lambda: is_free(tie.therapist, start, timezone.now()),
        )
    except Session.Taken:
        return _no_longer_free(request, tie, card, start)
    banner(request, "session_booked", session=session)
    return see_other("session", session.public_id)


def _no_longer_free(request: HttpRequest, tie: Relationship, card: Card, start: datetime):
    """Answer with fresh times, or, to a second click of the same person, with what they booked."""
    same = tie.sessions.standing().filter(starts_at=start, booked_by=request.user).first()
    if same:
        return see_other("session", same.public_id)
    is_too_late = start < timezone.now() + opening_rules(tie.therapist).notice
    trouble = {"taken_at": start, "is_too_late": is_too_late}
    return _free_times(request, tie, card, timezone.localtime(start).date(), **trouble)


def _instant(day: str, time: str, *, second: bool) -> datetime:
    """Return the instant an address names in the reader's zone; what does not exist is a 404."""
    try:
        reading = datetime.strptime(f"{day} {time}", "%Y-%m-%d %H%M")  # noqa: DTZ007
        _day(day)
        found = instants(reading, ZoneInfo(timezone.get_current_timezone_name()))
        return found[-1 if second else 0]
    except (ValueError, OverflowError, IndexError):
        raise Http404 from None


def _day(text: str) -> date:
    """Return the day an address names; what is no day is a 404."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.year not in YEARS:
        raise Http404
    return day


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
