"""How long a client's records are kept (`docs/domain.md` 2.12), as plain dates.

The time counts from the last session, never from an ending. When it is over the client is due: the
app says so, and erases nobody by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, OuterRef, Q, Subquery, prefetch_related_objects
from django.utils import timezone

from clients.models import Client, KeepRule, person_ids
from practice.accounts.models import Therapist

YEARS = {KeepRule.SEVEN_YEARS: 7, KeepRule.TEN_YEARS: 10}
SHORTEST = 7


def years_after(day: date, years: int) -> date:
    """Return the same day so many years later; 29 February becomes 1 March, never a day less."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def keep_until(rule: KeepRule, *, last: date, born: date | None = None) -> date:
    """Return the first day on which the records need not be kept any more.

    `last` is the day of the last session. A 25th birthday never makes it less than 7 years, which
    for whoever was a minor at that session is the same.

    Raises:
        ValueError: the rule is the 25th birthday, and no date of birth is known.
    """
    if rule in YEARS:
        return years_after(last, YEARS[rule])
    if born is None:
        raise ValueError("a 25th birthday needs a date of birth")
    return max(years_after(born, 25), years_after(last, SHORTEST))


@dataclass(frozen=True)
class RetentionPeriod:
    """A client, from which day on their time counts, and until when."""

    client: Client
    counts_from: date
    after_session: bool
    until: date


def retention_periods(clients: Iterable[Client], now: datetime) -> list[RetentionPeriod]:
    """Return how long these clients of one therapist are kept, in their order, by three queries.

    Without a session the time counts from the last ending or, without one, from the day the client
    was added. Of several records of one person the rule that keeps them longest holds for all.
    """
    clients = list(clients)
    if not clients:
        return []
    prefetch_related_objects(clients, "merged_records")
    therapist = clients[0].therapist
    of_work = therapist.sessions.held(now).filter(relationship=OuterRef("relationship"))
    last = (
        therapist.participations.filter(client__person_id__in=person_ids(clients))
        .order_by()
        .values("client__person_id")
        .annotate(
            session=Max(Subquery(of_work.values("ends_at")[:1])),
            ended=Max("relationship__ended_at"),
        )
    )
    moments = {row["client__person_id"]: (row["session"], row["ended"]) for row in last}
    return [_retention_period(client, *moments.get(client.pk, (None, None))) for client in clients]


def _retention_period(
    client: Client, session: datetime | None, ended: datetime | None
) -> RetentionPeriod:
    added = max(record.added_at for record in client.records)
    counts_from = timezone.localtime(session or ended or added).date()
    until = max(
        keep_until(KeepRule(record.keep_rule), last=counts_from, born=record.date_of_birth)
        for record in client.records
    )
    return RetentionPeriod(client, counts_from, session is not None, until)


def retention_expired(therapist: Therapist, now: datetime) -> list[RetentionPeriod]:
    """Return who need not be kept any more: inactive, nothing booked; the longest due first."""
    # Nobody with a session since then, or one to come, can be due.
    since = now - timedelta(days=365 * SHORTEST)
    lately = therapist.sessions.held(now).ending_after(since).values("relationship")
    to_come = therapist.sessions.upcoming(now).values("relationship")
    busy = therapist.participations.filter(Q(relationship__in=lately) | Q(relationship__in=to_come))
    busy_people = busy.values("client__person_id")
    people = therapist.clients.people().inactive().exclude(pk__in=busy_people)
    today = timezone.localtime(now).date()
    rows = [
        row
        for row in retention_periods(people.select_related("therapist"), now)
        if row.until <= today
    ]
    return sorted(rows, key=lambda row: (row.until, row.client.sort_name))
