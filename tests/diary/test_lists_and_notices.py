"""What sessions say on the Clients list: next, last, and who has booked though work has ended."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.diary.models import Session
from relationships.models import Relationship
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book, browser_for
from tests.factories import ClientFactory, UserFactory, reads_in, start
from tests.reading import Page, read

MONTHS_AGO = NOW - 90 * DAY


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def look(as_alice):
    """Open the Clients list."""

    def look(**query: str) -> Page:
        return read(as_alice.get("/clients/", query))

    return look


def inactive(therapist, name: str, **values: object) -> Relationship:
    """Work with somebody that has ended."""
    client = ClientFactory(therapist=therapist, name=name, account=UserFactory(), **values)
    relationship = start(client, at=MONTHS_AGO)
    relationship.end(by=therapist.user, reason="lost_contact", note="Private canary.", at=NOW - DAY)
    return relationship


def book_by_client(relationship: Relationship, starts_at=WEDNESDAY) -> Session:
    return book(relationship, starts_at, by=relationship.people[0].account)


# Next and last session.


def test_a_row_names_the_next_session_and_the_last(look, individual):
    book(individual, WEDNESDAY + DAY)
    book(individual)
    book(individual, NOW - 7 * DAY)
    book(individual, NOW - 14 * DAY)

    cells = look().cells

    assert cells[-2:] == ["Wednesday 26 November, 4pm (London time)", "13 November 2025"]


def test_a_row_without_sessions_says_so(look, individual):
    assert look().cells[-2:] == ["None booked", "None yet"]


def test_a_session_that_goes_on_is_still_the_next(look, individual):
    book(individual, NOW - HOUR / 2)

    assert look().cells[-2:] == ["Thursday 20 November, 9:30am (London time)", "None yet"]


def test_cancelled_and_missed_sessions_are_neither(look, individual, alice):
    book(individual).cancel(by=alice.user)
    book(individual, NOW - 7 * DAY).set_attendance(attended=False)
    book(individual, NOW - 8 * DAY).cancel(by=alice.user)

    assert look().cells[-2:] == ["None booked", "None yet"]


def test_a_session_together_counts_for_both(look, individual, couples):
    book(couples)
    book(individual, WEDNESDAY - DAY)
    book(couples, NOW - 2 * DAY).set_attendance(attended=True)

    cells = look().cells

    ann = ["Individual and Couples · Tuesday 25 November, 4pm (London time)", "18 November 2025"]
    assert cells[-6:-4] == ann  # the kinds are for phones
    assert cells[-2:] == ["Couples · Wednesday 26 November, 4pm", "18 November 2025"]  # Ben


def test_times_are_the_therapists(look, individual, alice):
    reads_in(alice.user, "Pacific/Auckland")
    book(individual)

    assert look().cells[-2] == "Thursday 27 November, 5am (Auckland time)"


def number_of_queries(browser, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("query", ["", "?include=inactive", "?q=person"])
def test_the_list_asks_as_little_with_many_sessions_as_with_none(as_alice, alice, query):
    numbers = []
    for wanted in (1, 3, 30):
        while alice.clients.count() < wanted:
            number = alice.clients.count()
            relationship = start(ClientFactory(therapist=alice), at=MONTHS_AGO)
            for week in range(-3, 2):
                book(relationship, NOW + week * 7 * DAY + number * HOUR)
            if number % 3 == 2:
                relationship.end(by=alice.user, reason="completed")
        numbers.append(number_of_queries(as_alice, f"/clients/{query}"))

    assert Session.objects.count() == 150
    assert len(set(numbers)) == 1
    # Two of them say who is signed in.
    assert numbers[0] - 2 <= (9 if "q" in query else 6)  # a search is recorded, by three


# The notice strip.


@pytest.mark.parametrize("include", ["", "inactive"])
def test_an_inactive_client_who_booked_is_noticed(look, alice, include):
    relationship = inactive(alice, "Jonah Whitfield")
    session = book_by_client(relationship)

    page = look(include=include)

    assert (
        "Jonah Whitfield has booked a session for Wednesday 26 November, 4pm (London time). "
        "Your relationship with Jonah has ended. View relationship · Restart this Relationship"
    ) in page.text
    links = dict(page.links)
    assert f"/sessions/{session.public_id}/" in links
    assert links[f"/relationships/{relationship.public_id}/restart/"] == "Restart this Relationship"
    assert (f"/relationships/{relationship.public_id}/", "View relationship") in page.links


def test_a_session_the_therapist_had_booked_is_not_the_clients_doing(look, alice):
    book(inactive(alice, "Jonah Whitfield"))

    assert "Jonah Whitfield still has a session booked for Wednesday 26 November" in look().text


def test_two_are_named_one_by_one(look, alice):
    book_by_client(inactive(alice, "Jonah Whitfield"), WEDNESDAY + DAY)
    book_by_client(inactive(alice, "Mary Moss", preferred_name="Molly"))

    text = look().text

    assert text.index("Mary Moss has booked") < text.index("Jonah Whitfield has booked")
    assert "Your relationship with Molly has ended." in text


@pytest.mark.parametrize("number", [3, 7])
def test_more_are_counted(look, alice, number):
    for i in range(number):
        book_by_client(inactive(alice, f"Person{i} Quiet"), WEDNESDAY + i * HOUR)

    page = look()

    assert f"{number} inactive clients have booked sessions. Include inactive clients" in page.text
    assert "Person0" not in page.text
    assert ("/clients/?include=inactive", "Include inactive clients") in page.links


def test_the_next_session_is_noticed_once(look, alice):
    relationship = inactive(alice, "Jonah Whitfield")
    book_by_client(relationship, WEDNESDAY + DAY)
    book_by_client(relationship)

    text = look().text

    assert text.count("Jonah Whitfield has booked") == 1
    assert "Wednesday 26 November, 4pm" in text


def test_who_still_works_with_the_therapist_is_no_notice(look, individual, couples, alice):
    """Ann goes on alone; of the couple only Ben is inactive."""
    couples.end(by=alice.user, reason="completed")
    book(couples)

    text = look().text

    assert "Ben Bright still has a session booked" in text
    assert "Ann Ashby still has" not in text
    assert "Ann Ashby has booked" not in text


def test_what_one_half_of_a_couple_booked_the_other_did_not(look, couples, alice, ann):
    couples.end(by=alice.user, reason="completed")
    book(couples, by=ann.account)

    text = look().text

    assert "Ann Ashby has booked a session" in text
    assert "Ben Bright has booked a session" not in text


@pytest.mark.parametrize("gone", ["past", "cancelled", "restarted"])
def test_what_is_over_is_no_notice(look, alice, gone):
    relationship = inactive(alice, "Jonah Whitfield")
    session = book_by_client(relationship, NOW - 2 * HOUR if gone == "past" else WEDNESDAY)
    if gone == "cancelled":
        session.cancel(by=alice.user)
    elif gone == "restarted":
        relationship.restart(by=alice.user)

    text = look(include="inactive").text

    assert "has booked a session" not in text
    assert "still has a session" not in text


def test_a_colleagues_inactive_client_is_no_notice(look, individual, bob):
    book_by_client(inactive(bob, "Jonah Whitfield"))

    assert "Jonah" not in look(include="inactive").text


def test_the_strip_is_of_the_whole_list_whatever_is_searched(look, alice, individual):
    book_by_client(inactive(alice, "Jonah Whitfield"))

    assert "Jonah Whitfield has booked a session" in look(q="ashby").text


def test_the_strips_link_has_no_name_that_was_searched_in_it(look, alice):
    for number in range(3):
        book_by_client(inactive(alice, f"Jonah Number{number}"), WEDNESDAY + number * DAY)

    page = look(q="number", include="inactive")

    assert ("/clients/?include=inactive", "Include inactive clients") in page.links
    assert "number" not in " ".join(page.addresses)


def test_from_a_clients_booking_to_the_restart(as_alice, alice, look):
    relationship = inactive(alice, "Jonah Whitfield")
    session = book_by_client(relationship)
    restart = f"/relationships/{relationship.public_id}/restart/"

    for address in ("/clients/", "/diary/2025-11-24/"):
        assert restart in read(as_alice.get(address)).addresses
    page = read(as_alice.get(f"/sessions/{session.public_id}/"))
    assert f"/relationships/{relationship.public_id}/" in page.addresses
    as_alice.post(restart)

    assert "Jonah Whitfield has booked" not in look().text
    assert restart not in read(as_alice.get("/diary/2025-11-24/")).addresses
    assert "Jonah Whitfield Individual" in look().text


def test_the_client_is_not_told_that_the_therapist_was(alice):
    relationship = inactive(alice, "Jonah Whitfield")
    book_by_client(relationship)

    text = read(browser_for(relationship.people[0]).get("/dashboard/")).text

    assert "Your relationship with Alice Archer has been ended." in text
    assert "has booked" not in text
