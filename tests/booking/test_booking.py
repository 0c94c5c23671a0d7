"""A client books a session: free times, check, booked; and every way in which that can fail."""

from uuid import uuid4

import pytest
import time_machine

from practice.diary.models import Session
from tests.booking import next_slot, slots
from tests.conftest import browser_of
from tests.diary import (
    DAY,
    FIFTY,
    HOUR,
    NOBODYS,
    NOW,
    WEDNESDAY,
    at,
    book,
    browser_for,
    off,
    row_of,
    works,
)
from tests.factories import ClientFactory, UserFactory, history_of, reads_in, start
from tests.reading import Page, read, whole


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def pick(as_ann, individual):
    """Open the free times."""

    def pick(**query: str) -> Page:
        answer = as_ann.get(f"/book/{individual.public_id}/", query)
        assert answer.status_code == 200
        return read(answer)

    return pick


def slot(relationship, day: str = "2025-11-26", time: str = "1600") -> str:
    return f"/book/{relationship.public_id}/{day}/{time}/"


def labels(page: Page) -> list[str]:
    """Return the free times as they read: "9am on Monday 24 November 2025"."""
    there = set(slots(page))
    return [text for address, text in page.links if address in there]


def lost(answer, heading: str, *words: str) -> Page:
    """The answer of a lost race: 409, fresh times, the focus on what happened."""
    page = read(answer)
    assert answer.status_code == 409
    assert page.title.startswith("Error: Book a New Session – ")
    assert page.heads[0] == heading
    assert "Nothing has been booked. Choose another time." in page.text
    for text in words:
        assert text in page.text
    box = [attrs for _, attrs in page.tags if attrs.get("class") == "error-summary"]
    assert [("autofocus" in attrs, attrs["tabindex"]) for attrs in box] == [(True, "-1")]
    return page


TAKEN = "That time has just been taken"
TOO_LATE = "That time can no longer be booked online"


# Free times.


def test_the_first_week_with_free_times_opens(pick, alice):
    works(alice, "09:00-11:00", days=range(1, 3))

    page = pick()

    assert page.heads == [
        "Book a New Session",
        "24 to 30 November 2025",
        "Tuesday 25 November 2025",
        "Wednesday 26 November 2025",
    ]
    assert labels(page)[:2] == [
        "9am on Tuesday 25 November 2025",
        "10am on Tuesday 25 November 2025",
    ]
    assert "With Alice Archer, individual, 50 minutes" in page.text
    assert "This is the first week with free times" in page.text
    assert "Times are shown in London time (GMT)." in page.text
    assert "works in" not in page.text


def test_times_begin_after_the_shortest_notice(pick, alice):
    works(alice, "09:00-12:00")

    assert labels(pick())[:2] == [
        "10am on Friday 21 November 2025",
        "11am on Friday 21 November 2025",
    ]


def test_times_that_are_taken_or_off_are_not_offered(pick, alice, couples, carl):
    works(alice, "09:00-12:00")
    book(couples, at("2025-11-26 10:05"))
    book(start(carl), at("2025-11-27 10:00"))
    off(alice, "2025-11-24", "2025-11-25", "Training")

    page = pick(week="2025-11-24")

    assert labels(page)[:2] == [
        "9am on Wednesday 26 November 2025",
        "9am on Thursday 27 November 2025",
    ]
    assert "Training" not in page.source


def test_one_goes_to_later_weeks_and_back(pick, alice):
    works(alice, "09:00-10:00")

    page = pick()
    seen = []
    while later := [a for a, text in page.links if text == "Next week"]:
        seen.append(page.heads[1])
        page = pick(week=later[0].removeprefix("?week="))
        assert "Previous week" in {text for _, text in page.links}
    seen.append(page.heads[1])

    assert seen[0] == "24 to 30 November 2025"
    assert seen[-1] == "12 to 18 January 2026"
    assert len(seen) == 8
    assert labels(page)[-1] == "9am on Thursday 15 January 2026"


def test_any_day_opens_its_week(pick, alice):
    works(alice)

    assert pick(week="2025-11-30").heads[1] == "24 to 30 November 2025"


def test_an_empty_week_leads_to_the_next_free_time(pick, alice):
    works(alice, "09:00-10:00")
    off(alice, "2025-11-24", "2025-12-07")

    page = pick(week="2025-11-24")

    assert "No free times this week. Next free time: Monday 8 December, 9am" in page.text
    assert labels(page) == []
    (address,) = [a for a, text in page.links if text.startswith("Next free time")]
    assert address == "?week=2025-12-08"
    assert pick(week="2025-12-08").heads[1] == "8 to 14 December 2025"


def test_a_week_before_all_free_times_leads_to_them(pick, alice):
    works(alice, "09:00-10:00")

    page = pick(week="2020-01-01")

    assert "Next free time: Monday 24 November, 9am" in page.text
    assert "Previous week" not in {text for _, text in page.links}


def test_a_week_after_all_free_times_leads_back(pick, alice):
    works(alice, "09:00-10:00")

    page = pick(week="2026-06-01")

    assert "No free times this week." in page.text
    assert ("?week=2026-05-25", "Previous week") in page.links


def test_no_availability_at_all_is_said(pick):
    page = pick()

    text = "Alice has no free times to book at the moment. You can look again later."
    assert text in page.text
    assert slots(page) == []


@pytest.mark.parametrize(
    "week", ["soon", "", "2025-02-30", "0000-00-00", "²", "2025-11-24T09:00", "12025-11-24"]
)
def test_what_is_no_week_is_not_found(as_ann, alice, individual, week):
    works(alice)

    assert as_ann.get(f"/book/{individual.public_id}/", {"week": week}).status_code == 404


@pytest.mark.parametrize("week", ["0001-01-01", "9999-12-26", "9999-12-27", "9999-12-31"])
@pytest.mark.parametrize("hours", [True, False])
def test_the_ends_of_the_calendar_are_no_server_error(as_ann, alice, individual, week, hours):
    if hours:
        works(alice)

    answer = as_ann.get(f"/book/{individual.public_id}/", {"week": week})

    assert answer.status_code in (200, 404)


def test_the_new_week_is_announced(as_ann, alice, individual):
    works(alice)

    answer = as_ann.get(
        f"/book/{individual.public_id}/", {"week": "2025-12-01"}, headers={"HX-Request": "true"}
    )

    assert read(answer).ids["live"] == "1 to 7 December 2025"


# Check, and booked.


def test_the_check_page_says_what_would_be_booked_and_books_nothing(as_ann, alice, individual):
    works(alice)

    page = read(as_ann.get(slot(individual)))

    assert page.heads == ["Check your session"]
    said = "When Wednesday 26 November 2025, 4pm to 4:50pm (London time) Change the time"
    assert said in page.text
    assert "With Alice Archer, Individual" in page.text
    assert f"/book/{individual.public_id}/?week=2025-11-26" in page.addresses
    assert page.value_of("key")
    assert not Session.objects.exists()


def test_a_session_is_booked(as_ann, ann, alice, individual, mailoutbox):
    works(alice)
    key = read(as_ann.get(slot(individual))).value_of("key")

    answer = as_ann.post(slot(individual), {"key": key})

    session = Session.objects.get()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    assert (session.starts_at, session.ends_at) == (WEDNESDAY, WEDNESDAY + FIFTY)
    assert (session.relationship, session.booked_by) == (individual, ann.account)
    assert (session.complimentary, str(session.key)) == (False, key)
    page = read(as_ann.get(answer.url))
    assert page.heads[:2] == ["Session booked", "Session Details"]
    assert (
        "Wednesday 26 November 2025, 4pm to 4:50pm (London time), with Alice Archer." in page.text
    )
    assert (f"/sessions/{session.public_id}/calendar.ics", "Add to calendar") in page.links
    assert mailoutbox == []


def test_the_length_is_the_therapists(as_ann, alice, individual):
    works(alice, session_minutes=80, gap_minutes=20)

    as_ann.post(next_slot(read(as_ann.get(f"/book/{individual.public_id}/"))))

    session = Session.objects.get()
    assert (session.ends_at - session.starts_at).total_seconds() == 80 * 60


def test_each_slot_that_is_offered_can_be_booked(as_ann, alice, individual):
    works(alice, "09:00-12:30", gap_minutes=0, most_booked=20)
    offered = slots(read(as_ann.get(f"/book/{individual.public_id}/", {"week": "2025-11-24"})))

    answers = [as_ann.post(address) for address in offered]

    assert len(offered) == 20
    assert {answer.status_code for answer in answers} == {303}
    assert Session.objects.count() == 20


def test_a_couple_is_named_by_first_names(as_ann, alice, couples):
    works(alice)

    for address in (f"/book/{couples.public_id}/", slot(couples)):
        page = read(as_ann.get(address))
        assert "ouples with Ben" in page.text
        assert "Bright" not in page.source


@pytest.mark.parametrize("reason", ["completed", "lost_contact", "therapist_ended"])
def test_an_ended_relationship_can_be_booked_and_stays_ended(
    as_ann, as_alice, alice, individual, reason
):
    works(alice)
    individual.end(by=alice.user, reason=reason)

    assert as_ann.post(slot(individual)).status_code == 303

    individual.refresh_from_db()
    assert individual.is_ended
    assert history_of(individual) == ["started", "ended"]
    notice = "Ann Ashby has booked a session for Wednesday 26 November, 4pm (London time)."
    assert notice in read(as_alice.get("/clients/")).text


def test_the_way_from_the_dashboard(as_ann, alice, individual):
    works(alice)
    individual.end(by=alice.user, reason="completed")

    dashboard = read(as_ann.get("/dashboard/"))
    (address,) = [a for a, text in dashboard.links if text == "Book a New Session.."]
    check = next_slot(read(as_ann.get(address)))
    details = as_ann.post(check, {"key": uuid4()}).url

    assert "Session booked" in read(as_ann.get(details)).heads
    assert "Your next session" in read(as_ann.get("/dashboard/")).heads


# A race that is lost.


def test_who_comes_second_sees_fresh_times(as_ann, alice, individual, ben):
    works(alice)
    read(as_ann.get(slot(individual)))
    book(start(ben))

    answer = as_ann.post(slot(individual), {"key": uuid4()})

    page = lost(answer, TAKEN, "Wednesday 26 November, 4pm (London time) is no longer free.")
    assert Session.objects.count() == 1
    assert page.heads[2] == "24 to 30 November 2025"
    assert slot(individual) not in slots(page)
    assert slot(individual, time="1500") in slots(page)
    assert "Ben" not in page.source


@pytest.mark.parametrize("reading", ["2025-11-26 15:30", "2025-11-26 16:49", "2025-11-26 15:15"])
def test_a_session_that_overlaps_or_leaves_no_gap_takes_the_time(
    as_ann, alice, individual, ben, reading
):
    works(alice)
    book(start(ben), at(reading))

    for answer in (as_ann.get(slot(individual)), as_ann.post(slot(individual))):
        lost(answer, TAKEN)
    assert Session.objects.count() == 1


def test_the_very_last_free_time_is_taken(as_ann, alice, individual, ben):
    works(alice, "16:00-16:50", days=range(2, 3), furthest_weeks=1)
    book(start(ben))

    page = lost(as_ann.post(slot(individual)), TAKEN)

    assert "Alice has no free times to book at the moment." in page.text


def test_days_off_meanwhile_take_the_time(as_ann, alice, individual):
    works(alice)
    off(alice, "2025-11-26", "2025-11-26")

    lost(as_ann.post(slot(individual)), TAKEN)
    assert not Session.objects.exists()


def test_time_off_in_the_therapists_zone_keeps_a_late_guest_out(ann, alice, individual):
    works(alice, "09:00-17:00", days=range(7))
    off(alice, "2025-11-27", "2025-11-27")
    browser = browser_for(ann, "Pacific/Auckland")

    addresses = slots(read(browser.get(f"/book/{individual.public_id}/?week=2025-11-24")))

    days = [address.split("/")[3] for address in addresses]
    assert "2025-11-27" in days  # still Wednesday in London
    assert not [a for a in addresses if "/2025-11-28/" in a and a.split("/")[4] < "2200"]


def test_the_second_click_of_the_same_person_leads_to_their_session(as_ann, alice, individual):
    works(alice)
    key = uuid4()
    first = as_ann.post(slot(individual), {"key": key})

    again = as_ann.post(slot(individual), {"key": key})
    from_another_tab = as_ann.post(slot(individual), {"key": uuid4()})
    by_the_back_button = as_ann.get(slot(individual))

    urls = {answer.url for answer in (first, again, from_another_tab, by_the_back_button)}
    assert len(urls) == 1
    assert Session.objects.count() == 1


def test_what_the_other_half_of_a_couple_booked_is_taken(as_ann, alice, ben, couples):
    works(alice)
    browser_for(ben).post(slot(couples))

    lost(as_ann.post(slot(couples)), TAKEN)
    assert Session.objects.count() == 1


def test_a_form_sent_again_after_cancelling_does_not_say_booked(as_ann, alice, individual):
    works(alice)
    key = uuid4()
    details = as_ann.post(slot(individual), {"key": key}).url
    as_ann.post(f"{details}cancel/")

    answer = as_ann.post(slot(individual), {"key": key})

    page = read(as_ann.get(answer.url)) if answer.status_code == 303 else read(answer)
    is_booked = Session.objects.standing().exists()
    assert ("Session booked" in page.heads) is is_booked


@pytest.mark.parametrize("key", ["", "nonsense", "1", "'; --"])
def test_an_odd_key_is_no_key(as_ann, alice, individual, key):
    works(alice)

    assert as_ann.post(slot(individual), {"key": key}).status_code == 303
    assert Session.objects.get().key is None


def test_somebody_elses_key_opens_nothing_of_theirs(as_ann, alice, individual, ben, carl):
    works(alice)
    keys = [uuid4(), uuid4()]
    theirs = [book(start(ben), WEDNESDAY + DAY, key=keys[0]), book(start(carl), key=keys[1])]

    for number, key in enumerate(keys):
        answer = as_ann.post(slot(individual, time=f"1{number}00"), {"key": key})
        assert answer.status_code == 303
        assert answer.url not in [f"/sessions/{session.public_id}/" for session in theirs]


# Too late, too far, not on the timetable.


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("2025-11-20", "1100"),
        ("2025-11-21", "0900"),
        ("2025-11-20", "0900"),
        ("2020-01-01", "0900"),
    ],
    ids=["today", "within the notice", "an hour ago", "years ago"],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_too_soon_or_past_can_no_longer_be_booked(
    as_ann, alice, individual, day, time, method
):
    works(alice)

    page = lost(getattr(as_ann, method)(slot(individual, day, time)), TOO_LATE)

    assert not Session.objects.exists()
    assert page.heads[2].endswith(day[:4])


@pytest.mark.usefixtures("hours_pass")
def test_a_time_runs_out_while_the_page_is_open(as_ann, alice, individual, clock):
    works(alice)
    address = slot(individual, "2025-11-21", "1000")
    assert as_ann.get(address).status_code == 200
    clock.shift(HOUR)

    lost(as_ann.post(address), TOO_LATE)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("2026-01-16", "0900"),
        ("2027-11-26", "1600"),
        ("2025-11-26", "1601"),
        ("2025-11-26", "1630"),
        ("2025-11-26", "0800"),
        ("2025-11-26", "1700"),
        ("2025-11-29", "1000"),
    ],
    ids=["beyond the horizon", "years ahead", "a minute late", "between", "before", "after", "off"],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_was_never_free_is_not_booked(as_ann, alice, individual, day, time, method):
    works(alice)

    answer = getattr(as_ann, method)(slot(individual, day, time))

    assert answer.status_code == 409
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("2025-02-30", "1000"),
        ("2025-11-26", "2500"),
        ("2025-11-26", "1060"),
        ("2025-11-26", "noon"),
        ("today", "1000"),
        ("2026-03-29", "0130"),
        ("0001-01-01", "0000"),
        ("²", "1000"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_no_clock_shows_is_not_found(ann, alice, individual, day, time, method):
    works(alice)
    if day == "0001-01-01":
        reads_in(ann.account, "Europe/Stockholm")

    answer = getattr(browser_of(ann.account), method)(slot(individual, day, time))

    assert answer.status_code == 404
    assert not Session.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-26", "9999-12-31"])
@pytest.mark.parametrize("zones", [("UTC", "Pacific/Auckland"), ("Pacific/Auckland", "UTC")])
def test_the_ends_of_time_are_no_server_error(ann, alice, individual, zones, day, method):
    works(alice, zone=zones[1])
    browser = browser_for(ann, zones[0])

    answer = getattr(browser, method)(slot(individual, day, "2330"))

    assert answer.status_code in (404, 409)
    assert not Session.objects.exists()


# Whose relationship it is.


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["/book/{}/", "/book/{}/2025-11-26/1600/"])
@pytest.mark.parametrize("whose", ["same therapist", "another therapist", "died"])
def test_what_is_not_ones_own_is_as_unknown_as_none(
    as_ann, alice, individual, ben, carl, whose, page, method
):
    works(alice)
    works(carl.therapist)
    relationship = {
        "same therapist": lambda: start(ben),
        "another therapist": lambda: start(carl),
    }.get(whose, lambda: individual)()
    if whose == "died":
        relationship.end(by=alice.user, reason="died")

    ask = getattr(as_ann, method)
    answer, nobodys = ask(page.format(relationship.public_id)), ask(page.format(NOBODYS))

    assert answer.status_code == nobodys.status_code
    assert answer.status_code == (405 if method == "post" and page == "/book/{}/" else 404)
    assert whole(answer) == whole(nobodys)
    assert not Session.objects.exists()


def test_who_died_is_not_invited_in_any_relationship(as_ann, alice, individual, couples):
    works(alice)
    individual.end(by=alice.user, reason="died")

    assert as_ann.get(f"/book/{couples.public_id}/").status_code == 404
    assert as_ann.post(slot(couples)).status_code == 404


def test_a_therapist_books_no_session_as_a_client(as_alice, as_bob, alice, individual):
    works(alice)

    for browser in (as_alice, as_bob):
        assert browser.get(f"/book/{individual.public_id}/").status_code == 403
        assert browser.post(slot(individual)).status_code == 403
    assert not Session.objects.exists()


def test_nobody_books_without_signing_in(client, alice, individual):
    works(alice)

    for answer in (client.get(slot(individual)), client.post(slot(individual))):
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/?next=/book/")
    assert not Session.objects.exists()


def test_an_account_with_two_therapists_books_each_with_their_own(as_ann, ann, alice, carl):
    carl.account = ann.account
    carl.save()
    works(carl.therapist, "09:00-10:00")
    works(alice, "16:00-17:00")
    one, other = start(ann), start(carl)

    assert as_ann.post(slot(other, time="0900")).status_code == 303
    assert as_ann.post(slot(one, time="0900")).status_code == 409
    assert as_ann.post(slot(one, time="1600")).status_code == 303
    therapists = Session.objects.order_by("starts_at").values_list("therapist__name", flat=True)
    assert list(therapists) == ["Bob Baker", "Alice Archer"]


def test_eight_clients_who_saw_the_same_time_one_after_the_other(alice):
    works(alice)
    people = [ClientFactory(therapist=alice, account=UserFactory()) for _ in range(8)]
    relationships = [start(person) for person in people]
    browsers = [browser_of(person.account) for person in people]
    for browser, relationship in zip(browsers, relationships, strict=True):
        assert browser.get(slot(relationship)).status_code == 200

    codes = [b.post(slot(t)).status_code for b, t in zip(browsers, relationships, strict=True)]

    assert codes == [303] + [409] * 7
    assert row_of(Session.objects.get())["relationship_id"] == relationships[0].pk
