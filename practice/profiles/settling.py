"""Settling the numbers of a therapist's clients, and adding them up: what pages begin with.

Nobody waits for it: a client who is being changed at that moment is left for the next time, and
whoever changes one that is being settled says so afterwards, in `ClientNumbers.settled_at`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q, Sum

from practice.accounts.access import as_therapist
from practice.accounts.models import Therapist
from practice.database.waiting import without_limit
from practice.diary.models import Session
from practice.profiles.models import NEVER, NUMBERS, ClientNumbers, ClientVisit, TherapistNumbers
from practice.profiles.stats import GRACE
from practice.profiles.sums import numbers_of_clients

AT_ONCE = 500  # clients


def settle_everybody() -> None:
    """Settle the numbers of every therapist, as each of them, a transaction each."""
    for therapist in Therapist.objects.order_by("pk").iterator():
        with as_therapist(therapist), without_limit():
            settle(therapist)


@transaction.atomic
def settle(therapist: Therapist) -> None:
    """Work out what is not settled of a therapist's clients, and add up the numbers of all."""
    own = TherapistNumbers.objects.select_for_update(no_key=True)
    _, is_new = own.get_or_create(therapist=therapist)
    if is_new:
        _begin(therapist)
    theirs = ClientNumbers.objects.filter(therapist=therapist)
    unsettled = theirs.filter(settled_at=NEVER).order_by("client")
    locked = unsettled.select_for_update(no_key=True, skip_locked=True)
    clients = [*locked.values_list("client", flat=True)]
    if not clients and not is_new:
        return
    for start in range(0, len(clients), AT_ONCE):
        _settle(therapist, clients[start : start + AT_ONCE])
    sums = theirs.aggregate(**{name: Sum(name, default=0) for name in NUMBERS})
    TherapistNumbers.objects.filter(therapist=therapist).update(**sums)


def _begin(therapist: Therapist) -> None:
    """Have a row, not settled, of each client of whom nothing was changed lately."""
    visits = ClientVisit.objects.filter(therapist=therapist)
    clients = visits.order_by("client").values_list("client", flat=True).distinct()
    rows = [ClientNumbers(therapist=therapist, client=client) for client in clients]
    ClientNumbers.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)


def _settle(therapist: Therapist, clients: list[int]) -> None:
    """Write down the numbers of some clients, whose rows are locked, and since when they hold."""
    visits = ClientVisit.objects.filter(therapist=therapist, client__in=clients)
    came = Q(state=Session.State.ATTENDED)
    last = {"start": Max("starts_at", filter=came), "record": Max("booked_at", filter=came)}
    of_each = numbers_of_clients(visits, NEVER).annotate(**last)
    rows = [
        ClientNumbers(
            therapist=therapist,
            client=row["client"],
            settled_at=_holds_from(row["first_booking"], row["start"], row["record"]),
            **{name: row[name] for name in NUMBERS},
        )
        for row in of_each.values("client", "first_booking", *last, *NUMBERS)
    ]
    ClientNumbers.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["client"],
        update_fields=["settled_at", *NUMBERS],
    )
    gone = set(clients) - {row.client for row in rows}  # whose sessions are all erased, or merged
    ClientNumbers.objects.filter(therapist=therapist, client__in=gone).delete()


def _holds_from(first_booking: datetime, *last: datetime | None) -> datetime:
    """Return since when a client counts as they do: nothing of it was to come by then."""
    return max([first_booking + GRACE, *filter(None, last)])
