"""What pages say of messages: beforehand, who gets one; afterwards, what was sent."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection

from clients.models import Client
from practice.diary.models import Session
from practice.notifications import announcing
from practice.notifications.demo import letters_sent
from practice.notifications.files import folder
from practice.notifications.models import Message, MessageSettings
from practice.notifications.worker import send_everything
from tests.diary import DAY, FIFTY, WEDNESDAY, book, browser_for, works
from tests.factories import ClientFactory
from tests.mail_servers import Killed
from tests.notifications import LATER, delivered
from tests.pressing import hidden
from tests.reading import read, sent_by


def text(browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return read(answer).text


PAGES = ["/sessions/{session}/cancel/", "/sessions/{session}/move/", "/sessions/{session}/place/"]
PAGES += ["/relationships/{work}/sessions/add/"]


def test_nobody_reads_that_a_therapist_gets_a_message_whose_account_is_disabled(
    session, ann, alice
):
    alice.user.disable()

    page = text(browser_for(ann), f"/sessions/{session.public_id}/cancel/")

    assert "Alice will not get a message" in page


@pytest.mark.parametrize("page", PAGES)
def test_a_therapist_reads_who_gets_a_message(as_alice, couples, alice, page, settings):
    made = book(couples)
    address = page.format(session=made.public_id, work=couples.public_id)
    assert "Ann and Ben get a message." in text(as_alice, address)

    Client.objects.filter(name="Ben Bright").update(do_not_contact=True)
    assert "Ann gets a message. Ben will not get a message, so let them know." in text(
        as_alice, address
    )

    settings.SENDS_MESSAGES = False
    assert "Ann and Ben will not get a message, so let them know." in text(as_alice, address)


@pytest.mark.parametrize("became", ["over", "cancelled"])
def test_nobody_is_told_where_a_session_was(as_alice, session, alice, clock, became):
    """Nothing is sent of the place of what is over or does not take place, and the page says so."""
    address = f"/sessions/{session.public_id}/place/"
    if became == "over":
        clock.move_to(session.ends_at)
        as_alice.force_login(alice.user)
    else:
        session.cancel(by=alice.user)
    delivered(clock)
    mail.outbox.clear()

    said = text(as_alice, address)
    answer = as_alice.post(address, hidden(read(as_alice.get(address))) | {"place": "Room 3"})
    assert answer.status_code == 303
    delivered(clock)

    assert "message" not in said
    assert mail.outbox == []


@pytest.fixture
def as_ann_booked(ann, individual, alice):
    """Ann's browser, and the pages on which she books, moves and cancels."""
    works(alice)
    made = book(individual)
    pages = (
        f"/book/{individual.public_id}/2025-11-27/1000/",
        f"/sessions/{made.public_id}/move/2025-11-27/1000/",
        f"/sessions/{made.public_id}/cancel/",
    )
    return browser_for(ann), pages


def test_a_client_reads_whether_the_therapist_gets_a_message(as_ann_booked, alice):
    browser, pages = as_ann_booked
    assert all("Alice gets a message." in text(browser, page) for page in pages)

    MessageSettings.objects.create(therapist=alice, way="never")

    said = [text(browser, page) for page in pages]
    assert all("Alice gets no message, but sees it here." in page for page in said[:2])
    assert "Alice will not get a message, so let them know." in said[2]


@pytest.mark.parametrize("who", ["alice", "ann"])
def test_whoever_may_put_a_session_back_reads_who_gets_a_message(
    session, as_alice, ann, clock, settings, who
):
    """Once the cancelling is told; until then to put it back sends nothing."""
    browser, other = (as_alice, "Ann") if who == "alice" else (browser_for(ann), "Alice")
    session.cancel(by=ann.account)
    address = f"/sessions/{session.public_id}/"
    assert f"{other} gets a message." not in text(browser, address)

    delivered(clock)

    assert f"while its time is free. {other} gets a message." in text(browser, address)
    settings.SENDS_MESSAGES = False
    assert "message" in text(browser, address).partition("while its time is free. ")[2][:60]


def test_the_dates_of_a_series_that_is_moved_say_who_gets_a_message(as_alice, individual, clock):
    starts = [WEDNESDAY + week * 7 * DAY for week in range(3)]
    made = Session.book_series(
        individual, starts=starts, length=FIFTY, by=individual.therapist.user, series=uuid4()
    )
    page = f"/sessions/{made[0].public_id}/move/"
    form = hidden(read(as_alice.get(page)))
    form |= {"sessions": "later", "day": "2025-11-26", "time": "17:00", "asked": "client"}

    answer = as_alice.post(page, form)

    assert "Nothing is moved yet. Ann gets a message." in read(answer).text


def test_the_page_of_a_session_says_what_was_sent(session, as_alice, alice, clock):
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    page = text(as_alice, f"/sessions/{session.public_id}/")
    assert "Booked to Ann Thursday 20 November 2025 at 10:06am, handed to the mail server" in page
    assert "What was changed last is sent in a few minutes, unless it is undone." in page

    delivered(clock)

    page = text(as_alice, f"/sessions/{session.public_id}/")
    assert "Moved to Ann" in page
    assert "in a few minutes" not in page


def test_without_a_wait_nothing_is_sent_in_some_minutes(individual, as_alice, settings):
    settings.MESSAGE_GRACE = timedelta(0)

    page = text(as_alice, f"/sessions/{book(individual).public_id}/")

    assert "What was changed last is sent in a moment." in page


def test_a_client_reads_what_was_sent_to_them_alone(couples, ann, clock):
    made = book(couples, by=ann.account)
    delivered(clock)
    assert Message.objects.count() == 3

    page = text(browser_for(ann), f"/sessions/{made.public_id}/")

    assert page.count("handed to the mail server") == 1
    assert "Booked to you" in page


def test_the_page_of_a_session_shows_the_latest_of_many(session, as_alice, ann, monkeypatch):
    monkeypatch.setattr(announcing, "MOST_SHOWN", 3)
    one = Message.objects.get()
    for number in range(4):
        told = one.told.get()
        one.pk, one.message_id, one.kind = None, f"<{number}@practice.example>", "moved"
        one.save()
        told.pk, told.message = None, one
        told.save()

    page = text(as_alice, f"/sessions/{session.public_id}/")

    assert page.count("Moved to Ann") == 3
    assert "Booked to Ann" not in page
    assert "Those before the last 3 are in the export of each client." in page


def test_what_could_not_be_delivered_is_said(individual, ann, as_alice, clock, settings):
    settings.MESSAGE_BACKEND = "tests.notifications.test_sending.Refuses"
    made = book(individual)
    clock.shift(LATER)
    send_everything()

    page = read(as_alice.get(f"/sessions/{made.public_id}/"))

    assert "Could not be delivered to ann@mail.example." in page.text
    assert (f"/clients/{ann.public_id}/edit/", "Check the address") in page.links
    today = text(as_alice, "/")
    assert "Ann Ashby could not be sent a message about Wednesday 26 November, 4pm." in today


def test_without_mail_the_page_of_a_session_says_nothing_of_messages(
    individual, as_alice, settings
):
    settings.SENDS_MESSAGES = False
    made = book(individual)

    assert "What was sent" not in text(as_alice, f"/sessions/{made.public_id}/")
    assert Session.objects.get().tell_at is None


# Settings.


def test_a_therapist_chooses_what_is_sent(as_alice, alice):
    shown = sent_by(as_alice.get("/account/messages/"), "reminders")

    answer = as_alice.post("/account/messages/", shown | {"reminders": "48,2", "way": "daily"})

    assert answer.status_code == 303
    chosen = MessageSettings.objects.get()
    assert (chosen.reminders, chosen.way, chosen.tells_moved) == ("48,2", "daily", True)
    assert alice.entries.get(verb="settings_changed").outcome == "messages"


def test_what_is_no_choice_is_refused(as_alice):
    answer = as_alice.post("/account/messages/", {"reminders": "", "way": "often"})

    assert answer.status_code == 422
    assert not MessageSettings.objects.exists()


def test_a_client_chooses_for_all_their_therapists(ann, bob):
    other = ClientFactory(therapist=bob, name="Ann Ashby", account=ann.account)
    browser = browser_for(ann)
    shown = sent_by(browser.get("/dashboard/messages/"), "reminders")

    answer = browser.post(
        "/dashboard/messages/", shown | {"reminders": "none", "calendar_names_therapist": "on"}
    )

    assert answer.status_code == 303
    for record in Client.objects.filter(pk__in=[ann.pk, other.pk]):
        assert (record.reminders, record.calendar_names_therapist) == ("none", True)


@pytest.fixture
def different(ann, bob):
    """Ann, whose reminders of Bob's sessions are off, and those of Alice's as Alice has set."""
    return ClientFactory(therapist=bob, name="Ann Ashby", account=ann.account, reminders="none")


def test_a_client_reads_that_reminders_differ_and_changes_something_else(ann, different):
    browser = browser_for(ann)
    shown = sent_by(browser.get("/dashboard/messages/"), "reminders")
    assert shown["reminders"] == "differ"

    answer = browser.post("/dashboard/messages/", shown | {"calendar_names_therapist": "on"})

    assert answer.status_code == 303
    kept = Client.objects.filter(account=ann.account).values_list("reminders", flat=True)
    assert set(kept) == {"", "none"}


@pytest.mark.parametrize("choice", ["", "none", "24"])
def test_a_client_makes_reminders_the_same_for_all(ann, different, choice):
    browser = browser_for(ann)
    shown = sent_by(browser.get("/dashboard/messages/"), "reminders")

    answer = browser.post("/dashboard/messages/", shown | {"reminders": choice})

    assert answer.status_code == 303
    kept = Client.objects.filter(account=ann.account).values_list("reminders", flat=True)
    assert set(kept) == {choice}
    page = sent_by(browser.get("/dashboard/messages/"), "reminders")
    assert page["reminders"] == choice


def test_that_reminders_differ_is_no_choice_where_they_do_not(ann):
    answer = browser_for(ann).post("/dashboard/messages/", {"reminders": "differ"})

    assert answer.status_code == 422


def test_what_was_stopped_meanwhile_is_asked_about(ann, bob):
    other = ClientFactory(therapist=bob, name="Ann Ashby", account=ann.account)
    browser = browser_for(ann)
    shown = sent_by(browser.get("/dashboard/messages/"), "reminders")
    Client.objects.filter(pk=other.pk).update(reminders="none")

    answer = browser.post("/dashboard/messages/", shown | {"reminders": "24"})

    assert answer.status_code == 409
    assert "Reminder: changed meanwhile to “Not the same for each" in read(answer).text


DAY_AND_TIME = "Thursday 27 November, 6pm"
PREVIEWS = {
    "": (f"Appointment on {DAY_AND_TIME}", "invitation.ics"),
    "series": (f"3 appointments from {DAY_AND_TIME}", "invitation-1.ics to invitation-3.ics"),
    "moved": (f"Appointment moved to {DAY_AND_TIME}", "invitation.ics"),
    "cancelled": (f"Appointment cancelled: {DAY_AND_TIME}", "invitation.ics"),
    "put_back": (f"Appointment takes place after all: {DAY_AND_TIME}", "invitation.ics"),
    "place": (f"Appointment on {DAY_AND_TIME}: where it takes place", "invitation.ics"),
    "reminder": (f"Reminder: appointment on {DAY_AND_TIME}", ""),
    "me-booked": (f"Appointment on {DAY_AND_TIME}", "invitation.ics"),
    "me-cancelled": (f"Appointment cancelled: {DAY_AND_TIME}", "invitation.ics"),
    "me-put_back": (f"Appointment takes place after all: {DAY_AND_TIME}", "invitation.ics"),
    "me-summary": ("3 changes to your appointments", ""),
    "nothing": (f"Appointment on {DAY_AND_TIME}", "invitation.ics"),
    "me-reminder": (f"Appointment on {DAY_AND_TIME}", "invitation.ics"),  # there is none
}


@pytest.mark.parametrize("show", PREVIEWS)
def test_the_page_shows_each_message_as_it_is_sent(as_alice, show):
    subject, files = PREVIEWS[show]

    page = text(as_alice, f"/account/messages/?show={show}")

    assert f"From Stillwater Subject {subject} Hello" in page
    assert (f"With it: {files}, for a calendar" in page) == bool(files)
    assert (".ics" in page) == bool(files)


def test_a_summary_says_of_each_appointment_what_became_of_it(as_alice):
    page = text(as_alice, "/account/messages/?show=me-summary")

    assert [page.count(f"{word} Thursday") for word in ("Booked", "Moved", "Cancelled")] == [1] * 3


@pytest.mark.parametrize(("who", "own"), [("alice", 13), ("ann", 7)])
def test_each_message_can_be_chosen_there(as_alice, ann, who, own):
    """All that are sent to clients, and on a therapist's page those to them as well."""
    browser = as_alice if who == "alice" else browser_for(ann)
    page = "/account/messages/" if who == "alice" else "/dashboard/messages/"

    content = browser.get(page).content.decode()
    choices = re.search(r'<select id="show".*?</select>', content, re.DOTALL)[0]

    assert choices.count("<option") == own


@pytest.mark.parametrize("page", ["/account/messages/", "/dashboard/messages/"])
def test_a_test_goes_to_whoever_asks_for_it_and_not_often(as_alice, ann, page):
    browser = as_alice if page.startswith("/account") else browser_for(ann)
    for _ in range(7):
        browser.post(page, {"do": "test"})

    assert len(mail.outbox) == 5
    assert {letter.subject for letter in mail.outbox} == {
        "Test: Appointment on Thursday 27 November, 6pm"
    }
    assert "ics" not in mail.outbox[0].message().as_string()
    assert set(re.findall(r"https://practice\.example(/\S*)", mail.outbox[0].body)) == {"/", page}


@pytest.mark.parametrize("page", ["/account/messages/", "/dashboard/messages/"])
def test_without_mail_the_page_says_so_and_sends_no_test(as_alice, ann, page, settings):
    settings.SENDS_MESSAGES = False
    browser = as_alice if page.startswith("/account") else browser_for(ann)

    assert "No mail is set up here" in text(browser, page)
    browser.post(page, {"do": "test"})

    assert mail.outbox == []


# The demo's messages are files.


def test_the_demo_shows_its_messages(individual, as_alice, clock, settings, tmp_path):
    settings.DEMO, settings.BASE_DIR = True, tmp_path
    settings.MESSAGE_BACKEND = "practice.notifications.files.EmailBackend"
    assert "Nothing has been sent yet." in text(as_alice, "/messages-sent/")
    made = book(individual)
    delivered(clock)
    made.cancel(by=individual.therapist.user)
    delivered(clock)

    page = text(as_alice, "/messages-sent/")

    assert len(list((tmp_path / "demo-mail").glob("*.eml"))) == 2
    assert "Subject Appointment cancelled: Wednesday 26 November, 4pm" in page
    assert "Calendar takes out “Appointment”, version 1" in page
    assert page.index("cancelled") < page.index("Subject Appointment on Wednesday")


def test_a_file_is_there_whole_or_not_at_all(settings, tmp_path, clock, monkeypatch):
    """Whoever opens the folder meanwhile, or after the server was killed, finds no torn message."""
    settings.BASE_DIR = tmp_path
    backend, seen = get_connection("practice.notifications.files.EmailBackend"), []
    write = Path.write_bytes

    def torn(path, content):
        write(path, content[:10])
        seen.append(list(folder().glob("*.eml")))
        raise Killed

    letter = EmailMessage("One", "Hello", "a@mail.example", ["b@mail.example"])
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", torn)
        with pytest.raises(Killed):
            backend.send_messages([letter])
    assert seen == [[]]

    backend.send_messages([letter, letter])  # within one tick of the clock

    assert len(letters_sent()) == 2


def test_elsewhere_there_is_no_such_page(as_alice):
    assert as_alice.get("/messages-sent/").status_code == 404
    assert "Messages sent" not in as_alice.get("/account/").content.decode()
