"""The Clients list: one row a person, in a constant number of queries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, ClientQuerySet, names_match
from practice.accounts.models import Therapist
from practice.text import spoken_times
from practice.text.person_names import first_name, in_words, initials, search_words
from relationships.caseload.tidy_up import needing_attention

ROWS_A_PAGE = 25
NAMES_IN_A_ROW = 3


@dataclass(frozen=True)
class Tie:
    """A relationship, as a row names it: "Couples with Siân Pryce", "ended 2 July 2025"."""

    url: str
    label: str
    ended: str


@dataclass(frozen=True)
class Notice:
    """An inactive client has a session to come."""

    name: str
    first_name: str
    starts_at: datetime
    by_client: bool
    session_id: str
    relationship_id: str


@dataclass(frozen=True)
class Row:
    """One person."""

    name: str
    initials: str
    url: str
    is_active: bool
    ties: list[Tie]
    next_session: str
    last_session: str


def _clients(number: int, kind: str = "") -> str:
    return f"{number} {kind}{' ' if kind else ''}client{'' if number == 1 else 's'}"


class Listing:
    """What a therapist sees under one address of the Clients list."""

    def __init__(self, therapist: Therapist, *, search: str, inactive: bool, page: str) -> None:
        self.therapist, self.inactive = therapist, inactive
        self.typed = " ".join(search.split())
        # A search without a letter or digit in it looks for nothing.
        self.search = self.typed if search_words(search) else ""
        self._page_asked = page

    @cached_property
    def _matching(self) -> ClientQuerySet:
        return self.therapist.clients.known().search(self.search)

    @cached_property
    def _counts(self) -> dict[str, int | None]:
        match = names_match(self.search)
        active = Count("pk", filter=match & Q(active_relationships__gt=0))
        ties = needing_attention(self.therapist, timezone.now(), timezone.localdate())
        number = ties.order_by().values("therapist").annotate(n=Count("pk")).values("n")
        # One scalar, asked along with the rest: the list has a fixed number of queries.
        total = Count("pk", filter=match)
        return self.therapist.clients.known().aggregate(
            active=active, total=total, attention=Max(Subquery(number))
        )

    @property
    def number_needing_attention(self) -> int:
        """How many relationships wait on the tidy-up list."""
        return self._counts["attention"] or 0

    @property
    def number_active(self) -> int:
        return self._counts["active"]

    @property
    def number_inactive(self) -> int:
        return self._counts["total"] - self._counts["active"]

    @property
    def number_hidden(self) -> int:
        return 0 if self.inactive else self.number_inactive

    @property
    def number_shown(self) -> int:
        return self._counts["total"] - self.number_hidden

    @cached_property
    def page(self) -> Page:
        """The page asked for, or the nearest there is."""
        shown = self._matching if self.inactive else self._matching.active()
        paginator = Paginator(shown.a_to_z(), ROWS_A_PAGE)
        paginator.count = self.number_shown  # known already: no query of its own
        return paginator.get_page(self._page_asked)

    @cached_property
    def rows(self) -> list[Row]:
        people = list(self.page.object_list) if self.number_shown else []
        ties = self._ties(people)
        return [
            Row(
                name=client.name,
                initials=initials(client.name),
                url=reverse("client", args=[client.public_id]),
                is_active=client.is_active,
                ties=[tie for tie, _, _ in ties[client.pk]],
                next_session=self._words(
                    spoken_times.soon, (at for _, at, _ in ties[client.pk]), min
                ),
                last_session=self._words(
                    spoken_times.day, (at for _, _, at in ties[client.pk]), max
                ),
            )
            for client in people
        ]

    @staticmethod
    def _words(say: Callable, instants: Iterable[datetime | None], choose: Callable) -> str:
        known = [instant for instant in instants if instant]
        return say(choose(known)) if known else ""

    @cached_property
    def notices(self) -> list[Notice]:
        """Inactive clients who have a session to come, each with their next one."""
        hidden = self.therapist.participations.filter(
            client__active_relationships=0, client__erased_at=None
        )
        upcoming = self.therapist.sessions.upcoming().filter(
            relationship__participations__in=hidden
        )
        columns = upcoming.values_list(
            "relationship__participations__client",
            "relationship__participations__client__name",
            "relationship__participations__client__preferred_name",
            "starts_at",
            "booked_by",
            "relationship__participations__client__account",
            "public_id",
            "relationship__public_id",
        )
        found: dict[int, Notice] = {}
        for client, name, preferred, starts_at, by, account, session, relationship in columns:
            called = preferred or first_name(name)
            notice = Notice(name, called, starts_at, by == account, session, relationship)
            found.setdefault(client, notice)
        return list(found.values())

    def _ties(self, people: list[Client]) -> dict[int, list[tuple]]:
        """Return each person's relationships, by one query.

        With each comes who else is in it, and when its next and its last session is.
        """
        of_work = self.therapist.sessions.filter(relationship=OuterRef("relationship"))
        parts_of_page = self.therapist.participations.filter(client__in=people)
        parts = (
            self.therapist.participations.filter(
                relationship__in=parts_of_page.values("relationship")
            )
            .select_related("relationship", "client")
            .annotate(
                next_at=Subquery(of_work.upcoming().values("starts_at")[:1]),
                last_at=Subquery(of_work.held().values("starts_at")[:1]),
            )
            .order_by("relationship__status", "-relationship__ended_at", "relationship", "pk")
            if people
            else []
        )
        members: dict[int, list] = {}
        for part in parts:
            members.setdefault(part.relationship_id, []).append(part)
        ties: dict[int, list[tuple]] = {client.pk: [] for client in people}
        for together in members.values():
            for part in together:
                if part.client_id in ties:
                    others = [other.client for other in together if other is not part]
                    tie = self._tie(part, others)
                    ties[part.client_id].append((tie, part.next_at, part.last_at))
        return ties

    @staticmethod
    def _tie(part: object, others: list[Client]) -> Tie:
        relationship, label = part.relationship, part.relationship.get_kind_display()
        if len(others) > NAMES_IN_A_ROW:
            label += f" with {len(others)} others"
        elif len(others) > 1:
            label += f" with {in_words(other.first_name for other in others)}"
        elif others:
            label += f" with {others[0].name}"
        ended = ""
        if relationship.is_ended:
            active = part.client.is_active
            ended = "ended" if active else f"ended {spoken_times.day(relationship.ended_at)}"
        return Tie(reverse("relationship", args=[relationship.public_id]), label, ended)

    def address(
        self, *, page: int | str = "", inactive: bool | None = None, search: str = ""
    ) -> str:
        """Return the address of a state of the list, without empty parts."""
        inactive = self.inactive if inactive is None else inactive
        page = "" if str(page) == "1" else page
        parts = {"include": "inactive" if inactive else "", "page": page, "q": search}
        query = urlencode({key: value for key, value in parts.items() if value})
        return reverse("clients") + (f"?{query}" if query else "")

    @property
    def canonical_address(self) -> str:
        """The address without the text of a search: a name belongs in no browser history."""
        return self.address(page=self.page.number)

    @property
    def previous_address(self) -> str:
        return self.address(page=self.page.number - 1, search=self.search)

    @property
    def next_address(self) -> str:
        return self.address(page=self.page.number + 1, search=self.search)

    @property
    def address_with_inactive(self) -> str:
        return self.address(inactive=True, search=self.search)

    @property
    def address_without_search(self) -> str:
        return self.address()

    @property
    def count(self) -> str:
        """The number of clients, in words."""
        active, inactive = self.number_active, self.number_inactive
        parts = f"{active} active and {inactive} inactive"
        if not self.search:
            if not self.inactive:
                return _clients(active, "active")
            none = "" if inactive else ". You have no inactive clients."
            return (
                f"{_clients(active + inactive)}: {parts}{none}"
                if inactive
                else (f"{_clients(active)}{none}")
            )
        matching = f"“{self.search}”"
        if not active + inactive:
            return f"0 clients match {matching}"
        if not self.inactive:
            return (
                f"{_clients(active, 'active')} {'matches' if active == 1 else 'match'} {matching}"
            )
        total = active + inactive
        return f"{_clients(total)} {'matches' if total == 1 else 'match'} {matching}: {parts}"

    @property
    def announcement(self) -> str:
        """The same for those who hear the page."""
        if not self.search:
            return self.count
        if not self.number_active + self.number_inactive:
            return "No client found."
        if not self.number_shown:
            hidden = self.number_hidden
            verb = "matches" if hidden == 1 else "match"
            return f"No active client found. {_clients(hidden, 'inactive')} {verb} {self.search}."
        shown = self.number_shown
        words = f"{_clients(shown)} {'matches' if shown == 1 else 'match'} {self.search}"
        both = f": {self.number_active} active and {self.number_inactive} inactive"
        return words + (both if self.inactive else "")

    @property
    def foot(self) -> str:
        """How much of the list this is, and how many are hidden."""
        shown, page = self.number_shown, self.page
        if page.has_other_pages():
            shown_words = f"Showing {page.start_index()} to {page.end_index()} of {shown} clients."
        else:
            shown_words = "Showing 1 client." if shown == 1 else f"Showing all {shown} clients."
        hidden = self.number_hidden
        if not hidden:
            return shown_words
        which = " matching" if self.search else ""
        verb = "is" if hidden == 1 else "are"
        hidden_words = f"{hidden}{which} inactive client{'' if hidden == 1 else 's'} {verb} hidden."
        return f"{shown_words} {hidden_words}"
