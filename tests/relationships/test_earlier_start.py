"""Work that began earlier than is recorded."""

from datetime import timedelta

import pytest
import time_machine

from practice.archive.checking import is_as_told
from practice.audit.models import Entry, Verb
from relationships.caseload.figures import Caseload
from relationships.models import Relationship
from relationships.models.history import episodes
from relationships.models.sealed_history import faults
from tests.diary import DAY, NOW, at, book
from tests.factories import history_of, start
from tests.reading import read, sent_by


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def work(ann) -> Relationship:
    return start(ann, at=NOW - 10 * DAY)


def send(browser, work: Relationship, day: str):
    place = f"/relationships/{work.public_id}/start/"
    return browser.post(place, sent_by(browser.get(place), "day") | {"day": day})


def test_it_is_given_the_day_and_the_former_start_stays_in_the_history(as_alice, alice, work):
    former = work.started_at
    answer = send(as_alice, work, "2025-03-04")

    page = read(as_alice.get(answer.url))
    assert "Start corrected" in page.heads
    assert "Started Tuesday 4 March 2025" in page.text
    work.refresh_from_db()
    assert work.started_at == at("2025-03-04 00:00")
    assert history_of(work) == ["started", "start_dated"]
    events = list(work.events.order_by("pk"))
    assert events[0].at == former
    assert [e.started_at for e in episodes(events)] == [work.started_at]
    assert is_as_told(work, events)
    assert list(faults(alice.pk)) == []
    assert Entry.objects.filter(verb=Verb.START_DATED, event=events[-1].pk).count() == 1


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-11-10", "Enter a day before 10 November 2025"),
        ("2026-01-01", "Enter a day before 10 November 2025"),
        ("2025-03-05", "The first session was on 4 March 2025: enter no later day"),
        ("1825-03-05", "Enter a day within the last hundred years"),
        ("", "Enter the date"),
        ("9" * 400, "Enter a date"),
    ],
)
def test_what_cannot_be_is_refused_in_words(as_alice, work, day, said):
    book(work, at("2025-03-04 10:00")).set_attendance(attended=True)

    answer = send(as_alice, work, day)

    assert answer.status_code == 422
    assert said in read(answer).text
    assert history_of(work) == ["started"]


def test_the_day_of_the_first_session_is_early_enough(as_alice, work):
    book(work, at("2025-03-04 10:00"))

    assert send(as_alice, work, "2025-03-04").status_code == 303


def test_an_older_page_is_shown_the_present_start(as_alice, work):
    place = f"/relationships/{work.public_id}/start/"
    old = sent_by(as_alice.get(place), "day")
    send(as_alice, work, "2025-06-01")

    answer = as_alice.post(place, old | {"day": "2025-03-04"})

    assert answer.status_code == 409
    assert "started 1 June 2025" in read(answer).text
    assert history_of(work) == ["started", "start_dated"]


def test_of_two_at_once_one_wins(work, alice):
    other, former = Relationship.objects.get(pk=work.pk), work.started_at
    work.correct_start(by=alice.user, at=NOW - 20 * DAY, started_at=former)

    with pytest.raises(Relationship.AlreadyDone):
        other.correct_start(by=alice.user, at=NOW - 30 * DAY, started_at=former)
    with pytest.raises(Relationship.Impossible):
        work.correct_start(by=alice.user, at=NOW - 19 * DAY, started_at=work.started_at)


def test_the_last_stretch_of_work_is_untouched_and_an_ending_may_be_dated_back_to_the_start(
    work, alice
):
    work.end(by=alice.user, reason="completed")
    work.correct_start(by=alice.user, at=NOW - 20 * DAY, started_at=work.started_at)
    work.correct_end(by=alice.user, at=NOW - 15 * DAY, ended_at=work.ended_at)
    assert work.last_start == NOW - 20 * DAY

    work.restart(by=alice.user, at=NOW - 2 * DAY)
    work.correct_start(by=alice.user, at=NOW - 30 * DAY, started_at=work.started_at)
    assert work.last_start == NOW - 2 * DAY
    stretches = episodes(work.events.order_by("pk"))
    assert [e.started_at for e in stretches] == [NOW - 30 * DAY, NOW - 2 * DAY]


def test_the_caseload_counts_the_client_from_then_on(work, alice):
    work.correct_start(by=alice.user, at=NOW - 100 * DAY, started_at=work.started_at)

    months = Caseload(alice, NOW).months
    assert [point.clients for point in months] == [1] * 4
    assert timedelta(0) < NOW - months[0].at < 100 * DAY
