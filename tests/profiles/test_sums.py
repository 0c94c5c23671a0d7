"""The database works out the numbers of the pure functions, whatever happened."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from practice.profiles import sums
from practice.profiles.figures import everybody
from practice.profiles.models import ClientVisit
from practice.profiles.settling import settle_everybody
from practice.profiles.stats import GRACE, LATELY, Installation
from practice.profiles.sums import installation_of, stats_of
from practice.records.merging import merge
from relationships.models import Relationship
from tests.factories import ClientFactory, TherapistFactory, start
from tests.profiles import DAY, HOUR, LONG_AGO, MINUTE, NOW, practice_of, session
from tests.profiles.agreement import agree
from tests.sampling import examples

pytestmark = [pytest.mark.database, pytest.mark.django_db]

JUST = MINUTE / 60_000_000
# Days before `NOW`; the edges of 14 and 60 days come up often, to the instant and just beside it.
EDGES = st.builds(
    lambda days, beside: days * DAY + beside,
    st.sampled_from([-9, 0, 1, 13, 14, 15, 59, 60, 61]),
    st.sampled_from([-JUST, timedelta(0), JUST]),
)
AGO = EDGES | st.timedeltas(-30 * DAY, 130 * DAY)
STATES = ["missed", "booked", "cancelled", "not_held", "mistaken"]
HAPPENED = st.fixed_dictionaries(
    {
        "whose": st.integers(0, 6),
        "ago": AGO,
        "booked": AGO,
        "state": st.sampled_from(["attended"] * 4 + STATES),
        "missed_by_first": st.booleans(),  # of several people
        "complimentary": st.booleans(),
        "moved": st.none() | st.none() | AGO,
        "cancelled": AGO,
        "for_client": st.booleans(),
    }
)


def add(relationship: Relationship, happened: dict) -> None:
    """Put a session into the database, unless there is one at that time."""
    starts_at = NOW - happened["ago"]
    if relationship.therapist.sessions.filter(
        starts_at__gt=starts_at - HOUR, starts_at__lt=starts_at + HOUR
    ).exists():
        return
    values = {"complimentary": happened["complimentary"]}
    if happened["state"] == "cancelled":
        values["cancelled_at"] = NOW - happened["cancelled"]
        values["cancelled_for_client"] = happened["for_client"]
    if happened["moved"] is not None:
        values["last_own_move"] = NOW - happened["moved"]
    booked_at = NOW - happened["booked"]
    added = session(relationship, starts_at, happened["state"], booked_at=booked_at, **values)
    if happened["state"] == "attended" and happened["missed_by_first"] and added.is_over:
        first = added.parts[0].client.person
        if len(added.parts) > 1:
            added.set_attendance_of([first], attended=False)


def works() -> list[Relationship]:
    """Two therapists' work with six people, of whom two make a couple; two records are merged."""
    alice, bob = TherapistFactory.create_batch(2)
    ann, ben, again, fay = ClientFactory.create_batch(4, therapist=alice)
    carl, dora = ClientFactory.create_batch(2, therapist=bob)
    alone = [start(one, at=LONG_AGO) for one in (ann, ben, again, fay, carl, dora)]
    merge(again, into=ann, by=alice.user)
    return [*alone, start(ann, ben, at=LONG_AGO)]


@settings(
    max_examples=examples(60),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking is slow
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    happened=st.lists(HAPPENED, max_size=16),
    settled_after=st.none() | st.integers(0, 16),
    later=st.sampled_from([timedelta(0), -JUST, JUST, -20 * DAY, 20 * DAY, 9999 * DAY]) | AGO,
)
def test_the_database_works_out_what_the_rules_say(happened, settled_after, later):
    with transaction.atomic():
        relationships = works()
        for number, one in enumerate(happened):
            if number == settled_after:
                settle_everybody()
            add(relationships[one["whose"]], one)
        agree(NOW + later)
        transaction.set_rollback(True)


def test_a_practice_that_has_every_number(alice):
    relationships = practice_of(alice, 3, 2, 1, ago=30)
    session(relationships[0], NOW + DAY, "booked", booked_at=NOW - DAY)

    agree(NOW)
    numbers = stats_of(alice, NOW)
    assert (numbers.sessions_held, numbers.clients, numbers.since) == (6, 3, NOW - 30 * DAY)
    assert (numbers.counted, numbers.returned, numbers.visits_of_returned) == (3, 2, 5)
    assert (numbers.bookings_lately, numbers.is_smooth) == (7, True)
    together = installation_of(everybody(), NOW)
    assert (together.therapists, together.mean_attended, together.median_bookings) == (1, 2.5, 7)


def test_merged_records_are_one_client_to_the_database_too(alice):
    one, other = practice_of(alice, 1, 1)
    assert stats_of(alice, NOW).returned == 0

    merge(other.clients.get(), into=one.clients.get(), by=alice.user)

    assert (stats_of(alice, NOW).clients, stats_of(alice, NOW).returned) == (1, 1)
    agree(NOW)


def test_nobody_has_nothing(alice):
    agree(NOW)
    assert installation_of(ClientVisit.objects.all(), NOW) == Installation()


@pytest.mark.parametrize("times", [1, 6])
def test_however_much_there_is_the_database_is_asked_twice_and_answers_with_numbers(alice, times):
    for n in range(times):
        practice_of(TherapistFactory(), 2, 2, ago=100 - 9 * n)
        practice_of(alice, 2, 2, ago=100 - 9 * n)
    for work in (lambda: stats_of(alice, NOW), lambda: installation_of(everybody(), NOW)):
        with CaptureQueriesContext(connection) as context:
            work()
        assert len(context) == 2


# The comparison notices: each fault of the SQL that is planted here makes it fail.


def on_every_edge(alice) -> None:
    """A history in which each condition of the SQL decides something, at `NOW` to the instant."""
    of = [start(ClientFactory(therapist=alice), at=LONG_AGO) for _ in range(7)]
    session(of[0], NOW - 60 * DAY, booked_at=NOW - 60 * DAY)  # just not lately any more
    session(of[1], NOW - 13 * DAY, booked_at=NOW - 14 * DAY)  # counts from this very instant on
    session(of[2], NOW - 30 * DAY, complimentary=True)  # the only one, and for nothing
    session(of[3], NOW - 31 * DAY, complimentary=True)
    session(of[3], NOW - 32 * DAY)
    session(of[4], NOW - 33 * DAY, "missed")
    session(of[5], NOW - 95 * DAY, booked_at=NOW + JUST)  # the first; recorded an instant from now
    session(of[6], NOW - 35 * DAY)
    session(of[6], NOW - 90 * DAY, "booked", last_own_move=NOW - 60 * DAY)
    couple = start(of[0].clients.get(), of[6].clients.get(), at=LONG_AGO)
    session(couple, NOW - 36 * DAY, booked_at=NOW - 37 * DAY)


def test_the_database_decides_every_edge_as_the_rules_do(alice):
    on_every_edge(alice)

    agree(NOW)
    agree(NOW + JUST)
    agree(NOW - JUST)


def lately(moment: str, now) -> Q:
    return Q(**{f"{moment}__gte": now - LATELY, f"{moment}__lte": now})


def attended(now, **more: object) -> Q:
    return Q(state="attended", starts_at__lte=now, **more)


def counted(now, *, first: str = "first_booking__lte", least: int = 1) -> Q:
    return Q(**{"attended__gte": least, first: now - GRACE})


FAULTS = {
    "sixty days and an instant": ("_lately", lately),
    "recorded later": ("_attended", attended),
    "whatever the state": (
        "_attended",
        lambda now: Q(starts_at__lte=now, booked_at__lte=now),
    ),
    "fourteen days and an instant": (
        "_is_counted",
        lambda now: counted(now, first="first_booking__lt") & ~Q(attended=1, free=1),
    ),
    "complimentary counts": ("_is_counted", counted),
    "nobody for nothing": ("_is_counted", lambda now: counted(now) & Q(free=0)),
    "who never came": ("_is_counted", lambda now: counted(now, least=0)),
    "a couple makes two sessions": ("Count", lambda *of, distinct=False, **how: Count(*of, **how)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_fails_when_the_sql_says(fault, alice, monkeypatch):
    on_every_edge(alice)
    monkeypatch.setattr(sums, *FAULTS[fault])

    with pytest.raises(AssertionError):
        agree(NOW)


# The command that looks.


def check() -> str:
    said = StringIO()
    call_command("check_figures", stdout=said)
    return said.getvalue()


def test_the_command_says_that_all_is_as_it_should_be(alice):
    practice_of(alice, 3, 2)

    assert check() == "All figures are those of the rules.\n"


def test_the_command_says_whose_numbers_differ_and_where(alice, bob, monkeypatch):
    practice_of(alice, 1, ago=20)
    practice_of(bob, 1)
    monkeypatch.setattr(sums, "_lately", lambda moment, now: sums.Q(**{f"{moment}__gt": NOW}))
    said = StringIO()

    with pytest.raises(CommandError, match="1 found to be wrong"):
        call_command("check_figures", stdout=said)

    expected = [
        f"Therapist {alice.pk}, bookings_lately: 0, by the rules 1",
        f"Therapist {alice.pk}, is_smooth: False, by the rules True",
    ]
    assert said.getvalue().splitlines() == expected


def test_the_command_compares_what_all_are_like_together(alice, monkeypatch):
    practice_of(alice, 3, 2)
    monkeypatch.setattr(
        "practice.profiles.management.commands.check_figures.everybody",
        lambda: ClientVisit.objects.none(),
    )

    with pytest.raises(CommandError, match="Together: "):
        check()
