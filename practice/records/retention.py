"""How long a client's records are kept (`docs/domain.md` 2.12), as plain dates.

The time counts from the last session, never from an ending. When it is over the client is due: the
app says so, and erases nobody by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import starmap
from typing import Any, NamedTuple, Self

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from clients.models import Client, ClientQuerySet, KeepRule
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, padded
from practice.diary.models import Session
from practice.records.models import WHILE_ACTIVE

YEARS = {KeepRule.SEVEN_YEARS: 7, KeepRule.TEN_YEARS: 10}
SHORTEST = 7
ROWS_A_PAGE = 25


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
    """Return how long these people, of one therapist, are kept, in their order, by one query.

    Without a session the time counts from the last ending or, without one, from the day the client
    was added. Of several records of one person the rule that keeps them longest holds for all.
    """
    clients = list(clients)
    if not clients:
        return []
    therapist, people = clients[0].therapist_id, [*{client.person_id for client in clients}]
    if len(people) <= ROWS_A_PAGE:
        found = _of_page(therapist, people, now)
    else:
        records = Client.objects.filter(therapist=therapist, person_id__in=people)
        found = _by_person(records, now)
    of_each = [found.get(one.person_id) or [Record.of(one)] for one in clients]
    return [
        RetentionPeriod(client, *_counts_from(records), _until(records))
        for client, records in zip(clients, of_each, strict=True)
    ]


def periods_of_people(
    therapist: Therapist, people: list[int], now: datetime
) -> list[RetentionPeriod]:
    """Return the same of the people of a page, by their ids, who are read along with it."""
    found = _of_page(therapist.pk, people, now) if people else {}
    of_each = [found[person] for person in people if person in found]
    return [
        RetentionPeriod(records[0].client, *_counts_from(records), _until(records))
        for records in of_each
    ]


def retention_expired(therapist: Therapist, now: datetime) -> list[int]:
    """Return who need not be kept any more, as ids: inactive, nothing booked, longest over first.

    By the rule, from all that there is of everybody; pages ask for what is settled of it
    (`settling.py`). However many they are, no more than a few columns of each is read.
    """
    # Nobody with a session since then, or one to come, is among them.
    since = now - timedelta(days=365 * SHORTEST)
    lately = therapist.sessions.held(now).ending_after(since).values("relationship")
    to_come = therapist.sessions.upcoming(now).values("relationship")
    busy = therapist.participations.filter(Q(relationship__in=lately) | Q(relationship__in=to_come))
    # Of an active person another record may be inactive; then the one that stands for them is not.
    inactive = therapist.clients.not_erased().inactive()
    idle = inactive.exclude(person_id__in=busy.values("client__person_id"))
    today = timezone.localtime(now).date()
    over = [
        (until, person)
        for person, records in _by_person(idle, now).items()
        if records[0].pk == person and (until := _until(records)) <= today
    ]
    return [person for _, person in sorted(over)]


def settled_dates(therapist: Therapist, people: Iterable[int]) -> dict[int, date]:
    """Return what is stored of some of a therapist's people (`RetentionDate`), by one query.

    It is as if everything that is booked had been held: whoever has a session to come is thereby
    kept beyond today, and the date is right once it is over. Whoever is no longer a person of the
    therapist's is left out.
    """
    records = therapist.clients.not_erased().filter(person_id__in=people)
    return {
        person: WHILE_ACTIVE if found[0].active_relationships else _until(found)
        for person, found in _by_person(records, AT_THE_END).items()
        if found[0].pk == person
    }


AT_THE_END = datetime(9999, 12, 31, tzinfo=UTC)
COLUMNS = (
    *("person_id", "pk", "public_id", "name", "active_relationships"),
    *("added_at", "keep_rule", "date_of_birth"),
)


class Record(NamedTuple):
    """What of a record its time depends on."""

    person: int
    pk: int
    public_id: str
    name: str
    active_relationships: int
    added_at: datetime
    keep_rule: str
    date_of_birth: date | None
    session: datetime | None = None  # when the last one ended
    ended: datetime | None = None  # the work, last

    @classmethod
    def of(cls, client: Client) -> Self:
        """Return what is known of a record that has been erased a moment ago."""
        return cls(*(getattr(client, column) for column in COLUMNS))

    @property
    def client(self) -> Client:
        """The client of whom this is the record, as a line names them."""
        return Client(
            pk=self.pk, public_id=self.public_id, name=self.name, keep_rule=self.keep_rule
        )


def _of_page(therapist: int, people: list[int], now: datetime) -> dict[int, list[Record]]:
    """Return the records of each of the people of a page, as `_by_person`, by a compiled query."""
    return _collected(RECORDS.rows(therapist=therapist, people=padded(people), now=now))


def _by_person(records: ClientQuerySet, now: datetime) -> dict[int, list[Record]]:
    """Return the records of each person, by one query; first the one that stands for them."""
    return _collected(_read(records, now))


def _read(records: ClientQuerySet, now: Any) -> QuerySet:
    # Found by the index on a relationship's sessions, one look for each.
    of_work = Session.objects.held(now).filter(
        relationship=OuterRef("participations__relationship")
    )
    rows = (
        records.order_by()
        .values(*COLUMNS)
        .annotate(
            session=Max(Subquery(of_work.values("ends_at")[:1])),
            ended=Max("participations__relationship__ended_at"),
        )
    )
    return rows.values_list(*COLUMNS, "session", "ended")


RECORDS = CompiledQuery(
    lambda given: _read(
        Client.objects.filter(therapist=given("therapist"), person_id__in=given("people")),
        given("now", MOMENT),
    )
)


def _collected(rows: Iterable[tuple]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in starmap(Record, rows):
        of_person = found.setdefault(record.person, [])
        of_person.insert(0 if record.pk == record.person else len(of_person), record)
    return found


def _counts_from(records: list[Record]) -> tuple[date, bool]:
    """Return the day from which a person's time counts, and whether it is that of a session."""
    session = max((r.session for r in records if r.session), default=None)
    ended = max((r.ended for r in records if r.ended), default=None)
    moment = session or ended or max(record.added_at for record in records)
    return timezone.localtime(moment).date(), session is not None


def _until(records: list[Record]) -> date:
    last, _ = _counts_from(records)
    return max(
        keep_until(KeepRule(record.keep_rule), last=last, born=record.date_of_birth)
        for record in records
    )
