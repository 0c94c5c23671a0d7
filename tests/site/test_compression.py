"""Pages go compressed, but for those that may repeat what came with the request (BREACH)."""

import gzip

import pytest
from django.http import HttpResponse

from practice.site.middleware import CompressMiddleware
from tests.pressing import Browser

ASKED = {"Accept-Encoding": "gzip, deflate, br"}


def is_compressed(answer: HttpResponse) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


def test_a_page_goes_compressed(as_alice, individual, ann):
    plain = as_alice.get("/clients/")
    answer = as_alice.get("/clients/", headers=ASKED)

    assert is_compressed(answer)
    assert not is_compressed(plain)
    assert ann.name in gzip.decompress(answer.content).decode()
    assert len(answer.content) < len(plain.content) / 2
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "place",
    ["/clients/?q=ann", "/clients/?include=inactive&q=ann", "/help/?page=2", "/nowhere/"],
)
def test_what_may_repeat_what_was_sent_does_not(as_alice, individual, place):
    answer = as_alice.get(place, headers=ASKED)

    assert len(answer.content) > 1_000
    assert not is_compressed(answer)


@pytest.mark.parametrize("target", ["", "results"])
def test_a_list_that_is_not_searched_does_whatever_is_asked_for(as_alice, individual, ann, target):
    sent = "quixotic"
    place = f"/clients/?include={sent}&show={sent}&sort={sent}&page={sent}&{sent}={sent}&q="
    headers = ASKED | ({"HX-Request": "true", "HX-Target": target} if target else {})

    answer = as_alice.get(place, headers=headers)

    assert is_compressed(answer)
    page = gzip.decompress(answer.content).decode()
    assert ann.name in page
    assert sent not in page


def test_a_refused_form_does_not(as_alice, ann):
    answer = as_alice.post(f"/clients/{ann.public_id}/edit/", {"name": ""}, headers=ASKED)

    assert answer.status_code == 422
    assert not is_compressed(answer)


def test_what_is_no_page_does_not(rf):
    archive = HttpResponse(b"PK" * 500, content_type="application/zip")
    page = HttpResponse(b"PK" * 500)
    request = rf.get("/", headers=ASKED)

    assert not is_compressed(CompressMiddleware(lambda _: archive)(request))
    assert is_compressed(CompressMiddleware(lambda _: page)(request))


def test_the_same_page_is_not_always_as_long(db):
    """Django adds up to 100 random bytes, where a name of the file may stand (Heal the Breach)."""
    answers = [Browser().get("/help/", headers=ASKED) for _ in range(12)]

    assert all(map(is_compressed, answers))
    assert len({len(answer.content) for answer in answers}) > 1
