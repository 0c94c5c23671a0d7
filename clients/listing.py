"""The Clients list: what it asks of the database, and what it shows under an address.

It is opened all day: its queries are compiled once. They and what is shown of them are read
together, so the module is longer than others.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import starmap
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Max,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from clients.list_address import BY_LAST, BY_NEXT, NOTHING_BOOKED, ListAddress
from clients.list_rows import ROWS_A_PAGE, Person, rows
from clients.models import Client, ClientQuerySet
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, TEXT, CompiledQuery, Given
from practice.diary.models import Session, SessionQuerySet
from practice.text.person_names import search_words
from relationships.models import Participation, Relationship


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


def _parts(given: Given) -> QuerySet:
    therapist = given("therapist")
    present = Participation.objects.filter(therapist=therapist, left_at=None)
    return present.filter(client__therapist=therapist).order_by()


def _upcoming(given: Given) -> SessionQuerySet:
    return Session.objects.filter(therapist=given("therapist")).upcoming(given("now", MOMENT))


def _booked(given: Given) -> QuerySet:
    """Ask who has a session to come: a look at what is booked, which is no more than a diary."""
    upcoming = _upcoming(given).order_by().values("relationship")
    return _parts(given).filter(relationship__in=upcoming).values("client__person_id")


def _is_shown(given: Given, show: str, *, ended: bool) -> Q:
    """Return the condition that a client has work of a kind, perhaps ended; or nothing booked."""
    if show == NOTHING_BOOKED:
        return ~Q(pk__in=_booked(given))
    if not show:
        return Q()
    parts = _parts(given).filter(relationship__kind=show)
    if not ended:
        parts = parts.filter(relationship__status=Relationship.Status.ACTIVE)
    return Q(pk__in=parts.values("client__person_id"))


def _of_first(sessions: SessionQuerySet, order: OrderBy) -> Subquery:
    """Return when the first of some sessions is, of all the work of a client.

    By one look at an index for each piece of work, which says when, not by all their sessions.
    """
    first = sessions.filter(relationship=OuterRef("relationship")).values("starts_at")[:1]
    theirs = Participation.objects.filter(client__person_id=OuterRef("pk"))
    return Subquery(theirs.annotate(first=Subquery(first)).order_by(order).values("first")[:1])


def _numbers(given: Given, show: str, inactive: bool, attention: bool) -> QuerySet:
    """Count who matches and, along with it, so that it takes no query more, what waits."""
    matching = _matches(given)
    is_active, is_inactive = Q(active_relationships__gt=0), Q(active_relationships=0)
    numbers: dict[str, Any] = {
        "active": Count("pk", filter=matching & is_active & _is_shown(given, show, ended=inactive)),
        "inactive": Count("pk", filter=matching & is_inactive & _is_shown(given, show, ended=True)),
    }
    if attention:
        numbers["waiting"] = Max(Subquery(Session.objects.number_waiting(given)))
    return _people(given).order_by().values("therapist").annotate(**numbers).values_list(*numbers)


def _page(given: Given, show: str, inactive: bool, sort: str) -> QuerySet:
    """Ask for clients in an order.

    When their next and last sessions are is not stored: it changes with the clock. Of 5,000 clients
    it takes PostgreSQL 6 ms to put the active ones into an order of sessions, and 25 ms all.
    """
    people = _people(given).filter(_matches(given), _is_shown(given, show, ended=inactive))
    people = people if inactive else people.active()
    soonest, latest = F("first").asc(nulls_last=True), F("first").desc(nulls_last=True)
    if sort == BY_NEXT:
        first = _of_first(Session.objects.upcoming(given("now", MOMENT)), soonest)
        booked = Case(When(pk__in=_booked(given), then=first))
        people = people.order_by(booked.asc(nulls_last=True), "sort_name", "pk")
    elif sort == BY_LAST:
        last = _of_first(Session.objects.held(given("now", MOMENT)), latest)
        people = people.order_by(last.desc(nulls_last=True), "sort_name", "pk")
    else:
        people = people.in_name_order()
    return people.values_list("pk", "public_id", "name", "active_relationships")


def _notices(given: Given) -> QuerySet:
    """Ask for inactive clients who have a session to come, each with all of theirs."""
    therapist = given("therapist")
    part = "relationship__participations"
    person = f"{part}__client__person_id"
    active = Relationship.objects.filter(therapist=therapist).active()
    inactive = Client.objects.filter(therapist=therapist).people().inactive()
    # All work with somebody inactive has ended, so the rest need not be looked at.
    upcoming = _upcoming(given).exclude(relationship__in=active.values("pk"))
    own = Client.objects.filter(account=OuterRef("booked_by"), person_id=OuterRef(person))
    names = Client.objects.filter(pk=OuterRef(person))
    present = {f"{person}__in": inactive.values("pk"), f"{part}__left_at": None}
    return upcoming.filter(**present).values_list(
        F(person),
        Subquery(names.values("name")),
        Subquery(names.values("preferred_name")),
        "starts_at",
        Exists(own),
        "public_id",
        "relationship__public_id",
    )


NOTICES, NUMBERS = CompiledQuery(_notices), CompiledQuery(_numbers)
PAGE = CompiledQuery(_page, by_values=True)  # of many in the order of an index, few are sorted


class Listing:
    """What a therapist sees under one address of the Clients list, in a constant number of queries.

    A search without a letter or digit in it finds nobody. Of a page that is there already only a
    part is shown anew, the list.
    """

    most_notices = 2  # that say of whom and when; of more it is said how many there are

    def __init__(self, therapist: Therapist, query: QueryDict, *, is_part: bool = False) -> None:
        self.therapist, self.is_part = therapist, is_part
        self._asked = ListAddress.of(query, therapist.user_id)
        self._page_asked = query.get("page", "1")
        self.inactive, self.search = self._asked.inactive, self._asked.search
        self.show, self.sort = self._asked.show, self._asked.sort
        self.now = timezone.now()

    @cached_property
    def _matching(self) -> dict[str, Any]:
        """Return who is looked for, as the queries take it."""
        words = [f" {word}" for word in search_words(self.search)] if self.search else []
        return {"therapist": self.therapist.pk, "words": words, "now": self.now}

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        """Count who is active and matches, who is inactive, and for a whole page what waits."""
        since = self.now - timedelta(weeks=self.therapist.tidy_up_weeks)
        form = (self.show, self.inactive, not self.is_part)
        found = NUMBERS.rows(form=form, **self._matching, since=since, today=timezone.localdate())
        active, inactive, *waiting = found[0] if found else (0, 0, 0)
        if self.search and not self._matching["words"]:
            active = inactive = 0  # signs without a letter or digit match nothing
        return active, inactive, *waiting

    @property
    def number_needing_attention(self) -> int:
        """How many relationships wait on the tidy-up list; not asked for a part of the page."""
        return self._numbers[2] or 0

    @property
    def number_active(self) -> int:
        return self._numbers[0]

    @property
    def number_inactive(self) -> int:
        return self._numbers[1]

    @property
    def number_hidden(self) -> int:
        return 0 if self.inactive else self.number_inactive

    @property
    def number_shown(self) -> int:
        return self.number_active + self.number_inactive - self.number_hidden

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is: of the numbers of the rows, from 0."""
        return Paginator(range(self.number_shown), ROWS_A_PAGE).get_page(self._page_asked)

    @property
    def ordered_by(self) -> tuple[int, str]:
        """The number of the column that orders the list, and which way."""
        return {BY_NEXT: (3, "ascending"), BY_LAST: (4, "descending")}.get(
            self.sort, (1, "ascending")
        )

    @property
    def address(self) -> ListAddress:
        return replace(self._asked, page=self.page.number)

    @cached_property
    def rows(self) -> SafeString:
        """The rows of the page; empty if there are none."""
        if not self.number_shown:
            return SafeString("")
        limits = max(self.page.start_index() - 1, 0), self.page.end_index()
        form = (self.show, self.inactive, self.sort)
        found = PAGE.rows(form=form, **self._matching, limits=limits)
        is_told = 0 < len(self.notices) <= self.most_notices
        people = list(starmap(Person, found))
        return rows(self.therapist.pk, people, self.now, names_zone=not is_told)

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
