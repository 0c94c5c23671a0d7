"""What is sent as the answer of a passkey, by anybody: never an error of ours."""

import json
from base64 import urlsafe_b64encode

import pytest
from django.test import Client as Browser

from tests.accounts.passkey import add_passkey
from tests.factories import PASSWORD
from tests.reading import read

FAILED = "That passkey did not work"


def of_binary(data: bytes) -> str:
    """Return an answer that is well-formed outside, with these bytes as its binary parts."""
    text = urlsafe_b64encode(data).rstrip(b"=").decode()
    client = urlsafe_b64encode(b'{"type":"webauthn.get","challenge":"AA","origin":"x"}').decode()
    parts = {"clientDataJSON": client, "authenticatorData": text, "signature": text}
    parts |= {"userHandle": text, "attestationObject": text}
    return json.dumps({"id": text, "rawId": text, "type": "public-key", "response": parts})


ANSWERS = {
    "deep lists": "[" * 5_000 + "]" * 5_000,
    "deep objects": '{"response":' * 5_000 + "1" + "}" * 5_000,
    "as deep as is read": '{"response":' * 100 + "1" + "}" * 100,
    "lists that do not end": "[" * 15_000,
    "huge": json.dumps({"id": "x" * 500_000}),
    "a long number": "9" * 5_000,
    "a long number inside": '{"id": ' + "9" * 5_000 + "}",
    "no number": "NaN",
    "half a character": '"\\ud800"',
    "half a character inside": '{"id": "\\ud800", "rawId": "\\ud800", "type": "public-key"}',
    "binary lists that are deep": of_binary(b"\x81" * 9_000),
    "binary objects that are deep": of_binary(b"\xa1\x00" * 4_000),
    "binary parts that claim to be long": of_binary(b"\x5b" + b"\xff" * 8),
    "binary parts that are short": of_binary(b"\x00" * 36),
    "a binary key that is none": of_binary(b"\x00" * 37 + b"\xa1\x01\x02" * 50),
    "nothing": "",
    "words": "not JSON",
    "a list": "[]",
    "true": "true",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_visitor_is_told_that_it_did_not_work(db, answer):
    browser = Browser(headers={"Accept": "application/json"})
    browser.get("/sign-in/passkey/")  # something to answer to

    sent = browser.post("/sign-in/passkey/", {"credential": answer})

    assert (sent.status_code, sent.headers["Location"]) == (302, "/sign-in/")
    assert FAILED in read(browser.get("/sign-in/")).text


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_whoever_adds_one_is_told_the_same(as_alice, answer):
    place = "/account/security/passkeys/add/"
    as_alice.post("/sign-in/again/", {"password": PASSWORD})
    as_alice.get(place)

    sent = as_alice.post(place, {"credential": answer, "name": "Phone"})

    assert sent.status_code == 422
    assert answer == "" or FAILED in read(sent).text or "Check the code" in read(sent).text


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_whoever_confirms_by_one_is_told_the_same(as_alice, answer):
    place = "/sign-in/again/passkey/"
    as_alice.post("/sign-in/again/", {"password": PASSWORD})
    add_passkey(as_alice)
    as_alice.get(place)

    sent = as_alice.post(place, {"credential": answer})

    assert sent.status_code == 422
    assert FAILED in read(sent).text
