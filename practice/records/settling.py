"""Settling until when records are kept, and asking who need not be kept any more.

What a page shows is worked out by the rule (`retention.py`) beforehand, every night. Whoever was
changed since is worked out while the page is made: so it says what is so at the very instant.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from heapq import merge

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from clients.models import Client
from practice.accounts.access import act_as_therapist, transaction_of
from practice.accounts.models import Therapist
from practice.database.compiled import DAY, CompiledQuery, Given
from practice.database.waiting import without_limit
from practice.records.models import RetentionDate
from practice.records.retention import settled_dates

AT_ONCE = 500  # clients


def _waiting(given: Given) -> QuerySet:
    """Count who need not be kept as far as it is settled, and name whoever is not; one statement.

    Nobody who is active is to be reviewed, so of them it does not matter.
    """
    stored = RetentionDate.objects.filter(therapist=given("therapist")).order_by()
    settled = stored.filter(until__lte=given("today", DAY)).values("therapist")
    inactive = Client.objects.filter(therapist=given("therapist")).people().inactive()
    unsettled = stored.filter(until=None, client__in=inactive.values("pk"))
    number = settled.annotate(n=Count("pk")).values_list(Value(0), "n")
    return number.union(unsettled.values_list(Value(1), "client"), all=True)


def _settled(given: Given) -> QuerySet:
    stored = RetentionDate.objects.filter(therapist=given("therapist"))
    over = stored.filter(until__lte=given("today", DAY))
    return over.order_by("until", "client").values_list("until", "client")


WAITING, SETTLED = CompiledQuery(_waiting), CompiledQuery(_settled)


class RecordsToReview:
    """Whom a therapist need not keep any more, as ids, longest over first: `retention_expired`.

    However many there are, only their number and those of a page are read.
    """

    def __init__(self, therapist: Therapist, now: datetime) -> None:
        self._therapist, self._today = therapist, timezone.localtime(now).date()

    @cached_property
    def _waiting(self) -> tuple[int, list[tuple[date, int]]]:
        """How many are settled, and in order those who are not."""
        rows = WAITING.rows(therapist=self._therapist.pk, today=self._today)
        unsettled = [client for is_unsettled, client in rows if is_unsettled]
        dates = settled_dates(self._therapist, unsettled) if unsettled else {}
        over = sorted((day, pk) for pk, day in dates.items() if day <= self._today)
        return sum(number for is_unsettled, number in rows if not is_unsettled), over

    def __len__(self) -> int:
        settled, others = self._waiting
        return settled + len(others)

    def __iter__(self) -> Iterator[int]:
        return iter(self[0 : len(self)])

    def __getitem__(self, part: slice) -> list[int]:
        _, others = self._waiting
        start, stop, _ = part.indices(len(self))
        # As many settled ones as there are others may stand further on than among themselves.
        first = max(0, start - len(others))
        if start >= stop:
            return []
        settled = SETTLED.rows(
            therapist=self._therapist.pk, today=self._today, limits=(first, stop)
        )
        in_order = [client for _, client in merge(settled, others)]
        return in_order[start - first : stop - first]


def settle_everybody() -> None:
    """Settle the dates of every therapist's clients, as each of them, a transaction each."""
    for therapist in Therapist.objects.order_by("pk").iterator():
        with transaction_of(therapist.user_id), without_limit():
            act_as_therapist()
            settle(therapist)


@transaction.atomic
def settle(therapist: Therapist) -> None:
    """Work out what is not settled of a therapist's clients.

    Nobody waits for it: who is being changed at that moment is left for the next time, and whoever
    changes one that is being settled says so afterwards.
    """
    stored = RetentionDate.objects.filter(client=OuterRef("pk"))
    missing = therapist.clients.people().exclude(Exists(stored))
    people = missing.values_list("pk", flat=True)
    rows = [RetentionDate(therapist=therapist, client=person) for person in people]
    RetentionDate.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    unsettled = therapist.retention_dates.filter(until=None).order_by("client")
    locked = unsettled.select_for_update(no_key=True, skip_locked=True)
    clients = [*locked.values_list("client", flat=True)]
    with timezone.override(therapist.time_zone):
        for start in range(0, len(clients), AT_ONCE):
            _settle(therapist, clients[start : start + AT_ONCE])


def _settle(therapist: Therapist, clients: list[int]) -> None:
    """Write down the dates of some clients, whose rows are locked."""
    dates = settled_dates(therapist, clients)
    RetentionDate.objects.bulk_create(
        [RetentionDate(therapist=therapist, client=pk, until=day) for pk, day in dates.items()],
        update_conflicts=True,
        unique_fields=["client"],
        update_fields=["until"],
    )
    gone = set(clients) - {*dates}  # who are erased, or merged into another
    therapist.retention_dates.filter(client__in=gone).delete()
