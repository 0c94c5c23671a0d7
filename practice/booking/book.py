"""A client books a session: pick a time, check it, book it.

The three requests are read together, so the module is longer than others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import person_ids
from practice.accounts.access import ClientRequest, for_clients
from practice.accounts.models import Therapist
from practice.booking.models import BookingRules, each_free_time, is_free
from practice.booking.openings import instants
from practice.database.compiled import TEXT, CompiledQuery
from practice.diary.models import Session
from practice.diary.shown_to_clients import (
    Card,
    bookable_by,
    cards_of,
    fee,
    shown_with_therapist,
)
from practice.text.spoken import week_of
from practice.web.responses import LOOK, banner, render_form, see_other, shown_by, was_shown
from relationships.models import Relationship, read_people

A_WEEK, A_MINUTE = timedelta(weeks=1), timedelta(minutes=1)
CHANGED = f"Nothing has been booked. {LOOK}"
YEARS = range(1900, 9000)  # beyond them the arithmetic of dates ends


@dataclass(frozen=True)
class Slot:
    """A free time, on a date of the reader, and the parts of its address."""

    starts_at: datetime
    on: date
    day: str
    time: str
    is_second: bool  # of two times of day that are called the same

    @classmethod
    def at(cls, start: datetime) -> "Slot":
        local = timezone.localtime(start)
        on = local.date()
        return cls(start, on, on.isoformat(), f"{local:%H%M}", bool(local.fold))


def own_work(request: ClientRequest, public_id: str) -> Relationship:
    """Return a relationship in which the reader can book; else it does not exist."""
    people = sorted(person_ids(list(request.clients)))
    found = BOOKABLE.instances(people=people, public_id=public_id)
    if not found:
        raise Http404
    return found[0]


BOOKABLE = CompiledQuery(
    lambda given: bookable_by(given("people")).filter(public_id=given("public_id", TEXT))
)


def booking_rules(therapist: Therapist) -> BookingRules:
    """Return the rules as they were when the therapist was read, or the usual ones."""
    return getattr(therapist, "booking_rules", None) or BookingRules(therapist=therapist)


def card_of(request: ClientRequest, relationship: Relationship) -> Card:
    (card,) = cards_of(read_people([relationship]), list(request.clients))
    return card


@require_safe
@for_clients
def book(request: ClientRequest, relationship_id: str) -> HttpResponse:
    """Show a week of free times, the first that has any unless another is asked for."""
    week = request.GET.get("week")
    asked = None if week is None else day_of(week)
    relationship = own_work(request, relationship_id)
    if asked and week != asked.isoformat():
        return see_other(f"{request.path}?week={asked.isoformat()}")
    return render(request, "booking/book.html", _free_times(request, relationship, asked))


def _free_times(
    request: ClientRequest, relationship: Relationship, asked: date | None
) -> dict[str, object]:
    """Return what the page of a week shows."""
    now, therapist = timezone.now(), relationship.therapist
    rules = booking_rules(therapist)
    booked = rules.booked_ahead(request.user)
    return {
        "card": card_of(request, relationship),
        "zone_of_therapist": therapist.time_zone,
        "rules": rules,
        "booked": booked,
        "is_full": booked >= rules.most_booked,
        **week_of_slots(each_free_time(therapist, now, rules=rules), asked),
    }


def week_of_slots(every: Iterator[datetime], asked: date | None) -> dict[str, object]:
    """Return what the page of a week shows: the week asked for, or the first with free times."""
    slots, week = _slots(map(Slot.at, every), asked)
    first = slots[0].on if slots else timezone.localdate()
    of_week = [slot for slot in slots if slot.on in week]
    later = next((slot for slot in slots if slot.on > week[-1]), None)
    return {
        "week": week,
        "days": [(day, [*times]) for day, times in groupby(of_week, key=lambda slot: slot.on)],
        "earlier": (week[0] - A_WEEK).isoformat() if week[0] > first else None,
        "later": (week[0] + A_WEEK).isoformat() if later else None,
        "next_free": None if of_week else later,
        "any_free": bool(slots),
        "zone_at": of_week[0].starts_at if of_week else timezone.now(),
    }


def _slots(every: Iterator[Slot], asked: date | None) -> tuple[list[Slot], list[date]]:
    """Return the slots of a week, with those before it and the next after it, and the week.

    No further ones are worked out. They are in order of their dates: a clock that goes back at
    midnight brings a date again.
    """
    slots = list(islice(every, 1))
    week = week_of(asked or (slots[0].on if slots else timezone.localdate()))
    for slot in every:
        slots.append(slot)
        if slot.on > week[-1] + timedelta(days=1):
            break
    return sorted(slots, key=lambda slot: slot.on), week


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def check(request: ClientRequest, relationship_id: str, day: str, time: str) -> HttpResponse:
    """Show what would be booked, and book it; the relationship stays as it is.

    Source: `docs/domain.md` 2.9.
    """
    start = instant_of(day, time, second=request.GET.get("second") == "1")
    if request.method == "POST":
        try:
            return _book(request, own_work(request, relationship_id), start)
        except Http404:
            return _has_left(request, relationship_id)
    relationship = own_work(request, relationship_id)
    slot = Slot.at(start)
    if (day, time) != (slot.day, slot.time):
        address = resolve_url("check_booking", relationship_id, slot.day, slot.time)
        return see_other(f"{address}?second=1" if slot.is_second else address)
    return _check(request, relationship, start)


def _check(
    request: ClientRequest, relationship: Relationship, start: datetime, changed: str = ""
) -> HttpResponse:
    """Show what would be booked, perhaps with what has `changed`; or that it is not free."""
    therapist = relationship.therapist
    rules = booking_rules(therapist)
    if rules.is_full_for(request.user) or not is_free(therapist, start, timezone.now(), rules):
        return _no_longer_free(request, relationship, start)
    length = rules.length
    context = {
        "card": card_of(request, relationship),
        "starts_at": start,
        "ends_at": start + length,
        "zone_of_therapist": therapist.time_zone,
        "slot": Slot.at(start),
        "place": relationship.usual_place,
        "key": uuid4(),
        "shown": _shown(relationship, start, length),
        "changed": changed,
    }
    return render_form(request, "booking/check.html", context)


def _shown(relationship: Relationship, start: datetime, length: timedelta) -> str:
    """Return what the page to check says: instant, length in minutes, fee, and where."""
    price, place = fee(relationship.therapist, relationship.kind), relationship.usual_place
    return f"{start.astimezone(UTC).isoformat()} {length // A_MINUTE} {price} {place}".rstrip()


def _book(request: ClientRequest, relationship: Relationship, start: datetime) -> HttpResponse:
    """Book what the page has shown; where something else is so now, show that."""
    start = start_shown(request) or start
    length = booking_rules(relationship.therapist).length
    if not was_shown(request, _shown(relationship, start, length)):
        return _check(request, relationship, start, CHANGED)
    try:
        session = Session.book(
            relationship,
            starts_at=start,
            length=length,
            by=request.user,
            place=relationship.usual_place,
            key=_key(request.POST.get("key", "")),
            allowed=lambda: _is_still_free(request, relationship, start, length),
        )
    except Session.Taken:
        return _no_longer_free(request, own_work(request, relationship.public_id), start)
    except Session.Changed:
        return _check(request, own_work(request, relationship.public_id), start, CHANGED)
    banner(request, "session_booked", session=session)
    return see_other("session", session.public_id)


def _has_left(request: ClientRequest, public_id: str) -> HttpResponse:
    """Tell whoever has left since they opened the page that nothing was booked."""
    work = shown_with_therapist(person_ids(request.clients)).filter(public_id=public_id)
    if not work.filter(is_quiet=False, is_closed=False).exists():
        raise Http404
    banner(request, "nothing_booked_after_leaving")
    return see_other("dashboard")


def _is_still_free(
    request: ClientRequest, relationship: Relationship, start: datetime, length: timedelta
) -> bool:
    """Ask again once nobody else can book; work that has been closed since is a 404.

    Raises:
        Session.Changed: it is free, and the therapist has just chosen another length.
    """
    therapist = own_work(request, relationship.public_id).therapist
    rules = booking_rules(therapist)
    if rules.is_full_for(request.user) or not is_free(therapist, start, timezone.now(), rules):
        return False
    if rules.length != length:
        raise Session.Changed
    return True


def _no_longer_free(
    request: ClientRequest, relationship: Relationship, start: datetime
) -> HttpResponse:
    """Answer with fresh times, or, to a second click of the same person, with what they booked.

    Whoever has booked as many as they may at once is told so instead.
    """
    same = relationship.sessions.standing().filter(starts_at=start, booked_by=request.user).first()
    if same:
        return see_other("session", same.public_id)
    context = _free_times(request, relationship, timezone.localtime(start).date())
    notice = timedelta(hours=booking_rules(relationship.therapist).notice_hours)
    context |= {"taken_at": start, "is_too_late": start < timezone.now() + notice}
    return render(request, "booking/book.html", context, status=409)


def instant_of(day: str, time: str, *, second: bool) -> datetime:
    """Return the instant an address names in the reader's zone; what does not exist is a 404."""
    try:
        of_day = datetime.strptime(time, "%H%M").time()  # noqa: DTZ007
        reading = datetime.combine(day_of(day), of_day)
        found = instants(reading, ZoneInfo(timezone.get_current_timezone_name()))
        return found[-1 if second else 0]
    except (ValueError, OverflowError, IndexError):
        raise Http404 from None


def day_of(text: str) -> date:
    """Return the day an address names; what is no day is a 404."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.year not in YEARS:
        raise Http404
    return day


def start_shown(request: HttpRequest) -> datetime | None:
    """Return the instant of the page that was sent, whatever its address reads in the zone now."""
    try:
        start = datetime.fromisoformat(shown_by(request).partition(" ")[0])
    except ValueError:
        return None
    return start if start.tzinfo == UTC and start.year in YEARS else None


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
