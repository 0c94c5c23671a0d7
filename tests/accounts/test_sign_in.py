"""Signing in, signing out, and what happens to who is not signed in."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client as Browser

from tests.factories import PASSWORD, UserFactory
from tests.reading import Page, read


@pytest.fixture
def visitor() -> Browser:
    return Browser()


def sign_in(visitor: Browser, email: str, password: str = PASSWORD, **more: str):
    return visitor.post("/sign-in/", {"login": email, "password": password} | more)


def test_a_therapist_comes_to_their_day(visitor, alice):
    answer = sign_in(visitor, "alice@practice.example", next="")
    page = visitor.get("/", follow=True)

    assert (answer.status_code, answer.url) == (302, "/")
    assert page.redirect_chain == []
    assert page.context["today"].therapist == alice


def test_a_client_comes_to_their_dashboard(visitor, ann):
    sign_in(visitor, "ann@mail.example")

    assert visitor.get("/", follow=True).redirect_chain == [("/dashboard/", 303)]


def test_a_visitor_comes_to_the_sign_in_page(visitor, db):
    assert visitor.get("/", follow=True).redirect_chain == [("/sign-in/", 303)]


@pytest.mark.parametrize("typed", ["ALICE@practice.example", " alice@practice.example "])
def test_case_and_spaces_of_the_address_do_not_matter(visitor, alice, typed):
    assert sign_in(visitor, typed).status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitor, alice):
    def told(email: str, password: str) -> tuple[int, str, list[str]]:
        answer = sign_in(visitor, email, password)
        page = read(answer)
        return answer.status_code, page.text, page.heads

    wrong = told("alice@practice.example", "not the password")
    unknown = told("nobody@practice.example", "not the password")

    assert wrong == unknown
    assert wrong[0] == 422
    assert "Check your email address and password" in wrong[1]
    assert wrong[2][0] == "There is a problem"


def test_only_who_knows_the_password_learns_that_an_account_is_closed(visitor, alice):
    alice.user.is_active = False
    alice.user.save()

    wrong = sign_in(visitor, "alice@practice.example", "not the password")
    right = visitor.post("/sign-in/", typed_by_alice(), follow=True)

    assert "Check your email address and password" in read(wrong).text
    assert read(right).heads == ["This account is closed"]
    assert "_auth_user_id" not in visitor.session


def typed_by_alice() -> dict[str, str]:
    return {"login": "alice@practice.example", "password": PASSWORD}


def test_a_refused_sign_in_keeps_the_address_and_not_the_password(visitor, alice):
    page = read(sign_in(visitor, "alice@practice.example", "canary-password"))

    assert page.title == "Error: Sign in – Stillwater"
    assert page.value_of("login") == "alice@practice.example"
    assert "canary-password" not in page.source


@pytest.mark.parametrize(
    ("email", "password", "told"),
    [
        ("", PASSWORD, "Enter your email address"),
        ("alice", PASSWORD, "Enter an email address like name@example.com"),
        ("alice@practice.example", "", "Enter your password"),
    ],
)
def test_what_is_missing_is_said_twice(visitor, alice, email, password, told):
    answer = sign_in(visitor, email, password)

    assert answer.status_code == 422
    assert read(answer).text.count(told) == 2


@pytest.mark.parametrize("text", ["\x00", "a\x00@b.example", "x" * 100_000])
def test_no_text_breaks_the_page(visitor, alice, text):
    assert sign_in(visitor, text, text).status_code == 422


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor, alice):
    wanted = visitor.get("/clients/?include=inactive")
    assert wanted.url == "/sign-in/?next=/clients/%3Finclude%3Dinactive"
    page = read(visitor.get(wanted.url))
    assert page.value_of("next") == "/clients/?include=inactive"

    answer = sign_in(visitor, "alice@practice.example", next="/clients/?include=inactive")

    assert answer.url == "/clients/?include=inactive"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "https://testserver@evil.example/",
        "%2F%2Fevil.example",
        " //evil.example",
    ],
)
def test_nobody_is_sent_elsewhere(visitor, alice, elsewhere):
    answer = sign_in(visitor, "alice@practice.example", next=elsewhere)

    assert answer.status_code == 302
    assert urlsplit(urljoin("http://testserver/sign-in/", answer.url)).netloc == "testserver"


def test_whoever_is_signed_in_does_not_sign_in_again(as_alice):
    assert as_alice.get("/sign-in/", follow=True).redirect_chain[-1][0] == "/"


def test_many_wrong_tries_are_stopped(visitor, alice):
    answers = [sign_in(visitor, "alice@practice.example", f"wrong {n}") for n in range(12)]

    assert {answer.status_code for answer in answers} <= {422, 429}
    assert "Too many tries" in read(answers[-1]).text
    assert "Too many tries" in read(sign_in(visitor, "alice@practice.example")).text


def test_a_session_does_not_survive_signing_in(visitor, alice):
    visitor.get("/sign-in/")
    session = visitor.session
    session["canary"] = "before"
    session.save()
    before = session.session_key

    sign_in(visitor, "alice@practice.example")

    assert visitor.session.session_key != before


# Expired.


@pytest.mark.parametrize(
    ("here", "wanted"),
    [
        ("http://testserver/clients/?page=2", "/sign-in/?next=/clients/%3Fpage%3D2"),
        ("https://evil.example/clients/", "/sign-in/?next=/"),
        ("", "/sign-in/?next=/"),
    ],
)
def test_htmx_leaves_the_page_for_the_sign_in_page(visitor, db, here, wanted):
    headers = {"HX-Request": "true", "HX-Current-URL": here}

    answer = visitor.get("/clients/?q=ann&include=inactive", headers=headers)

    assert answer.headers["HX-Redirect"] == wanted
    assert answer.content == b""
    assert "Location" not in answer.headers


def test_a_post_of_htmx_after_expiry_comes_back_to_the_page_not_to_the_post(visitor, individual):
    place = f"/relationships/{individual.public_id}/"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{place}"}

    answer = visitor.post(f"{place}undo/", headers=headers)

    assert answer.headers["HX-Redirect"] == f"/sign-in/?next={place}"


@pytest.mark.parametrize("last", ["undo", "end", "restart"])
def test_a_post_after_expiry_leads_to_a_page_after_signing_in(visitor, alice, individual, last):
    refused = visitor.post(f"/relationships/{individual.public_id}/{last}/")
    wanted = read(visitor.get(refused.url)).value_of("next")

    answer = sign_in(visitor, "alice@practice.example", next=wanted)

    assert visitor.get(answer.url, follow=True).status_code == 200


def test_signing_out_twice_leads_to_a_page(visitor, alice):
    answer = visitor.post("/sign-out/", follow=True)
    assert answer.status_code == 200

    wanted = read(answer).value_of("next") or "/"
    signed_in = sign_in(visitor, "alice@practice.example", next=wanted)

    assert visitor.get(signed_in.url, follow=True).status_code == 200
    assert "_auth_user_id" in visitor.session


# Signing out.


def test_signing_out_leaves_nothing_behind(as_alice):
    answer = as_alice.post("/sign-out/")

    assert (answer.status_code, answer.url) == (303, "/sign-in/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in as_alice.session
    assert "You have signed out" in read(as_alice.get("/sign-in/")).heads
    assert as_alice.get("/clients/").url == "/sign-in/?next=/clients/"


def test_a_link_does_not_sign_out(as_alice):
    answer = as_alice.get("/sign-out/")

    assert answer.status_code == 405
    assert "_auth_user_id" in as_alice.session


# Nobody signs up.


@pytest.mark.parametrize("method", ["get", "post"])
def test_accounts_begin_with_an_invitation(visitor, db, method, django_user_model):
    sent = {"email": "new@mail.example", "password1": PASSWORD, "password2": PASSWORD}

    answer = getattr(visitor, method)("/sign-in/new/", sent)

    assert read(answer).heads == ["By invitation"]
    assert django_user_model.objects.count() == 0


def test_the_demos_buttons_are_not_on_the_page(visitor, db):
    page: Page = read(visitor.get("/sign-in/"))

    assert "This is a demo" not in page.heads
    assert "stillwater-demo" not in page.source


def test_the_demos_buttons_sign_in(visitor, db):
    """The page as the demo's urls make it: urls are made when they are loaded."""
    from django.template.loader import render_to_string

    from practice.demo import people

    markup = render_to_string("account/_demo_accounts.html", {"demo_accounts": people.SIGN_INS})

    assert markup.count("<form") == len(people.SIGN_INS)
    assert markup.count(f'value="{people.PASSWORD}"') == len(people.SIGN_INS)
    for name, role, email in people.SIGN_INS:
        assert f'value="{email}"' in markup
        assert f"{name}, {role}" in markup


def test_a_user_of_two_browsers_signs_out_of_one(alice, as_alice):
    other = Browser()
    other.force_login(alice.user)

    as_alice.post("/sign-out/")

    assert other.get("/clients/").status_code == 200


def test_the_account_shows_who_one_is(as_alice):
    page = read(as_alice.get("/account/"))

    assert "Name Alice Archer" in page.text
    assert "Email alice@practice.example" in page.text
    assert UserFactory.build().email not in page.text
