"""How much a request may bring: what is more is refused unread, with a calm page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from practice.profiles.photo import MOST_BYTES as MOST_OF_A_PHOTO
from practice.site.middleware import LONGEST_ADDRESS, MOST_BYTES, MOST_WITH_PHOTO
from tests.reading import read

MEGABYTE = 1024 * 1024


class Unread:
    """A body that must not be touched."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def send(browser: Browser, place: str, method: str = "POST", **headers: object):
    """Say that a body comes along which is never sent."""
    headers = {
        "wsgi.input": Unread(),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    } | headers
    return browser.generic(method, place, b"", **headers)


def test_the_limits_leave_room_for_what_people_send():
    assert MOST_BYTES == MEGABYTE
    assert MOST_OF_A_PHOTO < MOST_WITH_PHOTO < MOST_OF_A_PHOTO + MEGABYTE


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS"])
@pytest.mark.parametrize("place", ["/sign-in/", "/nowhere/", "/livez", "/static/app.js"])
def test_a_large_body_is_refused_unread(db, method, place):
    answer = send(Browser(), place, method, CONTENT_LENGTH=str(MOST_BYTES + 1))

    page = read(answer)
    assert answer.status_code == 413
    assert page.heads == ["Sorry, that is too large to send"]
    assert page.title == "Sorry, that is too large to send"
    assert "Nothing was saved." in page.text
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("length", ["300000000", "9" * 5000])
def test_so_is_an_enormous_one(db, length):
    assert send(Browser(), "/sign-in/", CONTENT_LENGTH=length).status_code == 413


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, chunked", "identity"])
def test_so_is_one_of_which_nobody_says_how_large_it_is(db, encoding):
    sent = send(Browser(), "/sign-in/", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING=encoding)

    assert sent.status_code == 413


def test_a_photo_may_be_larger(as_alice):
    place, form = reverse("profile"), {"CONTENT_TYPE": "multipart/form-data; boundary=x"}

    assert send(as_alice, place, CONTENT_LENGTH=str(MOST_WITH_PHOTO + 1)).status_code == 413
    with pytest.raises(AssertionError, match="the body was read"):
        send(as_alice, place, CONTENT_LENGTH=str(MOST_WITH_PHOTO), **form)
    elsewhere = send(as_alice, "/account/", CONTENT_LENGTH=str(MOST_WITH_PHOTO), **form)
    assert elsewhere.status_code == 413


@pytest.mark.parametrize(
    "sent",
    [
        {"headline": "x" * (MOST_BYTES + 1)},
        {f"field-{number}": "" for number in range(10_001)},
        {f"file-{number}": SimpleUploadedFile("x", b"x") for number in range(200)},
    ],
    ids=["text in the place of a photo", "fields", "files"],
)
def test_what_a_form_can_hold_no_more_is_refused_with_the_same_page(as_alice, sent):
    answer = as_alice.post(reverse("profile"), sent)

    assert answer.status_code == 413
    assert read(answer).heads == ["Sorry, that is too large to send"]


def test_what_is_not_too_large_is_taken(db):
    for length in (0, 10, MOST_BYTES - 1_000):
        sent = {"login": "x" * length, "password": "y"}
        assert Browser().post("/sign-in/", sent).status_code == 422


@pytest.mark.parametrize("length", ["", "-1", "many", "1e9", "٣"])
def test_a_length_that_is_none_is_taken_for_nothing(db, length):
    assert Browser().generic("POST", "/sign-in/", b"", CONTENT_LENGTH=length).status_code == 422


@pytest.mark.parametrize(
    "place",
    [
        f"/invitation/{'x' * LONGEST_ADDRESS}/",
        f"/sign-in/?next={'x' * LONGEST_ADDRESS}",
        f"/therapists/?q={'x' * LONGEST_ADDRESS}",
        f"/clients/?q=ann&page={'9' * LONGEST_ADDRESS}",
        f"/diary/{'1' * LONGEST_ADDRESS}/",
        "/" + "é" * LONGEST_ADDRESS,
    ],
    ids=lambda place: place[:20],
)
def test_an_address_that_is_too_long_is_refused(as_alice, place):
    answer = as_alice.get(place)

    assert answer.status_code == 414
    assert read(answer).heads == ["Sorry, that is too large to send"]


def test_an_address_as_long_as_any_of_ours_is_not(as_alice):
    search = "é" * 100  # the longest search there is
    assert as_alice.get("/clients/", {"q": search, "include": "inactive"}).status_code == 200
