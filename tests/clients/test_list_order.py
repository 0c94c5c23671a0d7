"""The Clients list in the order of sessions, of one kind of work, or of who has nothing booked."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.records.merging import merge
from relationships.models import Kind
from tests.clients import IN_2024, active, inactive, names_on
from tests.diary import DAY, HOUR, NOW, book
from tests.factories import ClientFactory, start
from tests.profiles import session
from tests.reading import read

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cleo(alice):
    return ClientFactory(therapist=alice, name="Cleo Cole")


@pytest.fixture
def look(as_alice):
    """Open the Clients list with these parameters."""
    return lambda **query: read(as_alice.get("/clients/", query))


@pytest.fixture
def four(alice):
    """Ada has been here lately, Bea will be here next, Cleo later, Dora never."""
    ada, bea, cleo, dora = (
        start(ClientFactory(therapist=alice, name=name), at=IN_2024)
        for name in ("Ada Ash", "Bea Birch", "Cleo Cedar", "Dora Dale")
    )
    session(ada, NOW - DAY)
    session(bea, NOW - 9 * DAY)
    session(cleo, NOW - 3 * DAY)
    book(bea, NOW + DAY)
    book(bea, NOW + 8 * DAY)
    book(cleo, NOW + 2 * DAY)
    return ada, bea, cleo, dora


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("next", "Bea Cleo Ada Dora"),
        ("last", "Ada Cleo Bea Dora"),
        ("", "Ada Bea Cleo Dora"),
        ("name", "Ada Bea Cleo Dora"),
        ("next\x00", "Ada Bea Cleo Dora"),
    ],
)
def test_the_list_is_in_the_order_that_is_asked_for(look, four, sort, order):
    assert [name.split()[0] for name in names_on(look(sort=sort))] == order.split()


@pytest.mark.parametrize(
    ("sort", "sorted_by"),
    [
        ("", {"Client": "ascending"}),
        ("next", {"Next session (London time)": "ascending"}),
        ("last", {"Last session": "descending"}),
    ],
)
def test_the_column_that_orders_the_list_says_so(look, four, sort, sorted_by):
    page = look(sort=sort)

    columns = [a for tag, a in page.tags if tag == "th" and a["role"] == "columnheader"]
    names = ["Client", "Relationships", "Next session (London time)", "Last session"]
    said = dict(zip(names, (a.get("aria-sort") for a in columns), strict=True))
    assert {name: how for name, how in said.items() if how} == sorted_by


def test_on_a_phone_too_the_zone_stands_beside_the_first_time_alone(look, alice, four):
    zone = '<span class="only-narrow"> (London time)</span>'
    assert zone in look().source

    jonah = start(ClientFactory(therapist=alice, name="Jonah Ende"), at=IN_2024)
    jonah.end(by=alice.user, reason="completed")
    book(jonah, NOW + 5 * DAY)

    page = look()
    assert "still has a session booked for" in page.text
    assert zone not in page.source


def test_a_session_that_was_cancelled_or_missed_orders_nothing(look, alice, four):
    *_, dora = four
    book(dora, NOW + HOUR).cancel(by=alice.user)
    session(dora, NOW - HOUR, state="missed")

    assert names_on(look(sort="next"))[-1] == names_on(look(sort="last"))[-1] == "Dora Dale"


def test_somebodys_session_is_in_any_of_their_work_with_any_of_their_records(look, alice, four):
    _, bea, _, dora = four
    double = ClientFactory(therapist=alice, name="D. Dale")
    shared = start(double, bea.clients.get(), at=IN_2024)
    book(shared, NOW + HOUR)
    merge(double, into=dora.clients.get(), by=alice.user)

    assert names_on(look(sort="next")) == ["Bea Birch", "Dora Dale", "Cleo Cedar", "Ada Ash"]


def test_inactive_clients_are_in_the_same_order(look, alice, four):
    [gone] = inactive(alice, "Zed Zephyr")
    book(gone.relationships.get(), NOW + HOUR)

    assert names_on(look(sort="next", include="inactive"))[0] == "Zed Zephyr"
    assert "Zed Zephyr" not in names_on(look(sort="next"))


def test_nothing_booked_is_who_has_no_session_to_come_in_any_work(look, alice, four):
    page = look(show="nothing")

    assert names_on(page) == ["Ada Ash", "Dora Dale"]
    assert page.ids["count"] == "2 active clients with nothing booked"
    assert "Showing all 2 clients." in page.text


def test_a_kind_is_who_has_such_work(look, alice, ann, ben, cleo):
    start(ann)
    start(ann, ben)
    start(cleo)

    assert names_on(look(show="couples")) == ["Ann Ashby", "Ben Bright"]
    assert names_on(look(show="individual")) == ["Ann Ashby", "Cleo Cole"]
    assert names_on(look(show="couples", q="ben")) == ["Ben Bright"]
    assert look(show="couples").ids["count"] == "2 active clients with a Couples relationship"
    assert names_on(look(show="unknown")) == ["Ann Ashby", "Ben Bright", "Cleo Cole"]


def test_ended_work_is_of_its_kind_where_inactive_clients_are_included(look, alice, ann, ben):
    start(ann)
    start(ann, ben).end(by=alice.user, reason="completed")

    page = look(show="couples")
    assert page.heads[1:] == ["No active client found"]
    assert "No active client with a Couples relationship. 1 inactive client is hidden." in page.text
    assert ("/clients/", "Show all kinds") in page.links

    page = look(show="couples", include="inactive")
    assert names_on(page) == ["Ann Ashby", "Ben Bright"]
    assert page.ids["count"] == ("2 clients with a Couples relationship: 1 active and 1 inactive")


def test_a_search_within_a_kind_says_so(look, individual):
    page = look(show="family", q="ann")

    assert "No client with a Family relationship matches “ann”" in page.text
    assert page.ids["count"] == "0 clients with a Family relationship match “ann”"
    assert ("/clients/?show=family", "Clear search") in page.links


def test_the_controls_show_the_state_of_the_list_and_every_link_keeps_it(look, alice):
    active(alice, *(f"Aaron A{n:03}" for n in range(101)))

    page = look(show="individual", sort="last")

    chosen = [a["value"] for tag, a in page.tags if tag == "option" and "selected" in a]
    assert chosen == ["individual", "last"]
    assert ("/clients/?show=individual&sort=last&page=2", "Next") in page.links


def test_the_order_is_pushed_and_the_name_never(as_alice, four):
    headers = {"HX-Request": "true", "HX-Trigger": "id_sort"}
    query = {"q": "ada", "show": "", "sort": "next"}

    answer = as_alice.get("/clients/", query, headers=headers)

    address, _, encrypted = answer.headers["HX-Push-Url"].partition("&search=")
    assert address == "/clients/?sort=next"
    assert len(encrypted) > 90  # and so no name


@pytest.mark.parametrize(
    "query", [{"sort": "next"}, {"sort": "last"}, {"show": "nothing"}], ids=str
)
def test_an_order_or_a_filter_takes_no_query_more(as_alice, four, query):
    def queries(**query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            as_alice.get("/clients/", query)
        return len(captured)

    assert queries(**query) == queries()


def test_on_a_phone_a_row_says_the_kind_where_it_is_not_individual(look, alice, ann, ben, cleo):
    start(ann, ben)
    start(cleo)
    inactive(alice, "Zed Zephyr")

    page = look(include="inactive")

    assert page.text.count("Couples · None booked") == 2
    assert page.text.count("Ended · None booked") == 1
    assert page.source.count('class="only-narrow"') == 3


def test_on_a_phone_somebody_who_never_began_is_not_said_to_have_ended(look, alice, ann, ben, cleo):
    group = start(ann, ben, cleo, kind=Kind.GROUP)
    group.leave(person=cleo, by=alice.user, at=NOW, kind=Kind.GROUP)
    ClientFactory(therapist=alice, name="Nia Never")

    page = look(include="inactive")

    assert page.text.count("Left · None booked") == 1
    assert "Ended" not in page.text
