"""The figures agree with the rules written a second time, whatever happened."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.profiles.stats import badges, stats, tallies
from tests.profiles import DAY, NOW, oracle, together, visit

pytestmark = pytest.mark.database

# Days before `NOW`; the edges of 14 and 60 days come up often.
AGO = st.sampled_from([-9, 0, 1, 13, 14, 15, 59, 60, 61]) | st.floats(-30, 130)
FRESH = st.none() | AGO

STATES = ["attended"] * 4 + ["missed", "booked", "cancelled", "not_held"]


def moment(days: float | None):
    return None if days is None else NOW - timedelta(days=days)


@st.composite
def visits(draw, therapists: int, most: int):
    """Visits to some therapists; a session recorded afterwards was booked after it began."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        therapist = draw(st.integers(1, therapists))
        made = visit(
            therapist * 100 + draw(st.integers(0, 5)),
            days=(starts := draw(AGO)),
            booked=draw(AGO.filter(lambda d: d >= 0) | st.just(max(starts, 0))),
            state=draw(
                st.sampled_from(["attended"] * 4 + ["missed", "booked", "cancelled", "not_held"])
            ),
            therapist=therapist,
            complimentary=draw(st.booleans()),
            moved_by_therapist_at=moment(draw(FRESH)) if draw(st.integers(0, 9)) == 0 else None,
            cancelled_by_therapist_at=moment(draw(FRESH)) if draw(st.integers(0, 9)) == 0 else None,
        )
        found.append(made)
    return found


@settings(max_examples=60, deadline=None)
@given(visits(therapists=1, most=20), st.sampled_from([timedelta(0), 20 * DAY, 9999 * DAY]))
def test_the_stats_are_those_of_the_rules(own, later):
    now = NOW + later
    expected = oracle.Practice(own, now)

    shown = stats(own, now)

    assert shown.sessions_held == len({v.session for v in expected.held})
    assert shown.clients == len({v.client for v in expected.held})
    assert shown.since == min((v.starts_at for v in expected.held), default=None)
    assert (shown.returned, shown.counted) == (len(expected.returned), len(expected.counted))
    assert shown.out_of_ten == expected.out_of_ten
    assert {t.client for t in tallies(own, now) if t.is_counted} == set(expected.counted)
    assert {t.client: t.attended for t in tallies(own, now)} == {
        client: len(expected.attended_by(client)) for client in expected.clients
    }


@settings(max_examples=60, deadline=None)
@given(visits(therapists=7, most=30))
def test_the_badges_are_those_of_the_rules(everybody):
    usual = together(everybody, NOW)
    for therapist in range(1, 8):
        own = [v for v in everybody if v.therapist == therapist]

        earned = [badge.key for badge in badges(stats(own, NOW), usual)]

        assert earned == oracle.badges(own, everybody, NOW)
