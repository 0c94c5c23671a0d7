"""What is encrypted is read with the server's keys, for its purpose and for its time, alone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.fernet import InvalidToken

from practice.web.encryption import decrypt, encrypt

NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)


def test_what_was_encrypted_is_read_again_and_looks_like_nothing():
    secret = encrypt("Ann Ashby", "invitation")

    assert decrypt(secret, "invitation") == "Ann Ashby"
    assert "Ann" not in secret


def test_what_was_encrypted_for_one_purpose_is_not_read_for_another():
    with pytest.raises(InvalidToken):
        decrypt(encrypt("Ann Ashby", "invitation"), "email change")


@pytest.mark.parametrize(("age", "works"), [(59, True), (61, False)])
def test_what_is_older_than_it_may_be_is_not_read(age, works):
    with time_machine.travel(NOW, tick=False) as clock:
        secret = encrypt("Ann Ashby", "invitation")
        clock.shift(timedelta(seconds=age))

        if works:
            assert decrypt(secret, "invitation", max_age=timedelta(minutes=1)) == "Ann Ashby"
        else:
            with pytest.raises(InvalidToken):
                decrypt(secret, "invitation", max_age=timedelta(minutes=1))


def test_a_key_that_the_server_had_before_still_reads_and_a_strange_one_does_not(settings):
    secret = encrypt("Ann Ashby", "invitation")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key of the server"

    with pytest.raises(InvalidToken):
        decrypt(secret, "invitation")
    settings.SECRET_KEY_FALLBACKS = [former]

    assert decrypt(secret, "invitation") == "Ann Ashby"
