"""Passwords that are long and still guessed first."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError


@pytest.mark.parametrize(
    "guessed",
    [
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "abcdefghijkl",
        "zyxwvutsrqpo",
        "123456789012",
        "098765432109",
        "qwertyuiopqwerty",
        "asdfghjklasdf",
        "1qaz2wsx3edc",
        "iloveyouiloveyou",
        "password1234",
        "Password12345!",
        "P4ssw0rd1234!",
        "2025dragon2025",
        "!!! monkey !!!",
        "stillwater2026",
        "Stillwater-1234",
        "StillwaterStillwater",
        "0000 0000 0000",
        "            ",
        "111222111222",
    ],
)
def test_it_is_refused(guessed):
    with pytest.raises(ValidationError) as refusal:
        validate_password(guessed)

    assert any("easy to guess" in line for line in refusal.value.messages)


@pytest.mark.parametrize(
    "good",
    [
        "a quiet harbour at dusk",
        "another quiet harbour",
        "correct horse battery staple",
        "wY3-kP9_rT5vQ1xB",
        "стіл вікно дорога",
        "x" * 6 + " marks the spot",
        "three words and stillwater",
        "🌊🌿🪨🌧️🌞🌙 and rain",
        "q" * 20 + "wertyuiop no " * 10,
    ],
)
def test_unrelated_words_are_welcome(good):
    validate_password(good)
