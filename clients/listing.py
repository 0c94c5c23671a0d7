"""The Clients list: its addresses, and what it asks of the database."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Aggregate, Count, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, ClientQuerySet, person_ids
from practice.accounts.models import Therapist
from practice.diary.models import Session, needing_attention
from practice.text.person_names import matches
from practice.text.plain_text import one_line
from practice.text.spoken import called, in_words
from relationships.models import Relationship
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


@dataclass(frozen=True)
class Participant:
    """Somebody in a relationship, by the record that stands for them."""

    person: int
    name: str
    preferred_name: str
    erased_at: datetime | None

    @property
    def first_name(self) -> str:
        return self.name if self.erased_at else called(self.name, self.preferred_name)


@dataclass(frozen=True)
class Work:
    """A relationship, everybody in it, and when its next and its last session is."""

    public_id: str
    kind: str
    ended_at: datetime | None
    next_session: datetime | None
    last_session: datetime | None
    people: dict[int, Participant]

    def name_for(self, client: Client) -> str:
        """Return what it is called in the row of one who takes part: "Couples with Erik"."""
        kind = Kind(self.kind).label
        others = [other for person, other in self.people.items() if person != client.pk]
        if not others:
            return kind
        if len(others) > 3:
            return f"{kind} with {len(others)} others"
        if len(others) > 1:
            return f"{kind} with {in_words(other.first_name for other in others)}"
        return f"{kind} with {others[0].name}"


@dataclass(frozen=True)
class Row:
    """One client, with all the work they take part in."""

    client: Client
    work: list[Work]

    @property
    def relationships(self) -> list[tuple[str, str, datetime | None]]:
        """Return id, name and end of each relationship."""
        return [(work.public_id, work.name_for(self.client), work.ended_at) for work in self.work]

    @property
    def next_session(self) -> datetime | None:
        return min((w.next_session for w in self.work if w.next_session), default=None)

    @property
    def last_session(self) -> datetime | None:
        return max((w.last_session for w in self.work if w.last_session), default=None)


@dataclass(frozen=True)
class Notice:
    """An inactive client has a session to come."""

    client: Client
    starts_at: datetime
    by_client: bool
    session_id: str
    relationship_id: str


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
        self._page_asked = query.get("page", "1")

    @cached_property
    def _clients(self) -> ClientQuerySet:
        return self.therapist.clients.people()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Count who matches and, along with it, so that it takes no query more, what waits."""
        matching = self._clients.of_any_record(matches(self.search)) if self.search else Q()
        numbers: dict[str, Aggregate] = {
            "active": Count("pk", filter=matching & Q(active_relationships__gt=0)),
            "total": Count("pk", filter=matching),
        }
        if not self.is_part:
            waiting = needing_attention(self.therapist, timezone.now(), timezone.localdate())
            waiting = waiting.order_by().values("therapist").annotate(n=Count("pk")).values("n")
            numbers["attention"] = Max(Subquery(waiting))
        return self._clients.aggregate(**numbers)

    @property
    def number_needing_attention(self) -> int:
        """How many relationships wait on the tidy-up list; not asked for a part of the page."""
        return self._numbers["attention"] or 0

    @property
    def number_active(self) -> int:
        return self._numbers["active"]

    @property
    def number_inactive(self) -> int:
        return self._numbers["total"] - self._numbers["active"]

    @property
    def number_hidden(self) -> int:
        return 0 if self.inactive else self.number_inactive

    @property
    def number_shown(self) -> int:
        return self._numbers["total"] - self.number_hidden

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is."""
        shown = self._clients if self.inactive else self._clients.active()
        if self.search:
            shown = shown.search(self.search)
        paginator = Paginator(shown.in_name_order(), ROWS_A_PAGE)
        paginator.count = self.number_shown  # counted already: no query of its own
        return paginator.get_page(self._page_asked)

    @property
    def address(self) -> ListAddress:
        return ListAddress(self.inactive, self.page.number, self.search)

    @cached_property
    def rows(self) -> list[Row]:
        people = list(self.page.object_list) if self.number_shown else []
        work = self._work_of(people) if people else []
        return [Row(client, [w for w in work if client.pk in w.people]) for client in people]

    def _work_of(self, people: list[Client]) -> list[Work]:
        """Return all the work these people take part in, by one query, in the order of a row."""
        theirs = self.therapist.participations.filter(client__person_id__in=person_ids(people))
        # Of the relationship alone, so that its own index finds them, a look or two for each.
        sessions = Session.objects.filter(relationship=OuterRef("relationship"))
        parts = (
            self.therapist.participations.filter(relationship__in=theirs.values("relationship"))
            .annotate(
                next_session=Subquery(sessions.upcoming().values("starts_at")[:1]),
                last_session=Subquery(sessions.held().values("starts_at")[:1]),
                # Of two merged records the one that stands for the person says who it is.
                name=Coalesce("client__merged_into__name", "client__name"),
                called=Coalesce("client__merged_into__preferred_name", "client__preferred_name"),
                erased_at=Coalesce("client__merged_into__erased_at", "client__erased_at"),
            )
            .order_by("relationship__status", "-relationship__ended_at", "relationship", "pk")
        )
        of_work = ("relationship__public_id", "relationship__kind", "relationship__ended_at")
        of_person = ("client__person_id", "name", "called", "erased_at")
        columns = ("relationship", *of_work, "next_session", "last_session", *of_person)
        work: dict[int, Work] = {}
        for relationship, *rest in parts.values_list(*columns):
            public_id, kind, ended_at, next_session, last_session, person, *who = rest
            new = Work(public_id, kind, ended_at, next_session, last_session, {})
            work.setdefault(relationship, new).people[person] = Participant(person, *who)
        return list(work.values())

    @cached_property
    def notices(self) -> list[Notice]:
        """Inactive clients who have a session to come, each with their next one, by one query."""
        hidden = self._clients.inactive().values("pk")
        part = "relationship__participations"
        person = f"{part}__client__person_id"
        # All work with somebody inactive has ended, so the rest need not be looked at.
        upcoming = self.therapist.sessions.upcoming().filter(
            relationship__status=Relationship.Status.ENDED,
            **{f"{part}__client__person_id__in": hidden},
        )
        own = Client.objects.filter(account=OuterRef("booked_by"), person_id=OuterRef(person))
        found = upcoming.values(
            "starts_at",
            "public_id",
            "relationship__public_id",
            person=F(person),
            by_client=Exists(own),
            **{column: self._of_person(person, column) for column in ("name", "preferred_name")},
        )
        notices: dict[int, Notice] = {}
        for row in found:
            notice = Notice(
                client=Client(name=row["name"], preferred_name=row["preferred_name"]),
                starts_at=row["starts_at"],
                by_client=row["by_client"],
                session_id=row["public_id"],
                relationship_id=row["relationship__public_id"],
            )
            notices.setdefault(row["person"], notice)
        return list(notices.values())

    @staticmethod
    def _of_person(person: str, column: str) -> Subquery:
        return Subquery(Client.objects.filter(pk=OuterRef(person)).values(column))
