"""A form that is too old, or that somebody else has made."""

from runpy import run_path

import pytest
from django.test import Client as Browser

from practice.site.middleware import warn_of_proxy
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


@pytest.fixture
def sent(strict, individual) -> dict[str, str]:
    """What the form that ends a relationship sends, with its token."""
    page = read(strict.get(f"/relationships/{individual.public_id}/end/"))
    kept = {name: page.value_of(name) or "" for name in ("csrfmiddlewaretoken", "shown")}
    return kept | {"reason": "completed"}


@pytest.mark.parametrize("proof", [{"Origin": "http://testserver:8443"}, {"Origin": "null"}])
def test_a_post_from_another_address_is_told_as_that_and_the_log_says_what_to_set(
    strict, individual, sent, caplog, proof
):
    answer = strict.post(f"/relationships/{individual.public_id}/end/", sent, headers=proof)

    page = read(answer)
    assert answer.status_code == 403
    assert page.heads == ["This form came from another address"]
    assert "open for too long" not in page.text
    [said] = [line for line in caplog.messages if "another address than this server" in line]
    assert "set SITE_URL" in said
    assert "BEHIND_TLS_PROXY" in said


def test_the_address_people_use_is_trusted_whatever_the_proxy_passes_on(
    strict, individual, sent, settings
):
    settings.CSRF_TRUSTED_ORIGINS = ["https://testserver:8443"]
    place = f"/relationships/{individual.public_id}/end/"

    answer = strict.post(place, sent, headers={"Origin": "https://testserver:8443"})

    assert answer.status_code == 303


def test_that_address_is_the_one_of_the_settings(monkeypatch, settings):
    monkeypatch.setenv("SITE_URL", "https://practice.example:8443/")
    read_anew = run_path(str(settings.BASE_DIR / "practice" / "settings.py"))

    assert read_anew["CSRF_TRUSTED_ORIGINS"] == ["https://practice.example:8443"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto"])
def test_a_proxy_whose_visitors_are_redirected_for_ever_is_warned_of(caplog, settings, header):
    """As on a server that speaks https in front, when BEHIND_TLS_PROXY was forgotten."""
    warn_of_proxy.cache_clear()
    settings.SECURE_SSL_REDIRECT = True

    answer = Browser().get("/sign-in/", headers={header: "https"})

    assert answer.status_code == 301
    assert sum("set BEHIND_TLS_PROXY or TRUSTED_PROXIES" in line for line in caplog.messages) == 1


def test_a_proxy_that_nobody_named_is_warned_of_once(alice, caplog, settings):
    warn_of_proxy.cache_clear()
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    for _ in range(3):
        Browser().post("/sign-in/", {"login": "x@mail.example", "password": "y"}, headers=forwarded)

    [said] = [line for line in caplog.messages if "X-Forwarded-For" in line]
    assert "set BEHIND_TLS_PROXY or TRUSTED_PROXIES" in said
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    warn_of_proxy.cache_clear()
    Browser().post("/sign-in/", {"login": "x@mail.example", "password": "y"}, headers=forwarded)
    assert sum("X-Forwarded-For" in line for line in caplog.messages) == 1
