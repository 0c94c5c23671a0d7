"""What is to be sent: what is, compared with what each receiver was told last.

So what was booked and cancelled again is told to nobody, several changes are one message with the
last truth, and whoever missed a message is told with the next. Nothing is sent here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.diary.models import Session, SessionQuerySet
from practice.notifications.links import message_id
from practice.notifications.models import (
    Message,
    MessageQuerySet,
    MessageSettings,
    Told,
    as_told,
)
from practice.notifications.receivers import (
    Receiver,
    clients_as_receivers,
    therapist_as_receiver,
)
from relationships.models.relationship import people_of

AT_ONCE = 200  # sessions
A_MOMENT = timedelta(minutes=1)  # within which what was changed together is told together
SUMMARY_AT = time(18)
Kind = Message.Kind


def for_messages(sessions: SessionQuerySet) -> SessionQuerySet:
    """Return the same sessions with all that telling of them reads."""
    client = "relationship__participations__client"
    records = ("merged_records__account", "merged_into__merged_records__account")
    read = ("therapist__user", "therapist__contact", "relationship")
    people = sessions.select_related(*read).prefetch_related(people_of("relationship__"))
    accounts = (f"{client}__account", f"{client}__merged_into__account")
    return people.prefetch_related(*accounts, *(f"{client}__{path}" for path in records))


@transaction.atomic
def plan(therapist: Therapist, now: datetime) -> bool:
    """Write down what is to be sent of a therapist's sessions; return whether there may be more.

    Whoever changes one of them this moment is not waited for: it is due again after that. Where
    that one is part of a message that is to be replaced, all of it waits for the next look.
    """
    own = therapist.sessions.all()
    first = _locked(own.filter(tell_at__lte=now).order_by("tell_at", "pk"))[:AT_ONCE]
    if not first:
        return False
    series = own.filter(pk__in=first).exclude(series=None).values("series")
    together = own.filter(series__in=series, tell_at__lte=now + A_MOMENT)
    ids = {*first, *_locked(together)}
    replaced = _replaced_by(therapist, ids)
    others = set(own.filter(told__message__in=replaced).values_list("pk", flat=True)) - ids
    if len(_locked(own.filter(pk__in=others), most=len(others))) < len(others):
        return False
    summary_at = replaced.filter(kind=Kind.SUMMARY).aggregate(at=Min("next_attempt_at"))["at"]
    replaced.update(state=Message.State.DROPPED, next_attempt_at=None)
    # What was changed meanwhile has its own grace.
    ready = own.filter(pk__in=ids | others).exclude(tell_at__gt=now + A_MOMENT)
    _write(therapist, list(for_messages(ready).order_by("starts_at")), now, summary_at)
    ready.update(tell_at=None)
    return len(first) == AT_ONCE


def _locked(sessions: SessionQuerySet, most: int = AT_ONCE * 2) -> list[int]:
    free = sessions.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return list(free.values_list("pk", flat=True)[:most])


def _replaced_by(therapist: Therapist, ids: set[int]) -> MessageQuerySet:
    """Return what waits to be sent of these sessions, and the changes of the day so far."""
    waiting = therapist.messages.untouched().exclude(kind=Kind.REMINDER)
    about = waiting.filter(told__session__in=ids).values_list("pk", flat=True)
    of_day = waiting.filter(kind=Kind.SUMMARY).annotate(lines=Count("told"))
    of_day = of_day.filter(lines__lt=AT_ONCE).values_list("pk", flat=True)
    return therapist.messages.untouched().filter(pk__in={*about, *of_day})


@dataclass
class Draft:
    """A message to be: who gets it, and its lines; of a reminder, how many hours before."""

    receiver: Receiver
    at: datetime
    kind: str = ""
    hours_before: int | None = None
    stamp: datetime | None = None
    lines: list[tuple[Session, str]] = field(default_factory=list)

    def add(self, session: Session, kind: str, last: Told | None) -> None:
        self.lines.append((session, kind))
        if last:
            later = last.message.stamp + timedelta(seconds=1)
            self.stamp = max(self.stamp or later, later)


def _write(
    therapist: Therapist, sessions: list[Session], now: datetime, summary_at: datetime | None
) -> None:
    """Write the messages about these sessions; a summary for when one was to come already."""
    history, chosen = _History(sessions), MessageSettings.of(therapist)
    clients, own = clients_as_receivers(sessions), therapist_as_receiver(therapist)
    is_daily = chosen.way == MessageSettings.Way.DAILY
    drafts: dict[tuple, Draft] = {}
    for session in sessions:
        for receiver in filter(None, [*clients[session.pk], own]):
            last = history.last(session, receiver)
            kind = news(session, last, history, receiver, now)
            is_summary = is_daily and receiver is own
            if not kind or (receiver is own and not chosen.wants(kind)):
                continue
            key = (receiver.client_id, "" if is_summary else session.series or session.pk)
            if key not in drafts:
                at = (summary_at or next_summary(now, receiver.zone)) if is_summary else now
                drafts[key] = Draft(receiver, at, Kind.SUMMARY if is_summary else "")
            drafts[key].add(session, kind, last)
    for draft in drafts.values():
        save(therapist, draft, now)


def save(therapist: Therapist, draft: Draft, now: datetime) -> Message:
    """Write a message and its lines."""
    kinds = {kind for _, kind in draft.lines}
    message = Message.objects.create(
        therapist=therapist,
        client=draft.receiver.client,
        kind=draft.kind or (kinds.pop() if len(kinds) == 1 else Kind.CHANGES),
        address=draft.receiver.address,
        message_id=message_id(draft.lines[0][0]),
        created_at=now,
        stamp=max(filter(None, [draft.stamp, now.replace(microsecond=0)])),
        next_attempt_at=draft.at,
    )
    Told.objects.bulk_create(
        Told(
            therapist=therapist,
            message=message,
            session=session,
            kind=kind,
            hours_before=draft.hours_before,
            **_columns(session),
        )
        for session, kind in draft.lines
    )
    return message


def _columns(session: Session) -> dict[str, object]:
    names = ("starts_at", "ends_at", "place", "is_cancelled")
    return dict(zip(names, as_told(session), strict=True))


class _History:
    """What was told of some sessions, to whom."""

    def __init__(self, sessions: Iterable[Session]) -> None:
        lines = Told.objects.filter(session__in=[session.pk for session in sessions])
        lines = lines.exclude(kind=Kind.REMINDER).select_related("message__client").order_by("pk")
        self._last: dict[tuple[int, int | None], Told] = {}
        self._meant: dict[tuple[int, int | None], str] = {}
        for line in lines:
            key = (line.session_id, line.message.person_id)
            self._meant.setdefault(key, line.kind)
            if line.message.may_have_arrived:
                self._last[key] = line

    def last(self, session: Session, receiver: Receiver) -> Told | None:
        """Return what a receiver was told last, or may have been."""
        return self._last.get((session.pk, receiver.client_id))

    def knew(self, session: Session, receiver: Receiver, changed_at: datetime) -> bool:
        """Whether a receiver who was told nothing knew of a session before it was changed.

        A therapist knows what they have booked; and everybody what was booked before there were
        messages, or in some other way without one.
        """
        if receiver.client is None and session.booked_by_id == session.therapist.user_id:
            return True
        meant = self._meant.get((session.pk, receiver.client_id))
        if meant:  # and did not reach them
            return meant != Kind.BOOKED
        return session.booked_at + at_least_a_moment() < changed_at


def at_least_a_moment() -> timedelta:
    return max(settings.MESSAGE_GRACE, A_MOMENT)


def news(
    session: Session, last: Told | None, history: _History, receiver: Receiver, now: datetime
) -> str:
    """Return what a receiver has to be told of a session, if anything.

    A therapist is told what a client did, and knows what they did themselves; but what a message
    has put into their calendar is kept true there, whoever changes it.
    """
    if last is not None:
        return _difference(session, last, now)
    if session.starts_at <= now:
        return ""
    own = session.therapist.user_id
    changed_at = (session.tell_at or now) - settings.MESSAGE_GRACE
    moved_at = session.moved_at
    is_move = moved_at and changed_at - moved_at <= at_least_a_moment()
    if not session.stands:
        was_known = history.knew(session, receiver, session.cancelled_at or changed_at)
        kind, by = Kind.CANCELLED if was_known else "", session.cancelled_by_id
    elif moved_at and is_move and history.knew(session, receiver, moved_at):
        kind, by = Kind.MOVED, session.moved_by_id
    elif history.knew(session, receiver, changed_at):
        kind, by = Kind.PLACE, own
    else:
        kind, by = Kind.BOOKED, session.moved_by_id or session.booked_by_id
    return "" if receiver.client is None and by == own else kind


def _difference(session: Session, last: Told, now: datetime) -> str:
    """Return what became of a session since somebody was told of it; nothing once it is over."""
    if max(session.ends_at, last.ends_at) <= now:
        return ""
    if not session.stands:
        return "" if last.is_cancelled else Kind.CANCELLED
    if last.is_cancelled:
        return Kind.PUT_BACK if session.starts_at > now else ""
    if (last.starts_at, last.ends_at) != (session.starts_at, session.ends_at):
        return Kind.MOVED
    return "" if last.place == session.place else Kind.PLACE


def next_summary(now: datetime, zone: str) -> datetime:
    """Return when the changes of a day are told next, in a therapist's zone."""
    local = timezone.localtime(now, ZoneInfo(zone))
    day = local.date() + timedelta(days=local.time() >= SUMMARY_AT)
    return datetime.combine(day, SUMMARY_AT, ZoneInfo(zone))
