"""A client books the very session that the page has shown, or is told what has changed since."""

from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection

from clients.models import Client
from practice.booking.models import BookingRules
from practice.diary.models import Session
from practice.profiles.models import Profile
from relationships.models import Relationship
from tests.application_role import owner
from tests.conftest import browser_of
from tests.diary import FIFTY, MINUTE, NOW, WEDNESDAY, at, book, works
from tests.factories import reads_in, start
from tests.pressing import again, hidden
from tests.reading import read

NOTHING = "Nothing has been booked."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rules(alice) -> BookingRules:
    works(alice, session_minutes=50, gap_minutes=10)
    return alice.booking_rules


@pytest.fixture
def slot(individual) -> str:
    return f"/book/{individual.public_id}/2025-11-26/1600/"


@pytest.fixture
def sent(as_ann, slot, rules) -> dict[str, str]:
    """What the page of a session on Wednesday at 4pm sends."""
    return hidden(read(as_ann.get(slot)))


def test_the_session_is_as_long_as_the_page_said(as_ann, slot, sent, rules):
    """At 4pm a session can begin with either length."""
    rules.session_minutes, rules.gap_minutes = 40, 20
    rules.save()

    page = again(as_ann.post(slot, sent), NOTHING)

    assert not Session.objects.exists()
    assert "Wednesday 26 November 2025, 4pm to 4:40pm" in page.text
    assert as_ann.post(slot, hidden(page)).status_code == 303
    made = Session.objects.get()
    assert made.ends_at - made.starts_at == 40 * MINUTE


def test_it_is_booked_for_the_moment_that_the_page_said(as_ann, ann, slot, sent):
    """4pm in London; meanwhile the reader has chosen New York, where the address reads 9pm."""
    reads_in(ann.account, "America/New_York")

    answer = as_ann.post(slot, sent)

    assert answer.status_code == 303
    assert Session.objects.get().starts_at == WEDNESDAY
    assert "Wednesday 26 November 2025, 11am to 11:50am" in read(as_ann.get(answer.url)).text


def test_in_another_zone_too_the_page_comes_again_with_the_moment_that_it_said(
    as_ann, ann, slot, sent, rules
):
    reads_in(ann.account, "America/New_York")
    rules.session_minutes, rules.gap_minutes = 40, 20
    rules.save()

    page = again(as_ann.post(slot, sent), NOTHING)

    assert not Session.objects.exists()
    assert "Wednesday 26 November 2025, 11am to 11:40am" in page.text
    (action,) = [a["action"] for tag, a in page.tags if tag == "form" and "/book/" in str(a)]
    assert as_ann.post(action, hidden(page)).status_code == 303
    assert Session.objects.get().starts_at == WEDNESDAY


def test_a_moment_that_is_no_longer_free_is_taken_also_in_another_zone(
    as_ann, ann, ben, slot, sent
):
    reads_in(ann.account, "America/New_York")
    book(start(ben))

    answer = as_ann.post(slot, sent)

    assert answer.status_code == 409
    assert read(answer).heads[0] == "That time has just been taken"
    assert "Wednesday 26 November, 11am (New York time) is no longer free." in read(answer).text


def test_the_fee_is_the_one_that_the_page_said(as_ann, alice, slot, rules):
    profile = Profile.objects.create(therapist=alice, fee_individual=70)
    sent = hidden(read(as_ann.get(slot)))
    profile.fee_individual = 90
    profile.save()

    page = again(as_ann.post(slot, sent), NOTHING)

    assert "£90" in page.text
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "shown", [None, "", "nonsense", "2025-11-26T16:00 50", "9999-12-31T23:59:59Z", "\0" * 9]
)
def test_a_page_that_does_not_say_what_it_showed_is_out_of_date(as_ann, slot, rules, shown):
    page = again(as_ann.post(slot, {"key": str(uuid4()), "shown": shown}), NOTHING)

    assert not Session.objects.exists()
    assert "Wednesday 26 November 2025, 4pm to 4:50pm" in page.text


def test_a_key_that_has_booked_says_so_of_no_other_time(as_ann, individual, slot, sent):
    as_ann.post(slot, sent)
    other = slot.replace("1600", "1500")
    shown = hidden(read(as_ann.get(other)))["shown"]

    page = again(as_ann.post(other, {"key": sent["key"], "shown": shown}), NOTHING)

    assert Session.objects.count() == 1
    assert "Wednesday 26 November 2025, 3pm to 3:50pm" in page.text
    assert page.value_of("key") != sent["key"]
    assert as_ann.post(other, hidden(page)).status_code == 303
    assert Session.objects.count() == 2


def test_a_second_click_after_the_length_has_changed_finds_the_booking(as_ann, slot, sent, rules):
    first = as_ann.post(slot, sent)
    rules.session_minutes, rules.gap_minutes = 40, 20
    rules.save()

    assert as_ann.post(slot, sent).url == first.url
    made = Session.objects.get()
    assert made.ends_at - made.starts_at == FIFTY


def test_the_length_is_compared_once_nobody_else_can_change_it(as_ann, slot, sent, rules):
    """The therapist saves another length after the page was checked, and before it is booked."""

    def meanwhile(execute, sql, params, many, context):
        if "diary_session" in sql and UUID(sent["key"]).hex in str(params).replace("-", ""):
            with owner():
                BookingRules.objects.update(session_minutes=40, gap_minutes=20)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        again(as_ann.post(slot, sent), NOTHING)

    assert not Session.objects.exists()


@pytest.fixture
def shared(couples, rules) -> tuple[str, Relationship]:
    """The address of a time of a couple's work, and the work."""
    return f"/book/{couples.public_id}/2025-11-26/1600/", couples


def leave(work: Relationship, who: Client) -> None:
    present = Relationship.objects.with_last_event().get(pk=work.pk)
    present.leave(person=who, by=work.therapist.user, at=NOW, kind="individual")


def test_whoever_has_left_since_is_told_that_nothing_was_booked(as_ann, ann, shared):
    slot, work = shared
    sent = hidden(read(as_ann.get(slot)))
    leave(work, ann)

    answer = as_ann.post(slot, sent)

    assert (answer.status_code, answer.url) == (303, "/dashboard/")
    page = read(as_ann.get(answer.url))
    assert "Nothing has been booked You no longer take part in that relationship." in page.text
    assert as_ann.get(slot).status_code == 404
    assert not Session.objects.exists()


@pytest.mark.database
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite whoever writes is alone")
def test_leaving_in_the_moment_of_booking_is_no_error(as_ann, ann, shared):
    slot, work = shared
    sent = hidden(read(as_ann.get(slot)))

    def meanwhile(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "diary_session"'):
            with owner():
                work.participations.filter(client=ann).update(left_at=NOW)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        answer = as_ann.post(slot, sent)

    assert answer.status_code == 409  # the savepoint has taken the leaving back, too
    assert not Session.objects.exists()


def test_a_time_that_comes_twice_is_the_one_that_was_shown(ann, alice, individual):
    works(alice, "00:00-04:00", days=range(7), furthest_weeks=26)
    with time_machine.travel(at("2026-10-20 10:00"), tick=False):
        as_ann = browser_of(ann.account)
        later = f"/book/{individual.public_id}/2026-10-25/0100/"
        sent = hidden(read(as_ann.get(f"{later}?second=1")))

        assert as_ann.post(later, sent).status_code == 303

    assert Session.objects.get().starts_at == at("2026-10-25 01:00", "UTC")
