"""The rows of the Clients list, made of plain values and strings, not of models and templates.

They are shown all day, a hundred at once.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.safestring import SafeString

from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.models import Session
from practice.templatetags.components import address, format_markup, join_markup
from practice.text.spoken import called, day, in_words, initials, soon, zone_name
from relationships.models import Participation
from relationships.models.choices import Kind

ROWS_A_PAGE = 100
KINDS = dict(Kind.choices)
# On a phone a row is two lines: who it is, and `second`.
ROW = (
    '<tr role="row"><th role="rowheader" scope="row">'
    '<span class="monogram{}" aria-hidden="true">{}</span> '
    '<span class="name"><a class="stretch" href="{}">{}</a>{}</span></th>'
    '<td role="cell"><ul class="inline-list" role="list">{}</ul></td>'
    '<td role="cell" class="second">{}{}</td><td role="cell" class="muted">{}</td></tr>'
)
INACTIVE = SafeString(' <span class="tag tag-inactive">Inactive</span>')
NONE_BOOKED = SafeString('<span class="muted">None booked</span>')
ON_A_PHONE = '<span class="only-narrow">{} · </span>'
ENDED_ON_A_PHONE = format_markup(ON_A_PHONE, "Ended")
LEFT_ON_A_PHONE = format_markup(ON_A_PHONE, "Left")
AT_THE_END = Value(datetime(9999, 12, 31, tzinfo=UTC), DateTimeField())
ZONE = '<span class="only-narrow"> ({})</span>'
LINE = '<li><a href="{}">{}</a></li>'
LEFT = '<li><a href="{}">{}</a> <span class="muted">left {}</span></li>'
ENDED = '<li><a href="{}">{}</a> <span class="muted">ended{}</span></li>'


class Person(NamedTuple):
    """A client, as a row shows them."""

    pk: int
    public_id: str
    name: str
    active_relationships: int


class Participant(NamedTuple):
    """Somebody in a relationship, by the record that stands for them."""

    person: int
    name: str
    preferred_name: str
    erased_at: datetime | None

    @property
    def first_name(self) -> str:
        return self.name if self.erased_at else called(self.name, self.preferred_name)


class Work(NamedTuple):
    """A relationship, everybody in it, and when its next and its last session is."""

    public_id: str
    kind: str
    ended_at: datetime | None
    next_session: datetime | None
    last_session: datetime | None
    people: dict[int, Participant]
    left_at: datetime | None = None  # by whose row it is

    def name_for(self, person: int) -> str:
        """Return what it is called in the row of one who takes part: "Couples with Erik"."""
        kind = KINDS[self.kind]
        others = [other for pk, other in self.people.items() if pk != person]
        if not others:
            return kind
        if len(others) > 3:
            return f"{kind} with {len(others)} others"
        if len(others) > 1:
            return f"{kind} with {in_words(other.first_name for other in others)}"
        return f"{kind} with {others[0].name}"


def row(client: Person, work: list[Work], zone: SafeString) -> SafeString:
    """Return the row of a client, with all the work they take part in, and the zone of its time."""
    is_active = client.active_relationships > 0
    coming = min((w.next_session for w in work if w.next_session), default=None)
    last = max((w.last_session for w in work if w.last_session), default=None)
    return format_markup(
        ROW,
        "" if is_active else " monogram-still",
        initials(client.name),
        address("client", client.public_id),
        client.name,
        "" if is_active else INACTIVE,
        join_markup([_line(client, w, is_active=is_active) for w in work]),
        _on_a_phone(work, is_active=is_active),
        soon.timed(coming) + zone if coming else NONE_BOOKED,
        day.timed(last) if last else "None yet",
    )


def _line(client: Person, work: Work, *, is_active: bool) -> SafeString:
    what = (address("relationship", work.public_id), work.name_for(client.pk))
    if work.left_at:
        return format_markup(LEFT, *what, day(work.left_at))
    if not work.ended_at:
        return format_markup(LINE, *what)
    return format_markup(ENDED, *what, "" if is_active else f" {day(work.ended_at)}")


def _on_a_phone(work: list[Work], *, is_active: bool) -> SafeString | str:
    """Return the kinds of active work, if it is not Individual alone; or that all has ended.

    Of work a client left none need have ended, and before the first there is nothing to say.
    """
    if not is_active:
        if any(w.ended_at for w in work):
            return ENDED_ON_A_PHONE
        return LEFT_ON_A_PHONE if work else ""
    kinds = list(dict.fromkeys(w.kind for w in work if not w.ended_at and not w.left_at))
    if kinds in ([], [Kind.INDIVIDUAL]):
        return ""
    return format_markup(ON_A_PHONE, in_words(KINDS[kind] for kind in kinds))


def _work(given: Given) -> QuerySet:
    own = Participation.objects.filter(therapist=given("therapist"))
    # By the people alone: else SQLite looks through all work of the therapist for them.
    theirs = Participation.objects.filter(client__person_id__in=given("people"))
    # Of the relationship alone, so that its own index finds them, a look or two for each.
    sessions = Session.objects.filter(relationship=OuterRef("relationship"))
    now = given("now", MOMENT)
    parts = own.filter(relationship__in=theirs.values("relationship")).annotate(
        next_session=Subquery(sessions.upcoming(now).values("starts_at")[:1]),
        last_session=Subquery(
            sessions.held(now)
            .filter(starts_at__lt=Coalesce(OuterRef("left_at"), AT_THE_END))
            .values("starts_at")[:1]
        ),
        # Of two merged records the one that stands for the person says who it is.
        name=Coalesce("client__merged_into__name", "client__name"),
        called=Coalesce("client__merged_into__preferred_name", "client__preferred_name"),
        erased_at=Coalesce("client__merged_into__erased_at", "client__erased_at"),
    )
    in_order = parts.order_by(
        "relationship__status", "-relationship__ended_at", "relationship", "pk"
    )
    of_work = ("relationship__public_id", "relationship__kind", "relationship__ended_at")
    of_person = ("client__person_id", "name", "called", "erased_at")
    return in_order.values_list(
        "relationship", *of_work, "next_session", "last_session", "left_at", *of_person
    )


WORK = CompiledQuery(_work)


def rows(
    therapist: int, people: list[Person], now: datetime, *, names_zone: bool = True
) -> SafeString:
    """Return the rows of these clients, a page of them at most, by one query.

    On a phone the first time `names_zone`, unless one above the list has.
    """
    if not people:
        return SafeString("")
    theirs = _work_by_person(therapist, [person.pk for person in people], now)
    made: list[SafeString] = []
    zone = zone_on_a_phone() if names_zone else SafeString("")
    for client in people:
        own = theirs.get(client.pk, [])
        made.append(row(client, own, zone))
        if any(w.next_session for w in own):
            zone = SafeString("")  # it stands beside the first time
    return join_markup(made)


def _work_by_person(therapist: int, numbers: list[int], now: datetime) -> dict[int, list[Work]]:
    """Return the work of each of these people, and below it what goes on without them."""
    # As many each time, so that one query serves all pages.
    numbers = numbers + numbers[-1:] * (ROWS_A_PAGE - len(numbers))
    every: dict[int, Work] = {}
    left: list[tuple[int, Work]] = []
    for which, public_id, kind, ended_at, coming, last, left_at, *who in WORK.rows(
        therapist=therapist, people=numbers, now=now
    ):
        participant = Participant(*who)
        if left_at:
            former = Work(public_id, kind, None, None, last, {}, left_at)
            left.append((which, former._replace(people={participant.person: participant})))
            continue
        if which not in every:
            every[which] = Work(public_id, kind, ended_at, coming, last, {})
        every[which].people[participant.person] = participant
    theirs: dict[int, list[Work]] = {}
    for work in every.values():
        for person in work.people:
            theirs.setdefault(person, []).append(work)
    for which, former in left:
        present = every[which].people if which in every else {}
        for person in former.people.keys() - present.keys():
            theirs.setdefault(person, []).append(former._replace(people=former.people | present))
    return theirs


def zone_on_a_phone() -> SafeString:
    """Return the reader's zone, which otherwise stands in the head of the column."""
    return format_markup(ZONE, zone_name(timezone.get_current_timezone_name()))
