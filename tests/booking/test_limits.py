"""How many sessions ahead a client may have booked themselves (`docs/domain.md` 4)."""

from uuid import uuid4

import pytest
import time_machine

from practice.booking.models import BookingRules
from practice.diary.models import Session
from tests.booking import slots
from tests.diary import DAY, NOW, WEDNESDAY, at, book, browser_for, works
from tests.factories import ClientFactory, start
from tests.racing import at_once
from tests.reading import read, sent_by

TWO = "You have 2 sessions booked"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def two_at_once(alice):
    works(alice, "09:00-17:00", most_booked=2)


def slot(relationship, time: str = "1600") -> str:
    return f"/book/{relationship.public_id}/2025-11-26/{time}/"


def press(browser, address: str):
    """Open the page that confirms, and press Book this session."""
    return browser.post(address, sent_by(browser.get(address), "key"))


def test_the_page_says_how_many_can_be_booked_at_once(as_ann, individual, ann):
    page = read(as_ann.get(f"/book/{individual.public_id}/"))
    assert "You can have 2 sessions booked at once." in page.text

    book(individual, by=ann.account)

    page = read(as_ann.get(f"/book/{individual.public_id}/"))
    assert "You can have 2 sessions booked at once; 1 is booked." in page.text
    assert slots(page)


def test_four_can_be_booked_at_once_unless_set(as_ann, individual):
    BookingRules.objects.all().delete()

    page = read(as_ann.get(f"/book/{individual.public_id}/"))

    assert "You can have 4 sessions booked at once." in page.text


def test_whoever_has_booked_as_many_as_they_may_is_told_and_offered_none(as_ann, individual, ann):
    for days in range(2):
        book(individual, WEDNESDAY + days * DAY, by=ann.account)

    answer = as_ann.get(f"/book/{individual.public_id}/")

    page = read(answer)
    assert answer.status_code == 200
    assert page.heads == ["Book a New Session", TWO]
    assert "Alice takes 2 bookings from a client at once." in page.text
    assert "You can book again when one has taken place, or if you cancel one." in page.text
    assert "/dashboard/sessions/" in page.addresses
    assert slots(page) == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_time_that_is_one_too_many_is_refused_in_words(as_ann, individual, ann, method):
    address = slot(individual)
    shown = sent_by(as_ann.get(address), "key")
    for days in range(1, 3):
        book(individual, WEDNESDAY + days * DAY, by=ann.account)

    answer = getattr(as_ann, method)(address, shown)

    page = read(answer)
    assert answer.status_code == 409
    assert page.title.startswith("Error: Book a New Session – ")
    assert page.heads[0] == TWO
    assert "Nothing else has been booked." in page.text
    assert Session.objects.count() == 2


def test_what_the_therapist_has_booked_does_not_count(as_ann, individual):
    for days in range(3):
        book(individual, WEDNESDAY + days * DAY)

    assert slots(read(as_ann.get(f"/book/{individual.public_id}/")))
    assert press(as_ann, slot(individual, "1500")).status_code == 303


def test_what_is_over_or_cancelled_does_not_count(as_ann, individual, ann):
    book(individual, NOW - DAY, by=ann.account)
    book(individual, WEDNESDAY, by=ann.account).cancel(by=ann.account)

    assert press(as_ann, slot(individual, "1500")).status_code == 303
    assert press(as_ann, slot(individual, "1400")).status_code == 303
    assert as_ann.get(slot(individual, "1300")).status_code == 409


def test_all_work_with_one_therapist_counts_together_and_nobody_elses(
    as_ann, individual, couples, ann, ben, bob
):
    book(individual, by=ann.account)
    book(couples, WEDNESDAY + DAY, by=ann.account)
    works(bob, "09:00-17:00")
    at_bobs = start(ClientFactory(therapist=bob, account=ann.account))

    assert slots(read(as_ann.get(f"/book/{individual.public_id}/"))) == []
    assert slots(read(as_ann.get(f"/book/{couples.public_id}/"))) == []
    assert slots(read(as_ann.get(f"/book/{at_bobs.public_id}/")))
    assert slots(read(browser_for(ben).get(f"/book/{couples.public_id}/")))


def test_a_second_click_on_the_last_one_allowed_leads_to_the_booking(as_ann, individual, ann):
    book(individual, WEDNESDAY + DAY, by=ann.account)
    sent = sent_by(as_ann.get(slot(individual)), "key")

    first, second = (as_ann.post(slot(individual), sent) for _ in range(2))
    other_key = as_ann.post(slot(individual), sent | {"key": str(uuid4())})

    assert {first.url, second.url, other_key.url} == {first.url}
    assert Session.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins_where_one_more_is_allowed(as_ann, individual, ann):
    book(individual, at("2025-11-27 09:00"), by=ann.account)
    times = ["1400", "1600"]
    sent = {time: sent_by(as_ann.get(slot(individual, time)), "key") for time in times}

    answers = at_once(
        *(lambda t=t: browser_for(ann).post(slot(individual, t), sent[t]) for t in times)
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert Session.objects.upcoming().count() == 2
