"""Who asked for a move or a cancelling is asked, and can be corrected."""

import pytest
import time_machine

from practice.audit.models import Entry, Verb
from practice.profiles.figures import visits_of
from practice.profiles.stats import stats
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book, row_of
from tests.pressing import again, hidden
from tests.profiles import session as held_session
from tests.reading import read

SENT = {"move": {"day": "2025-11-27", "time": "09:00"}, "cancel": {}}
DONE = {"move": "moved", "cancel": "cancelled"}
COLUMN = {"move": "moved_for_client", "cancel": "cancelled_for_client"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def press(browser, address: str, **sent: str):
    """Open a page, and send its form with these answers."""
    return browser.post(address, hidden(read(browser.get(address))) | sent)


def links_of(page) -> list[str]:
    return [address for address, _ in page.links]


@pytest.mark.parametrize("what", SENT)
@pytest.mark.parametrize("asked", [{}, {"asked": ""}, {"asked": "somebody"}])
def test_without_an_answer_nothing_is_done(as_alice, session, what, asked):
    before = row_of(session)

    answer = press(as_alice, f"/sessions/{session.public_id}/{what}/", **SENT[what], **asked)

    assert answer.status_code == 422
    page = read(answer)
    assert page.title.startswith("Error: ")
    assert "Choose who asked for this" in page.text
    assert row_of(session) == before


@pytest.mark.parametrize("what", SENT)
def test_nobody_is_preselected(as_alice, session, what):
    page = read(as_alice.get(f"/sessions/{session.public_id}/{what}/"))

    assert "Who asked for this?" in page.text
    assert "Smooth Schedule" in page.text
    assert not [attrs for tag, attrs in page.tags if tag == "input" and "checked" in attrs]


def test_a_client_who_cancels_is_not_asked(as_ann, session):
    page = read(as_ann.get(f"/sessions/{session.public_id}/cancel/"))

    assert "Who asked for this?" not in page.text
    assert "Smooth Schedule" not in page.text


@pytest.mark.database
@pytest.mark.parametrize("what", SENT)
@pytest.mark.parametrize(("first", "then"), [("client", "therapist"), ("therapist", "client")])
def test_the_answer_can_be_corrected_and_that_is_on_record(as_alice, session, what, first, then):
    press(as_alice, f"/sessions/{session.public_id}/{what}/", **SENT[what], asked=first)
    address = f"/sessions/{session.public_id}/who-asked/{DONE[what]}/"
    assert address in links_of(read(as_alice.get(f"/sessions/{session.public_id}/")))
    page = read(as_alice.get(address))
    checked = [attrs["value"] for tag, attrs in page.tags if "checked" in attrs]
    assert checked == [first]

    answer = press(as_alice, address, asked=then)

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    assert row_of(session)[COLUMN[what]] is (then == "client")
    verbs = Entry.objects.order_by("pk").values_list("verb", flat=True)
    assert "who_asked_corrected" in verbs


@pytest.mark.parametrize("what", SENT)
def test_smooth_schedule_follows_the_correction(alice, individual, session, what, clock):
    held_session(individual, NOW - 3 * DAY)

    def is_smooth():
        return stats(visits_of(alice), NOW + DAY).is_smooth

    if what == "move":
        session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    else:
        session.cancel(by=alice.user)
    assert not is_smooth()
    session.correct_who_asked(DONE[what], for_client=True, by=alice.user)
    assert is_smooth()
    session.correct_who_asked(DONE[what], for_client=False, by=alice.user)
    assert not is_smooth()


def test_an_earlier_move_is_remembered_when_the_last_one_is_corrected(session, alice, clock):
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    clock.shift(HOUR)
    session.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)
    assert row_of(session)["last_own_move"] == NOW + HOUR

    session.correct_who_asked("moved", for_client=True, by=alice.user)

    assert row_of(session)["last_own_move"] == NOW
    session.correct_who_asked("moved", for_client=False, by=alice.user)
    assert row_of(session)["last_own_move"] == NOW + HOUR


@pytest.mark.parametrize("what", ["moved", "cancelled", "else", "MOVED"])
def test_there_is_nothing_to_correct_where_the_therapist_did_nothing(as_alice, session, what):
    answer = as_alice.get(f"/sessions/{session.public_id}/who-asked/{what}/")

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    assert "There is nothing to correct" in read(as_alice.get(answer.url)).heads


def test_what_a_client_cancelled_is_theirs(as_alice, session, ann):
    session.cancel(by=ann.account)

    answer = as_alice.get(f"/sessions/{session.public_id}/who-asked/cancelled/")

    assert answer.status_code == 303
    page = read(as_alice.get(f"/sessions/{session.public_id}/"))
    assert "who-asked" not in " ".join(links_of(page))


def test_a_page_that_is_older_corrects_nothing(as_alice, session, alice):
    session.cancel(by=alice.user)
    address = f"/sessions/{session.public_id}/who-asked/cancelled/"
    sent = hidden(read(as_alice.get(address)))
    session.correct_who_asked("cancelled", for_client=True, by=alice.user)

    page = again(as_alice.post(address, sent | {"asked": "therapist"}), "Nothing was changed.")

    assert row_of(session)["cancelled_for_client"] is True
    assert as_alice.post(address, hidden(page) | {"asked": "therapist"}).status_code == 303
    assert row_of(session)["cancelled_for_client"] is False


def test_a_second_click_corrects_once_and_says_the_same(as_alice, session):
    press(as_alice, f"/sessions/{session.public_id}/cancel/", asked="client")
    address = f"/sessions/{session.public_id}/who-asked/cancelled/"
    sent = hidden(read(as_alice.get(address))) | {"asked": "therapist"}

    answers = [as_alice.post(address, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    page = as_alice.get(answers[1].url)
    assert "Corrected" in read(page).heads[0]
    assert Entry.objects.filter(verb=Verb.WHO_ASKED_CORRECTED).count() == 1


def test_the_same_answer_again_changes_nothing_and_says_so(as_alice, session, alice):
    session.cancel(by=alice.user)

    answer = press(
        as_alice, f"/sessions/{session.public_id}/who-asked/cancelled/", asked="therapist"
    )

    assert read(as_alice.get(answer.url)).heads[0] == "It says so already"
    assert not Entry.objects.filter(verb="who_asked_corrected").exists()


def test_only_its_therapist_corrects_it(as_bob, as_ann, session, alice):
    session.cancel(by=alice.user)
    address = f"/sessions/{session.public_id}/who-asked/cancelled/"

    assert as_bob.get(address).status_code == 404
    assert as_ann.get(address).status_code == 403
    assert book(session.relationship, WEDNESDAY + HOUR)
