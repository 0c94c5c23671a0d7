"""Reminding clients of their sessions: when they have chosen, and never at night.

A reminder is decided on anew each time: by what is booked at that moment. So nobody is reminded of
what was cancelled or moved, and a reminder that was missed is sent as long as it is of use.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clients.models import Client, Reminders
from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.imports.models import ImportedRow
from practice.notifications.models import Message, MessageSettings, Told
from practice.notifications.planning import Draft, for_messages, save
from practice.notifications.receivers import Receiver, clients_as_receivers

MORNING, NIGHT, EVENING = time(8), time(21), time(20)
OF_USE = timedelta(hours=1)  # so long before a session a reminder is
FURTHEST = timedelta(hours=48 + 24)  # and all else of that day
MOST = 500  # sessions at once


@transaction.atomic
def remind(therapist: Therapist, now: datetime) -> None:
    """Write down the reminders that are due of a therapist's sessions."""
    if _due(therapist, now):
        Therapist.lock(therapist.pk)  # of two senders the second finds what the first has written
        for day in _due(therapist, now):
            _save(therapist, day, now)


def _due(therapist: Therapist, now: datetime) -> list["_Day"]:
    """Return of which days somebody is to be reminded now."""
    soon = therapist.sessions.booked().filter(
        starts_at__gt=now, starts_at__lte=now + FURTHEST, tell_at=None
    )
    # Nothing is sent because of an import or an archive, at no time, unless the therapist says so:
    # what came with one has to be moved first.
    came = ImportedRow.objects.filter(therapist=therapist, kind=ImportedRow.Kind.SESSION)
    soon = soon.exclude(moved_at=None, pk__in=came.filter(came_with__reminds=False).values("row"))
    settings = MessageSettings.of(therapist)
    if since := settings.reminds_from:
        soon = soon.filter(Q(booked_at__gt=since) | Q(moved_at__gt=since))
    sessions = list(for_messages(soon.order_by("starts_at", "pk"))[:MOST])
    if not sessions:
        return []
    usual = settings.reminders
    receivers, past = clients_as_receivers(sessions), _Past(sessions, now)
    days: dict[tuple, _Day] = {}
    for session in sessions:
        for receiver in receivers[session.pk]:
            local = timezone.localtime(session.starts_at, ZoneInfo(receiver.zone))
            day = days.setdefault((receiver.client_id, local.date()), _Day(receiver))
            last = past.reminded.get((session.pk, receiver.client_id, session.starts_at))
            told_at = past.told_at.get((session.pk, receiver.client_id))
            due = hours_due(session, receiver, usual, now, before=last, told_at=told_at)
            day.hours = max(day.hours, due)
            day.sessions.append((session, last))
    return [day for day in days.values() if day.hours and not is_night(now, day.receiver.zone)]


@dataclass
class _Day:
    """What one receiver has on one day, each with the reminder before; `hours` are due now."""

    receiver: Receiver
    hours: int = 0
    sessions: list[tuple[Session, int | None]] = field(default_factory=list)


def hours_due(
    session: Session,
    receiver: Receiver,
    usual: str,
    now: datetime,
    *,
    before: int | None,
    told_at: datetime | None,
) -> int:
    """Return so many hours before a session its receiver is to be reminded now; 0 if not.

    Of two that are due the later one; none that was sent `before`, or that was due before the
    receiver heard of the session last: when it was booked or moved, or by the message `told_at`.
    """
    told_last = max(filter(None, [session.booked_at, session.moved_at, told_at]))
    for hours in sorted(chosen_hours(receiver.client, usual)):
        if before is not None and before <= hours:
            return 0
        due_at = not_at_night(session.starts_at, hours, receiver.zone)
        if told_last < due_at <= now and session.starts_at - now >= OF_USE:
            return hours
    return 0


def chosen_hours(client: Client | None, usual: str) -> list[int]:
    """Return how many hours before a session a client is reminded, as they or else as is usual."""
    own = (record.reminders for record in client.records) if client else ()
    chosen = next(filter(None, own), usual)
    return [] if chosen == Reminders.NONE else [int(hours) for hours in chosen.split(",")]


def not_at_night(starts_at: datetime, hours: int, zone: str) -> datetime:
    """Return when a reminder is due: from 8am to 9pm in its reader's zone.

    At night it waits for the morning, or comes the evening before where that would be too late.
    """
    at = timezone.localtime(starts_at - timedelta(hours=hours), ZoneInfo(zone))
    if not is_night(at, zone):
        return at
    waits = next_morning(at, zone)
    if waits <= starts_at - OF_USE:
        return waits
    return datetime.combine(waits.date() - timedelta(days=1), EVENING, ZoneInfo(zone))


def next_morning(at: datetime, zone: str) -> datetime:
    """Return when the night ends in which a moment is."""
    local = timezone.localtime(at, ZoneInfo(zone))
    day = local.date() + timedelta(days=local.time() >= NIGHT)
    return datetime.combine(day, MORNING, ZoneInfo(zone))


def is_night(at: datetime, zone: str) -> bool:
    local = timezone.localtime(at, ZoneInfo(zone)).time()
    return not MORNING <= local < NIGHT


class _Past:
    """What was sent of some sessions until `now`, by session and receiver.

    `reminded` has the latest reminder of a session at its time, as hours before; `told_at` when
    all else was told last. What waits is told from now on.
    """

    def __init__(self, sessions: Iterable[Session], now: datetime) -> None:
        self.reminded: dict[tuple[int, int | None, datetime], int] = {}
        self.told_at: dict[tuple[int, int | None], datetime] = {}
        lines = Told.objects.filter(session__in=[session.pk for session in sessions])
        lines = lines.exclude(message__state=Message.State.DROPPED, message__in_doubt=False)
        for line in lines.select_related("message__client"):
            of, message = (line.session_id, line.message.person_id), line.message
            if line.kind == Message.Kind.REMINDER:
                hours = line.hours_before or 0
                key = (*of, line.starts_at)
                self.reminded[key] = min(self.reminded.get(key, hours), hours)
            elif message.state in (Message.State.SENT, Message.State.WAITING):
                at = message.sent_at or now
                self.told_at[of] = max(self.told_at.get(of, at), at)


def _save(therapist: Therapist, day: _Day, now: datetime) -> None:
    """Write a reminder of everything on a day that was not reminded of as late as this."""
    draft = Draft(day.receiver, now, Message.Kind.REMINDER, hours_before=day.hours)
    for session, last in day.sessions:
        if last is None or last > day.hours:
            draft.add(session, Message.Kind.REMINDER, None)
    save(therapist, draft, now)
