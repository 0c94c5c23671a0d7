"""Whoever leaves or joins when, and whatever is said of whom: attendance and figures are theirs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from practice.diary.models import Session
from practice.profiles.figures import figures, visits_of
from practice.profiles.settling import settle
from practice.profiles.stats import tallies
from tests.diary import DAY, HOUR, NOW, book
from tests.factories import ClientFactory, start
from tests.profiles.agreement import agree
from tests.reading import sent_by

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


PEOPLE, SESSIONS = 4, 5  # three of a family and one more; a session each day before today
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["leave", "leave", "join", "join", "say", "say", "say of all"]),
        st.integers(0, PEOPLE - 1),
        st.integers(0, SESSIONS),  # days ago; 0 is said of no session
        st.booleans(),
    ),
    min_size=6,
    max_size=12,
)


@dataclass
class PlainFamily:
    """Who took part from when to when, and what was said of whom."""

    stays: list[list[list[datetime | None]]]
    said: dict[tuple[int, int], bool] = field(default_factory=dict)

    def took_part(self, moment: datetime) -> list[int]:
        return [
            who
            for who, stays in enumerate(self.stays)
            if any((not a or a <= moment) and (not b or moment < b) for a, b in stays)
        ]

    def is_present(self, who: int) -> bool:
        return bool(self.stays[who]) and self.stays[who][-1][1] is None

    def leave(self, who: int, at: datetime) -> bool:
        came = any(self.said.get((who, n)) and starts(n) >= at for n in range(1, SESSIONS + 1))
        since = [n for n in range(1, SESSIONS + 1) if starts(n) >= at]
        alone = any(self.took_part(starts(n)) == [who] for n in since)
        enough = sum(map(self.is_present, range(PEOPLE))) > 2
        refused = came or alone or not enough
        if not self.is_present(who) or refused or (self.stays[who][-1][0] or at) > at:
            return False
        self.stays[who][-1][1] = at
        for n in range(1, SESSIONS + 1):
            if starts(n) >= at:
                self.said.pop((who, n), None)
        return True

    def join(self, who: int, at: datetime) -> bool:
        last = self.stays[who][-1][1] if self.stays[who] else None
        if self.is_present(who) or (last and last > at):
            return False
        self.stays[who].append([at, None])
        return True

    def outcome(self, n: int) -> tuple[str, int]:
        """What became of a session, and who is said to have missed it where not all did."""
        there = self.took_part(starts(n))
        answers = [self.said.get((who, n)) for who in there]
        if None in answers:
            return "booked", answers.count(False)
        if True not in answers:
            return "missed", 0
        return "attended", answers.count(False)


def starts(n: int) -> datetime:
    return NOW - n * DAY


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking takes minutes with a database
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_attendance_and_figures_are_of_those_who_took_part(alice, as_alice, steps):
    with transaction.atomic():
        people = [ClientFactory(therapist=alice, name=f"P{n} Example") for n in range(PEOPLE)]
        work = start(*people[:-1], kind="family", at=NOW - 100 * DAY)
        sessions = {n: book(work, starts(n)) for n in range(1, SESSIONS + 1)}
        # All were booked before anybody left: what is recorded afterwards is only of who was there.
        Session.objects.update(booked_at=NOW - 99 * DAY)
        plain = PlainFamily([[[None, None]] for _ in people[:-1]] + [[]])
        for what, who, n, came in steps:
            at, before = starts(n) - HOUR, figures(alice, NOW)
            if what in ("leave", "join"):
                done = send(as_alice, work, what, people[who], at)
                assert done == getattr(plain, what)(who, at)
                assert what == "join" or figures(alice, NOW) == before
            elif n:
                there = plain.took_part(starts(n))
                whom = there if what == "say of all" else [who] if who in there else []
                if whom:
                    session = Session.objects.get(pk=sessions[n].pk)
                    session.set_attendance_of([people[one] for one in whom], attended=came)
                plain.said |= {(one, n): came for one in whom}
            hold(alice, people, sessions, plain)
        transaction.set_rollback(True)


def send(as_alice, work, what: str, person, at: datetime) -> bool:
    """Say on the page that somebody leaves or joins, and return whether that was taken."""
    page = f"/relationships/{work.public_id}/{what}/"
    typed = {"day": at.date().isoformat(), "time": f"{at:%H:%M}", "who": person.public_id}
    typed |= {"name": person.name, "found": "on"} if what == "join" else {}
    answer = as_alice.post(page, sent_by(as_alice.get(page), "shown") | typed)
    assert answer.status_code in (303, 422)
    return answer.status_code == 303


def hold(alice, people, sessions: dict[int, Session], plain: PlainFamily) -> None:
    """Hold sessions and figures against what was said."""
    outcomes = {n: plain.outcome(n) for n in sessions}
    found = {
        n: Session.objects.values_list("state", "number_missed").get(pk=one.pk)
        for n, one in sessions.items()
    }
    assert found == outcomes
    settle(alice)
    agree(NOW)
    agree(NOW + timedelta(days=15))
    attended = {tally.client: tally.attended for tally in tallies(visits_of(alice), NOW)}
    for who, person in enumerate(people):
        came = [n for (one, n), came in plain.said.items() if one == who and came]
        expected = sum(outcomes[n][0] == "attended" for n in came)
        assert attended.get(person.pk, 0) == expected
