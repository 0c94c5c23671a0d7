"""Whatever therapists do in whatever order, what `docs/domain.md` promises stays true."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clients.models import Client
from relationships.models import Event, Relationship
from relationships.models.choices import EndReason
from tests.factories import (
    ClientFactory,
    UserFactory,
    counters_of,
    history_of,
    start,
    true_counters_of,
)

pytestmark = pytest.mark.database

BEGIN = datetime(2025, 1, 6, 9, tzinfo=UTC)
GROUPS = [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "end", "end", "undo", "restart", "correct"]),
        st.integers(0, 5),
        st.sampled_from(EndReason.values),
        st.integers(-5, 30),  # minutes that pass before it; a clock may be set back
        st.booleans(),  # by the therapist, or by somebody else of the practice
    ),
    max_size=25,
)
LEADS_TO = {
    "started": "active",
    "ended": "ended",
    "corrected": "ended",
    "restarted": "active",
    "end_undone": "active",
}
MAY_FOLLOW = {
    "started": {"ended"},
    "restarted": {"ended"},
    "end_undone": {"ended"},
    "ended": {"corrected", "restarted", "end_undone"},
    "corrected": {"corrected", "restarted", "end_undone"},
}


def act(what: str, relationship: Relationship, *, by: object, reason: str) -> None:
    """Do it; that it cannot be done now is an answer like any other."""
    try:
        if what == "end":
            relationship.end(by=by, reason=reason, note="n" if reason == "other" else "")
        elif what == "undo":
            relationship.undo_end(by=by)
        elif what == "restart":
            relationship.restart(by=by)
        elif relationship.ended_at:
            relationship.correct_reason(by=by, reason=reason, ended_at=relationship.ended_at)
    except (Relationship.AlreadyDone, Relationship.TooLate):
        pass


def check(people: list[Client], before: list[tuple]) -> list[tuple]:
    """Hold every invariant against the database; return the history as it is now."""
    assert counters_of(*people) == true_counters_of(*people)
    for relationship in Relationship.objects.all():
        history = history_of(relationship)
        assert relationship.status == LEADS_TO[history[-1]]
        for one, following in zip(history, history[1:], strict=False):  # noqa: RUF007
            assert following in MAY_FOLLOW[one]
        if relationship.is_ended:
            last = relationship.events.filter(kind__in=["ended", "corrected"]).latest("pk")
            ending = relationship.events.filter(kind="ended").latest("pk")
            assert (relationship.end_reason, relationship.end_note) == (last.reason, last.note)
            assert (relationship.ended_at, relationship.ended_by_id) == (ending.at, ending.by_id)
            assert relationship.ended_at >= relationship.started_at
    now = list(Event.objects.order_by("pk").values_list())
    assert now[: len(before)] == before
    return now


@pytest.mark.usefixtures("alice")
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking takes minutes with a database
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_state_history_and_counters_always_agree(alice, steps):
    with transaction.atomic():
        people = ClientFactory.create_batch(3, therapist=alice)
        somebody_else = UserFactory()
        now, history = BEGIN, []
        relationships = [start(people[0], at=BEGIN), start(*people[:2], at=BEGIN)]
        for what, which, reason, minutes, is_therapist in steps:
            now += timedelta(minutes=minutes)
            with time_machine.travel(now, tick=False):
                if what == "start" and len(relationships) < 5:
                    relationships.append(start(*(people[i] for i in GROUPS[which])))
                else:
                    # Each acts on the page they have open: perhaps an old one.
                    relationship = relationships[which % len(relationships)]
                    by = alice.user if is_therapist else somebody_else
                    act(what, relationship, by=by, reason=reason)
            history = check(people, history)
        transaction.set_rollback(True)
