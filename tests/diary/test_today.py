"""Today, the therapist's home: who comes next, what is new, what waits."""

import re

import pytest
import time_machine

from practice.diary.models import News, Session
from tests.conftest import browser_of
from tests.diary import DAY, FIFTY, HOUR, MINUTE, NOW, WEDNESDAY, book, row_of
from tests.factories import ClientFactory, UserFactory, start
from tests.pressing import hidden
from tests.reading import read


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def today(browser):
    answer = browser.get("/")
    assert answer.status_code == 200
    return read(answer)


# The day.


@pytest.mark.database
def test_a_therapist_is_at_home_on_today(as_alice):
    page = today(as_alice)

    assert page.title.startswith("Today – ")
    assert "Thursday 20 November 2025 (London time)." in page.text
    assert 'href="/" aria-current="page">Today<' in as_alice.get("/").content.decode()


def test_a_client_and_a_visitor_are_led_to_where_they_belong(as_ann, client):
    assert as_ann.get("/").url == "/dashboard/"
    assert client.get("/").url == "/sign-in/"


@pytest.mark.database
def test_todays_sessions_stand_in_order_and_the_next_one_is_marked(as_alice, individual, couples):
    book(couples, NOW + 3 * HOUR)
    book(individual, NOW + HOUR)
    Session.objects.filter(pk=book(individual, NOW - HOUR).pk).update(state="attended")

    page = today(as_alice)

    whole = page.text.partition("Today’s sessions")[2]
    assert whole.index("9am Ann Ashby Came") < whole.index("11am Ann Ashby To 11:50am. Next")
    assert whole.index("Next Session Details") < whole.index("1pm Ann and Ben Couples")
    assert whole.count("Next Session Details") == 1
    assert "2 sessions still to come." in page.text


@pytest.mark.parametrize(
    ("place", "words", "links"),
    [
        ("", "To 11:50am. Next", []),
        ("Room 2", "To 11:50am, Room 2. Next", []),
        ("https://meet.example/x", "To 11:50am, online. Next", ["https://meet.example/x"]),
    ],
)
def test_the_next_one_says_where_and_leads_to_its_meeting(
    as_alice, individual, place, words, links
):
    Session.objects.filter(pk=book(individual, NOW + HOUR).pk).update(place=place)

    page = today(as_alice)

    assert words in page.text
    assert [address for address in page.addresses if address.startswith("https:")] == links


def test_one_that_is_going_on_is_the_next(as_alice, individual):
    book(individual, NOW - 10 * MINUTE)

    assert "9:50am Ann Ashby To 10:40am. Next" in today(as_alice).text


def test_a_day_without_sessions_is_calm(as_alice, individual):
    book(individual, WEDNESDAY)

    page = today(as_alice)

    assert "No sessions today" in page.heads
    assert "Your next is on Wednesday 26 November, 4pm, with Ann Ashby." in page.text
    assert "Nothing new, and nothing waits." in page.text


def test_a_new_therapist_begins_with_the_first_steps(as_alice):
    assert "Set your hours" in today(as_alice).text


def test_tomorrow_is_said_in_one_line(as_alice, individual):
    book(individual, NOW + HOUR)
    book(individual, NOW + DAY)
    book(individual, NOW + DAY + 2 * HOUR)

    assert "Tomorrow: 2 sessions, from 10am to 12:50pm." in today(as_alice).text


def test_a_cancelled_session_stays_and_is_none_to_come(as_alice, alice, individual):
    book(individual, NOW + HOUR).cancel(by=alice.user)

    page = today(as_alice)

    assert "11am Ann Ashby Cancelled" in page.text
    assert "No more sessions to come." in page.text


def test_the_day_is_that_of_the_therapists_zone(as_alice, alice, individual):
    alice.user.time_zone = "Pacific/Auckland"
    alice.user.save()
    book(individual, NOW + 2 * HOUR)  # 1am on Friday there, where it is 11pm on Thursday

    page = today(as_alice)

    assert "Thursday 20 November 2025" in page.text
    assert "Tomorrow: " not in page.text
    assert "No sessions today" in page.heads


def test_other_therapists_sessions_are_not_shown(as_bob, individual, carl):
    book(individual, NOW + HOUR)
    book(start(carl), NOW + 2 * HOUR)

    page = today(as_bob)

    assert "Carl Cole" in page.text
    assert "Ann" not in page.text


# Attendance, in place.


def asks_about(browser, session) -> bool:
    """Whether Today asks who came to a session."""
    return (
        f'action="/sessions/{session.public_id}/attendance/"' in browser.get("/").content.decode()
    )


def answer(browser, session, said="yes"):
    """Press Came or Missed beside a session on Today."""
    assert asks_about(browser, session)
    sent = {"shown": session.shown, "next": "/", "attended": said}
    return browser.post(f"/sessions/{session.public_id}/attendance/", sent)


@pytest.mark.database
@pytest.mark.parametrize(
    ("said", "state", "words"), [("yes", "attended", "Came"), ("no", "missed", "Missed")]
)
def test_attendance_is_noted_by_one_press_and_leads_back(as_alice, individual, said, state, words):
    session = book(individual, NOW - HOUR)

    pressed = answer(as_alice, session, said)

    assert (pressed.status_code, pressed.url) == (303, "/")
    assert row_of(session)["state"] == state
    page = today(as_alice)
    assert f"9am Ann Ashby {words}" in page.text
    assert not asks_about(as_alice, session)


def test_the_focus_goes_on_to_the_next_that_is_unanswered(as_alice, individual):
    first, second = book(individual, NOW - 2 * HOUR), book(individual, NOW - HOUR)
    assert focused(today(as_alice)) == []

    answer(as_alice, first)

    page = today(as_alice)
    assert focused(page) == ["yes"]
    assert "Attendance noted" not in page.heads
    assert focused(today(as_alice)) == []  # a page that is only looked at moves no focus
    answer(as_alice, second)
    assert "Attendance noted" in today(as_alice).heads


def focused(page):
    return [
        attrs.get("value") for tag, attrs in page.tags if "autofocus" in attrs and tag == "button"
    ]


def test_what_is_unanswered_of_other_days_waits(as_alice, individual):
    for days in range(1, 8):
        book(individual, NOW - days * DAY)

    page = today(as_alice)

    assert "When you have time" in page.heads
    assert page.text.count("Did Ann Ashby come?") == 5  # no more: the diary has them all
    assert "Thursday 13 November, 10am" in page.text


def test_a_page_that_is_older_notes_nothing(as_alice, alice, individual):
    session = book(individual, NOW - HOUR)
    page = today(as_alice)
    session.set_attendance(attended=False)

    sent = hidden(page) | {"next": "/", "attended": "yes", "shown": "0 booked"}
    pressed = as_alice.post(f"/sessions/{session.public_id}/attendance/", sent)

    assert pressed.status_code == 409
    assert row_of(session)["state"] == "missed"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("yes", "This has changed since you opened the page"),
        ("", "Choose whether they came"),
    ],
)
def test_with_htmx_it_leads_to_the_page_of_the_session_which_says_why(
    as_alice, individual, answer, said
):
    session = book(individual, NOW - HOUR)
    page = today(as_alice)
    session.set_attendance(attended=False)

    sent = hidden(page) | {"next": "/", "attended": answer, "shown": "0 booked"}
    place = f"/sessions/{session.public_id}/"
    pressed = as_alice.post(f"{place}attendance/", sent, headers={"HX-Request": "true"})

    assert pressed.headers["HX-Redirect"] == place
    assert row_of(session)["state"] == "missed"
    assert read(as_alice.get(place)).heads[0] == said


def test_a_next_session_far_down_is_said_at_the_top(as_alice, individual):
    for hours in range(1, 5):
        book(individual, NOW - hours * HOUR)
    assert "Next:" not in today(as_alice).text
    book(individual, NOW + HOUR)

    page = today(as_alice)

    assert ("#next", "Next: 11am, Ann Ashby") in page.links
    assert page.ids["next"].startswith("11am Ann Ashby")


# What is new.


def test_what_is_new_beyond_a_page_is_counted_and_follows(as_alice, alice, ann, individual):
    for number in range(26):
        book(individual, WEDNESDAY + number * DAY, by=ann.account)

    page = today(as_alice)

    assert ("#new", "26 new") in page.links
    assert "Dismiss these" in page.text
    assert "More follows once these are dismissed." in page.text
    News.objects.order_by("at", "pk")[0].delete()
    page = today(as_alice)
    assert ("#new", "25 new") in page.links
    assert "Dismiss all" in page.text
    assert "More follows" not in page.text


def number_in_the_navigation(browser, page: str = "/") -> str:
    found = re.search(r'<span class="new">(\d+)<', browser.get(page).content.decode())
    return found[1] if found else ""


@pytest.mark.database
def test_what_clients_did_is_said_with_its_links(as_alice, alice, ann, individual):
    booked = book(individual, WEDNESDAY, by=ann.account)
    gone = book(individual, WEDNESDAY + DAY)
    gone.cancel(by=ann.account)

    page = today(as_alice)

    assert "Since you last looked" in page.heads
    assert "Ann Ashby booked Wednesday 26 November, 4pm." in page.text
    assert "Ann Ashby cancelled Thursday 27 November, 4pm. Put back" in page.text
    assert "Today at 10am" in page.text
    assert f"/sessions/{booked.public_id}/" in page.addresses
    assert number_in_the_navigation(as_alice) == "2"


@pytest.mark.database
def test_a_client_of_ended_work_is_shown_with_restart_beside_them(as_alice, alice, ann, individual):
    individual.end(by=alice.user, reason="completed")
    book(individual, WEDNESDAY, by=ann.account)

    page = today(as_alice)

    assert "Your relationship with Ann has ended. Restart this Relationship" in page.text
    assert f"/relationships/{individual.public_id}/restart/" in page.addresses


@pytest.mark.database
def test_a_line_is_dismissed_and_the_session_stays(as_alice, ann, individual):
    session = book(individual, WEDNESDAY, by=ann.account)
    book(individual, WEDNESDAY + DAY, by=ann.account)
    before = row_of(session)
    news = News.objects.get(session=session)

    pressed = as_alice.post("/news/dismiss/", {"news": news.public_id})

    assert (pressed.status_code, pressed.url) == (303, "/")
    page = today(as_alice)
    assert "booked Wednesday 26 November" not in page.text
    assert "Ann Ashby booked Thursday 27 November, 4pm." in page.text
    assert number_in_the_navigation(as_alice) == "1"
    assert row_of(session) == before
    assert "by Ann" in read(as_alice.get(f"/sessions/{session.public_id}/")).text


def test_dismiss_all_takes_what_the_page_has_shown_and_nothing_later(as_alice, ann, individual):
    for days in range(2):
        book(individual, WEDNESDAY + days * DAY, by=ann.account)
    shown = list(News.objects.values_list("public_id", flat=True))
    assert "Dismiss all" in today(as_alice).text
    book(individual, WEDNESDAY + 2 * DAY, by=ann.account)

    as_alice.post("/news/dismiss/", {"news": shown})

    assert News.objects.count() == 1


@pytest.mark.database
def test_nobody_dismisses_what_is_anothers(as_bob, as_ann, ann, individual):
    book(individual, WEDNESDAY, by=ann.account)
    sent = {"news": News.objects.get().public_id}

    assert as_bob.post("/news/dismiss/", sent).status_code == 303
    assert as_ann.post("/news/dismiss/", sent).status_code == 403
    assert News.objects.count() == 1


@pytest.mark.parametrize("sent", [{}, {"news": ""}, {"news": ["x" * 5000] * 40}, {"news": "\0"}])
def test_nonsense_dismisses_nothing(as_alice, ann, individual, sent):
    book(individual, WEDNESDAY, by=ann.account)

    as_alice.post("/news/dismiss/", sent)

    assert News.objects.count() == 1


def test_a_page_has_25_lines_and_the_count_says_how_many_there_are(as_alice, ann, individual):
    session = book(individual, WEDNESDAY, by=ann.account)
    for _ in range(29):
        News.tell(News.Kind.BOOKED, by=ann.account, session=session)

    page = today(as_alice)

    assert page.text.count("Ann Ashby booked Wednesday") == 25
    assert number_in_the_navigation(as_alice) == "30"


def test_the_count_is_on_every_page_of_the_therapist_and_of_nobody_else(
    as_alice, as_ann, as_bob, ann, individual
):
    book(individual, WEDNESDAY, by=ann.account)

    assert number_in_the_navigation(as_alice, "/clients/") == "1"
    assert number_in_the_navigation(as_bob, "/clients/") == ""
    assert number_in_the_navigation(as_ann, "/dashboard/") == ""


def test_who_did_it_is_the_one_who_takes_part(as_alice, alice, couples, ann):
    """A parent's account may be that of a child, too."""
    ClientFactory(therapist=alice, name="Aaron Ashby", account=ann.account)
    book(couples, WEDNESDAY, by=ann.account)

    assert "Ann Ashby booked" in today(as_alice).text


# What it costs.


def test_it_takes_as_many_statements_for_sixty_as_for_none(
    as_alice, alice, individual, django_assert_num_queries
):
    book(individual, WEDNESDAY)
    today(as_alice)
    with django_assert_num_queries(5):
        as_alice.get("/")
    for number in range(12):
        account = UserFactory()
        work = start(ClientFactory(therapist=alice, account=account))
        for days in range(-2, 3):
            at = NOW.replace(hour=7) + days * DAY + number * FIFTY
            book(work, at, by=account)

    with django_assert_num_queries(5):
        as_alice.get("/")


def test_a_browser_that_signs_in_lands_on_today(alice):
    assert browser_of(alice.user).get("/").status_code == 200
