"""Badges: the rule of each, and its edges."""

from fractions import Fraction

import pytest

from practice.profiles.figures import count_installation, figures
from practice.profiles.stats import Installation, badges, stats
from tests.profiles import DAY, MINUTE, NOW, came, colleagues, practice_of, session, together, visit

NOBODY = Installation()
JUST = MINUTE / 60_000_000
DAYS = [(59, True), (60, False), (61, False)]


def earned(visits: list, everybody: Installation = NOBODY, now=NOW) -> list[str]:
    return [badge.key for badge in badges(stats(visits, now), everybody)]


def usual(mean: float = 0, median: float = 0, therapists: int = 5) -> Installation:
    return Installation(therapists, Fraction(mean), median)


# Smooth Schedule.


@pytest.mark.parametrize(("days", "is_lately"), DAYS)
def test_a_session_of_the_last_60_days_makes_a_schedule_smooth(days, is_lately):
    assert earned([visit(days=days)]) == (["smooth"] if is_lately else [])


@pytest.mark.parametrize("fact", ["moved_by_therapist_at", "cancelled_by_therapist_at"])
@pytest.mark.parametrize(("days", "is_lately"), DAYS)
def test_what_the_therapist_moved_or_cancelled_counts_for_60_days(fact, days, is_lately):
    disturbed = visit(2, days=days - 3, booked=90, **{fact: NOW - days * DAY})

    assert earned([visit(days=10), disturbed]) == ([] if is_lately else ["smooth"])


def test_sixty_days_are_sixty_days_to_the_instant():
    assert earned([visit(starts_at=NOW - 60 * DAY + JUST)]) == ["smooth"]
    moved = visit(2, moved_by_therapist_at=NOW - 60 * DAY + JUST)
    assert earned([visit(days=10), moved]) == []


@pytest.mark.parametrize("state", ["missed", "booked", "cancelled", "not_held"])
def test_a_schedule_without_a_session_that_took_place_is_not_smooth(state):
    assert earned([visit(days=10, state=state)]) == []


def test_a_session_to_come_does_not_make_a_schedule_smooth():
    assert earned([visit(days=-3, booked=5)]) == []


def test_what_the_client_asked_for_leaves_a_schedule_smooth(alice, individual, ann, clock):
    practice_of(alice, 1, ago=10)
    clock.move_to(NOW - 9 * DAY)
    for days in (1, 2, 3):
        session(individual, NOW + days * DAY, "booked", booked_at=NOW - 10 * DAY)
    moved, by_client, for_client = individual.sessions.order_by("starts_at")
    moved.move(starts_at=NOW + 5 * DAY, by=alice.user, for_client=True)
    by_client.cancel(by=ann.account)
    for_client.cancel(by=alice.user, for_client=True)
    clock.move_to(NOW)

    assert [b.key for b in figures(alice, NOW).badges] == ["smooth"]


@pytest.mark.parametrize("how", ["move", "cancel"])
def test_what_the_therapist_did_costs_the_badge_for_60_days(alice, individual, clock, how):
    practice_of(alice, 1, ago=10)
    booked = session(individual, NOW + 3 * DAY, "booked", booked_at=NOW - 10 * DAY)
    if how == "move":
        booked.move(starts_at=NOW + 5 * DAY, by=alice.user)
    else:
        booked.cancel(by=alice.user)

    assert figures(alice, NOW).badges == []
    practice_of(alice, 1, ago=-50)
    assert figures(alice, NOW + 59 * DAY).badges == []
    assert [b.key for b in figures(alice, NOW + 60 * DAY).badges] == ["smooth"]


def test_a_session_the_client_moves_themselves_is_not_the_therapists_doing(alice, individual, ann):
    practice_of(alice, 1, ago=10)
    booked = session(individual, NOW + 3 * DAY, "booked", booked_at=NOW - 10 * DAY)

    booked.move(starts_at=NOW + 5 * DAY, by=ann.account)

    assert [b.key for b in figures(alice, NOW).badges] == ["smooth"]


def test_a_move_by_the_therapist_is_remembered_when_the_client_asks_for_another(alice, individual):
    practice_of(alice, 1, ago=10)
    booked = session(individual, NOW + 3 * DAY, "booked", booked_at=NOW - 10 * DAY)

    booked.move(starts_at=NOW + 5 * DAY, by=alice.user)
    booked.move(starts_at=NOW + 6 * DAY, by=alice.user, for_client=True)

    assert figures(alice, NOW).badges == []


# See You Again.


def test_see_you_again_asks_for_more_than_half():
    half = came(1, 9) + came(2, 9) + came(3, 1) + came(4, 1)

    assert earned(half, usual(median=99)) == []
    assert earned(half + came(5, 9), usual(median=99)) == ["again"]


def test_see_you_again_asks_for_more_sessions_than_the_mean_not_as_many():
    visits = came(1, 3) + came(2, 4)

    assert earned(visits, usual(Fraction(7, 2), 99)) == []
    assert earned(visits, usual(Fraction(7, 2) - Fraction(1, 10**12), 99)) == ["again"]
    assert earned(visits, usual(Fraction(7, 2) + Fraction(1, 10**12), 99)) == []


def test_clients_who_do_not_count_weigh_nothing_in_the_mean():
    new = [visit(2, days=n, booked=13) for n in range(8)]

    assert earned(came(1, 3) + new, usual(4, 99)) == ["smooth"]


def test_the_mean_of_the_installation_is_over_clients_who_returned():
    everybody = [
        *came(1, 2, therapist=1),
        *came(2, 4, therapist=1),
        *came(3, 6, therapist=2),
        *came(4, 1, therapist=2),
    ]

    assert together(everybody, NOW).mean_attended == 4


# In Demand.


def test_in_demand_asks_for_more_bookings_than_the_median_not_as_many():
    visits = [visit(n, days=-3, booked=5, state="booked") for n in range(3)]

    assert earned(visits, usual(median=3)) == []
    assert earned(visits, usual(median=2.5)) == ["demand"]
    assert earned(visits, usual(median=3.5)) == []


@pytest.mark.parametrize(("days", "is_lately"), DAYS)
def test_bookings_of_the_last_60_days_are_in_demand(days, is_lately):
    booked = visit(days=-3, booked=days, state="booked")

    assert earned([booked], usual()) == (["demand"] if is_lately else [])


def test_a_couple_makes_one_booking():
    one = visit(1, days=-3, booked=5, state="booked")
    other = visit(2, days=-3, booked=5, state="booked", session=one.session)

    assert earned([one, other], usual(median=1)) == []


def test_the_median_is_over_therapists_who_held_a_session():
    everybody = [
        *(visit(t, days=10, booked=12, therapist=t) for t in (1, 2)),
        *(visit(9, days=5, booked=7, therapist=2) for _ in range(2)),
        *(visit(3, days=-5, booked=7, therapist=3, state="booked") for _ in range(50)),
    ]

    usual_here = together(everybody, NOW)

    assert (usual_here.therapists, usual_here.median_bookings) == (2, 2)


# Compared with whom.


def test_below_five_therapists_nobody_is_compared():
    visits = [*came(1, 9), visit(2, days=-3, booked=5, state="booked")]

    assert earned(visits, usual(therapists=4)) == []
    assert earned(visits, usual(therapists=5)) == ["again", "demand"]


def test_five_therapists_who_held_a_session_are_enough(alice, individual):
    session(individual, NOW - 30 * DAY, booked_at=NOW - 31 * DAY)
    session(individual, NOW - 20 * DAY, booked_at=NOW - 25 * DAY)
    colleagues(3, 1)
    empty = practice_of(colleagues(1)[0], 0)[0]

    count_installation(NOW)
    assert [b.key for b in figures(alice, NOW).badges] == ["smooth"]
    session(empty, NOW - 90 * DAY)
    count_installation(NOW + DAY)

    assert [b.key for b in figures(alice, NOW + DAY).badges] == ["smooth", "demand"]


def test_everybody_alike_earns_nothing_that_is_compared(alice):
    practice_of(alice, 2, 2)
    others = colleagues(4, 2, 2)
    assert count_installation(NOW).is_comparable
    for colleague in others:
        assert figures(colleague, NOW).badges == []
    assert figures(alice, NOW).badges == []


def test_each_badge_says_why_in_one_sentence():
    visits = [*came(1, 9), visit(2, days=3, booked=5)]

    shown = badges(stats(visits, NOW), usual())

    assert [badge.name for badge in shown] == ["Smooth Schedule", "See You Again", "In Demand"]
    assert [badge.why for badge in shown] == [
        "Has not moved or cancelled a session in the last 60 days",
        "Most clients return, and for more sessions than is usual here",
        "Booked more often than is usual here in the last 60 days",
    ]
