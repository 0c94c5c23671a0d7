"""What every answer has, and what no page holds."""

import re
from runpy import run_path

import pytest
from django.conf import settings

from tests.factories import PASSWORD
from tests.pressing import Browser
from tests.reading import read

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


@pytest.fixture
def answers(as_alice, as_ann, individual):
    """Answers of every sort: pages, forms, errors, redirects."""
    place = f"/relationships/{individual.public_id}/"
    return [
        Browser().get("/sign-in/"),
        Browser().get("/clients/"),
        Browser().get("/nowhere/"),
        as_alice.get("/clients/"),
        as_alice.get("/clients/", headers={"HX-Request": "true"}),
        as_alice.get(place),
        as_alice.get(f"{place}end/"),
        as_alice.post(f"{place}end/", {}),
        as_alice.post(f"{place}end/", {"reason": "other"}),
        as_alice.put(place),
        as_alice.get("/dashboard/"),
        as_ann.get("/dashboard/"),
        as_ann.get("/clients/"),
        as_ann.post("/sign-out/"),
    ]


def test_the_policy_has_no_exception(answers):
    for answer in answers:
        parts = dict(p.strip().split(" ", 1) for p in answer["Content-Security-Policy"].split(";"))
        assert parts == POLICY


def test_nothing_is_kept_framed_or_told(answers):
    for answer in answers:
        assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"


@pytest.mark.parametrize("file", ["app.js", "practice.css", "favicon.svg", "nothing.js"])
def test_files_are_for_our_own_pages_alone(db, client, file):
    answer = client.get(f"/static/{file}", headers={"Origin": "https://evil.example"})
    answer.close()

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "no-store" not in answer["Cache-Control"] or answer.status_code == 404


def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(answers):
    seen = 0
    for answer in answers:
        for tag, attrs in read(answer).tags if answer.content else []:
            seen += 1
            assert tag != "style"
            assert not any(name.startswith("on") or name == "style" for name in attrs)
            assert tag != "script" or attrs.get("src", "").startswith("/static/")
            for name in ("src", "href", "action", "data-hx-get", "data-hx-post"):
                value = attrs.get(name) or ""
                assert not re.match(r"(?i)(https?:|//|javascript:|data:)", value)
    assert seen > 500


def test_every_form_that_posts_has_a_token(answers):
    for answer in answers:
        source = answer.content.decode()
        for form in re.findall(r"<form\b.*?</form>", source, re.S):
            if re.search(r'method="post"', form):
                assert 'name="csrfmiddlewaretoken"' in form


def test_cookies_are_kept_from_scripts_and_other_sites(alice):
    browser = Browser()
    browser.get("/sign-in/")
    browser.force_login(alice.user)
    browser.get("/clients/add/")

    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert browser.cookies[name]["httponly"] or name == settings.SESSION_COOKIE_NAME
        assert browser.cookies[name]["samesite"] == "Lax" or name == settings.SESSION_COOKIE_NAME
    assert settings.SESSION_COOKIE_HTTPONLY is True
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"


def test_the_cookies_of_a_server_belong_to_its_host_alone(alice, settings, monkeypatch):
    for name in ("DEBUG", "STILLWATER_DEMO"):
        monkeypatch.delenv(name, raising=False)
    as_a_server_has_them = run_path(str(settings.BASE_DIR / "practice" / "settings.py"))
    for cookie in ("SESSION_COOKIE", "CSRF_COOKIE"):
        for name in (f"{cookie}_{part}" for part in ("NAME", "SECURE", "DOMAIN", "PATH")):
            setattr(settings, name, as_a_server_has_them.get(name, getattr(settings, name)))
    browser = Browser()
    browser.get("/sign-in/")
    browser.post("/sign-in/", {"login": alice.user.email, "password": PASSWORD})

    assert set(browser.cookies) == {"__Host-session", "__Host-csrf"}
    for cookie in browser.cookies.values():
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"


def test_every_page_has_one_heading_a_language_and_a_way_past_the_header(answers):
    for answer in answers:
        if answer.status_code in (200, 403, 404, 422):
            page = read(answer)
            tags = [tag for tag, _ in page.tags]
            assert tags.count("h1") == 1
            assert tags.count("main") == 1
            assert dict(page.tags)["html"]["lang"] == "en-GB"
            assert '<a class="skip" href="#main">' in page.source
            ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
            assert len(ids) == len(set(ids))
