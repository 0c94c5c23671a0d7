"""The Clients list: its addresses, its rows, and what it asks of the database.

It is opened all day: its queries are compiled once, and its rows made of plain values and strings,
not of models and templates.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import starmap
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clients.models import Client, ClientQuerySet
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, TEXT, CompiledQuery, Given
from practice.diary.models import Session
from practice.templatetags.components import address
from practice.text.person_names import search_words
from practice.text.plain_text import one_line
from practice.text.spoken import called, day, in_time_element, in_words, initials, soon
from relationships.models import Participation, Relationship
from relationships.models.choices import Kind

ROWS_A_PAGE = 25
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class ListAddress:
    """A state of the list. `str()` is its address, without empty parts."""

    inactive: bool = False
    page: int = 1
    search: str = ""

    def __str__(self) -> str:
        parts = {
            "include": "inactive" if self.inactive else "",
            "page": self.page if self.page > 1 else "",
            "q": self.search,
        }
        query = urlencode({key: value for key, value in parts.items() if value})
        return reverse("clients") + (f"?{query}" if query else "")

    @property
    def with_inactive(self) -> Self:
        return replace(self, inactive=True, page=1)

    @property
    def without_search(self) -> Self:
        return replace(self, search="", page=1)

    @property
    def without_name(self) -> Self:
        """The same page of the list without what is looked for, which is often a name."""
        return replace(self, search="")

    @property
    def previous(self) -> Self:
        return replace(self, page=self.page - 1)

    @property
    def next(self) -> Self:
        return replace(self, page=self.page + 1)


ROW = (
    '<tr role="row"><th role="rowheader" scope="row">'
    '<span class="monogram{}" aria-hidden="true">{}</span> '
    '<a class="stretch" href="{}">{}</a>{}</th>'
    '<td role="cell"><ul class="inline-list" role="list">{}</ul></td>{}{}</tr>'
)
INACTIVE = ' <span class="tag tag-{}">Inactive</span>'
NEXT = '<td role="cell" data-l="Next">{}</td>'
NO_NEXT = '<td role="cell" data-l="Next" class="muted">{}</td>'
LAST = '<td role="cell" data-l="Last" class="muted">{}</td>'
LINE = '<li><a href="{}">{}</a></li>'
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

    def name_for(self, person: int) -> str:
        """Return what it is called in the row of one who takes part: "Couples with Erik"."""
        kind = Kind(self.kind).label
        others = [other for pk, other in self.people.items() if pk != person]
        if not others:
            return kind
        if len(others) > 3:
            return f"{kind} with {len(others)} others"
        if len(others) > 1:
            return f"{kind} with {in_words(other.first_name for other in others)}"
        return f"{kind} with {others[0].name}"


def row(client: Person, work: list[Work]) -> SafeString:
    """Return the row of a client, with all the work they take part in."""
    is_active = client.active_relationships > 0
    coming = min((w.next_session for w in work if w.next_session), default=None)
    last = max((w.last_session for w in work if w.last_session), default=None)
    return format_html(
        ROW,
        "" if is_active else " monogram-still",
        initials(client.name),
        address("client", client.public_id),
        client.name,
        "" if is_active else format_html(INACTIVE, "inactive"),
        format_html_join("", "{}", ((_line(client, w, is_active=is_active),) for w in work)),
        format_html(NEXT, in_time_element(coming, soon(coming)))
        if coming
        else format_html(NO_NEXT, "None booked"),
        format_html(LAST, in_time_element(last, day(last)) if last else "None yet"),
    )


def _line(client: Person, work: Work, *, is_active: bool) -> SafeString:
    what = (address("relationship", work.public_id), work.name_for(client.pk))
    if not work.ended_at:
        return format_html(LINE, *what)
    return format_html(ENDED, *what, "" if is_active else f" {day(work.ended_at)}")


def _work(given: Given) -> QuerySet:
    own = Participation.objects.filter(therapist=given("therapist"))
    theirs = own.filter(client__person_id__in=given("people"))
    # Of the relationship alone, so that its own index finds them, a look or two for each.
    sessions = Session.objects.filter(relationship=OuterRef("relationship"))
    now = given("now", MOMENT)
    parts = own.filter(relationship__in=theirs.values("relationship")).annotate(
        next_session=Subquery(sessions.upcoming(now).values("starts_at")[:1]),
        last_session=Subquery(sessions.held(now).values("starts_at")[:1]),
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
        "relationship", *of_work, "next_session", "last_session", *of_person
    )


WORK = CompiledQuery(_work)


def rows(therapist: int, people: list[Person], now: datetime) -> SafeString:
    """Return the rows of these clients, 25 at most, by one query."""
    if not people:
        return SafeString("")
    numbers = [person.pk for person in people]
    numbers += numbers[-1:] * (ROWS_A_PAGE - len(numbers))  # so that one query serves all pages
    every: dict[int, Work] = {}
    for which, public_id, kind, ended_at, coming, last, *who in WORK.rows(
        therapist=therapist, people=numbers, now=now
    ):
        if which not in every:
            every[which] = Work(public_id, kind, ended_at, coming, last, {})
        participant = Participant(*who)
        every[which].people[participant.person] = participant
    theirs: dict[int, list[Work]] = {}
    for work in every.values():
        for person in work.people:
            theirs.setdefault(person, []).append(work)
    made = (row(client, theirs.get(client.pk, [])) for client in people)
    return format_html_join("", "{}", ((each,) for each in made))


@dataclass(frozen=True)
class Notice:
    """An inactive client has a session to come."""

    client: Client
    starts_at: datetime
    by_client: bool
    session_id: str
    relationship_id: str


def _people(given: Given) -> ClientQuerySet:
    return Client.objects.filter(therapist=given("therapist")).people()


def _matches(given: Given) -> Q:
    """Return the condition that every word is in a record, or in one that is merged into it."""
    words = [("search_text__contains", word) for word in given("words", TEXT)]
    if not words:
        return Q()
    merged = Client.objects.filter(*words, therapist=given("therapist"), merged_into__isnull=False)
    return Q(*words) | Q(pk__in=merged.values("merged_into"))


def _numbers(given: Given, *, attention: bool) -> QuerySet:
    """Count who matches and, along with it, so that it takes no query more, what waits."""
    matching = _matches(given)
    numbers: dict[str, Any] = {
        "active": Count("pk", filter=matching & Q(active_relationships__gt=0)),
        "every": Count("pk", filter=matching),
    }
    if attention:
        numbers["waiting"] = Max(Subquery(Session.objects.number_waiting(given)))
    return _people(given).order_by().values("therapist").annotate(**numbers).values_list(*numbers)


def _page(given: Given, *, inactive: bool) -> QuerySet:
    people = _people(given).filter(_matches(given))
    shown = people if inactive else people.active()
    return shown.in_name_order().values_list("pk", "public_id", "name", "active_relationships")


def _notices(given: Given) -> QuerySet:
    """Ask for inactive clients who have a session to come, each with all of theirs."""
    therapist = given("therapist")
    part = "relationship__participations"
    person = f"{part}__client__person_id"
    active = Relationship.objects.filter(therapist=therapist).active()
    inactive = Client.objects.filter(therapist=therapist).people().inactive()
    # All work with somebody inactive has ended, so the rest need not be looked at.
    upcoming = Session.objects.filter(therapist=therapist).upcoming(given("now", MOMENT))
    upcoming = upcoming.exclude(relationship__in=active.values("pk"))
    own = Client.objects.filter(account=OuterRef("booked_by"), person_id=OuterRef(person))
    names = Client.objects.filter(pk=OuterRef(person))
    return upcoming.filter(**{f"{person}__in": inactive.values("pk")}).values_list(
        F(person),
        Subquery(names.values("name")),
        Subquery(names.values("preferred_name")),
        "starts_at",
        Exists(own),
        "public_id",
        "relationship__public_id",
    )


NOTICES = CompiledQuery(_notices)
ALONE, WITH_ATTENTION = (CompiledQuery(partial(_numbers, attention=also)) for also in (False, True))
ACTIVE, EVERYONE = (CompiledQuery(partial(_page, inactive=inactive)) for inactive in (False, True))


class Listing:
    """What a therapist sees under one address of the Clients list, in a constant number of queries.

    A search without a letter or digit in it finds nobody. Of a page that is there already only a
    part is shown anew, the list.
    """

    def __init__(self, therapist: Therapist, query: QueryDict, *, is_part: bool = False) -> None:
        self.therapist, self.is_part = therapist, is_part
        self.inactive = query.get("include") == "inactive"
        typed = query.get("q", "")[:LONGEST_SEARCH].replace("\0", "")
        self.search = one_line(typed) if typed else ""
        self.now = timezone.now()
        self._page_asked = query.get("page", "1")

    @cached_property
    def _matching(self) -> dict[str, Any]:
        """Return who is looked for, as the queries take it."""
        words = [f" {word}" for word in search_words(self.search)] if self.search else []
        return {"therapist": self.therapist.pk, "words": words}

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        """Count who is active and matches, who matches, and for a whole page what waits."""
        since = self.now - timedelta(weeks=self.therapist.tidy_up_weeks)
        query = ALONE if self.is_part else WITH_ATTENTION
        found = query.rows(**self._matching, since=since, today=timezone.localdate())
        active, every, *waiting = found[0] if found else (0, 0, 0)
        if self.search and not self._matching["words"]:
            active = every = 0  # signs without a letter or digit match nothing
        return active, every, *waiting

    @property
    def number_needing_attention(self) -> int:
        """How many relationships wait on the tidy-up list; not asked for a part of the page."""
        return self._numbers[2] or 0

    @property
    def number_active(self) -> int:
        return self._numbers[0]

    @property
    def number_inactive(self) -> int:
        return self._numbers[1] - self._numbers[0]

    @property
    def number_hidden(self) -> int:
        return 0 if self.inactive else self.number_inactive

    @property
    def number_shown(self) -> int:
        return self._numbers[1] - self.number_hidden

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is: of the numbers of the rows, from 0."""
        return Paginator(range(self.number_shown), ROWS_A_PAGE).get_page(self._page_asked)

    @property
    def address(self) -> ListAddress:
        return ListAddress(self.inactive, self.page.number, self.search)

    @cached_property
    def rows(self) -> SafeString:
        """The rows of the page; empty if there are none."""
        query = EVERYONE if self.inactive else ACTIVE
        limits = max(self.page.start_index() - 1, 0), self.page.end_index()
        found = query.rows(**self._matching, limits=limits) if self.number_shown else []
        return rows(self.therapist.pk, list(starmap(Person, found)), self.now)

    @cached_property
    def notices(self) -> list[Notice]:
        """Inactive clients who have a session to come, each with their next one."""
        notices: dict[int, Notice] = {}
        for person, name, preferred, *session in NOTICES.rows(
            therapist=self.therapist.pk, now=self.now
        ):
            notices.setdefault(
                person, Notice(Client(name=name, preferred_name=preferred), *session)
            )
        return list(notices.values())
