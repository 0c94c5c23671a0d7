"""A form that is too old, or that somebody else has made."""

import pytest
from django.test import Client as Browser

from tests.factories import PASSWORD, history_of, row_of
from tests.reading import read


@pytest.fixture
def strict(alice) -> Browser:
    """Alice's browser, with the checks that tests usually skip."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    return browser


def test_a_post_without_a_token_changes_nothing_and_says_so(strict, individual):
    answer = strict.post(f"/relationships/{individual.public_id}/end/", {"reason": "completed"})

    page = read(answer)
    assert answer.status_code == 403
    assert page.heads == ["This page has been open for too long"]
    assert page.title == "This page has been open for too long – Stillwater"
    assert "For your security, nothing was sent. Reload the page and try again." in page.text
    assert page.links == [(f"/relationships/{individual.public_id}/end/", "Reload this page")]
    assert history_of(individual) == ["started"]


def test_with_htmx_the_page_is_loaded_again_and_says_so(strict, individual):
    place = f"/relationships/{individual.public_id}/end/"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{place}"}

    answer = strict.post(place, {"reason": "completed"}, headers=headers)

    assert answer.headers["HX-Redirect"] == place
    page = read(strict.get(place))
    assert page.heads[0] == "This page had been open for too long"
    assert "Nothing was sent. Check the page and try again." in page.text
    assert row_of(individual)["status"] == "active"


@pytest.mark.parametrize(
    "here", ["https://evil.example/phish", "javascript:alert(1)", "", "//evil.example/"]
)
def test_htmx_is_not_sent_elsewhere(strict, individual, here):
    headers = {"HX-Request": "true", "HX-Current-URL": here}

    answer = strict.post(f"/relationships/{individual.public_id}/end/", {}, headers=headers)

    assert answer.headers["HX-Redirect"] == "/"


@pytest.mark.parametrize("last", ["end", "restart", "reason", "undo"])
def test_the_way_back_leads_to_a_page(strict, individual, alice, last):
    if last != "end":
        individual.end(by=alice.user, reason="completed")

    page = read(strict.post(f"/relationships/{individual.public_id}/{last}/"))

    [(address, _)] = page.links
    assert strict.get(address, follow=True).status_code == 200


def test_the_way_back_from_signing_out_and_inviting_leads_to_a_page(strict, ben):
    for place in ("/sign-out/", f"/clients/{ben.public_id}/invite/"):
        [(address, _)] = read(strict.post(place)).links
        assert strict.get(address, follow=True).status_code == 200


def test_the_way_back_from_a_sign_in_that_came_too_late_leads_where_it_would_have_led(strict):
    """As in a second tab, when somebody has signed in again in the first."""
    page = read(strict.post("/sign-in/", {"next": "/clients/add/", "login": "a", "password": "b"}))

    [(address, _)] = page.links
    assert address == "/sign-in/?next=%2Fclients%2Fadd%2F"
    assert strict.get(address).url == "/clients/add/"


@pytest.mark.parametrize("following", ["//evil.example/", "https://evil.example/", "/a" * 9_000])
def test_the_way_back_from_a_sign_in_does_not_lead_elsewhere(strict, following):
    [(address, _)] = read(strict.post("/sign-in/", {"next": following})).links

    assert strict.get(address).url == "/"


def test_the_token_of_the_page_is_accepted(strict, individual):
    place = f"/relationships/{individual.public_id}/end/"
    page = read(strict.get(place))
    sent = {name: page.value_of(name) or "" for name in ("csrfmiddlewaretoken", "shown")}
    sent |= {"reason": "completed"}

    answer = strict.post(place, sent)

    assert answer.status_code == 303


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "http://blog.testserver", "https://testserver", "null"]
)
def test_a_post_of_another_site_is_refused_even_with_the_token(strict, individual, elsewhere):
    place = f"/relationships/{individual.public_id}/end/"
    page = read(strict.get(place))
    sent = {name: page.value_of(name) or "" for name in ("csrfmiddlewaretoken", "shown")}
    sent |= {"reason": "completed"}

    assert strict.post(place, sent, headers={"Origin": elsewhere}).status_code == 403
    assert history_of(individual) == ["started"]
    assert strict.post(place, sent, headers={"Origin": "http://testserver"}).status_code == 303


def test_the_token_from_before_signing_in_is_no_longer_accepted(alice, individual):
    browser = Browser(enforce_csrf_checks=True)
    token = read(browser.get("/sign-in/")).value_of("csrfmiddlewaretoken")
    signed_in = browser.post(
        "/sign-in/",
        {"login": alice.user.email, "password": PASSWORD, "csrfmiddlewaretoken": token},
    )
    assert signed_in.status_code == 302

    answer = browser.post(
        f"/relationships/{individual.public_id}/end/",
        {"reason": "completed", "csrfmiddlewaretoken": token},
    )

    assert answer.status_code == 403
    assert history_of(individual) == ["started"]


@pytest.mark.parametrize(
    "place",
    [
        "/sign-in/",
        "/sign-out/",
        "/clients/add/",
        "/account/",
        "/password/change/",
        "/password/reset/",
        "/help/cant-spot-a-client/",
    ],
)
def test_every_form_has_a_token_and_asks_for_it(strict, place):
    assert strict.post(place).status_code == 403
