"""What is new to a therapist, as lines of *Today*: read by one query, which is compiled once."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import CompiledQuery, Given
from practice.diary.models import News, Session
from practice.diary.models.news import MOST_AT_ONCE
from practice.text.spoken import called
from relationships.models import Participation


def _news(given: Given) -> QuerySet:
    own = News.objects.filter(therapist=given("therapist")).order_by("-at", "-pk")
    beside = Participation.objects.filter(relationship=OuterRef(OuterRef("session__relationship")))
    # Whoever has the account and takes part, by the record that stands for them.
    theirs = Client.objects.filter(
        account=OuterRef("by"),
        therapist=OuterRef("therapist"),
        person_id__in=beside.values("client__person_id"),
    ).order_by("pk")
    # Not looked up by the number that a subquery gives: policies let no index be used for that.
    name, preferred_name = (
        Coalesce(
            *(f"client__merged_into__{column}", f"client__{column}"),
            Subquery(theirs.values(said=Coalesce(f"merged_into__{column}", column))[:1]),
        )
        for column in ("name", "preferred_name")
    )
    return own.values_list(
        *("public_id", "kind", "at"),
        *(name, preferred_name),
        *("session__public_id", "session__starts_at", "session__state"),
        *("session__moved_from", "session__moved_at"),
        *("session__relationship__public_id", "session__relationship__ended_at"),
        "session__relationship__is_closed",
        "client__public_id",
    )[:MOST_AT_ONCE]


class Happening(NamedTuple):
    """Something that is new."""

    public_id: str
    kind: str
    at: datetime
    name: str | None
    preferred_name: str | None
    session_id: str | None
    starts_at: datetime | None
    state: str | None
    moved_from: datetime | None
    moved_at: datetime | None
    relationship_id: str | None
    ended_at: datetime | None
    is_closed: bool | None
    client_id: str | None

    @property
    def who(self) -> str:
        return self.name or "A client"

    @property
    def first_name(self) -> str:
        return called(self.name, self.preferred_name or "") if self.name else "them"

    @property
    def verb(self) -> str:
        return News.Kind(self.kind).label

    @property
    def was_at(self) -> datetime | None:
        """When a session was to start that was moved; None where it has been moved again since."""
        is_last = self.kind == News.Kind.MOVED and self.moved_at and self.moved_at <= self.at
        return self.moved_from if is_last else None

    @property
    def can_be_put_back(self) -> bool:
        """Whether what was cancelled may be put back, as far as it is known without a look."""
        is_cancelled = self.state == Session.State.CANCELLED and not self.is_closed
        return bool(is_cancelled and self.starts_at and self.starts_at > timezone.now())

    @property
    def can_be_restarted(self) -> bool:
        return bool(self.ended_at and not self.is_closed and self.state == Session.State.BOOKED)


NEWS = CompiledQuery(_news)


def news_of(therapist: Therapist) -> list[Happening]:
    """Return what is new to a therapist, the latest first; no more than a page has room for."""
    return [Happening(*row) for row in NEWS.rows(therapist=therapist.pk)]
