"""Settling until when records are kept, and asking who need not be kept any more.

What a page shows is worked out by the rule (`retention.py`) beforehand, every night. Whoever was
changed since is worked out while the page is made: so it says what is so at the very instant.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from heapq import merge

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from clients.models import Client
from practice.accounts.access import as_therapist
from practice.accounts.models import Therapist
from practice.database.compiled import DAY, CompiledQuery, Given
from practice.database.waiting import without_limit
from practice.records.models import RetentionChange, RetentionDate
from practice.records.retention import settled_dates

AT_ONCE = 500  # clients


def _waiting(given: Given) -> QuerySet:
    """Count who need not be kept as far as it is settled, and name whoever is not; one statement.

    Nobody who is active is to be reviewed, so of them it does not matter.
    """
    inactive = Client.objects.filter(therapist=given("therapist")).people().inactive()
    unsettled = inactive.filter(pk__in=_changed(given)).order_by()
    number = _over(given).order_by().values("therapist").annotate(n=Count("pk"))
    return number.values_list(Value(0), "n").union(unsettled.values_list(Value(1), "pk"), all=True)


def _changed(given: Given) -> QuerySet:
    return RetentionChange.objects.filter(therapist=given("therapist")).values("client")


def _over(given: Given) -> QuerySet:
    """Whose settled day has come, of whom nothing was changed since."""
    stored = RetentionDate.objects.filter(therapist=given("therapist"))
    return stored.filter(until__lte=given("today", DAY)).exclude(client__in=_changed(given))


def _settled(given: Given) -> QuerySet:
    return _over(given).order_by("until", "client").values_list("until", "client")


WAITING, SETTLED = CompiledQuery(_waiting, by_values=True), CompiledQuery(_settled)


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
        with as_therapist(therapist), without_limit():
            settle(therapist)


@transaction.atomic
def settle(therapist: Therapist) -> None:
    """Work out what is not settled of a therapist's clients.

    Nobody waits for it: a change that is not yet committed is left for the next time.
    """
    stored = RetentionDate.objects.filter(client=OuterRef("pk"))
    missing = therapist.clients.people().exclude(Exists(stored)).values_list("pk", flat=True)
    changes: dict[int, list[int]] = {person: [] for person in missing}
    for change, person in therapist.retention_changes.values_list("pk", "client").iterator():
        changes.setdefault(person, []).append(change)
    people = sorted(changes)
    with timezone.override(therapist.time_zone):
        for some in batched(people, AT_ONCE):
            _settle(therapist, some)
            seen = [change for person in some for change in changes[person]]
            for ids in batched(seen, AT_ONCE):
                therapist.retention_changes.filter(pk__in=ids).delete()


def _settle(therapist: Therapist, clients: Sequence[int]) -> None:
    """Write down the dates of some clients."""
    dates = settled_dates(therapist, clients)
    RetentionDate.objects.bulk_create(
        [RetentionDate(therapist=therapist, client=pk, until=day) for pk, day in dates.items()],
        update_conflicts=True,
        unique_fields=["client"],
        update_fields=["until"],
    )
    gone = set(clients) - {*dates}  # who are erased, or merged into another
    therapist.retention_dates.filter(client__in=gone).delete()


def batched(all_of_them: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield parts of that size, and the rest."""
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]
