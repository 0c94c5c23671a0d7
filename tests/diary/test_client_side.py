"""What a client sees of their sessions, and what they never see."""

from functools import partial

import pytest
import time_machine

from practice.diary.models import Session
from relationships.models.choices import EndReason
from tests.booking import next_slot
from tests.diary import (
    DAY,
    FIFTY,
    HOUR,
    MINUTE,
    NOW,
    WEDNESDAY,
    at,
    book,
    browser_for,
    row_of,
    works,
)
from tests.factories import ClientFactory, start
from tests.reading import read, sent_by

CANARY = "canary-of-the-private-note"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


# The Dashboard.


def test_the_dashboard_shows_what_is_to_come_and_what_was(as_ann, individual, couples):
    later, next_ = book(couples, WEDNESDAY + DAY), book(individual)
    for weeks in (1, 2):
        book(individual, NOW - weeks * 7 * DAY).set_attendance(attended=True)
    book(individual, NOW - 21 * DAY).set_attendance(attended=False)

    page = read(as_ann.get("/dashboard/"))

    assert "Wednesday 26 November 2025, 4pm to 4:50pm (London time)" in page.text
    assert "Individual with Alice Archer." in page.text
    assert page.heads[1:] == [
        "Your next session",
        "Alice Archer",
        "Alice Archer",
        "After that",
        "Past sessions",
    ]
    listed = [a for a in page.addresses if a.startswith("/sessions/")]
    pages = [f"/sessions/{s.public_id}/" for s in (next_, later)]
    assert listed == [pages[0], f"{pages[0]}move/", pages[1]]
    assert "2 sessions since 6 November 2025. See all your sessions" in page.text


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (HOUR, "Today, 11am to 11:50am (London time)"),
        (DAY, "Tomorrow, 10am to 10:50am (London time)"),
        (2 * DAY, "Saturday 22 November 2025, 10am to 10:50am (London time)"),
    ],
)
def test_the_next_session_is_said_first(as_ann, individual, ahead, said):
    book(individual, NOW + ahead)

    page = read(as_ann.get("/dashboard/"))

    assert f"Your next session {said}" in page.text
    assert page.heads.index("Your next session") < page.heads.index("Alice Archer")


def test_today_is_that_of_the_reader(ann, individual):
    book(individual, NOW + 4 * HOUR)  # 3am of the next day in Auckland

    page = read(browser_for(ann, "Pacific/Auckland").get("/dashboard/"))

    assert "Tomorrow, 3am to 3:50am (Auckland time)" in page.text
    assert "That is Thursday 2pm London time, where Alice is." in page.text


def test_a_note_names_the_kind_where_there_is_more_than_one(as_ann, alice, couples, individual):
    couples.end(by=alice.user, reason="completed")

    page = read(as_ann.get("/dashboard/"))

    assert "Your Couples relationship with Alice Archer has been ended." in page.text
    assert page.text.index("Individual sessions") < page.text.index("Couples sessions")


def test_a_note_of_the_only_one_does_not(as_ann, alice, individual, carl, ann):
    """What there is with somebody else does not make it two."""
    carl.account = ann.account
    carl.save()
    start(carl, ClientFactory(therapist=carl.therapist))
    individual.end(by=alice.user, reason="completed")

    page = read(as_ann.get("/dashboard/"))

    assert "Your relationship with Alice Archer has been ended." in page.text


def test_booking_again_after_an_ending_is_a_quieter_link(as_ann, alice, couples, individual):
    couples.end(by=alice.user, reason="completed")

    tags = read(as_ann.get("/dashboard/")).tags

    looks = {a["href"]: a.get("class") for tag, a in tags if "/book/" in (a.get("href") or "")}
    assert looks == {
        f"/book/{individual.public_id}/": "button",
        f"/book/{couples.public_id}/": None,
    }


def test_a_dashboard_without_sessions_has_no_empty_headings(as_ann, individual):
    heads = read(as_ann.get("/dashboard/")).heads

    assert heads == ["Hello, Ann", "Alice Archer"]


def test_all_sessions_are_listed(as_ann, individual, alice):
    to_come = book(individual)
    attended, missed = book(individual, NOW - 7 * DAY), book(individual, NOW - 14 * DAY)
    attended.set_attendance(attended=True)
    missed.set_attendance(attended=False)
    cancelled = book(individual, WEDNESDAY + DAY)
    cancelled.cancel(by=alice.user)

    page = read(as_ann.get("/dashboard/sessions/"))

    order = [to_come, cancelled, attended, missed]
    listed = [a for a in page.addresses if a.startswith("/sessions/")]
    assert listed == [f"/sessions/{one.public_id}/" for one in order]
    states = [page.cells[cell] for cell in range(3, len(page.cells), 4)]
    assert states == ["State", "", "State", "Cancelled", "", "Did not attend"]
    assert page.cells[6] == "Alice Archer"


def test_past_sessions_are_25_a_page(as_ann, individual):
    for days in range(1, 27):
        book(individual, NOW - days * DAY)

    second = read(as_ann.get("/dashboard/sessions/", {"page": "2"}))

    assert "Page 2 of 2" in second.text
    assert sum(a.startswith("/sessions/") for a in second.addresses) == 1


def test_sessions_with_two_therapists_are_on_one_dashboard(as_ann, ann, individual, carl):
    carl.account = ann.account
    carl.save()
    mine, other = book(individual), book(start(carl), WEDNESDAY + DAY)
    nobodys = book(start(ClientFactory(therapist=carl.therapist)), WEDNESDAY + 2 * DAY)

    addresses = read(as_ann.get("/dashboard/")).addresses

    assert {f"/sessions/{s.public_id}/" for s in (mine, other)} <= set(addresses)
    assert f"/sessions/{nobodys.public_id}/" not in addresses


# Session Details.


def test_the_details_name_the_therapist_and_the_relationship_in_plain_text(as_ann, individual, ann):
    session = book(individual, by=ann.account)

    page = read(as_ann.get(f"/sessions/{session.public_id}/"))

    assert page.title.startswith("Session Details, 26 November 2025 – ")
    assert "With Alice Archer" in page.text
    assert "Relationship Individual" in page.text
    assert "Booked Thursday 20 November 2025 at 10am, by you" in page.text
    assert not [a for a in page.addresses if a.startswith(("/relationships/", "/clients/"))]
    assert f"/sessions/{session.public_id}/cancel/" in page.addresses
    assert f"/sessions/{session.public_id}/move/" in page.addresses


def test_who_booked_and_moved_is_named_by_first_name(as_ann, individual, alice):
    session = book(individual)
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    page = read(as_ann.get(f"/sessions/{session.public_id}/"))

    assert "Booked Thursday 20 November 2025 at 10am, by Alice" in page.text
    assert "Moved Thursday 20 November 2025 at 10am, by Alice" in page.text


def test_an_ended_relationship_has_its_tag(as_ann, individual, alice):
    session = book(individual)
    individual.end(by=alice.user, reason="completed")

    page = read(as_ann.get(f"/sessions/{session.public_id}/"))

    assert "Individual Ended 20 November 2025" in page.text


def test_a_session_booked_after_an_ending_has_no_such_tag(ann, individual, alice, clock):
    individual.end(by=alice.user, reason="completed")
    clock.shift(HOUR)
    session = book(individual, by=ann.account)

    page = read(browser_for(ann).get(f"/sessions/{session.public_id}/"))

    assert "Relationship Individual Booked" in page.text
    assert "Ended" not in page.text


@pytest.mark.usefixtures("hours_pass")
def test_until_it_begins_a_client_can_cancel(ann, individual, clock):
    session = book(individual)
    place = f"/sessions/{session.public_id}/"
    cancel = f"{place}cancel/"

    clock.move_to(WEDNESDAY - MINUTE)
    as_ann = browser_for(ann)
    page = read(as_ann.get(place))
    assert "You can cancel until the session begins, Wednesday 26 November, 4pm." in page.text
    sent = sent_by(as_ann.get(cancel), "shown")

    clock.move_to(WEDNESDAY)
    page = read(as_ann.get(place))
    assert "it can no longer be cancelled here. Let Alice know." in page.text
    assert cancel not in page.addresses
    for press in (as_ann.get, partial(as_ann.post, data=sent)):
        answer = press(cancel)
        assert (answer.status_code, answer.url) == (303, place)
        assert "The session has begun" in read(as_ann.get(place)).heads
    assert row_of(session)["state"] == "booked"


def test_who_confirms_as_it_begins_is_told_so(individual, ann, alice, clock):
    """The UPDATE tests it, whatever was read before."""
    session = book(individual)
    clock.move_to(WEDNESDAY)

    with pytest.raises(Session.HasBegun):
        session.cancel(by=ann.account)
    session.cancel(by=alice.user)
    with pytest.raises(Session.AlreadyDone):
        session.cancel(by=ann.account)


def test_of_the_others_in_it_only_first_names_are_shown(as_ann, couples):
    page = read(as_ann.get(f"/sessions/{book(couples).public_id}/"))

    assert "Couples with Ben" in page.text
    assert "Bright" not in page.source


def test_a_client_elsewhere_reads_both_times(ann, individual):
    session = book(individual)
    browser = browser_for(ann, "Europe/Stockholm")

    page = read(browser.get(f"/sessions/{session.public_id}/"))

    assert "5pm to 5:50pm Stockholm time. That is 4pm London time, where Alice is." in page.text


def test_a_client_who_died_gets_no_note_of_an_ending(as_ann, individual, alice):
    session = book(individual)
    individual.end(by=alice.user, reason="died")

    pages = [
        read(as_ann.get(address)).text
        for address in ("/dashboard/", "/dashboard/sessions/", f"/sessions/{session.public_id}/")
    ]

    assert all("nded" not in text for text in pages)
    assert all("Book a New Session" not in text for text in pages)


def test_a_therapist_who_is_also_a_client_sees_each_side(alice, as_alice, carl, individual):
    carl.account = alice.user
    carl.save()
    as_client = book(start(carl))
    as_therapist = book(individual)

    page = read(as_alice.get(f"/sessions/{as_client.public_id}/"))
    assert "With Bob Baker" in page.text
    moves = [
        read(as_alice.get(f"/sessions/{s.public_id}/move/")) for s in (as_client, as_therapist)
    ]
    assert ["Who asked for this?" in page.text for page in moves] == [False, True]
    assert "Client Ann Ashby" in read(as_alice.get(f"/sessions/{as_therapist.public_id}/")).text


# What nobody on the client's side ever reads.


@pytest.mark.parametrize("reason", EndReason.values)
def test_no_page_of_a_client_gives_away_why_work_ended(ann, couples, individual, alice, reason):
    works(alice, days=range(7))
    sessions = [book(couples), book(individual, NOW - DAY), book(individual, WEDNESDAY + DAY)]
    sessions[2].cancel(by=alice.user)
    couples.end(by=alice.user, reason=reason, note=CANARY)
    if reason != EndReason.DIED:  # the rest is closed to somebody who has died
        individual.end(by=alice.user, reason=reason, note=CANARY)
    browser = browser_for(ann)
    addresses = ["/", "/dashboard/", "/dashboard/sessions/", "/account/", "/help/"]
    for session in sessions:
        details = f"/sessions/{session.public_id}/"
        addresses += [details, f"{details}cancel/", f"{details}calendar.ics"]
    for relationship in (couples, individual):
        addresses += [
            f"/book/{relationship.public_id}/",
            f"/book/{relationship.public_id}/2025-11-26/1600/",
        ]
        addresses += [f"/book/{relationship.public_id}/2025-11-28/1100/"]

    answers = [browser.get(address, follow=True) for address in addresses]
    answers.append(browser.post(f"/book/{individual.public_id}/2025-11-28/1000/", follow=True))
    answers.append(browser.post(f"/book/{individual.public_id}/2025-11-26/1600/", follow=True))

    told = b"".join(answer.content for answer in answers).decode()
    assert "Alice Archer" in told
    assert CANARY not in told
    assert f'"{reason}"' not in told
    assert f">{EndReason(reason).label}<" not in told
    assert "Bright" not in told


def test_nothing_a_client_does_with_sessions_sends_a_message(as_ann, individual, alice, mailoutbox):
    works(alice, days=range(7))
    individual.end(by=alice.user, reason="completed")

    page = read(as_ann.get(f"/book/{individual.public_id}/"))
    as_ann.post(next_slot(page))
    session = Session.objects.get()
    as_ann.post(f"/sessions/{session.public_id}/cancel/")

    assert row_of(session)["state"] == "cancelled"
    assert mailoutbox == []


def test_times_are_said_in_the_readers_zone_on_every_page(ann, individual, alice):
    session = book(individual, at("2026-07-01 16:00"), length=FIFTY)
    session.cancel(by=alice.user)
    book(individual, WEDNESDAY + HOUR)
    browser = browser_for(ann, "Pacific/Auckland")

    assert "Thursday 27 November 2025, 6am to 6:50am" in read(browser.get("/dashboard/")).text
    sessions = read(browser.get("/dashboard/sessions/")).text
    assert "Thursday 2 July 2026, Session Details 3am" in sessions
    details = read(browser.get(f"/sessions/{session.public_id}/")).text
    assert "3am to 3:50am Auckland time. That is Wednesday 4pm London time, where" in details
    assert "Cancelled Thursday 20 November 2025 at 11pm, by Alice" in details
