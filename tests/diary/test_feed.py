"""The address at which a calendar of one's own reads one's sessions."""

from datetime import UTC, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from practice.audit.models import Entry, Verb
from practice.diary import feed
from practice.diary.models import CalendarFeed, Session
from practice.records.erasure import erase
from practice.records.export_own import own_data
from practice.text.spoken import initials
from tests import reading
from tests.conftest import browser_of
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book
from tests.factories import ClientFactory, TherapistFactory, UserFactory, start
from tests.pressing import Browser, again

DIARY, SESSIONS = CalendarFeed.Side.DIARY, CalendarFeed.Side.SESSIONS


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def address(account, side=DIARY, names="initials") -> str:
    """Make an address and return its path."""
    return f"/calendar/{CalendarFeed.make(account, side, names=names, shown='')}.ics"


@pytest.fixture
def diary(alice) -> str:
    return address(alice.user)


@pytest.fixture
def sessions(ann) -> str:
    return address(ann.account, SESSIONS)


def read(path: str, **headers: str):
    return Browser().get(path, headers=headers)


def events(path: str) -> list:
    """Return what a calendar makes of an address, in order."""
    answer = read(path)
    assert answer.status_code == 200
    return Calendar.from_ical(answer.content).walk("VEVENT")


def summaries(path: str) -> list[str]:
    return [str(event["SUMMARY"]) for event in events(path)]


# What is in it.


def test_a_therapists_diary_is_there_with_initials(diary, couples, individual):
    first, second = book(couples), book(individual, WEDNESDAY + DAY)

    found = events(diary)

    assert [str(event["SUMMARY"]) for event in found] == ["AA, BB", "AA"]
    assert [event.start.astimezone(UTC) for event in found] == [WEDNESDAY, WEDNESDAY + DAY]
    assert [str(event["UID"]) for event in found] == [
        f"{session.public_id}@stillwater" for session in (first, second)
    ]


@pytest.mark.parametrize(
    ("names", "summary"), [("first_names", "Ann, Ben"), ("none", "Booked"), ("initials", "AA, BB")]
)
def test_the_therapist_chooses_what_an_event_says(alice, couples, names, summary):
    book(couples)
    path = address(alice.user, names=names)

    assert summaries(path) == [summary]
    text = read(path).content.decode()
    assert not [word for word in ("Ashby", "Bright", "mail.example") if word in text]


def test_a_name_that_does_not_tell_the_first_is_initials(alice):
    book(start(ClientFactory(therapist=alice, name="Madonna")))

    assert summaries(address(alice.user, names="first_names")) == [initials("Madonna")]


def test_a_client_reads_an_appointment_and_nobodys_name(sessions, couples):
    couples.end(by=couples.therapist.user, reason="lost_contact", note="canary")
    book(couples)

    text = read(sessions).content.decode()

    assert summaries(sessions) == ["Appointment"]
    words = ("Ann", "Ashby", "Ben", "Bright", "Alice", "Archer", "canary", "lost", "herap")
    assert [word for word in words if word in text] == []


def test_a_client_may_choose_to_read_the_therapists_name(sessions, ann, bob, individual):
    book(individual)
    book(start(ClientFactory(therapist=bob, account=ann.account)), WEDNESDAY + DAY)
    ann.calendar_names_therapist = True
    ann.save()

    assert summaries(sessions) == ["Appointment with Alice Archer", "Appointment"]


@pytest.mark.database
def test_each_sees_their_own_and_nothing_else(diary, sessions, bob, carl, individual, ben):
    book(individual)
    book(start(ben), WEDNESDAY + DAY)
    theirs = book(start(carl))

    assert (len(events(diary)), len(events(sessions))) == (2, 1)
    text = read(diary).content + read(sessions).content
    assert theirs.public_id.encode() not in text


@pytest.mark.database
def test_a_therapist_who_is_a_client_too_has_two(alice, bob, individual):
    own = ClientFactory(therapist=bob, account=alice.user, name="Alice Archer")
    book(individual)
    theirs = book(start(own))

    assert summaries(address(alice.user)) == ["AA"]
    [event] = events(address(alice.user, SESSIONS))
    assert (str(event["SUMMARY"]), str(event["UID"])) == (
        "Appointment",
        f"{theirs.public_id}@stillwater",
    )


def test_past_ones_stay_for_three_months_and_what_does_not_stand_goes(diary, individual, alice):
    for days in (-93, -92, -1, 300):
        book(individual, NOW + days * DAY)
    cancelled, absent = book(individual, NOW + 3 * DAY), book(individual, NOW - 3 * DAY)
    assert len(events(diary)) == 5

    cancelled.cancel(by=alice.user)
    Session.objects.filter(pk=absent.pk).update(state="not_held")

    assert [event.start.astimezone(UTC) - NOW for event in events(diary)] == [
        days * DAY for days in (-92, -1, 300)
    ]


def test_there_is_an_end_to_it(diary, individual, monkeypatch):
    monkeypatch.setattr(feed, "MOST_EVENTS", 2)
    for days in (3, 1, 2):
        book(individual, NOW + days * DAY)

    assert [event.start.astimezone(UTC) for event in events(diary)] == [NOW + DAY, NOW + 2 * DAY]


def test_a_move_is_the_same_event_with_a_later_word(diary, session, alice, clock):
    [before] = events(diary)
    clock.shift(HOUR)

    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    [after] = events(diary)
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert (before["DTSTAMP"].dt, after["DTSTAMP"].dt) == (NOW, NOW + HOUR)


def test_the_file_says_its_name_and_how_often_to_ask(diary, session, settings):
    settings.SERVICE_NAME = "Still; water"

    answer = read(diary)

    text = answer.content.decode()
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "\r\nNAME:Still\\; water\r\n" in text
    assert "\r\nX-WR-CALNAME:Still\\; water\r\n" in text
    assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert "\r\nX-PUBLISHED-TTL:PT1H\r\n" in text
    assert "METHOD" not in text
    assert "TZID" not in text


def test_an_empty_diary_is_a_calendar_too(diary):
    assert events(diary) == []


# Asked again.


def changes(session: Session, ben, alice) -> list:
    """Return everything that changes what a file says, one call each."""
    return [
        lambda: session.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user),
        lambda: session.set_place("12 Mill Lane", by=alice.user),
        lambda: book(start(ben), WEDNESDAY + DAY),
        lambda: session.cancel(by=alice.user),
        lambda: session.put_back(by=alice.user),
    ]


def test_what_has_not_changed_is_not_sent_again(diary, session, ben, alice, monkeypatch):
    seen = set()
    for change in [lambda: None, *changes(session, ben, alice)]:
        change()
        tag = read(diary)["ETag"]
        assert tag not in seen
        seen.add(tag)
        with monkeypatch.context() as patched:
            patched.setattr(feed, "_render", None)  # nothing is rendered
            answer = read(diary, if_none_match=f'"other", {tag}')
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert answer["Cache-Control"] == "private, no-cache"


def test_a_name_that_changes_is_a_change(diary, session, ann):
    before = read(diary)["ETag"]

    ann.name = "Zoe Ashby"
    ann.save()

    assert read(diary, if_none_match=before).status_code == 200


def test_attendance_is_none(diary, individual, alice):
    session = book(individual, NOW - DAY)
    before = read(diary)["ETag"]

    session.set_attendance(attended=True)

    assert read(diary, if_none_match=before).status_code == 304


def test_head_is_answered_like_get_without_the_body(diary, session):
    asked, looked = Browser().get(diary), Browser().head(diary)

    assert (looked.status_code, looked.content) == (200, b"")
    assert looked["ETag"] == asked["ETag"]


@pytest.mark.parametrize("side", ["diary", "sessions"])
def test_one_or_thirty_sessions_take_as_many_statements(side, request, individual, couples):
    path = request.getfixturevalue(side)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert read(path).status_code == 200
        return len(asked)

    read(path)
    book(individual)
    few = statements()
    for days in range(1, 30):
        book(couples if days % 2 else individual, WEDNESDAY + days * DAY)

    assert statements() == few


# Who may ask, and what is written down.


def test_nobody_is_signed_in_by_a_calendar(diary, session, as_bob):
    with CaptureQueriesContext(connection) as asked:
        answer = as_bob.get(diary)

    assert answer.status_code == 200
    assert answer.cookies == {}
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not [q for q in asked if "browsersession" in q["sql"]]


@pytest.mark.database
def test_a_look_changes_nothing_but_the_record_of_it_and_locks_nothing(diary, session):
    with CaptureQueriesContext(connection) as asked:
        read(diary)

    written = [q["sql"] for q in asked if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql.partition('"')[2].partition('"')[0] for sql in written] == ["audit_entry"]
    assert not [q for q in asked if "FOR " in q["sql"] and "UPDATE" in q["sql"]]


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "é", "x" * 1500])
def test_what_is_no_address_is_not_found(token, diary):
    answer = read(f"/calendar/{token}.ics")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain; charset=utf-8")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_calendar_only_reads(diary, method):
    assert getattr(Browser(), method)(diary).status_code == 405


def test_only_the_fingerprint_is_stored(alice):
    token = CalendarFeed.make(alice.user, DIARY, names="initials", shown="")

    [row] = CalendarFeed.objects.values()
    assert token not in str(row)
    assert row["fingerprint"] == CalendarFeed.fingerprint_of(token)
    assert len(token) == 43


def test_an_account_that_is_closed_is_read_by_nobody(diary, sessions, alice, ann):
    alice.user.disable()
    assert read(diary).status_code == 404
    alice.user.enable()
    assert read(diary).status_code == 200

    ann.account.close()

    assert read(sessions).status_code == 404
    assert [found.account_id for found in CalendarFeed.objects.all()] == [alice.user_id]


@pytest.mark.database
@pytest.mark.django_db
def test_whoever_first_shows_that_an_account_is_theirs_finds_no_address_in_it():
    account = UserFactory(email_verified_at=None)
    path = address(account, SESSIONS)

    account.claim("a quiet harbour at dusk")

    assert read(path).status_code == 404


def looks(verb=Verb.CALENDAR_READ) -> list[tuple]:
    entries = Entry.objects.filter(verb=verb).order_by("pk")
    return [(e.therapist_id, e.by, e.role, e.about) for e in entries]


def test_a_look_is_recorded_once_an_hour_at_most(diary, session, alice, clock):
    for _ in range(3):
        read(diary)
        clock.shift(timedelta(minutes=10))
    assert looks() == [(alice.pk, alice.user_id, "therapist", f"account:{alice.user_id}")]

    clock.shift(timedelta(minutes=29, seconds=59))
    read(diary)
    assert len(looks()) == 1

    clock.shift(timedelta(seconds=2))
    read(diary, if_none_match=read(diary)["ETag"])
    assert len(looks()) == 2


@pytest.mark.database
def test_each_of_a_clients_therapists_can_see_it(sessions, ann, alice, bob):
    theirs = ClientFactory(therapist=bob, account=ann.account)

    read(sessions)

    assert looks() == [
        (alice.pk, ann.account_id, "client", f"client:{ann.public_id}"),
        (bob.pk, ann.account_id, "client", f"client:{theirs.public_id}"),
    ]


def test_a_calendar_that_asks_all_the_time_is_told_to_wait(diary, sessions, clock, monkeypatch):
    monkeypatch.setattr(feed, "MOST_AN_HOUR", 5)
    answers = [read(diary).status_code for _ in range(feed.MOST_AN_HOUR)]
    answer = read(diary)

    assert set(answers) == {200}
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert read(sessions).status_code == 200
    clock.shift(HOUR + timedelta(seconds=1))
    assert read(diary).status_code == 200


def test_whoever_tries_addresses_is_told_to_wait(diary, monkeypatch):
    monkeypatch.setattr(feed, "MOST_UNKNOWN", 3)

    assert [read("/calendar/x.ics").status_code for _ in range(5)] == [404, 404, 404, 429, 429]
    assert read(diary).status_code == 200


def test_a_clock_that_was_set_back_stops_nothing(diary, clock):
    read(diary)
    clock.move_to(NOW - 2 * DAY)

    assert read(diary).status_code == 200


# The page.

PAGES = {"as_alice": "/diary/calendar/", "as_ann": "/dashboard/calendar/"}


@pytest.fixture(params=PAGES)
def page(request):
    """Get and post the page of a therapist's diary, or of a client's sessions."""
    browser, path = request.getfixturevalue(request.param), PAGES[request.param]

    def ask(do: str = "", **sent: str):
        if not do:
            return browser.get(path)
        answer = browser.post(path, {"do": do, "names": "initials"} | sent)
        return browser.get(answer.url) if answer.status_code == 303 else answer

    return ask


def link_in(answer) -> str:
    """Return the path of the address that a page shows, or nothing."""
    text = answer.content.decode()
    return text.partition('readonly value="')[2].partition('"')[0].removeprefix("http://testserver")


def shown_in(answer) -> str:
    return answer.content.decode().partition('name="shown" value="')[2].partition('"')[0]


@pytest.mark.database
def test_an_address_is_made_shown_once_and_works(page):
    assert "There is no address yet." in page().content.decode()

    made = page("make", shown="")

    link = link_in(made)
    assert read(link).status_code == 200
    assert f'href="webcal://testserver{link}"' in made.content.decode()
    later = page()
    assert link not in later.content.decode()
    assert "There is an address, made on 20 November 2025" in reading.read(later).text


def test_a_new_address_stops_the_old_one_and_stopping_stops_it(page, clock):
    first = page("make", shown="")
    clock.shift(HOUR / 10)
    second = page("make", shown=shown_in(first))
    assert [read(link_in(one)).status_code for one in (first, second)] == [404, 200]

    stopped = page("stop", shown=shown_in(second)).content.decode()

    assert "The address leads nowhere any more" in stopped
    assert "There is no address yet." in stopped
    assert read(link_in(second)).status_code == 404
    assert not CalendarFeed.objects.exists()


@pytest.mark.parametrize("do", ["make", "stop"])
def test_a_page_that_is_out_of_date_does_nothing(page, do, clock):
    first = page("make", shown="")
    clock.shift(HOUR / 10)
    second = page("make", shown=shown_in(first))

    answer = page(do, shown=shown_in(first))

    again(answer, "Nothing was done")
    assert shown_in(answer) == shown_in(second)
    assert read(link_in(second)).status_code == 200


def test_making_and_stopping_are_recorded(page, alice, ann):
    page("stop", shown=shown_in(page("make", shown="")))

    outcomes = [e.outcome for e in Entry.objects.filter(verb=Verb.SETTINGS_CHANGED).order_by("pk")]
    assert outcomes == ["calendar address made", "calendar address stopped"]


def test_what_events_say_is_changed_without_a_new_address(as_alice, diary, couples):
    book(couples)
    shown = shown_in(as_alice.get("/diary/calendar/"))

    sent = {"do": "save", "names": "first_names", "shown": shown}
    answer = as_alice.post("/diary/calendar/", sent)

    assert answer.status_code == 303
    assert summaries(diary) == ["Ann, Ben"]


def test_a_choice_that_is_none_is_refused(as_alice, diary):
    sent = {"do": "save", "names": "surnames", "shown": ""}
    answer = as_alice.post("/diary/calendar/", sent)

    assert answer.status_code == 422


def test_the_address_waits_in_the_session_encrypted(as_ann):
    as_ann.post("/dashboard/calendar/", {"do": "make", "shown": ""})

    kept = str(dict(as_ann.session.items()))
    assert "calendar address" in kept
    assert "/calendar/" not in kept


def test_the_account_leads_there(as_alice, as_ann):
    assert 'href="/diary/calendar/"' in as_alice.get("/account/").content.decode()
    assert 'href="/dashboard/calendar/"' in as_ann.get("/account/").content.decode()


def test_a_clients_own_data_say_since_when_there_is_one(ann, sessions):
    assert own_data(ann.account, [ann], NOW)["account"]["calendar_address_made_at"] == NOW


def test_of_whoever_was_erased_nothing_is_said(alice, ann, couples):
    book(couples, NOW - DAY)
    couples.end(by=alice.user, reason="completed")
    path = address(alice.user, names="first_names")

    erase(ann, by=alice.user)

    assert summaries(path) == ["Ben"]


def test_another_therapists_browser_reads_the_diary_like_any(diary, session):
    other = browser_of(TherapistFactory().user)

    assert other.get(diary).content == read(diary).content
