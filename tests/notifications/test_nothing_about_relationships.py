"""Whatever happens to relationships, in any order: nobody is told a word of it.

Random histories, with sessions in between: the same messages are written with the relationship's
history as without it, and no message speaks of it.
"""

import re
from datetime import timedelta

from django.core import mail
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.diary.models import Session
from practice.notifications.models import Message, Told
from practice.notifications.worker import remind_everybody, send_everything
from relationships.models import EndReason, Relationship
from tests.diary import DAY, NOW, WEDNESDAY, book
from tests.factories import start

SPEAKS_OF_IT = re.compile(
    r"\bend(ed|ing)?\b|restart|undo|undone|relationship|finish|reason|discharg|therapy",
    re.IGNORECASE,
)
OF_WORK = ("end", "undo", "restart", "correct", "plan")
OF_SESSIONS = ("book", "move", "cancel", "put back")
REASONS = [reason for reason in EndReason.values if reason != EndReason.DIED]


def happens(what: str, work: Relationship, reason: str, number: int) -> None:
    """Let it happen, or be refused."""
    by, work = work.therapist.user, Relationship.objects.get(pk=work.pk)
    made = Session.objects.order_by("pk").last()
    match what:
        case "end":
            work.end(by=by, reason=reason, note="canary-note")
        case "undo":
            work.undo_end(by=by)
        case "restart":
            work.restart(by=by)
        case "correct":
            work.correct_reason(by=by, reason=reason, ended_at=work.ended_at)
        case "plan":
            Relationship.objects.filter(pk=work.pk).update(planned_end=(NOW + 30 * DAY).date())
        case "book":
            book(work, WEDNESDAY + number * DAY)
        case "move" if made:
            made.move(starts_at=WEDNESDAY + (20 + number) * DAY, by=by)
        case "cancel" if made:
            made.cancel(by=by)
        case "put back" if made:
            made.put_back(by=by)


def told_after(steps: list[tuple[str, str]], ann, clock) -> list[tuple]:
    """Return what messages tell after these steps, and look at what was sent."""
    clock.move_to(NOW)
    mail.outbox.clear()
    work = start(ann)
    for number, (what, reason) in enumerate(steps):
        try:
            with transaction.atomic():
                happens(what, work, reason, number)
        except (Relationship.AlreadyDone, Relationship.TooLate, Relationship.Changed):
            assert what in OF_WORK
        except (Session.AlreadyDone, Session.Taken):
            assert what in OF_SESSIONS
        clock.shift(timedelta(minutes=4))
        send_everything()
        clock.shift(timedelta(minutes=5))
    clock.shift(5 * DAY)
    remind_everybody()
    send_everything()
    for letter in mail.outbox:
        text = f"{letter.subject} {letter.body} {letter.alternatives[0].content}"
        assert not SPEAKS_OF_IT.search(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
        assert "canary" not in text
    assert len(mail.outbox) == Message.objects.filter(state="sent").count()
    lines = Told.objects.order_by("pk")
    return list(lines.values_list("kind", "starts_at", "is_cancelled", "message__client"))


STEPS = st.lists(
    st.tuples(st.sampled_from(OF_WORK + OF_SESSIONS), st.sampled_from(REASONS)), max_size=9
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_a_history_of_the_relationship_changes_no_message(ann, clock, steps):
    told = []
    for kept in (steps, [step for step in steps if step[0] in OF_SESSIONS]):
        with transaction.atomic():
            padded = [step if step in kept else ("", "") for step in steps]
            told.append(told_after(padded, ann, clock))
            transaction.set_rollback(True)

    assert told[0] == told[1]


def test_it_would_be_found(ann, clock):
    """What the histories are looked through for is found where it stands."""
    assert SPEAKS_OF_IT.search("Your relationship with Alice has ended.")
    assert SPEAKS_OF_IT.search("Restarted")
    assert told_after([("book", ""), ("cancel", "")], ann, clock)[0][0] == "booked"
