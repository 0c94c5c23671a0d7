"""Settling what a caseload comes to, and reading it: the picture costs as much of any caseload.

It is counted of all work every night, and stored. A page takes that, and adds what has begun and
ended since, of the few relationships that were changed. Where something earlier was changed, or a
new day has begun for the therapist, it counts all work, and has it settled once it is answered.

Nobody waits for it: a change that is not yet committed is left for the next time.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet, Subquery
from django.utils import timezone

from clients.models import Client
from practice.accounts.access import as_therapist
from practice.accounts.models import Therapist
from practice.database.compiled import CompiledQuery, Given
from practice.database.waiting import without_limit
from relationships.caseload.counting import Counted, Turnover, active_at
from relationships.caseload.models import CaseloadChange, SettledCaseload
from relationships.caseload.work import recent_work, work_of

MONTHS = 12
MOST_CHANGES = 200  # with more of them all work is counted
A_MOMENT = timedelta(microseconds=1)


def count(therapist: Therapist, now: datetime) -> Counted:
    """Count all work as of an instant."""
    since = a_year_before(now)
    works, first = recent_work(therapist, since)
    turnover = Turnover.of(works, lambda at: since <= at <= now)
    return Counted(since, active_at(works, [*month_ends(now), now]), first, turnover)


def _settled(given: Given) -> QuerySet:
    """Ask what is settled and what was changed since, by one statement, and who is active now.

    A row for each change, and at least one.
    """
    active = Client.objects.filter(therapist=given("therapist")).people().active().order_by()
    number = active.values("therapist").annotate(n=Count("pk")).values("n")
    change = ("caseload_changes__relationship", "caseload_changes__changed_from")
    return Therapist.objects.filter(pk=given("therapist")).values_list(
        *("settled_caseload__settled_at", "settled_caseload__counted"), Subquery(number), *change
    )


SETTLED = CompiledQuery(_settled)


def read(therapist: Therapist, now: datetime) -> Counted | None:
    """Return the same from what is settled; None if that does not hold any more."""
    rows = SETTLED.rows(therapist=therapist.pk, limits=(0, MOST_CHANGES + 1))
    settled_at, stored, number_active = rows[0][:3]
    changes = [row[3:] for row in rows if row[3]]
    if settled_at is None or not settled_at <= now or len(changes) > MOST_CHANGES:
        return None
    settled = Counted.restored(stored)
    *ends, _ = settled.active
    is_same_day = settled.since == a_year_before(now) and ends == month_ends(now)
    if not is_same_day or any(changed_from <= settled_at for _, changed_from in changes):
        return None
    active = {end: settled.active[end] for end in ends} | {now: number_active or 0}
    works = work_of(therapist, sorted({which for which, _ in changes})) if changes else []
    later = Turnover.of(works, lambda at: settled_at < at <= now)
    return Counted(settled.since, active, settled.first, settled.turnover + later)


def settle_everybody() -> None:
    """Settle every therapist's caseload, as each of them, a transaction each."""
    for therapist in Therapist.objects.select_related("user").order_by("pk").iterator():
        settle_own(therapist)


def settle_own(therapist: Therapist) -> None:
    """Settle a therapist's caseload, as them."""
    with as_therapist(therapist), without_limit():
        settle(therapist)


@transaction.atomic
def settle(therapist: Therapist) -> None:
    """Count all of a therapist's work, and forget those changes that are in it."""
    SettledCaseload.objects.get_or_create(therapist=therapist)
    own = SettledCaseload.objects.select_for_update(no_key=True)
    own.get(therapist=therapist)  # one after the other, each with what the former has seen
    now = timezone.now()
    changes = CaseloadChange.objects.filter(therapist=therapist, changed_from__lte=now)
    seen = list(changes.values_list("pk", flat=True))
    with timezone.override(therapist.time_zone):
        counted = count(therapist, now)
    own.filter(therapist=therapist).update(settled_at=now, counted=counted.stored)
    for start in range(0, len(seen), MOST_CHANGES):
        changes.filter(pk__in=seen[start : start + MOST_CHANGES]).delete()


def a_year_before(now: datetime) -> datetime:
    """Return the first instant of this day a year ago, in the reader's zone."""
    local = timezone.localtime(now)
    day = min(local.day, 28) if local.month == 2 else local.day
    return timezone.make_aware(datetime(local.year - 1, local.month, day))  # noqa: DTZ001


def month_ends(now: datetime) -> list[datetime]:
    """Return the last instants of the twelve months before this one, in the reader's zone."""
    return [_month_start(now, back=n) - A_MOMENT for n in range(MONTHS - 1, -1, -1)]


def _month_start(now: datetime, *, back: int) -> datetime:
    """Return the first instant of a month, so many months back, in the reader's zone."""
    local = timezone.localtime(now)
    year, month = divmod(local.year * 12 + local.month - 1 - back, 12)
    return timezone.make_aware(datetime(year, month + 1, 1))  # noqa: DTZ001 - made aware here
