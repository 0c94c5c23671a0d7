"""The help pages, and looking for a client one cannot spot."""

import pytest
from django.test import Client as Browser

from tests.factories import ClientFactory, start
from tests.reading import Page, read

PLACE = "/help/cant-spot-a-client/"
FINISHING = "/help/finishing-work-with-a-client/"


@pytest.mark.parametrize(
    ("place", "heading"),
    [
        ("/help/", "Help"),
        ("/help/booking-a-session/", "Book a session"),
        ("/help/moving-or-cancelling/", "Move or cancel a session"),
        ("/help/when-work-has-ended/", "What “ended” means"),
        ("/help/reaching-your-therapist/", "How to reach your therapist"),
        ("/help/signing-in/", "Sign in"),
        ("/help/your-data/", "Your data"),
        ("/accessibility/", "Accessibility"),
        ("/privacy/", "Privacy"),
    ],
)
def test_everybody_can_read_it(db, as_alice, as_ann, place, heading):
    for browser in (Browser(), as_alice, as_ann):
        answer = browser.get(place)

        assert answer.status_code == 200
        assert read(answer).heads[0] == heading


ARTICLES = {
    FINISHING: "What do I do when I finish work with a client?",
    PLACE: "Can’t spot one of your clients?",
}


@pytest.mark.parametrize("place", ARTICLES)
def test_articles_of_therapists_are_for_them_and_visitors(db, as_alice, place):
    for browser in (Browser(), as_alice):
        assert read(browser.get(place)).heads[0] == ARTICLES[place]


@pytest.mark.parametrize("place", ARTICLES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_client_is_led_to_their_own_articles(as_ann, place, method):
    answer = getattr(as_ann, method)(place)

    assert (answer.status_code, answer.headers.get("Location")) in [(303, "/help/"), (405, None)]
    assert answer.status_code == 303 or (method, place) == ("post", FINISHING)


def articles(browser: Browser) -> list[str]:
    return [to for to in read(browser.get("/help/")).addresses if to.startswith("/help/")]


def test_help_lists_what_is_for_the_reader(db, as_alice, as_ann):
    own = articles(as_ann)

    assert "/help/booking-a-session/" in own
    assert not set(own) & set(ARTICLES)
    assert set(own) | set(ARTICLES) == set(articles(as_alice)) == set(articles(Browser()))


def test_clients_read_the_labels_of_their_pages(db):
    text = read(Browser().get("/help/booking-a-session/")).text

    for label in ("Book a New Session..", "Book this session", "Session booked", "Dashboard"):
        assert label in text


def test_the_article_is_told_with_the_labels_of_the_pages(db):
    text = read(Browser().get("/help/finishing-work-with-a-client/")).text

    for label in (
        "End this Relationship",
        "Confirm End of Relationship",
        "Restart this Relationship",
        "Include inactive clients",
        "administrative tool",
        "does not have any effect on your profile stats, retention rate or profile badges",
        "Clients are not notified.",
        "with the date and time",
    ):
        assert label in text


def test_there_are_seven_reasons_with_a_way_out(as_alice):
    page = read(as_alice.get(PLACE))

    assert [head[:2] for head in page.heads[1:]] == ["1.", "2.", "3.", "4.", "5.", "6.", "7."]
    assert "/clients/?include=inactive" in page.addresses
    assert "/clients/" in page.addresses
    assert "You are signed in as alice@practice.example." in page.text


def test_a_visitor_is_not_asked_for_names(db):
    page = read(Browser().get(PLACE))

    assert page.value_of("name") is None
    assert "/clients/add/" not in page.addresses
    assert "/sign-in/" in page.addresses


@pytest.fixture
def look(as_alice):
    def look(name: str) -> Page:
        return read(as_alice.post(PLACE, {"name": name}))

    return look


def test_a_client_in_the_list_is_pointed_to(look, individual, ann):
    page = look("ashby")

    assert (f"/clients/{ann.public_id}/", "Ann Ashby") in page.links
    assert "Ann Ashby is in your Clients list." in page.text


def test_a_hidden_client_is_explained(look, alice, individual, ann):
    individual.end(by=alice.user, reason="completed")

    page = look("ANN")

    assert "Ann Ashby is hidden, because all relationships with Ann have ended." in page.text
    assert f"/clients/{ann.public_id}/relationships/" in page.addresses


def test_a_misspelt_name_is_guessed(look, alice):
    start(ClientFactory(therapist=alice, name="Jonah Whitfield"))

    page = look("Witfield")

    assert "None of your clients, active or inactive, is called “Witfield”." in page.text
    assert "Did you mean Jonah Whitfield?" in page.text


def test_nobody_is_nobody(look, individual):
    page = look("Xyzzy")

    assert "None of your clients, active or inactive, is called “Xyzzy”." in page.text
    assert "/clients/add/" in page.addresses


def test_a_colleagues_clients_are_not_found_nor_guessed(look, carl):
    page = look("Carl Col")

    assert "None of your clients" in page.text
    assert "Carl Cole" not in page.source


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 121])
def test_no_name_is_refused(as_alice, name):
    answer = as_alice.post(PLACE, {"name": name})

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"


@pytest.mark.parametrize("name", ["?", "...", "<script>", "🙂"])
def test_odd_names_break_nothing(as_alice, individual, name):
    answer = as_alice.post(PLACE, {"name": name})

    assert answer.status_code == 200
    assert "Ann Ashby" not in read(answer).text


def test_the_name_one_looks_for_stands_in_no_address(as_alice):
    forms = [attrs for tag, attrs in read(as_alice.get(PLACE)).tags if tag == "form"]

    assert [form["method"] for form in forms if form.get("class") != "find"] == ["post"]
